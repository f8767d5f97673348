"""Reading a snapshot: which files, and streams of rows that are right under schema evolution."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyiceberg.expressions import AlwaysTrue, BooleanExpression, EqualTo
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow

from airflow_gov.lake.files import FileFacts, file_ref, holding_load, live_files
from airflow_gov.lake.storage import local_path, resolve
from airflow_gov.lake.types import type_text
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pyiceberg.schema import Schema
    from pyiceberg.table import FileScanTask, Table
    from pyiceberg.table.snapshots import Snapshot

    from airflow_gov.model.loads import FileRef
    from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True)
class Scan:
    """The rows of one snapshot, or of one load in it, planned and not yet read.

    :param dataset: whose rows.
    :param snapshot_id: the snapshot.
    :param load_id: only this load's rows, or None for all.
    :param schema: name and type (as contracts write it) of the snapshot's columns, in order.
    :param files: the data files.
    :param rows: how many rows.
    :param local_paths: where an engine may read the files itself, every row of them and nothing
        else: they are local, and columns go by their names. None: read through Arrow instead.
    :param uniform: whether every file has every column in its present type; otherwise an engine
        that reads ``local_paths`` must add missing columns as nulls and widen types.
    """

    dataset: DatasetName
    snapshot_id: int
    load_id: str | None
    schema: tuple[tuple[str, str], ...]
    files: tuple[FileRef, ...]
    rows: int
    local_paths: list[str] | None
    uniform: bool
    _source: Source = field(repr=False, compare=False)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns as Arrow reads them."""
        return self._source.arrow_schema

    def to_reader(self) -> pa.RecordBatchReader:
        """The rows as a stream; one file at a time is open, and never a whole table in memory."""
        return self._source.reader()

    def to_dataset(self) -> ds.Dataset:
        """The rows as an Arrow dataset: an engine pushes down which columns and rows it needs, and may
        read it more than once.

        Where another writer put delete files on the table or renamed a column, the rows are in memory.
        """
        return self._source.dataset()


@dataclass(frozen=True)
class Source:
    """Data files of a table, and how to read them.

    :param table: the table.
    :param schema: the columns to read.
    :param tasks: the files, with their delete files.
    :param load_id: read only this load's rows.
    """

    table: Table
    schema: Schema
    tasks: tuple[FileScanTask, ...]
    load_id: str | None = None

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns as Arrow reads them."""
        return schema_to_pyarrow(self.schema, include_field_ids=False)

    @property
    def plain(self) -> bool:
        """Whether the Parquet files can be read as they are: no delete files, columns by name."""
        return not any(task.delete_files for task in self.tasks) and _names_are_stable(self.table)

    @property
    def uniform(self) -> bool:
        """Whether the table's columns never changed."""
        return len(self.table.metadata.schemas) == 1

    @property
    def mixed(self) -> bool:
        """Whether rows of other loads than the one asked for may be in the files."""
        facts = FileFacts(self.table.schema())
        return self.load_id is not None and any(
            facts.load_of(task.file) != self.load_id for task in self.tasks
        )

    @property
    def local_paths(self) -> list[str] | None:
        """Paths an engine may read by itself, if it may."""
        paths = [local_path(task.file.file_path) for task in self.tasks]
        if self.mixed or not self.plain:
            return None
        return [str(path) for path in paths if path] if all(paths) else None

    def dataset(self) -> ds.Dataset:
        """The rows as an Arrow dataset; in memory where the files cannot be read as they are."""
        if not self.plain:
            return ds.dataset(self.reader().read_all())
        dataset = self._files_dataset(self.tasks)
        return dataset.filter(pc.field(LOAD_ID_COLUMN) == self.load_id) if self.mixed else dataset

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream."""
        return pa.RecordBatchReader.from_batches(self.arrow_schema, self._batches())

    def batches_of(
        self, task: FileScanTask, columns: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows of one of the files, of all loads."""
        if self.plain:
            scanner = self._files_dataset((task,)).scanner(columns=list(columns) if columns else None)
            return iter(scanner.to_batches())
        return self._through_pyiceberg(task, AlwaysTrue(), columns)

    def count(self) -> int:
        """How many rows; read only where statistics do not tell."""
        if self.mixed:
            return sum(batch.num_rows for batch in self._batches((LOAD_ID_COLUMN,)))
        known = sum(task.file.record_count for task in self.tasks if not task.delete_files)
        return known + sum(self.count_of(task) for task in self.tasks if task.delete_files)

    def count_of(self, task: FileScanTask) -> int:
        """How many rows one of the files has, of all loads."""
        if not task.delete_files:
            return task.file.record_count
        return sum(batch.num_rows for batch in self.batches_of(task, (LOAD_ID_COLUMN,)))

    def _batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        if self.plain:
            yield from self.dataset().scanner(columns=list(columns) if columns else None).to_batches()
            return
        row_filter = _of_load(self.load_id) if self.load_id else AlwaysTrue()
        for task in self.tasks:
            yield from self._through_pyiceberg(task, row_filter, columns)

    def _through_pyiceberg(
        self, task: FileScanTask, row_filter: BooleanExpression, columns: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        schema = self.schema.select(*columns) if columns else self.schema
        scan = ArrowScan(self.table.metadata, self.table.io, schema, row_filter)
        target = schema_to_pyarrow(schema, include_field_ids=False)
        for batch in scan.to_record_batches([task]):
            whole = batch.cast(target)
            yield whole.select(list(columns)) if columns else whole  # the schema kept its own order

    def _files_dataset(self, tasks: Sequence[FileScanTask]) -> ds.Dataset:
        if not tasks:
            return ds.dataset(self.arrow_schema.empty_table())
        located = [resolve(self.table.io, task.file.file_path) for task in tasks]
        return ds.FileSystemDataset.from_paths(
            [path for _, path in located],
            schema=self.arrow_schema,
            format=ds.ParquetFileFormat(),
            filesystem=located[0][0],
        )


def _of_load(load_id: str) -> BooleanExpression:
    return EqualTo(LOAD_ID_COLUMN, load_id)  # type: ignore[call-arg, arg-type] # its own __init__ takes them


def _names_are_stable(table: Table) -> bool:
    """Whether a column's name always meant the same column: no schema renamed one or reused a name."""
    name_of: dict[int, str] = {}
    id_of: dict[str, int] = {}
    for schema in table.metadata.schemas:
        for column in schema.fields:
            if name_of.setdefault(column.field_id, column.name) != column.name:
                return False
            if id_of.setdefault(column.name, column.field_id) != column.field_id:
                return False
    return True


def plan_scan(table: Table, dataset: DatasetName, snapshot_id: int, load_id: str | None) -> Scan:
    """Plan the reading of a snapshot.

    :param load_id: only this load's rows.
    :raises GovernanceError: ``VERSION_UNKNOWN`` when the table has no such snapshot.
    """
    snapshot = snapshot_of(table, dataset, snapshot_id)
    tasks = live_files(table, snapshot)
    if load_id is not None:
        tasks = holding_load(table, tasks, load_id)
    source = Source(table, _schema_of(table, snapshot), tuple(tasks), load_id)
    return _planned(source, dataset, snapshot_id)


def plan_difference(table: Table, dataset: DatasetName, before: int, after: int) -> tuple[Scan, Scan]:
    """Plan the reading of what lies in the files of only one of two snapshots, with the later one's columns.

    :raises GovernanceError: ``VERSION_UNKNOWN`` when the table has no such snapshot.
    """
    earlier, later = (snapshot_of(table, dataset, each) for each in (before, after))
    schema = _schema_of(table, later)
    files = [{_identity(task): task for task in live_files(table, each)} for each in (earlier, later)]
    gone, come = (
        Source(table, schema, tuple(task for key, task in own.items() if key not in other))
        for own, other in (files, reversed(files))
    )
    return _planned(gone, dataset, before), _planned(come, dataset, after)


def _schema_of(table: Table, snapshot: Snapshot) -> Schema:
    schema = table.metadata.schema_by_id(snapshot.schema_id) if snapshot.schema_id is not None else None
    return schema or table.schema()


def _identity(task: FileScanTask) -> tuple[str, frozenset[str]]:
    return task.file.file_path, frozenset(each.file_path for each in task.delete_files)


def _planned(source: Source, dataset: DatasetName, snapshot_id: int) -> Scan:
    return Scan(
        dataset=dataset,
        snapshot_id=snapshot_id,
        load_id=source.load_id,
        schema=tuple((column.name, type_text(column.field_type)) for column in source.schema.fields),
        files=tuple(file_ref(task.file) for task in source.tasks),
        rows=source.count(),
        local_paths=source.local_paths,
        uniform=source.uniform,
        _source=source,
    )


def snapshot_of(table: Table, dataset: DatasetName, snapshot_id: int) -> Snapshot:
    """A snapshot of a table.

    :raises GovernanceError: ``VERSION_UNKNOWN``.
    """
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} has no snapshot {snapshot_id}: maintenance or a later try of the load removed it.",
            dataset=str(dataset),
            snapshot=snapshot_id,
        )
    return snapshot
