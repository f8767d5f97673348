"""The metrics of the Open Data Contract Standard's library, as plans.

Source: Open Data Contract Standard 3.1, "Data Quality", "Metrics". Where it leaves a meaning open, it is
said here. In every metric not a number (NaN) is a value that is not there, as in expectations. In percent
means of all rows; of a table without rows, nothing is wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from airflow_gov.model.types import Primitive
from airflow_gov.quality.keys import counting_duplicates, is_whole
from airflow_gov.quality.pushdown import Observation, Plan, Relation
from airflow_gov.quality.pushdown.constants import one_of
from airflow_gov.quality.pushdown.patterns import found_in
from airflow_gov.quality.pushdown.plans import one_by_one
from airflow_gov.quality.suites.arguments import declared_by
from airflow_gov.quality.suites.thresholds import holds, operator_of
from airflow_gov.quality.suites.values import is_comparable, sql_value
from airflow_gov.quality.suites.words import in_camel_case, in_snake_case

PERCENT = "percent"
UNITS = ("rows", PERCENT)

Threshold = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of the library.

    :param plan: makes its plan of a relation and a threshold; keyword-only parameters are its arguments.
    :param words: what it counts, for people.
    :param of_column: it can stand at a column.
    :param of_table: it can stand at the dataset.
    """

    plan: Callable[..., Plan]
    words: str
    of_column: bool = True
    of_table: bool = False


def null_values(relation: Relation, threshold: Threshold, *, column: str) -> Plan:
    """Rows without a value."""
    return _counted(relation, threshold, f"{relation.value(column)} IS NULL")


def missing_values(
    relation: Relation, threshold: Threshold, *, column: str, missing_values: list[Any]
) -> Plan:
    """Rows whose value is one of those that stand for none. NULL is one only where the list has it."""
    if not missing_values:
        raise ValueError("'missingValues' is empty, so that nothing would be found")
    _require_comparable(relation, column)
    return _counted(relation, threshold, _is_one_of(relation, column, missing_values))


def invalid_values(
    relation: Relation,
    threshold: Threshold,
    *,
    column: str,
    valid_values: list[Any] | None = None,
    pattern: str | None = None,
) -> Plan:
    """Rows whose value is not one of the valid ones, or does not match the pattern.

    A row without a value is not invalid. A pattern is searched for: what must fill the value is
    anchored with ``^`` and ``$``.
    """
    if valid_values is None and pattern is None:
        raise ValueError("it needs the argument 'validValues' or 'pattern'")
    wrong, python = [], False
    if valid_values is not None:
        if not valid_values:
            raise ValueError("'validValues' is empty, so that every value would be invalid")
        _require_values(relation, column, valid_values)
        wrong.append(f"NOT ({_is_one_of(relation, column, valid_values)})")
    if pattern is not None:
        matches, python = _matches(relation, column, pattern)
        wrong.append(f"NOT ({matches})")
    there = f"{relation.value(column)} IS NOT NULL"
    plan = _counted(relation, threshold, f"{there} AND ({' OR '.join(wrong)})")
    return _judged(plan) if python else plan


def duplicate_values(
    relation: Relation,
    threshold: Threshold,
    *,
    column: str | None = None,
    properties: list[str] | None = None,
) -> Plan:
    """Rows that repeat what an earlier row has. Rows without a value in a column repeat nothing."""
    names = [column] if column is not None else properties
    if not names:
        raise ValueError("it needs the argument 'properties', the columns that must not repeat together")
    return _duplicates(relation, threshold, names)


def row_count(relation: Relation, threshold: Threshold) -> Plan:
    """All rows."""
    if threshold["unit"] == PERCENT:
        raise ValueError("it counts all rows: its unit is rows")
    return _row_count(relation, threshold)


METRICS: Mapping[str, Metric] = {
    "nullValues": Metric(null_values, "null values"),
    "missingValues": Metric(missing_values, "missing values"),
    "invalidValues": Metric(invalid_values, "invalid values"),
    "duplicateValues": Metric(duplicate_values, "duplicate values", of_table=True),
    "rowCount": Metric(row_count, "rows", of_column=False, of_table=True),
}


def metric_arguments(name: str) -> dict[str, inspect.Parameter]:
    """The arguments a metric takes, as the standard writes them, with types and defaults."""
    declared = declared_by(METRICS[name].plan)
    return {in_camel_case(each): parameter for each, parameter in declared.items()}


def library_plan(check: str, relation: Relation, arguments: Mapping[str, Any]) -> Plan:
    """The plan of a metric.

    :param check: one of :data:`METRICS`.
    :param arguments: its own, an operator and a unit.
    :raises ValueError: for arguments that are wrong on this relation.
    """
    operator = operator_of(arguments)
    threshold = {operator: arguments[operator], "unit": arguments.get("unit", UNITS[0])}
    own = {in_snake_case(name): value for name, value in arguments.items() if name not in threshold}
    return METRICS[check].plan(relation, threshold, **own)


def _row_count(relation: Relation, threshold: Threshold) -> Plan:
    (rows,) = yield (relation.count(),)
    return Observation(success=holds(threshold, rows), value=rows, rows=rows)


def _counted(relation: Relation, threshold: Threshold, wrong: str) -> Plan:
    rows, count = yield (relation.count(), relation.count(wrong))
    return _observed(threshold, rows, count, relation.broken(wrong))


def _judged(plan: Plan) -> Plan:
    """The same plan, with values judged by a Python function."""
    return replace((yield from plan), python=True)


def _observed(threshold: Threshold, rows: int, count: int, broken: str) -> Observation:
    """What was counted against what it must be; rows are to blame where none of them would be right."""
    value: int | float = count
    if threshold["unit"] == PERCENT:
        value = 100 * count / rows if rows else 0
    return Observation(
        success=holds(threshold, value),
        value=value,
        rows=rows,
        unexpected=count,
        broken=broken if holds(threshold, 0) else None,
    )


def _duplicates(relation: Relation, threshold: Threshold, names: Sequence[str]) -> Plan:
    table = f"(SELECT * FROM {relation.source()})"
    values = [relation.value(name) for name in names]
    (rows,) = yield (relation.count(),)
    counted = yield from one_by_one(
        counting_duplicates(table, values, whole=is_whole(relation.columns[names[0]]))
    )
    key = f"({', '.join(values)})"
    # All rows that share a value broke the rule: which of them was first, nobody can say.
    again = f"{key} IN (SELECT {key} FROM {table} GROUP BY ALL HAVING count(*) > 1)"
    there = " AND ".join(f"{value} IS NOT NULL" for value in values)
    return _observed(threshold, rows, counted.repeated, relation.broken(f"{there} AND {again}"))


def _is_one_of(relation: Relation, column: str, values: Sequence[Any]) -> str:
    """Whether a row's value is in a list; what the column cannot hold is in no row."""
    kind = relation.columns[column]
    known = (sql_value(value, kind) for value in values if value is not None)
    value = relation.value(column)
    listed = list(dict.fromkeys(each for each in known if each is not None))
    conditions = [f"coalesce({one_of(value, listed)}, false)"] if listed else []
    if None in values:
        conditions.append(f"{value} IS NULL")
    return " OR ".join(conditions) or "false"


def _require_comparable(relation: Relation, column: str) -> None:
    if not is_comparable(relation.columns[column]):
        raise ValueError(f"{column!r} is {relation.columns[column]}, whose values no list can have")


def _require_values(relation: Relation, column: str, values: Sequence[Any]) -> None:
    _require_comparable(relation, column)
    kind = relation.columns[column]
    strange = [value for value in values if value is not None and sql_value(value, kind) is None]
    if strange:
        raise ValueError(f"'validValues' has {strange[0]!r}, which {column!r} ({kind}) cannot hold")


def _matches(relation: Relation, column: str, pattern: str) -> tuple[str, bool]:
    if relation.columns[column] != Primitive("string"):
        raise ValueError(f"a pattern is for text, and {column!r} is {relation.columns[column]}")
    return found_in(relation, column, pattern)
