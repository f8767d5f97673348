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
    is_made_of,
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
    sources = _sources(located)
    proposal = Proposal(
        dataset=dataset,
        loads=_staged(table, [(each, note) for each, note in sources if each.branch is not None]),
        properties={**joined_properties([each.snapshot for each in located]), **properties},
        superseded=lambda current: _superseded(current, waiting, {note.id for _, note in sources}),
        settled=tuple(_passed_on(each, note) for each, note in sources if each.branch is None),
        taken_from=tuple(Branch(each.branch, each.snapshot) for each in waiting if each.branch is not None),
        schema_id=located[-1].snapshot.schema_id,
        check=lambda current: _check_fresh(current, waiting),
    )
    merged = writer.propose(proposal, table)
    reads = [each.counts.read for each in candidates if each.counts.read is not None]
    return replace(merged, counts=replace(merged.counts, read=sum(reads) if reads else None))


def _superseded(table: Table, waiting: Sequence[_Located], load_ids: set[str]) -> list[Branch]:
    """The branches the loads were taken from, and older ones that were left of the same loads.

    One that carries another load as well stays until that one is proposed elsewhere, too. Those the
    loads were taken from must be where they were: the files of one that was discarded are gone.
    """
    there = {each.name: each for each in candidate_branches(table.metadata)}
    for located in waiting:
        branch = there.get(located.branch or "")
        if branch is None or branch.head.snapshot_id != located.snapshot.snapshot_id:
            raise BranchMovedError(located.branch)
    taken = {each.snapshot.snapshot_id for each in waiting}
    oldest = min(each.snapshot.sequence_number or 0 for each in waiting)
    return [
        branch
        for branch in there.values()
        if (branch.head.snapshot_id in taken or (branch.head.sequence_number or 0) < oldest)
        and branch.load_ids
        and (branch.load_ids <= load_ids or branch.load_ids <= load_ids | _passed_from(table, branch))
    ]


def _passed_from(table: Table, branch: Branch) -> set[str]:
    """Loads of a candidate that another snapshot, made of it, carries by now."""
    return {
        note.id
        for snapshot in table.metadata.snapshots
        for note in notes_of(snapshot)
        if branch.head.snapshot_id in note.made_of
    }


def _one_dataset(candidates: Sequence[Candidate]) -> DatasetName:
    datasets = {candidate.dataset for candidate in candidates}
    if len(datasets) != 1:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"Candidates are merged within one dataset, not {', '.join(map(str, datasets)) or 'none'}.",
        )
    return datasets.pop()


def _locate(table: Table, candidate: Candidate) -> _Located:
    """Find a candidate by its snapshot, else what was made of it: who rebased it died before it told."""
    metadata = table.metadata
    branches = list(candidate_branches(metadata))
    for branch in branches:
        if branch.head.snapshot_id == candidate.snapshot_id:
            return _Located(candidate, branch.head, branch.name)
    published = _published_since(table, candidate)
    if published is not None:
        return _Located(candidate, published, None)
    rebased = [each for each in branches if is_made_of(each.head, candidate)]
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
        if is_made_of(snapshot, candidate):
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


def _sources(located: Sequence[_Located]) -> list[tuple[_Located, LoadNote]]:
    """Each load with the one snapshot it is taken from.

    That is where its own candidate is. Another snapshot may hold rows of the load, too: a merged one that
    stays for its other loads holds those of the try before.
    """
    home: dict[str, _Located] = {}
    for each in sorted(located, key=lambda each: each.snapshot.sequence_number or 0):
        home.update(dict.fromkeys(each.candidate.load_ids, each))
    return [(each, note) for each in located for note in notes_of(each.snapshot) if home.get(note.id) is each]


def _staged(table: Table, sources: Sequence[tuple[_Located, LoadNote]]) -> tuple[StagedLoad, ...]:
    """The loads' own files: of the files a candidate added, others hold what is left of rewritten ones."""
    facts = FileFacts(table.schema())
    files: dict[tuple[int, str | None], list[DataFile]] = {}
    for snapshot in {each.snapshot.snapshot_id: each.snapshot for each, _ in sources}.values():
        for file in added_files(table, snapshot):
            files.setdefault((snapshot.snapshot_id, facts.load_of(file)), []).append(file)
    staged = []
    for located, note in sources:
        own = files.get((located.snapshot.snapshot_id, note.id), [])
        passed = _passed_on(located, note)
        staged.append(StagedLoad(note.id, note.mode, tuple(own), note.keys, passed.made_of))
    return tuple(staged)


def _passed_on(located: _Located, note: LoadNote) -> LoadNote:
    return replace(note, made_of=(*note.made_of, located.snapshot.snapshot_id))


def _check_fresh(table: Table, waiting: Sequence[_Located]) -> None:
    """Refuse what would lose another writer's rows when it is applied again."""
    head = main_head(table.metadata)
    for located in waiting:
        base = located.snapshot.parent_snapshot_id or located.candidate.base_snapshot_id
        if head is None or base == head or only_maintained(table.metadata, base, head):
            continue
        own = located.candidate.load_ids
        modes = {note.mode for note in notes_of(located.snapshot) if note.id in own}
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
