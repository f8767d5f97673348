"""Expectations about which different values a column has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_gov.model.types import ColumnType, Primitive
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Observation, Plan, Rows
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import elements_of, is_in, is_moment, reported, simple_type_of

#: How many of the values that are equally common are reported at most.
MAX_MOST_COMMON = 1000


@expectation
def expect_column_distinct_values_to_be_in_set(
    relation: Relation, *, column: str, value_set: Sequence[Any]
) -> Plan:
    """No value is outside a set."""
    if not value_set:
        raise invalid("the value_set is empty: name values")
    outside, _ = yield from _compared(relation, column, value_set)
    return Observation(outside == 0, unexpected=outside)


@expectation
def expect_column_distinct_values_to_contain_set(
    relation: Relation, *, column: str, value_set: Sequence[Any]
) -> Plan:
    """Each element of a set is one of the values."""
    _, lacking = yield from _compared(relation, column, value_set)
    return Observation(lacking == 0)


@expectation
def expect_column_distinct_values_to_equal_set(
    relation: Relation, *, column: str, value_set: Sequence[Any]
) -> Plan:
    """The different values are those of a set."""
    outside, lacking = yield from _compared(relation, column, value_set)
    return Observation(outside == 0 and lacking == 0, unexpected=outside)


def _compared(relation: Relation, column: str, value_set: Sequence[Any]) -> Any:
    """How many different values are not in a set, and how many of the set's elements are no value."""
    kind = simple_type_of(relation, column)
    elements = elements_of(value_set)
    read = {_read(each, kind) for each in elements}
    value = relation.value(column)
    among = is_in(value, kind, read)
    outside, inside = yield (
        relation.count_distinct(value, f"NOT ({among})"),
        relation.count_distinct(value, among),
    )
    # Without a value there is nothing whose type the elements could be read by.
    return outside, len(read if outside or inside else elements) - inside


def _read(element: Any, kind: ColumnType) -> Any:
    """An element; a text is read as a date where the column's values are dates or timestamps."""
    if not isinstance(element, str) or not (kind == Primitive("date") or is_moment(kind)):
        return element
    from dateutil.parser import parse

    try:
        found = parse(element)
    except (ValueError, OverflowError):
        return element
    return found.date() if kind == Primitive("date") else found


@expectation
def expect_column_most_common_value_to_be_in_set(
    relation: Relation, *, column: str, value_set: Sequence[Any], ties_okay: bool | None = None
) -> Plan:
    """The most common value is in a set. Where several are: one of them is, if that is okay.

    Dates of a set are dates and not texts, and moments equal no element, as in Great Expectations.
    """
    kind = simple_type_of(relation, column)
    elements = set() if is_moment(kind) else elements_of(value_set)
    value = relation.value(column)
    there = relation.source(f"{value} IS NOT NULL")
    counts = f"SELECT {value} AS value, count(*) AS times FROM {there} GROUP BY 1"
    common = f"SELECT value FROM ({counts}) QUALIFY times = max(times) OVER ()"
    rows, found, tallied = yield (
        relation.count(),
        Rows(f"SELECT value FROM ({common}) ORDER BY value LIMIT {MAX_MOST_COMMON}"),
        Rows(f"SELECT count(*), count(*) FILTER (WHERE {is_in('value', kind, elements)}) FROM ({common})"),
    )
    ((all_of_them, expected),) = tallied
    success = expected > 0 if ties_okay else all_of_them == 1 and expected == 1
    return Observation(success, [_reported(each, kind) for (each,) in found], rows=rows)


def _reported(value: Any, kind: ColumnType) -> Any:
    return value.strftime("%Y-%m-%dT%H:%M:%S.%f") if is_moment(kind) else reported(value)
