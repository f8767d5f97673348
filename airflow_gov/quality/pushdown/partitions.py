"""Expected distributions: values or bins, with a weight each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from airflow_gov.quality.pushdown.constants import invalid

#: Most bins that a column's own values are put into.
MAX_BINS = 1000


@dataclass(frozen=True)
class Holdouts:
    """What is set aside for values that are not expected, so that some do not make all the difference.

    :param internal: what bins without weight get together.
    :param tail: what values get together that are not expected, or are outside the bins.
    """

    internal: float
    tail: float

    def __post_init__(self) -> None:
        for name, share in (("internal", self.internal), ("tail", self.tail)):
            if not 0 <= share <= 1:
                raise invalid(f"{name}_weight_holdout is a share from 0 to 1, not {share!r}")


@dataclass(frozen=True)
class ByValue:
    """How often single values are expected.

    :param values: each once.
    :param weights: as many, 1 in sum.
    """

    values: Sequence[Any]
    weights: Sequence[float]


@dataclass(frozen=True)
class ByBin:
    """How often values are expected in bins; all but the last are open above.

    :param edges: one more than weights, ascending; the outer ones may be infinite.
    :param weights: of each bin.
    :param tails: weights of what is below and above all bins; None: nothing is expected there.
    """

    edges: Sequence[float]
    weights: Sequence[float]
    tails: tuple[float, float] | None = None

    @property
    def bounded(self) -> tuple[bool, bool]:
        """Whether values can be below all bins, and above them."""
        return self.edges[0] != -math.inf, self.edges[-1] != math.inf

    def check(self, holdouts: Holdouts) -> None:
        """Refuse holdouts that this partition leaves no place for."""
        if self.tails is not None and holdouts.tail:
            raise invalid(
                "tail_weight_holdout is 0 where the partition has tail_weights: take one of them away"
            )
        if self.tails is not None and self.bounded != (True, True):
            raise invalid("a partition with an infinite bin has no tail_weights: take them away")
        if holdouts.tail and self.bounded == (False, False):
            raise invalid("tail_weight_holdout is 0 where bins are infinite on both sides: take it away")

    def expected(self, holdouts: Holdouts) -> list[float]:
        """The weights after holdouts, with those of what is below and above where values can be there."""
        weights = [each * (1 - holdouts.tail - holdouts.internal) for each in self.weights]
        empty = weights.count(0)
        if holdouts.internal > 0 and empty:
            weights = [each or holdouts.internal / empty for each in weights]
        low, high = self.bounded
        share = holdouts.tail / (2 if low and high else 1)
        below, above = self.tails or (share, share)
        return [*([below] if low else []), *weights, *([above] if high else [])]


def read_partition(given: Mapping[str, Any]) -> ByValue | ByBin:
    """A partition object.

    :param given: ``values`` or ``bins``, with ``weights``, and maybe ``tail_weights``.
    :raises GovernanceError: ``RULE_INVALID``.
    """
    weights = _numbers(given, "weights")
    if "values" in given:
        return _by_value(given["values"], weights)
    edges = _numbers(given, "bins")
    tails = _numbers(given, "tail_weights") if "tail_weights" in given else []
    if tails and len(tails) != 2:
        raise invalid(f"the partition's tail_weights are two numbers, not {len(tails)}")
    if len(edges) != len(weights) + 1:
        raise invalid(
            f"the partition has {len(edges)} edges of bins and {len(weights)} weights: give one less"
        )
    if not all(low < high for low, high in pairwise(edges)):
        raise invalid("the partition's bins do not ascend: order them")
    _require_one([*weights, *tails])
    return ByBin(edges, weights, (tails[0], tails[1]) if tails else None)


def _by_value(values: Any, weights: list[float]) -> ByValue:
    if not isinstance(values, list) or len(values) != len(weights):
        raise invalid("the partition's values are a list with as many elements as its weights")
    try:
        different = len(set(values))
    except TypeError:
        raise invalid("a value of the partition is a list or a mapping: name single values") from None
    if different != len(values):
        raise invalid("the partition names a value twice: name it once")
    _require_one(weights)
    return ByValue(values, weights)


def _numbers(given: Mapping[str, Any], name: str) -> list[float]:
    found = given.get(name)
    if not isinstance(found, list) or not all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in found
    ):
        raise invalid(f"the partition needs `{name}`, a list of numbers")
    return found


def _require_one(weights: Sequence[float]) -> None:
    total = sum(weights)
    if not math.isclose(total, 1, rel_tol=1e-5):
        raise invalid(f"the partition's weights are {total:g} in sum: make it 1")


def own_edges(around: Sequence[float], count: int) -> list[float]:
    """Bins of equal width for a column's own values, as many as Freedman and Diaconis, or Sturges, would.

    :param around: the smallest value, both quartiles and the largest value.
    :param count: how many values there are.
    :raises GovernanceError: ``RULE_INVALID`` where they cannot be put into bins.
    """
    low, first, third, high = around
    if not math.isfinite(high - low) or low == high:
        raise invalid("the column's values cannot be put into bins of their own: give a partition_object")
    bins = math.ceil(math.log2(count + 1.0))
    if third - first >= 1e-10:
        bins = max(bins, math.ceil((high - low) / (2 * (third - first) / count ** (1 / 3))))
    if bins > MAX_BINS:
        raise invalid(f"the column's values would need {bins} bins of their own: give a partition_object")
    width = (high - low) / bins
    return [*(index * width + low for index in range(bins)), high]
