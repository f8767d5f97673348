"""A column's type as aggregates need it, sets of values, and what was observed as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from airflow_gov.model.types import ColumnType, Primitive
from airflow_gov.quality.pushdown.constants import Kind, equal_literal, invalid, kind_of, one_of
from airflow_gov.quality.pushdown.plans import NotPushedDownError
from airflow_gov.quality.pushdown.relation import Relation


def type_of(relation: Relation, column: str) -> ColumnType:
    """A column's type.

    :raises GovernanceError: ``RULE_INVALID`` where there is no such column.
    """
    if column not in relation.columns:
        listed = ", ".join(relation.columns)
        raise invalid(f"there is no column {column!r} (columns: {listed})")
    return relation.columns[column]


def simple_type_of(relation: Relation, column: str) -> ColumnType:
    """A column's type, of one whose values have no parts.

    :raises NotPushedDownError: for lists and structs.
    """
    kind = type_of(relation, column)
    if kind_of(kind) is Kind.NESTED:
        raise NotPushedDownError(f"{column} holds lists or structs, which are compared in Python only")
    return kind


def is_moment(kind: ColumnType) -> bool:
    """Whether values are timestamps, with a time zone or without."""
    return kind_of(kind) in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


def number(relation: Relation, column: str) -> str:
    """The value of a column of numbers as SQL; true counts as 1.

    :raises GovernanceError: ``RULE_INVALID`` where the column holds no numbers.
    """
    kind = type_of(relation, column)
    if kind_of(kind) is not Kind.NUMBER:
        raise invalid(f"{column} is {kind}, not a number: take the rule away or change the column")
    value = relation.value(column)
    return f"CAST({value} AS TINYINT)" if kind == Primitive("boolean") else value


def elements_of(value_set: Sequence[Any]) -> set[Any]:
    """The different elements of a set that a rule names.

    :raises GovernanceError: ``RULE_INVALID`` where one of them has parts.
    """
    try:
        return set(value_set)
    except TypeError:
        raise invalid("an element of the value_set is a list or a mapping: name single values") from None


def is_in(value: str, kind: ColumnType, elements: Iterable[Any]) -> str:
    """An SQL expression: whether a value equals one of some elements; NULL for no value.

    :param value: as SQL, of the type.
    :param elements: as JSON or YAML has them, with Python's dates.
    """
    literals = dict.fromkeys(filter(None, (equal_literal(kind, each) for each in elements)))
    of_type = f"CAST({value} AS INTEGER)" if kind == Primitive("boolean") else value
    return one_of(of_type, literals) if literals else f"{value} <> {value}"


def reported(value: Any) -> Any:
    """A value as Great Expectations reports it in JSON; None for NaN, which is no value.

    Infinite numbers stay what they are.
    """
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
