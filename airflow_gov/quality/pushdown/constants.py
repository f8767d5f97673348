"""Columns compared with values that rules name, as SQL that is exact."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal as Exact
from enum import Enum
from fractions import Fraction
from typing import Any, Literal

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import ColumnType, Decimal, List, Primitive, Struct
from airflow_gov.quality.pushdown.plans import NotPushedDownError
from airflow_gov.quality.pushdown.relation import Relation

Operator = Literal["<", "<=", ">", ">="]
#: What a bound is once it is read.
Bound = float | date | datetime


class Kind(Enum):
    """What values can be compared with each other."""

    NUMBER = "a number"
    TEXT = "text"
    DATE = "a date"
    TIMESTAMP = "a timestamp"
    TIMESTAMPTZ = "a timestamp with time zone"
    TIME = "a time"
    UUID = "a UUID"
    BINARY = "binary"
    NESTED = "a list or a struct"


_KINDS = {
    "boolean": Kind.NUMBER,  # true is 1, as Python has it
    "int": Kind.NUMBER,
    "long": Kind.NUMBER,
    "float": Kind.NUMBER,
    "double": Kind.NUMBER,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "timestamp": Kind.TIMESTAMP,
    "timestamptz": Kind.TIMESTAMPTZ,
    "string": Kind.TEXT,
    "uuid": Kind.UUID,
    "binary": Kind.BINARY,
}
#: Whole numbers a type holds: from -limit to limit - 1.
_LIMITS = {"boolean": 2, "int": 2**31, "long": 2**63}


def kind_of(kind: ColumnType) -> Kind:
    """What a column's values can be compared with."""
    if isinstance(kind, Decimal):
        return Kind.NUMBER
    return Kind.NESTED if isinstance(kind, List | Struct) else _KINDS[kind.name]


def invalid(problem: str) -> GovernanceError:
    """The error for arguments that do not fit the table, raised before a plan asks for anything."""
    return GovernanceError(Reason.RULE_INVALID, problem)


_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})"
    r"(?::(\d{1,2})(?:\.(\d{1,6})\d{0,6})?)?(?:(Z)|([+-])(\d{2}):?(\d{2})?)?"
)


def read_bound(value: Any) -> Bound:
    """A bound as Great Expectations reads it: a number if it can be one, else a date or a timestamp.

    :param value: as JSON or YAML has it.
    :raises GovernanceError: ``RULE_INVALID`` for anything else.
    """
    if isinstance(value, date):
        return value
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    if isinstance(value, str):
        try:
            if match := _DATE.fullmatch(value):
                return date(*map(int, match.groups()))
            if match := _TIMESTAMP.fullmatch(value):
                return _timestamp(match)
        except ValueError:
            pass
    raise invalid(
        f"{value!r} is no bound: write a number, a date (2024-12-31) or a time (2024-12-31T23:59:59)"
    )


def _timestamp(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute = map(int, match.groups()[:5])
    second, fraction, utc, sign, hours, minutes = match.groups()[5:]
    zone = None
    if utc:
        zone = UTC
    elif sign:
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
    microsecond = int((fraction or "").ljust(6, "0"))
    return datetime(year, month, day, hour, minute, int(second or 0), microsecond, zone)


def bound_kind(bound: Bound) -> Kind:
    """What a bound can be compared with."""
    if isinstance(bound, datetime):
        return Kind.TIMESTAMP if bound.tzinfo is None else Kind.TIMESTAMPTZ
    return Kind.DATE if isinstance(bound, date) else Kind.NUMBER


#: As many literals are compared as quickly as they are hashed.
FEW_LITERALS = 4


def compared(relation: Relation, column: str, operator: Operator, bound: Bound) -> str:
    """An SQL expression: whether a column's value is less or more than a bound.

    :param bound: of the column's kind.
    """
    kind, value = relation.columns[column], relation.value(column)
    if not isinstance(bound, float):
        return f"{value} {operator} {_moment(bound)}"
    if math.isnan(bound):
        return "false"
    if relation.is_float(column):
        return f"{value} {operator} {double(bound)}"
    return _compared_exactly(_whole(value, kind), kind, operator, bound)


def _compared_exactly(value: str, kind: ColumnType, operator: Operator, bound: float) -> str:
    """Between two neighbouring values of the type no bound makes a difference: take that neighbour."""
    if math.isinf(bound):
        return str((bound < 0) == (operator[0] == ">")).lower()
    scaled = Fraction(bound) * 10 ** _scale(kind)
    steps = math.floor(scaled) if operator in (">", "<=") else math.ceil(scaled)
    limit = _limit(kind)
    if not -limit <= steps < limit:
        return str((steps < 0) == (operator[0] == ">")).lower()
    return f"{value} {operator} {_step(steps, kind)}"


def equals_any(relation: Relation, column: str, values: Collection[Any]) -> str:
    """An SQL expression: whether a column's value is one of some values.

    Numbers of all types are compared by what they are worth; values of different kinds are not equal.

    :param values: as JSON or YAML has them, with Python's dates.
    :raises NotPushedDownError: for lists and structs.
    """
    kind = relation.columns[column]
    if kind_of(kind) is Kind.NESTED and any(isinstance(each, list | tuple | dict) for each in values):
        raise NotPushedDownError(f"{column} holds lists or structs, which are compared in Python only")
    literals = dict.fromkeys(filter(None, (equal_literal(kind, each) for each in values)))
    value = _whole(relation.value(column), kind)
    return one_of(value, literals) if literals else "false"


def one_of(value: str, literals: Collection[str]) -> str:
    """An SQL expression: whether a value is one of some literals; NULL for no value.

    :param value: as SQL.
    :param literals: different ones, at least one.
    """
    if len(literals) <= FEW_LITERALS:
        return f"{value} IN ({', '.join(literals)})"
    # A literal list is compared one by one, a subquery's result is hashed.
    return f"{value} IN (SELECT unnest([{', '.join(literals)}]))"


def equal_literal(kind: ColumnType, value: Any) -> str | None:
    """The one value of a type that equals a value, as SQL; None where there is none."""
    of_column = kind_of(kind)
    if of_column is Kind.NUMBER:
        return _number(kind, value)
    if isinstance(value, datetime):
        return _moment(value) if of_column is bound_kind(value) else None
    return _of_class(of_column, value)


def _of_class(kind: Kind, value: Any) -> str | None:
    if kind is Kind.TEXT and isinstance(value, str):
        return literal(value)
    if kind is Kind.DATE and isinstance(value, date):
        return _moment(value)
    if kind is Kind.TIME and isinstance(value, time):
        return f"TIME '{value.isoformat()}'"
    if kind is Kind.BINARY and isinstance(value, bytes):
        return f"from_hex('{value.hex()}')"
    return None


def _number(kind: ColumnType, value: Any) -> str | None:
    if not isinstance(value, int | float | Exact) or math.isnan(value):
        return None
    if kind in (Primitive("float"), Primitive("double")):
        return _equal_double(value)
    if math.isinf(value):
        return None
    scaled = Fraction(value) * 10 ** _scale(kind)
    limit = _limit(kind)
    fits = scaled.denominator == 1 and -limit <= scaled < limit
    return _step(int(scaled), kind) if fits else None


def _equal_double(value: float | Exact) -> str | None:
    try:
        nearest = float(value)
    except OverflowError:
        return None
    return double(nearest) if nearest == value or isinstance(value, int) else None


def double(value: float) -> str:
    """A floating-point number as SQL, exactly."""
    if math.isinf(value):
        return f"'{value}'::DOUBLE"
    text = repr(value)
    return text if "e" in text else f"{text}e0"


def _whole(value: str, kind: ColumnType) -> str:
    return f"CAST({value} AS INTEGER)" if kind == Primitive("boolean") else value


def _scale(kind: ColumnType) -> int:
    return kind.scale if isinstance(kind, Decimal) else 0


def _limit(kind: ColumnType) -> int:
    return 10**kind.precision if isinstance(kind, Decimal) else _LIMITS[str(kind)]


def _step(steps: int, kind: ColumnType) -> str:
    """The number of so many of a type's smallest steps."""
    if not isinstance(kind, Decimal):
        return str(steps)
    text = format(Exact((int(steps < 0), tuple(map(int, str(abs(steps)))), -kind.scale)), "f")
    return f"'{text}'::DECIMAL({kind.precision}, {kind.scale})"


def _moment(value: date) -> str:
    if not isinstance(value, datetime):
        return f"DATE '{value.isoformat()}'"
    if value.tzinfo is None:
        return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
    return f"TIMESTAMPTZ '{value.astimezone(UTC).isoformat(sep=' ')}'"
