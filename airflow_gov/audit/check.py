"""What a check is. Each is a small class; third parties add theirs by an entry point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Observation, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.findings import Finding
    from airflow_gov.model.zones import DatasetName, Zone
    from airflow_gov.runtime import Governance


class Check(ABC):
    """What an audit asks. A check's settings are the keyword arguments of its ``__init__``.

    A check only looks. What it cannot look at (an unreadable contract or table is a finding of the checks
    that are about those) it passes over; what it raises becomes a finding about the check itself.
    """

    #: In lower case with hyphens; stays for good, for findings are known by it.
    id: ClassVar[str]
    #: A few words for lists.
    title: ClassVar[str]
    #: The worst its findings usually are.
    severity: ClassVar[Severity]
    #: What it looks at, and why that matters.
    explanation: ClassVar[str]
    #: What a person does about a finding.
    remedy: ClassVar[str]
    #: What `repair` does, in one sentence; None where there is no safe repair.
    repairs: ClassVar[str | None] = None
    #: Whether it judges by scans of contents: before it looks, the audit scans what is due.
    reads_scans: ClassVar[bool] = False
    #: The zones it looks at; None: all.
    looks_at: ClassVar[Collection[Zone] | None] = None
    #: Raised when the same lake gives other findings than before, so that all is looked at again.
    edition: ClassVar[int] = 1

    @property
    def plan(self) -> str | None:
        """What a report must say about what was looked at, e.g. the sampling plan."""
        return None

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """Repair what was found, where that is safe. What is repaired already is fine.

        :param finding: one of this check's, as the audit just saw it.
        :param actor: who asked for it; for the log.
        :returns: what was done, in one sentence.
        :raises GovernanceError: it cannot be repaired; the finding stays.
        """
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{self.id} repairs nothing. What to do: {self.remedy}",
            check=self.id,
        )

    def found(
        self,
        subject: object,
        message: str,
        *,
        part: object = "",
        severity: Severity | None = None,
        dataset: DatasetName | None = None,
        zone: Zone | None = None,
        **details: Any,
    ) -> Observation:
        """An observation of this check.

        :param subject: what it is about; with `part` it must be the same in every audit.
        :param message: what is wrong, in one sentence; without values of classified columns.
        :param part: which part of the subject.
        :param severity: where it is not the check's.
        :param dataset: the dataset it is about.
        :param zone: where it lies, if no dataset is given.
        :param details: facts, JSON-compatible.
        """
        return Observation(
            check=self.id,
            subject=str(subject),
            message=message,
            severity=severity or self.severity,
            part=str(part),
            zone=zone,
            dataset=dataset,
            details=details,
        )


class DatasetCheck(Check):
    """A check that looks at one dataset after the other; its findings carry the dataset."""

    #: Whether it looks at quarantines, too.
    quarantines: ClassVar[bool] = False

    @abstractmethod
    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """What is wrong with a dataset. Each observation must be about this dataset."""

    def token(self, audited: AuditedDataset) -> str | None:
        """What the outcome depends on: while it stays the same, the earlier findings stand.

        It must be cheap, and must change whenever `observe` could say something else, also because somebody
        edited the store or the lake; what becomes due with the time, :meth:`stands_until` may tell. The
        check's settings and edition need not be in it.

        :returns: None: look every time.
        """
        return None

    def stands_until(self, audited: AuditedDataset) -> datetime | None:
        """When the outcome of this look may differ although the token stays: something is due, too old …

        It is asked after `observe`, so that what was read for that is there.

        :returns: None: as long as the token stays.
        """
        return None

    def found_in(
        self,
        audited: AuditedDataset,
        message: str,
        *,
        subject: object | None = None,
        part: object = "",
        severity: Severity | None = None,
        **details: Any,
    ) -> Observation:
        """An observation about this dataset; see :meth:`Check.found`.

        :param subject: default: the dataset's name.
        """
        return self.found(
            audited.name if subject is None else subject,
            message,
            part=part,
            severity=severity,
            dataset=audited.name,
            **details,
        )


class LakeCheck(Check):
    """A check that looks at the lake and the store as a whole, in every audit."""

    @abstractmethod
    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """What is wrong. In an audit of some zones, what lies in others is left out afterwards."""
