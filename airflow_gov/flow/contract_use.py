"""Bringing a contract into use, and telling the log where it is another than before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.flow.acts import log_act

if TYPE_CHECKING:
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance


def use_contract(governance: Governance, recording: Recording, contract: Contract) -> None:
    """Make a contract its dataset's latest. Nearly every task uses the one that is: that writes nothing."""
    contracts = governance.store.contracts
    if _in_use(governance, contract) == contract.hash:
        contracts.put(contract)
        return
    with governance.store.transaction():
        before = _in_use(governance, contract)
        contracts.put(contract)
        if before != contract.hash:
            details = {
                "contract": contract.hash,
                "before": before,
                "version": contract.version,
                "path": contract.path,
                "owner": contract.owner,
                "stewards": list(contract.stewards),
            }
            told = {name: value for name, value in details.items() if value is not None}
            log_act(governance, recording, "contract.changed", contract.dataset, told)


def _in_use(governance: Governance, contract: Contract) -> str | None:
    latest = governance.store.contracts.latest(contract.dataset)
    return None if latest is None else latest[0]
