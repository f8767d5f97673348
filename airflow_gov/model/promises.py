"""What contracts promise about the age of data: how old it may be, and how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.contract import Contract

#: ODCS ``slaProperties`` that say how old data may be, the first one found counts.
SLA_PROPERTIES = ("freshness", "latency")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the rows of a dataset are kept.

    :param kept_for: so long.
    :param column: from the moment in this column; None: from when they were published.
    """

    kept_for: timedelta
    column: str | None = None


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


def agreed_retention(contract: Contract) -> Retention | None:
    """How long the dataset's rows are kept by its contract's ``slaProperties``: ``retention``.

    An ``element`` that names a column says from which moment; see the ODCS, section Service-Level Agreement.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it says something that is no duration.
    """
    for entry in contract.sla:
        if str(entry.get("property", "")).lower() == "retention" and _is_about(entry, contract):
            return Retention(_agreed(entry, contract), _column(entry, contract))
    return None


def _column(entry: Mapping[str, Any], contract: Contract) -> str | None:
    for part in str(entry.get("element") or "").split(","):
        dataset, _, column = part.strip().rpartition(".")
        if dataset in (str(contract.dataset), contract.dataset.name) and contract.column(column) is not None:
            return column
    return None


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
