"""Expectations about a column's values in the order of rows."""

from __future__ import annotations

from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown.column_maps import holds, require
from airflow_gov.quality.pushdown.constants import Kind
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Observation, Plan, Rows
from airflow_gov.quality.pushdown.relation import Relation


@expectation
def expect_column_values_to_be_increasing(
    relation: Relation, *, column: str, strictly: bool | None = None, mostly: float = 1.0
) -> Plan:
    """No value is less than the one before it, or each is greater."""
    return _ordered(relation, column, "<=" if strictly else "<", mostly)


@expectation
def expect_column_values_to_be_decreasing(
    relation: Relation, *, column: str, strictly: bool | None = None, mostly: float = 1.0
) -> Plan:
    """No value is greater than the one before it, or each is less."""
    return _ordered(relation, column, ">=" if strictly else ">", mostly)


def _ordered(relation: Relation, column: str, wrong: str, mostly: float) -> Plan:
    """Compare each value with the one before it in the files; rows without a value are passed over."""
    require(relation, column, Kind.NUMBER, Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    value = relation.value(column)
    there = f"{value} IS NOT NULL"
    pairs = f"SELECT {value} AS value, lag({value}) OVER () AS before FROM {relation.source(there)}"
    condition = (
        _boolean(wrong) if relation.columns[column] == Primitive("boolean") else f"value {wrong} before"
    )
    if relation.is_float(column):
        # The difference of two infinities is no number, which Great Expectations passes over.
        condition = f"({condition}) AND NOT (value = before AND isinf(value))"
    counted = Rows(f"SELECT count(*) FILTER (WHERE {condition}) FROM ({pairs})", ordered=True)
    rows, values, [(broken,)] = yield (relation.count(), relation.count(there), counted)
    return Observation(
        success=holds(values, broken, mostly), rows=rows, missing=rows - values, unexpected=broken
    )


def _boolean(wrong: str) -> str:
    """The difference of two truth values is whether they differ, true being more than none."""
    conditions = {"<": "false", "<=": "value = before", ">": "value <> before", ">=": "before IS NOT NULL"}
    return conditions[wrong]
