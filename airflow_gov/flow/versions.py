"""Versions as the store keeps them, from what the lake knows of a snapshot."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.flow.comparing import same_rows
from airflow_gov.flow.environment import os_user
from airflow_gov.flow.stewardship import open_review
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import Version, VersionKind
from airflow_gov.model.verdicts import Ruling
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.runtime import Governance

if TYPE_CHECKING:
    from airflow_gov.lake import SnapshotFacts
    from airflow_gov.model.verdicts import Decision

log = logging.getLogger(__name__)

#: Of what maintenance rewrote no more is read to see that the rows are the same; of more they are counted.
_MOST_BYTES = 1 << 30


def version_of(governance: Governance, dataset: DatasetName, facts: SnapshotFacts) -> Version:
    """A version as the lake alone knows it: number, tag, rows and files; who and why are the caller's."""
    try:
        size, files = amount_of(governance, dataset, facts)
    except Exception as error:  # noqa: BLE001 - main has moved: that must be recorded, however much it is
        log.warning("How much %s holds is not known: %s", dataset, error)
        size, files = facts.size, facts.files
    return Version(
        dataset=dataset,
        version=number_of(facts),
        snapshot_id=facts.snapshot_id,
        tag=facts.tag or "",
        kind=VersionKind.PUBLISH,
        load_ids=(),
        verdict_id=None,
        contract_hash=None,
        execution_id=None,
        rows=facts.rows,
        size=size,
        files=files,
        parent_snapshot_id=facts.parent_snapshot_id,
        published_at=facts.committed_at,
        current=True,
    )


def number_of(facts: SnapshotFacts) -> int:
    """The number of the version that a snapshot is; 0 where it is none."""
    return int((facts.tag or "v0").removeprefix("v"))


def amount_of(governance: Governance, dataset: DatasetName, facts: SnapshotFacts) -> tuple[int, int]:
    """Bytes and files of a snapshot: of raw those that were delivered, which its table lists row by row."""
    if dataset.zone is not Zone.RAW or not facts.rows:
        return facts.size, facts.files
    index = governance.lake.scan(dataset, facts.snapshot_id)
    with governance.engine.query_tables({"delivered": index}) as query:
        ((size,),) = query("SELECT sum(size) FROM delivered")
    return int(size), facts.rows


def recover_version(governance: Governance, dataset: DatasetName, head: int) -> Version | None:
    """Record a version whose process died between the lake's commit and the store's.

    A gate records its decision before it tells the lake, so a head that was let through was published by
    a gate; the review it asked for is opened, too. A compaction of a known version holds the same rows
    under its verdict. Gives None when it is neither: somebody wrote around the gates.
    """
    facts = governance.lake.snapshot(dataset, head)
    if facts is None or facts.tag is None:
        return None
    decision = governance.store.decisions.for_snapshot(dataset, head, publishing=True)
    if decision is not None:
        return _recover_published(governance, facts, decision)
    before = None
    if facts.maintenance and facts.parent_snapshot_id is not None:
        parent = facts.parent_snapshot_id
        before = governance.store.versions.by_snapshot(dataset, parent)
        before = before or recover_version(governance, dataset, parent)
    if before is None:
        return None
    # What a snapshot says of itself anybody may write; and who asks for the version is waiting.
    if same_rows(governance, dataset, before.snapshot_id, head, most_bytes=_MOST_BYTES) is False:
        return None
    compacted = replace(
        version_of(governance, dataset, facts),
        kind=VersionKind.MAINTENANCE,
        load_ids=before.load_ids,
        verdict_id=before.verdict_id,
        contract_hash=before.contract_hash,
    )
    return governance.store.versions.record(compacted)


def _recover_published(governance: Governance, facts: SnapshotFacts, decision: Decision) -> Version:
    version = replace(
        version_of(governance, decision.dataset, facts),
        load_ids=facts.load_ids,
        verdict_id=decision.verdict_id,
        contract_hash=decision.contract_hash,
        execution_id=decision.execution_id,
    )
    with governance.store.transaction():
        version = governance.store.versions.record(version)
        governance.store.loads.published(version.dataset, facts.load_ids)
        if decision.ruling is Ruling.REVIEW:
            open_review(governance, version, decision, actor=os_user())
    return version


def require_current(governance: Governance, version: Version) -> None:
    """Refuse a version that a rollback left behind: its rows were taken back.

    :raises GovernanceError: ``SOURCE_UNPUBLISHED``.
    """
    found = governance.store.versions.taken_back(version.dataset, version.version)
    if found is None:
        return
    rollback, first = found
    where = f"to version {first}" if first else "to before the first version"
    raise GovernanceError(
        Reason.SOURCE_UNPUBLISHED,
        f"{version.dataset} version {version.version} was rolled back ({where}, as version {rollback}): "
        f"run the task that loads it again to publish it anew.",
        dataset=str(version.dataset),
        version=version.version,
    )
