"""Whether the verdict on a version is one on the rows that were published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.audit.check import DatasetCheck
from airflow_gov.flow.comparing import same_rows
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import VersionKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.audit.audited_dataset import AuditedDataset
    from airflow_gov.lake import SnapshotFacts
    from airflow_gov.model.findings import Observation
    from airflow_gov.model.loads import Version
    from airflow_gov.model.verdicts import Verdict

_GIB = 1 << 30


class VersionWithoutVerdict(DatasetCheck):
    """A published version that no verdict allowed, or one that is not on its rows.

    :param gigabytes: of what maintenance rewrote at most so much is read to see that the rows are the same.
    """

    id = "version-without-verdict"
    title = "Version published without a verdict"
    severity = Severity.CRITICAL
    edition = 2
    explanation = (
        "Every version that a gate publishes rests on a verdict about exactly its snapshot, under its "
        "contract, and on the gate's decision where rules failed; maintenance and rollbacks keep the verdict "
        "on the rows they found. A current version without them was written into the store or the table by "
        "other means, or its verdict was removed."
    )
    remedy = (
        "Check the version (QualityCheckOperator), load it again through a gate, and find out who wrote it."
    )

    def __init__(self, gigabytes: float = 0.25) -> None:
        if gigabytes < 0:
            raise ValueError("gigabytes must be 0 or more")
        self.gigabytes = gigabytes

    @property
    def plan(self) -> str:
        """What is read."""
        return (
            f"files that maintenance rewrote are read up to {self.gigabytes:g} GiB a dataset; of more, rows "
            "are counted"
        )

    def observe(self, audited: AuditedDataset) -> Iterator[Observation]:
        """Of the current version; a rollback's verdict is that of the version it went back to."""
        version = audited.version
        problem = self._problem(audited, version) if version is not None else None
        if version is not None and problem is not None:
            yield self.found_in(
                audited,
                f"Version {version.version} of {audited.name} {problem}.",
                part=f"v{version.version}",
                verdict_id=version.verdict_id,
            )

    def token(self, audited: AuditedDataset) -> str:
        """The table; and the version, those it rests on, their verdicts and decisions as they stand now: they
        may be edited while the version stays.
        """
        return f"{audited.verdict_mark} {audited.metadata_location}"

    def _problem(self, audited: AuditedDataset, version: Version) -> str | None:
        step: Version | None = version
        while step is not None and step.kind is not VersionKind.PUBLISH:
            if step.kind is VersionKind.ROLLBACK:
                before = _earlier(audited, step, step.snapshot_id)
                # Before the first version there is the empty table, which nobody had to publish.
                if before is None and _is_empty(audited, step):
                    return None
                problem = _problem_of_rollback(step, before)
            else:
                before = _earlier(audited, step, step.parent_snapshot_id)
                problem = self._problem_of_maintenance(audited, step, before)
            if problem is not None:
                return problem
            step = before
        return _problem_of_publication(audited, step) if step is not None else None

    def _problem_of_maintenance(
        self, audited: AuditedDataset, version: Version, before: Version | None
    ) -> str | None:
        """Why a version is not what maintenance made of the one before: the same rows in other files."""
        if version.verdict_id is None:
            return "has no verdict"
        if before is None:
            return "is recorded as maintenance of a snapshot that no gate published"
        if not _rests_on_the_same(version, before):
            return "is recorded as maintenance, and rests on another verdict than what it was made of"
        snapshot = _snapshot(audited, version)
        if snapshot is None:
            return None
        if not snapshot.maintenance or snapshot.parent_snapshot_id not in (None, before.snapshot_id):
            return "is recorded as maintenance, and its snapshot is of none"
        if not self._has_rows_of(audited, snapshot, before):
            return "is recorded as maintenance, and holds other rows than what it was made of"
        return None

    def _has_rows_of(self, audited: AuditedDataset, snapshot: SnapshotFacts, before: Version) -> bool:
        """Whether a snapshot holds the rows of a version; only counted where that is not kept."""
        kept = _snapshot(audited, before)
        if kept is None:
            return snapshot.rows == before.rows
        if snapshot.rows != kept.rows:
            return False
        most = int(self.gigabytes * _GIB)
        lake = audited.governance
        return same_rows(lake, audited.name, before.snapshot_id, snapshot.snapshot_id, most) is not False


def _is_empty(audited: AuditedDataset, version: Version) -> bool:
    """Whether a version has no rows, by the lake where it still has the snapshot."""
    snapshot = _snapshot(audited, version)
    return not (version.rows if snapshot is None else snapshot.rows)


def _problem_of_rollback(version: Version, before: Version | None) -> str | None:
    """Why nothing can have been gone back to."""
    if before is None:
        return "goes back to a snapshot that no gate published"
    if not _rests_on_the_same(version, before):
        return "is recorded as a rollback, and rests on another verdict than what it went back to"
    return None


def _rests_on_the_same(version: Version, before: Version) -> bool:
    return (version.verdict_id, version.contract_hash) == (before.verdict_id, before.contract_hash)


def _problem_of_publication(audited: AuditedDataset, version: Version) -> str | None:
    """Why no gate can have published a version."""
    if version.verdict_id is None:
        return "has no verdict"
    verdict = audited.store.verdicts.get(version.verdict_id)
    if verdict is None:
        return "rests on a verdict that is not in the store"
    if not _is_on(verdict, version):
        return f"rests on a verdict on snapshot {verdict.snapshot_id} of {verdict.dataset}, which is another"
    if verdict.contract_hash != version.contract_hash:
        return "rests on a verdict under another contract"
    snapshot = _snapshot(audited, version)
    if snapshot is not None and snapshot.rows != verdict.rows:
        return f"holds {snapshot.rows:,} rows, and its verdict is on {verdict.rows:,}"
    if verdict.passed:
        return None
    decision = audited.store.decisions.for_snapshot(audited.name, version.snapshot_id, publishing=True)
    return "rests on a verdict that failed, and no gate decided to publish it" if decision is None else None


def _is_on(verdict: Verdict, version: Version) -> bool:
    """Whether it judged exactly these rows: a gate checks again what it rebased."""
    return (verdict.dataset, verdict.snapshot_id) == (version.dataset, version.snapshot_id)


def _earlier(audited: AuditedDataset, version: Version, snapshot_id: int | None) -> Version | None:
    """The version before that brought a snapshot."""
    found = audited.store.versions.brought(audited.name, snapshot_id) if snapshot_id is not None else None
    return found if found is not None and found.version < version.version else None


def _snapshot(audited: AuditedDataset, version: Version) -> SnapshotFacts | None:
    """A version's snapshot; None where maintenance removed it, or the table cannot be read."""
    return audited.table.snapshot(version.snapshot_id) if audited.table is not None else None
