"""What gates published, and the record of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act
from airflow_gov.flow.quarantining import aside_of
from airflow_gov.flow.stewardship import open_review
from airflow_gov.flow.versions import version_of
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import Version
from airflow_gov.model.verdicts import Decision, Review, Ruling, Verdict

if TYPE_CHECKING:
    from airflow_gov.flow.deciding import Ruled
    from airflow_gov.flow.recording import Recording
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Publication:
    """What a gate published.

    :param version: the dataset's version that carries the loads.
    :param load_ids: the loads.
    :param verdict: the verdict it rests on; None for a version whose verdict is not kept.
    :param republished: it had been published before, and this gate only said so again.
    :param ruling: what let it be published.
    :param quarantined: rows of the loads that gates set aside.
    :param review: the review that was opened, where it was published for review.
    :param waiver_id: the waiver that allowed it, where one did.
    """

    version: Version
    load_ids: tuple[str, ...]
    verdict: Verdict | None
    republished: bool = False
    ruling: Ruling = Ruling.PASSED
    quarantined: int = 0
    review: Review | None = None
    waiver_id: str | None = None


def record_publication(
    governance: Governance, recording: Recording, ruled: Ruled, decision: Decision, tag: str
) -> Publication:
    """Record what a gate published: version, loads, the act, and the review it asks for.

    :param ruled: what was decided.
    :param decision: the same as it was recorded.
    :param tag: the tag the snapshot was published under.
    """
    candidate, verdict = ruled.judged.candidate, ruled.judged.verdict
    facts = governance.lake.snapshot(candidate.dataset, candidate.snapshot_id)
    if facts is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{candidate.dataset}: snapshot {candidate.snapshot_id} is not in the table.",
        )
    known = governance.store.versions.by_snapshot(candidate.dataset, candidate.snapshot_id)
    if known is not None and known.execution_id != recording.execution_id:
        return told_again(governance, known, candidate.load_ids)
    version = replace(
        version_of(governance, candidate.dataset, facts),
        version=int(tag.removeprefix("v")),
        tag=tag,
        load_ids=candidate.load_ids,
        verdict_id=verdict.verdict_id,
        contract_hash=verdict.contract_hash,
        execution_id=recording.execution_id,
        parent_snapshot_id=candidate.base_snapshot_id,
        published_at=governance.clock(),
    )
    details = {
        "version": version.version,
        "snapshot": version.snapshot_id,
        "loads": list(candidate.load_ids),
        "ruling": ruled.ruling.value,
        "verdict": verdict.verdict_id,
        **({"waiver": decision.waiver_id} if decision.waiver_id is not None else {}),
    }
    actor, review = recording.execution.actor, None
    with governance.store.transaction():
        version = governance.store.versions.record(version)
        # Of two gates at once the faster one recorded it: the log tells of a publication once.
        mine = version.execution_id == recording.execution_id
        if mine:
            governance.store.loads.published(candidate.dataset, candidate.load_ids)
            log_act(governance, recording, "publish", candidate.dataset, details)
        if mine and ruled.ruling is Ruling.REVIEW:
            review = open_review(governance, version, decision, actor=actor.triggered_by or actor.os_user)
    if not mine:
        return told_again(governance, version, candidate.load_ids)
    log.info("%s: published version %s, %d rows", version.dataset, version.version, version.rows)
    return Publication(
        version=version,
        load_ids=candidate.load_ids,
        verdict=verdict,
        ruling=ruled.ruling,
        quarantined=sum(each.rows for each in aside_of(facts).values()),
        review=review,
        waiver_id=decision.waiver_id,
    )


def told_again(governance: Governance, version: Version, load_ids: tuple[str, ...]) -> Publication:
    """A version that was published before, told as it was then."""
    store, dataset, snapshot_id = governance.store, version.dataset, version.snapshot_id
    decision = store.decisions.for_snapshot(dataset, snapshot_id, publishing=True)
    facts = governance.lake.snapshot(dataset, snapshot_id)
    return Publication(
        version=version,
        load_ids=load_ids,
        verdict=store.verdicts.get(version.verdict_id) if version.verdict_id else None,
        republished=True,
        ruling=decision.ruling if decision is not None else Ruling.PASSED,
        quarantined=sum(each.rows for each in aside_of(facts).values()),
        review=store.reviews.for_snapshot(dataset, snapshot_id),
        waiver_id=decision.waiver_id if decision is not None else None,
    )


def target_of(publication: Publication) -> DataRef:
    """A publication in the record of its execution."""
    version = publication.version
    return DataRef(
        role=Role.TARGET,
        dataset=str(version.dataset),
        snapshot_id=version.snapshot_id,
        version=version.version,
        rows=version.rows,
    )
