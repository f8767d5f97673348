"""The expectation about quantiles."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from airflow_gov.model import types
from airflow_gov.model.types import ColumnType, Primitive
from airflow_gov.quality.pushdown.constants import Kind, invalid, kind_of
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Aggregate, Observation, Plan, Request
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import reported, type_of

#: How a quantile between two values is made of them, in pandas' words; False: the nearest of them.
Interpolation = Literal["linear", "lower", "higher", "midpoint", "nearest", False]

#: Bounds are met within these differences.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-8


@expectation
def expect_column_quantile_values_to_be_between(
    relation: Relation,
    *,
    column: str,
    quantile_ranges: Mapping[str, Any],
    allow_relative_error: Interpolation = False,
) -> Plan:
    """Each of some quantiles lies between bounds of its own."""
    kind = type_of(relation, column)
    quantiles, ranges = _checked(quantile_ranges)
    interpolation = _interpolation(allow_relative_error, kind, column)
    rows, count = yield (relation.count(), values_in(relation, column))
    values: list[Any] = [None] * len(quantiles)
    if count > 0:
        values = yield from quantiles_of(relation, column, count, quantiles, interpolation)
    within = all(_is_in_range(value, *bounds) for value, bounds in zip(values, ranges, strict=False))
    told = {"quantiles": quantiles, "values": [reported(each) for each in values]}
    return Observation(within, told, rows=rows)


def values_in(relation: Relation, column: str) -> Aggregate:
    """How many values a column has."""
    return relation.aggregate(f"count({relation.value(column)})")


def quantiles_of(
    relation: Relation, column: str, count: int, quantiles: Sequence[float], interpolation: str = "nearest"
) -> Generator[Sequence[Request], Sequence[Any], list[Any]]:
    """Quantiles of a column's values, exactly.

    :param count: how many values there are: one or more.
    :param quantiles: from 0 to 1.
    :param interpolation: how one between two values is made of them.
    """
    positions = [quantile * (count - 1) for quantile in quantiles]
    places = [
        place for each in positions for place in (math.floor(each), min(math.floor(each) + 1, count - 1))
    ]
    # Half a place further: DuckDB then has the value at that place, however it rounds.
    shares = ", ".join(repr((place + 0.5) / count) for place in places)
    (found,) = yield (relation.aggregate(f"quantile_disc({relation.value(column)}, [{shares}])"),)
    pairs = zip(found[::2], found[1::2], strict=True)
    return [
        _between(low, high, position, interpolation)
        for (low, high), position in zip(pairs, positions, strict=True)
    ]


def _checked(given: Mapping[str, Any]) -> tuple[list[float], list[list[float | None]]]:
    quantiles, ranges = given.get("quantiles"), given.get("value_ranges")
    if not isinstance(quantiles, list) or not isinstance(ranges, list):
        raise invalid("quantile_ranges needs two lists: quantiles, and value_ranges with two bounds each")
    if len(quantiles) != len(ranges):
        raise invalid(f"quantile_ranges has {len(quantiles)} quantiles and {len(ranges)} value_ranges")
    for quantile in quantiles:
        if not _is_number(quantile) or not 0 <= quantile <= 1:
            raise invalid(f"a quantile is a number from 0 to 1, not {quantile!r}")
    for each in ranges:
        if not isinstance(each, list) or len(each) != 2 or not all(x is None or _is_number(x) for x in each):
            raise invalid(f"a range of values is a list of two numbers, null for none, not {each!r}")
    return quantiles, ranges


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _interpolation(given: Interpolation, kind: ColumnType, column: str) -> str:
    chosen = given or "nearest"
    between = chosen in ("linear", "midpoint")
    exact = kind == Primitive("boolean") or isinstance(kind, types.Decimal)
    if kind_of(kind) is not Kind.NUMBER or (between and exact):
        how = f" by {chosen} interpolation: take nearest" if exact else ""
        raise invalid(f"{column} is {kind}, which has no quantiles{how}")
    return chosen


def _between(low: Any, high: Any, position: float, interpolation: str) -> Any:
    share = position - math.floor(position)
    if interpolation == "nearest":
        return low if round(position) == math.floor(position) else high
    if interpolation in ("lower", "higher"):
        return high if share and interpolation == "higher" else low
    if interpolation == "midpoint" and share:
        share = 0.5
    # The nearer of them first, as NumPy has it: the same digits come out, and no number of infinite ones.
    difference = float(high) - float(low)
    return high - difference * (1 - share) if share >= 0.5 else low + difference * share


def _is_in_range(value: Any, low: float | None, high: float | None) -> bool:
    if value is None or math.isnan(value):
        return False
    at_least, at_most = (-math.inf if low is None else low), (math.inf if high is None else high)
    return _is_close(value, at_least) or _is_close(value, at_most) or at_least <= value <= at_most


def _is_close(value: float | Decimal, bound: float) -> bool:
    near = float(value)
    if math.isinf(near) or math.isinf(bound):
        return near == bound
    return abs(near - bound) <= _ABSOLUTE + _RELATIVE * abs(bound)
