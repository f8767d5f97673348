"""Statements that several repositories need."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Connection, RowMapping, Table, select
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from collections.abc import Collection

#: Ids in one IN list: both databases limit a statement's parameters.
_BATCH = 500


def insert(dialect: str, table: Table) -> Any:
    """An INSERT of that dialect: both have ``on_conflict_do_…``, spelt the same.

    :param dialect: ``sqlite`` or ``postgresql``.
    """
    return (sqlite if dialect == "sqlite" else postgresql).insert(table)


@cache
def insert_or_keep(dialect: str, table: Table) -> Any:
    """An INSERT of one row, or of none when its key is there."""
    return insert(dialect, table).on_conflict_do_nothing()


def insert_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless its key is there; two writers at once wait for each other.

    :returns: whether it was inserted.
    """
    return connection.execute(insert_or_keep(connection.dialect.name, table), row).rowcount == 1


def insert_missing(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet.

    :param rows: in the order of their key, so that two writers of the same rows cannot deadlock.
    """
    if rows:
        connection.execute(insert_or_keep(connection.dialect.name, table), rows)


def children(
    connection: Connection, table: Table, parent: Column[str], ids: Collection[str]
) -> list[RowMapping]:
    """The rows of these parents; those of one parent together and in the order of the table's key.

    :param parent: the column that names the parent.
    :param ids: the parents.
    """
    found: list[RowMapping] = []
    ordered = sorted(ids)
    for first in range(0, len(ordered), _BATCH):
        query = select(table).where(parent.in_(ordered[first : first + _BATCH]))
        found += connection.execute(query.order_by(*table.primary_key.columns)).mappings().all()
    return found
