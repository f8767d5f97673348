"""What was published on condition, and the condition was not kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.flow.reviewing import enforce_deadlines
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.verdicts import Ruling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store

_MOST = 100_000


class ReviewOverdue(LakeCheck):
    """A version that was published for review, and is still read after its deadline or its rejection."""

    id = "review-overdue"
    title = "Review past its deadline"
    severity = Severity.ERROR
    explanation = (
        "A gate may publish what broke rules on condition that a steward confirms it in time. Past the "
        "deadline it is taken back; readers still see this one, because nothing has looked since."
    )
    remedy = "Run a ReviewDeadlineOperator on a schedule, or repair it: --repair review-overdue."
    repairs = "takes the version back, as the gate that published it announced"

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Also what was rejected or found overdue, and could not be taken back."""
        for review in audited.store.reviews.due(audited.now):
            yield self.found(
                review.review_id,
                f"{review.dataset} version {review.version} was to be confirmed by "
                f"{review.deadline.isoformat(timespec='minutes')}, is {review.state} and still read.",
                dataset=review.dataset,
                version=review.version,
                deadline=review.deadline.isoformat(),
                state=str(review.state),
            )

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """As the next gate or the ReviewDeadlineOperator would."""
        taken = enforce_deadlines(governance, dataset=finding.dataset, actor=actor)
        due = governance.store.reviews.due(governance.clock(), finding.dataset)
        if any(review.review_id == finding.subject for review in due):
            raise GovernanceError(
                Reason.SOURCE_UNPUBLISHED,
                f"{finding.dataset}: the version cannot be taken back; see airflow-gov gates overdue.",
                review_id=finding.subject,
            )
        done = any(review.review_id == finding.subject for review in taken)
        return "The version is taken back." if done else "It was decided in the meantime."


class WaiverExpired(LakeCheck):
    """A current version that only a waiver let through, and the waiver has expired."""

    id = "waiver-expired"
    title = "Expired waiver still in use"
    severity = Severity.WARNING
    explanation = (
        "A steward let a version through that breaks rules, until a day. That day has passed and readers "
        "still see the version: either it was mended and never loaded again, or the waiver became a habit."
    )
    remedy = (
        "Mend the data and load it again, change the rule in the contract, or waive it anew with a reason."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """By what the gate decided on the current version's rows; maintenance left them as they were."""
        expired = {
            waiver.waiver_id: waiver
            for waiver in audited.store.waivers.list(limit=_MOST)
            if waiver.expires_at <= audited.now
        }
        for dataset in sorted({waiver.dataset for waiver in expired.values()}):
            version = _published(audited.store, audited.store.versions.current(dataset))
            if version is None:
                continue
            decision = audited.store.decisions.for_snapshot(dataset, version.snapshot_id, publishing=True)
            if decision is None or decision.ruling is not Ruling.WAIVED:
                continue
            waiver = expired.get(decision.waiver_id or "")
            if waiver is not None:
                yield self.found(
                    waiver.waiver_id,
                    f"{dataset} breaks {', '.join(waiver.rules)}, was let through until "
                    f"{waiver.expires_at.isoformat(timespec='minutes')}, and is still read.",
                    dataset=dataset,
                    rules=list(waiver.rules),
                    steward=waiver.steward,
                    expires_at=waiver.expires_at.isoformat(),
                )


def _published(store: Store, version: Version | None) -> Version | None:
    """The version whose rows one has that maintenance wrote anew."""
    while version is not None and version.kind is VersionKind.MAINTENANCE:
        parent = version.parent_snapshot_id
        version = store.versions.brought(version.dataset, parent) if parent is not None else None
    return version
