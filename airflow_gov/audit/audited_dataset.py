"""What checks look at: one dataset, read only when asked for."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.summary import DatasetSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.audit.audited_lake import AuditedLake
    from airflow_gov.lake import RawComparison, SnapshotFacts, TableFacts
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.findings import Finding
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName, Zone
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store


class AuditedDataset:
    """One dataset under audit. Every property is read when it is first asked for, and then kept.

    :param audited: the lake it is of.
    :param name: the dataset.
    """

    def __init__(self, audited: AuditedLake, name: DatasetName) -> None:
        self.audited = audited
        self.name = name
        self._open = ExitStack()

    @property
    def governance(self) -> Governance:
        """Store, lake, settings."""
        return self.audited.governance

    @property
    def store(self) -> Store:
        """The governance database."""
        return self.audited.store

    @property
    def now(self) -> datetime:
        """The moment the audit is of."""
        return self.audited.now

    @property
    def zone(self) -> Zone:
        """Its zone."""
        return self.name.zone

    @property
    def summary(self) -> DatasetSummary:
        """What the store knows of it at a glance (current version, newest verdict, owner); costs nothing."""
        return self.audited.summaries.get(self.name) or DatasetSummary(self.name)

    @property
    def contract_hash(self) -> str | None:
        """The contract in use; costs nothing."""
        return self.audited.contract_hashes.get(self.name)

    @property
    def metadata_location(self) -> str | None:
        """Its table's metadata file, another one after every commit; costs nothing with a SQL catalogue."""
        entry = self.audited.tables.get(self.name)
        if entry is None or entry.metadata_location is not None:
            return entry.metadata_location if entry is not None else None
        return self.table.metadata_location if self.table is not None else None

    @property
    def in_lake(self) -> bool:
        """Whether the catalogue has its table; costs nothing."""
        return self.name in self.audited.tables

    @property
    def in_store(self) -> bool:
        """Whether the store has a contract, a load or a version of it; costs nothing."""
        return self.name in self.audited.summaries or self.name in self.audited.contract_hashes

    @property
    def contract(self) -> Contract | None:
        """The contract in use; None where there is none, or it cannot be read."""
        return None if isinstance(self._contract, GovernanceError) else self._contract

    @property
    def contract_error(self) -> GovernanceError | None:
        """Why the contract in use cannot be read, if so."""
        return self._contract if isinstance(self._contract, GovernanceError) else None

    @property
    def table(self) -> TableFacts | None:
        """Its table's metadata; None where it has no table, or the metadata cannot be read.

        :raises GovernanceError: ``DATASET_UNKNOWN`` when it was dropped since the audit began: the audit then
            goes on with the next dataset.
        """
        return None if isinstance(self._table, GovernanceError) else self._table

    @property
    def table_error(self) -> GovernanceError | None:
        """Why its table's metadata cannot be read, if so."""
        return self._table if isinstance(self._table, GovernanceError) else None

    @property
    def seen(self) -> TableFacts | None:
        """Its table's metadata where somebody has asked for it; reads nothing."""
        read: TableFacts | GovernanceError | None = self.__dict__.get("_table")
        return None if isinstance(read, GovernanceError) else read

    @property
    def head(self) -> SnapshotFacts | None:
        """The snapshot main is at."""
        return self.table.snapshot(self.table.head) if self.table is not None else None

    @cached_property
    def version(self) -> Version | None:
        """The current version as the store knows it."""
        return self.store.versions.current(self.name)

    @property
    def being_written(self) -> Sequence[str]:
        """Ids of its loads that somebody holds a lease on; costs nothing."""
        return self.audited.being_written.get(str(self.name), ())

    @property
    def verdict_mark(self) -> str:
        """What changes when the verdict or the decision on its current version does; costs nothing."""
        return self.audited.verdict_marks.get(str(self.name), "")

    @property
    def record_mark(self) -> str:
        """What changes when its current version, or the record of who wrote it, does; costs nothing."""
        return self.audited.record_marks.get(str(self.name), "")

    @property
    def contract_mark(self) -> str:
        """What changes when the text of the contract in use does; far cheaper than reading a contract."""
        return "" if self.contract_hash is None else self.audited.contract_mark(self.contract_hash)

    @property
    def table_mark(self) -> str | None:
        """What changes when its table's metadata does, also when the file was tampered with; cheap.

        :returns: None where that is not known without a request.
        """
        location = self.metadata_location
        if location is None:
            return "no table" if not self.in_lake else None
        stamp = self.audited.lake.tables.file_stamp(location)
        return None if stamp is None else f"{location} {stamp}"

    @property
    def quarantine(self) -> AuditedDataset:
        """The dataset's quarantine."""
        return self.audited.dataset(self.name.quarantine)

    @cached_property
    def raw(self) -> RawComparison:
        """Of a raw dataset the index of its objects beside the objects that are there.

        Index and folder are read when it is first asked for: once for all checks of the dataset.
        """
        return self._open.enter_context(self.audited.lake.compare_raw(self.name))

    def close(self) -> None:
        """Give back what was opened to look at it."""
        self._open.close()

    def earlier(self, check: str) -> Sequence[Finding]:
        """What a check found in this dataset before and is not fixed."""
        return self.audited.memory.findings(check, str(self.name))

    def looked_at(self, check: str) -> datetime | None:
        """When a check last looked at this zone, in an audit that finished: for plans by time.

        :returns: None: it never looked; the beginning of time where it did, and that audit is forgotten.
        """
        memory = self.audited.memory
        known = memory.looked_at(check, self.zone)
        forgotten = known is None and memory.times(check, str(self.name)) > 0
        return datetime(1970, 1, 1, tzinfo=UTC) if forgotten else known

    def state(self, *more: object) -> str:
        """A token (see :meth:`DatasetCheck.token`) of the contract in use, the table and the version.

        :param more: what else the outcome depends on.
        """
        summary = self.summary
        parts = (self.contract_hash, self.metadata_location, summary.version, summary.snapshot_id, *more)
        return "\n".join(str(part) for part in parts)

    @cached_property
    def _contract(self) -> Contract | GovernanceError | None:
        if self.contract_hash is None:
            return None
        try:
            return self.audited.contract(self.name, self.contract_hash)
        except GovernanceError as error:
            if error.reason in (Reason.STORE_UNAVAILABLE, Reason.STORE_SCHEMA):
                raise
            return error

    @cached_property
    def _table(self) -> TableFacts | GovernanceError | None:
        entry = self.audited.tables.get(self.name)
        if entry is None:
            return None
        try:
            return self.audited.lake.tables.read(entry)
        except GovernanceError as error:
            if error.reason is not Reason.TABLE_UNREADABLE:
                raise
            return error
