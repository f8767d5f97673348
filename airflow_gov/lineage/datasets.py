"""Datasets as OpenLineage's inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.lineage.column_facets import column_lineage_facet
from airflow_gov.lineage.dataset_facets import (
    Change,
    LakeAddress,
    Stand,
    contract_facets,
    input_statistics,
    lake_facets,
    lifecycle_facet,
    output_statistics,
    schema_facet,
    symlinks_facet,
    type_facet,
    version_facet,
    zone_facet,
)
from airflow_gov.lineage.facets import Facet, without_nothing
from airflow_gov.lineage.naming import Address, expected_address, table_address
from airflow_gov.lineage.quality_facets import assertions_facet, metrics_facet

if TYPE_CHECKING:
    from airflow_gov.model.column_lineage import ColumnLineage
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.execution import ColumnInfo
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class Amount:
    """How much was read or written; None: not known.

    :param rows: rows.
    :param size: bytes.
    :param files: files.
    """

    rows: int | None = None
    size: int | None = None
    files: int | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A dataset of ours, and what is known of it.

    :param stand: which state of it.
    :param lake: the lake.
    :param location: where its table's files lie; None where the lake could not be asked.
    :param contract: the contract it was written under.
    :param columns: columns as they were seen, where the contract leaves them open.
    :param amount: how much was read or written.
    """

    stand: Stand
    lake: LakeAddress
    location: str | None = None
    contract: Contract | None = None
    columns: Sequence[ColumnInfo] = ()
    amount: Amount = Amount()

    @property
    def address(self) -> Address:
        """Its name in OpenLineage."""
        if self.location is None:
            return expected_address(self.stand.dataset, self.lake.properties)
        return table_address(self.location)


def named_dataset(dataset: DatasetName, lake: LakeAddress) -> Facet:
    """A dataset of which only the name is known, as at the start of a task.

    :param dataset: the dataset.
    :param lake: the lake.
    """
    facets = {
        "symlinks": symlinks_facet(dataset, lake.properties),
        "airflowGov_zone": zone_facet(Stand(dataset, candidate=None)),
    }
    return _dataset(expected_address(dataset, lake.properties), facets)


def read_dataset(known: Known, verdict: Verdict | None = None) -> Facet:
    """A dataset of ours that was read, or checked, as an input.

    :param known: what is known of it.
    :param verdict: what was found out about it, where it was checked.
    """
    facets = _facets_of(known)
    amount = known.amount
    inputs = {"inputStatistics": input_statistics(rows=amount.rows, size=amount.size, files=amount.files)}
    if known.contract is not None:
        facets |= contract_facets(known.contract)
    if verdict is not None:
        classified = (
            [column.name for column in known.contract.columns if column.classified] if known.contract else []
        )
        inputs |= {
            "dataQualityAssertions": assertions_facet(verdict),
            "dataQualityMetrics": metrics_facet(
                verdict, size=amount.size, files=amount.files, classified=classified
            ),
        }
    return {**_dataset(known.address, facets), "inputFacets": without_nothing(inputs)}


def written_dataset(
    known: Known,
    *,
    change: Change | None = None,
    lineage: ColumnLineage | None = None,
    address: Callable[[str], Address | None] = lambda _: None,
) -> Facet:
    """A dataset of ours that was written, as an output.

    :param known: what is known of it.
    :param change: what became of it for its readers; None for a candidate, which they do not see.
    :param lineage: what its columns come from.
    :param address: see :func:`~airflow_gov.lineage.column_facets.column_lineage_facet`.
    """
    facets = {**_facets_of(known), "datasetType": type_facet("TABLE")}
    if known.location is not None:
        facets |= lake_facets(known.lake, known.location)
    if known.columns:
        facets["schema"] = schema_facet(known.columns)
    if known.contract is not None:
        facets |= contract_facets(known.contract)
    if change is not None:
        facets["lifecycleStateChange"] = lifecycle_facet(change)
    if lineage is not None and (columns := column_lineage_facet(lineage, address)) is not None:
        facets["columnLineage"] = columns
    amount = known.amount
    statistics = output_statistics(rows=amount.rows, size=amount.size, files=amount.files)
    return {
        **_dataset(known.address, facets),
        "outputFacets": without_nothing({"outputStatistics": statistics}),
    }


def outside_dataset(address: Address, kind: str, columns: Sequence[ColumnInfo], amount: Amount) -> Facet:
    """Data outside the lake that was read, as an input.

    :param address: its name in OpenLineage.
    :param kind: ``FILE`` or ``TABLE``.
    :param columns: its columns as they were seen.
    :param amount: how much was read.
    """
    facets = {"datasetType": type_facet(kind)}
    if columns:
        facets["schema"] = schema_facet(columns)
    statistics = input_statistics(rows=amount.rows, size=amount.size, files=amount.files)
    return {**_dataset(address, facets), "inputFacets": without_nothing({"inputStatistics": statistics})}


def _facets_of(known: Known) -> dict[str, Facet]:
    stand = known.stand
    facets = {
        "symlinks": symlinks_facet(stand.dataset, known.lake.properties),
        "airflowGov_zone": zone_facet(stand, known.contract),
    }
    if stand.snapshot_id is not None:
        facets["version"] = version_facet(stand.snapshot_id)
    return facets


def _dataset(address: Address, facets: dict[str, Facet]) -> Facet:
    return {"namespace": address.namespace, "name": address.name, "facets": facets}
