"""Expectations about several columns of a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal as Exact
from fractions import Fraction
from itertools import combinations
from typing import Literal

from airflow_gov.model.types import Decimal, Primitive
from airflow_gov.quality.pushdown.column_maps import holds
from airflow_gov.quality.pushdown.constants import Kind, double, invalid, kind_of
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.pairs import comparable, equal, judged_rows, number_or_value
from airflow_gov.quality.pushdown.plans import NotPushedDownError, Observation, Plan, Rows
from airflow_gov.quality.pushdown.relation import Relation

IgnoreRow = Literal["all_values_are_missing", "any_value_is_missing", "never"]

_IGNORED = {"all_values_are_missing": "all", "any_value_is_missing": "any", "never": "none"}
#: Digits of DuckDB's widest decimal.
_DIGITS = 38


def _several(columns: Sequence[str]) -> Sequence[str]:
    if len(columns) < 2:
        raise invalid("column_list has fewer than two columns: name two at least")
    return columns


@expectation
def expect_compound_columns_to_be_unique(
    relation: Relation,
    *,
    column_list: list[str],
    ignore_row_if: IgnoreRow = "all_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """The columns' values are not there together twice; all rows that have them are counted."""
    values = [
        f"({relation.value(each)} + 0)" if relation.is_float(each) else relation.value(each)
        for each in _several(column_list)
    ]
    joined = {"all": " AND ", "any": " OR ", "none": ""}[_IGNORED[ignore_row_if]]
    missing = joined.join(f"{each} IS NULL" for each in values) if joined else "false"
    looked_at = f"NOT ({missing})"
    # As many hashes as rows prove that none is there twice, in less time and memory than groups.
    hashes = Rows(f"SELECT count(DISTINCT hash({', '.join(values)})) FROM {relation.source(looked_at)}")
    rows, considered, [(different,)] = yield (relation.count(), relation.count(looked_at), hashes)
    groups = f"FROM {relation.source(looked_at)} GROUP BY ALL HAVING count(*) > 1"
    broken = 0
    if different < considered:
        named = ", ".join(f"{each} AS part_{number}" for number, each in enumerate(values))
        counted = f"SELECT coalesce(sum(rows), 0) FROM (SELECT {named}, count(*) AS rows {groups})"
        [[(broken,)]] = yield (Rows(counted),)
    # A struct equals another where the same parts are missing in both.
    struct = f"row({', '.join(values)})"
    repeated = f"{looked_at} AND {struct} IN (SELECT {struct} {groups})"
    return Observation(
        success=holds(considered, int(broken), mostly),
        rows=rows,
        missing=rows - considered,
        unexpected=int(broken),
        broken=relation.broken(repeated),
    )


@expectation
def expect_multicolumn_sum_to_equal(
    relation: Relation,
    *,
    column_list: list[str],
    sum_total: float,
    ignore_row_if: IgnoreRow = "all_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """The columns' sum is always the same; with a missing value there is none."""
    right = _sum_is(relation, _several(column_list), float(sum_total))
    return judged_rows(relation, column_list, _IGNORED[ignore_row_if], right, mostly)


def _sum_is(relation: Relation, columns: Sequence[str], total: float) -> str:
    kinds = [relation.columns[each] for each in columns]
    if {kind_of(each) for each in kinds} == {Kind.TEXT}:
        return "false"  # texts that are put together are no number
    if {kind_of(each) for each in kinds} != {Kind.NUMBER}:
        raise invalid(f"{', '.join(columns)} are not all numbers and have no sum: give columns of numbers")
    floating = [relation.is_float(each) for each in columns]
    if any(floating):
        if any(isinstance(each, Decimal) for each in kinds):
            raise invalid("decimals and floating-point numbers are not added: give columns of one of them")
        if Primitive("float") in kinds:
            raise NotPushedDownError("SQL adds numbers of single precision otherwise")
        parts = [f"CAST({number_or_value(relation, each)} AS DOUBLE)" for each in columns]
        return f"{' + '.join(parts)} = {double(total)}"
    scale = max((each.scale for each in kinds if isinstance(each, Decimal)), default=0)
    return _exact_sum_is([number_or_value(relation, each) for each in columns], scale, total)


def _exact_sum_is(values: Sequence[str], scale: int, total: float) -> str:
    if not math.isfinite(total):
        return "false"
    scaled = Fraction(total) * 10**scale
    if scaled.denominator != 1 or abs(scaled) >= 10**_DIGITS:
        return "false"
    wide = f"DECIMAL({_DIGITS}, {scale})"
    steps = Exact((int(scaled < 0), tuple(map(int, str(abs(int(scaled))))), -scale))
    return f"{' + '.join(f'CAST({each} AS {wide})' for each in values)} = '{steps:f}'::{wide}"


@expectation
def expect_multicolumn_values_to_be_equal(
    relation: Relation,
    *,
    column_list: list[str],
    ignore_row_if: IgnoreRow = "all_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """All columns have the same value, or all have none."""
    first, *others = _several(column_list)
    right = " AND ".join(_same(relation, first, each, moments=True) for each in others)
    return judged_rows(relation, column_list, _IGNORED[ignore_row_if], right, mostly)


@expectation
def expect_select_column_values_to_be_unique_within_record(
    relation: Relation,
    *,
    column_list: list[str],
    ignore_row_if: IgnoreRow = "all_values_are_missing",
    mostly: float = 1.0,
) -> Plan:
    """No two of the columns have the same value, or both none."""
    pairs = combinations(_several(column_list), 2)
    same = " OR ".join(_same(relation, *each, moments=False) for each in pairs)
    return judged_rows(relation, column_list, _IGNORED[ignore_row_if], f"NOT ({same})", mostly)


def _same(relation: Relation, one: str, other: str, *, moments: bool) -> str:
    """Whether two columns have the same value, or both none; never NULL."""
    missing = f"{relation.value(one)} IS NULL AND {relation.value(other)} IS NULL"
    if not comparable(relation, one, other, moments=moments):
        return f"({missing})"
    return f"(coalesce({equal(relation, one, other, moments=moments)}, false) OR ({missing}))"
