"""Going back to an earlier published version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.flow.versions import version_of
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry, Version, VersionKind
from airflow_gov.model.verdicts import ReviewState

if TYPE_CHECKING:
    from airflow_gov.model.verdicts import Review
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def rollback(
    governance: Governance, dataset: DatasetName, version: int, *, reason: str, actor: str
) -> Version:
    """Make an earlier published version the dataset's current one; nothing is deleted.

    It becomes a version of its own, with a new number and the old snapshot.

    :param dataset: the dataset.
    :param version: the number of a published version.
    :param reason: why; kept in the log.
    :param actor: who.
    :returns: the version that is current now.
    :raises GovernanceError: an unknown version, one whose snapshot maintenance removed, one that a steward
        did not confirm, or no reason.
    :raises CandidateStaleError: another writer published at the same moment.
    """
    if not reason.strip():
        raise GovernanceError(Reason.PARAMETER_INVALID, f"Say why {dataset} is rolled back (reason).")
    wanted = governance.store.versions.get(dataset, version)
    if wanted is None:
        known = ", ".join(str(each.version) for each in governance.store.versions.list(dataset, limit=10))
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} has no version {version}; the newest are: {known or 'none'}.",
            dataset=str(dataset),
        )
    if governance.lake.snapshot(dataset, wanted.snapshot_id) is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} version {version} cannot be restored: maintenance removed its snapshot.",
            dataset=str(dataset),
        )
    _refuse_unconfirmed(governance, wanted)
    return restore(governance, wanted, reason=reason, actor=actor)


def before_the_first(governance: Governance, dataset: DatasetName) -> Version:
    """The table's empty first snapshot, as a version to go back to.

    :raises GovernanceError: ``VERSION_UNKNOWN`` when maintenance removed it.
    """
    oldest = next(iter(governance.lake.snapshots(dataset)), None)
    if oldest is None or oldest.rows or oldest.parent_snapshot_id is not None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} cannot go back to before its first version: maintenance removed that snapshot. "
            f"Load it again and publish that.",
            dataset=str(dataset),
        )
    return replace(version_of(governance, dataset, oldest), version=0, tag="")


def restore(
    governance: Governance,
    wanted: Version,
    *,
    reason: str,
    actor: str,
    expected_head: int | None = None,
) -> Version:
    """Make main what it was; see :func:`rollback`.

    :param wanted: the version to go back to.
    :param expected_head: where main must be; default: where it is.
    """
    dataset, version = wanted.dataset, wanted.version
    head = governance.lake.head(dataset) if expected_head is None else expected_head
    current = governance.store.versions.current(dataset)
    if head == wanted.snapshot_id:
        if current is not None and current.snapshot_id == head:
            return current
        # A rollback whose process died before it could say so: the tag is in the lake already.
        facts = governance.lake.snapshot(dataset, head)
        tag = (facts.tag if facts else None) or wanted.tag
    else:
        tag = governance.lake.next_tag(dataset)
        governance.lake.rollback(dataset, to_snapshot_id=wanted.snapshot_id, expected_head=head, tag=tag)
    restored = replace(
        wanted,
        version=int(tag.removeprefix("v")),
        tag=tag,
        kind=VersionKind.ROLLBACK,
        execution_id=None,
        parent_snapshot_id=head,
        published_at=governance.clock(),
        current=True,
    )
    with governance.store.transaction():
        recorded = governance.store.versions.record(restored)
        governance.store.log.append(
            LogEntry(
                action="rollback",
                subject=str(dataset),
                actor=actor,
                at=governance.clock(),
                details={
                    "to_version": version,
                    "version": recorded.version,
                    "from_snapshot": head,
                    "reason": reason,
                },
            )
        )
    return recorded


def refused_review(governance: Governance, version: Version) -> Review | None:
    """The review in which a version was not confirmed; None where there is none such."""
    review = governance.store.reviews.for_snapshot(version.dataset, version.snapshot_id)
    if review is not None and review.state in (ReviewState.REJECTED, ReviewState.OVERDUE):
        return review
    return None


def _refuse_unconfirmed(governance: Governance, wanted: Version) -> None:
    review = refused_review(governance, wanted)
    if review is not None:
        raise GovernanceError(
            Reason.PUBLISH_REFUSED,
            f"{wanted.dataset} version {wanted.version} is not gone back to: its review is {review.state} "
            f"({review.reason or 'no reason was given'}).",
            dataset=str(wanted.dataset),
            version=wanted.version,
            review_id=review.review_id,
        )
