"""One dataset with everything that is known of it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.catalog.classification.comparing import unsaid
from airflow_gov.catalog.gaps import gaps_of
from airflow_gov.catalog.proposing import Kept
from airflow_gov.contracts import parse_contract
from airflow_gov.model.catalogue import Entry, Gap, Wanted
from airflow_gov.model.classification import Proposal
from airflow_gov.model.contract import Column
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.uses import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class Described:
    """A dataset.

    :param entry: at a glance: people, freshness, quality, size, files.
    :param contract: the path of its contract's file; None where it has none.
    :param problem: why its contract cannot be read, where it cannot.
    :param columns: as the contract tells them.
    :param seen: what the newest scan saw in columns and the contract does not say.
    :param usage: who reads it.
    :param gaps: what it lacks.
    :param undescribed: its columns that have no description.
    """

    entry: Entry
    contract: str | None
    problem: str | None
    columns: tuple[Column, ...]
    seen: tuple[Proposal, ...]
    usage: Usage
    gaps: tuple[Gap, ...]
    undescribed: tuple[str, ...]


def describe(
    store: Store,
    dataset: DatasetName,
    *,
    unused_since: datetime,
    aliases: Mapping[str, str],
    dags: frozenset[str] | None,
) -> Described:
    """What is known of a dataset.

    :param unused_since: what was not read since then is unused.
    :param aliases: other words for zones.
    :param dags: the Dags that exist for the caller; None: all.
    :raises GovernanceError: ``DATASET_UNKNOWN`` with the names that are like it.
    """
    entry = store.catalogue.get(dataset)
    if entry is None:
        raise _unknown(store, dataset)
    latest = store.contracts.latest(dataset)
    contract, problem = _contract(latest, dataset, aliases)
    scan = store.classifications.get(dataset)
    usage = store.uses.usage(dataset, dags=dags)
    return Described(
        entry=entry,
        contract=latest[2] if latest is not None else None,
        problem=problem,
        columns=contract.columns if contract is not None else (),
        seen=tuple(unsaid(scan, contract)) if scan is not None else (),
        usage=usage,
        gaps=gaps_of(entry, usage.last_read_at, unused_since),
        undescribed=store.catalogue.undescribed([dataset]).get(dataset, ()),
    )


def kept_contract(store: Store, dataset: DatasetName) -> Kept:
    """The contract of a dataset as the store keeps it.

    :raises GovernanceError: ``CONTRACT_MISSING``; ``DATASET_UNKNOWN``.
    """
    latest = store.contracts.latest(dataset)
    if latest is not None:
        return Kept(*latest)
    if store.catalogue.get(dataset) is None:
        raise _unknown(store, dataset)
    raise GovernanceError(
        Reason.CONTRACT_MISSING,
        f"No contract of {dataset} is kept: write one, and run a task that loads the dataset.",
        dataset=str(dataset),
    )


def _contract(
    latest: tuple[str, str, str] | None, dataset: DatasetName, aliases: Mapping[str, str]
) -> tuple[Contract | None, str | None]:
    if latest is None:
        return None, None
    try:
        return parse_contract(latest[1], dataset, latest[2], aliases), None
    except GovernanceError as error:  # written for another version of this package
        return None, error.message


def _unknown(store: Store, dataset: DatasetName) -> GovernanceError:
    """The error for a name that nobody has heard of, with those in its zone that are like it."""
    known = store.catalogue.page(Wanted(zone=dataset.zone.value), limit=1000)
    near = difflib.get_close_matches(str(dataset), [str(each.dataset) for each in known.entries], n=3)
    hint = f"Did you mean {' or '.join(near)}?" if near else "See: airflow-gov catalog search"
    return GovernanceError(
        Reason.DATASET_UNKNOWN, f"There is no dataset {dataset}. {hint}", dataset=str(dataset)
    )
