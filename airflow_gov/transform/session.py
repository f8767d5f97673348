"""A DuckDB session for one piece of work: bounded memory, its sources as views, and the fence."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier, literal, literals
from airflow_gov.model.types import parse_type
from airflow_gov.model.write_threads import in_query_threads
from airflow_gov.transform.arrow_source import steady
from airflow_gov.transform.types import to_duckdb_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from airflow_gov.model.tables import SourceTable

#: Bytes of memory limit that justify one more thread: below, threads starve each other into spilling.
BYTES_PER_THREAD = 128 * 1024 * 1024

#: Where sources that are not local files are registered; user SQL may not name it.
_ARROW_PREFIX = "__airflow_gov_source_"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may use.

    :param memory_limit: as DuckDB writes it, e.g. ``640MB``.
    :param threads: number of threads; 0: as many as there are processors and the memory allows.
    :param temp_folder: where it spills; None: the system's folder for temporary files.
    """

    memory_limit: str
    threads: int = 0
    temp_folder: Path | None = None


@contextmanager
def open_session(limits: Limits) -> Iterator[DuckDBPyConnection]:
    """An in-memory DuckDB that sees nothing of the Python process and spills into a folder of its own.

    :raises GovernanceError: ``CONFIGURATION_INVALID`` for limits that DuckDB does not understand.
    """
    if limits.temp_folder is not None:
        limits.temp_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="airflow-gov-", dir=limits.temp_folder) as spill:
        connection = _connect(limits, spill)
        try:
            connection.execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
            connection.execute("SET GLOBAL errors_as_json = true").fetchall()
            yield connection
        finally:
            connection.close()


def _connect(limits: Limits, spill: str) -> DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": limits.memory_limit,
        "temp_directory": spill,
        # Row order is not kept, so that writing needs no buffering. An ORDER BY of the user still is.
        "preserve_insertion_order": False,
        "python_enable_replacements": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        **in_query_threads(duckdb.__version__),
    }
    if limits.threads:
        config["threads"] = limits.threads
    try:
        connection = duckdb.connect(":memory:", config=config)
    except duckdb.Error as error:
        raise GovernanceError(
            Reason.CONFIGURATION_INVALID,
            f"DuckDB refuses memory_limit={limits.memory_limit!r}, threads={limits.threads!r}: {error}",
        ) from error
    if not limits.threads:
        _limit_threads(connection)
    return connection


def _limit_threads(connection: DuckDBPyConnection) -> None:
    threads, memory = connection.execute(
        "SELECT current_setting('threads'), parse_formatted_bytes(current_setting('memory_limit'))"
    ).fetchall()[0]
    connection.execute(f"SET threads = {min(threads, max(1, memory // BYTES_PER_THREAD))}").fetchall()


def add_tables(connection: DuckDBPyConnection, tables: Iterable[SourceTable]) -> None:
    """Give each table a view named as its dataset, ``<zone>.<name>``.

    Without ``_load_id``, so that ``SELECT *`` and joins give the columns of the contract: the target's
    own load ids are set when it is written.
    """
    for number, table in enumerate(tables):
        schema = identifier(table.dataset.zone)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}").fetchall()
        select = table_select(connection, table, name=f"{_ARROW_PREFIX}{number}", columns=own_columns(table))
        connection.execute(f"CREATE VIEW {schema}.{identifier(table.dataset.name)} AS {select}").fetchall()


def own_columns(table: SourceTable) -> list[tuple[str, str]]:
    """Names and types of a table's columns, ``_load_id`` aside."""
    return [(name, kind) for name, kind in table.schema if name != LOAD_ID_COLUMN]


def add_named_tables(connection: DuckDBPyConnection, tables: Mapping[str, SourceTable]) -> None:
    """Give each table a view of the name it is given."""
    for number, (name, table) in enumerate(tables.items()):
        select = table_select(connection, table, name=f"{_ARROW_PREFIX}{number}")
        connection.execute(f"CREATE VIEW {identifier(name)} AS {select}").fetchall()


def table_select(
    connection: DuckDBPyConnection,
    table: SourceTable,
    *,
    name: str = f"{_ARROW_PREFIX}0",
    columns: Sequence[tuple[str, str]] | None = None,
) -> str:
    """A SELECT of columns of a table, each of its type in the table.

    :param name: under which name its Arrow dataset is registered, where it has to be.
    :param columns: which columns, with their types; None: all.
    """
    columns = table.schema if columns is None else columns
    if table.local_paths is None:
        connection.register(name, steady(table.to_dataset()))
        relation = identifier(name)
    elif table.local_paths:
        # Columns that were added or widened after a file was written are missing or narrower in it.
        relation = f"read_parquet({literals(table.local_paths)}, union_by_name=true, hive_partitioning=false)"
    else:
        return _empty_select(columns)
    present = set(connection.sql(f"SELECT * FROM {relation}").columns)
    items = ", ".join(_column(name, kind, present) for name, kind in columns)
    where = f" WHERE {identifier(LOAD_ID_COLUMN)} = {literal(table.load_id)}" if table.load_id else ""
    return f"SELECT {items} FROM {relation}{where}"


def _column(name: str, kind: str, present: set[str]) -> str:
    value = identifier(name) if name in present else "NULL"
    try:
        type_ = parse_type(kind)
    except ValueError:  # another writer's, for which contracts have no word: as it is
        return f"{value} AS {identifier(name)}"
    return f"CAST({value} AS {to_duckdb_type(type_)}) AS {identifier(name)}"


def _empty_select(schema: Sequence[tuple[str, str]]) -> str:
    return f"SELECT {', '.join(_column(name, kind, set()) for name, kind in schema)} WHERE false"


def fence(
    connection: DuckDBPyConnection, *, reads: Iterable[SourceTable], writes: Path | None = None
) -> None:
    """Close the session: from here on it reads the tables' files and writes one folder, if any.

    DuckDB holds the fence itself: no other file, no network, no extension, and no way back.
    """
    folders = [] if writes is None else [str(writes.absolute())]
    paths = [path for table in reads for path in table.local_paths or ()]
    for statement in (
        f"SET allowed_paths = {literals([*paths, *folders])}",
        f"SET allowed_directories = {literals(folder + '/' for folder in folders)}",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ):
        connection.execute(statement).fetchall()
