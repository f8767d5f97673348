"""Rows taken out of data files, and small files joined, by DuckDB in bounded memory."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from airflow_gov.lake.files import LOADS_KEY, MOST_LOADS_TOLD
from airflow_gov.lake.storage import local_path
from airflow_gov.lake.types import from_iceberg, quoted, to_duckdb
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.write_threads import in_query_threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from duckdb import DuckDBPyConnection
    from pyiceberg.table import FileScanTask

    from airflow_gov.lake.scanning import Source


#: The column that tells which file a row is from.
FILE = "__airflow_gov_file"
_KEYS = "__airflow_gov_keys"


@dataclass(frozen=True, slots=True)
class Doomed:
    """Which rows go.

    :param load_id: those of this load, and
    :param keys: those whose values in the key columns are among the rows of this source.
    :param key_columns: the key columns.
    """

    load_id: str
    keys: Source | None = None
    key_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """How many rows of one file go.

    :param rows: all of them.
    :param matched: those whose key is among the new ones.
    """

    rows: int
    matched: int


@dataclass(frozen=True, slots=True)
class Rewriter:
    """Runs DuckDB over data files.

    :param memory_limit: as DuckDB writes it; beyond it DuckDB spills into the temp folder.
    :param threads: 0 for all.
    :param temp_folder: where it spills and writes; the system's by default.
    :param target_file_size: bytes of a written file.
    """

    memory_limit: str
    threads: int
    temp_folder: Path | None
    target_file_size: int

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A DuckDB session with a scratch folder, both gone afterwards."""
        import duckdb

        with tempfile.TemporaryDirectory(prefix="airflow-gov-rewrite-", dir=self.temp_folder) as folder:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": self.memory_limit,
                "temp_directory": f"{folder}/spill",
                "preserve_insertion_order": False,
                **in_query_threads(duckdb.__version__),
            }
            if self.threads:
                config["threads"] = self.threads
            try:
                with duckdb.connect(":memory:", config=config) as connection:
                    yield Session(connection, Path(folder), self.target_file_size)
            except duckdb.Error as error:
                raise GovernanceError(
                    Reason.TRANSFORM_FAILED,
                    f"Data files could not be rewritten ({type(error).__name__}). Give the lake more memory "
                    f"than {self.memory_limit}, or a temp folder with more room.",
                ) from error


class Session:
    """One open DuckDB; see :meth:`Rewriter.open`."""

    def __init__(self, connection: DuckDBPyConnection, folder: Path, target_file_size: int) -> None:
        self._connection = connection
        self._folder = folder
        self._target_file_size = target_file_size
        self._outputs = 0
        self._keys_ready: Doomed | None = None

    def hits(self, source: Source, doomed: Doomed) -> Mapping[str, Hits]:
        """Which files have rows that go, by :func:`path_of`; files without such rows are left out."""
        self.prepare_keys(doomed)
        with self.rows(source, (LOAD_ID_COLUMN, *doomed.key_columns), with_file=True) as rows:
            found = self._connection.execute(
                f"SELECT {FILE}, count(*), count(*) FILTER (matched) FROM ("  # noqa: S608 - names are quoted
                f"SELECT {FILE}, ({self.own(doomed)}) AS own, {self.matched(doomed)} AS matched "
                f"FROM {rows} r"
                f") WHERE own OR matched GROUP BY {FILE}"
            ).fetchall()
        return {path: Hits(rows, matched) for path, rows, matched in found}

    def without(self, source: Source, doomed: Doomed) -> list[Path]:
        """Write the rows of the files that stay."""
        self.prepare_keys(doomed)
        return self.write(source, f"WHERE NOT ({self.own(doomed)}) AND NOT {self.matched(doomed)}")

    def joined(self, source: Source) -> list[Path]:
        """Write all rows of the files, into fewer files; rows of a load stay together."""
        return self.write(source, f"ORDER BY r.{quoted(LOAD_ID_COLUMN)}")

    def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and give its rows."""
        return self._connection.execute(statement).fetchall()

    def own(self, doomed: Doomed) -> str:
        """SQL that tells whether a row ``r`` is of the load itself."""
        return f"r.{quoted(LOAD_ID_COLUMN)} IS NOT DISTINCT FROM '{doomed.load_id}'"

    def matched(self, doomed: Doomed) -> str:
        """SQL that tells whether a row ``r`` has one of the keys, once they are prepared."""
        if doomed.keys is None:
            return "false"
        same = " AND ".join(
            f"r.{quoted(key)} IS NOT DISTINCT FROM k.{quoted(key)}" for key in doomed.key_columns
        )
        return f"EXISTS (SELECT 1 FROM {_KEYS} k WHERE {same})"  # noqa: S608 - names are quoted

    def prepare_keys(self, doomed: Doomed) -> None:
        """Collect the keys, for :meth:`matched`."""
        if doomed.keys is None or self._keys_ready is doomed:
            return
        names = ", ".join(quoted(key) for key in doomed.key_columns)
        with self.rows(doomed.keys, doomed.key_columns) as rows:
            distinct = f"SELECT DISTINCT {names} FROM {rows}"  # noqa: S608 - names are quoted
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_KEYS} AS {distinct}")
        self._keys_ready = doomed

    def write(self, source: Source, tail: str) -> list[Path]:
        """Write rows ``r`` of the files that the tail of a SELECT chooses.

        :returns: the files; one without rows where there are none.
        """
        columns = [column.name for column in source.schema.fields]
        self._outputs += 1
        folder = self._folder / f"out-{self._outputs}"
        told = self._loads_told(source)
        with self.rows(source, columns) as rows:
            names = ", ".join(f"r.{quoted(name)}" for name in columns)
            self._connection.execute(
                f"COPY (SELECT {names} FROM {rows} r {tail}) TO '{_text(str(folder))}' "  # noqa: S608
                f"(FORMAT parquet, COMPRESSION zstd, FILE_SIZE_BYTES {self._target_file_size}{told})"
            )
        return sorted(folder.rglob("*.parquet"))

    def _loads_told(self, source: Source) -> str:
        """The option that writes into a file's footer which loads its rows are from; empty for very many.

        Statistics only tell the least and the greatest, which proves little of hashes.
        """
        column = quoted(LOAD_ID_COLUMN)
        with self.rows(source, (LOAD_ID_COLUMN,)) as rows:
            found = self._connection.execute(
                f"SELECT DISTINCT {column} FROM {rows} WHERE {column} IS NOT NULL LIMIT {MOST_LOADS_TOLD + 1}"  # noqa: S608
            ).fetchall()
        if len(found) > MOST_LOADS_TOLD:
            return ""
        return f", KV_METADATA {{'{LOADS_KEY}': '{_text(','.join(sorted(load for (load,) in found)))}'}}"

    @contextmanager
    def rows(self, source: Source, columns: Sequence[str], *, with_file: bool = False) -> Iterator[str]:
        """SQL for the rows of a source, in the types of its schema.

        Local files DuckDB reads itself. Others come as a stream of Arrow batches.
        """
        paths = source.local_paths
        if not source.tasks:
            yield f"({_typed(source, columns, with_file)})"
            return
        if paths is not None:
            yield f"({_typed(source, columns, with_file)} UNION ALL BY NAME {_parquet(paths, with_file)})"
            return
        name = f"__airflow_gov_stream_{self._outputs}_{id(source)}"
        self._connection.register(name, _stream(source, columns, with_file))
        try:
            yield f"({_typed(source, columns, with_file)} UNION ALL BY NAME SELECT * FROM {name})"  # noqa: S608
        finally:
            self._connection.unregister(name)


def _typed(source: Source, columns: Sequence[str], with_file: bool) -> str:
    """No rows, but every column in its type: what older files lack becomes null, narrower types widen."""
    fields = {field.name: field for field in source.schema.fields}
    parts = []
    for column in columns:
        kind = from_iceberg(fields[column].field_type)
        if kind is None:
            raise GovernanceError(
                Reason.FORMAT_UNSUPPORTED,
                f"{'.'.join(source.table.name())}: the column {column} is {fields[column].field_type}, "
                f"which cannot be rewritten here.",
            )
        parts.append(f"NULL::{to_duckdb(kind)} AS {quoted(column)}")
    if with_file:
        parts.append(f"NULL::VARCHAR AS {FILE}")
    return f"SELECT {', '.join(parts)} WHERE false"


def _parquet(paths: Sequence[str], with_file: bool) -> str:
    listed = ", ".join(f"'{_text(path)}'" for path in paths)
    with_name = f", filename = '{FILE}'" if with_file else ""
    return (
        f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false{with_name})"  # noqa: S608
    )


def _stream(source: Source, columns: Sequence[str], with_file: bool) -> pa.RecordBatchReader:
    schema = pa.schema([source.arrow_schema.field(column) for column in columns])
    if with_file:
        schema = schema.append(pa.field(FILE, pa.string()))

    def batches() -> Iterator[pa.RecordBatch]:
        for task in source.tasks:
            for batch in source.batches_of(task, columns):
                arrays = batch.columns
                if with_file:
                    arrays = [*arrays, pa.repeat(pa.scalar(path_of(task)), batch.num_rows)]
                yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def path_of(task: FileScanTask) -> str:
    """What :meth:`Session.hits` calls a file: its local path, or its location elsewhere."""
    location: str = task.file.file_path
    return str(local_path(location) or location)


def group_by_partition(
    tasks: Sequence[FileScanTask], loads: Sequence[str | None]
) -> list[list[FileScanTask]]:
    """Files that may be written into one: of one partition and, where files are of one load, one load."""
    groups: dict[tuple[str, str | None], list[FileScanTask]] = {}
    for task, load in zip(tasks, loads, strict=True):
        groups.setdefault((repr(task.file.partition), load), []).append(task)
    return list(groups.values())


def _text(value: str) -> str:
    return value.replace("'", "''")
