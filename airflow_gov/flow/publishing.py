"""The gate: judge candidates and publish those that keep their contracts."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act
from airflow_gov.flow.judging import contract_of, refuse_failed, verdict_on
from airflow_gov.flow.loading import SUMMARY_PREFIX
from airflow_gov.flow.versions import recover_version, require_current, version_of
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import (
    Candidate,
    Load,
    LoadState,
    RowCounts,
    Version,
)
from airflow_gov.model.verdicts import Verdict
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow_gov.flow.recording import Recording
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
    contracts = {dataset: contract_of(governance, loads[-1]) for dataset, loads in unit.items()}
    for _ in range(MAX_REBASES):
        checked = []
        for dataset, candidates in pending.items():
            merged = governance.lake.rebase(candidates, properties=_summary(recording))
            _require_published_base(governance, merged)
            checked.append((merged, verdict_on(governance, recording, contracts[dataset], merged)))
        refuse_failed(governance, recording, [verdict for _, verdict in checked])
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
        log_act(
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


def _summary(recording: Recording) -> dict[str, str]:
    return {SUMMARY_PREFIX + "gate-execution-id": recording.execution_id}
