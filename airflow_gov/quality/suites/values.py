"""Values that a contract writes as SQL values of a column's type, exactly or not at all."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal as Exact
from decimal import InvalidOperation
from typing import Any
from uuid import UUID

from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import ColumnType, Decimal, Primitive

#: Parts of a second that no column holds, and that reading would leave out.
_FINER = re.compile(r"[.,]\d{6}\d*[1-9]")
_BITS = {"int": 31, "long": 63}


def sql_value(value: Any, kind: ColumnType) -> str | None:
    """A value as SQL of a column's type; None where no value of that type is this one.

    :param value: text, a number or a truth value, as YAML has it; not None.
    :param kind: the column's type.
    :raises ValueError: for a time with an offset where the column's times have no zone.
    """
    if isinstance(kind, Decimal):
        return _decimal(value, kind)
    if not isinstance(kind, Primitive):
        return None
    if kind.name == "string":
        return literal(_text(value))
    if kind.name == "boolean":
        return {"true": "true", "false": "false"}.get(_text(value).lower())
    if kind.name in _BITS:
        return _whole(value, _BITS[kind.name])
    if kind.name in ("float", "double"):
        return _floating(value, kind.name)
    return _of_text(_text(value), kind.name)


def is_comparable(kind: ColumnType) -> bool:
    """Whether a contract can write values of a type."""
    return isinstance(kind, Decimal) or (isinstance(kind, Primitive) and kind.name != "binary")


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _exact(value: Any) -> Exact | None:
    try:
        number = Exact(_text(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _whole(value: Any, bits: int) -> str | None:
    number = _exact(value)
    if number is None or number != number.to_integral_value() or not -(2**bits) <= number < 2**bits:
        return None
    return str(int(number))


def _decimal(value: Any, kind: Decimal) -> str | None:
    number = _exact(value)
    scale = 10**kind.scale
    if number is None or number * scale != (number * scale).to_integral_value():
        return None
    unscaled = int(number * scale)
    if abs(unscaled) >= 10**kind.precision:
        return None
    return f"CAST({literal(f'{number:f}')} AS DECIMAL({kind.precision}, {kind.scale}))"


def _floating(value: Any, name: str) -> str | None:
    number = _exact(value)
    return None if number is None else f"CAST({literal(str(number))} AS {name.upper()})"


def _of_text(text: str, name: str) -> str | None:
    readers: dict[str, tuple[Any, str]] = {
        "date": (date.fromisoformat, "DATE"),
        "time": (time.fromisoformat, "TIME"),
        "timestamp": (datetime.fromisoformat, "TIMESTAMP"),
        "timestamptz": (datetime.fromisoformat, "TIMESTAMPTZ"),
        "uuid": (UUID, "UUID"),
    }
    if name not in readers:
        return None
    reader, kind = readers[name]
    try:
        value = reader(text)
    except ValueError:
        return None
    if _FINER.search(text):
        return None
    if name in ("time", "timestamp") and value.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset from UTC, and a column of type {name} has no time zone")
    if name == "timestamptz" and value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return f"CAST({literal(str(value))} AS {kind})"
