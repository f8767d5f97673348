"""The embedded engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_gov.model.contract import Contract
from airflow_gov.model.tables import SourceTable
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform.query import run_query
from airflow_gov.transform.session import Limits
from airflow_gov.transform.writing import Target, Written

#: Bytes of one data file, unless told otherwise.
DEFAULT_FILE_SIZE = 128 * 1024 * 1024


class DuckEngine:
    """Runs transformations and checks in DuckDB, embedded, in bounded memory.

    :param memory_limit: as DuckDB writes it, e.g. ``640MB``.
    :param threads: number of threads; 0: as many as there are processors and the memory allows.
    :param temp_folder: where it spills; None: the system's folder for temporary files.
    :param target_file_size: bytes after which a new data file is begun.
    """

    def __init__(
        self,
        *,
        memory_limit: str = "640MB",
        threads: int = 0,
        temp_folder: Path | None = None,
        target_file_size: int = DEFAULT_FILE_SIZE,
    ) -> None:
        self.limits = Limits(memory_limit, threads, temp_folder)
        self.target_file_size = target_file_size

    def run_sql(
        self,
        sql: str,
        sources: Mapping[DatasetName, SourceTable],
        contract: Contract,
        *,
        load_id: str,
        folder: Path,
        allow_empty: bool = False,
    ) -> Written:
        """Run a user's SELECT and write its result as Parquet files.

        The SQL sees its sources as tables named ``<zone>.<name>`` and nothing else. Its columns are
        those of the contract, by name, and are cast to the contract's types.

        :param sql: exactly one SELECT in DuckDB's dialect.
        :param sources: what it may read.
        :param contract: what the result must be.
        :param load_id: goes into the column ``_load_id``.
        :param folder: an empty folder; ``column=value`` subfolders where the contract partitions.
        :param allow_empty: whether a result without rows is a result.
        :raises GovernanceError: ``SQL_REFUSED``, ``SQL_FAILED``, ``SCHEMA_MISMATCH``, ``RESULT_EMPTY``;
            nothing is left in the folder then.
        """
        target = Target(contract, load_id, folder, self.target_file_size)
        return run_query(sql, sources, target, self.limits, allow_empty=allow_empty)
