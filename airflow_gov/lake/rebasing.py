"""Candidates put onto a main that moved, several of one dataset into one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.lake.branches import Branch, candidate_branches
from airflow_gov.lake.candidates import BranchMovedError, CandidateWriter, Proposal
from airflow_gov.lake.changes import StagedLoad
from airflow_gov.lake.files import FileFacts, added_files, ancestry, file_ref, live_files
from airflow_gov.lake.summaries import (
    LoadNote,
    carries,
    joined_properties,
    main_head,
    notes_of,
    only_maintained,
)
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.loads import Candidate, WriteMode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class _Located:
    """Where a candidate is now.

    :param candidate: as the caller knows it.
    :param snapshot: the snapshot that carries its loads; another gate may have rebased it.
    :param branch: its branch, or None when it is published.
    """

    candidate: Candidate
    snapshot: Snapshot
    branch: str | None


def rebase(
    catalog: LakeCatalog,
    writer: CandidateWriter,
    candidates: Sequence[Candidate],
    properties: Mapping[str, str],
) -> Candidate:
    """Make candidates one candidate on today's main; see :meth:`airflow_gov.lake.Lake.rebase`."""
    dataset = _one_dataset(candidates)
    while True:
        try:
            return _rebase(catalog, writer, dataset, candidates, properties)
        except BranchMovedError:
            continue  # a retry of the load or another gate was faster: where are the candidates now?


def _rebase(
    catalog: LakeCatalog,
    writer: CandidateWriter,
    dataset: DatasetName,
    candidates: Sequence[Candidate],
    properties: Mapping[str, str],
) -> Candidate:
    table = catalog.load(dataset)
    located = [_locate(table, candidate) for candidate in candidates]
    ready = _ready(table, located)
    if ready is not None:
        return ready
    waiting = [each for each in located if each.branch is not None]
    notes = _notes(located, candidates)
    published = {note.id for each in located if each.branch is None for note in notes_of(each.snapshot)}
    proposal = Proposal(
        dataset=dataset,
        loads=_staged(table, waiting, [note for note in notes if note.id not in published]),
        properties={**joined_properties([each.snapshot for each in located]), **properties},
        superseded=lambda current: _superseded(current, waiting, {note.id for note in notes}),
        settled=tuple(note for note in notes if note.id in published),
        check=lambda current: _check_fresh(current, waiting),
    )
    merged = writer.propose(proposal, table)
    reads = [each.counts.read for each in candidates if each.counts.read is not None]
    return replace(merged, counts=replace(merged.counts, read=sum(reads) if reads else None))


def _superseded(table: Table, waiting: Sequence[_Located], load_ids: set[str]) -> list[Branch]:
    """The branches the loads were taken from, but for one that carries other loads as well.

    They must be where they were: the files of one that was discarded are gone.
    """
    there = {each.name: each for each in candidate_branches(table.metadata)}
    found = {}
    for located in waiting:
        branch = there.get(located.branch or "")
        if branch is None or branch.head.snapshot_id != located.snapshot.snapshot_id:
            raise BranchMovedError(located.branch)
        if branch.load_ids <= load_ids:
            found[branch.name] = branch
    return list(found.values())


def _one_dataset(candidates: Sequence[Candidate]) -> DatasetName:
    datasets = {candidate.dataset for candidate in candidates}
    if len(datasets) != 1:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"Candidates are merged within one dataset, not {', '.join(map(str, datasets)) or 'none'}.",
        )
    return datasets.pop()


def _locate(table: Table, candidate: Candidate) -> _Located:
    """Find a candidate by its snapshot, else by its loads: who rebased it died before it told.

    Publications are looked for after the candidate's base only; before it the same load may have been
    published by an earlier run.
    """
    metadata = table.metadata
    branches = list(candidate_branches(metadata))
    for branch in branches:
        if branch.head.snapshot_id == candidate.snapshot_id:
            return _Located(candidate, branch.head, branch.name)
    published = _published_since(table, candidate)
    if published is not None:
        return _Located(candidate, published, None)
    rebased = [each for each in branches if carries(each.head, candidate.load_ids)]
    if rebased:
        newest = max(rebased, key=lambda each: each.head.sequence_number or 0)
        return _Located(candidate, newest.head, newest.name)
    raise CandidateStaleError(
        Reason.CANDIDATE_STALE,
        f"{candidate.dataset}: the candidate of load {', '.join(candidate.load_ids)} is gone: a later try "
        f"or maintenance discarded it. Run the task that writes it again.",
        dataset=str(candidate.dataset),
        snapshot=candidate.snapshot_id,
    )


def _published_since(table: Table, candidate: Candidate) -> Snapshot | None:
    head = main_head(table.metadata)
    found: Snapshot | None = None
    for snapshot in ancestry(table.metadata, head) if head is not None else ():
        if snapshot.snapshot_id == candidate.base_snapshot_id:
            return found
        if snapshot.snapshot_id == candidate.snapshot_id or carries(snapshot, candidate.load_ids):
            found = found or snapshot
    return found if found is not None and found.snapshot_id == candidate.snapshot_id else None


def _ready(table: Table, located: Sequence[_Located]) -> Candidate | None:
    """The one candidate that needs nothing done: it carries exactly these loads and main is its base, or
    all of them are published.
    """
    wanted = [load_id for each in located for load_id in each.candidate.load_ids]
    newest = max((each for each in located), key=lambda each: each.snapshot.sequence_number or 0)
    if all(each.branch is None for each in located):
        return _known(table, newest, tuple(wanted))
    if len({each.branch for each in located}) > 1 or not newest.branch:
        return None
    same_loads = {note.id for note in notes_of(newest.snapshot)} == set(wanted)
    if not same_loads or newest.snapshot.parent_snapshot_id != main_head(table.metadata):
        return None
    return _known(table, newest, tuple(wanted))


def _known(table: Table, located: _Located, load_ids: tuple[str, ...]) -> Candidate:
    candidate, snapshot = located.candidate, located.snapshot
    return replace(
        candidate,
        load_ids=tuple(dict.fromkeys(load_ids)),
        branch=located.branch or candidate.branch,
        snapshot_id=snapshot.snapshot_id,
        base_snapshot_id=snapshot.parent_snapshot_id or candidate.base_snapshot_id,
        files=tuple(file_ref(file) for file in added_files(table, snapshot)),
    )


def _notes(located: Sequence[_Located], candidates: Sequence[Candidate]) -> list[LoadNote]:
    wanted = {load_id for candidate in candidates for load_id in candidate.load_ids}
    notes = {note.id: note for each in located for note in notes_of(each.snapshot) if note.id in wanted}
    return list(notes.values())


def _staged(table: Table, located: Sequence[_Located], notes: Sequence[LoadNote]) -> tuple[StagedLoad, ...]:
    """The loads' own files: of the files a candidate added, others hold what is left of rewritten ones."""
    facts = FileFacts(table.schema())
    files: dict[str, list[DataFile]] = {note.id: [] for note in notes}
    for snapshot in {each.snapshot.snapshot_id: each.snapshot for each in located}.values():
        for file in added_files(table, snapshot):
            load_id = facts.load_of(file)
            if load_id in files:
                files[load_id].append(file)
    return tuple(StagedLoad(note.id, note.mode, tuple(files[note.id]), note.keys) for note in notes)


def _check_fresh(table: Table, waiting: Sequence[_Located]) -> None:
    """Refuse what would lose another writer's rows when it is applied again."""
    head = main_head(table.metadata)
    for located in waiting:
        base = located.snapshot.parent_snapshot_id or located.candidate.base_snapshot_id
        if head is None or base == head or only_maintained(table.metadata, base, head):
            continue
        modes = {note.mode for note in notes_of(located.snapshot)}
        if WriteMode.OVERWRITE in modes:
            raise _stale(located.candidate, "it overwrites everything, and others published in the meantime")
        if WriteMode.OVERWRITE_PARTITION in modes and _touched(table, located.snapshot, base, head):
            raise _stale(located.candidate, "others changed partitions that it overwrites in the meantime")


def _touched(table: Table, snapshot: Snapshot, base: int, head: int) -> bool:
    """Whether a partition the candidate overwrites changed between two snapshots, or may have."""
    before, after = table.snapshot_by_id(base), table.snapshot_by_id(head)
    if before is None or after is None:
        return True
    own = {repr(file.partition) for file in added_files(table, snapshot)}
    old = {task.file.file_path: repr(task.file.partition) for task in live_files(table, before)}
    new = {task.file.file_path: repr(task.file.partition) for task in live_files(table, after)}
    changed = {(old.get(path) or new.get(path)) for path in old.keys() ^ new.keys()}
    return bool(own & changed)


def _stale(candidate: Candidate, why: str) -> CandidateStaleError:
    return CandidateStaleError(
        Reason.CANDIDATE_STALE,
        f"{candidate.dataset}: the candidate of load {', '.join(candidate.load_ids)} is stale: {why}. "
        f"Run the task that writes it again.",
        dataset=str(candidate.dataset),
        load_ids=list(candidate.load_ids),
        snapshot=candidate.snapshot_id,
    )
