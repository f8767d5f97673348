"""Data in the lake that no execution made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited import AuditedDataset, AuditedLake
    from airflow_gov.model.findings import Observation

_WHY = (
    "What no execution made has no owner, no lineage and no checks: it is where personal data is lost sight "
    "of, and no retention or erasure will find it. "
)


class ShadowTable(LakeCheck):
    """A table, or a folder in raw, that the store has never heard of."""

    id = "shadow-table"
    title = "Table no execution made"
    severity = Severity.ERROR
    explanation = _WHY + "This one was made directly in the catalogue or the storage."
    remedy = "Write a contract and load the data with an operator, then drop it; or drop it."

    def observe(self, audited: AuditedLake) -> Iterator[Observation]:
        """Tables of zones, tables beside the zones, folders of raw."""
        recorded = {*audited.summaries, *audited.contract_hashes}
        for name, entry in audited.tables.items():
            if _base(name) not in recorded:
                yield self.found(
                    name,
                    f"The table {name} was made by no execution.",
                    dataset=name,
                    metadata_location=entry.metadata_location,
                )
        for entry in audited.foreign_tables:
            told = ".".join(entry.identifier)
            yield self.found(
                told,
                f"The table {told} of the lake's catalogue lies in no zone.",
                metadata_location=entry.metadata_location,
            )
        known = {name.name for name in (*recorded, *audited.tables) if name.zone is Zone.RAW}
        for folder in sorted(set(audited.lake.raw.folders()) - known):
            yield self.found(
                f"raw/{folder}",
                f"The folder raw/{folder} of the lake belongs to no dataset.",
                zone=Zone.RAW,
            )


class ShadowSnapshot(DatasetCheck):
    """A snapshot of a governed table that no operator wrote."""

    id = "shadow-snapshot"
    title = "Rows no execution wrote"
    severity = Severity.ERROR
    explanation = _WHY + (
        "Every snapshot an operator writes says which loads it carries. This one carries rows and does not: "
        "somebody wrote to the table directly, with whatever tool."
    )
    remedy = (
        "Roll back (airflow-gov datasets rollback) where readers see it, load the rows with an operator "
        "instead, and take the right to write from whoever wrote it."
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """By the summaries of all snapshots, candidates' too."""
        if audited.table is None or not audited.in_store:
            return
        for snapshot in audited.table.snapshots:
            empty = not snapshot.rows and snapshot.parent_snapshot_id is None
            if not (snapshot.load_ids or snapshot.maintenance or empty):
                yield self.found_in(
                    audited,
                    f"The snapshot {snapshot.snapshot_id} of {audited.name} was written by no operator.",
                    part=snapshot.snapshot_id,
                    operation=snapshot.operation,
                    rows=snapshot.rows,
                    committed_at=snapshot.committed_at.isoformat(),
                )

    def token(self, audited: AuditedDataset) -> str:
        """Snapshots change with the table's metadata only."""
        return f"{audited.metadata_location} {audited.in_store}"


def _base(name: DatasetName) -> DatasetName:
    return DatasetName(name.zone, name.name.removesuffix(QUARANTINE_SUFFIX))
