"""What an execution tells OpenLineage, taken down while the store and the lake are open.

Describing is observation: what cannot be described is told by its name alone, or left out, and logged.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from airflow_gov.flow.promises import kept_contract
from airflow_gov.lineage.dataset_facets import Change, LakeAddress, Stand
from airflow_gov.lineage.datasets import (
    Amount,
    Known,
    named_dataset,
    outside_dataset,
    read_dataset,
    written_dataset,
)
from airflow_gov.lineage.emitting import Query, Told, job_facets, run_facets
from airflow_gov.lineage.naming import Address, expected_address, table_address
from airflow_gov.lineage.outside import file_addresses, source_address, table_addresses
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from airflow_gov.flow.publishing import Publication
    from airflow_gov.flow.recording import Recording
    from airflow_gov.lineage.facets import Facet
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.execution import Execution
    from airflow_gov.model.loads import Load, Version
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True)
class Material:
    """What a task knows beside its record.

    :param contracts: contracts it worked under.
    :param verdicts: what it found out about datasets.
    :param publications: what it published.
    :param loads: the loads it was about.
    :param dialect: of the query it ran, where it ran one.
    """

    contracts: dict[DatasetName, Contract] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    publications: Sequence[Publication] = ()
    loads: Sequence[Load] = ()
    dialect: str | None = None


def describe(governance: Governance, recording: Recording, material: Material) -> Told:
    """What an execution that has ended tells OpenLineage.

    :param governance: the wired parts, still open.
    :param recording: the execution's, with its final record.
    :param material: what else the task knows.
    """
    execution = recording.final
    if execution is None:
        return Told()
    include_sql = governance.settings.openlineage_include_sql
    ran_sql = execution.code is not None and material.dialect is not None
    query = Query(execution.code or "", material.dialect) if ran_sql else None
    datasets = _Datasets(governance, recording, execution, material)
    return Told(
        inputs=tuple(datasets.inputs()),
        outputs=tuple(datasets.outputs()),
        run_facets=run_facets(execution, material.verdicts, include_sql=include_sql),
        job_facets=job_facets(execution, query, include_sql=include_sql),
    )


class _Datasets:
    """The datasets of one execution."""

    def __init__(
        self, governance: Governance, recording: Recording, execution: Execution, material: Material
    ) -> None:
        self._governance = governance
        self._lineage = recording.column_lineage
        self._execution = execution
        self._material = material
        self._lake = LakeAddress(governance.settings.catalog_name, governance.lake_properties)
        self._locations: dict[DatasetName, str | None] = {}
        self._lake_is_down = execution.error_reason == Reason.LAKE_UNAVAILABLE

    def inputs(self) -> Iterator[Facet]:
        """What was checked and read, then what came from outside."""
        checked = {verdict.dataset: verdict for verdict in self._material.verdicts}
        for dataset, verdict in checked.items():
            yield self._or_named(dataset, partial(self._checked, verdict))
        for dataset, refs in self._refs(Role.SOURCE).items():
            if dataset not in checked:
                yield self._or_named(dataset, partial(self._read, dataset, refs))
        for ref in self._execution.data:
            if ref.role is Role.SOURCE and ref.dataset is None:
                yield from self._outside(ref)

    def outputs(self) -> Iterator[Facet]:
        """What was written."""
        for dataset, refs in self._refs(Role.TARGET, Role.QUARANTINE).items():
            yield self._or_named(dataset, partial(self._written, dataset, refs))

    def _or_named(self, dataset: DatasetName, describe_it: Callable[[], Facet]) -> Facet:
        """What is known of a dataset, or, where something is broken, its name."""
        try:
            return describe_it()
        except Exception:
            log.warning("OpenLineage is told no more of %s than its name.", dataset, exc_info=True)
            return named_dataset(dataset, self._lake)

    def _refs(self, *roles: Role) -> dict[DatasetName, list[DataRef]]:
        found: dict[DatasetName, list[DataRef]] = {}
        for ref in self._execution.data:
            if ref.role in roles and ref.dataset is not None:
                found.setdefault(DatasetName.parse(ref.dataset), []).append(ref)
        return found

    def _known(
        self, stand: Stand, amount: Amount, contract: Contract | None, columns: Sequence[DataRef] = ()
    ) -> Known:
        seen = [ref.columns for ref in columns if ref.columns]
        return Known(
            stand=stand,
            lake=self._lake,
            location=self._location(stand.dataset),
            contract=contract,
            columns=seen[-1] if seen else (),
            amount=amount,
        )

    def _checked(self, verdict: Verdict) -> Facet:
        dataset, snapshot_id = verdict.dataset, verdict.snapshot_id
        version = self._governance.store.versions.by_snapshot(dataset, snapshot_id)
        candidate = version is None or version.execution_id == self._execution.execution_id
        facts = version or self._governance.lake.snapshot(dataset, snapshot_id)
        stand = Stand(
            dataset,
            candidate=candidate,
            snapshot_id=snapshot_id,
            version=version.version if version is not None and not candidate else None,
            load_ids=verdict.load_ids,
            contract_hash=verdict.contract_hash,
        )
        amount = Amount(verdict.rows, facts.size if facts else None, facts.files if facts else None)
        contract = self._contract(dataset, verdict.contract_hash)
        return read_dataset(self._known(stand, amount, contract), verdict)

    def _read(self, dataset: DatasetName, refs: Sequence[DataRef]) -> Facet:
        snapshot_id, version = _last(ref.snapshot_id for ref in refs), _last(ref.version for ref in refs)
        stand = Stand(
            dataset,
            candidate=snapshot_id is not None and version is None,
            snapshot_id=snapshot_id,
            version=version,
            load_ids=_load_ids(refs),
        )
        amount = Amount(rows=_last(ref.rows for ref in refs))
        return read_dataset(self._known(stand, amount, self._material.contracts.get(dataset)))

    def _written(self, dataset: DatasetName, refs: Sequence[DataRef]) -> Facet:
        published = max(
            (each for each in self._material.publications if each.version.dataset == dataset),
            key=lambda each: each.version.version,
            default=None,
        )
        if published is not None:
            known = self._of_version(published.version, published.load_ids)
            change = self._change(published)
        elif all(ref.snapshot_id is None for ref in refs) and not any(ref.files for ref in refs):
            return self._seen_to(dataset)
        else:
            known, change = self._candidate(dataset, refs), None
        return written_dataset(
            known, change=change, lineage=self._lineage.get(dataset), address=self._source_address
        )

    def _candidate(self, dataset: DatasetName, refs: Sequence[DataRef]) -> Known:
        files = {file.uri: file for ref in refs for file in ref.files}
        stand = Stand(
            dataset,
            candidate=not dataset.is_quarantine,
            snapshot_id=_last(ref.snapshot_id for ref in refs),
            load_ids=_load_ids(refs),
        )
        rows = _last(ref.rows for ref in refs)
        amount = (
            Amount(rows, sum(file.size for file in files.values()), len(files)) if files else Amount(rows)
        )
        return self._known(stand, amount, self._material.contracts.get(dataset), refs)

    def _seen_to(self, dataset: DatasetName) -> Facet:
        """A dataset whose version may have changed but whose rows did not come from this execution."""
        current = self._governance.store.versions.current(dataset)
        if current is None:
            return named_dataset(dataset, self._lake)
        new = current.published_at >= self._execution.start
        restored = new and current.kind is VersionKind.ROLLBACK
        return written_dataset(self._of_version(current), change=Change.OVERWRITE if restored else None)

    def _of_version(self, version: Version, load_ids: tuple[str, ...] = ()) -> Known:
        contract_hash = version.contract_hash
        stand = Stand(
            version.dataset,
            snapshot_id=version.snapshot_id,
            version=version.version,
            load_ids=load_ids or version.load_ids,
            contract_hash=contract_hash,
        )
        contract = self._contract(version.dataset, contract_hash) if contract_hash is not None else None
        return self._known(stand, Amount(version.rows, version.size, version.files), contract)

    def _change(self, publication: Publication) -> Change | None:
        """What became of a dataset for its readers; None where rows were only added or changed."""
        version = publication.version
        if publication.republished:
            return None
        if version.version == 1:
            return Change.CREATE
        if any(
            load.dataset == version.dataset and load.write_mode is WriteMode.OVERWRITE
            for load in self._material.loads
        ):
            return Change.OVERWRITE if version.rows else Change.TRUNCATE
        return Change.ALTER if self._has_other_columns(version) else None

    def _has_other_columns(self, version: Version) -> bool:
        before = self._governance.store.versions.get(version.dataset, version.version - 1)
        hashes = {
            version.contract_hash,
            before.contract_hash if before is not None else version.contract_hash,
        }
        shapes = {
            tuple((column.name, str(column.type)) for column in self._contract(version.dataset, each).columns)
            for each in hashes
            if each is not None and len(hashes) > 1
        }
        return len(shapes) > 1

    def _outside(self, ref: DataRef) -> Iterable[Facet]:
        for address, files in file_addresses(ref.files):
            rows = [file.rows for file in files if file.rows is not None]
            amount = Amount(sum(rows) if rows else None, sum(file.size for file in files), len(files))
            yield outside_dataset(address, "FILE", ref.columns, amount)
        if ref.database is not None:
            tables = table_addresses(ref.database, self._execution.code)
            alone = len(tables) == 1 and ref.database.get("table") is not None
            for address in tables:
                yield outside_dataset(
                    address, "TABLE", ref.columns if alone else (), Amount(ref.rows if alone else None)
                )

    def _contract(self, dataset: DatasetName, contract_hash: str) -> Contract:
        known = self._material.contracts.get(dataset)
        if known is not None and known.hash == contract_hash:
            return known
        return kept_contract(self._governance, dataset, contract_hash)

    def _location(self, dataset: DatasetName) -> str | None:
        """Where the dataset's files lie; a lake that does not answer is asked once."""
        if dataset not in self._locations:
            self._locations[dataset] = None
            try:
                if not self._lake_is_down:
                    self._locations[dataset] = self._governance.lake.location(dataset)
            except GovernanceError as error:
                self._lake_is_down = error.reason is Reason.LAKE_UNAVAILABLE
                log.info("Where %s lies is not known: %s", dataset, error)
        return self._locations[dataset]

    def _source_address(self, source: str) -> Address | None:
        """The address of a source by what column lineage calls it."""
        try:
            dataset = DatasetName.parse(source)
        except GovernanceError:
            return source_address(source)
        location = self._location(dataset)
        return (
            expected_address(dataset, self._lake.properties) if location is None else table_address(location)
        )


def _last(values: Iterable[T | None]) -> T | None:
    """The last value that is one."""
    return next((value for value in reversed(list(values)) if value is not None), None)


def _load_ids(refs: Iterable[DataRef]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ref.load_id for ref in refs if ref.load_id is not None))
