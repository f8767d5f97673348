"""The lake: what the rest of the package asks of Iceberg tables and raw objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.lake import publishing, tables, writing
from airflow_gov.lake.anchors import LogAnchors
from airflow_gov.lake.candidates import CandidateWriter
from airflow_gov.lake.catalog import LakeCatalog
from airflow_gov.lake.inspecting import Tables
from airflow_gov.lake.maintenance import Keeping, MaintenanceReport, maintain
from airflow_gov.lake.publishing import Publication
from airflow_gov.lake.raw import RawObjects
from airflow_gov.lake.raw_comparing import RawComparison, compared
from airflow_gov.lake.rebasing import rebase
from airflow_gov.lake.rewriting import Rewriter
from airflow_gov.lake.scanning import Scan, plan_difference, plan_scan
from airflow_gov.lake.staging import Staging, stage
from airflow_gov.lake.summaries import SnapshotFacts, all_facts, facts_of, main_head, next_tag, version_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.loads import Candidate, WriteMode
    from airflow_gov.model.zones import DatasetName

_MIB = 1024 * 1024


def _now() -> datetime:
    return datetime.now(tz=UTC)


class Lake:
    """Datasets as Iceberg tables, with candidates and versions, and raw objects beside them.

    Nothing is opened before it is used. Outages of the catalogue or of the storage raise
    ``LAKE_UNAVAILABLE``, naming where and no secret.

    :param catalog_name: the catalogue's name.
    :param properties: as PyIceberg takes them: type, uri, warehouse, ``s3.*``.
    :param target_file_size: bytes of a data file, when rows are rewritten.
    :param memory_limit: of the DuckDB that rewrites rows; beyond it, it spills.
    :param threads: of that DuckDB; 0 for all.
    :param temp_folder: where it spills, and where files for S3 are staged; the system's by default.
    :param clock: tells the time.
    """

    def __init__(
        self,
        *,
        catalog_name: str,
        properties: Mapping[str, str],
        target_file_size: int = 128 * _MIB,
        memory_limit: str = "640MB",
        threads: int = 0,
        temp_folder: Path | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._catalog = LakeCatalog(catalog_name, properties)
        self._rewriter = Rewriter(memory_limit, threads, temp_folder, target_file_size)
        self._writer = CandidateWriter(self._catalog, self._rewriter)
        self._clock = clock

    @cached_property
    def raw(self) -> RawObjects:
        """The objects of raw datasets."""
        return RawObjects(self._catalog)

    @cached_property
    def tables(self) -> Tables:
        """All tables there are, whoever made them, as audits look at them."""
        return Tables(self._catalog)

    def compare_raw(self, dataset: DatasetName) -> AbstractContextManager[RawComparison]:
        """A raw dataset's index of objects beside the objects that lie in its folder, as they are now."""
        head = self.head(dataset)
        index = self.scan(dataset, head) if head is not None else None
        return compared(self._catalog, self._rewriter, self.raw, self.raw.root(dataset), index)

    @cached_property
    def anchors(self) -> LogAnchors:
        """What the lake holds of the store's log."""
        return LogAnchors(self._catalog)

    def close(self) -> None:
        """Give back connections; the next use opens new ones."""
        self._catalog.close()

    def prepare(self, contract: Contract) -> None:
        """Make sure the dataset's table is there as its contract says, with a first snapshot on main.

        All columns are optional in Iceberg; the gate enforces what is required. Columns may be added
        and types widened. A raw dataset's table is its file index.

        :raises GovernanceError: ``SCHEMA_CHANGE_REFUSED`` with the difference, ``CONTRACT_INVALID``.
        """
        with self._catalog.outages_named():
            tables.prepare(self._catalog, tables.shape_of(contract))

    def exists(self, dataset: DatasetName) -> bool:
        """Whether the dataset has a table."""
        with self._catalog.outages_named():
            return self._catalog.find(dataset) is not None

    def location(self, dataset: DatasetName) -> str:
        """Where the files of a dataset's table lie, as Iceberg's metadata writes it.

        :raises GovernanceError: ``DATASET_UNKNOWN``.
        """
        with self._catalog.outages_named():
            table = self._catalog.seen(dataset) or self._catalog.load(dataset)
            location: str = table.location()
            return location

    def head(self, dataset: DatasetName) -> int | None:
        """The snapshot main is at: the current version. None for a dataset without a table."""
        with self._catalog.outages_named():
            table = self._catalog.find(dataset)
            return main_head(table.metadata) if table is not None else None

    def scan(self, dataset: DatasetName, snapshot_id: int, *, load_id: str | None = None) -> Scan:
        """Plan the reading of a snapshot.

        :param load_id: only the rows that this load brought.
        :raises GovernanceError: ``DATASET_UNKNOWN``, ``VERSION_UNKNOWN``.
        """
        with self._catalog.outages_named():
            table = self._catalog.seen(dataset)
            if table is None or table.snapshot_by_id(snapshot_id) is None:
                table = self._catalog.load(dataset)
            return plan_scan(table, dataset, snapshot_id, load_id)

    def scan_difference(self, dataset: DatasetName, before: int, after: int) -> tuple[Scan, Scan]:
        """Plan the reading of what lies in the files of only one of two snapshots.

        :raises GovernanceError: ``DATASET_UNKNOWN``, ``VERSION_UNKNOWN``.
        """
        with self._catalog.outages_named():
            return plan_difference(self._catalog.load(dataset), dataset, before, after)

    def stage(self, dataset: DatasetName, load_id: str) -> AbstractContextManager[Staging]:
        """A fresh folder into which an engine writes the load's Parquet files; removed at the end.

        A local lake's folder is in the table's own, so that nothing is copied later; for S3 it is a
        temporary one whose files are uploaded.
        """
        return stage(self._catalog, dataset, load_id, self._rewriter.temp_folder)

    def write_candidate(
        self,
        contract: Contract,
        staging: Staging,
        *,
        load_id: str,
        write_mode: WriteMode,
        rows_read: int | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Candidate:
        """Make what was staged a candidate: one snapshot on a branch of its own, cut from main.

        Rows that the same load brought before are replaced in every mode, and a candidate it left
        is discarded. ``append`` adds, ``overwrite`` replaces everything, ``overwrite_partition`` the
        partitions it has rows for, ``upsert`` the rows whose primary key it has. Files that lose some
        of their rows are rewritten by DuckDB in bounded memory.

        :param staging: Parquet files with exactly the table's columns; every row carries ``load_id``.
        :param rows_read: for the counts.
        :param properties: for the snapshot's summary (``airflow-gov.*``).
        :returns: the candidate; counts tell rows inserted, updated and deleted against main.
        :raises GovernanceError: ``SCHEMA_MISMATCH`` or ``PARAMETER_INVALID``; nothing is written then.
        """
        with self._catalog.outages_named():
            return writing.write_candidate(
                self._catalog,
                self._writer,
                contract,
                staging,
                load_id=load_id,
                write_mode=write_mode,
                rows_read=rows_read,
                properties=properties or {},
            )

    def rebase(
        self, candidates: Sequence[Candidate], *, properties: Mapping[str, str] | None = None
    ) -> Candidate:
        """Make candidates of one dataset one candidate on today's main.

        A single candidate whose base is main comes back as it is. Otherwise there is a fresh branch
        with the changes applied again, in order: ``append`` adds its files, ``upsert`` runs again,
        ``overwrite_partition`` as long as nobody touched its partitions. When only maintenance moved
        main, everything is applied again. The result is a new snapshot: check it again.

        A candidate that was rebased or published by a process that died before it could say so is
        found by its loads; publishing what is published already does nothing.

        :raises CandidateStaleError: applying it again would lose rows of others, or it is gone.
        """
        with self._catalog.outages_named():
            return rebase(self._catalog, self._writer, candidates, properties or {})

    def publish(self, candidate: Candidate, *, tag: str) -> str:
        """Make a candidate the current version, in one commit.

        The commit asserts that main is the candidate's base, that the candidate is the snapshot that
        was checked, and that the tag is free.

        :returns: the tag it is published under; the first one when it was published before.
        :raises CandidateStaleError: main moved; rebase and check again.
        :raises GovernanceError: ``PUBLISH_REFUSED``, the tag is taken.
        """
        with self._catalog.outages_named():
            return publishing.publish(self._catalog, Publication(candidate, tag))

    def publish_together(self, publications: Sequence[tuple[Candidate, str]]) -> list[str]:
        """Publish candidates of several datasets, all or none.

        SQL catalogues move all tables in one database transaction. Others publish in order and take
        back on failure; a process killed in between is made good by calling this again.

        :param publications: candidates and their tags, one for a dataset.
        :returns: the tags, as :meth:`publish` does.
        :raises CandidateStaleError: main of one of them moved; none is published.
        """
        with self._catalog.outages_named():
            return publishing.publish_together(
                self._catalog, [Publication(candidate, tag) for candidate, tag in publications]
            )

    def rollback(
        self, dataset: DatasetName, *, to_snapshot_id: int, expected_head: int | None, tag: str | None = None
    ) -> None:
        """Make an earlier version current again, in one commit.

        :param expected_head: the snapshot main must be at.
        :param tag: a tag to set on it, where it shall become a version of its own.
        :raises CandidateStaleError: main is elsewhere.
        :raises GovernanceError: ``VERSION_UNKNOWN`` when the snapshot is gone.
        """
        with self._catalog.outages_named():
            publishing.rollback(
                self._catalog, dataset, to_snapshot_id=to_snapshot_id, expected_head=expected_head, tag=tag
            )

    def discard(self, candidate: Candidate) -> None:
        """Throw a candidate away, with the files only it has. A published one stays."""
        with self._catalog.outages_named():
            self._writer.discard(candidate)

    def next_tag(self, dataset: DatasetName) -> str:
        """The tag of the version that comes next, ``v<n>``."""
        with self._catalog.outages_named():
            return next_tag(self._catalog.load(dataset).metadata)

    def versions(self, dataset: DatasetName) -> dict[int, int]:
        """Version number to snapshot, as the tags have it, in order."""
        with self._catalog.outages_named():
            metadata = self._catalog.load(dataset).metadata
            return {number: snapshot_id for number, (_, snapshot_id) in version_tags(metadata).items()}

    def snapshot(self, dataset: DatasetName, snapshot_id: int) -> SnapshotFacts | None:
        """What is known of a snapshot; None when it, or the dataset, is not there."""
        with self._catalog.outages_named():
            table = self._catalog.find(dataset)
            snapshot = table.snapshot_by_id(snapshot_id) if table is not None else None
            return facts_of(table.metadata, snapshot) if table is not None and snapshot is not None else None

    def snapshots(self, dataset: DatasetName) -> list[SnapshotFacts]:
        """Every snapshot of a dataset, candidates too, oldest first."""
        with self._catalog.outages_named():
            return all_facts(self._catalog.load(dataset).metadata)

    def quarantine(
        self, dataset: DatasetName, staging: Staging, load_id: str, columns: Sequence[Column]
    ) -> int:
        """Put a load's rejected rows into the dataset's quarantine, in place of its earlier ones.

        They go straight to main: what was set aside is shown, not checked.

        :param dataset: the dataset, or its quarantine.
        :param staging: Parquet files with these columns; none when nothing was rejected this time.
        :returns: how many rows lie there of this load now.
        """
        target = dataset if dataset.is_quarantine else dataset.quarantine
        with self._catalog.outages_named():
            return writing.write_quarantine(self._catalog, self._rewriter, target, staging, load_id, columns)

    def maintain(
        self,
        dataset: DatasetName,
        *,
        keep_versions: int = 10,
        keep_days: float = 0,
        compact: bool = True,
        remove_unreachable: bool = True,
        grace: timedelta = timedelta(hours=24),
        candidate_days: float = 7,
        in_flight: Collection[str] = (),
        dry_run: bool = False,
    ) -> MaintenanceReport:
        """Remove old versions, dead candidates and files nothing points to; join small files.

        What readers see stays the same rows. A compaction becomes the next version, named in the report.

        :param keep_versions: newest versions to keep, at least 1.
        :param keep_days: also keep versions that were current within this many days.
        :param grace: nothing younger is removed, because a task may be writing or reading it.
        :param candidate_days: candidates older than this are dead, unless their load is in flight.
        :param in_flight: load ids whose candidates and files are kept whatever their age.
        :param dry_run: only tell.
        :raises GovernanceError: ``DATASET_UNKNOWN``, ``PARAMETER_INVALID``.
        """
        keeping = Keeping(
            keep_versions, keep_days, compact, remove_unreachable, grace, candidate_days, in_flight, dry_run
        )
        with self._catalog.outages_named():
            return maintain(self._catalog, self._writer, self._rewriter, dataset, keeping, self._clock())
