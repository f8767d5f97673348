"""Expectations about how far values lie from the others."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from typing import Any, Literal

from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown.column_maps import judged
from airflow_gov.quality.pushdown.constants import Kind, double, invalid, kind_of
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import NotPushedDownError, Plan, Request
from airflow_gov.quality.pushdown.relation import Relation

#: A part of a plan that finds something out for the rest of it.
Finding = Generator[Sequence[Request], Sequence[Any], tuple[float, float] | None]

_WHOLE = (Primitive("int"), Primitive("long"))


@expectation
def expect_column_value_z_scores_to_be_less_than(
    relation: Relation, *, column: str, threshold: float, double_sided: bool, mostly: float = 1.0
) -> Plan:
    """No value is so many standard deviations away from the mean."""
    number = _number(relation, column, booleans=True)
    found = yield from _mean_and_deviation(relation, number)
    wrong = "false"
    if found is not None and found[1] != 0:
        score = f"({number} - {double(found[0])}) / {double(found[1])}"
        limit = abs(float(threshold)) if double_sided else float(threshold)
        wrong = f"NOT ({f'abs({score})' if double_sided else score} < {double(limit)})"
    return (yield from judged(relation, number, wrong, mostly))


@expectation
def expect_column_values_to_not_be_outliers(
    relation: Relation,
    *,
    column: str,
    method: Literal["iqr", "std"] = "iqr",
    multiplier: float = 1.5,
    mostly: float = 1.0,
) -> Plan:
    """No value is an outlier: beyond the quartiles by a multiple of their distance, or from the mean."""
    if multiplier < 0:
        raise invalid(f"multiplier is {multiplier}: give 0 or more")
    number = _number(relation, column, booleans=method == "std")
    if method == "iqr":
        wrong = yield from _beyond_quartiles(relation, number, float(multiplier))
    else:
        wrong = yield from _beyond_deviations(relation, number, float(multiplier))
    return (yield from judged(relation, number, wrong, mostly))


def _number(relation: Relation, column: str, *, booleans: bool) -> str:
    """A column's value as a floating-point number."""
    kind = relation.columns[column]
    if kind_of(kind) in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ) or kind == Primitive("float"):
        raise NotPushedDownError(f"the mean and the deviation of {kind} are computed otherwise in SQL")
    if kind == Primitive("double"):
        return relation.value(column)
    if kind in _WHOLE:
        return f"CAST({relation.value(column)} AS DOUBLE)"
    if kind == Primitive("boolean") and booleans:
        return f"CAST(CAST({relation.value(column)} AS INTEGER) AS DOUBLE)"
    raise invalid(
        f"{column} is {kind}, which has no mean and no deviation here: give a column of int, long or double"
    )


def _mean_and_deviation(relation: Relation, number: str) -> Finding:
    """The mean and the sample's standard deviation; None where one of them is no number."""
    there = f"{number} IS NOT NULL"
    endless = f"isinf({number})"
    values, infinities, mean = yield (
        relation.count(there),
        relation.count(endless),
        relation.aggregate(f"favg({number})", f"{there} AND NOT {endless}"),
    )
    if values < 2 or infinities or mean is None or not math.isfinite(mean):
        return None
    squares = f"fsum(({number} - {double(mean)}) * ({number} - {double(mean)}))"
    (total,) = yield (relation.aggregate(squares, there),)
    return mean, math.sqrt(total / (values - 1))


def _beyond_deviations(
    relation: Relation, number: str, multiplier: float
) -> Generator[Sequence[Request], Sequence[Any], str]:
    found = yield from _mean_and_deviation(relation, number)
    if found is None or not math.isfinite(found[1]):
        return "false"
    mean, distance = found[0], multiplier * found[1]
    if distance <= 0:
        return f"{number} <> {double(mean)}"
    return f"NOT (abs({number} - {double(mean)}) < {double(distance)})"


def _beyond_quartiles(
    relation: Relation, number: str, multiplier: float
) -> Generator[Sequence[Request], Sequence[Any], str]:
    there = f"{number} IS NOT NULL"
    (values,) = yield (relation.count(there),)
    if not values:
        return "false"
    places = [(values - 1) * share for share in (0.25, 0.75)]
    ranks = [rank for place in places for rank in (math.floor(place), math.ceil(place))]
    shares = ", ".join(double((rank + 0.5) / values) for rank in ranks)
    (found,) = yield (relation.aggregate(f"quantile_disc({number}, [{shares}])", there),)
    lower = _between(found[0], found[1], places[0] % 1)
    upper = _between(found[2], found[3], places[1] % 1)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return "false"
    distance = multiplier * (upper - lower)
    return f"NOT ({number} >= {double(lower - distance)} AND {number} <= {double(upper + distance)})"


def _between(low: float, high: float, share: float) -> float:
    """A point between two values, computed as NumPy does: from the nearer one."""
    if math.isinf(low) or math.isinf(high):
        return low if share == 0 or low == high else math.nan
    return low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share)
