"""The gate: check candidates against their contracts, record the verdicts, publish what passed."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.flow.loading import SUMMARY_PREFIX
from airflow_gov.flow.versions import version_of
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason, VerdictFailedError
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import (
    Candidate,
    Load,
    LoadState,
    LogEntry,
    RowCounts,
    RuleResult,
    Verdict,
    Version,
)
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: How often a publication is rebased onto a main that moved before the gate gives up.
MAX_REBASES = 50
#: What a commit raises when another writer was faster: main moved, or the version's number is taken.
MOVED = frozenset({Reason.CANDIDATE_STALE, Reason.PUBLISH_REFUSED})


@dataclass(frozen=True, slots=True)
class Publication:
    """What a gate published.

    :param version: the dataset's version that carries the loads.
    :param load_ids: the loads.
    :param verdict: the verdict that allowed it; None for a version whose verdict is not kept.
    :param republished: it had been published before, and this gate only said so again.
    """

    version: Version
    load_ids: tuple[str, ...]
    verdict: Verdict | None
    republished: bool = False


def find_loads(
    governance: Governance,
    *,
    outputs: Sequence[Mapping[str, object]] = (),
    dataset: DatasetName | None = None,
    dag_id: str = "",
    run_id: str = "",
) -> list[Load]:
    """The loads a gate is about: those that outputs name, or all of a dataset in one Dag run.

    Loads of the same group come along. Gives an empty list while there is nothing to check yet.
    """
    if dataset is not None:
        found = governance.store.loads.of_run(dataset, dag_id, run_id)
        found = [load for load in found if load.state in (LoadState.CANDIDATE, LoadState.PUBLISHED)]
        waiting = [load for load in found if load.state is LoadState.CANDIDATE]
        found = waiting or found
    else:
        named = [
            governance.store.loads.get(DatasetName.parse(str(each["dataset"])), str(each["load_id"]))
            for each in outputs
        ]
        if any(
            load is None or load.state not in (LoadState.CANDIDATE, LoadState.PUBLISHED) for load in named
        ):
            return []
        found = [load for load in named if load is not None]
    return _with_groups(governance, found)


def publish(governance: Governance, recording: Recording, loads: Sequence[Load]) -> list[Publication]:
    """Check the loads and publish them: per dataset in one commit, groups together or not at all.

    :param loads: candidates; loads that are published already are told again.
    :raises VerdictFailedError: a candidate does not keep its contract; nothing of its group is published.
    """
    done, waiting = [], []
    for load in loads:
        version = governance.store.versions.for_load(load.dataset, load.load_id)
        if load.state is LoadState.PUBLISHED and version is not None:
            done.append(_again(governance, load, version))
        else:
            waiting.append(load)
    for unit in _units(waiting):
        done.extend(_publish_unit(governance, recording, unit))
    for publication in done:
        recording.add(_target(publication))
    recording.counts = RowCounts(read=sum(p.version.rows for p in done))
    recording.action = f"Check and publish {', '.join(sorted({str(p.version.dataset) for p in done}))}"
    return done


def _units(loads: Iterable[Load]) -> list[dict[DatasetName, list[Load]]]:
    """What must be published at once: the loads of a dataset, joined with those of their groups."""
    units: list[dict[DatasetName, list[Load]]] = []
    for load in loads:
        groups = {other.group for unit in units for others in unit.values() for other in others}
        home = next(
            (
                unit
                for unit in units
                if load.dataset in unit
                or (
                    load.group is not None
                    and load.group in groups
                    and any(other.group == load.group for others in unit.values() for other in others)
                )
            ),
            None,
        )
        if home is None:
            units.append({load.dataset: [load]})
        else:
            home.setdefault(load.dataset, []).append(load)
    return units


def _publish_unit(
    governance: Governance, recording: Recording, unit: Mapping[DatasetName, list[Load]]
) -> list[Publication]:
    pending = {dataset: [_candidate(load) for load in loads] for dataset, loads in unit.items()}
    contracts = {dataset: _contract(governance, loads[-1]) for dataset, loads in unit.items()}
    for _ in range(MAX_REBASES):
        checked = []
        for dataset, candidates in pending.items():
            merged = governance.lake.rebase(candidates, properties=_summary(recording))
            checked.append((merged, _verdict(governance, recording, contracts[dataset], merged)))
        _refuse_failed(governance, recording, [verdict for _, verdict in checked])
        try:
            tags = _commit(governance, [merged for merged, _ in checked])
        except GovernanceError as error:
            if error.reason not in MOVED:
                raise
            log.info("Main moved while the candidate was checked: rebasing. (%s)", error)
            pending = {merged.dataset: [merged] for merged, _ in checked}
            continue
        return [
            _record(governance, recording, merged, tag, verdict)
            for (merged, verdict), tag in zip(checked, tags, strict=True)
        ]
    raise CandidateStaleError(
        Reason.CANDIDATE_STALE,
        f"{', '.join(map(str, unit))}: other writers published {MAX_REBASES} times while this gate checked; "
        f"run it again.",
    )


def _commit(governance: Governance, candidates: Sequence[Candidate]) -> list[str]:
    """Publish in one commit; gives the tags, also of candidates that a killed gate had published already."""
    tagged = [(candidate, governance.lake.next_tag(candidate.dataset)) for candidate in candidates]
    if len(tagged) == 1:
        return [governance.lake.publish(tagged[0][0], tag=tagged[0][1])]
    return governance.lake.publish_together(tagged)


def _candidate(load: Load) -> Candidate:
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


def _contract(governance: Governance, load: Load) -> Contract:
    from airflow_gov.contracts import parse_contract

    text = governance.store.contracts.text(load.contract_hash)
    if text is None:
        raise GovernanceError(
            Reason.CONTRACT_MISSING,
            f"The contract {load.contract_hash[:12]} of {load.dataset} is not in the store: "
            f"run its task again.",
        )
    return parse_contract(text, load.dataset)


def _verdict(
    governance: Governance, recording: Recording, contract: Contract, candidate: Candidate
) -> Verdict:
    """The verdict on exactly this snapshot and contract version: the recorded one, or a new one."""
    known = governance.store.verdicts.for_snapshot(candidate.dataset, candidate.snapshot_id, contract.hash)
    if known is not None:
        return known
    results, rows = check(governance, contract, candidate)
    verdict = Verdict(
        verdict_id=uuid.uuid4().hex,
        dataset=candidate.dataset,
        snapshot_id=candidate.snapshot_id,
        contract_hash=contract.hash,
        results=results,
        rows=rows,
        checked_at=governance.clock(),
        execution_id=recording.execution_id,
    )
    governance.store.verdicts.record(verdict)
    return verdict


def check(
    governance: Governance, contract: Contract, candidate: Candidate
) -> tuple[tuple[RuleResult, ...], int]:
    """Check a candidate's structure against its contract.

    :returns: each rule's result, and the rows of the snapshot.
    """
    from airflow_gov.quality import check_structure

    whole = governance.lake.scan(candidate.dataset, candidate.snapshot_id)
    added = whole
    if len(candidate.load_ids) == 1:
        added = governance.lake.scan(candidate.dataset, candidate.snapshot_id, load_id=candidate.load_ids[0])
    return check_structure(contract, whole, added, governance.engine), whole.rows


def _refuse_failed(governance: Governance, recording: Recording, verdicts: Sequence[Verdict]) -> None:
    broken = [verdict for verdict in verdicts if not verdict.passed]
    if not broken:
        return
    for verdict in broken:
        _log(
            governance,
            recording,
            "publish.refused",
            verdict.dataset,
            {"verdict": verdict.verdict_id, "snapshot": verdict.snapshot_id},
        )
    reasons = "\n".join(
        f"  {verdict.dataset}: {_told(result)}"
        for verdict in broken
        for result in verdict.failures
        if result.severity == "error"
    )
    raise VerdictFailedError(
        Reason.VERDICT_FAILED,
        f"Not published, the contract is not kept:\n{reasons}",
        verdicts=[verdict.verdict_id for verdict in broken],
    )


def _told(result: RuleResult) -> str:
    where = f"({', '.join(result.columns)})" if result.columns else ""
    rows = f", {result.failed_rows:,} rows" if result.failed_rows else ""
    return f"{result.rule}{where}: expected {result.expected}, observed {result.observed}{rows}"


def _record(
    governance: Governance, recording: Recording, candidate: Candidate, tag: str, verdict: Verdict
) -> Publication:
    facts = governance.lake.snapshot(candidate.dataset, candidate.snapshot_id)
    if facts is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{candidate.dataset}: snapshot {candidate.snapshot_id} is not in the table.",
        )
    version = replace(
        version_of(candidate.dataset, facts),
        version=int(tag.removeprefix("v")),
        tag=tag,
        load_ids=candidate.load_ids,
        verdict_id=verdict.verdict_id,
        contract_hash=verdict.contract_hash,
        execution_id=recording.execution_id,
        parent_snapshot_id=candidate.base_snapshot_id,
        published_at=governance.clock(),
    )
    with governance.store.transaction():
        governance.store.versions.record(version)
        governance.store.loads.published(candidate.dataset, candidate.load_ids)
        _log(
            governance,
            recording,
            "publish",
            candidate.dataset,
            {"version": version.version, "snapshot": version.snapshot_id, "loads": list(candidate.load_ids)},
        )
    log.info("%s: published version %s, %d rows", version.dataset, version.version, version.rows)
    return Publication(version, candidate.load_ids, verdict)


def _again(governance: Governance, load: Load, version: Version) -> Publication:
    verdict = governance.store.verdicts.get(version.verdict_id) if version.verdict_id else None
    return Publication(version, (load.load_id,), verdict, republished=True)


def _target(publication: Publication) -> DataRef:
    version = publication.version
    return DataRef(
        role=Role.TARGET,
        dataset=str(version.dataset),
        snapshot_id=version.snapshot_id,
        version=version.version,
        rows=version.rows,
    )


def _log(
    governance: Governance,
    recording: Recording,
    action: str,
    dataset: DatasetName,
    details: Mapping[str, object],
) -> None:
    actor = recording.execution.actor
    governance.store.log.append(
        LogEntry(
            action=action,
            subject=str(dataset),
            actor=actor.triggered_by or actor.os_user,
            at=governance.clock(),
            details=details,
            execution_id=recording.execution_id,
        )
    )


def _summary(recording: Recording) -> dict[str, str]:
    return {SUMMARY_PREFIX + "gate-execution-id": recording.execution_id}


def _with_groups(governance: Governance, loads: Sequence[Load]) -> list[Load]:
    found = {(load.dataset, load.load_id): load for load in loads}
    for load in loads:
        if load.group is not None:
            for other in governance.store.loads.group(load.group):
                found.setdefault((other.dataset, other.load_id), other)
    return list(found.values())
