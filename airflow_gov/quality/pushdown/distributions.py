"""The expectation about how far values are distributed otherwise than expected."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from airflow_gov.quality.pushdown.bounds import Bound
from airflow_gov.quality.pushdown.constants import double, invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.partitions import ByBin, ByValue, Holdouts, own_edges, read_partition
from airflow_gov.quality.pushdown.plans import Observation, Plan, Request, Rows
from airflow_gov.quality.pushdown.quantiles import quantiles_of, values_in
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import is_in, number, reported, simple_type_of

#: A part of a plan that ends with a divergence.
Divergence = Generator[Sequence[Request], Sequence[Any], float]


@expectation
def expect_column_kl_divergence_to_be_less_than(
    relation: Relation,
    *,
    column: str,
    partition_object: Mapping[str, Any] | None = None,
    threshold: float | None = None,
    internal_weight_holdout: float = 0,
    tail_weight_holdout: float = 0,
    bucketize_data: bool = True,
    min_value: Bound = None,
    max_value: Bound = None,
) -> Plan:
    """The Kullback-Leibler divergence of the values from expected weights is at most a threshold.

    :param partition_object: ``values`` or ``bins``, with their ``weights``, and ``tail_weights`` of what
        is outside the bins; None: the column's own, so that holdouts alone make a difference.
    :param internal_weight_holdout: what bins without weight get together.
    :param tail_weight_holdout: what values that are not expected get together.
    :param bucketize_data: whether the column's own partition has bins.
    :param min_value: has no effect, as in Great Expectations.
    :param max_value: has no effect either.
    """
    holdouts = Holdouts(internal_weight_holdout, tail_weight_holdout)
    if threshold is not None and threshold < 0:
        raise invalid(f"the threshold is 0 or more, not {threshold!r}")
    expected = None if partition_object is None else read_partition(partition_object)
    if isinstance(expected, ByBin) and not bucketize_data:
        raise invalid("bucketize_data is false, and the partition has bins: give values, or let it be true")
    if isinstance(expected, ByBin) or (expected is None and bucketize_data):
        divergence = yield from _of_bins(relation, column, expected, holdouts)
    elif holdouts.internal:
        raise invalid("internal_weight_holdout is for partitions with bins: take it away")
    elif expected is None:
        divergence = yield from _of_itself(relation, column)
    else:
        divergence = yield from _of_values(relation, column, expected, holdouts.tail)
    success = threshold is None or divergence <= threshold
    return Observation(success, None if math.isinf(divergence) else reported(divergence))


def _of_itself(relation: Relation, column: str) -> Divergence:
    simple_type_of(relation, column)
    (count,) = yield (values_in(relation, column),)
    if count == 0:
        raise invalid(f"{column} has no values, so no distribution of its own: give a partition_object")
    return 0.0


def _of_values(relation: Relation, column: str, expected: ByValue, holdout: float) -> Divergence:
    """Of how often there is each value. Values that are not expected stay in the engine."""
    kind, value = simple_type_of(relation, column), relation.value(column)
    there = relation.source(f"{value} IS NOT NULL")
    grouped = f"SELECT {value} AS value, count(*) AS times FROM {there} GROUP BY 1"
    sums = "count(*), coalesce(sum(times), 0), coalesce(sum(times * ln(times)), 0)"
    *counts, rest = yield (
        *(relation.count(is_in(value, kind, [each])) for each in expected.values),
        Rows(f"SELECT {sums} FROM ({grouped}) WHERE NOT ({is_in('value', kind, expected.values)})"),
    )
    ((others, times, logarithms),) = rest
    total = sum(counts) + times
    if not others:
        return _divergence(counts, expected.weights, total, sum(expected.weights))
    if not holdout:
        return math.inf
    weights = [each * (1 - holdout) for each in expected.weights]
    whole = sum(weights) + holdout
    # The others all have the same weight, so the sum over them needs no more than two sums.
    of_others: float = (logarithms - times * math.log(total * holdout / others / whole)) / total
    return _divergence(counts, weights, total, whole) + of_others


def _of_bins(relation: Relation, column: str, expected: ByBin | None, holdouts: Holdouts) -> Divergence:
    """Of how many values are in each bin, and outside all of them."""
    value = number(relation, column)
    (expected or ByBin((0, 1), (1,), (0, 0))).check(holdouts)
    (count,) = yield (values_in(relation, column),)
    if count == 0:
        return math.nan
    if expected is None:
        around = yield from quantiles_of(relation, column, count, (0.0, 0.25, 0.75, 1.0))
        edges: Sequence[float] = own_edges(list(map(float, around)), count)
    else:
        edges = expected.edges
    conditions = [*(f"{value} < {double(edge)}" for edge in edges[:-1]), f"{value} <= {double(edges[-1])}"]
    below = yield [relation.count(condition) for condition in conditions]
    inside = [high - low for low, high in pairwise(below)]
    if expected is None:
        weights = [each / count for each in inside]
        outside = (1 - sum(weights)) / 2
        expected = ByBin(edges, weights, (outside, outside))
    low, high = expected.bounded
    counts = [*([below[0]] if low else []), *inside, *([count - below[-1]] if high else [])]
    weights = expected.expected(holdouts)
    return _divergence(counts, weights, sum(counts), sum(weights))


def _divergence(counts: Sequence[int], weights: Sequence[float], total: int, whole: float) -> float:
    """Of counts from weights; infinite where something is that is not expected at all.

    :param total: the sum of all counts.
    :param whole: the sum of all weights.
    """
    if total == 0:
        return math.nan
    divergence = 0.0
    for count, weight in zip(counts, weights, strict=True):
        if weight < 0 or (count > 0 and weight == 0):
            return math.inf
        if count > 0:
            divergence += count / total * math.log((count / total) / (weight / whole))
    return divergence
