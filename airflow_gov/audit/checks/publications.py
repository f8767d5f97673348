"""Whether readers see what a gate, a rollback or maintenance made the current version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.heads import version_at
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity

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
