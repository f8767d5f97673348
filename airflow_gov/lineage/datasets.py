"""Datasets as OpenLineage's inputs and outputs, with the facets that a check and a publication give them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from airflow_gov.lineage.facets import Facet, facet
from airflow_gov.lineage.naming import catalogue_names, table_address
from airflow_gov.lineage.quality_facets import assertions_facet, metrics_facet

if TYPE_CHECKING:
    from airflow_gov.model.loads import Version
    from airflow_gov.model.verdicts import Verdict
    from airflow_gov.model.zones import DatasetName


def checked_dataset(
    verdict: Verdict,
    location: str,
    catalogue: Mapping[str, str],
    *,
    size: int | None = None,
    files: int | None = None,
    classified: Collection[str] = (),
) -> Facet:
    """The snapshot a verdict is about, as an input: what was checked, with which result.

    :param verdict: the verdict.
    :param location: where the table's files lie.
    :param catalogue: the catalogue's properties.
    :param size: bytes of the snapshot's data files.
    :param files: number of its data files.
    :param classified: columns whose values are shown to nobody.
    """
    return {
        **_dataset(verdict.dataset, location, catalogue, verdict.snapshot_id),
        "inputFacets": {
            "dataQualityAssertions": assertions_facet(verdict),
            "dataQualityMetrics": metrics_facet(verdict, size=size, files=files, classified=classified),
        },
    }


def published_dataset(version: Version, location: str, catalogue: Mapping[str, str]) -> Facet:
    """A version that was published, as an output.

    :param version: the version.
    :param location: where the table's files lie.
    :param catalogue: the catalogue's properties.
    """
    return _dataset(version.dataset, location, catalogue, version.snapshot_id)


def _dataset(dataset: DatasetName, location: str, catalogue: Mapping[str, str], snapshot_id: int) -> Facet:
    namespace, name = table_address(location)
    return {
        "namespace": namespace,
        "name": name,
        "facets": {
            "symlinks": facet(
                "SymlinksDatasetFacet", "1-0-1", identifiers=catalogue_names(dataset, catalogue)
            ),
            "version": facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=str(snapshot_id)),
        },
    }
