"""Reviews: confirmed, rejected, or overdue; what is not confirmed in time is taken back."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.flow.ancestry import Ancestry
from airflow_gov.flow.environment import os_user
from airflow_gov.flow.rollback import before_the_first, restore
from airflow_gov.flow.stewardship import contract_of, log_review, require_reason, require_steward
from airflow_gov.flow.versions import recover_version
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.verdicts import Review, ReviewState

if TYPE_CHECKING:
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: How often main may move under a rollback before it is left to the next one who looks.
MAX_TRIES = 10
#: What a commit raises when another writer was faster.
_MOVED = frozenset({Reason.CANDIDATE_STALE, Reason.PUBLISH_REFUSED})


def confirm(governance: Governance, review_id: str, *, steward: str, decided_by: str, reason: str) -> Review:
    """Confirm a version: it stays.

    :param steward: who; a steward by the contract of the version and by that of the current one.
    :param decided_by: how and as whom, e.g. ``cli: jane on host7``.
    :param reason: why.
    :returns: the review as it stands now.
    :raises GovernanceError: ``STEWARD_REQUIRED``; ``PARAMETER_INVALID`` when there is no reason or no such
        review, or it was decided, or its deadline passed.
    """
    review = _reviewable(governance, review_id, steward, reason, "confirmed")
    with governance.store.transaction():
        confirmed = governance.store.reviews.decide(
            review.review_id, ReviewState.CONFIRMED, steward, decided_by, reason.strip(), governance.clock()
        )
        log_review(governance, "review.confirmed", confirmed, steward, governance.clock())
    return confirmed


def reject(governance: Governance, review_id: str, *, steward: str, decided_by: str, reason: str) -> Review:
    """Reject a version: it is taken back at once, with what was built upon it.

    Parameters as for :func:`confirm`.
    """
    review = _reviewable(governance, review_id, steward, reason, "rejected")
    with governance.store.transaction():
        rejected = governance.store.reviews.decide(
            review.review_id, ReviewState.REJECTED, steward, decided_by, reason.strip(), governance.clock()
        )
        # Taking it back, which the log tells of when it is done, may not be possible yet.
        log_review(governance, "review.decided", rejected, steward, governance.clock(), state=rejected.state)
    _take_back(governance, rejected, actor=steward)
    return rejected


def enforce_deadlines(
    governance: Governance, *, dataset: DatasetName | None = None, actor: str
) -> list[Review]:
    """Take back what nobody confirmed by its deadline, and finish what a killed process began.

    Cheap where there is nothing to do: the store is asked twice.

    :param dataset: only this dataset's.
    :param actor: who looked.
    :returns: the reviews that are overdue or rejected now and whose versions were taken back.
    """
    _open_lost(governance, dataset)
    return [
        review
        for found in governance.store.reviews.due(governance.clock(), dataset)
        if (review := _overdue(governance, found, actor)) is not None
        and _take_back(governance, review, actor=actor)
    ]


def _open_lost(governance: Governance, dataset: DatasetName | None) -> None:
    """Open the reviews of versions whose gates were killed before they could ask for them."""
    for each in sorted({decision.dataset for decision in governance.store.decisions.unrecorded(dataset)}):
        head = governance.lake.head(each)
        if head is not None and governance.store.versions.by_snapshot(each, head) is None:
            recover_version(governance, each, head)


def require_in_time(governance: Governance, dataset: DatasetName) -> None:
    """Let nobody read what should have been taken back; takes it back where it can.

    :raises GovernanceError: ``SOURCE_UNPUBLISHED`` where it cannot.
    """
    enforce_deadlines(governance, dataset=dataset, actor=os_user())
    stuck = governance.store.reviews.due(governance.clock(), dataset)
    if stuck:
        raise GovernanceError(
            Reason.SOURCE_UNPUBLISHED,
            f"{dataset} cannot be read: version {stuck[0].version} is {stuck[0].state}, and it could not be "
            f"taken back. Load the dataset again and publish that, or see: airflow-gov gates overdue",
            dataset=str(dataset),
            review_id=stuck[0].review_id,
        )


def _reviewable(governance: Governance, review_id: str, steward: str, reason: str, act: str) -> Review:
    review = governance.store.reviews.get(review_id)
    if review is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"There is no review {review_id!r}. See: airflow-gov gates list",
            review_id=review_id,
        )
    require_steward(governance, review.dataset, contract_of(governance, review), steward)
    require_reason(review.dataset, reason, act)
    enforce_deadlines(governance, dataset=review.dataset, actor=os_user())
    return review


def _overdue(governance: Governance, review: Review, actor: str) -> Review | None:
    """The review as decided: by its deadline, unless somebody was faster."""
    if review.state is not ReviewState.OPEN:
        return review
    try:
        return governance.store.reviews.decide(
            review.review_id,
            ReviewState.OVERDUE,
            None,
            f"deadline, seen by {actor}",
            f"nobody confirmed it by {review.deadline.isoformat(timespec='seconds')}",
            governance.clock(),
        )
    except GovernanceError as error:
        if error.reason is not Reason.PARAMETER_INVALID:
            raise
        decided = governance.store.reviews.get(review.review_id)
        return decided if decided is not None and decided.state is not ReviewState.CONFIRMED else None


@dataclass(frozen=True, slots=True)
class _TakenBack:
    """What became of a version.

    :param gone: versions readers no longer see.
    :param restored: what they see instead; None when nothing of it was left anyway.
    """

    gone: tuple[Version, ...] = ()
    restored: Version | None = None


def _take_back(governance: Governance, review: Review, *, actor: str) -> bool:
    """Carry out a rejection or a deadline, and say so.

    :returns: False when it cannot be carried out; it is tried again by the next one who looks.
    """
    try:
        taken = _roll_back(governance, review, actor)
    except GovernanceError as error:
        if error.reason not in (Reason.VERSION_UNKNOWN, Reason.SOURCE_UNPUBLISHED, *_MOVED):
            raise
        log.exception(
            "%s: version %s is %s and cannot be taken back.", review.dataset, review.version, review.state
        )
        return False
    with governance.store.transaction():
        if governance.store.reviews.settle(review.review_id):
            log_review(
                governance,
                f"review.{review.state}",
                review,
                actor,
                governance.clock(),
                gone=[version.version for version in taken.gone],
                current=taken.restored.version if taken.restored else None,
                rows=taken.restored.rows if taken.restored else None,
            )
    log.warning("%s", _sentence(review, taken))
    return True


def _roll_back(governance: Governance, review: Review, actor: str) -> _TakenBack:
    dataset, error = review.dataset, None
    for _ in range(MAX_TRIES):
        head = governance.lake.head(dataset)
        if head is None:
            return _TakenBack()  # the table is gone, and the version with it
        if governance.store.versions.by_snapshot(dataset, head) is None:
            _require_ours(governance, dataset, head)
        ancestry = Ancestry(governance, dataset)
        holding = ancestry.built_upon(head, floor=review.version)
        if not any(version.snapshot_id == review.snapshot_id for version in holding):
            return _TakenBack()
        wanted = _last_confirmed(governance, ancestry, dataset)
        reason = f"the review of version {review.version} is {review.state}: {review.reason}"
        try:
            restored = restore(governance, wanted, reason=reason, actor=actor, expected_head=head)
            return _TakenBack(tuple(reversed(holding)), restored)
        except GovernanceError as moved:
            if moved.reason not in _MOVED:
                raise
            error = moved
    assert error is not None  # noqa: S101 - there is at least one try
    raise error


def _require_ours(governance: Governance, dataset: DatasetName, head: int) -> None:
    facts = governance.lake.snapshot(dataset, head)
    empty = facts is not None and facts.rows == 0 and facts.parent_snapshot_id is None
    if not empty and recover_version(governance, dataset, head) is None:
        raise GovernanceError(
            Reason.SOURCE_UNPUBLISHED,
            f"{dataset} is at snapshot {head}, which no gate published.",
            dataset=str(dataset),
            snapshot=head,
        )


def _last_confirmed(governance: Governance, ancestry: Ancestry, dataset: DatasetName) -> Version:
    """The newest version that holds nothing unconfirmed; before the first version where there is none."""
    unconfirmed = [
        review
        for review in governance.store.reviews.list(dataset)
        if review.state is not ReviewState.CONFIRMED
    ]
    snapshots = {review.snapshot_id for review in unconfirmed}
    floor = min((review.version for review in unconfirmed), default=0)
    for version in ancestry.versions:
        if ancestry.holds_any(version.snapshot_id, snapshots, floor=floor):
            continue
        if governance.lake.snapshot(dataset, version.snapshot_id) is not None:
            return version
    return before_the_first(governance, dataset)


def _sentence(review: Review, taken: _TakenBack) -> str:
    told = f"{review.dataset}: the review of version {review.version} is {review.state}"
    if taken.restored is None:
        return f"{told}; nothing of it is left in the current version."
    gone = ", ".join(str(version.version) for version in taken.gone)
    return (
        f"{told}; readers see version {taken.restored.version} ({taken.restored.rows:,} rows) now, "
        f"and no more version {gone}."
    )
