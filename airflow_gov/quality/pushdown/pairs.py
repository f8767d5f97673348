"""Expectations about two columns, and how columns are compared with each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from airflow_gov.model.types import Decimal, Primitive
from airflow_gov.quality.pushdown.column_maps import holds
from airflow_gov.quality.pushdown.constants import Kind, equals_any, invalid, kind_of
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import NotPushedDownError, Observation, Plan
from airflow_gov.quality.pushdown.relation import Relation

IgnorePair = Literal["both_values_are_missing", "either_value_is_missing", "neither"]

#: Points in time that pandas compares, a date being its midnight.
_MOMENTS = {Kind.DATE, Kind.TIMESTAMP}


def judged_rows(relation: Relation, columns: Sequence[str], ignored: str, right: str, mostly: float) -> Plan:
    """Count the rows that are wrong, those that are not looked at aside.

    :param columns: the columns whose missing values decide which rows are not looked at.
    :param ignored: ``all``, ``any`` or ``none`` of them are missing.
    :param right: an SQL expression, true for a row that is right.
    """
    joined = {"all": " AND ", "any": " OR ", "none": ""}[ignored]
    missing = joined.join(f"{relation.value(each)} IS NULL" for each in columns) if joined else "false"
    looked_at = f"NOT ({missing})"
    unexpected = f"{looked_at} AND NOT coalesce({right}, false)"
    rows, considered, broken = yield (
        relation.count(),
        relation.count(looked_at),
        relation.count(unexpected),
    )
    return Observation(
        success=holds(considered, broken, mostly),
        rows=rows,
        missing=rows - considered,
        unexpected=broken,
        broken=relation.broken(unexpected),
    )


def comparable(relation: Relation, one: str, other: str, *, moments: bool = True) -> bool:
    """Whether values of two columns can be compared.

    :param moments: whether a date is compared with a timestamp.
    :raises NotPushedDownError: where they can, and SQL would not compare them exactly.
    """
    kinds = {kind_of(relation.columns[one]), kind_of(relation.columns[other])}
    if Kind.NESTED in kinds:
        raise NotPushedDownError("lists and structs are compared in Python only")
    if kinds == {Kind.NUMBER}:
        floating = [relation.is_float(each) for each in (one, other)]
        exact = [isinstance(relation.columns[each], Decimal) for each in (one, other)]
        if any(floating) and any(exact):
            raise NotPushedDownError("SQL compares decimals with floating-point numbers by rounding them")
    return len(kinds) == 1 or (moments and kinds == _MOMENTS)


def number_or_value(relation: Relation, column: str) -> str:
    """A column's value, true and false as 1 and 0."""
    value = relation.value(column)
    return f"CAST({value} AS INTEGER)" if relation.columns[column] == Primitive("boolean") else value


def equal(relation: Relation, one: str, other: str, *, moments: bool = True) -> str:
    """Whether two columns have the same value, as SQL; NULL or false where one is missing."""
    if not comparable(relation, one, other, moments=moments):
        return "false"
    return f"{number_or_value(relation, one)} = {number_or_value(relation, other)}"


_IGNORED = {"both_values_are_missing": "all", "either_value_is_missing": "any", "neither": "none"}


@expectation
def expect_column_pair_values_to_be_equal(
    relation: Relation,
    *,
    column_A: str,
    column_B: str,
    ignore_row_if: IgnorePair = "both_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """Both columns have the same value; a missing one equals none."""
    right = equal(relation, column_A, column_B)
    return judged_rows(relation, (column_A, column_B), _IGNORED[ignore_row_if], right, mostly)


@expectation
def expect_column_pair_values_a_to_be_greater_than_b(
    relation: Relation,
    *,
    column_A: str,
    column_B: str,
    or_equal: bool | None = None,
    ignore_row_if: IgnorePair = "both_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """The first column has the greater value; a missing one is not greater and not less."""
    if not comparable(relation, column_A, column_B):
        types = f"{column_A} is {relation.columns[column_A]}, {column_B} is {relation.columns[column_B]}"
        raise invalid(f"{types}: neither is greater than the other, give columns of one type")
    first, second = number_or_value(relation, column_A), number_or_value(relation, column_B)
    right = f"{first} {'>=' if or_equal else '>'} {second}"
    return judged_rows(relation, (column_A, column_B), _IGNORED[ignore_row_if], right, mostly)


@expectation
def expect_column_pair_values_to_be_in_set(
    relation: Relation,
    *,
    column_A: str,
    column_B: str,
    value_pairs_set: list[tuple[Any, Any]],
    ignore_row_if: IgnorePair = "both_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """The columns' values are one of some pairs; in a pair, none stands for a missing value."""
    pairs = [
        f"({_is(relation, column_A, first)} AND {_is(relation, column_B, second)})"
        for first, second in value_pairs_set
    ]
    right = " OR ".join(dict.fromkeys(pairs)) or "false"
    return judged_rows(relation, (column_A, column_B), _IGNORED[ignore_row_if], right, mostly)


def _is(relation: Relation, column: str, value: Any) -> str:
    if value is None:
        return f"{relation.value(column)} IS NULL"
    return equals_any(relation, column, [value])
