"""One helper that names things: a dataset's name, its Airflow asset, its URI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.sdk import Asset

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from urllib.parse import SplitResult


#: URI scheme of our assets: ``airflow-gov://<zone>/<name>``.
SCHEME = "airflow-gov"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset as a Dag names it.

    :param full_name: its name, ``<zone>.<name>``.
    """

    full_name: DatasetName

    @property
    def zone(self) -> Zone:
        """The zone it lies in."""
        return self.full_name.zone

    @property
    def name(self) -> str:
        """Its name, as operators take it: ``<zone>.<name>``."""
        return str(self.full_name)

    @property
    def uri(self) -> str:
        """The asset's URI."""
        return f"{SCHEME}://{self.full_name.zone}/{self.full_name.name}"

    @property
    def asset(self) -> Asset:
        """The Airflow asset that the dataset's gate updates when it publishes a version."""
        return Asset(name=self.name, uri=self.uri, group="airflow-gov")

    def __str__(self) -> str:
        return self.name


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check an asset URI of ours, for Airflow.

    :raises ValueError: it does not name a dataset.
    """
    try:
        DatasetName.parse(f"{uri.netloc}.{uri.path.removeprefix('/')}")
    except GovernanceError as error:
        raise ValueError(f"{uri.geturl()}: {error}") from error
    return uri


def dataset(name: str) -> Dataset:
    """Name a dataset in a Dag: ``schedule=[dataset("clean.flights").asset]``.

    :param name: ``<zone>.<name>``; the zone's own word, not an alias.
    :raises GovernanceError: ``DATASET_NAME_INVALID``.
    """
    return Dataset(DatasetName.parse(name))
