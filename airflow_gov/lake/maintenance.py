"""Keeping a dataset's table small: old versions, dead candidates, small files, unreachable files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pyiceberg.table.refs import MAIN_BRANCH

from airflow_gov.lake.branches import Branch, candidate_branches
from airflow_gov.lake.commits import assert_ref, commit, remove_ref, remove_snapshots, retrying
from airflow_gov.lake.compaction import compact, small_file_groups
from airflow_gov.lake.storage import StoredFile, delete_files, remove_empty_folders
from airflow_gov.lake.summaries import main_head, version_tags
from airflow_gov.lake.unreachable import unreachable_files
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pyiceberg.table import Table
    from pyiceberg.table.metadata import TableMetadata
    from pyiceberg.table.update import TableUpdate

    from airflow_gov.lake.candidates import CandidateWriter
    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.lake.rewriting import Rewriter
    from airflow_gov.model.zones import DatasetName


@dataclass(frozen=True, slots=True)
class Keeping:
    """What maintenance keeps and does.

    :param keep_versions: newest published versions to keep, at least 1.
    :param keep_days: also keep versions that were current within this many days.
    :param compact: join small files.
    :param remove_unreachable: delete files that nothing points to.
    :param grace: nothing younger is removed: a task may be writing or reading it.
    :param candidate_days: candidates older than this are dead, unless their load is in flight.
    :param in_flight: loads whose candidates are kept whatever their age.
    :param dry_run: only tell.
    """

    keep_versions: int = 10
    keep_days: float = 0
    compact: bool = True
    remove_unreachable: bool = True
    grace: timedelta = timedelta(hours=24)
    candidate_days: float = 7
    in_flight: Collection[str] = ()
    dry_run: bool = False

    def check(self) -> None:
        """Refuse numbers that make no sense.

        :raises GovernanceError: ``PARAMETER_INVALID``.
        """
        for name, value, least in (
            ("keep_versions", self.keep_versions, 1),
            ("keep_days", self.keep_days, 0),
            ("candidate_days", self.candidate_days, 0),
            ("grace", self.grace.total_seconds(), 0),
        ):
            if value < least:
                raise GovernanceError(
                    Reason.PARAMETER_INVALID, f"Maintenance: {name} is {value}, it must be {least} or more."
                )


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What maintenance did to a dataset, or would do.

    :param dataset: the dataset.
    :param tags: version tags removed.
    :param snapshots: snapshots removed.
    :param branches: branches of dead candidates removed.
    :param files: files removed, data and metadata.
    :param bytes_removed: their size.
    :param files_compacted: small files that were joined.
    :param files_written: files they became; 0 in a dry run.
    :param compacted_to: main's new snapshot after compaction, or None.
    :param compacted_from: main's snapshot that was compacted, or None.
    :param compacted_tag: the version that snapshot became, or None.
    :param dry_run: nothing was done.
    """

    dataset: DatasetName
    tags: tuple[str, ...] = ()
    snapshots: tuple[int, ...] = ()
    branches: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    bytes_removed: int = 0
    files_compacted: int = 0
    files_written: int = 0
    compacted_to: int | None = None
    compacted_from: int | None = None
    compacted_tag: str | None = None
    dry_run: bool = False


def maintain(
    catalog: LakeCatalog,
    writer: CandidateWriter,
    rewriter: Rewriter,
    dataset: DatasetName,
    keeping: Keeping,
    now: datetime,
) -> MaintenanceReport:
    """Maintain one dataset; see :meth:`airflow_gov.lake.Lake.maintain`."""
    keeping.check()
    if keeping.dry_run:
        return _foresee(catalog.load(dataset), dataset, keeping, now, rewriter.target_file_size)
    report = MaintenanceReport(dataset)
    dead = writer.remove_branches(dataset, lambda table: _dead(table.metadata, keeping, now))
    report = replace(
        report,
        branches=tuple(each.name for each in dead),
        snapshots=tuple(each.head.snapshot_id for each in dead),
    )
    done = compact(catalog, rewriter, dataset) if keeping.compact else None
    if done is not None:
        report = replace(
            report,
            files_compacted=done.files_before,
            files_written=done.files_after,
            compacted_to=done.snapshot_id,
            compacted_from=done.made_of,
            compacted_tag=done.tag,
        )
    expired = retrying(lambda: _expire(catalog, dataset, keeping, now))
    report = replace(report, tags=expired.tags, snapshots=(*report.snapshots, *expired.snapshots))
    return _sweep(catalog, dataset, keeping, now, report)


def _foresee(
    table: Table, dataset: DatasetName, keeping: Keeping, now: datetime, target_file_size: int
) -> MaintenanceReport:
    groups = small_file_groups(table, target_file_size) if keeping.compact else []
    dead = _dead(table.metadata, keeping, now)
    expiry = _plan_expiry(table.metadata, keeping, now, gone={each.name for each in dead})
    files: list[StoredFile] = []
    if keeping.remove_unreachable:
        files = unreachable_files(
            lambda: table, keeping.in_flight, now - keeping.grace, without=expiry.snapshots
        )
    return MaintenanceReport(
        dataset=dataset,
        tags=expiry.tags,
        snapshots=expiry.snapshots,
        branches=tuple(each.name for each in dead),
        files=tuple(file.location for file in files),
        bytes_removed=sum(file.size for file in files),
        files_compacted=sum(map(len, groups)),
        dry_run=True,
    )


def _dead(metadata: TableMetadata, keeping: Keeping, now: datetime) -> list[Branch]:
    """Candidate branches nobody will publish any more."""
    before = _millis(now - max(keeping.grace, timedelta(days=keeping.candidate_days)))
    return [
        branch
        for branch in candidate_branches(metadata)
        if branch.head.timestamp_ms < before and not branch.load_ids & set(keeping.in_flight)
    ]


@dataclass(frozen=True, slots=True)
class _Expiry:
    """Tags and snapshots that go."""

    tags: tuple[str, ...]
    snapshots: tuple[int, ...]


def _expire(catalog: LakeCatalog, dataset: DatasetName, keeping: Keeping, now: datetime) -> _Expiry:
    table = catalog.load(dataset)
    expiry = _plan_expiry(table.metadata, keeping, now, gone=set())
    updates: list[TableUpdate] = [remove_ref(tag) for tag in expiry.tags]
    if expiry.snapshots:
        updates.append(remove_snapshots(expiry.snapshots))
    if updates:
        head = main_head(table.metadata)
        refs = {tag: table.metadata.refs[tag].snapshot_id for tag in expiry.tags}
        asserts = [
            assert_ref(MAIN_BRANCH, head),
            *(assert_ref(tag, snapshot) for tag, snapshot in refs.items()),
        ]
        catalog.remember(dataset, commit(table, asserts, updates))
    return expiry


def _plan_expiry(metadata: TableMetadata, keeping: Keeping, now: datetime, gone: Collection[str]) -> _Expiry:
    """Versions that are neither among the newest nor recently current, and snapshots no reference is at.

    Snapshots between the kept ones go too: a version needs its own snapshot, not its ancestors. A branch
    in flight keeps what it was cut from, so that a rebase can tell what changed since.
    """
    versions = version_tags(metadata)
    newest = set(list(versions)[-keeping.keep_versions :])
    recent = _current_since(metadata, now - max(keeping.grace, timedelta(days=keeping.keep_days)))
    head = main_head(metadata)
    tags = tuple(
        tag
        for number, (tag, snapshot) in versions.items()
        if number not in newest and snapshot not in recent | {head}
    )
    kept = {ref.snapshot_id for name, ref in metadata.refs.items() if name not in tags and name not in gone}
    parents = {snapshot.snapshot_id: snapshot.parent_snapshot_id for snapshot in metadata.snapshots}
    bases = {
        parents.get(ref.snapshot_id)
        for name, ref in metadata.refs.items()
        if name.startswith("candidate-") and name not in gone
    }
    before = _millis(now - keeping.grace)
    snapshots = tuple(
        snapshot.snapshot_id
        for snapshot in metadata.snapshots
        if snapshot.snapshot_id not in kept | bases | recent and snapshot.timestamp_ms < before
    )
    return _Expiry(tags, snapshots)


def _current_since(metadata: TableMetadata, moment: datetime) -> set[int]:
    """Snapshots main was at some time since a moment; a task that pinned one may still read it."""
    log = metadata.snapshot_log
    until = [entry.timestamp_ms for entry in log[1:]]
    found = {entry.snapshot_id for entry, end in zip(log, until, strict=False) if end >= _millis(moment)}
    return found | {entry.snapshot_id for entry in log[-1:]}


def _sweep(
    catalog: LakeCatalog, dataset: DatasetName, keeping: Keeping, now: datetime, report: MaintenanceReport
) -> MaintenanceReport:
    if not keeping.remove_unreachable:
        return report
    before = now - keeping.grace
    files = unreachable_files(lambda: catalog.load(dataset), keeping.in_flight, before)
    table = catalog.load(dataset)
    delete_files(table.io, _locations(files))
    remove_empty_folders(table.location(), before)
    return replace(report, files=_locations(files), bytes_removed=sum(file.size for file in files))


def _locations(files: Iterable[StoredFile]) -> tuple[str, ...]:
    return tuple(file.location for file in files)


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
