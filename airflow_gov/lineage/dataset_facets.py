"""What is known of a dataset, as OpenLineage's facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.facets import Facet, facet, own_facet, without_nothing
from airflow_gov.lineage.naming import catalogue_names, without_credentials

if TYPE_CHECKING:
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.execution import ColumnInfo
    from airflow_gov.model.zones import DatasetName

#: ``source`` of the tags that contracts give.
_SOURCE = "AIRFLOW_GOV"
#: OpenLineage's words for the kinds of Iceberg catalogues.
_CATALOGUES = {"sql": "jdbc"}


class Change(StrEnum):
    """What became of a dataset for those who read it (``lifecycleStateChange``)."""

    CREATE = "CREATE"
    ALTER = "ALTER"
    OVERWRITE = "OVERWRITE"
    TRUNCATE = "TRUNCATE"


@dataclass(frozen=True, slots=True)
class LakeAddress:
    """The lake, as facets name it.

    :param name: the catalogue's name.
    :param properties: the catalogue's, as PyIceberg takes them; no secret of theirs is told.
    """

    name: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stand:
    """Which state of a dataset of ours an execution read or wrote.

    :param dataset: the dataset.
    :param candidate: whether it is a candidate, which no reader sees; None: not known yet.
    :param snapshot_id: its snapshot, where it is known.
    :param version: its published version's number, where there is one.
    :param load_ids: the loads that were read or written.
    :param contract_hash: the contract it was written under.
    """

    dataset: DatasetName
    candidate: bool | None = False
    snapshot_id: int | None = None
    version: int | None = None
    load_ids: tuple[str, ...] = ()
    contract_hash: str | None = None


def symlinks_facet(dataset: DatasetName, properties: Mapping[str, str]) -> Facet:
    """The other names of a dataset of ours."""
    return facet("SymlinksDatasetFacet", "1-0-1", identifiers=catalogue_names(dataset, properties))


def version_facet(snapshot_id: int) -> Facet:
    """The version, as every engine that reads the table calls it: the Iceberg snapshot."""
    return facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=str(snapshot_id))


def type_facet(kind: str) -> Facet:
    """What kind of data it is.

    :param kind: ``TABLE`` or ``FILE``.
    """
    return facet("DatasetTypeDatasetFacet", "1-0-1", datasetType=kind)


def zone_facet(stand: Stand, contract: Contract | None = None) -> Facet:
    """Our own facet: where in the zones it is, and under which promises."""
    dataset = stand.dataset
    promised: Facet = {}
    if contract is not None:
        promised = {
            "contractId": contract.contract_id or None,
            "contractVersion": contract.version or None,
            "classifications": _classifications(contract),
            "personal": any(column.classified for column in contract.columns) if contract.columns else None,
            "retention": _retention(contract),
        }
    return own_facet(
        "AirflowGovZoneDatasetFacet",
        "1-0-0",
        zone=dataset.zone.value,
        dataset=str(dataset),
        candidate=stand.candidate,
        quarantine=True if dataset.is_quarantine else None,
        # A snapshot's number is longer than what JavaScript counts exactly.
        snapshotId=None if stand.snapshot_id is None else str(stand.snapshot_id),
        version=stand.version,
        loadIds=list(stand.load_ids) or None,
        contractHash=stand.contract_hash or (contract.hash if contract is not None else None),
        **promised,
    )


def lake_facets(lake: LakeAddress, location: str) -> dict[str, Facet]:
    """How a table is stored, and in which catalogue it is.

    :param lake: the lake.
    :param location: where the table's files lie.
    """
    properties = lake.properties
    kind = properties.get("type") or "sql"
    uri = properties.get("uri")
    return {
        "storage": facet("StorageDatasetFacet", "1-0-1", storageLayer="iceberg", fileFormat="parquet"),
        "catalog": facet(
            "CatalogDatasetFacet",
            "1-1-0",
            framework="iceberg",
            type=_CATALOGUES.get(kind, kind),
            name=lake.name,
            metadataUri=without_credentials(uri) if uri else None,
            warehouseUri=properties.get("warehouse") or location,
            source="airflow-gov",
        ),
    }


def schema_facet(columns: Sequence[Column | ColumnInfo]) -> Facet:
    """Columns in order, with their types and, from a contract, their meaning."""
    return facet(
        "SchemaDatasetFacet",
        "1-2-0",
        fields=[
            without_nothing(
                {
                    "name": column.name,
                    "type": str(column.type),
                    "description": getattr(column, "description", "") or None,
                    "ordinal_position": position,
                }
            )
            for position, column in enumerate(columns, start=1)
        ],
    )


def contract_facets(contract: Contract) -> dict[str, Facet]:
    """What a contract says of a dataset: owners, meaning, tags down to columns."""
    told = {
        "ownership": facet("OwnershipDatasetFacet", "1-0-1", owners=_owners(contract)),
        "tags": facet("TagsDatasetFacet", "1-0-0", tags=list(_tags(contract))),
    }
    if contract.columns:
        told["schema"] = schema_facet(contract.columns)
    if contract.description:
        told["documentation"] = facet(
            "DocumentationDatasetFacet", "1-1-0", description=contract.description, contentType="text/plain"
        )
    return told


def lifecycle_facet(change: Change) -> Facet:
    """What became of a dataset."""
    return facet("LifecycleStateChangeDatasetFacet", "1-0-1", lifecycleStateChange=change.value)


def input_statistics(*, rows: int | None, size: int | None = None, files: int | None = None) -> Facet | None:
    """How much was read; None where nothing of it is known."""
    return _statistics("InputStatisticsInputDatasetFacet", "1-0-0", rows, size, files)


def output_statistics(*, rows: int | None, size: int | None = None, files: int | None = None) -> Facet | None:
    """How much was written; None where nothing of it is known."""
    return _statistics("OutputStatisticsOutputDatasetFacet", "1-0-2", rows, size, files)


def _statistics(
    schema: str, version: str, rows: int | None, size: int | None, files: int | None
) -> Facet | None:
    if rows is None and size is None and files is None:
        return None
    return facet(schema, version, rowCount=rows, size=size, fileCount=files)


def _owners(contract: Contract) -> list[dict[str, str]]:
    owner = [{"name": contract.owner, "type": "OWNER"}] if contract.owner else []
    return [*owner, *({"name": name, "type": "STEWARD"} for name in contract.stewards)]


def _tags(contract: Contract) -> Iterable[dict[str, Any]]:
    yield _tag("zone", contract.dataset.zone.value)
    yield from (_tag(*_split(tag)) for tag in contract.tags)
    for column in contract.columns:
        if column.classification:
            yield {**_tag("classification", column.classification), "field": column.name}
        yield from ({**_tag(*_split(tag)), "field": column.name} for tag in column.tags)


def _tag(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "source": _SOURCE}


def _split(tag: str) -> tuple[str, str]:
    """``pii:email`` is a key and its value; a tag without a value is simply true."""
    key, _, value = tag.partition(":")
    return (key, value) if key and value else (tag, "true")


def _classifications(contract: Contract) -> list[str] | None:
    found = {column.classification for column in contract.columns if column.classification is not None}
    return sorted(found) or None


def _retention(contract: Contract) -> str | None:
    """How long rows are kept, in the contract's words."""
    for entry in contract.sla:
        if entry.get("property") == "retention" and entry.get("value") is not None:
            return f"{entry['value']} {entry.get('unit') or ''}".strip()
    return None
