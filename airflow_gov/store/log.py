"""The append-only log of governed acts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, RowMapping, Text, bindparam, cast, insert, select, text

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.log_chain import NO_HASH, canonical_json, entry_hash, moment_text
from airflow_gov.model.serde import to_plain
from airflow_gov.store.log_verifying import verify
from airflow_gov.store.tables import log as table
from airflow_gov.store.types import clean_text

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.model.log import Anchor, LogVerification
    from airflow_gov.store.database import Database

#: Any number that no other program on the server takes: appends take turns.
_APPEND_LOCK = text("SELECT pg_advisory_xact_lock(7019284066226208770)")
_HEAD = select(table.c.sequence, table.c.hash).order_by(table.c.sequence.desc()).limit(1)


class Log:
    """Who did what to what, in one order without gaps, each entry chained to the one before it.

    The database refuses to change or delete entries; :meth:`verify` finds where somebody did so all the same.
    In a :meth:`~airflow_gov.store.Store.transaction` append last: until its end others wait to append.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: LogEntry) -> LogEntry:
        """Add an entry.

        :returns: the entry with its place in the log and its hash.
        :raises GovernanceError: ``STORE_REFUSED`` when its time has no zone.
        """
        values = _values(entry)
        with self._database.transaction() as connection:
            if not self._database.url.is_sqlite:
                connection.execute(_APPEND_LOCK)
            return self._append(connection, entry, values)

    def append_once(self, entry: LogEntry) -> LogEntry | None:
        """Add an entry of an execution unless there is one of the same act in it.

        :returns: the entry as :meth:`append` does; None when it was there.
        """
        this = (table.c.execution_id == entry.execution_id, table.c.action == entry.action)
        values = _values(entry)
        with self._database.transaction() as connection:
            if not self._database.url.is_sqlite:
                connection.execute(_APPEND_LOCK)
            if connection.execute(select(table.c.sequence).where(*this).limit(1)).first() is not None:
                return None
            return self._append(connection, entry, values)

    def list(
        self,
        *,
        subject: str | None = None,
        action: str | None = None,
        actor: str | None = None,
        execution_id: str | None = None,
        since: datetime | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> builtins.list[LogEntry]:
        """Entries, newest first.

        :param subject: only about this.
        :param action: only this act.
        :param actor: only by them.
        :param execution_id: only what happened in this execution.
        :param since: only of then or later.
        :param before: only those before this place.
        :param limit: how many at most.
        """
        equal = {"subject": subject, "action": action, "actor": actor, "execution_id": execution_id}
        wanted = [table.c[name] == value for name, value in equal.items() if value is not None]
        query = select(table).where(*wanted).order_by(table.c.sequence.desc()).limit(limit)
        if since is not None:
            query = query.where(table.c.at >= since)
        if before is not None:
            query = query.where(table.c.sequence < before)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def head(self) -> LogEntry | None:
        """The newest entry; None in an empty log."""
        return next(iter(self.list(limit=1)), None)

    def verify(
        self,
        anchors: Iterable[Anchor] = (),
        *,
        after: Anchor | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> LogVerification:
        """Check that the log is as it was written, up to the first thing that is wrong.

        It is read in order and in pieces, as it was when the check began. Without anchors a log that was cut
        off at its end, or whose chain was computed anew, looks like a shorter or another log and no worse.

        :param anchors: what the lake remembers of it.
        :param after: begin after this entry, which an earlier check has found right; default: at the first.
        :param on_progress: told now and then how many entries were checked, and how many there are.
        """
        return verify(self._database, tuple(anchors), after, on_progress)

    def _append(self, connection: Connection, entry: LogEntry, values: dict[str, Any]) -> LogEntry:
        head = connection.execute(_HEAD).one_or_none()
        sequence, previous_hash = (head.sequence + 1, head.hash) if head is not None else (1, NO_HASH)
        hashed = entry_hash(
            sequence=sequence,
            at=moment_text(values["at"]),
            action=values["action"],
            subject=values["subject"],
            actor=values["actor"],
            execution_id=values["execution_id"],
            previous_hash=previous_hash,
            details=values["details"],
        )
        chained = {"sequence": sequence, "previous_hash": previous_hash, "hash": hashed}
        connection.execute(_insert(connection.dialect.name), {**values, **chained})
        return replace(entry, sequence=sequence, previous_hash=previous_hash, hash=hashed)


@cache
def _insert(dialect: str) -> Any:
    """Insert an entry with the text of its details as it was hashed."""
    details = bindparam("details", type_=Text)
    return insert(table).values(
        {
            **{column: bindparam(column.name) for column in table.columns},
            table.c.details: details if dialect == "sqlite" else cast(details, JSON),
        }
    )


def _values(entry: LogEntry) -> dict[str, Any]:
    """The columns as the database keeps them, which is what is hashed."""
    if entry.at.tzinfo is None:
        raise GovernanceError(
            Reason.STORE_REFUSED,
            f"The log takes no entry ({entry.action}) whose time has no zone: {entry.at!r}.",
        )
    return {
        "at": entry.at,
        "action": clean_text(str(entry.action)),
        "subject": clean_text(str(entry.subject)),
        "actor": clean_text(str(entry.actor)),
        "details": clean_text(canonical_json(to_plain(entry.details))),
        "execution_id": None if entry.execution_id is None else clean_text(str(entry.execution_id)),
    }


def _read(row: RowMapping) -> LogEntry:
    return LogEntry(**row)
