"""What of a gate's work waits for a steward: candidates that broke rules, versions under review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.flow.deciding import rule_name
from airflow_gov.flow.reviewing import confirm
from airflow_gov.flow.reviewing import reject as reject_review
from airflow_gov.flow.stewardship import stewards_of
from airflow_gov.flow.waiving import waive
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState
from airflow_gov.model.verdicts import ReviewState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from airflow_gov.model.loads import Load
    from airflow_gov.model.verdicts import Review, Verdict
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that waits for a steward.

    :param verdict: the verdict that failed.
    :param review: the review of the version that was published all the same; None for a candidate that
        was not.
    """

    verdict: Verdict
    review: Review | None = None

    @property
    def dataset(self) -> DatasetName:
        """Whose steward is asked."""
        return self.verdict.dataset


def pending_of(governance: Governance, loads: Iterable[Load]) -> list[Pending]:
    """What of these loads waits for a steward, by dataset.

    :param loads: candidates that a gate looked at, or what it published.
    """
    found: dict[str, Pending] = {}
    for load in loads:
        if load.state is LoadState.PUBLISHED:
            waiting = _under_review(governance, load)
        else:
            waiting = _refused(governance, load)
        if waiting is not None:
            found.setdefault(waiting.verdict.verdict_id, waiting)
    return sorted(found.values(), key=lambda each: each.dataset)


def common_stewards(governance: Governance, pending: Sequence[Pending]) -> tuple[str, ...]:
    """Who may decide all of it at once.

    :raises GovernanceError: ``STEWARD_REQUIRED`` when nobody may.
    """
    named = {
        each.dataset: stewards_of(governance, each.dataset, each.verdict.contract_hash) for each in pending
    }
    first, *others = named.values()
    common = tuple(steward for steward in first if all(steward in other for other in others))
    if not common:
        raise GovernanceError(
            Reason.STEWARD_REQUIRED,
            f"{', '.join(map(str, named))} have no steward in common: ask for each of them by a task of "
            f"its own (dataset=).",
        )
    return common


@dataclass(frozen=True, slots=True)
class Approval:
    """Who decides, why, and for how long.

    :param steward: who; a steward of every dataset concerned.
    :param decided_by: how and as whom, e.g. ``airflow: jane``.
    :param reason: why.
    :param expires_at: from then on a waiver does not hold.
    """

    steward: str
    decided_by: str
    reason: str
    expires_at: datetime


def approve(governance: Governance, pending: Iterable[Pending], approval: Approval) -> dict[str, list[str]]:
    """Waive what broke rules, confirm what is under review; gives the ids of ``waivers`` and ``reviews``."""
    waivers, reviews = [], []
    for each in pending:
        if each.review is not None:
            confirm(
                governance,
                each.review.review_id,
                steward=approval.steward,
                decided_by=approval.decided_by,
                reason=approval.reason,
            )
            reviews.append(each.review.review_id)
            continue
        waiver = waive(
            governance,
            each.dataset,
            verdict_id=each.verdict.verdict_id,
            steward=approval.steward,
            granted_by=approval.decided_by,
            reason=approval.reason,
            expires_at=approval.expires_at,
        )
        waivers.append(waiver.waiver_id)
    return {"waivers": waivers, "reviews": reviews}


def reject(governance: Governance, pending: Iterable[Pending], approval: Approval) -> None:
    """Roll back what is under review; a candidate just stays unpublished."""
    for each in pending:
        if each.review is not None:
            reject_review(
                governance,
                each.review.review_id,
                steward=approval.steward,
                decided_by=approval.decided_by,
                reason=approval.reason,
            )


def _refused(governance: Governance, load: Load) -> Pending | None:
    """The newest verdict on the candidate, if it failed and no waiver covers it."""
    verdicts = governance.store.verdicts.list(load.dataset, 100)
    verdict = next((each for each in verdicts if load.load_id in each.load_ids), None)
    if verdict is None or verdict.passed:
        return None
    blocking = {rule_name(result) for result in verdict.blocking}
    waivers = governance.store.waivers.valid(
        load.dataset, verdict.load_ids, verdict.contract_hash, governance.clock()
    )
    if any(blocking <= set(waiver.rules) and waiver.verdict_id == verdict.verdict_id for waiver in waivers):
        return None
    return Pending(verdict)


def _under_review(governance: Governance, load: Load) -> Pending | None:
    version = governance.store.versions.for_load(load.dataset, load.load_id)
    review = governance.store.reviews.for_snapshot(load.dataset, version.snapshot_id) if version else None
    if review is None or review.state is not ReviewState.OPEN:
        return None
    verdict = governance.store.verdicts.get(review.verdict_id)
    return Pending(verdict, review) if verdict is not None else None
