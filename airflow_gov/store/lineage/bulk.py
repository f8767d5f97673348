"""Many rows written by one statement of few parameters, whose text is always the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql

from airflow_gov.store.statements import insert
from airflow_gov.store.types import UtcDateTime, clean_text, dump_json

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection
    from sqlalchemy.types import TypeEngine

    Row = Mapping[str, Any]
    #: From a table and the row that was not inserted, something about the row that is there.
    Change = Callable[[Table, Any], Any]


def put(
    connection: Connection,
    table: Table,
    rows: Collection[Row],
    change: Change | None = None,
    condition: Change | None = None,
) -> None:
    """Insert rows, or change those that are there.

    :param rows: each key once, all with the same columns.
    :param change: gives the new values; None: what is there stays.
    :param condition: gives whether there is something to change; None: always.
    """
    known = list(rows)
    if not known:
        return
    names = tuple(known[0])
    dialect = connection.dialect.name
    if dialect == "sqlite" and any(isinstance(table.c[name].type, LargeBinary) for name in names):
        connection.execute(_insert_one(dialect, table, change, condition), known)
        return
    statement = _insert(dialect, table, names, change, condition)
    connection.execute(statement, _parameters(dialect, table, names, known))


def put_returning(
    connection: Connection, table: Table, rows: Sequence[Row], column: Column[Any]
) -> list[Any]:
    """Insert the rows whose key is not there, on PostgreSQL; gives a column of those that were inserted."""
    names = tuple(rows[0])
    statement = _insert("postgresql", table, names, None, None, column)
    return list(connection.execute(statement, _parameters("postgresql", table, names, rows)).scalars())


def change_rows(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Update rows by their key.

    :param rows: their key and the columns that change, if any do. The rows are locked by the caller.
    """
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        if len(row) > len(table.primary_key.columns):
            alike.setdefault(tuple(row), []).append(row)
    dialect = connection.dialect.name
    for names, some in alike.items():
        if dialect == "sqlite":
            given = [{f"v_{name}": row[name] for name in names} for row in some]
            connection.execute(_change_one(table, names), given)
        else:
            connection.execute(_change(table, names), _parameters(dialect, table, names, some))


# --- statements -----------------------------------------------------------------------------------------


@cache
def _insert_one(dialect: str, table: Table, change: Change | None, condition: Change | None) -> Any:
    return _conflict(insert(dialect, table), table, change, condition)


@cache
def _insert(
    dialect: str,
    table: Table,
    names: tuple[str, ...],
    change: Change | None,
    condition: Change | None,
    returned: Column[Any] | None = None,
) -> Any:
    # SQLite takes what follows a table for its JOIN, unless there is a WHERE.
    given = select(*_given(dialect, table, names).values()).where(true())
    statement = insert(dialect, table).from_select(list(names), given)
    statement = _conflict(statement, table, change, condition)
    return statement if returned is None else statement.returning(returned)


def _conflict(statement: Any, table: Table, change: Change | None, condition: Change | None) -> Any:
    if change is None:
        return statement.on_conflict_do_nothing()
    new = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_=change(table, new),
        where=None if condition is None else condition(table, new),
    )


@cache
def _change(table: Table, names: tuple[str, ...]) -> Any:
    given = _given("postgresql", table, names)
    keys = {column.name for column in table.primary_key.columns}
    same = (table.c[name] == given[name] for name in names if name in keys)
    return update(table).where(*same).values({name: given[name] for name in names if name not in keys})


@cache
def _change_one(table: Table, names: tuple[str, ...]) -> Any:
    keys = {column.name for column in table.primary_key.columns}
    same = (table.c[name] == bindparam(f"v_{name}") for name in names if name in keys)
    changed: dict[str, Any] = {name: bindparam(f"v_{name}") for name in names if name not in keys}
    return update(table).where(*same).values(changed)


# --- rows as parameters ---------------------------------------------------------------------------------


def _given(dialect: str, table: Table, names: tuple[str, ...]) -> dict[str, ColumnElement[Any]]:
    """The columns of the rows that are given: on PostgreSQL an array each, on SQLite one JSON text."""
    columns = [table.c[name] for name in names]
    if dialect == "sqlite":
        each = func.json_each(bindparam("v_rows", type_=Text())).table_valued("value", name="given").c.value
        places: list[ColumnElement[Any]] = [literal_column(f"'$[{place}]'") for place in range(len(names))]
        return {
            column.name: func.json_extract(each, place, type_=column.type)
            for column, place in zip(columns, places, strict=True)
        }
    arrays = {column.name: postgresql.ARRAY(_element(column)) for column in columns}
    made = (
        func.unnest(*(cast(bindparam(f"v_{name}", type_=kind), kind) for name, kind in arrays.items()))
        .table_valued(*names)
        .render_derived(name="given")
    )
    return {
        column.name: cast(made.c[column.name], postgresql.JSON())
        if isinstance(column.type, JSON)
        else made.c[column.name]
        for column in columns
    }


def _parameters(
    dialect: str, table: Table, names: tuple[str, ...], rows: Sequence[Row]
) -> dict[str, list[Any] | str]:
    makers = _makers(dialect, table, names)
    if dialect == "sqlite":
        return {"v_rows": json.dumps([[make(row[name]) for name, make in makers] for row in rows])}
    return {f"v_{name}": [make(row[name]) for row in rows] for name, make in makers}


@cache
def _makers(
    dialect: str, table: Table, names: tuple[str, ...]
) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    return tuple((name, _maker(table.c[name], sqlite=dialect == "sqlite")) for name in names)


def _element(column: Column[Any]) -> TypeEngine[Any]:
    """The type of a column's values in an array."""
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return DateTime(timezone=True)
    if isinstance(kind, BigInteger | Integer | Boolean | LargeBinary):
        return type(kind)()
    return Text()


def _maker(column: Column[Any], *, sqlite: bool) -> Callable[[Any], Any]:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return _moment if sqlite else _same
    if isinstance(kind, JSON):
        return _json
    return _same if isinstance(kind, Integer | Boolean | LargeBinary) else _text


def _same(value: Any) -> Any:
    return value


def _text(value: str | None) -> str | None:
    return None if value is None else clean_text(str(value))


def _json(value: Any) -> str | None:
    return None if value is None else dump_json(value)


def _moment(value: datetime | None) -> str | None:
    """As :class:`UtcDateTime` writes it: what SQLite compares is text."""
    if value is None:
        return None
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
