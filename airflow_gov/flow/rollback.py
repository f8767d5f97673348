"""Going back to an earlier published version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry, Version, VersionKind

if TYPE_CHECKING:
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


def rollback(
    governance: Governance, dataset: DatasetName, version: int, *, reason: str, actor: str
) -> Version:
    """Make an earlier published version the dataset's current one; nothing is deleted.

    It becomes a version of its own, with a new number and the old snapshot.

    :param dataset: the dataset.
    :param version: the number of a published version.
    :param reason: why; kept in the log.
    :param actor: who.
    :returns: the version that is current now.
    :raises GovernanceError: an unknown version, one whose snapshot maintenance removed, or no reason.
    :raises CandidateStaleError: another writer published at the same moment.
    """
    if not reason.strip():
        raise GovernanceError(Reason.PARAMETER_INVALID, f"Say why {dataset} is rolled back (reason).")
    wanted = governance.store.versions.get(dataset, version)
    if wanted is None:
        known = ", ".join(str(each.version) for each in governance.store.versions.list(dataset, limit=10))
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} has no version {version}; the newest are: {known or 'none'}.",
            dataset=str(dataset),
        )
    if governance.lake.snapshot(dataset, wanted.snapshot_id) is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN,
            f"{dataset} version {version} cannot be restored: maintenance removed its snapshot.",
            dataset=str(dataset),
        )
    head = governance.lake.head(dataset)
    current = governance.store.versions.current(dataset)
    if head == wanted.snapshot_id:
        if current is not None and current.snapshot_id == head:
            return current
        # A rollback whose process died before it could say so: the tag is in the lake already.
        facts = governance.lake.snapshot(dataset, head)
        tag = (facts.tag if facts else None) or wanted.tag
    else:
        tag = governance.lake.next_tag(dataset)
        governance.lake.rollback(dataset, to_snapshot_id=wanted.snapshot_id, expected_head=head, tag=tag)
    restored = replace(
        wanted,
        version=int(tag.removeprefix("v")),
        tag=tag,
        kind=VersionKind.ROLLBACK,
        execution_id=None,
        parent_snapshot_id=head,
        published_at=governance.clock(),
        current=True,
    )
    with governance.store.transaction():
        recorded = governance.store.versions.record(restored)
        governance.store.log.append(
            LogEntry(
                action="rollback",
                subject=str(dataset),
                actor=actor,
                at=governance.clock(),
                details={
                    "to_version": version,
                    "version": recorded.version,
                    "from_snapshot": head,
                    "reason": reason,
                },
            )
        )
    return recorded
