"""Scanning a dataset: a sample of its current version, looked at in DuckDB, held against its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.catalog.classification.comparing import against_contract
from airflow_gov.catalog.classification.leaves import leaves
from airflow_gov.catalog.classification.measuring import (
    DEFAULT_SAMPLE,
    MOST_SAMPLE,
    Measured,
    count_sample,
    measure,
)
from airflow_gov.catalog.classification.weighing import chosen, weigh
from airflow_gov.flow.promises import latest_contract
from airflow_gov.model.classification import Classification, Proposal
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

#: The act as the log names it.
SCANNED = "classification.scanned"

_TABLE = "__scanned"


def scan(
    governance: Governance,
    dataset: DatasetName,
    *,
    sample: int = DEFAULT_SAMPLE,
    keep: bool = True,
    actor: str | None = None,
    execution_id: str | None = None,
) -> Classification:
    """Propose tags for the columns of a dataset's current version.

    No value of the sample is in the result, nor in any message.

    :param sample: rows to look at; the same rows of the same version each time.
    :param keep: whether the store keeps the result, in place of an earlier one of the same version.
    :param actor: who asked for it: the log tells of a scan that is kept, and of the restricted columns in it.
    :param execution_id: the execution in which it is made, if one is; for the log.
    :raises GovernanceError: ``PARAMETER_INVALID`` for a sample that is none; ``SOURCE_UNPUBLISHED`` when
        there is no version; what reading the lake raises.
    """
    if not 1 <= sample <= MOST_SAMPLE:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"A sample has 1 to {MOST_SAMPLE:,} rows, not {sample:,}.",
            sample=sample,
        )
    version = _current(governance, dataset)
    contract = _contract(governance, dataset)
    table = governance.lake.scan(dataset, version.snapshot_id)
    columns, overlooked = leaves(table.arrow_schema)
    proposals: list[Proposal] = []
    with governance.engine.query_tables({_TABLE: table}) as session:
        for measured in measure(session, _TABLE, columns, rows=table.rows, sample=sample):
            proposals += propose(measured, contract)
    found = Classification(
        dataset=dataset,
        version=version.version,
        snapshot_id=version.snapshot_id,
        contract_hash=contract.hash if contract is not None else None,
        rows=table.rows,
        sampled=count_sample(table.rows, sample),
        columns=sum(1 for name, _ in table.schema if name != LOAD_ID_COLUMN),
        scanned_at=governance.clock(),
        proposals=tuple(proposals),
        overlooked=tuple(overlooked),
    )
    if keep:
        _keep(governance, found, contract, actor, execution_id)
    return found


def _keep(
    governance: Governance,
    found: Classification,
    contract: Contract | None,
    actor: str | None,
    execution_id: str | None,
) -> None:
    store = governance.store
    with store.transaction():
        store.classifications.put(found)
        if actor is not None:
            restricted = list(contract.restricted) if contract is not None else []
            details = {"version": found.version, "sampled": found.sampled, "restricted": restricted}
            store.log.append(
                LogEntry(SCANNED, str(found.dataset), actor, found.scanned_at, details, execution_id)
            )


def propose(measured: Measured, contract: Contract | None) -> list[Proposal]:
    """What is proposed for a column that was measured, or a field in one, held against the contract."""
    weighed = [weigh(recogniser, measured.name, evidence) for recogniser, evidence in measured.found]
    column = contract.find(measured.name) if contract is not None else None
    return against_contract(measured.name, weighed, chosen(weighed), column)


def _current(governance: Governance, dataset: DatasetName) -> Version:
    version = governance.store.versions.current(dataset)
    if version is None:
        raise GovernanceError(
            Reason.SOURCE_UNPUBLISHED,
            f"{dataset} has no published version: there is nothing to scan. See: airflow-gov datasets list",
            dataset=str(dataset),
        )
    return version


def _contract(governance: Governance, dataset: DatasetName) -> Contract | None:
    """The contract in use; None where there is none that can be read, which an audit reports."""
    try:
        return latest_contract(governance, dataset)
    except GovernanceError as error:
        if error.reason in (Reason.CONTRACT_MISSING, Reason.CONTRACT_INVALID):
            return None
        raise
