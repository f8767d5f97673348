"""What evaluates rules, and what that needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from airflow_gov.model.loads import FileRef
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.subject import Schema

#: Runs one SELECT and gives its rows.
Query = Callable[[str], list[tuple[Any, ...]]]


class Session(Protocol):
    """Tables under the names they were given. ``airflow_gov.transform.checking.QuerySession`` is one."""

    #: What a SELECT that cannot be run raises.
    errors: tuple[type[Exception], ...]

    def __call__(self, sql: str) -> list[tuple[Any, ...]]:
        """Run one SELECT and give its rows."""

    def keep_order(self) -> None:
        """Read rows in the order of their files from here on."""

    def add_function(self, name: str, judge: Callable[[Any], bool], parameter: str) -> None:
        """Let SQL call a Python function of one value, not NULL, of the DuckDB type `parameter`."""

    def write(self, select: str, folder: Path, partition_by: Sequence[str] = ()) -> tuple[FileRef, ...]:
        """Write a SELECT's rows as Parquet files into an empty folder."""


class QueryEngine(Protocol):
    """Runs our own SQL in bounded memory. ``airflow_gov.transform.DuckEngine`` is one."""

    def query_tables(self, tables: Mapping[str, SourceTable]) -> AbstractContextManager[Session]:
        """A session in which each table has the name it is given."""

    def query_datasets(
        self, tables: Mapping[DatasetName, SourceTable]
    ) -> AbstractContextManager[Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]]:
        """A fenced session for users' SELECTs: gives a SELECT's columns and its first two rows."""

    def refuse_sql(
        self, sql: str, schemas: Mapping[DatasetName, Schema | None], *, one_value: bool = True
    ) -> None:
        """Refuse a user's SELECT that cannot be run.

        :param schemas: the datasets it may read, with their columns where these are known.
        :param one_value: whether it has to give one number or truth value.
        :raises GovernanceError: ``SQL_REFUSED``, ``SQL_FAILED``.
        """
