"""The embedded engine."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_gov.transform.asking import FencedSession, refuse_query
from airflow_gov.transform.callables import run_function
from airflow_gov.transform.checking import QuerySession
from airflow_gov.transform.files.reading import ReadResult, read_files
from airflow_gov.transform.query import run_query
from airflow_gov.transform.session import Limits, add_named_tables, add_tables, fence, open_session
from airflow_gov.transform.splitting import split_table
from airflow_gov.transform.writing import Target, Written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.transform.asking import Schema
    from airflow_gov.transform.files.plain import LocalFile

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

    def run_callable(
        self,
        function: Callable[..., Any],
        sources: Mapping[DatasetName, SourceTable],
        contract: Contract,
        *,
        load_id: str,
        folder: Path,
        context_kwargs: Mapping[str, Any] | None = None,
        allow_empty: bool = False,
    ) -> Written:
        """Run a user's function of tables and write the table it returns as Parquet files.

        Each parameter gets the source it is named after, or the next one in order, as the kind of table
        it is annotated with: ``pyarrow.Table``, ``pyarrow.RecordBatchReader`` (streams),
        ``pandas.DataFrame``, ``polars.DataFrame``, ``polars.LazyFrame``, ``ibis.Table``. It may return
        any of these.

        :param function: the function. It is Python: no fence holds it.
        :param sources: what it reads, in order.
        :param contract: what the result must be.
        :param load_id: goes into the column ``_load_id``, which the function itself does not see.
        :param folder: an empty folder.
        :param context_kwargs: values of its other parameters.
        :param allow_empty: whether a result without rows is a result.
        :raises GovernanceError: ``PARAMETER_INVALID``, ``SCHEMA_MISMATCH``, ``TRANSFORM_FAILED``,
            ``RESULT_EMPTY``; nothing is left in the folder then. What the function raises comes through.
        """
        target = Target(contract, load_id, folder, self.target_file_size)
        return run_function(
            function, sources, target, self.limits, arguments=context_kwargs or {}, allow_empty=allow_empty
        )

    def read_files(
        self,
        files: Sequence[LocalFile],
        contract: Contract,
        *,
        source_format: str | None = None,
        options: Mapping[str, Any] | None = None,
        load_id: str,
        folder: Path,
        quarantine_folder: Path,
    ) -> ReadResult:
        """Read files into a typed table as Parquet; rows that do not parse are set aside.

        CSV, TSV, JSON, NDJSON (each also as gz, bz2, zst, zip), Parquet and Excel. A value parses when
        it is exactly one of its column's type: 3.7 is no integer, 1.239 no decimal(10, 2).

        :param files: the files, all with the contract's columns.
        :param source_format: csv, tsv, json, ndjson, parquet, excel; None: by the files' names.
        :param options: see :class:`~airflow_gov.transform.files.options.ReadOptions`.
        :param load_id: goes into the column ``_load_id``.
        :param folder: an empty folder for the typed rows.
        :param quarantine_folder: another one for the rows set aside, ``QUARANTINE_COLUMNS``.
        :raises GovernanceError: ``SOURCE_MISSING``, ``SOURCE_EMPTY``, ``SOURCE_MALFORMED``,
            ``SCHEMA_MISMATCH``, ``FORMAT_UNSUPPORTED``, ``PARAMETER_INVALID``; nothing is left in the
            folders then.
        """
        return read_files(
            files,
            Target(contract, load_id, folder, self.target_file_size),
            self.limits,
            source_format=source_format,
            options=options or {},
            quarantine_folder=quarantine_folder,
        )

    def split(
        self,
        source: SourceTable,
        source_contract: Contract,
        sensitive_contract: Contract,
        target_contract: Contract,
        *,
        key: bytes,
        load_id: str,
        sensitive_folder: Path,
        target_folder: Path,
    ) -> tuple[Written, Written]:
        """Split restricted columns off a table, with keyed tokens that join both sides again.

        A column ``<name>_token`` of a side's contract carries HMAC-SHA256 (RFC 2104) of the UTF-8 text of
        the source's column ``<name>`` as 64 hexadecimal characters; NULL stays NULL. All other columns
        are the source's columns of that name.

        :param source: what is split.
        :param source_contract: its classifications decide what is restricted, its primary key what joins.
        :param sensitive_contract: the sensitive side; has every restricted column.
        :param target_contract: the other side; has no restricted column.
        :param key: the HMAC key; it appears in no SQL text, error or log.
        :param load_id: goes into both sides' column ``_load_id``.
        :param sensitive_folder: an empty folder.
        :param target_folder: another one.
        :returns: what was written: the sensitive side, the other side.
        :raises GovernanceError: ``CONTRACT_INVALID`` for contracts that would let a restricted column
            out, lose one, or leave the sides without a common key; nothing is left in the folders then.
        """
        sensitive = Target(sensitive_contract, load_id, sensitive_folder, self.target_file_size)
        target = Target(target_contract, load_id, target_folder, self.target_file_size)
        return split_table(source, source_contract, sensitive, target, key=key, limits=self.limits)

    @contextmanager
    def query_tables(self, tables: Mapping[str, SourceTable]) -> Iterator[QuerySession]:
        """A session for our own queries, e.g. checks, in which each table has the name it is given."""
        with open_session(self.limits) as connection:
            add_named_tables(connection, tables)
            yield QuerySession(connection, self.target_file_size)

    @contextmanager
    def query_datasets(self, tables: Mapping[DatasetName, SourceTable]) -> Iterator[FencedSession]:
        """A fenced session for users' SELECTs, in which each table has its dataset's name."""
        with open_session(self.limits) as connection:
            add_tables(connection, tables.values())
            fence(connection, reads=tables.values())
            yield FencedSession(connection, list(tables))

    def refuse_sql(
        self, sql: str, schemas: Mapping[DatasetName, Schema | None], *, one_value: bool = True
    ) -> None:
        """Refuse a rule's SELECT that cannot be run; see ``airflow_gov.transform.asking.refuse_query``."""
        refuse_query(sql, schemas, one_value=one_value)
