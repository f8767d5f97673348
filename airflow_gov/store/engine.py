"""The SQLAlchemy engine of each kind of database, and what each needs to behave like the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import NoSuchModuleError

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.store.types import dump_json

if TYPE_CHECKING:
    from airflow_gov.store.url import StoreUrl

#: The execution option of a writer's connection: on SQLite writers take their turn at BEGIN.
WRITER = "airflow_gov_writer"

#: Milliseconds after which the kernel gives up a connection whose server no longer acknowledges.
_TCP_USER_TIMEOUT = 15_000
#: Seconds of silence after which it asks the server whether it is there, and between asking again. Who only
#: waits for an answer sends nothing that could be acknowledged: by itself the kernel would ask after hours.
_KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def open_engine(url: StoreUrl, *, connect_timeout: float, lock_timeout: float) -> Engine:
    """An engine; nothing is connected yet.

    :param connect_timeout: seconds to wait for a server.
    :param lock_timeout: seconds to wait for another writer, and for a connection of the pool.
    :raises GovernanceError: ``DEPENDENCY_MISSING`` when the driver is not installed.
    """
    if url.is_sqlite:
        options: dict[str, Any] = {"connect_args": {"timeout": lock_timeout, "check_same_thread": False}}
    else:
        options = {"connect_args": _server_arguments(url, connect_timeout), "pool_pre_ping": True}
    try:
        engine = create_engine(
            url.url,
            hide_parameters=True,
            json_serializer=dump_json,
            pool_use_lifo=True,
            pool_timeout=lock_timeout,
            max_overflow=40,
            **options,
        )
    except (ImportError, NoSuchModuleError) as error:
        raise GovernanceError(
            Reason.DEPENDENCY_MISSING,
            f"The governance store {url} needs the driver {url.url.drivername!r}, which is not installed. "
            "Run: pip install 'airflow-gov[postgres]'",
            driver=url.url.drivername,
        ) from error
    if url.is_sqlite:
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _configure_postgresql(lock_timeout))
    return engine


def _server_arguments(url: StoreUrl, connect_timeout: float) -> dict[str, Any]:
    wanted = {
        # libpq takes whole seconds and reads 0 as "for ever".
        "connect_timeout": max(1, round(connect_timeout)),
        "tcp_user_timeout": _TCP_USER_TIMEOUT,
        **_KEEPALIVES,
        "application_name": "airflow-gov",
    }
    return {name: value for name, value in wanted.items() if name not in url.url.query}


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, and never with IMMEDIATE: `_begin_sqlite` does.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    # With the write-ahead log a killed process loses nothing; a power cut may lose the last commits.
    connection.execute("PRAGMA synchronous = NORMAL")
    # KiB of pages kept in memory where they are used: the indexes of lineage take more than SQLite's 2 MiB.
    connection.execute("PRAGMA cache_size = -32768")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once with "database is locked" when
    # another has written in between; one that is a writer from the start waits for its turn.
    if connection.get_execution_options().get(WRITER):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _configure_postgresql(lock_timeout: float) -> Any:
    # Moments of the years 1 and 9999 are of other years in other zones, which Python has not.
    wanted = f"SET lock_timeout = {round(lock_timeout * 1000)}; SET TIME ZONE 'UTC'"

    def configure(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(wanted)
        connection.commit()

    return configure
