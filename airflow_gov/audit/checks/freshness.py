"""Datasets that are older than their contract promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Observation

_MOST = 100_000


class DatasetStale(LakeCheck):
    """A dataset whose newest rows are older than agreed."""

    id = "dataset-stale"
    title = "Dataset older than promised"
    severity = Severity.WARNING
    explanation = (
        "slaProperties of a contract say how old its data may be (freshness, else latency). Nothing new was "
        "published in that time: whoever reads it takes old data for new."
    )
    remedy = "Look why its Dag does not run or its gate does not publish, or agree on another age."

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """By the catalogue, which knows until when every dataset is fresh: one query."""
        for entry in audited.store.catalogue.overdue(audited.now, _MOST):
            if entry.due_at is None or entry.dataset.is_quarantine:
                continue
            since = entry.fresh_at.isoformat(timespec="minutes") if entry.fresh_at else "ever"
            yield self.found(
                entry.dataset,
                f"{entry.dataset} was to be renewed by {entry.due_at.isoformat(timespec='minutes')}; "
                f"its newest rows are of {since}.",
                dataset=entry.dataset,
                due_at=entry.due_at.isoformat(),
                fresh_at=entry.fresh_at.isoformat() if entry.fresh_at else None,
            )
