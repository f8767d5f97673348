"""Versions as the store keeps them, from what the lake knows of a snapshot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Version, VersionKind
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance

if TYPE_CHECKING:
    from airflow_gov.lake import SnapshotFacts


def version_of(dataset: DatasetName, facts: SnapshotFacts) -> Version:
    """A version as the lake alone knows it: number, tag, rows and files; who and why are the caller's."""
    return Version(
        dataset=dataset,
        version=int((facts.tag or "v0").removeprefix("v")),
        snapshot_id=facts.snapshot_id,
        tag=facts.tag or "",
        kind=VersionKind.PUBLISH,
        load_ids=(),
        verdict_id=None,
        contract_hash=None,
        execution_id=None,
        rows=facts.rows,
        size=facts.size,
        files=facts.files,
        parent_snapshot_id=facts.parent_snapshot_id,
        published_at=facts.committed_at,
        current=True,
    )


def recover_version(governance: Governance, dataset: DatasetName, head: int) -> Version | None:
    """Record a version whose process died between the lake's commit and the store's.

    A passing verdict for exactly this snapshot is what allows publishing, so a head that has one was
    published by a gate; and a compaction of a known version holds the same rows under its verdict.
    Gives None when it is neither: somebody wrote around the gates.
    """
    facts = governance.lake.snapshot(dataset, head)
    if facts is None or facts.tag is None:
        return None
    verdict = governance.store.verdicts.for_snapshot(dataset, head)
    version = version_of(dataset, facts)
    if verdict is not None and verdict.passed:
        version = replace(
            version,
            load_ids=facts.load_ids,
            verdict_id=verdict.verdict_id,
            contract_hash=verdict.contract_hash,
            execution_id=verdict.execution_id,
        )
    elif facts.maintenance and facts.parent_snapshot_id is not None:
        before = governance.store.versions.by_snapshot(dataset, facts.parent_snapshot_id)
        if before is None:
            return None
        version = replace(
            version,
            kind=VersionKind.MAINTENANCE,
            load_ids=before.load_ids,
            verdict_id=before.verdict_id,
            contract_hash=before.contract_hash,
        )
    else:
        return None
    with governance.store.transaction():
        governance.store.versions.record(version)
        governance.store.loads.published(dataset, facts.load_ids)
    return version


def require_current(governance: Governance, version: Version) -> None:
    """Refuse a version that a rollback left behind: its rows were taken back.

    :raises GovernanceError: ``SOURCE_UNPUBLISHED``.
    """
    store, dataset = governance.store, version.dataset
    current = store.versions.current(dataset)
    if current is None or current.version <= version.version:
        return
    for newer in store.versions.list(dataset, limit=current.version - version.version):
        if newer.kind is not VersionKind.ROLLBACK or newer.version <= version.version:
            continue
        first = min(
            (
                each.version
                for each in store.versions.list(dataset, limit=newer.version)
                if each.snapshot_id == newer.snapshot_id
            ),
            default=newer.version,
        )
        if first < version.version:
            raise GovernanceError(
                Reason.SOURCE_UNPUBLISHED,
                f"{dataset} version {version.version} was rolled back (to version {first}, as version "
                f"{newer.version}): run the task that loads it again to publish it anew.",
                dataset=str(dataset),
                version=version.version,
            )
