"""What events say of datasets: facets, schema, tags, whether they were dropped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from airflow_gov.model.remembering import by_identity
from airflow_gov.store.lineage.asking import Listed, among, parameter
from airflow_gov.store.lineage.bulk import change_rows, put
from airflow_gov.store.lineage.stamps import Stamped, stamp
from airflow_gov.store.lineage_tables import column, dataset, tag
from airflow_gov.store.types import dump_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from airflow_gov.model.lineage import ColumnFacts, DatasetFacts, LineageEvent, TagFacts

#: Stamps of what has tables of its own; the hash of what lies in them begins with ``#``.
SCHEMA, TAGS = "schema", "tags"
#: Stamp of whether a dataset of our lake was dropped.
_DROPPED = ":dropped"
#: How stamps begin of what others told; see :func:`~airflow_gov.store.lineage.stamps.stamp`.
_OTHERS = "0"

_COLUMNS = (
    dataset.c.dataset_id,
    dataset.c.governed,
    dataset.c.facets,
    dataset.c.stamps,
    dataset.c.first_seen,
    dataset.c.last_seen,
    dataset.c.dropped_at,
)

_COLUMN_NAMES = Listed(wanted_dataset=int, wanted_name=str)


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
    #: What of the row has changed, its facets aside.
    changes: dict[str, Any] = field(default_factory=dict)

    def seen(self, at: datetime) -> None:
        """Remember that it was heard of; what was dropped before is there again."""
        if at < self.first_seen:
            self.first_seen = self.changes["first_seen"] = at
        if at > self.last_seen:
            self.last_seen = self.changes["last_seen"] = at
            if self.governed is None:
                self._set_dropped(None)

    def drop(self, at: datetime) -> None:
        """Remember that it was dropped, unless it was heard of since."""
        if at >= self.last_seen:
            self._set_dropped(at)

    def own(self, at: datetime, when: str, *, dropped: bool) -> None:
        """Remember that our own tasks told of it: what others had told before counts no more."""
        if self.told.takes(_DROPPED, when):
            self._set_dropped(at if dropped else None)
        forgotten = self.told.forget(_OTHERS)
        if SCHEMA in forgotten:
            self.columns = ()
        if TAGS in forgotten:
            self.tags = ()

    def _set_dropped(self, at: datetime | None) -> None:
        if self.dropped_at != at:
            self.dropped_at = self.changes["dropped_at"] = at


def lock_datasets(connection: Connection, ids: Collection[int]) -> dict[int, Standing]:
    """The rows of datasets; until the end of the transaction nobody else changes what belongs to them."""
    dialect = connection.dialect.name
    given = {"ids": parameter(dialect, sorted(ids))}
    return {
        row.dataset_id: Standing(
            row.dataset_id,
            row.governed,
            Stamped(dict(row.facets), dict(row.stamps)),
            row.first_seen,
            row.last_seen,
            row.dropped_at,
        )
        for row in connection.execute(_locked(dialect), given)
    }


@cache
def _locked(dialect: str) -> Select[Any]:
    query = select(*_COLUMNS).where(among(dialect, dataset.c.dataset_id, "ids"))
    return query.order_by(dataset.c.dataset_id).with_for_update()


def hear(standing: Standing, event: LineageEvent, facts: DatasetFacts) -> None:
    """Take what an event says of a dataset."""
    ours = facts.governed is not None
    when = stamp(event, facts.named, weight=ours)
    standing.seen(event.event_time)
    # Nobody but our own tasks has a say in what a dataset of our lake is like.
    if standing.governed is not None and not ours:
        return
    if ours:
        standing.own(event.event_time, when, dropped=facts.dropped)
    elif facts.dropped:
        standing.drop(event.event_time)
    standing.told.take(facts.facets, when)
    if facts.columns is not None:
        _hear_columns(standing, facts.columns, when)
    if facts.tags is not None and standing.told.takes(TAGS, when):
        hashed = _hash([[each.column, each.key, each.value] for each in facts.tags])
        if standing.told.stamps.get(f"#{TAGS}") != hashed:
            standing.told.stamps[f"#{TAGS}"], standing.tags = hashed, facts.tags


def _hear_columns(standing: Standing, columns: Sequence[ColumnFacts], when: str) -> None:
    hashed = _hash_columns(columns)
    if standing.told.takes(SCHEMA, when):
        if standing.told.stamps.get(f"#{SCHEMA}") != hashed:
            if standing.columns is not None:
                standing.older = {*(standing.older or ()), *(each.name for each in standing.columns)}
            standing.told.stamps[f"#{SCHEMA}"], standing.columns = hashed, columns
    elif standing.told.stamps.get(f"#{SCHEMA}") != hashed:
        standing.older = {*(standing.older or ()), *(each.name for each in columns)}


@by_identity
def _hash_columns(columns: Sequence[ColumnFacts]) -> str:
    return _hash([[each.name, each.type, each.description] for each in columns])


def _hash(plain: Any) -> str:
    return hashlib.blake2b(dump_json(plain).encode(), digest_size=8).hexdigest()


def write_datasets(connection: Connection, standings: Iterable[Standing]) -> None:
    """Write what has changed."""
    known = sorted(standings, key=lambda each: each.dataset_id)
    rows = [{"dataset_id": each.dataset_id, **each.told.changes("facets"), **each.changes} for each in known]
    change_rows(connection, dataset, rows)
    write_columns(connection, {each.dataset_id: each.columns for each in known if each.columns is not None})
    need_columns(connection, {(each.dataset_id, name) for each in known for name in each.older or ()})
    write_tags(connection, {each.dataset_id: each.tags for each in known if each.tags is not None})


def write_columns(connection: Connection, schemas: Mapping[int, Sequence[ColumnFacts]]) -> None:
    """Give datasets their schemas. Columns that are in them no more stay, without type and place."""
    if not schemas:
        return
    need_columns(connection, {(key, each.name) for key, schema in schemas.items() for each in schema})
    dialect = connection.dialect.name
    given = {"ids": parameter(dialect, sorted(schemas))}
    named: dict[int, dict[str, ColumnFacts]] = {
        key: {each.name: each for each in reversed(schema)} for key, schema in schemas.items()
    }
    rows = []
    for row in connection.execute(_columns_of(dialect), given):
        new = named[row.dataset_id].get(row.name)
        values = (None, None, None) if new is None else (new.type, new.description, new.position)
        if values != (row.type, row.description, row.position):
            kind, description, position = values
            rows.append(
                {"column_id": row.column_id, "type": kind, "description": description, "position": position}
            )
    change_rows(connection, column, rows)


@cache
def _columns_of(dialect: str) -> Select[Any]:
    query = select(column).where(among(dialect, column.c.dataset_id, "ids"))
    return query.order_by(column.c.column_id)


def need_columns(connection: Connection, columns: Collection[tuple[int, str]]) -> None:
    """Insert the columns that are not there; they are in no schema yet."""
    rows = [{"dataset_id": dataset_id, "name": name} for dataset_id, name in sorted(columns)]
    put(connection, column, rows)


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
    dialect = connection.dialect.name
    found = connection.execute(_columns_named(dialect), _COLUMN_NAMES.given(dialect, sorted(columns)))
    return {(row.dataset_id, row.name): row.column_id for row in found}


@cache
def _columns_named(dialect: str) -> Select[Any]:
    wanted = _COLUMN_NAMES.table(dialect)
    same = (column.c.dataset_id == wanted.c.wanted_dataset) & (column.c.name == wanted.c.wanted_name)
    query = select(column.c.column_id, column.c.dataset_id, column.c.name).select_from(wanted)
    return query.join(column, same)


def write_tags(connection: Connection, tags: Mapping[int, Sequence[TagFacts]]) -> None:
    """Give datasets their tags, in place of those they had."""
    if not tags:
        return
    connection.execute(delete(tag).where(among(connection.dialect.name, tag.c.dataset_id, sorted(tags))))
    rows = [
        {"dataset_id": key, "position": place, "column_name": each[0], "key": each[1], "value": each[2]}
        for key, told in sorted(tags.items())
        for place, each in enumerate(sorted({(each.column, each.key, each.value) for each in told}))
    ]
    if rows:
        connection.execute(insert(tag), rows)
