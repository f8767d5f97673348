"""Tables of so many small files that reading them is slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.runtime import Governance

_MIB = 1024 * 1024


class SmallFiles(DatasetCheck):
    """A current version in far more files than its bytes need.

    :param files: fewer files than these are never too many.
    :param megabytes: files that are smaller than this on average are small.
    """

    id = "small-files"
    title = "Many small files"
    severity = Severity.WARNING
    explanation = (
        "Each file costs every reader a request and a footer. Many small loads leave many small files, and "
        "queries then wait for the storage and not for the data."
    )
    remedy = (
        "Run maintenance on the dataset: airflow-gov datasets maintain, or a daily MaintenanceOperator. "
        "Where it comes back soon, load less often or more at once."
    )
    repairs = "joins the small files of the dataset; the rows stay as they are, as a new version"

    def __init__(self, files: int = 100, megabytes: float = 8) -> None:
        if files < 2 or megabytes <= 0:
            raise ValueError("files must be 2 or more, megabytes more than 0")
        self.files = files
        self.megabytes = megabytes

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By the summary of main's snapshot: no file is opened."""
        head = audited.head
        if head is None or head.files < self.files:
            return
        average = head.size / head.files
        if average < self.megabytes * _MIB:
            yield self.found_in(
                audited,
                f"{audited.name} lies in {head.files:,} files of {average / _MIB:.2g} MiB on average.",
                files=head.files,
                size=head.size,
            )

    def token(self, audited: AuditedDataset) -> str | None:
        """Main's files change with the table's metadata only."""
        return audited.metadata_location

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """Join them, as maintenance does, and remove nothing."""
        from airflow_gov.flow.maintenance import Upkeep, maintain

        if finding.dataset is None:
            raise GovernanceError(Reason.PARAMETER_INVALID, f"{finding.subject} is no dataset.")
        upkeep = Upkeep(keep_versions=_ALL, remove_unreachable=False)
        report = maintain(governance, finding.dataset, upkeep, actor=actor)
        if report.compacted_to is None:
            return f"{finding.dataset} was left as it is: there was nothing that could be joined."
        return f"{report.files_compacted:,} files of {finding.dataset} became {report.files_written:,}."


#: More versions than there are.
_ALL = 2**31
