"""Assets of ours as Airflow's OpenLineage provider wants them named."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow_gov.assets import SCHEME
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow.providers.common.compat.openlineage.facet import Dataset
    from airflow.sdk import Asset


def to_openlineage(asset: Asset, lineage_context: object) -> Dataset:  # noqa: ARG001 - Airflow's signature
    """Name an asset of ours as the tasks that write it do, where that can be known without asking the lake.

    :param asset: an asset of ours.
    :param lineage_context: the hook that asks; not needed.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset

    from airflow_gov.lineage.datasets import named_dataset
    from airflow_gov.operators.starting import lake_address
    from airflow_gov.settings import Settings

    parts = urlsplit(asset.uri)
    name = f"{parts.netloc}.{parts.path.removeprefix('/')}"
    try:
        return Dataset(**named_dataset(DatasetName.parse(name), lake_address(Settings.load())))
    except GovernanceError:
        return Dataset(namespace=SCHEME, name=name)
