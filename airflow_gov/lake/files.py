"""Data files of a snapshot and what their statistics tell about loads, partitions and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile, ManifestContent, ManifestEntryStatus, ManifestFile
from pyiceberg.table import FileScanTask, ManifestGroupPlanner, Table
from pyiceberg.types import NestedField, PrimitiveType
from pyiceberg.utils.concurrent import ExecutorFactory

from airflow_gov.lake.storage import as_uri, resolve
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import FileRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pyiceberg.io import FileIO
    from pyiceberg.schema import Schema
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot

Bounds = tuple[Any, Any]

#: In the footer of a file with rows of several loads: which, separated by commas.
LOADS_KEY = "airflow-gov.loads"
#: A file with more loads does not tell them (17 bytes each).
MOST_LOADS_TOLD = 20_000


def live_files(table: Table, snapshot: Snapshot) -> list[FileScanTask]:
    """The data files of a snapshot, each with the delete files that foreign writers put on it.

    :raises GovernanceError: ``FORMAT_UNSUPPORTED`` for equality deletes, which PyIceberg cannot read.
    """
    planner = ManifestGroupPlanner(table.metadata, table.io)
    try:
        return list(planner.plan_files(snapshot.manifests(table.io)))
    except ValueError as error:
        if "equality deletes" not in str(error):
            raise
        raise GovernanceError(
            Reason.FORMAT_UNSUPPORTED,
            f"{'.'.join(table.name())} has equality deletes from another writer, which cannot be read here: "
            f"rewrite its data files with the engine that wrote them.",
        ) from error


def added_files(table: Table, snapshot: Snapshot) -> list[DataFile]:
    """The data files that exactly this snapshot added."""
    manifests = [
        each for each in snapshot.manifests(table.io) if each.added_snapshot_id == snapshot.snapshot_id
    ]
    return [
        entry.data_file
        for entries in _entries(table.io, manifests)
        for entry in entries
        if entry.status == ManifestEntryStatus.ADDED and entry.snapshot_id == snapshot.snapshot_id
    ]


def own_metadata(table: Table, snapshot: Snapshot) -> list[str]:
    """The manifests and the manifest list that were written for exactly this snapshot."""
    manifests = snapshot.manifests(table.io)
    own = [each.manifest_path for each in manifests if each.added_snapshot_id == snapshot.snapshot_id]
    return [*own, snapshot.manifest_list]


def paths_in(table: Table, snapshots: Iterable[Snapshot]) -> set[str]:
    """The paths of all data files of snapshots; manifests that they share are read once."""
    manifests = {each.manifest_path: each for snapshot in snapshots for each in snapshot.manifests(table.io)}
    return {
        entry.data_file.file_path for entries in _entries(table.io, manifests.values()) for entry in entries
    }


def _entries(io: FileIO, manifests: Iterable[ManifestFile]) -> Iterator[list[Any]]:
    data = [each for each in manifests if each.content == ManifestContent.DATA]
    return ExecutorFactory.get_or_create().map(lambda each: each.fetch_manifest_entry(io), data)


def ancestry(metadata: TableMetadata, snapshot_id: int) -> Iterator[Snapshot]:
    """A snapshot and its ancestors, newest first, as far back as they are kept.

    PyIceberg's own walk searches the list of snapshots at every step: quadratic with hundreds of them.
    """
    by_id = {snapshot.snapshot_id: snapshot for snapshot in metadata.snapshots}
    step: int | None = snapshot_id
    while step is not None and (snapshot := by_id.get(step)) is not None:
        yield snapshot
        step = snapshot.parent_snapshot_id


def reached_from(metadata: TableMetadata, heads: Iterable[int]) -> set[int]:
    """The ids of these snapshots and of all their ancestors."""
    parents = {snapshot.snapshot_id: snapshot.parent_snapshot_id for snapshot in metadata.snapshots}
    reached: set[int] = set()
    for head in heads:
        step: int | None = head
        while step is not None and step in parents and step not in reached:
            reached.add(step)
            step = parents[step]
    return reached


def file_ref(file: DataFile) -> FileRef:
    """A data file as the model knows it."""
    return FileRef(as_uri(file.file_path), file.file_size_in_bytes, file.record_count)


def holding_load(table: Table, tasks: Sequence[FileScanTask], load_id: str) -> list[FileScanTask]:
    """The files that may hold rows of a load, by their statistics and by what mixed files tell."""
    facts = FileFacts(table.schema())

    def holds(task: FileScanTask) -> bool:
        if not facts.may_hold_load(task.file, load_id):
            return False
        return facts.load_of(task.file) is not None or _may_tell(table.io, task.file.file_path, load_id)

    answers = ExecutorFactory.get_or_create().map(holds, tasks)
    return [task for task, answer in zip(tasks, answers, strict=True) if answer]


def _may_tell(io: FileIO, path: str, load_id: str) -> bool:
    filesystem, inside = resolve(io, path)
    told = (pq.read_metadata(inside, filesystem=filesystem).metadata or {}).get(LOADS_KEY.encode())
    return told is None or load_id in told.decode().split(",")


class FileFacts:
    """What the statistics of a table's data files prove. What they do not prove, may be."""

    def __init__(self, schema: Schema) -> None:
        self._fields: Mapping[str, NestedField] = {field.name: field for field in schema.fields}

    def load_of(self, file: DataFile) -> str | None:
        """The load that every row of the file is from, or None when they may be of several."""
        field = self._fields.get(LOAD_ID_COLUMN)
        if field is None or (file.null_value_counts or {}).get(field.field_id) != 0:
            return None
        bounds = self.bounds(file, LOAD_ID_COLUMN)
        return bounds[0] if bounds is not None and bounds[0] == bounds[1] else None

    def may_hold_load(self, file: DataFile, load_id: str) -> bool:
        """Whether rows of that load may be in the file."""
        if LOAD_ID_COLUMN not in self._fields or self.all_null(file, LOAD_ID_COLUMN):
            return False
        bounds = self.bounds(file, LOAD_ID_COLUMN)
        return bounds is None or bounds[0] <= load_id <= bounds[1]

    def all_null(self, file: DataFile, column: str) -> bool:
        """Whether the column is null in every row of the file."""
        field = self._fields.get(column)
        return field is None or (file.null_value_counts or {}).get(field.field_id) == file.record_count

    def bounds(self, file: DataFile, column: str) -> Bounds | None:
        """Values between which the column's are (they may be cut short), or None when unknown."""
        field = self._fields.get(column)
        if field is None or not isinstance(field.field_type, PrimitiveType):
            return None
        lower = (file.lower_bounds or {}).get(field.field_id)
        upper = (file.upper_bounds or {}).get(field.field_id)
        if lower is None or upper is None:
            return None
        return from_bytes(field.field_type, lower), from_bytes(field.field_type, upper)

    def span(self, files: Sequence[DataFile], column: str) -> Bounds | None:
        """Values between which the column's are in all of the files, or None when unknown."""
        every = [self.bounds(file, column) for file in files]
        known = [bounds for bounds in every if bounds is not None]
        if not known or len(known) < len(every):
            return None
        return min(low for low, _ in known), max(high for _, high in known)

    def may_overlap(self, file: DataFile, spans: Mapping[str, Bounds | None]) -> bool:
        """Whether a row of the file may lie within all of the spans."""
        for column, span in spans.items():
            bounds = self.bounds(file, column)
            if span is None or bounds is None:
                continue
            if bounds[1] < span[0] or bounds[0] > span[1]:
                return False
        return True
