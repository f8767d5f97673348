"""Which schema the store has, which this package needs, and how one becomes the other."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from airflow_gov.model.errors import GovernanceError, Reason, StoreSchemaError
from airflow_gov.store.engine import WRITER
from airflow_gov.store.failures import translated, unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.config import Config

    from airflow_gov.store.database import Database

#: The revisions of `migrations/versions`, oldest first: told here so that a check need not import Alembic.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")
HEAD = REVISIONS[-1]

#: Not Alembic's default name: the database may be Airflow's, which has a table of that name.
VERSION_TABLE = "alembic_version_gov"

#: Any number that no other program on the server takes: holds two migrations apart.
_MIGRATION_LOCK = 0x61697267_6F760001


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """How the store's schema stands.

    :param current: its revision, or None when there are no tables.
    :param head: the revision this package needs.
    """

    current: str | None
    head: str = HEAD

    @property
    def ok(self) -> bool:
        """Whether this package can work with it."""
        return self.current == self.head


def status(database: Database) -> SchemaStatus:
    """Look at the schema; makes no file."""
    path = database.url.path
    if path is not None and not path.exists():
        return SchemaStatus(None)
    with database.unprepared() as connection:
        return SchemaStatus(_revision(connection))


def require(database: Database) -> None:
    """Let the store be used only with the schema this package needs; an embedded store makes itself.

    :raises StoreSchemaError: naming the command that puts it right.
    """
    found = status(database)
    if found.current is None and _is_untouched(database):
        migrate(database, HEAD)
        found = status(database)
    if not found.ok:
        raise _unfit(database, found)


def migrate(database: Database, revision: str, *, down: bool = False) -> None:
    """Bring the schema to a revision, in one transaction; concurrent calls take turns.

    :param revision: a revision of :data:`REVISIONS`, ``head`` or ``base``.
    :param down: go back to it. Going back drops tables and what they hold.
    :raises GovernanceError: ``PARAMETER_INVALID`` when there is no such revision.
    :raises StoreSchemaError: when the store has a revision this package does not know.
    """
    target = HEAD if revision == "head" else revision
    if target not in (*REVISIONS, "base"):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The store has no revision {revision!r}: name one of {', '.join(('base', *REVISIONS, 'head'))}.",
            revision=revision,
        )
    _make_file(database)
    with translated(database.url), _migrator(database) as connection, connection.begin():
        _migrate(connection, database, target, down=down)
    database.forget_schema()


def _migrate(connection: Connection, database: Database, target: str, *, down: bool) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    current = _revision(connection)
    if current is not None and current not in REVISIONS:
        raise _unfit(database, SchemaStatus(current))
    steps = _place(target) - _place(current)
    # Of several that meet a new store only the first has something to do, and pays for the import.
    if (steps < 0) if down else (steps > 0):
        from alembic import command

        step = command.downgrade if down else command.upgrade
        step(_config(connection), target)


def _place(revision: str | None) -> int:
    return REVISIONS.index(revision) if revision in REVISIONS else -1


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    folder = str(Path(__file__).with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _migrator(database: Database) -> Iterator[Connection]:
    """A connection of its own, closed afterwards."""
    with database.engine.execution_options(**{WRITER: True}).connect() as connection:
        connection.detach()
        if database.url.is_sqlite:
            # Changing a table on SQLite means dropping it; its children must not go with it. The
            # setting is ignored inside a transaction, so it goes past SQLAlchemy, which begins one.
            connection.connection.execute("PRAGMA foreign_keys = OFF")
        yield connection


def _revision(connection: Connection) -> str | None:
    if connection.dialect.name == "sqlite":
        exists = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = :table"
    else:
        exists = "SELECT to_regclass(:table)"
    if connection.execute(text(exists), {"table": VERSION_TABLE}).scalar() is None:
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return revision


def _make_file(database: Database) -> None:
    """Make the embedded file and set its write-ahead log, which stays set."""
    path = database.url.path
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # It holds parameters and SQL of every task: its owner's alone. SQLite's side files follow it.
        path.touch(mode=0o600, exist_ok=True)
        _set_write_ahead_log(path, database.lock_timeout)
    except (OSError, sqlite3.Error) as error:
        raise unavailable(database.url, str(error)) from error


def _set_write_ahead_log(path: Path, lock_timeout: float) -> None:
    deadline, done = time.monotonic() + lock_timeout, False
    with closing(sqlite3.connect(path, timeout=lock_timeout)) as connection:
        while not done:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                done = True
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself when another process is setting it too.
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)


def _is_untouched(database: Database) -> bool:
    path = database.url.path
    if path is None or not path.exists():
        return path is not None
    with database.unprepared() as connection:
        return connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar() == 0


def _unfit(database: Database, found: SchemaStatus) -> StoreSchemaError:
    return StoreSchemaError(
        Reason.STORE_SCHEMA,
        f"The governance store {database.url} {_difference(found)}",
        store=str(database.url),
        current=found.current,
        head=found.head,
    )


def _difference(found: SchemaStatus) -> str:
    if found.current is None:
        return "has no tables of airflow-gov. Run: airflow-gov db upgrade"
    if found.current in REVISIONS:
        return f"has the schema {found.current}, this package needs {found.head}. Run: airflow-gov db upgrade"
    return (
        f"has the schema {found.current}, which this package does not know: a newer airflow-gov made it. "
        f"Install that version here, or go back with it: airflow-gov db downgrade {found.head}"
    )
