"""Who of those that wait may go on: one question to the store for all of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from airflow_gov.model.waits import CandidateWait, VersionWait

if TYPE_CHECKING:
    from collections.abc import Collection

    from airflow_gov.model.waits import LoadStanding, Wait
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store import Store

#: What finds a load: its dataset and id, or its dataset, Dag and run.
_Key = tuple["DatasetName", str] | tuple["DatasetName", str, str]


def settled(store: Store, waits: Collection[Wait]) -> set[Wait]:
    """The waits that are over: what they wait for is there, or will not come any more.

    Those that wake look for themselves: a load that was given up is theirs to report.

    :param store: asked once for all that wait for loads, and once for all that wait for versions.
    """
    candidates = [wait for wait in waits if isinstance(wait, CandidateWait)]
    versions = [wait for wait in waits if isinstance(wait, VersionWait)]
    over: set[Wait] = set()
    if candidates:
        over |= _settled_loads(store, candidates)
    if versions:
        over |= set(store.waiting.versions(versions))
    return over


def _settled_loads(store: Store, waits: Collection[CandidateWait]) -> set[Wait]:
    standing: dict[_Key, list[LoadStanding]] = defaultdict(list)
    for load in store.waiting.loads(list(waits)):
        keys: tuple[_Key, _Key] = (
            (load.dataset, load.load_id),
            (load.dataset, load.dag_id, load.run_id),
        )
        for key in keys:
            standing[key].append(load)
    return {wait for wait in waits if _is_over([standing.get(key, []) for key in _keys(wait)])}


def _keys(wait: CandidateWait) -> list[_Key]:
    if wait.dataset is not None:
        return [(wait.dataset, wait.dag_id, wait.run_id)]
    return list(wait.loads)


def _is_over(found: list[list[LoadStanding]]) -> bool:
    """Whether everything is written; or something will never be, and waiting for the rest is in vain."""
    loads = [load for each in found for load in each]
    if any(load.given_up for load in loads):
        return True
    return bool(loads) and all(found) and all(load.settled for load in loads)
