"""What somebody does to the log who owns the database: past its triggers, and with the chain's recipe."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, text

from airflow_gov.model.log import Anchor
from airflow_gov.model.log_chain import NO_HASH, entry_hash
from airflow_gov.store import Store
from support import records
from support.records import T0

_COLUMNS = "sequence, at, action, subject, actor, details, execution_id, previous_hash, hash"


def fill(store: Store, count: int, first: int = 1) -> None:
    """So many entries, each another."""
    for number in range(first, first + count):
        store.log.append(
            records.entry(
                f"act {number}",
                subject=f"clean.d{number}",
                actor=f"user {number}",
                at=T0 + timedelta(minutes=number),
                details={"number": number, "why": f"rök '{number}' \"«\n"},
                execution_id=f"e{number}",
            )
        )


def anchors_of(store: Store, *sequences: int) -> list[Anchor]:
    """What anchors would hold that were written when the log had these entries."""
    entries = {entry.sequence: entry for entry in store.log.list(limit=10_000)}
    return [Anchor(number, entries[number].hash or "", T0, f"s3://lake/{number}") for number in sequences]


@contextmanager
def intruder(url: str) -> Iterator[Connection]:
    """A connection of somebody who dropped the triggers; they are back afterwards."""
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        back = _without_triggers(connection)
        yield connection
        for statement in back:
            connection.exec_driver_sql(statement)
    engine.dispose()


def _without_triggers(connection: Connection) -> list[str]:
    """Drop the triggers; gives what puts them back."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("ALTER TABLE gov_log DISABLE TRIGGER ALL")
        return ["ALTER TABLE gov_log ENABLE TRIGGER ALL"]
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'gov_log'")
    found = connection.execute(query).all()
    for name, _ in found:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    return [sql for _, sql in found]


def keep(url: str) -> None:
    """Put a copy of the log aside."""
    does(url, "CREATE TABLE kept AS SELECT * FROM gov_log")


def put_back(url: str) -> None:
    """Let the log be what it was when it was put aside."""
    does(url, "DELETE FROM gov_log", "INSERT INTO gov_log SELECT * FROM kept")


def does(url: str, *statements: str) -> None:
    """Run statements past the triggers."""
    with intruder(url) as connection:
        for statement in statements:
            connection.execute(text(statement.replace(":", r"\:")))


def shift(first: int, by: int) -> list[str]:
    """Number the entries anew from one on."""
    return [
        f"UPDATE gov_log SET sequence = -(sequence + {by}) WHERE sequence >= {first}",
        "UPDATE gov_log SET sequence = -sequence WHERE sequence < 0",
    ]


def swap(one: int, other: int) -> list[str]:
    """Let two entries change places."""
    return [
        f"UPDATE gov_log SET sequence = -{one} WHERE sequence = {one}",
        f"UPDATE gov_log SET sequence = {one} WHERE sequence = {other}",
        f"UPDATE gov_log SET sequence = {other} WHERE sequence = -{one}",
    ]


def copy(source: int, to: float) -> str:
    """Insert a copy of an entry under another number."""
    rest = _COLUMNS.removeprefix("sequence, ")
    return f"INSERT INTO gov_log ({_COLUMNS}) SELECT {to}, {rest} FROM gov_log WHERE sequence = {source}"


def rechain(connection: Connection, sequences: Iterable[int]) -> None:
    """Compute the chain of these entries anew, as the recipe says."""
    sqlite = connection.dialect.name == "sqlite"
    for sequence in sequences:
        previous = connection.execute(
            text("SELECT hash FROM gov_log WHERE sequence = :number"), {"number": sequence - 1}
        ).scalar()
        row = _row(connection, sequence, sqlite=sqlite)
        values = {"previous": previous or NO_HASH, "number": sequence}
        values["hash"] = entry_hash(**row, previous_hash=values["previous"])
        connection.execute(
            text("UPDATE gov_log SET previous_hash = :previous, hash = :hash WHERE sequence = :number"),
            values,
        )


def _row(connection: Connection, sequence: int, *, sqlite: bool) -> dict[str, Any]:
    moment = (
        "replace(log.at, ' ', 'T') || 'Z'"
        if sqlite
        else """to_char(log.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    )
    query = text(
        f"SELECT sequence, {moment} AS at, action, subject, actor, execution_id, "
        "CAST(details AS TEXT) AS details FROM gov_log AS log WHERE sequence = :number"
    )
    return dict(connection.execute(query, {"number": sequence}).mappings().one())


def write_as_before(connection: Connection, count: int) -> None:
    """Entries as they were written before there was a chain: JSON with blanks, Unicode escaped."""
    sqlite = connection.dialect.name == "sqlite"
    rows = [
        {
            "sequence": number,
            "at": f"2026-03-01 12:00:{number % 60:02d}.{number:06d}" + ("" if sqlite else "+00"),
            "subject": f"clean.d{number}",
            "details": json.dumps({"z": number, "a": "é", "f": 1e16}),
            "execution_id": None if number % 2 else f"e{number}",
        }
        for number in range(1, count + 1)
    ]
    moment, details = (
        (":at", ":details") if sqlite else ("CAST(:at AS TIMESTAMPTZ)", "CAST(:details AS JSON)")
    )
    connection.execute(
        text(
            "INSERT INTO gov_log (sequence, at, action, subject, actor, details, execution_id) "
            f"VALUES (:sequence, {moment}, 'publish', :subject, 'ana', {details}, :execution_id)"
        ),
        rows,
    )
