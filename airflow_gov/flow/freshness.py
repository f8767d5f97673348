"""How old a dataset's current version is, and how old it may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.flow.sources import published_head
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.waits import VersionWait

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: ODCS ``slaProperties`` that say how old data may be, the first one found counts.
SLA_PROPERTIES = ("freshness", "latency")
_DAYS = {"s": 1 / 86_400, "m": 1 / 1_440, "h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 365.25 / 12, "y": 365.25}
_UNITS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "month", "months"), "mo"),
    **dict.fromkeys(("y", "yr", "year", "years"), "y"),
}
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


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
    """Read an age: a ``timedelta``, seconds, or text such as ``"4 h"``, ``"90min"``, ``"1 day"``.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return timedelta(seconds=value)
    match = _AGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{value!r} is no age: give a timedelta, seconds, or text like '4 h'."
        )
    return _age(float(match[1]), match[2])


def agreed_age(contract: Contract) -> timedelta:
    """How old the dataset may be by its contract's ``slaProperties``: ``freshness``, else ``latency``.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it says nothing, or nothing that is an age.
    """
    for name in SLA_PROPERTIES:
        for entry in contract.sla:
            if str(entry.get("property", "")).lower() == name and _is_about(entry, contract):
                return _agreed(entry, contract)
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"How old may {contract.dataset} be? Pass max_age, or add to slaProperties of "
        f"{contract.path or 'its contract'}: {{property: freshness, value: 1, unit: d}}.",
        dataset=str(contract.dataset),
    )


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


def _agreed(entry: Mapping[str, Any], contract: Contract) -> timedelta:
    value, unit = entry.get("value"), entry.get("unit")
    try:
        if unit is None and isinstance(value, str):
            return parse_age(value)
        return _age(float(str(value)), str(unit or "d"))
    except (GovernanceError, ValueError):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"slaProperties of {contract.path or contract.dataset}: {entry.get('property')} is "
            f"{value!r} {unit or ''}, which is no age; write value: 4, unit: h.",
            dataset=str(contract.dataset),
        ) from None


def _age(number: float, unit: str) -> timedelta:
    known = _UNITS.get(unit.lower())
    if known is None:
        raise GovernanceError(Reason.PARAMETER_INVALID, f"{unit!r} is no unit of time: s, min, h, d, w, y.")
    return timedelta(days=number * _DAYS[known])


def _is_about(entry: Mapping[str, Any], contract: Contract) -> bool:
    """Whether an agreement concerns the dataset: those without ``element`` concern all of the file."""
    element = entry.get("element")
    if not element:
        return True
    names = {str(contract.dataset), contract.dataset.name}
    return any(
        text in names or text.rpartition(".")[0] in names
        for text in (part.strip() for part in str(element).split(","))
    )


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
