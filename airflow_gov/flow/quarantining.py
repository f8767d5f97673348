"""Quarantine: rows that break rules set aside, the others made a candidate of their own."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.flow.judging import Sight, subject_of
from airflow_gov.flow.loading import SUMMARY_PREFIX, record_candidate, summary_properties
from airflow_gov.model.errors import GovernanceError, LoadInProgressError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import Candidate, Load, WriteMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airflow_gov.flow.deciding import GateOptions, Judged
    from airflow_gov.flow.recording import Recording
    from airflow_gov.lake import SnapshotFacts, Staging
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.separating import Separation
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: In a snapshot's summary: what gates set aside of its loads, ``<load id>:<rows>:<times>``.
ASIDE_PROPERTY = f"{SUMMARY_PREFIX}quarantined"


@dataclass(frozen=True, slots=True)
class Aside:
    """What gates set aside of a load before its candidate became what it is.

    :param rows: how many rows.
    :param times: how many times rows were set aside of it.
    """

    rows: int = 0
    times: int = 0


@dataclass(frozen=True, slots=True)
class SetAside:
    """What became of a candidate whose rows were separated.

    :param dataset: the dataset.
    :param aside: rows set aside now.
    :param all_aside: these, and those that were set aside of it before.
    :param rows: rows there were before any were.
    :param candidates: what is left, one candidate for each load; None when no rows were set aside, or too
        many: then the candidate stays as it was.
    """

    dataset: DatasetName
    aside: int
    all_aside: int
    rows: int
    candidates: tuple[Candidate, ...] | None


@dataclass(frozen=True, slots=True)
class _Part:
    """A load's rows in two folders.

    :param load: the load.
    :param kept: where the rows lie that stay.
    :param aside: where those lie that go.
    :param separation: how many each are.
    :param before: what was set aside of it before.
    """

    load: Load
    kept: Staging
    aside: Staging
    separation: Separation
    before: Aside

    @property
    def after(self) -> Aside:
        """What is set aside of it then."""
        return Aside(self.before.rows + self.separation.aside, self.before.times + 1)


def aside_id(load_id: str, times: int = 1) -> str:
    """The load id of the rows that a gate sets aside of a load.

    It is not the load's own: rows that were set aside while its files were read have that one, and each
    of the two must be able to replace its own rows when it runs again.

    :param times: the first time rows are set aside of a candidate, the second, …
    """
    return f"{load_id}-gate" if times == 1 else f"{load_id}-gate-{times}"


def aside_of(facts: SnapshotFacts | None) -> dict[str, Aside]:
    """What gates set aside of each load of a snapshot."""
    told = facts.properties.get(ASIDE_PROPERTY, "") if facts is not None else ""
    parts = (part.split(":") for part in told.split(",") if part)
    return {load_id: Aside(int(rows), int(times)) for load_id, rows, times in parts}


def refuse_groups(loads: Iterable[Load]) -> None:
    """Refuse to quarantine loads that publish together: both sides would have to lose the same rows.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    for load in loads:
        if load.group is not None:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"on_failure='quarantine' is not for {load.dataset}: its load {load.load_id} publishes "
                f"together with others (a sensitive split), which would keep the rows that are set aside "
                f"here. Use it on the dataset that is split, or on_failure='fail' here.",
                dataset=str(load.dataset),
                load_id=load.load_id,
            )


def set_aside(
    governance: Governance, recording: Recording, judged: Judged, options: GateOptions
) -> SetAside | None:
    """Separate the rows of a candidate that break rules, and make the others the loads' new candidates.

    The rows set aside are in the quarantine before the new candidates are known to anybody, and the old
    candidate stays until they are: a process killed in between leaves what the next try does again.

    :returns: what became of it; None when main moved in the meantime: rebase and look again.
    :raises GovernanceError: ``RULE_FAILED`` when a rule that failed is not about single rows.
    """
    with ExitStack() as stack:
        parts = [_separated(governance, stack, judged, load, options) for load in judged.loads]
        aside = sum(part.separation.aside for part in parts)
        all_aside = aside + sum(part.before.rows for part in parts)
        rows = all_aside + sum(part.separation.kept for part in parts)
        for part in parts:
            _to_quarantine(governance, recording, judged, part)
        if not aside or all_aside == rows or options.limit.exceeded(all_aside, rows):
            return SetAside(judged.dataset, aside, all_aside, rows, None)
        candidates = _write(governance, recording, judged, parts)
    if candidates is None:
        return None
    log.info("%s: %d of %d rows were set aside", judged.dataset, aside, rows)
    return SetAside(judged.dataset, aside, all_aside, rows, candidates)


def clear_aside(governance: Governance, judged: Judged) -> None:
    """Empty the quarantine of what gates set aside of rows that are published now after all.

    They lie there when the loads were written before, or of a gate that set aside more than it may.
    """
    if not governance.lake.exists(judged.dataset.quarantine):
        return
    facts = governance.lake.snapshot(judged.dataset, judged.candidate.snapshot_id)
    for load in judged.loads:
        times = aside_of(facts).get(load.load_id, Aside()).times
        _clear(governance, judged.dataset, aside_id(load.load_id, times + 1))


def _clear(governance: Governance, dataset: DatasetName, own: str) -> None:
    from airflow_gov.transform import QUARANTINE_COLUMNS

    if governance.lake.exists(dataset.quarantine):
        with governance.lake.stage(dataset.quarantine, own) as nothing:
            governance.lake.quarantine(dataset, nothing, own, QUARANTINE_COLUMNS)


def _separated(
    governance: Governance, stack: ExitStack, judged: Judged, load: Load, options: GateOptions
) -> _Part:
    from airflow_gov.quality.separating import separate

    lake, candidate = governance.lake, judged.candidate
    before = aside_of(lake.snapshot(judged.dataset, candidate.snapshot_id)).get(load.load_id, Aside())
    own = aside_id(load.load_id, before.times + 1)
    kept = stack.enter_context(lake.stage(judged.dataset, load.load_id))
    aside = stack.enter_context(lake.stage(judged.dataset.quarantine, own))
    sight = Sight(
        snapshot_id=candidate.snapshot_id,
        load_ids=candidate.load_ids,
        parameters=options.expectation_parameters,
    )
    separation = separate(
        subject_of(governance, judged.contract, sight, load_id=load.load_id),
        judged.verdict.results,
        governance.engine,
        kept_folder=kept.folder,
        aside_folder=aside.folder,
        aside_load_id=own,
    )
    return _Part(load, kept, aside, separation, before)


def _to_quarantine(governance: Governance, recording: Recording, judged: Judged, part: _Part) -> None:
    from airflow_gov.transform import QUARANTINE_COLUMNS

    if not part.separation.aside:
        return
    quarantine = judged.dataset.quarantine
    governance.lake.quarantine(judged.dataset, part.aside, part.aside.load_id, QUARANTINE_COLUMNS)
    # Left of an earlier run of the load that went one time further.
    _clear(governance, judged.dataset, aside_id(part.load.load_id, part.after.times + 1))
    recording.add(
        DataRef(
            role=Role.QUARANTINE,
            dataset=str(quarantine),
            snapshot_id=governance.lake.head(quarantine),
            load_id=part.aside.load_id,
            rows=part.separation.aside,
        )
    )


def _write(
    governance: Governance, recording: Recording, judged: Judged, parts: Sequence[_Part]
) -> tuple[Candidate, ...] | None:
    """New candidates of the loads that lost rows, known to the store all at once or not at all."""
    written: dict[str, Candidate] = {}
    try:
        for part in parts:
            if part.separation.aside:
                written[part.load.load_id] = _write_kept(governance, recording, judged, part)
        if any(_would_overwrite(judged.candidate, candidate) for candidate in written.values()):
            _discard(governance, written.values())
            return None
        with governance.store.transaction():
            for part in parts:
                if part.load.load_id in written:
                    record_candidate(governance, part.load, written[part.load.load_id])
    except LoadInProgressError:
        _discard(governance, written.values())
        raise
    if len(judged.loads) == 1:
        # A merged one goes when the new ones are merged.
        _discard(governance, [judged.candidate])
    return tuple(written.get(part.load.load_id) or candidate_of(part.load) for part in parts)


def _write_kept(governance: Governance, recording: Recording, judged: Judged, part: _Part) -> Candidate:
    load, after = part.load, part.after
    # The candidate it is made of stays until the store knows the new one: without it a process killed
    # in between would leave a load whose candidate is gone.
    staging = replace(part.kept, found=part.kept.found - {judged.candidate.snapshot_id})
    candidate = governance.lake.write_candidate(
        judged.contract,
        staging,
        load_id=load.load_id,
        write_mode=load.write_mode,
        properties={
            **summary_properties(recording, judged.contract, load),
            ASIDE_PROPERTY: f"{load.load_id}:{after.rows}:{after.times}",
        },
    )
    if candidate.counts.written != part.separation.kept:
        _discard(governance, [candidate])
        raise GovernanceError(
            Reason.LAKE_UNAVAILABLE,
            f"{judged.dataset}: {part.separation.kept:,} rows were staged and {candidate.counts.written:,} "
            f"arrived: files were removed while they were written. Run the gate again.",
            dataset=str(judged.dataset),
        )
    quarantined = (load.counts.quarantined or 0) + part.separation.aside
    return replace(candidate, counts=replace(candidate.counts, quarantined=quarantined))


def candidate_of(load: Load) -> Candidate:
    """The candidate a load was written as.

    :raises GovernanceError: ``PUBLISH_REFUSED`` when it has none.
    """
    if load.candidate_snapshot_id is None or load.base_snapshot_id is None:
        raise GovernanceError(
            Reason.PUBLISH_REFUSED,
            f"Load {load.load_id} of {load.dataset} has no candidate: run its task again.",
        )
    return Candidate(
        dataset=load.dataset,
        load_ids=(load.load_id,),
        branch=f"candidate-{load.load_id}",
        snapshot_id=load.candidate_snapshot_id,
        base_snapshot_id=load.base_snapshot_id,
        write_mode=load.write_mode,
        counts=load.counts,
    )


def _would_overwrite(before: Candidate, after: Candidate) -> bool:
    """Whether main moved and the new candidate takes away what others published: a rebase decides that."""
    overwriting = after.write_mode in (WriteMode.OVERWRITE, WriteMode.OVERWRITE_PARTITION)
    return overwriting and after.base_snapshot_id != before.base_snapshot_id


def _discard(governance: Governance, candidates: Iterable[Candidate]) -> None:
    for candidate in candidates:
        governance.lake.discard(candidate)
