"""Expectations about a table's columns and about how many rows it has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown.bounds import Between, Bound
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Aggregate, Observation, Plan, Request
from airflow_gov.quality.pushdown.relation import Relation

_COUNT = Primitive("long")
#: What expectations about columns ask for: they need no data.
_NOTHING: tuple[Sequence[Request], ...] = ()


def _of_metadata(success: bool, value: Any = None) -> Observation:
    return Observation(success, value, metadata=True)


@expectation
def expect_table_column_count_to_be_between(
    relation: Relation, *, min_value: Bound = None, max_value: Bound = None
) -> Plan:
    """The number of columns lies between bounds."""
    bounds = Between(min_value, max_value).of(_COUNT)
    yield from _NOTHING
    found = bounds.observe(len(relation.columns))
    return _of_metadata(found.success, found.value)


@expectation
def expect_table_column_count_to_equal(relation: Relation, *, value: int) -> Plan:
    """There are so many columns."""
    yield from _NOTHING
    return _of_metadata(len(relation.columns) == value, len(relation.columns))


@expectation
def expect_column_to_exist(relation: Relation, *, column: str, column_index: int | None = None) -> Plan:
    """There is a column, at a place if one is given; its first place, 0, means any."""
    yield from _NOTHING
    names = list(relation.columns)
    if not column_index:
        return _of_metadata(column in names)
    within = -len(names) <= column_index < len(names)
    return _of_metadata(within and names[column_index] == column)


@expectation
def expect_table_columns_to_match_ordered_list(
    relation: Relation, *, column_list: Sequence[str] | None
) -> Plan:
    """The columns are those of a list, in its order; without a list, any."""
    yield from _NOTHING
    names = list(relation.columns)
    return _of_metadata(column_list is None or names == list(column_list), names)


@expectation
def expect_table_columns_to_match_set(
    relation: Relation, *, column_set: Sequence[str] | None, exact_match: bool | None = True
) -> Plan:
    """The columns are those of a set; where not exactly, then those and others."""
    yield from _NOTHING
    names, expected = set(relation.columns), set(column_set or ())
    return _of_metadata(names == expected if exact_match else expected <= names, sorted(names))


@expectation
def expect_table_row_count_to_be_between(
    relation: Relation,
    *,
    min_value: int | None = None,
    max_value: int | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
) -> Plan:
    """The number of rows lies between bounds."""
    if min_value is not None and max_value is not None and min_value > max_value:
        raise invalid(f"min_value ({min_value}) is greater than max_value ({max_value})")
    bounds = Between(min_value, max_value, strict_min, strict_max).of(_COUNT)
    (rows,) = yield (relation.count(),)
    found = bounds.observe(rows)
    return Observation(found.success, found.value, rows=rows)


@expectation
def expect_table_row_count_to_equal(relation: Relation, *, value: int) -> Plan:
    """There are so many rows."""
    (rows,) = yield (relation.count(),)
    return Observation(rows == value, rows, rows=rows)


@expectation
def expect_table_row_count_to_equal_other_table(relation: Relation, *, other_table_name: str) -> Plan:
    """There are as many rows as in the published version of another dataset."""
    if other_table_name not in relation.others:
        raise invalid(
            f"other_table_name {other_table_name!r} is no dataset that can be read: write <zone>.<name>"
        )
    other = Aggregate("count(*)", relation.others[other_table_name])
    rows, of_other = yield (relation.count(), other)
    return Observation(rows == of_other, {"self": rows, "other": of_other}, rows=rows)
