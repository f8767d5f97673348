"""What is known of a dataset at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """One dataset in a list of datasets; what follows `versions` is None while nothing is published.

    :param dataset: the dataset.
    :param versions: how many versions were published.
    :param version: the current version's number.
    :param snapshot_id: its Iceberg snapshot.
    :param rows: its rows.
    :param size: bytes of its data files; of raw, of the objects.
    :param files: number of its data files; of raw, of the objects.
    :param published_at: when it was published.
    :param quarantined: rows set aside by the loads of the newest version that published loads.
    :param passed: whether the newest verdict, of any snapshot, let it through; None without one.
    :param checked_at: when that verdict was given.
    :param verdict_id: its id.
    :param owner: the owner in the newest contract.
    :param steward: the steward in the newest contract.
    """

    dataset: DatasetName
    versions: int = 0
    version: int | None = None
    snapshot_id: int | None = None
    rows: int | None = None
    size: int | None = None
    files: int | None = None
    published_at: datetime | None = None
    quarantined: int = 0
    passed: bool | None = None
    checked_at: datetime | None = None
    verdict_id: str | None = None
    owner: str | None = None
    steward: str | None = None
