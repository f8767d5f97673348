"""Datasets nobody has promised anything about, nobody answers for, or nobody has described."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.model.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.findings import Observation


class _ContractCheck(DatasetCheck):
    """A check of what the contract in use says."""

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Of a contract that is there and can be read."""
        if audited.contract is not None:
            yield from self.observe_contract(audited, audited.contract)

    @abstractmethod
    def observe_contract(self, audited: AuditedDataset, contract: Contract) -> Iterator[Observation]:
        """What is wrong with the contract."""

    def token(self, audited: AuditedDataset) -> str:
        """A contract's text is known by its hash."""
        return str(audited.contract_hash)


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
        "Write a contract for the dataset (airflow-gov contracts validate says whether it is valid) and load "
        "it with an operator, or drop the table."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Nothing the store keeps, not even an unreadable one."""
        if audited.contract_hash is None:
            where = "in the lake" if audited.in_lake else "in the store"
            yield self.found_in(audited, f"{audited.name} is {where} and has no contract.")

    def token(self, audited: AuditedDataset) -> str:
        """It depends on nothing else."""
        return f"{audited.contract_hash} {audited.in_lake}"


class ContractUnreadable(DatasetCheck):
    """A contract in use that is no contract (any more)."""

    id = "contract-unreadable"
    title = "Contract that cannot be read"
    severity = Severity.ERROR
    explanation = (
        "The store keeps the text of every contract under which something was loaded. One that cannot be "
        "read was changed in the database, or is of a version of this package that is gone: nothing can be "
        "checked against it, and no other check of the contract looked at this dataset."
    )
    remedy = (
        "Run the task that loads the dataset again, so that the contract of its Dag is kept anew. Where the "
        "text was changed in the database, airflow-gov log verify may tell since when."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """The reason only: what stands in the file is not repeated."""
        if audited.contract_error is not None:
            error = audited.contract_error
            yield self.found_in(
                audited,
                f"The contract of {audited.name} in use cannot be read ({error.reason}).",
                contract_hash=audited.contract_hash,
                reason=str(error.reason),
            )

    def token(self, audited: AuditedDataset) -> str:
        """The text itself: it may be changed while its hash stays."""
        return audited.contract_mark


class DatasetWithoutOwner(_ContractCheck):
    """A contract whose team has no owner."""

    id = "dataset-without-owner"
    title = "Dataset without an owner"
    severity = Severity.ERROR
    explanation = (
        "The owner answers for a dataset: whom to ask, and whom to call when something leaks. The contract "
        "names them in team.members with the role owner."
    )
    remedy = "Add a member with the role owner to the contract: airflow-gov catalog propose shows the patch."

    def observe_contract(self, audited: AuditedDataset, contract: Contract) -> Iterator[Observation]:
        """An empty name is none."""
        if not (contract.owner or "").strip():
            yield self.found_in(audited, f"Nobody owns {audited.name}.", path=contract.path)


class DatasetWithoutSteward(_ContractCheck):
    """A contract whose team has no steward who has not left."""

    id = "dataset-without-steward"
    title = "Dataset without a steward"
    severity = Severity.WARNING
    explanation = (
        "Stewards decide on waivers and reviews. Where there is none, what a gate holds back stays there, "
        "and nobody can let it through."
    )
    remedy = (
        "Add a member with the role steward to the contract: airflow-gov catalog propose shows the patch."
    )

    def observe_contract(self, audited: AuditedDataset, contract: Contract) -> Iterator[Observation]:
        """Stewards who have left are none; the reader of contracts leaves them out."""
        if not contract.stewards:
            yield self.found_in(audited, f"{audited.name} has no steward.", path=contract.path)


class DatasetWithoutDescription(_ContractCheck):
    """A dataset, or a column of it, that the contract does not explain."""

    id = "description-missing"
    title = "Dataset or column without a description"
    severity = Severity.INFO
    explanation = (
        "What a dataset is and what its columns mean stands in its contract, and the catalogue shows it. "
        "What nobody has described is used by guessing."
    )
    remedy = "Describe it in the contract: airflow-gov catalog propose shows the patch."

    def observe_contract(self, audited: AuditedDataset, contract: Contract) -> Iterator[Observation]:
        """One finding for the dataset, one for all of its columns."""
        if not contract.description.strip():
            yield self.found_in(
                audited, f"{audited.name} is not described.", severity=Severity.WARNING, path=contract.path
            )
        bare = [column.name for column in contract.columns if not column.description.strip()]
        if bare:
            yield self.found_in(
                audited,
                f"{len(bare)} of {len(contract.columns)} columns of {audited.name} are not described.",
                part="columns",
                columns=bare[:100],
                path=contract.path,
            )
