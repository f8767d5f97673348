"""What loads left behind that nobody will use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.lake import FolderStamp, MaintenanceReport
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.runtime import Governance

#: Keeps every version there is: what a repair removes nobody can read any more.
_EVERYTHING = 1_000_000_000


class CandidateAbandoned(DatasetCheck):
    """A candidate that no gate will publish any more.

    :param days: older candidates whose load is not being written are abandoned.
    """

    id = "candidate-abandoned"
    title = "Abandoned candidate"
    severity = Severity.WARNING
    explanation = (
        "A candidate waits on a branch of its own for its gate. When the Dag run failed, or its gate held it "
        "back and nobody decided, it stays, and its rows with it: also those that a contract refused."
    )
    remedy = (
        "Decide on what waits (airflow-gov gates list). A daily MaintenanceOperator removes the others; so "
        "does --repair candidate-abandoned."
    )
    repairs = "removes the branches of dead candidates and the files that only they have"

    def __init__(self, days: float = 7) -> None:
        if days <= 0:
            raise ValueError("days must be more than 0")
        self.days = days

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By the age of the snapshots at the branches' heads."""
        if audited.table is None:
            return
        before = audited.now - timedelta(days=self.days)
        flying = {f"candidate-{load_id}" for load_id in audited.store.loads.being_written(audited.name)}
        for name, ref in sorted(audited.table.refs.items()):
            snapshot = audited.table.snapshot(ref.snapshot_id)
            if not ref.branch or not name.startswith("candidate-") or name in flying or snapshot is None:
                continue
            if snapshot.committed_at < before:
                yield self.found_in(
                    audited,
                    f"A candidate of {audited.name} waits since "
                    f"{snapshot.committed_at.isoformat(timespec='minutes')} ({snapshot.rows:,} rows).",
                    part=name,
                    rows=snapshot.rows,
                    load_ids=list(snapshot.load_ids),
                )

    def token(self, audited: AuditedDataset) -> str | None:
        """The table, and whose loads are being written."""
        mark = audited.metadata_location
        return None if mark is None else f"{mark} {' '.join(audited.being_written)}"

    def stands_until(self, audited: AuditedDataset) -> datetime | None:
        """Until the next candidate is too old."""
        if audited.table is None:
            return None
        heads = (
            audited.table.snapshot(ref.snapshot_id)
            for name, ref in audited.table.refs.items()
            if ref.branch and name.startswith("candidate-")
        )
        due = [head.committed_at + timedelta(days=self.days) for head in heads if head is not None]
        return min((moment for moment in due if moment >= audited.now), default=None)

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """By maintenance that keeps every version."""
        report = _cleaned(finding, governance, actor)
        return f"{len(report.branches)} candidates and {len(report.files)} files are removed."


class OrphanFiles(DatasetCheck):
    """Files in a table's folder that no snapshot of it has.

    :param hours: younger files may be of a task that is just writing.
    """

    id = "orphan-files"
    title = "Files nothing points to"
    severity = Severity.WARNING
    explanation = (
        "Killed tasks and removed versions leave files that no snapshot has. They cost money, and what is in "
        "them escapes retention and erasure, for no reader and no query will ever come across it."
    )
    remedy = "Run maintenance on the dataset: a daily MaintenanceOperator, or --repair orphan-files."
    repairs = "removes the files that no snapshot of the table has"

    def __init__(self, hours: float = 24) -> None:
        if hours <= 0:
            raise ValueError("hours must be more than 0")
        self.hours = hours

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By a listing of the table's folders against all of its manifests."""
        if audited.table is None:
            return
        files = audited.audited.lake.tables.unreachable(
            audited.name,
            before=audited.now - timedelta(hours=self.hours),
            in_flight=audited.store.loads.being_written(audited.name),
        )
        if files:
            size = sum(file.size for file in files)
            yield self.found_in(
                audited,
                f"{len(files):,} files of {audited.name} belong to no snapshot ({size:,} bytes).",
                files=sorted(file.uri for file in files)[:20],
                count=len(files),
                size=size,
            )

    def token(self, audited: AuditedDataset) -> str | None:
        """The table, the files in its folders, and whose loads are being written."""
        stamp = self._stamp(audited)
        if stamp is None:
            return None
        return f"{audited.metadata_location} {stamp.digest} {' '.join(audited.being_written)}"

    def stands_until(self, audited: AuditedDataset) -> datetime | None:
        """Until the next of the young files is old enough."""
        stamp = self._stamp(audited)
        youngest = stamp.youngest if stamp is not None else None
        return youngest + timedelta(hours=self.hours) if youngest is not None else None

    def _stamp(self, audited: AuditedDataset) -> FolderStamp | None:
        location, before = audited.metadata_location, audited.now - timedelta(hours=self.hours)
        return None if location is None else audited.audited.lake.tables.folder_stamp(location, before)

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """By maintenance that keeps every version."""
        report = _cleaned(finding, governance, actor, grace_hours=self.hours)
        return f"{len(report.files):,} files ({report.bytes_removed:,} bytes) are removed."


def _cleaned(
    finding: Finding, governance: Governance, actor: str, *, grace_hours: float = 24
) -> MaintenanceReport:
    assert finding.dataset is not None  # noqa: S101 - leftovers are found in datasets alone
    upkeep = Upkeep(keep_versions=_EVERYTHING, keep_days=0, grace_hours=grace_hours, compact=False)
    return maintain(governance, finding.dataset, upkeep, actor=actor)
