"""Tables that are not as their contract says, or cannot be read at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.model.findings import Observation


class TableUnreadable(DatasetCheck):
    """A table whose metadata is gone or is none."""

    id = "table-unreadable"
    title = "Table that cannot be read"
    severity = Severity.CRITICAL
    explanation = (
        "The catalogue names a metadata file that is not there or cannot be read: the dataset is lost for "
        "its readers, and no other check of the table looked at it."
    )
    remedy = (
        "Restore the metadata file from the storage's own versions or a backup; else drop the table from the "
        "catalogue and load the dataset again."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By reading the metadata."""
        if audited.table_error is not None:
            yield self.found_in(
                audited,
                f"The metadata of {audited.name} cannot be read.",
                metadata_location=audited.metadata_location,
            )

    def token(self, audited: AuditedDataset) -> str | None:
        """The file itself: it may go while the catalogue stays as it is."""
        return audited.table_mark


class SchemaDrift(DatasetCheck):
    """A table whose columns are not those of the contract in use."""

    id = "schema-drift"
    title = "Schema differs from the contract"
    severity = Severity.ERROR
    explanation = (
        "Tables are made from their contract, and the operators change them only as it says. A column more, "
        "a column less or another type was made around the operators."
    )
    remedy = (
        "Bring the contract and the table together: describe the column in the contract and load again, or "
        "take it out of the table."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Names and types, not the order; raw tables are indexes of files and have no contracted columns."""
        contract, table = audited.contract, audited.table
        if contract is None or table is None or audited.zone is Zone.RAW or not contract.columns:
            return
        promised = {column.name: str(column.type) for column in contract.columns}
        found = {column.name: column.type for column in table.columns if column.name != LOAD_ID_COLUMN}
        for name in sorted({*promised, *found}):
            if promised.get(name) == found.get(name):
                continue
            yield self.found_in(
                audited,
                f"{audited.name}.{name} {_difference(promised.get(name), found.get(name))}.",
                part=name,
                contract=promised.get(name),
                table=found.get(name),
            )
        if all(column.name != LOAD_ID_COLUMN for column in table.columns):
            yield self.found_in(
                audited,
                f"{audited.name} has no column {LOAD_ID_COLUMN}: its rows cannot be traced to their loads.",
                part=LOAD_ID_COLUMN,
            )

    def token(self, audited: AuditedDataset) -> str:
        """Contract and table."""
        return f"{audited.contract_hash} {audited.metadata_location}"


def _difference(promised: str | None, found: str | None) -> str:
    if promised is None:
        return "is in the table and not in the contract"
    if found is None:
        return "is in the contract and not in the table"
    return f"is {found} in the table and {promised} in the contract"
