"""A session for our own queries about tables: checks, and rows written by what they broke."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.errors import message_of
from airflow_gov.transform.interrupting import execute
from airflow_gov.transform.writing import copy_options, written_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from airflow_gov.model.loads import FileRef


class QuerySession:
    """Tables under the names they were given, and SELECTs of them.

    :param connection: the connection that has the tables.
    :param file_size: bytes of a written file after which a new one is begun.
    """

    #: What a SELECT that cannot be run raises.
    errors: tuple[type[Exception], ...] = (GovernanceError,)

    def __init__(self, connection: DuckDBPyConnection, file_size: int) -> None:
        self._connection = connection
        self._file_size = file_size

    def __call__(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one SELECT and give its rows.

        :raises GovernanceError: ``SQL_FAILED`` in DuckDB's words, without values. A signal that ends the
            query comes through.
        """
        try:
            return execute(self._connection, sql)
        except duckdb.InterruptException:
            raise
        except duckdb.Error as error:
            raise GovernanceError(Reason.SQL_FAILED, message_of(error)) from None

    def keep_order(self) -> None:
        """Read rows in the order of their files from here on; costs parallelism."""
        self._connection.execute("SET preserve_insertion_order = true").fetchall()

    def add_function(self, name: str, judge: Callable[[Any], bool], parameter: str) -> None:
        """Let SQL call a Python function that says yes or no to one value.

        It is not called for NULL. What it raises ends the query: the error names its kind, not the value.

        :param name: its name in SQL; new in this session.
        :param judge: the function.
        :param parameter: DuckDB type of the value.
        """

        def judge_or_tell(value: Any) -> bool:
            try:
                return judge(value)
            except Exception as error:  # noqa: BLE001 - whatever it is, its text may quote the value
                raise RuntimeError(f"a value cannot be judged ({type(error).__name__})") from None

        self._connection.create_function(name, judge_or_tell, [parameter], "BOOLEAN")

    def write(self, select: str, folder: Path, partition_by: Sequence[str] = ()) -> tuple[FileRef, ...]:
        """Write a SELECT's rows as Parquet files into an empty folder.

        :param partition_by: columns that get a subfolder for each value.
        :raises GovernanceError: ``SQL_FAILED``.
        """
        try:
            return written_files(
                execute(
                    self._connection,
                    f"COPY ({select}) {copy_options(folder, self._file_size, partition_by)}",
                )
            )
        except duckdb.Error as error:
            raise GovernanceError(
                Reason.SQL_FAILED, f"Rows could not be written to {folder}: {message_of(error)}"
            ) from None
