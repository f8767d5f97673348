"""How old a dataset's current version is, and how old it may be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_gov.flow.sources import published_head
from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.waits import VersionWait

if TYPE_CHECKING:
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of which moment a dataset's data is.

    :param version: its newest version that brought rows.
    :param as_of: when that was published; or the greatest value of a column, None when it has none.
    """

    version: Version
    as_of: datetime | None

    def age(self, now: datetime) -> timedelta | None:
        """How old the data is then."""
        return None if self.as_of is None else now - self.as_of


def parse_age(value: object) -> timedelta:
    """Read an age: a ``timedelta``, seconds, or text such as ``"4 h"``, ``"1 day"``, ``"P1DT12H"``.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    try:
        return read_duration(value)
    except ValueError as error:
        raise GovernanceError(Reason.PARAMETER_INVALID, f"max_age: {error}") from None


def freshness(governance: Governance, dataset: DatasetName, *, column: str | None = None) -> Freshness | None:
    """How fresh a dataset is; None while nothing is published.

    :param column: a date or a time in the data, instead of the moment of publication.
    :raises GovernanceError: ``PARAMETER_INVALID`` for a column that cannot say; ``SOURCE_UNPUBLISHED``
        when main is not what a gate published.
    """
    wait = VersionWait(dataset, passed=False)
    number = governance.store.waiting.versions([wait]).get(wait)
    version = governance.store.versions.get(dataset, number) if number is not None else None
    if version is None:
        return None
    as_of = version.published_at if column is None else _newest_value(governance, dataset, column)
    return Freshness(version, as_of)


def _newest_value(governance: Governance, dataset: DatasetName, column: str) -> datetime | None:
    from airflow_gov.quality.ages import newest_moment

    head = published_head(governance, dataset)
    table = governance.lake.scan(dataset, head.snapshot_id)
    kinds = dict(table.schema)
    if not kinds.get(column, "").startswith(("timestamp", "date")):
        have = f"is {kinds[column]}" if column in kinds else "is not there"
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{dataset}: column {column!r} {have}; name a date or a timestamp.",
            dataset=str(dataset),
            column=column,
        )
    return newest_moment(table, column, governance.engine)
