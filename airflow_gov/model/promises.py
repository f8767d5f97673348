"""What contracts promise about the age of data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from airflow_gov.model.contract import Contract

#: ODCS ``slaProperties`` that say how old data may be, the first one found counts.
SLA_PROPERTIES = ("freshness", "latency")


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


def _agreed(entry: Mapping[str, Any], contract: Contract) -> timedelta:
    try:
        return read_duration(entry.get("value"), entry.get("unit"))
    except ValueError as error:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"slaProperties of {contract.path or contract.dataset}: {entry.get('property')}: {error}",
            dataset=str(contract.dataset),
        ) from None


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
