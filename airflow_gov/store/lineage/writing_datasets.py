"""What events say of datasets: facets, schema, tags, whether they were dropped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from airflow_gov.store.lineage.asking import among, change_rows, listed
from airflow_gov.store.lineage.stamps import Stamped, stamp
from airflow_gov.store.lineage_tables import column, dataset, tag
from airflow_gov.store.statements import insert_missing
from airflow_gov.store.types import dump_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.model.lineage import ColumnFacts, DatasetFacts, LineageEvent, TagFacts

#: Stamps of what has tables of its own; the hash of what lies in them begins with ``#``.
SCHEMA, TAGS = "schema", "tags"

_COLUMNS = (
    dataset.c.dataset_id,
    dataset.c.governed,
    dataset.c.facets,
    dataset.c.stamps,
    dataset.c.first_seen,
    dataset.c.last_seen,
    dataset.c.dropped_at,
)


@dataclass(slots=True)
class Standing:
    """A dataset's row while it is written."""

    dataset_id: int
    governed: str | None
    told: Stamped
    first_seen: datetime
    last_seen: datetime
    dropped_at: datetime | None
    columns: Sequence[ColumnFacts] | None = None
    tags: Sequence[TagFacts] | None = None
    #: Columns that only older events tell of.
    older: set[str] | None = None

    def seen(self, at: datetime) -> None:
        """Remember that it was heard of; what was dropped before is there again."""
        if at < self.first_seen:
            self.first_seen, self.told.changed = at, True
        if at > self.last_seen:
            self.last_seen, self.dropped_at, self.told.changed = at, None, True

    def drop(self, at: datetime) -> None:
        """Remember that it was dropped, unless it was heard of since."""
        if at >= self.last_seen and self.dropped_at != at:
            self.dropped_at, self.told.changed = at, True


def lock_datasets(connection: Connection, ids: Collection[int]) -> dict[int, Standing]:
    """The rows of datasets; until the end of the transaction nobody else changes what belongs to them."""
    query = select(*_COLUMNS).where(among(connection, dataset.c.dataset_id, sorted(ids)))
    query = query.order_by(dataset.c.dataset_id).with_for_update()
    return {
        row.dataset_id: Standing(
            row.dataset_id,
            row.governed,
            Stamped(dict(row.facets), dict(row.stamps)),
            row.first_seen,
            row.last_seen,
            row.dropped_at,
        )
        for row in connection.execute(query)
    }


def hear(standing: Standing, event: LineageEvent, facts: DatasetFacts) -> None:
    """Take what an event says of a dataset."""
    # Nobody but our own tasks has a say in what a dataset of our lake is like, once they have said it.
    when = stamp(event, facts.named, weight=facts.governed is not None)
    standing.seen(event.event_time)
    if facts.dropped and (standing.governed is None or facts.governed is not None):
        standing.drop(event.event_time)
    standing.told.take(facts.facets, when)
    if facts.columns is not None:
        _hear_columns(standing, facts.columns, when)
    if facts.tags is not None and standing.told.takes(TAGS, when):
        hashed = _hash([[each.column, each.key, each.value] for each in facts.tags])
        if standing.told.stamps.get(f"#{TAGS}") != hashed:
            standing.told.stamps[f"#{TAGS}"], standing.tags = hashed, facts.tags


def _hear_columns(standing: Standing, columns: Sequence[ColumnFacts], when: str) -> None:
    hashed = _hash([[each.name, each.type, each.description] for each in columns])
    if standing.told.takes(SCHEMA, when):
        if standing.told.stamps.get(f"#{SCHEMA}") != hashed:
            if standing.columns is not None:
                standing.older = {*(standing.older or ()), *(each.name for each in standing.columns)}
            standing.told.stamps[f"#{SCHEMA}"], standing.columns = hashed, columns
    elif standing.told.stamps.get(f"#{SCHEMA}") != hashed:
        standing.older = {*(standing.older or ()), *(each.name for each in columns)}


def _hash(plain: Any) -> str:
    return hashlib.blake2b(dump_json(plain).encode(), digest_size=8).hexdigest()


def write_datasets(connection: Connection, standings: Iterable[Standing]) -> None:
    """Write what has changed."""
    known = sorted(standings, key=lambda each: each.dataset_id)
    changed = [each for each in known if each.told.changed]
    rows = [
        {
            "dataset_id": each.dataset_id,
            "facets": each.told.parts,
            "stamps": each.told.stamps,
            "first_seen": each.first_seen,
            "last_seen": each.last_seen,
            "dropped_at": each.dropped_at,
        }
        for each in changed
    ]
    change_rows(connection, dataset, rows)
    write_columns(connection, {each.dataset_id: each.columns for each in changed if each.columns is not None})
    need_columns(connection, {(each.dataset_id, name) for each in known for name in each.older or ()})
    write_tags(connection, {each.dataset_id: each.tags for each in changed if each.tags is not None})


def write_columns(connection: Connection, schemas: Mapping[int, Sequence[ColumnFacts]]) -> None:
    """Give datasets their schemas. Columns that are in them no more stay, without type and place."""
    if not schemas:
        return
    need_columns(connection, {(key, each.name) for key, schema in schemas.items() for each in schema})
    query = select(column).where(among(connection, column.c.dataset_id, sorted(schemas)))
    named: dict[int, dict[str, ColumnFacts]] = {
        key: {each.name: each for each in reversed(schema)} for key, schema in schemas.items()
    }
    rows = []
    for row in connection.execute(query.order_by(column.c.column_id)):
        new = named[row.dataset_id].get(row.name)
        values = (None, None, None) if new is None else (new.type, new.description, new.position)
        if values != (row.type, row.description, row.position):
            kind, description, position = values
            rows.append(
                {"column_id": row.column_id, "type": kind, "description": description, "position": position}
            )
    change_rows(connection, column, rows)


def need_columns(connection: Connection, columns: Collection[tuple[int, str]]) -> None:
    """Insert the columns that are not there; they are in no schema yet."""
    rows = [{"dataset_id": dataset_id, "name": name} for dataset_id, name in sorted(columns)]
    insert_missing(connection, column, rows)


def column_ids(connection: Connection, columns: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The ids of columns, which are made where they are missing."""
    found = _find_columns(connection, columns)
    missing = set(columns) - found.keys()
    if missing:
        need_columns(connection, missing)
        found |= _find_columns(connection, missing)
    return found


def _find_columns(connection: Connection, columns: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    if not columns:
        return {}
    wanted = listed(connection, sorted(columns), wanted_dataset=int, wanted_name=str)
    same = (column.c.dataset_id == wanted.c.wanted_dataset) & (column.c.name == wanted.c.wanted_name)
    query = select(column.c.column_id, column.c.dataset_id, column.c.name).select_from(wanted)
    return {(row.dataset_id, row.name): row.column_id for row in connection.execute(query.join(column, same))}


def write_tags(connection: Connection, tags: Mapping[int, Sequence[TagFacts]]) -> None:
    """Give datasets their tags, in place of those they had."""
    if not tags:
        return
    connection.execute(delete(tag).where(among(connection, tag.c.dataset_id, sorted(tags))))
    rows = [
        {"dataset_id": key, "position": place, "column_name": each[0], "key": each[1], "value": each[2]}
        for key, told in sorted(tags.items())
        for place, each in enumerate(sorted({(each.column, each.key, each.value) for each in told}))
    ]
    if rows:
        connection.execute(insert(tag), rows)
