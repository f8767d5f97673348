"""The contracts of the datasets in a graph: read once each, and remembered by their hash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.contracts import parse_contract
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.graph import Dataset, Standing
    from airflow_gov.store import Store

#: How many contracts are remembered; one takes some ten kilobytes.
_MOST = 2_000
_Key = tuple[str, str, tuple[tuple[str, str], ...]]
_known: dict[_Key, Contract | None] = {}


def contracts_of(store: Store, standings: Mapping[str, Standing]) -> dict[str, Contract]:
    """The contracts in use; one that can no longer be read is left out.

    :param standings: by dataset (``<zone>.<name>``) how it stands.
    """
    paths = {name: each.contract_path or "" for name, each in standings.items()}
    aliases = tuple(sorted(store.zone_aliases.items()))
    wanted = {
        (each.contract_hash, name, aliases)
        for name, each in standings.items()
        if each.contract_hash is not None
    }
    missing = {key for key in wanted if key not in _known}
    if missing:
        texts = store.lineage.read.standings.contract_texts({value for value, _, _ in missing})
        if len(_known) + len(missing) > _MOST:
            _known.clear()
        for key in missing:
            value, name, _ = key
            _known[key] = _parsed(texts.get(value), name, paths[name], store.zone_aliases)
    found = ((key[1], _known.get(key)) for key in wanted)
    return {name: contract for name, contract in found if contract is not None}


def contract_in_use(store: Store, dataset: Dataset) -> Contract | None:
    """The contract of a dataset; None outside the lake, and where it can no longer be read."""
    if dataset.governed is None:
        return None
    standings = store.lineage.read.standings.of([dataset.governed])
    return contracts_of(store, standings).get(dataset.governed)


def _parsed(text: str | None, name: str, path: str, aliases: Mapping[str, str]) -> Contract | None:
    try:
        return parse_contract(text, DatasetName.parse(name), path, aliases) if text is not None else None
    except GovernanceError:
        return None
