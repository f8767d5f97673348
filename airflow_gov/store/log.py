"""The append-only log of governed acts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, func, insert, select, text

from airflow_gov.model.loads import LogEntry
from airflow_gov.model.serde import to_plain
from airflow_gov.store.tables import log as table

if TYPE_CHECKING:
    import builtins
    from datetime import datetime

    from airflow_gov.store.database import Database

#: Any number that no other program on the server takes: appends take turns.
_APPEND_LOCK = text("SELECT pg_advisory_xact_lock(7019284066226208770)")
_next = select(func.coalesce(func.max(table.c.sequence), 0) + 1).scalar_subquery()


class Log:
    """Who did what to what, in one order without gaps. The database refuses to change or delete entries.

    In a :meth:`~airflow_gov.store.Store.transaction` append last: until its end others wait to append.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: LogEntry) -> LogEntry:
        """Add an entry.

        :returns: the entry with its place in the log.
        """
        values = {
            "at": entry.at,
            "action": entry.action,
            "subject": entry.subject,
            "actor": entry.actor,
            "details": to_plain(entry.details),
            "execution_id": entry.execution_id,
        }
        with self._database.transaction() as connection:
            if not self._database.url.is_sqlite:
                connection.execute(_APPEND_LOCK)
            statement = insert(table).values(sequence=_next, **values).returning(table.c.sequence)
            return replace(entry, sequence=connection.execute(statement).scalar_one())

    def list(
        self,
        *,
        subject: str | None = None,
        action: str | None = None,
        since: datetime | None = None,
        limit: int = 50,
    ) -> builtins.list[LogEntry]:
        """Entries, newest first.

        :param subject: only about this.
        :param action: only this act.
        :param since: only of then or later.
        :param limit: how many at most.
        """
        query = select(table).order_by(table.c.sequence.desc()).limit(limit)
        if subject is not None:
            query = query.where(table.c.subject == subject)
        if action is not None:
            query = query.where(table.c.action == action)
        if since is not None:
            query = query.where(table.c.at >= since)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _read(row: RowMapping) -> LogEntry:
    return LogEntry(**row)
