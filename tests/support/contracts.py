"""Contracts as tests write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts import parse_contract
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.runtime import Governance


def table(name: str, **columns: str | dict[str, Any]) -> dict[str, Any]:
    """A contract's schema entry: column names with their logical type, or with all their properties."""
    return {
        "name": name.partition(".")[2],
        "physicalName": name,
        "properties": [
            {"name": column, **({"logicalType": entry} if isinstance(entry, str) else entry)}
            for column, entry in columns.items()
        ],
    }


def promise_contact(governance: Governance, dataset: str, **column: Any) -> Contract:
    """Make a contract the one in use whose one column is the text `contact`.

    :param column: what else it says of the column, in place of that.
    """
    governance.clock.move(seconds=1)  # type: ignore[attr-defined]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "version": "1.0.0",
        "status": "active",
        "schema": [table(dataset, contact={"logicalType": "string", **column})],
    }
    contract = parse_contract(json.dumps(document), DatasetName.parse(dataset))
    governance.store.contracts.put(contract)
    return contract
