"""Two rows of one dataset become one; one row of two datasets becomes two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, or_, select, union, update

from airflow_gov.store.lineage.putting import put_touches, put_versions
from airflow_gov.store.lineage.stamps import Stamped
from airflow_gov.store.lineage.writing_datasets import SCHEMA, TAGS
from airflow_gov.store.lineage_tables import (
    column,
    column_edge,
    dataset,
    dataset_name,
    dataset_version,
    edge,
    job_dataset,
    tag,
    touch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from sqlalchemy import Column, Connection, RowMapping, Table

_CHUNK = 1000


def jobs_of(connection: Connection, ids: Collection[int]) -> set[int]:
    """The jobs that have an edge at one of these datasets."""
    known = tuple(ids)
    query = union(
        select(job_dataset.c.job_id).where(job_dataset.c.dataset_id.in_(known)),
        select(edge.c.job_id).where(edge.c.source_id.in_(known)),
        select(edge.c.job_id).where(edge.c.target_id.in_(known)),
    )
    return set(connection.execute(query).scalars())


def merge(connection: Connection, kept: int, gone: int) -> None:
    """Let a dataset take over everything of another, which is one with it.

    When edges of both become one, it began with the earlier and ends with the later.
    """
    _take_over(connection, touch, touch.c.dataset_id, kept, gone, put_touches)
    _take_over(connection, dataset_version, dataset_version.c.dataset_id, kept, gone, put_versions)
    for table, ends in ((job_dataset, ("dataset_id",)), (edge, ("source_id", "target_id"))):
        _repoint(connection, table, ends, {gone: kept})
    schema, tags = _merge_rows(connection, kept, gone)
    _repoint(
        connection, column_edge, ("source_id", "target_id"), _merge_columns(connection, kept, gone, schema)
    )
    connection.execute(delete(tag).where(tag.c.dataset_id == (kept if tags else gone)))
    connection.execute(update(tag).where(tag.c.dataset_id == gone).values(dataset_id=kept))
    connection.execute(update(dataset_name).where(dataset_name.c.dataset_id == gone).values(dataset_id=kept))
    connection.execute(delete(dataset).where(dataset.c.dataset_id == gone))


def part(connection: Connection, dataset_id: int, moment: datetime) -> int | None:
    """Make a new dataset of what runs touched since a moment; its name is yet to be given.

    :returns: the new dataset; None: nothing was touched since.
    """
    later = (touch.c.dataset_id == dataset_id, touch.c.at >= moment)
    began = connection.execute(select(touch.c.at).where(*later).order_by(touch.c.at).limit(1)).scalar()
    if began is None:
        return None
    old = connection.execute(select(dataset).where(dataset.c.dataset_id == dataset_id)).mappings().one()
    values: dict[str, Any] = {
        **{name: old[name] for name in ("namespace", "facets", "stamps", "last_seen", "dropped_at")},
        "name": f"{old['name']} ({dataset_id})",
        "first_seen": began,
    }
    made: int = connection.execute(
        insert(dataset).values(values).returning(dataset.c.dataset_id)
    ).scalar_one()
    versions = (dataset_version.c.dataset_id == dataset_id, dataset_version.c.first_seen >= moment)
    _forget_edges(connection, dataset_id, moment)
    connection.execute(update(touch).where(*later).values(dataset_id=made))
    connection.execute(update(dataset_version).where(*versions).values(dataset_id=made))
    for table, key in ((column, "column_id"), (tag, "")):
        rows = connection.execute(select(table).where(table.c.dataset_id == dataset_id)).mappings()
        copies = [{name: value for name, value in row.items() if name != key} for row in rows]
        if copies:
            connection.execute(insert(table), [{**copy, "dataset_id": made} for copy in copies])
    return made


def _forget_edges(connection: Connection, dataset_id: int, moment: datetime) -> None:
    """Take away the edges that began since: they follow anew from what runs told."""
    columns = select(column.c.column_id).where(column.c.dataset_id == dataset_id)
    ends = (
        job_dataset.c.dataset_id == dataset_id,
        or_(edge.c.source_id == dataset_id, edge.c.target_id == dataset_id),
        or_(column_edge.c.source_id.in_(columns), column_edge.c.target_id.in_(columns)),
    )
    for table, end in zip((job_dataset, edge, column_edge), ends, strict=True):
        connection.execute(delete(table).where(end, table.c.first_seen >= moment))


def _take_over(
    connection: Connection,
    table: Table,
    owner: Column[int],
    kept: int,
    gone: int,
    put: Callable[[Connection, Collection[Mapping[str, Any]]], None],
) -> None:
    query = select(table).where(owner == gone).order_by(*table.primary_key.columns)
    rows = [{**row, owner.name: kept} for row in connection.execute(query).mappings()]
    for first in range(0, len(rows), _CHUNK):
        put(connection, rows[first : first + _CHUNK])
    connection.execute(delete(table).where(owner == gone))


def _repoint(connection: Connection, table: Table, ends: tuple[str, ...], moved: Mapping[int, int]) -> None:
    """Let edges lead to other ends; edges that become one are one."""
    keys = [key.name for key in table.primary_key.columns]
    for end in ends:
        for old, new in moved.items():
            rows = connection.execute(select(table).where(table.c[end] == old)).mappings().all()
            if not rows:
                continue
            connection.execute(delete(table).where(table.c[end] == old))
            for row in rows:
                _put_edge(connection, table, keys, {**row, end: new})


def _put_edge(connection: Connection, table: Table, keys: list[str], row: Mapping[str, Any]) -> None:
    same = [table.c[key] == row[key] for key in keys]
    there = connection.execute(select(table).where(*same)).mappings().one_or_none()
    if there is None:
        connection.execute(insert(table), dict(row))
        return
    until = None if None in (there["until"], row["until"]) else max(there["until"], row["until"])
    values = {"first_seen": min(there["first_seen"], row["first_seen"]), "until": until}
    connection.execute(update(table).where(*same).values(values))


def _merge_rows(connection: Connection, kept: int, gone: int) -> tuple[bool, bool]:
    """One row of two; gives whether schema and tags of the other are the newer ones."""
    query = select(dataset).where(dataset.c.dataset_id.in_((kept, gone)))
    rows = {row["dataset_id"]: row for row in connection.execute(query).mappings()}
    one, other = _stamped(rows[kept]), _stamped(rows[gone])
    newer = [other.stamps.get(name, "") > one.stamps.get(name, "") for name in (SCHEMA, TAGS)]
    hashes = {
        f"#{name}": (other if is_newer else one).stamps.get(f"#{name}")
        for name, is_newer in zip((SCHEMA, TAGS), newer, strict=True)
    }
    one.merge(other)
    one.stamps.update({name: value for name, value in hashes.items() if value is not None})
    last = max(row["last_seen"] for row in rows.values())
    dropped = [at for row in rows.values() if (at := row["dropped_at"]) is not None and at >= last]
    governed = rows[kept] if rows[kept]["governed"] is not None else rows[gone]
    values = {
        "governed": governed["governed"],
        "zone": governed["zone"],
        "facets": one.parts,
        "stamps": one.stamps,
        "first_seen": min(row["first_seen"] for row in rows.values()),
        "last_seen": last,
        "dropped_at": max(dropped, default=None),
    }
    connection.execute(update(dataset).where(dataset.c.dataset_id == kept).values(values))
    return newer[0], newer[1]


def _stamped(row: RowMapping) -> Stamped:
    return Stamped(dict(row["facets"]), dict(row["stamps"]))


def _merge_columns(connection: Connection, kept: int, gone: int, newer: bool) -> dict[int, int]:
    """Columns of the same name become one, as the newer schema has them; gives which is which now."""
    query = select(column).where(column.c.dataset_id.in_((kept, gone))).order_by(column.c.column_id)
    rows = connection.execute(query).mappings().all()
    told = {row["name"]: row for row in rows if row["dataset_id"] == (gone if newer else kept)}
    here = {row["name"]: row["column_id"] for row in rows if row["dataset_id"] == kept}
    moved = {}
    for row in rows:
        one = told.get(row["name"])
        values = {name: None if one is None else one[name] for name in ("type", "description", "position")}
        if row["dataset_id"] == gone and row["name"] in here:
            moved[row["column_id"]] = here[row["name"]]
            connection.execute(delete(column).where(column.c.column_id == row["column_id"]))
        else:
            change = update(column).where(column.c.column_id == row["column_id"])
            connection.execute(change.values(dataset_id=kept, **values))
    return moved
