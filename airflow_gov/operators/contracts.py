"""The contracts that lie beside a Dag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.operators.recording import dag_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.contracts import ContractRegistry
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def contracts_of(governance: Governance, context: Context, folder: str | None = None) -> ContractRegistry:
    """The contracts that a Dag's operators keep to.

    :param folder: where they lie, relative to the Dag's bundle; default: the option
        ``[airflow_gov] contracts_folder``.
    """
    return governance.contracts(dag_folder(context) / (folder or governance.settings.contracts_folder))


def declared_contract(
    governance: Governance, context: Context, dataset: DatasetName, folder: str | None = None
) -> Contract | None:
    """What the Dag's contracts say of a dataset today; None where they do not speak of it.

    A gate may publish, and a sensor watch, datasets whose contract lies with another Dag.

    :raises GovernanceError: ``CONTRACT_INVALID``.
    """
    try:
        return contracts_of(governance, context, folder).resolve(dataset)
    except GovernanceError as error:
        if error.reason is Reason.CONTRACT_MISSING:
            return None
        raise


def known_contract(
    governance: Governance, context: Context, dataset: DatasetName, folder: str | None = None
) -> Contract:
    """The Dag's contract of a dataset, else the one that was last in use for it.

    :raises GovernanceError: ``CONTRACT_INVALID``; ``CONTRACT_MISSING`` when there is neither.
    """
    from airflow_gov.flow.promises import latest_contract

    return declared_contract(governance, context, dataset, folder) or latest_contract(governance, dataset)
