"""Keeping the lake small: old versions, small files, files nothing points to."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.flow.heads import version_at
from airflow_gov.flow.reviewing import enforce_deadlines
from airflow_gov.flow.versions import recover_version, version_of
from airflow_gov.model.loads import LogEntry, VersionKind
from airflow_gov.model.serde import to_plain
from airflow_gov.model.verdicts import ReviewState

if TYPE_CHECKING:
    from airflow_gov.lake import MaintenanceReport
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: By how much the clocks of store and lake may differ.
_MARGIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """How a dataset is kept.

    :param keep_versions: newest published versions to keep, at least 1.
    :param keep_days: also keep every version younger than this, in days.
    :param grace_hours: nothing younger than this is removed: a task may be reading or writing it.
    :param compact: whether small files are merged.
    :param remove_unreachable: whether files nothing points to are removed.
    :param dry_run: only tell.
    """

    keep_versions: int = 10
    keep_days: float = 7
    grace_hours: float = 24
    compact: bool = True
    remove_unreachable: bool = True
    dry_run: bool = False


def maintain(
    governance: Governance,
    dataset: DatasetName,
    upkeep: Upkeep = Upkeep(),
    *,
    actor: str = "maintenance",
    execution_id: str | None = None,
) -> MaintenanceReport:
    """Maintain one dataset, and its quarantine. Rows and current version stay as they are for readers.

    A version that nobody confirmed by its deadline is taken back first; what an open review may go back to
    is kept, however old.

    :param actor: who asked for it; kept in the log.
    :param execution_id: the execution in which it happens, if one does.
    :raises GovernanceError: an unknown dataset or a parameter out of range.
    """
    if not upkeep.dry_run:
        enforce_deadlines(governance, dataset=dataset, actor=actor)
    # Before it is asked what is under review: what a killed gate left unsaid may be.
    may_compact = upkeep.dry_run or _may_compact(governance, dataset)
    report = governance.lake.maintain(
        dataset,
        keep_versions=upkeep.keep_versions,
        keep_days=max(upkeep.keep_days, _days_under_review(governance, dataset)),
        grace=timedelta(hours=upkeep.grace_hours),
        compact=upkeep.compact and may_compact,
        remove_unreachable=upkeep.remove_unreachable,
        in_flight=governance.store.loads.being_written(dataset),
        dry_run=upkeep.dry_run,
    )
    if not upkeep.dry_run:
        _record(governance, dataset, report, actor, execution_id)
    if not dataset.is_quarantine and governance.lake.exists(dataset.quarantine):
        maintain(governance, dataset.quarantine, upkeep, actor=actor, execution_id=execution_id)
    return report


def _may_compact(governance: Governance, dataset: DatasetName) -> bool:
    """Whether main is what it should be: what was written around the gates must not look published.

    What a killed gate published is recorded, with the review it asked for.
    """
    head = governance.lake.head(dataset)
    if dataset.is_quarantine or head is None or version_at(governance, dataset, head) is not None:
        return True
    facts = governance.lake.snapshot(dataset, head)
    if facts is None or not facts.rows:
        return True
    log.warning("%s is at snapshot %s, where no gate and no rollback put it: not compacted.", dataset, head)
    return False


def _days_under_review(governance: Governance, dataset: DatasetName) -> float:
    """For how many days there has been a review: what was current before is what it may go back to."""
    reviews = governance.store.reviews.list(dataset, ReviewState.OPEN)
    if not reviews:
        return 0
    first = min(review.opened_at for review in reviews)
    return (governance.clock() - first + _MARGIN) / timedelta(days=1)


def _record(
    governance: Governance,
    dataset: DatasetName,
    report: MaintenanceReport,
    actor: str,
    execution_id: str | None,
) -> None:
    with governance.store.transaction():
        _record_compaction(governance, dataset, report, execution_id)
        governance.store.log.append(
            LogEntry(
                action="maintenance",
                subject=str(dataset),
                actor=actor,
                at=governance.clock(),
                details={**to_plain(report), "files": len(report.files)},
                execution_id=execution_id,
            )
        )


def _record_compaction(
    governance: Governance, dataset: DatasetName, report: MaintenanceReport, execution_id: str | None
) -> None:
    """A compacted snapshot holds the same rows in other files: a version under the same verdict."""
    if report.compacted_to is None or report.compacted_from is None:
        return
    before = governance.store.versions.by_snapshot(dataset, report.compacted_from) or recover_version(
        governance, dataset, report.compacted_from
    )
    facts = governance.lake.snapshot(dataset, report.compacted_to)
    if before is None or facts is None or facts.tag is None:
        return
    governance.store.versions.record(
        replace(
            version_of(governance, dataset, facts),
            kind=VersionKind.MAINTENANCE,
            load_ids=before.load_ids,
            verdict_id=before.verdict_id,
            contract_hash=before.contract_hash,
            execution_id=execution_id,
            parent_snapshot_id=before.snapshot_id,
            published_at=governance.clock(),
        )
    )
