"""What our snapshots say about themselves in their summaries (``airflow-gov.*``), written and read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType

from airflow_gov.lake.files import ancestry
from airflow_gov.model.loads import WriteMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.snapshots import Snapshot

    from airflow_gov.model.loads import Candidate

PREFIX = "airflow-gov."
_LOADS = PREFIX + "loads"
_KIND = PREFIX + "kind"
EXECUTION = PREFIX + "execution-id"
MAINTENANCE = {_KIND: "maintenance"}
CANDIDATE_PREFIX = "candidate-"
_VERSION_PREFIX = "v"


@dataclass(frozen=True, slots=True)
class LoadNote:
    """What a snapshot says about a load it carries.

    :param id: the load.
    :param mode: how it was applied.
    :param keys: its key columns, for ``upsert``.
    :param made_of: the candidate snapshots its rows were in before, when gates rebased or merged it.
    """

    id: str
    mode: WriteMode
    keys: tuple[str, ...] = ()
    made_of: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """A snapshot as inspections show it.

    :param snapshot_id: the snapshot.
    :param parent_snapshot_id: what it was made from; None for the first, or when that one is gone.
    :param committed_at: when it was written (not when it was published).
    :param operation: Iceberg's word for what it did.
    :param tag: the newest version's tag on it, e.g. ``v3``, or None.
    :param load_ids: the loads it brought.
    :param rows: rows in it.
    :param size: bytes of its data files.
    :param files: number of its data files.
    :param maintenance: whether maintenance made it: same rows as its parent, other files.
    :param properties: its whole summary.
    :param made_of: the candidate snapshots with exactly these loads' rows that gates made it of.
    :param replaces_all: whether a load it brought replaced all rows there were before.
    """

    snapshot_id: int
    parent_snapshot_id: int | None
    committed_at: datetime
    operation: str
    tag: str | None
    load_ids: tuple[str, ...]
    rows: int
    size: int
    files: int
    maintenance: bool
    properties: Mapping[str, str]
    made_of: frozenset[int] = frozenset()
    replaces_all: bool = False


def properties_of(snapshot: Snapshot) -> dict[str, str]:
    """The summary of a snapshot, without the operation."""
    return dict(snapshot.summary.additional_properties) if snapshot.summary is not None else {}


def load_properties(notes: Iterable[LoadNote]) -> dict[str, str]:
    """The summary property that says which loads a snapshot carries."""
    return {_LOADS: json.dumps([asdict(note) for note in notes], separators=(",", ":"))}


def notes_of(snapshot: Snapshot) -> tuple[LoadNote, ...]:
    """The loads a snapshot carries; empty for one that is not ours."""
    text = properties_of(snapshot).get(_LOADS)
    if text is None:
        return ()
    return tuple(
        LoadNote(each["id"], WriteMode(each["mode"]), tuple(each["keys"]), tuple(each.get("made_of", ())))
        for each in json.loads(text)
    )


def carries(snapshot: Snapshot, load_ids: Iterable[str]) -> bool:
    """Whether a snapshot carries all of these loads."""
    return set(load_ids) <= {note.id for note in notes_of(snapshot)}


def is_made_of(snapshot: Snapshot, candidate: Candidate) -> bool:
    """Whether a snapshot is this candidate, or a gate made it of this candidate.

    That it carries the same loads proves nothing: it may be of another try of theirs.
    """
    if snapshot.snapshot_id == candidate.snapshot_id:
        return True
    origins = {note.id: note.made_of for note in notes_of(snapshot)}
    return all(candidate.snapshot_id in origins.get(load_id, ()) for load_id in candidate.load_ids)


def is_maintenance(snapshot: Snapshot) -> bool:
    """Whether maintenance made it: the same rows as its parent, in other files."""
    return properties_of(snapshot).get(_KIND) == MAINTENANCE[_KIND]


def joined_properties(snapshots: Sequence[Snapshot]) -> dict[str, str]:
    """Our properties of several candidates as those of one; differing values are joined by commas."""
    joined: dict[str, list[str]] = {}
    for snapshot in snapshots:
        for key, value in properties_of(snapshot).items():
            if key.startswith(PREFIX) and value not in joined.setdefault(key, []):
                joined[key].append(value)
    return {key: ",".join(values) for key, values in joined.items() if key not in (_LOADS, _KIND)}


def is_new_load(metadata: TableMetadata, base: int, load_id: str) -> bool:
    """Whether the base's whole history is known and ours, and this load is not in it.

    Then an append need not look into the table's manifests for rows to replace.
    """
    oldest: Snapshot | None = None
    for snapshot in ancestry(metadata, base):
        if oldest is not None and not (notes_of(oldest) or is_maintenance(oldest)):
            return False  # somebody else's snapshot, and not the first
        if carries(snapshot, (load_id,)):
            return False
        oldest = snapshot
    if oldest is None:
        return False
    return oldest.sequence_number == 1 and properties_of(oldest).get("total-records", "0") == "0"


def only_maintained(metadata: TableMetadata, base: int, head: int) -> bool:
    """Whether nothing but maintenance lies between two snapshots: the rows are the same."""
    for snapshot in ancestry(metadata, head):
        if snapshot.snapshot_id == base:
            return True
        if not is_maintenance(snapshot):
            return False
    return False


def main_head(metadata: TableMetadata) -> int | None:
    """The snapshot main is at."""
    ref = metadata.refs.get(MAIN_BRANCH)
    return ref.snapshot_id if ref is not None else None


def version_tags(metadata: TableMetadata) -> dict[int, tuple[str, int]]:
    """Version number to its tag and snapshot, in order of the numbers."""
    found = {
        int(name.removeprefix(_VERSION_PREFIX)): (name, ref.snapshot_id)
        for name, ref in metadata.refs.items()
        if ref.snapshot_ref_type == SnapshotRefType.TAG
        and name.startswith(_VERSION_PREFIX)
        and name.removeprefix(_VERSION_PREFIX).isdecimal()
    }
    return dict(sorted(found.items()))


def next_tag(metadata: TableMetadata) -> str:
    """The tag of the version that comes next, ``v<n>`` from 1."""
    return f"{_VERSION_PREFIX}{max(version_tags(metadata), default=0) + 1}"


def facts_of(metadata: TableMetadata, snapshot: Snapshot) -> SnapshotFacts:
    """A snapshot as inspections show it."""
    return _facts(snapshot, _newest_tags(metadata))


def all_facts(metadata: TableMetadata) -> list[SnapshotFacts]:
    """Every snapshot as inspections show it, oldest first."""
    tags = _newest_tags(metadata)
    return [_facts(snapshot, tags) for snapshot in metadata.snapshots]


def _newest_tags(metadata: TableMetadata) -> dict[int, str]:
    """Of each snapshot the tag of the newest version that has it."""
    return {snapshot_id: name for name, snapshot_id in version_tags(metadata).values()}


def _facts(snapshot: Snapshot, tags: Mapping[int, str]) -> SnapshotFacts:
    properties, notes = properties_of(snapshot), notes_of(snapshot)
    return SnapshotFacts(
        snapshot_id=snapshot.snapshot_id,
        parent_snapshot_id=snapshot.parent_snapshot_id,
        committed_at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, tz=UTC),
        operation=snapshot.summary.operation.value if snapshot.summary is not None else "",
        tag=tags.get(snapshot.snapshot_id),
        load_ids=tuple(note.id for note in notes),
        rows=int(properties.get("total-records", 0)),
        size=int(properties.get("total-files-size", 0)),
        files=int(properties.get("total-data-files", 0)),
        maintenance=is_maintenance(snapshot),
        properties=properties,
        made_of=_common([frozenset(note.made_of) for note in notes]),
        replaces_all=any(note.mode is WriteMode.OVERWRITE for note in notes) and not is_maintenance(snapshot),
    )


def _common(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    return frozenset.intersection(*sets) if sets else frozenset()
