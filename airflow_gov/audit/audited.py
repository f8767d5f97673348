"""What checks look at: the lake, the store and one dataset after the other, read only when asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.summary import DatasetSummary
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from airflow_gov.lake import Lake, RawComparison, SnapshotFacts, TableEntry, TableFacts
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.findings import Finding
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store

_ORDER = {zone: position for position, zone in enumerate(Zone)}


@dataclass
class Memory:
    """What earlier audits left behind.

    :param looks: by check and scope (a dataset's name, or ``""`` for the whole lake): what the outcome of the
        last look depended on, None where it must be looked at again; and how many looks there were.
    :param findings: gives the findings of a check that are not fixed, of one scope or of all.
    """

    looks: Mapping[tuple[str, str], tuple[str | None, int]] = field(default_factory=dict)
    findings: Callable[[str, str | None], Sequence[Finding]] = lambda _check, _scope: ()

    def token(self, check: str, scope: str) -> str | None:
        """What the outcome of a check's last look depended on."""
        return self.looks.get((check, scope), (None, 0))[0]

    def turn(self, check: str, scope: str) -> int:
        """How often a check has looked at something before."""
        return self.looks.get((check, scope), (None, 0))[1]


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
        self._contract_marks: dict[str, str] = {}
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
        if contract_hash not in self._contract_marks:
            text = self.store.contracts.text(contract_hash)
            suites = self.store.contracts.suites(contract_hash) if text is not None else {}
            told = json.dumps([contract_hash, text, sorted(suites.items())])
            mark = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:24]
            self._contract_marks[contract_hash] = mark
        return self._contract_marks[contract_hash]

    def earlier(self, check: str) -> Sequence[Finding]:
        """What a check of the lake as a whole found before and is not fixed."""
        return self.memory.findings(check, None)

    def turn(self, check: str) -> int:
        """How often a check of the lake as a whole has looked before: for plans that take turns."""
        return self.memory.turn(check, "")

    def refresh(self, name: DatasetName) -> bool:
        """See a dataset's table as the catalogue has it now, and with it the contract that is in use now.

        :returns: whether that is another table than before: somebody committed, made or dropped it.
        """
        before, now = self.tables.get(name), self.lake.tables.entry(name)
        if before == now:
            return False
        contract = self.store.contracts.latest(name)
        if contract is not None:
            self.contract_hashes = {**self.contract_hashes, name: contract[0]}
        others = {other: entry for other, entry in self.tables.items() if other != name}
        self.tables = others if now is None else {**others, name: now}
        return True

    @cached_property
    def _entries(self) -> Sequence[TableEntry]:
        return self.lake.tables.entries()


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

    def turn(self, check: str) -> int:
        """How often a check has looked at this dataset before: for plans that take turns."""
        return self.audited.memory.turn(check, str(self.name))

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
