"""The check of the log: every entry in its place, as it was written, after the one it was written after."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from airflow_gov.model.log import LogFault, LogVerification
from airflow_gov.model.log_chain import NO_HASH, entry_hash
from airflow_gov.store.log_faults import Stored, find_fault, rewritten, truncated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.model.log import Anchor
    from airflow_gov.store.database import Database

#: An entry as it is read: the parameters of the hash, then the hash.
Entry = Sequence[Any]

#: Entries that are read at a time.
_STEP = 2_000

#: Everything as it is kept, read by nothing that could make two contents look the same; in the order of the
#: parameters of the hash, then the hash.
_ENTRIES = {
    "sqlite": """
        SELECT sequence, at, action, subject, actor, execution_id, previous_hash, details, hash
        FROM gov_log AS log
    """,
    "postgresql": """
        SELECT log.sequence, CASE WHEN log.at >= '0001-01-01 00:00Z' AND log.at < 'infinity'
            THEN to_char(log.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') ELSE log.at::text END,
          log.action, log.subject, log.actor, log.execution_id, log.previous_hash, log.details::text, log.hash
        FROM gov_log AS log
    """,
}
#: What each trigger does, not only its name: one that was made anew may let everything through.
_TRIGGERS = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'gov_log'",
    # Its kind in bits (for each row 1, before 2, delete 8, update 16, truncate 32), and what it calls.
    "postgresql": """
        SELECT concat_ws(' ', tgname, tgtype, tgqual, nullif(tgattr::text, ''), prosrc)
        FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
        WHERE tgrelid = 'gov_log'::regclass AND tgenabled IN ('O', 'A')
    """,
}
_ABORT = "ON gov_log BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END"
_RAISE = "BEGIN RAISE EXCEPTION 'gov_log is append-only'; END"
_REFUSING = {
    "sqlite": {
        f"CREATE TRIGGER gov_log_no_update BEFORE UPDATE {_ABORT}",
        f"CREATE TRIGGER gov_log_no_delete BEFORE DELETE {_ABORT}",
        "CREATE TRIGGER gov_log_no_replace BEFORE INSERT ON gov_log "
        "WHEN EXISTS (SELECT 1 FROM gov_log WHERE sequence = NEW.sequence) "
        "BEGIN SELECT RAISE(ABORT, 'gov_log is append-only'); END",
    },
    "postgresql": {f"gov_log_no_change 27 {_RAISE}", f"gov_log_no_truncate 34 {_RAISE}"},
}
_SEQUENCE, _AT, _ACTION, _PREVIOUS_HASH, _HASH = 0, 1, 2, 6, 8


def verify(
    database: Database,
    anchors: Sequence[Anchor],
    after: Anchor | None,
    on_progress: Callable[[int, int], None] | None,
) -> LogVerification:
    """See :meth:`airflow_gov.store.log.Log.verify`."""
    with database.stream() as connection, _bytes_as_they_are(connection):
        check = _Check(connection, anchors, after)
        check.run(on_progress)
        return check.result()


@contextmanager
def _bytes_as_they_are(connection: Connection) -> Iterator[None]:
    """Let SQLite's texts be read although somebody put bytes into them that are no text."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    usual, driver.text_factory = driver.text_factory, _decoded
    try:
        yield
    finally:
        driver.text_factory = usual


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


class _Check:
    """One pass over the log.

    :param connection: reads the log.
    :param anchors: in any order.
    :param after: the entry at which it begins, held by an anchor; None: at the first.
    """

    def __init__(self, connection: Connection, anchors: Sequence[Anchor], after: Anchor | None) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._hash_of = _hash_on_sqlite if self._dialect == "sqlite" else _hash
        self._first = after.sequence - 1 if after is not None else 0
        every = {*anchors} if after is None else {*anchors, after}
        pending = (anchor for anchor in every if anchor.sequence > self._first)
        #: Those that were not met yet, the next one last.
        self._anchors = sorted(pending, key=lambda anchor: anchor.sequence, reverse=True)
        self._last, self._last_hash = self._first, self._hash_before(after)
        self._agreed, self._anchored, self._live_from = 0, 0, 1
        self._fault: LogFault | None = None

    def run(self, on_progress: Callable[[int, int], None] | None) -> None:
        """Read the entries in order, up to the first fault."""
        total = self._count() if on_progress is not None else 0
        wrong = None
        with self._select("WHERE log.sequence > :first" if self._first else "", stream=True) as rows:
            for part in rows.partitions(_STEP):
                wrong = self._take(part)
                if wrong is not None or self._fault is not None:
                    break
                if on_progress is not None:
                    on_progress(self._last - self._first, max(total, self._last - self._first))
        if wrong is not None:
            self._fault = self._told(wrong)
        elif self._fault is None and self._anchors:
            self._fault = truncated(self._last, self._anchors[0])

    def result(self) -> LogVerification:
        """What was found."""
        written = self._connection.execute(text(_TRIGGERS[self._dialect])).scalars()
        # SQLite puts quotes around the name of a table that was renamed and named back.
        triggers = {" ".join(trigger.replace('"', "").split()) for trigger in written}
        return LogVerification(
            entries=self._last - self._first,
            hash=self._last_hash if self._last > self._first else None,
            anchors=self._agreed,
            anchored=self._anchored,
            live_from=self._live_from,
            protected=triggers >= _REFUSING[self._dialect],
            fault=self._fault,
        )

    def _take(self, rows: Sequence[Entry]) -> Entry | None:
        """Check some entries; gives the first that is not what comes next."""
        last, last_hash, hash_of = self._last, self._last_hash, self._hash_of
        anchor = self._anchors[-1].sequence if self._anchors else None
        try:
            for row in rows:
                sequence = row[_SEQUENCE]
                if sequence != last + 1 or row[_PREVIOUS_HASH] != last_hash or row[_HASH] != hash_of(row):
                    return row
                if sequence == anchor:
                    self._meet_anchors(row)
                    if self._fault is not None:
                        return None
                    anchor = self._anchors[-1].sequence if self._anchors else None
                if row[_ACTION] == "log.chained":
                    self._live_from = sequence
                last, last_hash = sequence, row[_HASH]
        finally:
            self._last, self._last_hash = last, last_hash
        return None

    def _meet_anchors(self, row: Entry) -> None:
        """Compare an entry with the anchors that hold it."""
        sequence = row[_SEQUENCE]
        while self._anchors and self._anchors[-1].sequence == sequence:
            anchor = self._anchors.pop()
            if anchor.hash != row[_HASH]:
                self._fault = rewritten(anchor, self._anchored)
                return
            self._agreed += 1
        self._anchored = sequence

    def _told(self, wrong: Entry) -> LogFault:
        # Counted, and some may be gone: the highest number in the log may be forged, and anything.
        count = self._connection.execute(text("SELECT count(*) FROM gov_log")).scalar_one()
        return find_fault(
            self._stored(wrong),
            self._last + 1,
            self._last_hash,
            highest=count + 10_000,
            after=self._written_after,
        )

    def _written_after(self, entry_hash: str) -> list[Stored]:
        with self._select("WHERE log.previous_hash = :hash", hash=entry_hash) as rows:
            return [self._stored(row) for row in rows]

    def _hash_before(self, after: Anchor | None) -> str:
        """What the entry it begins at has for the hash of the one before: that is part of its own hash."""
        if after is None or after.sequence == 1:
            return NO_HASH
        query = text("SELECT previous_hash FROM gov_log WHERE sequence = :sequence")
        return str(self._connection.execute(query, {"sequence": after.sequence}).scalar())

    def _count(self) -> int:
        query = text("SELECT count(*) FROM gov_log WHERE sequence > :first")
        return int(self._connection.execute(query, {"first": self._first}).scalar_one())

    def _select(self, where: str, *, stream: bool = False, **values: Any) -> Any:
        connection = self._connection
        options = {"stream_results": True, "yield_per": _STEP} if stream else {}
        query = f"{_ENTRIES[self._dialect]} {where} ORDER BY log.sequence"
        return connection.execute(text(query), {"first": self._first, **values}, execution_options=options)

    def _stored(self, row: Entry) -> Stored:
        stored = Stored(*row)
        return stored._replace(at=_moment(stored.at)) if self._dialect == "sqlite" else stored


def _hash(row: Entry) -> str | None:
    try:
        return entry_hash(*row[:_HASH])
    except (TypeError, UnicodeError):  # somebody put something else in the place of a text
        return None


def _hash_on_sqlite(row: Entry) -> str | None:
    sequence, at, *rest = row
    try:
        return entry_hash(sequence, _moment(at), *rest[:-1])
    except (TypeError, UnicodeError):
        return None


def _moment(at: Any) -> Any:
    """A moment as SQLite's text has it, in the form that is hashed; anything else stays what it is."""
    if isinstance(at, str) and len(at) == 26 and at[10] == " ":
        return f"{at[:10]}T{at[11:]}Z"
    return at
