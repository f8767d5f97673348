"""Expectations about one number, date or text that sums a column up.

What pandas adds up in floating-point numbers is added up here in another order, and decimals and whole
numbers exactly: sums, means and deviations are the same within a relative difference of 1e-9, those of
single-precision columns within the precision of such numbers.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_gov.model.types import ColumnType, Primitive
from airflow_gov.quality.pushdown.bounds import Between, Bound
from airflow_gov.quality.pushdown.constants import double
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Observation, Plan
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import is_moment, number, simple_type_of, type_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTION = Primitive("double")
_COUNT = Primitive("long")


@expectation
def expect_column_max_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The largest value lies between bounds."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _largest(relation, column, bounds))


@expectation
def expect_column_min_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The smallest value lies between bounds."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _smallest(relation, column, bounds))


@expectation
def expect_column_mean_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The mean of the values lies between bounds; of moments it is a moment."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _mean(relation, column, bounds))


@expectation
def expect_column_median_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The median of the values lies between bounds; of moments it is a moment."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _median(relation, column, bounds))


@expectation
def expect_column_stdev_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The standard deviation of the values, a sample, lies between bounds; two values make one."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _deviation(relation, column, bounds))


@expectation
def expect_column_sum_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: Bound = None,
    max_value: Bound = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The sum of the values lies between bounds; of no values it is 0."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _sum(relation, column, bounds))


@expectation
def expect_column_unique_value_count_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The number of different values lies between bounds."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _different(relation, column, bounds))


@expectation
def expect_column_proportion_of_unique_values_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: float | None = None,
    max_value: float | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The number of different values as a share of all values lies between bounds."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _different_share(relation, column, bounds))


@expectation
def expect_column_proportion_of_non_null_values_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: float | None = None,
    max_value: float | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The share of rows that have a value lies between bounds."""
    bounds = Between(min_value, max_value, strict_min, strict_max)
    return (yield from _filled_share(relation, column, bounds))


def _largest(relation: Relation, column: str, bounds: Between) -> Plan:
    kind = simple_type_of(relation, column)
    return (yield from _summed_up(relation, f"max({relation.value(column)})", bounds.of(kind)))


def _smallest(relation: Relation, column: str, bounds: Between) -> Plan:
    kind = simple_type_of(relation, column)
    return (yield from _summed_up(relation, f"min({relation.value(column)})", bounds.of(kind)))


def _deviation(relation: Relation, column: str, bounds: Between) -> Plan:
    """In two passes, as pandas: of values far from 0 the last digits would be others in one."""
    value, bounds = number(relation, column), bounds.of(_FRACTION)
    rows, values, mean = yield (
        relation.count(),
        relation.aggregate(f"count({value})"),
        relation.aggregate(f"avg({value})"),
    )
    if values < 2 or not math.isfinite(mean):
        return _observed(bounds, None, rows)
    (squares,) = yield (relation.aggregate(f"sum(power({value} - {double(mean)}, 2))"),)
    return _observed(bounds, math.sqrt(squares / (values - 1)), rows)


def _summed_up(relation: Relation, expression: str, bounds: Between) -> Plan:
    rows, value = yield (relation.count(), relation.aggregate(expression))
    return _observed(bounds, value, rows)


def _observed(bounds: Between, value: Any, rows: int) -> Observation:
    found = bounds.observe(value)
    return Observation(found.success, found.value, rows=rows)


def _sum(relation: Relation, column: str, bounds: Between) -> Plan:
    total = f"sum({number(relation, column)})"
    bounds = bounds.of(_FRACTION)
    rows, value = yield (relation.count(), relation.aggregate(total))
    return _observed(bounds, 0 if value is None else value, rows)


def _mean(relation: Relation, column: str, bounds: Between) -> Plan:
    kind = type_of(relation, column)
    if not is_moment(kind):
        mean = f"avg({number(relation, column)})"
        return (yield from _summed_up(relation, mean, bounds.of(_FRACTION)))
    bounds = bounds.of(kind)
    moment = f"epoch_us({relation.value(column)})"
    rows, values, total = yield (
        relation.count(),
        relation.aggregate(f"count({moment})"),
        relation.aggregate(f"sum({moment})"),
    )
    return _observed(bounds, _moment(total / values, kind) if values else None, rows)


def _median(relation: Relation, column: str, bounds: Between) -> Plan:
    kind = type_of(relation, column)
    if not is_moment(kind):
        middle = f"median(CAST({number(relation, column)} AS DOUBLE))"
        return (yield from _summed_up(relation, middle, bounds.of(_FRACTION)))
    bounds = bounds.of(kind)
    middle = f"median(epoch_us({relation.value(column)}))"
    rows, value = yield (relation.count(), relation.aggregate(middle))
    return _observed(bounds, None if value is None else _moment(value, kind), rows)


def _moment(microseconds: float, kind: ColumnType) -> datetime:
    """A moment by the microseconds since 1970; what is less than one is cut off, as pandas does it."""
    moment = _EPOCH + timedelta(microseconds=int(microseconds))
    return moment if kind == Primitive("timestamptz") else moment.replace(tzinfo=None)


def _different(relation: Relation, column: str, bounds: Between) -> Plan:
    simple_type_of(relation, column)
    bounds = bounds.of(_COUNT)
    rows, different = yield (relation.count(), relation.count_distinct(relation.value(column)))
    return _observed(bounds, different, rows)


def _different_share(relation: Relation, column: str, bounds: Between) -> Plan:
    simple_type_of(relation, column)
    bounds = bounds.of(_FRACTION)
    rows, values, different = yield (
        relation.count(),
        relation.aggregate(f"count({relation.value(column)})"),
        relation.count_distinct(relation.value(column)),
    )
    return _observed(bounds, different / values if values else 0, rows)


def _filled_share(relation: Relation, column: str, bounds: Between) -> Plan:
    type_of(relation, column)
    bounds = bounds.of(_FRACTION)
    rows, values = yield (relation.count(), relation.aggregate(f"count({relation.value(column)})"))
    return _observed(bounds, values / rows if rows else 0, rows)
