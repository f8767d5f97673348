"""What audits see of a table: how the catalogue lists it, and its metadata, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_gov.lake.files import file_ref, live_files
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from pyiceberg.table import Table

    from airflow_gov.lake.summaries import SnapshotFacts
    from airflow_gov.model.execution import ColumnInfo
    from airflow_gov.model.loads import FileRef
    from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class TableEntry:
    """A table as the catalogue lists it.

    :param identifier: its full name there.
    :param dataset: the dataset it is the table of; None: its name is none of a dataset.
    :param metadata_location: its metadata file, another one after every commit; None where the catalogue
        tells it only with the whole table.
    """

    identifier: tuple[str, ...]
    dataset: DatasetName | None
    metadata_location: str | None


@dataclass(frozen=True, slots=True)
class RefFacts:
    """A branch or a tag.

    :param name: its name.
    :param branch: whether it is a branch.
    :param snapshot_id: where it is.
    """

    name: str
    branch: bool
    snapshot_id: int


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table's metadata, read once.

    :param identifier: its full name in the catalogue.
    :param metadata_location: the file it was read from.
    :param table_uuid: the table's own id: another one when it was dropped and made anew.
    :param location: the folder of its files.
    :param head: the snapshot main is at.
    :param snapshots: every snapshot that is kept, oldest first.
    :param refs: branches and tags by name.
    :param columns: in order, with their types as contracts write them.
    :param partition_by: names of the columns or transforms it is partitioned by, in order.
    :param properties: the table's.
    :param main_log: where main was, and since when, oldest first.
    """

    identifier: tuple[str, ...]
    metadata_location: str
    table_uuid: str
    location: str
    head: int | None
    snapshots: tuple[SnapshotFacts, ...]
    refs: dict[str, RefFacts]
    columns: tuple[ColumnInfo, ...]
    partition_by: tuple[str, ...]
    properties: dict[str, str]
    main_log: tuple[tuple[int, datetime], ...]
    _table: Table = field(repr=False, compare=False)

    def snapshot(self, snapshot_id: int | None) -> SnapshotFacts | None:
        """One of the snapshots."""
        return next((each for each in self.snapshots if each.snapshot_id == snapshot_id), None)

    def files(self, snapshot_id: int | None = None) -> list[FileRef]:
        """The data files of a snapshot, by its manifests.

        :param snapshot_id: default: main's.
        :raises GovernanceError: ``VERSION_UNKNOWN`` when the snapshot is not kept.
        :raises OSError: a manifest is gone or unreadable.
        """
        wanted = self.head if snapshot_id is None else snapshot_id
        snapshot = self._table.metadata.snapshot_by_id(wanted) if wanted is not None else None
        if snapshot is None:
            if snapshot_id is None:
                return []
            raise GovernanceError(
                Reason.VERSION_UNKNOWN,
                f"{'.'.join(self.identifier)} has no snapshot {snapshot_id}.",
                snapshot_id=snapshot_id,
            )
        return [file_ref(task.file) for task in live_files(self._table, snapshot)]
