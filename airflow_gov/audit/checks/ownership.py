"""Datasets nobody has promised anything about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited import AuditedDataset
    from airflow_gov.model.findings import Observation


class DatasetWithoutContract(DatasetCheck):
    """A table that no contract describes."""

    id = "dataset-without-contract"
    title = "Dataset without a contract"
    severity = Severity.ERROR
    explanation = (
        "Every dataset of a zone has a contract: it says what the columns mean, who answers for them, and "
        "what the gate checks. A table without one was made around the operators, or nothing ever used it."
    )
    remedy = (
        "Write a contract for the dataset (airflow-gov contracts check says whether it is valid) and load it "
        "with an operator, or drop the table."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Nothing the store keeps, not even an unreadable one."""
        if audited.contract_hash is None:
            where = "in the lake" if audited.in_lake else "in the store"
            yield self.found_in(audited, f"{audited.name} is {where} and has no contract.")

    def token(self, audited: AuditedDataset) -> str:
        """It depends on nothing else."""
        return f"{audited.contract_hash} {audited.in_lake}"
