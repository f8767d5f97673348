"""Which restricted columns an execution read, by the contracts of its sources."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.flow.promises import kept_contract
from airflow_gov.model.contract import RESTRICTED
from airflow_gov.model.errors import GovernanceError, StoreSchemaError, StoreUnavailableError
from airflow_gov.model.execution import Role
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_gov.model.execution import DataRef, Execution
    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestrictedRead:
    """Restricted columns that were read.

    :param dataset: of this dataset.
    :param columns: their names.
    :param data: what of the dataset was read.
    """

    dataset: DatasetName
    columns: tuple[str, ...]
    data: DataRef


def restricted_reads(governance: Governance, execution: Execution) -> tuple[RestrictedRead, ...]:
    """The restricted columns among those that an execution's sources gave it.

    A source without columns was found and not read. What a raw dataset's objects hold is known by its
    contract alone. Where a contract cannot be read any more, all columns count as restricted.

    :raises StoreUnavailableError: the contracts cannot be asked for.
    """
    reads = []
    for data in execution.data:
        dataset = _read(data)
        if dataset is None:
            continue
        columns = _restricted(governance, dataset, [column.name for column in data.columns])
        if columns:
            reads.append(RestrictedRead(dataset, columns, data))
    return tuple(reads)


def _read(data: DataRef) -> DatasetName | None:
    """The dataset whose rows were read."""
    if data.role is not Role.SOURCE or data.dataset is None or not data.columns:
        return None
    try:
        return DatasetName.parse(data.dataset)
    except GovernanceError as error:  # a spooled record may say anything, and must not stay in the way
        log.warning("What was read of %r cannot be told: %s", data.dataset, error)
        return None


def _restricted(governance: Governance, dataset: DatasetName, read: Collection[str]) -> tuple[str, ...]:
    promised = dataset
    if dataset.is_quarantine:  # rows that were set aside are of the dataset they were meant for
        promised = DatasetName(dataset.zone, dataset.name.removesuffix(QUARANTINE_SUFFIX))
    latest = governance.store.contracts.latest(promised)
    # Most contracts restrict nothing, and reading one takes longer than looking for the words.
    if latest is None or not any(word in latest[1].lower() for word in RESTRICTED):
        return ()
    try:
        restricted = kept_contract(governance, promised, latest[0]).restricted
    except (StoreUnavailableError, StoreSchemaError):
        raise
    except GovernanceError as error:
        log.warning("%s: what it restricts cannot be told, so all of it counts: %s", promised, error)
        return tuple(read)
    if promised.zone is Zone.RAW:
        return restricted
    return tuple(column for column in restricted if column in read)
