"""Whether it was a gate, maintenance or a rollback that put main where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.flow.rollback import refused_review
from airflow_gov.flow.versions import number_of, recover_version

if TYPE_CHECKING:
    from airflow_gov.model.loads import Version
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def version_at(governance: Governance, dataset: DatasetName, head: int) -> Version | None:
    """The version that main is at; None where somebody wrote around the gates.

    What a killed process left unsaid is recorded first. Of an earlier version only a rollback makes main.

    :param head: where main is.
    """
    store = governance.store
    version = store.versions.by_snapshot(dataset, head)
    if version is None:
        return recover_version(governance, dataset, head)
    current = store.versions.current(dataset)
    if current is None or current.snapshot_id == head:
        return current
    return version if _is_rolled_back_to(governance, version, current) else None


def _is_rolled_back_to(governance: Governance, version: Version, current: Version) -> bool:
    """Whether a rollback died before it could say so: its tag is in the lake already, and the newest."""
    facts = governance.lake.snapshot(version.dataset, version.snapshot_id)
    if facts is None or number_of(facts) <= current.version:
        return False
    return refused_review(governance, version) is None
