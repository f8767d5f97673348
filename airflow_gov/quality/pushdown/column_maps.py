"""Expectations about each value of one column."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from airflow_gov.quality.keys import counting_duplicates, is_whole
from airflow_gov.quality.pushdown.constants import (
    Bound,
    Kind,
    Operator,
    bound_kind,
    compared,
    equals_any,
    invalid,
    kind_of,
    read_bound,
)
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import NotPushedDownError, Observation, Plan, Rows, one_by_one
from airflow_gov.quality.pushdown.relation import Relation


def holds(considered: int, unexpected: int, mostly: float) -> bool:
    """Whether so few are wrong that a rule holds, computed as Great Expectations does."""
    # The same operations in the same order, so that the same share is not rounded differently.
    return considered == 0 or (float(considered) - float(unexpected)) / float(considered) >= float(mostly)


def judged(relation: Relation, value: str, wrong: str, mostly: float, *, python: bool = False) -> Plan:
    """Count the values that are wrong; rows without a value are passed over.

    :param value: the value as SQL.
    :param wrong: an SQL expression, true for a value that is wrong.
    :param mostly: share of the values, 0 to 1, that must not be wrong.
    :param python: whether a Python function judges.
    """
    there = f"{value} IS NOT NULL"
    unexpected = f"{there} AND ({wrong})"
    rows, values, broken = yield (relation.count(), relation.count(there), relation.count(unexpected))
    return Observation(
        success=holds(values, broken, mostly),
        rows=rows,
        missing=rows - values,
        unexpected=broken,
        broken=relation.broken(unexpected),
        python=python,
    )


def judged_by(
    relation: Relation,
    column: str,
    judge: Callable[[Any], bool],
    mostly: float,
    *,
    parameter: str = "VARCHAR",
) -> Plan:
    """Let a Python function say of each value whether it is right.

    :param judge: the function; what it raises ends the rule.
    :param parameter: DuckDB type of the value.
    """
    value = relation.value(column)
    wrong = f"NOT {python_call(relation, judge, value, parameter)}"
    return judged(relation, value, wrong, mostly, python=True)


def python_call(
    relation: Relation, judge: Callable[[Any], bool], value: str, parameter: str = "VARCHAR"
) -> str:
    """Register a function of one value and call it in SQL.

    :param value: the value as SQL.
    :param parameter: its DuckDB type.
    """
    if relation.judging is None:
        raise NotPushedDownError(
            "values are judged by a Python function, which this session has no place for"
        )
    name = relation.judging(judge, parameter)
    # DuckDB looks at rows that the condition leaves out too; a function is not called for NULL.
    return (
        f"{name}(CASE WHEN {relation.condition} THEN {value} END)"
        if relation.condition
        else f"{name}({value})"
    )


def require(relation: Relation, column: str, *kinds: Kind) -> None:
    """Refuse a rule whose column is of another kind."""
    if kind_of(relation.columns[column]) not in kinds:
        words = " or ".join(each.value for each in kinds)
        raise invalid(
            f"{column} is {relation.columns[column]}, not {words}: take the rule away or change the column"
        )


@expectation
def expect_column_values_to_not_be_null(relation: Relation, *, column: str, mostly: float = 1.0) -> Plan:
    """No value is missing."""
    return _all_rows(relation, f"{relation.value(column)} IS NULL", mostly)


@expectation
def expect_column_values_to_be_null(relation: Relation, *, column: str, mostly: float = 1.0) -> Plan:
    """Every value is missing."""
    return _all_rows(relation, f"{relation.value(column)} IS NOT NULL", mostly)


def _all_rows(relation: Relation, wrong: str, mostly: float) -> Plan:
    rows, broken = yield (relation.count(), relation.count(wrong))
    return Observation(
        success=holds(rows, broken, mostly),
        rows=rows,
        unexpected=broken,
        broken=relation.broken(wrong),
    )


@expectation
def expect_column_values_to_be_in_set(
    relation: Relation, *, column: str, value_set: list[Any], mostly: float = 1.0
) -> Plan:
    """Every value is one of some."""
    inside = equals_any(relation, column, value_set)
    return judged(relation, relation.value(column), f"NOT ({inside})", mostly)


@expectation
def expect_column_values_to_not_be_in_set(
    relation: Relation, *, column: str, value_set: list[Any], mostly: float = 1.0
) -> Plan:
    """No value is one of some. For a column of timestamps text is read as a point in time."""
    if kind_of(relation.columns[column]) in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        value_set = [_point_in_time(each) if isinstance(each, str) else each for each in value_set]
    return judged(relation, relation.value(column), equals_any(relation, column, value_set), mostly)


def _point_in_time(text: str) -> datetime:
    from dateutil.parser import parse

    try:
        found: datetime = parse(text)
    except (ValueError, OverflowError):
        raise invalid(f"{text!r} is no point in time: write it like 2024-12-31T23:59:59") from None
    return found


@expectation
def expect_column_values_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: float | str | date | datetime | None = None,
    max_value: float | str | date | datetime | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
    mostly: float = 1.0,
) -> Plan:
    """Every value lies between two bounds, one of which may be left out."""
    least = None if min_value is None else read_bound(min_value)
    most = None if max_value is None else read_bound(max_value)
    if least is None and most is None:
        raise invalid("min_value and max_value are both missing: give one of them")
    _check_bounds(relation, column, least, most)
    inside = []
    if least is not None:
        inside.append(_side(relation, column, ">" if strict_min else ">=", least))
    if most is not None:
        inside.append(_side(relation, column, "<" if strict_max else "<=", most))
    return judged(relation, relation.value(column), f"NOT ({' AND '.join(inside)})", mostly)


def _side(relation: Relation, column: str, operator: Operator, bound: Bound) -> str:
    return f"({compared(relation, column, operator, bound)})"


def _check_bounds(relation: Relation, column: str, least: Bound | None, most: Bound | None) -> None:
    kind = kind_of(relation.columns[column])
    for bound in (least, most):
        if bound is not None and bound_kind(bound) is not kind:
            raise invalid(
                f"{column} is {relation.columns[column]}, which cannot be compared with"
                f" {bound_kind(bound).value} ({bound}): give bounds of the column's type"
            )
    if least is not None and most is not None and least > most:  # type: ignore[operator]
        raise invalid(f"min_value {least} is greater than max_value {most}")


@expectation
def expect_column_values_to_be_unique(relation: Relation, *, column: str, mostly: float = 1.0) -> Plan:
    """No value is there twice; all rows that have it are counted."""
    value = relation.value(column)
    if relation.is_float(column):
        value = f"({value} + 0)"  # -0.0 and 0.0 are one value
    there = f"{value} IS NOT NULL"
    groups = f"FROM {relation.source(there)} GROUP BY 1 HAVING count(*) > 1"
    rows, values = yield (relation.count(), relation.count(there))
    whole = is_whole(relation.columns[column])
    table = f"(SELECT * FROM {relation.source()})"
    # That none is there twice is proved faster than those that are get counted.
    duplicates = yield from one_by_one(counting_duplicates(table, (value,), whole=whole))
    broken = 0
    if duplicates.repeated:
        counted = f"SELECT sum(rows) FROM (SELECT {value} AS value, count(*) AS rows {groups})"
        [[(broken,)]] = yield (Rows(counted),)
    repeated = f"{there} AND {value} IN (SELECT {value} {groups})"
    return Observation(
        success=holds(values, int(broken), mostly),
        rows=rows,
        missing=rows - values,
        unexpected=int(broken),
        broken=relation.broken(repeated),
    )
