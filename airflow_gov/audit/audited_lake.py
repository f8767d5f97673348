"""What checks look at: the lake and the store, read only when asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.audit.audited_dataset import AuditedDataset
from airflow_gov.audit.memory import Memory
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.lake import Lake, TableEntry, TableFacts
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.findings import Finding
    from airflow_gov.model.summary import DatasetSummary
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store

_ORDER = {zone: position for position, zone in enumerate(Zone)}


class AuditedLake:
    """One installation, at one moment.

    Lists (tables, datasets, contracts in use) are read once and may be minutes old at the end of an audit;
    everything else is read when it is asked for.

    :param governance: store, lake, settings.
    :param zones: the zones that are audited; default: all.
    :param memory: what earlier audits left behind.
    """

    def __init__(
        self,
        governance: Governance,
        zones: Sequence[Zone] | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.governance = governance
        self.zones = tuple(Zone) if zones is None else tuple(zone for zone in Zone if zone in zones)
        self.now: datetime = governance.clock()
        self.memory = memory or Memory()
        self._contracts: dict[tuple[str, DatasetName], Contract | GovernanceError] = {}

    @property
    def store(self) -> Store:
        """The governance database: executions, versions, verdicts, reviews, waivers, log …"""
        return self.governance.store

    @property
    def lake(self) -> Lake:
        """The Iceberg tables and the raw objects."""
        return self.governance.lake

    @cached_property
    def tables(self) -> Mapping[DatasetName, TableEntry]:
        """The tables of all zones, quarantines included, whether the store has heard of them or not."""
        return {entry.dataset: entry for entry in self._entries if entry.dataset is not None}

    @cached_property
    def foreign_tables(self) -> tuple[TableEntry, ...]:
        """Tables of the same catalogue whose names are none of datasets."""
        return tuple(entry for entry in self._entries if entry.dataset is None)

    @cached_property
    def summaries(self) -> Mapping[DatasetName, DatasetSummary]:
        """What the store knows at a glance of every dataset that has a contract, a load or a version."""
        return {summary.dataset: summary for summary in self.store.versions.summaries()}

    @cached_property
    def contract_hashes(self) -> Mapping[DatasetName, str]:
        """Of every dataset that has one the contract in use."""
        return self.store.contracts.in_use()

    @cached_property
    def names(self) -> tuple[DatasetName, ...]:
        """Every dataset of the audited zones that the store or the catalogue knows; quarantines, too."""
        known = {*self.summaries, *self.contract_hashes, *self.tables}
        return tuple(
            sorted(
                (name for name in known if name.zone in self.zones),
                key=lambda name: (_ORDER[name.zone], name.name),
            )
        )

    @cached_property
    def being_written(self) -> Mapping[str, Sequence[str]]:
        """Ids of the loads that somebody holds a lease on, by dataset; one query."""
        return self.store.audits.marks.being_written()

    @cached_property
    def verdict_marks(self) -> Mapping[str, str]:
        """What changes when the verdict or the decision on a dataset's current version does; few queries."""
        return self.store.audits.marks.verdicts()

    @cached_property
    def record_marks(self) -> Mapping[str, str]:
        """What changes when the current version, or the record of who wrote it, does; few queries."""
        return self.store.audits.marks.records()

    def look_at_files(self, names: Sequence[DatasetName]) -> None:
        """Prepare what tells whether the files of some hundred tables changed, where that costs requests."""
        entries = (self.tables.get(name) for name in names)
        places = (entry.metadata_location for entry in entries if entry is not None)
        self.lake.tables.look_at_files(place for place in places if place is not None)

    def dataset(self, name: DatasetName) -> AuditedDataset:
        """One dataset, of whatever zone."""
        return AuditedDataset(self, name)

    def datasets(self) -> Iterator[AuditedDataset]:
        """The datasets of the audited zones, one after the other; quarantines are left out."""
        return (self.dataset(name) for name in self.names if not name.is_quarantine)

    def contract(self, dataset: DatasetName, contract_hash: str) -> Contract:
        """A version of a dataset's contract, as the store keeps it.

        :raises GovernanceError: the store does not have it, or it cannot be read.
        """
        from airflow_gov.flow.promises import kept_contract

        key = (contract_hash, dataset)
        if key not in self._contracts:
            if len(self._contracts) > 256:
                self._contracts.clear()
            try:
                self._contracts[key] = kept_contract(self.governance, dataset, contract_hash)
            except GovernanceError as error:
                self._contracts[key] = error
        found = self._contracts[key]
        if isinstance(found, GovernanceError):
            raise found
        return found

    def contract_mark(self, contract_hash: str) -> str:
        """What changes when the text the store keeps under a hash does."""
        if contract_hash not in self._contract_marks:  # it is in use since the audit began
            self._contract_marks[contract_hash] = self.store.audits.marks.contract(contract_hash)
        return self._contract_marks[contract_hash]

    def earlier(self, check: str) -> Sequence[Finding]:
        """What a check of the lake as a whole found before and is not fixed."""
        return self.memory.findings(check, None)

    def refresh(self, name: DatasetName, seen: TableFacts | None = None) -> bool:
        """See a dataset's table as the catalogue has it now, and with it the contract that is in use now.

        :param seen: the table's metadata as somebody has read it: a catalogue that does not list where that
            lies is asked for it anew.
        :returns: whether that is another table than before: somebody committed, made or dropped it.
        """
        before, now = self.tables.get(name), self.lake.tables.entry(name)
        if before == now and not self._moved_on(now, seen):
            return False
        contract = self.store.contracts.latest(name)
        if contract is not None:
            self.contract_hashes = {**self.contract_hashes, name: contract[0]}
        others = {other: entry for other, entry in self.tables.items() if other != name}
        self.tables = others if now is None else {**others, name: now}
        return True

    def _moved_on(self, entry: TableEntry | None, seen: TableFacts | None) -> bool:
        if entry is None or entry.metadata_location is not None or seen is None:
            return False
        try:
            return self.lake.tables.read(entry) != seen
        except GovernanceError as error:
            if error.reason not in (Reason.DATASET_UNKNOWN, Reason.TABLE_UNREADABLE):
                raise
            return True

    @cached_property
    def _contract_marks(self) -> dict[str, str]:
        return self.store.audits.marks.contracts()

    @cached_property
    def _entries(self) -> Sequence[TableEntry]:
        return self.lake.tables.entries()
