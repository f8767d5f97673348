"""Candidate branches: found, made fresh, and removed with everything only they point to."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.table.refs import SnapshotRefType

from airflow_gov.lake.commits import assert_ref, remove_ref, remove_snapshots
from airflow_gov.lake.files import added_files, ancestry, own_metadata, paths_in, reached_from
from airflow_gov.lake.storage import delete_files
from airflow_gov.lake.summaries import CANDIDATE_PREFIX, notes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot
    from pyiceberg.table.update import TableRequirement, TableUpdate

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Branch:
    """A candidate branch.

    :param name: the branch.
    :param head: the candidate snapshot it is at.
    """

    name: str
    head: Snapshot

    @property
    def load_ids(self) -> frozenset[str]:
        """The loads it carries."""
        return frozenset(note.id for note in notes_of(self.head))


def candidate_branches(metadata: TableMetadata) -> Iterator[Branch]:
    """Every candidate branch of a table."""
    by_id = {snapshot.snapshot_id: snapshot for snapshot in metadata.snapshots}
    for name, ref in metadata.refs.items():
        if name.startswith(CANDIDATE_PREFIX) and ref.snapshot_ref_type == SnapshotRefType.BRANCH:
            yield Branch(name, by_id[ref.snapshot_id])


def carried_only(metadata: TableMetadata, load_ids: Collection[str]) -> list[Branch]:
    """Candidate branches that carry these loads or some of them, and no other."""
    wanted = frozenset(load_ids)
    return [each for each in candidate_branches(metadata) if each.load_ids and each.load_ids <= wanted]


def fresh_name(metadata: TableMetadata, load_id: str) -> str:
    """A name no branch has; resetting a branch that is there loses what other writers did with it."""
    name = f"{CANDIDATE_PREFIX}{load_id}"
    return name if name not in metadata.refs else f"{name}-{uuid.uuid4().hex[:6]}"


@dataclass(frozen=True, slots=True)
class Removal:
    """Branches to remove in a commit, and the snapshots that nothing else reaches."""

    branches: tuple[Branch, ...]
    snapshots: tuple[Snapshot, ...]

    @property
    def asserts(self) -> list[TableRequirement]:
        """The branches must still be where they were."""
        return [assert_ref(each.name, each.head.snapshot_id) for each in self.branches]

    @property
    def updates(self) -> list[TableUpdate]:
        """What removes them."""
        updates: list[TableUpdate] = [remove_ref(each.name) for each in self.branches]
        if self.snapshots:
            updates.append(remove_snapshots(each.snapshot_id for each in self.snapshots))
        return updates

    def delete_files(self, table: Table, keep: Iterable[str] = ()) -> None:
        """Delete what only the removed snapshots pointed to, after the commit.

        :param table: the table after the commit.
        :param keep: data files that are known to live on in another snapshot.
        """
        kept = set(keep)
        for snapshot in self.snapshots:
            try:
                data = {file.file_path for file in added_files(table, snapshot)} - kept
                if data and _was_merged(snapshot):
                    data -= paths_in(table, _later(table.metadata, snapshot))
                gone = [*data, *own_metadata(table, snapshot)]
            except OSError as error:
                log.warning("Files of snapshot %s are left to maintenance: %s", snapshot.snapshot_id, error)
                continue
            delete_files(table.io, gone)


def _was_merged(snapshot: Snapshot) -> bool:
    """Whether files of the snapshot may be in another that was made of it, or of what it was made of."""
    notes = notes_of(snapshot)
    return len(notes) > 1 or any(note.made_of for note in notes)


def _later(metadata: TableMetadata, snapshot: Snapshot) -> list[Snapshot]:
    return [
        each for each in metadata.snapshots if (each.sequence_number or 0) > (snapshot.sequence_number or 0)
    ]


def plan_removal(metadata: TableMetadata, branches: Sequence[Branch]) -> Removal:
    """What removing these branches takes with it."""
    names = {branch.name for branch in branches}
    reached = reached_from(
        metadata, [ref.snapshot_id for name, ref in metadata.refs.items() if name not in names]
    )
    own = {
        snapshot.snapshot_id: snapshot
        for branch in branches
        for snapshot in ancestry(metadata, branch.head.snapshot_id)
        if snapshot.snapshot_id not in reached
    }
    return Removal(tuple(branches), tuple(own.values()))
