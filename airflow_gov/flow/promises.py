"""Contracts as the store keeps them, for those who have no checkout of the Dags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def kept_contract(governance: Governance, dataset: DatasetName, contract_hash: str) -> Contract:
    """A version of a dataset's contract.

    :raises GovernanceError: ``CONTRACT_MISSING`` when the store does not have it.
    """
    from airflow_gov.contracts import parse_contract

    text = governance.store.contracts.text(contract_hash)
    if text is None:
        raise GovernanceError(
            Reason.CONTRACT_MISSING,
            f"The contract {contract_hash[:12]} of {dataset} is not in the store: "
            f"run the task that loads it again.",
            dataset=str(dataset),
        )
    return parse_contract(
        text,
        dataset,
        aliases=governance.settings.zone_aliases,
        suites=governance.store.contracts.suites(contract_hash),
    )


def latest_contract(governance: Governance, dataset: DatasetName) -> Contract:
    """The contract that was last in use for a dataset, published or not.

    :raises GovernanceError: ``CONTRACT_MISSING`` when none ever was.
    """
    kept = governance.store.contracts.latest(dataset)
    if kept is None:
        raise GovernanceError(
            Reason.CONTRACT_MISSING,
            f"The store has no contract of {dataset}: nothing was ever loaded into it.",
            dataset=str(dataset),
        )
    return kept_contract(governance, dataset, kept[0])
