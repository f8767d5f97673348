"""One commit: changes staged with PyIceberg, asserted by us, sent once, retried by us.

PyIceberg's own retry is left out on purpose. It rebuilds snapshots but drops branch forks and
everything else that was staged; it keeps one requirement of each type, so that two asserted
references become one; and it does not retry a snapshot numbered before another branch's commit.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from pyiceberg.table import Table, Transaction
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Operation
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    AssertCurrentSchemaId,
    AssertRefSnapshotId,
    AssertTableUUID,
    RemoveSnapshotRefUpdate,
    RemoveSnapshotsUpdate,
    SetCurrentSchemaUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
)
from pyiceberg.table.update.snapshot import _FastAppendFiles, _OverwriteFiles

from airflow_gov.lake.errors import is_conflict
from airflow_gov.lake.storage import delete_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table.metadata import TableMetadata

T = TypeVar("T")

_FIRST_WAIT_SECONDS = 0.02
_LONGEST_WAIT_SECONDS = 2.0
#: How long a commit fights with other writers before it gives up.
DEADLINE_SECONDS = 180.0


class Draft(Transaction):
    """Changes of one table, staged with PyIceberg's producers and committed once by :meth:`send`."""

    def __init__(self, table: Table) -> None:
        super().__init__(table)
        self._staged: tuple[tuple[TableUpdate, ...], TableMetadata] = ((), table.metadata)

    @property
    def table_metadata(self) -> TableMetadata:
        """The table with the staged changes.

        PyIceberg makes a deep copy at every access, sixteen for one append: with 400 snapshots half
        a second. The staged updates only change by replacement, so one copy per change does.
        """
        if self._staged[0] is not self._updates:
            self._staged = (self._updates, super().table_metadata if self._updates else self._table.metadata)
        return self._staged[1]

    @property
    def staged(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self._updates)

    @property
    def schema_asserts(self) -> list[TableRequirement]:
        """What staged schema changes rely on; references are asserted by the caller."""
        return [each for each in self._requirements if not isinstance(each, AssertRefSnapshotId)]

    def use_schema(self, schema_id: int) -> None:
        """Stage another of the table's schemas as the current one, if it is not that already."""
        current = self._table.metadata.current_schema_id
        if schema_id != current:
            self._stage(
                (SetCurrentSchemaUpdate.model_validate({"schema-id": schema_id}),),
                (AssertCurrentSchemaId.model_validate({"current-schema-id": current}),),
            )

    def read_with(self, schema_id: int) -> None:
        """Let the snapshots that are staged be read with another schema than the table's current one."""
        self._updates = tuple(
            AddSnapshotUpdate(snapshot=each.snapshot.model_copy(update={"schema_id": schema_id}))
            if isinstance(each, AddSnapshotUpdate)
            else each
            for each in self._updates
        )

    def fork(self, branch: str, snapshot_id: int) -> None:
        """Stage a branch that starts at a snapshot; without it a branch starts from nothing."""
        self._stage((set_branch(branch, snapshot_id),))

    def addition(self, branch: str, properties: Mapping[str, str]) -> _FastAppendFiles:
        """A snapshot on a branch that adds files; it merges manifests when there are many."""
        return self.update_snapshot(snapshot_properties=dict(properties), branch=branch).merge_append()

    def replacement(self, branch: str, properties: Mapping[str, str]) -> _OverwriteFiles:
        """A snapshot on a branch that adds files and removes others."""
        return _Replacement(
            Operation.OVERWRITE, self, self._table.io, snapshot_properties=dict(properties), branch=branch
        )

    def send(self, asserts: Sequence[TableRequirement], more: Sequence[TableUpdate] = ()) -> Table:
        """Commit what was staged, once.

        :param asserts: what must still hold in the catalogue, beside the table being the same.
        :param more: updates that go with it.
        :returns: the table after the commit.
        """
        try:
            return commit(self._table, asserts, (*self._updates, *more))
        except Exception as error:
            if is_conflict(error):  # it did not land, so nothing points to the manifests written for it
                for producer in self._snapshot_producers:
                    producer._clean_all_uncommitted()
            raise


class _Replacement(_OverwriteFiles):
    """PyIceberg's overwrite, which keeps manifests that only tell of removed files and reads them all
    at every further overwrite: a table overwritten 300 times would have 300 of them.
    """

    def _existing_manifests(self) -> list[ManifestFile]:
        return [
            each
            for each in super()._existing_manifests()
            if each.has_added_files() or each.has_existing_files()
        ]


def commit(table: Table, asserts: Sequence[TableRequirement], updates: Sequence[TableUpdate]) -> Table:
    """Commit updates under asserts in one call to the catalogue.

    :raises Exception: what the catalogue raises; :func:`~airflow_gov.lake.errors.is_conflict` tells
        whether it is worth another try.
    """
    same_table = AssertTableUUID(uuid=table.metadata.table_uuid)
    response = table.catalog.commit_table(table, (same_table, *asserts), tuple(updates))
    _forget_metadata(table, response.metadata)
    return Table(
        table.name(), response.metadata, response.metadata_location, table.io, table.catalog, table.config
    )


def _forget_metadata(before: Table, after: TableMetadata) -> None:
    """Delete metadata files that dropped out of the log, as ``delete-after-commit`` asks for."""
    if before.properties.get("write.metadata.delete-after-commit.enabled") != "true":
        return
    kept = {entry.metadata_file for entry in after.metadata_log}
    gone = [entry.metadata_file for entry in before.metadata.metadata_log if entry.metadata_file not in kept]
    if gone:
        delete_files(before.io, gone)


def retrying(attempt: Callable[[], T], *, deadline: float = DEADLINE_SECONDS) -> T:
    """Try until a commit does not conflict any more; the wait doubles and is random.

    :param attempt: loads the table anew and commits.
    :param deadline: seconds after which the last conflict is raised.
    """
    until = time.monotonic() + deadline
    longest = _FIRST_WAIT_SECONDS
    while True:
        try:
            return attempt()
        except Exception as error:
            if not is_conflict(error) or time.monotonic() > until:
                raise
        time.sleep(random.uniform(0, longest))  # noqa: S311 - spreads writers, keeps no secret
        longest = min(longest * 2, _LONGEST_WAIT_SECONDS)


def assert_ref(name: str, snapshot_id: int | None) -> AssertRefSnapshotId:
    """The branch or tag must be at this snapshot; None: it must not exist."""
    return AssertRefSnapshotId.model_validate({"ref": name, "snapshot-id": snapshot_id})


def set_branch(name: str, snapshot_id: int) -> SetSnapshotRefUpdate:
    """Set a branch."""
    return SetSnapshotRefUpdate.model_validate(
        {"ref-name": name, "type": SnapshotRefType.BRANCH, "snapshot-id": snapshot_id}
    )


def set_tag(name: str, snapshot_id: int) -> SetSnapshotRefUpdate:
    """Set a tag."""
    return SetSnapshotRefUpdate.model_validate(
        {"ref-name": name, "type": SnapshotRefType.TAG, "snapshot-id": snapshot_id}
    )


def remove_ref(name: str) -> RemoveSnapshotRefUpdate:
    """Remove a branch or tag."""
    return RemoveSnapshotRefUpdate.model_validate({"ref-name": name})


def remove_snapshots(snapshot_ids: Iterable[int]) -> RemoveSnapshotsUpdate:
    """Remove snapshots from the metadata; their files stay."""
    return RemoveSnapshotsUpdate.model_validate({"snapshot-ids": list(snapshot_ids)})
