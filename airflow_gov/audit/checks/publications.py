"""Whether readers see what a gate, a rollback or maintenance made the current version."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.comparing import same_rows
from airflow_gov.flow.heads import version_at
from airflow_gov.flow.rollback import restore
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import LoadState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.lake import SnapshotFacts
    from airflow_gov.model.findings import Finding, Observation
    from airflow_gov.model.loads import Version
    from airflow_gov.runtime import Governance


#: What moves main says so afterwards: a gate and a rollback at once, maintenance when it has cleared up. Who
#: has not said so by then was killed.
_GRACE = timedelta(hours=1)
_KILLED = "the rollback was killed before it could say so"
#: Of what maintenance rewrote no more is read to see that the rows are the same.
_MOST_BYTES = 1 << 28


class MainMoved(DatasetCheck):
    """Main is where no gate, rollback or maintenance put it."""

    id = "main-moved"
    title = "Main moved without a verdict"
    severity = Severity.CRITICAL
    explanation = (
        "Readers see what the branch main of a table is at, and only a gate moves it, to a snapshot that it "
        "checked. Here it was moved, or the table was made anew, around the gates: readers see what nobody "
        "has checked."
    )
    edition = 2
    remedy = (
        "Roll back to the version that is current by the store (airflow-gov datasets rollback), or load the "
        "dataset again; and take the right to write from whoever moved it."
    )
    repairs = (
        "records a version whose gate, rollback or maintenance was killed before it could; what was moved by "
        "others stays found"
    )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Where main is, against the versions in the store."""
        table, version = audited.table, audited.version
        if table is None:
            if version is not None and audited.table_error is None:
                yield self.found_in(
                    audited,
                    f"Version {version.version} of {audited.name} is current and the table is gone.",
                    part="table",
                    version=version.version,
                )
            return
        head = audited.head
        if version is None:
            if head is not None and head.rows and _unsaid_until(audited) is None:
                yield self._moved(audited, head.snapshot_id, None)
        elif table.head != version.snapshot_id and _unsaid_until(audited) is None:
            yield self._moved(audited, table.head, version)

    def stands_until(self, audited: AuditedDataset) -> datetime | None:
        """Until whoever moved main must have said so."""
        return _unsaid_until(audited)

    def token(self, audited: AuditedDataset) -> str:
        """The table and the store's version; what a gate decided before it died changes neither."""
        return audited.state(audited.in_lake)

    def repair(self, finding: Finding, governance: Governance, actor: str) -> str:
        """What a killed gate or rollback left unsaid is recorded; nothing is moved."""
        dataset = finding.dataset
        head = governance.lake.head(dataset) if dataset is not None else None
        version = version_at(governance, dataset, head) if dataset is not None and head is not None else None
        if version is None:
            raise GovernanceError(
                Reason.SOURCE_UNPUBLISHED,
                f"{dataset} is at snapshot {head}, where no gate put it. {self.remedy}",
                dataset=str(dataset),
            )
        current = governance.store.versions.current(version.dataset)
        if current is None or current.snapshot_id != head:
            # Of an earlier version only a rollback makes main, and it left its tag there.
            version = restore(governance, version, reason=_KILLED, actor=actor, expected_head=head)
        return f"Version {version.version} is recorded: its process was killed before it could."

    def _moved(self, audited: AuditedDataset, head: int | None, version: Version | None) -> Observation:
        expected = (
            f"version {version.version} is snapshot {version.snapshot_id}"
            if version is not None
            else "nothing of it is published"
        )
        return self.found_in(
            audited,
            f"Main of {audited.name} is at snapshot {head}; by the store {expected}.",
            snapshot_id=head,
            version=version.version if version is not None else None,
        )


def _unsaid_until(audited: AuditedDataset) -> datetime | None:
    """Until when whoever moved main may still be about to say so; None where nobody is.

    Main is moved before the store is told. That somebody may do it can be seen before: a gate records what it
    decided, a rollback goes back to a version under a new tag, maintenance goes on from the current one.
    """
    table, head, version = audited.table, audited.head, audited.version
    if table is None or head is None or head.tag is None:
        return None
    if version is not None and version.snapshot_id == head.snapshot_id:
        return None
    moved_to, moved_at = table.main_log[-1] if table.main_log else (None, audited.now)
    if moved_to != head.snapshot_id or abs(audited.now - moved_at) >= _GRACE:
        return None
    announced = _is_let_through(audited, head) or _goes_on_from(audited, head, version)
    return moved_at + _GRACE if announced else None


def _is_let_through(audited: AuditedDataset, head: SnapshotFacts) -> bool:
    """Whether a gate decided to publish it, and did not yet say that its loads are published."""
    if audited.store.decisions.for_snapshot(audited.name, head.snapshot_id, publishing=True) is None:
        return False
    loads = (audited.store.loads.get(audited.name, load_id) for load_id in head.load_ids)
    return all(load is not None and load.state is not LoadState.PUBLISHED for load in loads)


def _goes_on_from(audited: AuditedDataset, head: SnapshotFacts, version: Version | None) -> bool:
    """Whether maintenance made it of the current version, or a rollback goes back to it."""
    if version is None:
        return False
    if head.maintenance:
        if head.parent_snapshot_id != version.snapshot_id:
            return False
        ids = (version.snapshot_id, head.snapshot_id)
        return same_rows(audited.governance, audited.name, *ids, most_bytes=_MOST_BYTES) is not False
    number = (head.tag or "").removeprefix("v")
    known = audited.store.versions.by_snapshot(audited.name, head.snapshot_id)
    return known is not None and number.isdecimal() and int(number) > version.version
