"""Rows that several events write: how what is there and what is new become one, in whatever order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_

from airflow_gov.store.lineage.bulk import put
from airflow_gov.store.lineage_tables import column_edge, dataset_version, touch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection, Table

_SIZES = ("rows", "size", "files")


def put_touches(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Write what runs touched: of what several events tell, the newest counts."""
    put(connection, touch, rows, _newer_touch)


def put_versions(connection: Connection, rows: Collection[Mapping[str, Any]]) -> None:
    """Write versions: of several events that wrote one, the newest counts; readers only tell of it."""
    put(connection, dataset_version, rows, _newer_version, _is_news)


def put_edges(connection: Connection, table: Table, rows: Collection[Mapping[str, Any]]) -> None:
    """Write edges as they stand now."""
    put(connection, table, rows, _column_edge_now if table is column_edge else _edge_now)


def _newer_touch(old: Table, new: Any) -> dict[str, Any]:
    newer = new.at >= old.c.at
    return {
        "at": case((newer, new.at), else_=old.c.at),
        "facets": case(
            (_is_empty(new.facets), old.c.facets),
            (or_(newer, _is_empty(old.c.facets)), new.facets),
            else_=old.c.facets,
        ),
        **{name: _first(newer, new[name], old.c[name]) for name in ("version", *_SIZES)},
    }


def _newer_version(old: Table, new: Any) -> dict[str, Any]:
    later = or_(
        old.c.written_at.is_(None),
        new.written_at > old.c.written_at,
        and_(new.written_at == old.c.written_at, new.run_id >= old.c.run_id),
    )
    newer = and_(new.written_at.is_not(None), later)
    names = ("written_at", "run_id", *_SIZES, "columns")
    return {
        "first_seen": case((new.first_seen < old.c.first_seen, new.first_seen), else_=old.c.first_seen),
        **{name: _first(newer, new[name], old.c[name]) for name in names},
    }


def _is_news(old: Table, new: Any) -> ColumnElement[bool]:
    return or_(
        new.first_seen < old.c.first_seen,
        new.written_at.is_not(None),
        and_(old.c.columns.is_(None), new.columns.is_not(None)),
    )


def _edge_now(old: Table, new: Any) -> dict[str, Any]:
    first = case((new.first_seen < old.c.first_seen, new.first_seen), else_=old.c.first_seen)
    return {"first_seen": first, "until": new.until}


def _column_edge_now(old: Table, new: Any) -> dict[str, Any]:
    told = {name: new[name] for name in ("direct", "masking", "transformations")}
    return {**_edge_now(old, new), **told}


def _first(newer: ColumnElement[bool], new: Any, old: Any) -> ColumnElement[Any]:
    return case((newer, func.coalesce(new, old)), else_=func.coalesce(old, new))


def _is_empty(facets: Any) -> ColumnElement[bool]:
    return cast(facets, Text) == "{}"
