"""Whether what readers see is what a gate let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.heads import version_at
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import VersionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance


class MainMoved(DatasetCheck):
    """Main is where no gate, rollback or maintenance put it."""

    id = "main-moved"
    title = "Main moved without a verdict"
    severity = Severity.CRITICAL
    explanation = (
        "Readers see what the branch main of a table is at, and only a gate moves it, to a snapshot that it "
        "checked. Here it was moved, or the table was made anew, around the gates: readers see what nobody "
        "has checked."
    )
    remedy = (
        "Roll back to the version that is current by the store (airflow-gov datasets rollback), or load the "
        "dataset again; and take the right to write from whoever moved it."
    )
    repairs = "records a version whose gate was killed before it could; what was moved by others stays found"

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Where main is, against the versions in the store."""
        table, version = audited.table, audited.version
        if table is None:
            if version is not None and audited.table_error is None:
                yield self.found_in(
                    audited,
                    f"Version {version.version} of {audited.name} is current and the table is gone.",
                    part="table",
                    version=version.version,
                )
            return
        head = audited.head
        if version is None:
            if head is not None and head.rows:
                yield self._moved(audited, head.snapshot_id, None)
        elif table.head != version.snapshot_id:
            yield self._moved(audited, table.head, version)

    def token(self, audited: AuditedDataset) -> str:
        """The table and the store's version; what a gate decided before it died changes neither."""
        return audited.state(audited.in_lake)

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """What a killed gate or rollback left unsaid is recorded; nothing is moved."""
        dataset = finding.dataset
        head = governance.lake.head(dataset) if dataset is not None else None
        version = version_at(governance, dataset, head) if dataset is not None and head is not None else None
        if version is None:
            raise GovernanceError(
                Reason.SOURCE_UNPUBLISHED,
                f"{dataset} is at snapshot {head}, where no gate put it. {self.remedy}",
                dataset=str(dataset),
            )
        return f"Version {version.version} is recorded: its process was killed before it could."

    def _moved(self, audited: AuditedDataset, head: int | None, version: Version | None) -> Observation:
        expected = (
            f"version {version.version} is snapshot {version.snapshot_id}"
            if version is not None
            else "nothing of it is published"
        )
        return self.found_in(
            audited,
            f"Main of {audited.name} is at snapshot {head}; by the store {expected}.",
            snapshot_id=head,
            version=version.version if version is not None else None,
        )


class VersionWithoutVerdict(DatasetCheck):
    """A published version that no verdict allowed."""

    id = "version-without-verdict"
    title = "Version published without a verdict"
    severity = Severity.CRITICAL
    explanation = (
        "Every version that a gate publishes rests on a verdict about exactly its snapshot, and on the "
        "gate's decision where rules failed. A current version without them was written into the store by "
        "other means, or its verdict was removed."
    )
    remedy = (
        "Check the version (QualityCheckOperator), load it again through a gate, and find out who wrote it."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Of the current version; a rollback's verdict is that of the version it went back to."""
        version = audited.version
        if version is None:
            return
        if version.kind is VersionKind.ROLLBACK:
            problem = self._problem_of_rollback(audited, version)
        else:
            problem = self._problem(audited, version)
        if problem is not None:
            yield self.found_in(
                audited,
                f"Version {version.version} of {audited.name} {problem}.",
                part=f"v{version.version}",
                verdict_id=version.verdict_id,
            )

    def token(self, audited: AuditedDataset) -> str:
        """The version, its verdict and decisions as they stand now: they may be removed while it stays."""
        return audited.verdict_mark

    def _problem_of_rollback(self, audited: AuditedDataset, version: Version) -> str | None:
        brought = audited.store.versions.brought(audited.name, version.snapshot_id)
        if brought is not None:
            return self._problem(audited, brought)
        # Before the first version there is the empty table, which nobody had to publish.
        return "goes back to a snapshot that no gate published" if version.rows else None

    @staticmethod
    def _problem(audited: AuditedDataset, version: Version) -> str | None:
        if version.verdict_id is None:
            return "has no verdict"
        snapshot = audited.table.snapshot(version.snapshot_id) if audited.table is not None else None
        if version.kind is VersionKind.MAINTENANCE and snapshot is not None and not snapshot.maintenance:
            return "is recorded as maintenance, and its snapshot is of none"
        verdict = audited.store.verdicts.get(version.verdict_id)
        if verdict is None:
            return "rests on a verdict that is not in the store"
        if verdict.passed or version.kind is VersionKind.MAINTENANCE:
            return None
        decision = audited.store.decisions.for_snapshot(audited.name, version.snapshot_id, publishing=True)
        return (
            "rests on a verdict that failed, and no gate decided to publish it" if decision is None else None
        )
