"""Statements over many rows of ours at once: a few parameters, whatever the number of rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from airflow_gov.store.types import UtcDateTime, clean_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.types import TypeEngine

_ARRAYS: Mapping[type, Any] = {int: BigInteger(), str: Text(), bool: Boolean(), datetime: DateTime(True)}


def among(connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """Whether a column has one of these numbers or texts: one parameter, whatever their number."""
    given = [clean_text(value) if isinstance(value, str) else value for value in values]
    if connection.dialect.name == "sqlite":
        listed = func.json_each(bindparam(None, json.dumps(given), Text())).table_valued("value")
        return column.in_(select(listed.c.value))
    kind = postgresql.ARRAY(BigInteger() if isinstance(column.type, Integer) else Text())
    return column == any_(cast(bindparam(None, given, kind), kind))


def listed(
    connection: Connection, rows: Iterable[Sequence[Any]], name: str = "listed", **kinds: type
) -> FromClause:
    """Rows of ours as a table to join with.

    :param rows: as many plain values as there are columns.
    :param kinds: name and type of each column: int, str, bool or datetime.
    """
    known = list(rows)
    if connection.dialect.name == "sqlite":
        return _listed_on_sqlite(known, name, kinds)
    arrays = []
    for position, kind in enumerate(kinds.values()):
        array = postgresql.ARRAY(_ARRAYS[kind])
        values = [_plain(row[position]) for row in known]
        arrays.append(cast(bindparam(None, values, array), array))
    return func.unnest(*arrays).table_valued(*kinds).render_derived(name=name)


def _listed_on_sqlite(rows: list[Sequence[Any]], name: str, kinds: Mapping[str, type]) -> FromClause:
    plain = json.dumps([[_plain(value, sqlite=True) for value in row] for row in rows])
    each = func.json_each(bindparam(None, plain, Text())).table_valued("value", name=f"{name}_json")
    columns = [
        func.json_extract(each.c.value, literal_column(f"'$[{position}]'"), type_=_on_sqlite(kind)).label(key)
        for position, (key, kind) in enumerate(kinds.items())
    ]
    return select(*columns).subquery(name)


def _on_sqlite(kind: type) -> TypeEngine[Any]:
    kinds: Mapping[type, TypeEngine[Any]] = {int: Integer(), bool: Boolean(), datetime: UtcDateTime()}
    return kinds.get(kind, Text())


def _plain(value: Any, *, sqlite: bool = False) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if sqlite and isinstance(value, datetime):
        # As UtcDateTime writes it: what SQLite compares is text.
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value
