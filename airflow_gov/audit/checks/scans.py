"""Columns that scans of their contents saw to be something else than their contracts say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import LakeCheck
from airflow_gov.catalog.classification.comparing import unsaid
from airflow_gov.catalog.sensitivity import WATCHED
from airflow_gov.model.classification import Agreement
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.model.classification import Classification, Proposal
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.findings import Observation

#: From this confidence on a finding is as bad as its check says; below it, somebody may want to look.
SURE = 0.8


class PersonalUnmarked(LakeCheck):
    """A column that looks personal, and of which no contract says so."""

    id = "personal-unmarked"
    title = "Column looks personal, its contract is silent"
    severity = Severity.ERROR
    reads_scans = True
    explanation = (
        "A scan of the dataset's contents saw values of a personal kind in this column, and its contract "
        "neither tags nor restricts it: no rule guards it, no tag travels on from it, and where-is and "
        "incident do not name it. An audit scans what was never scanned, has another contract or was "
        "published anew since, as the plan of scans tells; airflow-gov catalog classify scans now. In "
        "preprocessed and sensitive it is a warning. Where the scan is not sure, or the column is restricted "
        "and lacks only the tag, it is an info. Values are never kept."
    )
    remedy = (
        "Look at the column. Tag it in the contract as what it holds (airflow-gov catalog propose DATASET "
        "--column COLUMN --tag TAG shows the patch), and split it off or mask it where many read it. Where "
        "the scan is wrong, acknowledge the finding."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """By the newest scan of each dataset."""
        for scan, proposal, column in _seen(audited, Agreement.PROPOSED):
            yield _told(
                self,
                scan,
                proposal,
                f"{scan.dataset}.{proposal.column} looks like {proposal.tag} ({proposal.evidence}), and "
                "no contract says so.",
                severity=_severity(scan, proposal, column),
            )


class ClassificationContradicts(LakeCheck):
    """What a scan saw in a column is not what the contract says of it."""

    id = "classification-contradicts"
    title = "Scan contradicts the contract"
    severity = Severity.ERROR
    reads_scans = True
    explanation = (
        "The newest scan of the dataset, by an audit or airflow-gov catalog classify, saw values of a kind "
        "in this column that its contract calls open to all, or tags as something else; an info where the "
        "scan is not sure. What was mended in the contract since the scan counts; values are never kept."
    )
    remedy = (
        "Look at the column. Classify it in the contract as what it holds, or, where the scan is wrong, tag "
        "it as what it is and acknowledge the finding; then scan the dataset again."
    )

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """By the newest scan of each dataset."""
        for scan, proposal, _ in _seen(audited, Agreement.CONTRADICTS):
            yield _told(
                self,
                scan,
                proposal,
                f"{scan.dataset}.{proposal.column} looks like {proposal.tag} "
                f"({proposal.evidence.matching:,} of {proposal.evidence.values:,} sampled values), "
                "and its contract says otherwise.",
                severity=Severity.ERROR if proposal.confidence >= SURE else Severity.INFO,
            )


def _seen(
    audited: AuditedLake, agreement: Agreement
) -> Iterator[tuple[Classification, Proposal, Column | None]]:
    """What scans saw and contracts in use do not say, with the column as they have it."""
    for scan in audited.store.classifications.list(agreement=agreement):
        contract = _contract(audited, scan)
        for proposal in unsaid(scan, contract):
            if proposal.agreement is agreement:
                yield scan, proposal, contract.find(proposal.column) if contract is not None else None


def _contract(audited: AuditedLake, scan: Classification) -> Contract | None:
    in_use = audited.contract_hashes.get(scan.dataset)
    try:
        return audited.contract(scan.dataset, in_use) if in_use is not None else None
    except GovernanceError:  # the check of contracts that cannot be read tells of it
        return None


def _severity(scan: Classification, proposal: Proposal, column: Column | None) -> Severity:
    if proposal.confidence < SURE or (column is not None and column.restricted):
        return Severity.INFO
    return Severity.ERROR if scan.dataset.zone in WATCHED else Severity.WARNING


def _told(
    check: LakeCheck, scan: Classification, proposal: Proposal, message: str, *, severity: Severity
) -> Observation:
    return check.found(
        scan.dataset,
        message,
        part=f"{proposal.column} {proposal.tag}",
        severity=severity,
        dataset=scan.dataset,
        column=proposal.column,
        tag=proposal.tag,
        confidence=round(proposal.confidence, 3),
        version=scan.version,
        sampled=scan.sampled,
        rows=scan.rows,
        recogniser=proposal.recogniser,
    )
