"""Statements over many rows of ours at once: a few parameters, whatever the number of rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    FromClause,
    Integer,
    Table,
    Text,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from airflow_gov.store.statements import insert
from airflow_gov.store.types import UtcDateTime, clean_text, dump_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Column, Connection
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


@cache
def upsert(
    dialect: str, table: Table, change: Callable[[Table, Any], Mapping[str, Any]], condition: Any = None
) -> Any:
    """An INSERT that changes the row that is there.

    :param change: from the table and the row that was not inserted, the new values.
    :param condition: from the same, whether there is something to change; None: always.
    """
    statement = insert(dialect, table)
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_=change(table, new),
        where=None if condition is None else condition(table, new),
    )


def put(
    connection: Connection,
    table: Table,
    rows: Collection[Mapping[str, Any]],
    change: Callable[[Table, Any], Mapping[str, Any]],
    condition: Any = None,
) -> None:
    """Insert rows, or change those that are there.

    :param rows: each key once, all with the same columns.
    """
    if rows:
        statement = upsert(connection.dialect.name, table, change, condition)
        connection.execute(statement, list(rows))


def change_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Update rows by their key, in the order given.

    :param rows: their key and the columns that change: the same in all.
    """
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        connection.execute(
            _one_by_one(table, names), [{f"v_{name}": row[name] for name in names} for row in rows]
        )
        return
    columns = [table.c[name] for name in names]
    connection.execute(
        _all_at_once(table, names),
        {f"v_{column.name}": [_in_array(column, row[column.name]) for row in rows] for column in columns},
    )


@cache
def _one_by_one(table: Table, names: tuple[str, ...]) -> Any:
    keys = [column for column in table.primary_key.columns if column.name in names]
    values: dict[str, Any] = {
        name: bindparam(f"v_{name}") for name in names if table.c[name] not in set(keys)
    }
    return update(table).where(*(key == bindparam(f"v_{key.name}") for key in keys)).values(values)


@cache
def _all_at_once(table: Table, names: tuple[str, ...]) -> Any:
    arrays = [postgresql.ARRAY(_element(table.c[name])) for name in names]
    made = (
        func.unnest(
            *(
                cast(bindparam(f"v_{name}", type_=kind), kind)
                for name, kind in zip(names, arrays, strict=True)
            )
        )
        .table_valued(*names)
        .render_derived(name="changed")
    )
    keys = {column.name for column in table.primary_key.columns}
    values: dict[str, Any] = {
        name: cast(made.c[name], postgresql.JSON()) if isinstance(table.c[name].type, JSON) else made.c[name]
        for name in names
        if name not in keys
    }
    return (
        update(table).where(*(table.c[name] == made.c[name] for name in names if name in keys)).values(values)
    )


def _element(column: Column[Any]) -> TypeEngine[Any]:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return DateTime(True)
    if isinstance(kind, Integer | Boolean):
        return type(kind)()
    return Text()


def _in_array(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, JSON):
        return None if value is None else dump_json(value)
    return clean_text(value) if isinstance(value, str) else value
