"""Events as they came: each once, in the order in which they were taken in."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from airflow_gov.model.intake import StoredEvent
from airflow_gov.store.lineage.asking import among, parameter
from airflow_gov.store.lineage.bulk import put_returning
from airflow_gov.store.lineage_tables import event as table
from airflow_gov.store.types import dump_json

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.model.lineage import LineageEvent, Named, Origin
    from airflow_gov.store.database import Database

_INSERT = insert(table)
_KNOWN = select(table.c.event_key).where(among("sqlite", table.c.event_key, "keys"))


class Events:
    """The raw events; the database refuses to change one, or to delete one but by pruning."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events(
        self,
        after: int = 0,
        *,
        limit: int = 1000,
        run_id: str | None = None,
        job: Named | None = None,
        run_ids: Collection[str] | None = None,
    ) -> list[StoredEvent]:
        """Events, in the order in which they were taken in.

        :param after: only those with a greater sequence.
        :param limit: how many at most.
        :param run_id: only of this run.
        :param job: only of this job.
        :param run_ids: only of these runs.
        """
        query = select(table.c.sequence, table.c.received_at, table.c.body)
        query = query.where(table.c.sequence > after).order_by(table.c.sequence).limit(limit)
        if run_id is not None:
            query = query.where(table.c.run_id == run_id)
        if job is not None:
            query = query.where(table.c.job_namespace == job.namespace, table.c.job_name == job.name)
        with self._database.read() as connection:
            if run_ids is not None:
                query = query.where(among(connection.dialect.name, table.c.run_id, sorted(run_ids)))
            return [
                StoredEvent(sequence, received_at, zlib.decompress(body))
                for sequence, received_at, body in connection.execute(query)
            ]


def keep_events(
    connection: Connection, events: Sequence[LineageEvent], *, origin: Origin, at: datetime
) -> frozenset[str]:
    """Insert events that are not there yet.

    :param events: each key once.
    :returns: the keys of those that are new.
    """
    known = _known(connection, [each.key for each in events])
    # One order for all, so that two who bring the same events wait for each other and do not deadlock.
    ordered = sorted(events, key=order)
    rows = [_row(each, origin, at) for each in ordered if each.key not in known]
    if not rows:
        return frozenset()
    if connection.dialect.name == "sqlite":
        connection.execute(_INSERT, rows)
        return frozenset(row["event_key"] for row in rows)
    return frozenset(put_returning(connection, table, rows, table.c.event_key))


def order(event: LineageEvent) -> tuple[datetime, bool, str]:
    """By time; of the same time what ends a run comes last."""
    return event.event_time, event.event_type is not None and event.event_type.ends, event.key


def _known(connection: Connection, keys: list[str]) -> frozenset[str]:
    """Which of these events are there; on PostgreSQL the INSERT itself finds out."""
    if connection.dialect.name != "sqlite":
        return frozenset()
    return frozenset(connection.execute(_KNOWN, {"keys": parameter("sqlite", keys)}).scalars())


def _row(event: LineageEvent, origin: Origin, at: datetime) -> dict[str, Any]:
    return {
        "event_key": event.key,
        "kind": event.kind,
        "event_type": event.event_type,
        "event_time": event.event_time,
        "run_id": event.run_id,
        "job_namespace": event.job.namespace if event.job else None,
        "job_name": event.job.name if event.job else None,
        "origin": origin,
        "received_at": at,
        "body": zlib.compress(event.text or dump_json(event.body).encode(), 1),
    }
