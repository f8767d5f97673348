"""The gate: check candidates against their contracts, record the verdicts, publish what passed."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.flow.loading import SUMMARY_PREFIX
from airflow_gov.flow.versions import recover_version, require_current, version_of
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason, VerdictFailedError
from airflow_gov.model.execution import DataRef, Role, Status
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

    Loads of the same group come along. Gives an empty list while there is nothing to check, or while one
    of them is still being written.

    :raises GovernanceError: ``SOURCE_MISSING`` when the task of one of them has failed for good.
    """
    if dataset is not None:
        found: list[Load | None] = list(governance.store.loads.of_run(dataset, dag_id, run_id))
    else:
        found = [
            governance.store.loads.get(DatasetName.parse(str(each["dataset"])), str(each["load_id"]))
            for each in outputs
        ]
    loads = [load for load in found if load is not None]
    for load in loads:
        if load.state is LoadState.FAILED:
            _refuse_given_up(governance, load)
    done = (LoadState.CANDIDATE, LoadState.PUBLISHED)
    if len(loads) < len(found) or any(load.state not in done for load in loads):
        return []
    return _with_groups(governance, loads)


def _refuse_given_up(governance: Governance, load: Load) -> None:
    """A failed load is waited for as long as its task will be tried again."""
    execution = governance.store.executions.get(load.execution_id)
    if execution is not None and execution.status in (Status.FAILED, Status.LOST, Status.SKIPPED):
        raise GovernanceError(
            Reason.SOURCE_MISSING,
            f"Load {load.load_id} of {load.dataset} was not written: its task {load.task_id} "
            f"{execution.status} ({execution.error_message or 'no message'}).",
            dataset=str(load.dataset),
            load_id=load.load_id,
        )


def publish(governance: Governance, recording: Recording, loads: Sequence[Load]) -> list[Publication]:
    """Check the loads and publish them: per dataset in one commit, groups together or not at all.

    :param loads: candidates; loads that are published already are told again.
    :raises VerdictFailedError: a candidate does not keep its contract; nothing of its group is published.
    """
    done, waiting = [], []
    for load in loads:
        version = governance.store.versions.for_load(load.dataset, load.load_id)
        if load.state is LoadState.PUBLISHED and version is not None:
            require_current(governance, version)
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
    units: list[list[Load]] = []
    for load in loads:
        joined = [unit for unit in units if any(_belong(load, other) for other in unit)]
        units = [unit for unit in units if unit not in joined]
        units.append([*(other for unit in joined for other in unit), load])
    return [_by_dataset(unit) for unit in units]


def _belong(one: Load, other: Load) -> bool:
    return one.dataset == other.dataset or (one.group is not None and one.group == other.group)


def _by_dataset(loads: Iterable[Load]) -> dict[DatasetName, list[Load]]:
    found: dict[DatasetName, list[Load]] = {}
    for load in loads:
        found.setdefault(load.dataset, []).append(load)
    return found


def _publish_unit(
    governance: Governance, recording: Recording, unit: Mapping[DatasetName, list[Load]]
) -> list[Publication]:
    pending = {dataset: [_candidate(load) for load in loads] for dataset, loads in unit.items()}
    contracts = {dataset: _contract(governance, loads[-1]) for dataset, loads in unit.items()}
    for _ in range(MAX_REBASES):
        checked = []
        for dataset, candidates in pending.items():
            merged = governance.lake.rebase(candidates, properties=_summary(recording))
            _require_published_base(governance, merged)
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


def _require_published_base(governance: Governance, candidate: Candidate) -> None:
    """Refuse to build on what somebody wrote around the gates: publishing would make it look checked.

    :raises GovernanceError: ``SOURCE_UNPUBLISHED``.
    """
    dataset, base = candidate.dataset, candidate.base_snapshot_id
    if governance.store.versions.by_snapshot(dataset, base) or recover_version(governance, dataset, base):
        return
    facts = governance.lake.snapshot(dataset, base)
    if facts is None or (facts.rows == 0 and facts.parent_snapshot_id is None):
        return  # the empty first snapshot; or one that is gone, and then main is elsewhere by now
    current = governance.store.versions.current(dataset)
    remedy = f"airflow-gov datasets rollback {dataset} {current.version}" if current else "remove it"
    raise GovernanceError(
        Reason.SOURCE_UNPUBLISHED,
        f"{dataset} is at snapshot {base}, which no gate published: somebody wrote around the gates. "
        f"Nothing is published on top of it; look at it, then {remedy}.",
        dataset=str(dataset),
        snapshot=base,
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

    lake = governance.lake
    whole = lake.scan(candidate.dataset, candidate.snapshot_id)
    added = whole
    if len(candidate.load_ids) == 1:
        added = lake.scan(candidate.dataset, candidate.snapshot_id, load_id=candidate.load_ids[0])
    results = check_structure(
        contract,
        whole,
        added,
        governance.engine,
        previous_schema=_published_schema(governance, candidate.dataset),
        exists=lake.raw.exists,
        # The operator refused an empty result unless the user allowed it.
        allow_empty=candidate.counts.written == 0,
    )
    return results, whole.rows


def _published_schema(governance: Governance, dataset: DatasetName) -> Sequence[tuple[str, str]] | None:
    current = governance.store.versions.current(dataset)
    if current is None or governance.lake.snapshot(dataset, current.snapshot_id) is None:
        return None
    return governance.lake.scan(dataset, current.snapshot_id).schema


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
