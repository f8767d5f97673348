"""Candidates: written on a branch of their own, put onto a main that moved, thrown away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.lake.branches import Branch, carried_only, fresh_name, plan_removal
from airflow_gov.lake.changes import Change, StagedLoad
from airflow_gov.lake.commits import Draft, assert_ref, commit, retrying
from airflow_gov.lake.files import ancestry, file_ref, live_files
from airflow_gov.lake.schemas import covers_published
from airflow_gov.lake.summaries import LoadNote, is_new_load, load_properties, main_head
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Candidate, RowCounts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyiceberg.table import Table

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.lake.rewriting import Rewriter
    from airflow_gov.model.zones import DatasetName


class BranchMovedError(Exception):
    """A branch that a proposal takes the place of is not where it was: look at the candidates again."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a candidate is to carry.

    :param dataset: the dataset.
    :param loads: loads to apply, in order.
    :param properties: for the snapshot's summary.
    :param superseded: the branches it takes the place of, which go in the same commit; raises
        :class:`BranchMovedError` when the loads were taken from one that moved.
    :param settled: loads whose rows are on main already; they are only noted.
    :param taken_from: branches the loads' files are in: they must still be there, for the files go with
        them.
    :param schema_id: the schema of the loads' contract, where the table may have moved on to another;
        it is kept unless a published version has columns that it lacks.
    :param check: raises when the loads cannot be applied to the table as it is now.
    """

    dataset: DatasetName
    loads: tuple[StagedLoad, ...]
    properties: Mapping[str, str]
    superseded: Callable[[Table], Sequence[Branch]]
    settled: tuple[LoadNote, ...] = ()
    taken_from: tuple[Branch, ...] = ()
    schema_id: int | None = None
    check: Callable[[Table], None] = lambda _: None

    @property
    def notes(self) -> tuple[LoadNote, ...]:
        """What the snapshot says about its loads."""
        return (*self.settled, *(load.note for load in self.loads))


class CandidateWriter:
    """Turns loads into candidates.

    :param catalog: where the tables are.
    :param rewriter: takes rows out of files.
    """

    def __init__(self, catalog: LakeCatalog, rewriter: Rewriter) -> None:
        self._catalog = catalog
        self._rewriter = rewriter

    def propose(self, proposal: Proposal, table: Table) -> Candidate:
        """Write a candidate: one snapshot on a fresh branch cut from main.

        Branch, snapshot and the removal of what it supersedes are one commit, so a process that is
        killed leaves either the old state or the new one. What it left on the disk is deleted by the
        next try of the same load, or by maintenance.

        :param table: the table as it is now, as far as the caller knows.
        """
        plan: _Plan | None = None
        known: Table | None = table

        def attempt() -> Candidate:
            nonlocal plan, known
            current, known = known or self._catalog.load(proposal.dataset), None
            base = _require_head(current, proposal.dataset)
            proposal.check(current)
            if plan is None or plan.base != base:
                if plan is not None:
                    plan.change.abandon()
                plan = self._plan(proposal, current, base)
            return self._commit(proposal, current, plan)

        try:
            return retrying(attempt)
        except (GovernanceError, BranchMovedError):
            if plan is not None:
                plan.change.abandon()
            raise

    def discard(self, candidate: Candidate) -> None:
        """Remove a candidate's branch, its snapshot and the files only they point to, if they are there."""

        def attempt() -> None:
            table = self._catalog.load(candidate.dataset)
            branches = [
                each
                for each in carried_only(table.metadata, candidate.load_ids)
                if each.head.snapshot_id == candidate.snapshot_id
            ]
            self._remove(candidate.dataset, table, branches)

        retrying(attempt)

    def remove_branches(
        self, dataset: DatasetName, choose: Callable[[Table], Sequence[Branch]]
    ) -> list[Branch]:
        """Remove chosen branches and what only they reach; chosen again when another writer was faster."""

        def attempt() -> list[Branch]:
            table = self._catalog.load(dataset)
            branches = list(choose(table))
            self._remove(dataset, table, branches)
            return branches

        return retrying(attempt)

    def _remove(self, dataset: DatasetName, table: Table, branches: Sequence[Branch]) -> None:
        if not branches:
            return
        removal = plan_removal(table.metadata, branches)
        after = self._catalog.remember(dataset, commit(table, removal.asserts, removal.updates))
        removal.delete_files(after)

    def _plan(self, proposal: Proposal, table: Table, base: int) -> _Plan:
        snapshot = table.snapshot_by_id(base)
        assert snapshot is not None  # noqa: S101 - main's head is in the table
        counts = RowCounts(written=0, inserted=0, updated=0, deleted=0)
        history = tuple(ancestry(table.metadata, base))
        with Change(table, lambda: live_files(table, snapshot), self._rewriter, history) as change:
            try:
                for load in proposal.loads:
                    is_new = is_new_load(table.metadata, base, load.load_id)
                    counts = _sum(counts, change.apply(load, is_new=is_new))
            except Exception:
                change.abandon()
                raise
        return _Plan(base, change, counts)

    def _commit(self, proposal: Proposal, table: Table, plan: _Plan) -> Candidate:
        removal = plan_removal(table.metadata, proposal.superseded(table))
        branch = fresh_name(table.metadata, proposal.notes[0].id)
        draft = Draft(table)
        draft.fork(branch, plan.base)
        stage_change(draft, branch, plan.change, {**proposal.properties, **load_properties(proposal.notes)})
        there = [assert_ref(each.name, each.head.snapshot_id) for each in proposal.taken_from]
        own = table.metadata.schema_by_id(proposal.schema_id) if proposal.schema_id is not None else None
        if own is not None and covers_published(table.metadata, own):
            draft.read_with(own.schema_id)
        after = draft.send([assert_ref(branch, None), *removal.asserts, *there], removal.updates)
        self._catalog.remember(proposal.dataset, after)
        added = plan.change.added
        removal.delete_files(after, keep=[file.file_path for file in added])
        return Candidate(
            dataset=proposal.dataset,
            load_ids=tuple(note.id for note in proposal.notes),
            branch=branch,
            snapshot_id=after.metadata.refs[branch].snapshot_id,
            base_snapshot_id=plan.base,
            write_mode=proposal.notes[0].mode,
            counts=plan.counts,
            files=tuple(file_ref(file) for file in added),
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change worked out against one base; good for every commit as long as main stays there."""

    base: int
    change: Change
    counts: RowCounts


def stage_change(draft: Draft, branch: str, change: Change, properties: Mapping[str, str]) -> None:
    """Stage one snapshot with a change on a branch."""
    producer = draft.replacement(branch, properties) if change.removed else draft.addition(branch, properties)
    for file in change.removed:
        producer.delete_data_file(file)
    for file in change.added:
        producer.append_data_file(file)
    producer.commit()


def _require_head(table: Table, dataset: DatasetName) -> int:
    head = main_head(table.metadata)
    if head is None:
        raise GovernanceError(
            Reason.DATASET_UNKNOWN,
            f"{dataset} has no snapshot on main: another tool made it. Prepare it with its contract.",
            dataset=str(dataset),
        )
    return head


def _sum(first: RowCounts, second: RowCounts) -> RowCounts:
    return replace(
        first,
        written=(first.written or 0) + (second.written or 0),
        inserted=(first.inserted or 0) + (second.inserted or 0),
        updated=(first.updated or 0) + (second.updated or 0),
        deleted=(first.deleted or 0) + (second.deleted or 0),
    )
