"""Whether what a load reads, or has read, was taken back since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.flow.ancestry import Ancestry
from airflow_gov.flow.reviewing import enforce_deadlines
from airflow_gov.flow.versions import require_current
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.verdicts import ReviewState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.loads import Load, SourceRef, Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

_REFUSED = frozenset({ReviewState.REJECTED, ReviewState.OVERDUE})


def require_sources_kept(
    governance: Governance, recording: Recording, unit: Mapping[DatasetName, Collection[Load]]
) -> None:
    """Publish nothing that was made of rows that were taken back after it was made.

    :param unit: the loads that are about to be published, by dataset.
    :raises GovernanceError: ``SOURCE_UNPUBLISHED``; the candidates stay.
    """
    loads = [load for together in unit.values() for load in together]
    readers = {(ref.dataset, ref.snapshot_id): (ref, load) for load in loads for ref in load.sources}
    for dataset in sorted({dataset for dataset, _ in readers}):
        enforce_deadlines(governance, dataset=dataset, actor=recording.execution.actor.os_user)
    for ref, load in readers.values():
        why = why_taken_back(governance, ref)
        if why is not None:
            raise GovernanceError(
                Reason.SOURCE_UNPUBLISHED,
                f"Load {load.load_id} of {load.dataset} is not published: what it read was taken back since. "
                f"Run its task {load.task_id} again. ({why})",
                dataset=str(load.dataset),
                load_id=load.load_id,
                source=str(ref.dataset),
                version=ref.version,
            )


def why_taken_back(governance: Governance, ref: SourceRef) -> str | None:
    """Why nobody may read a source any more that was published once; None while one may."""
    version = governance.store.versions.by_snapshot(ref.dataset, ref.snapshot_id)
    if version is None:
        return None
    try:
        require_current(governance, version)
    except GovernanceError as error:
        return error.message
    if _holds_refused(governance, version):
        return (
            f"{ref.dataset} version {version.version} holds rows that a steward rejected or did not confirm."
        )
    return None


def _holds_refused(governance: Governance, version: Version) -> bool:
    """Whether the rows of a refused review are in a version.

    No rollback tells of it where a later version had replaced them all when the review was refused.
    """
    reviews = governance.store.reviews.list(version.dataset)
    refused = [review for review in reviews if review.state in _REFUSED]
    if not refused:
        return False
    snapshots, floor = {review.snapshot_id for review in refused}, min(review.version for review in refused)
    return Ancestry(governance, version.dataset).holds_any(version.snapshot_id, snapshots, floor=floor)
