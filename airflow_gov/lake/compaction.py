"""Small files joined into large ones; rows, loads and what readers see stay as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyiceberg.table.refs import MAIN_BRANCH

from airflow_gov.lake.candidates import stage_change
from airflow_gov.lake.changes import REWRITTEN_FOLDER, Change
from airflow_gov.lake.commits import Draft, assert_ref, retrying, set_tag
from airflow_gov.lake.errors import is_conflict
from airflow_gov.lake.files import live_files
from airflow_gov.lake.registering import take_over
from airflow_gov.lake.rewriting import Rewriter, group_by_partition
from airflow_gov.lake.scanning import Source
from airflow_gov.lake.summaries import MAINTENANCE, main_head, next_tag, version_tags
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.table import FileScanTask, Table

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.model.zones import DatasetName

#: A file under this share of the target size is small. Two of three quarters make one too large.
_SMALL = 0.75
#: Fewer small files than this in a partition are left alone: joining them again and again costs more.
_WORTH_IT = 4


@dataclass(frozen=True, slots=True)
class Compaction:
    """What compaction did.

    :param snapshot_id: main afterwards.
    :param made_of: main before: the same rows.
    :param tag: the version it became, or None when main was no published version before.
    :param files_before: small files that were joined.
    :param files_after: files they became.
    """

    snapshot_id: int
    made_of: int | None
    tag: str | None
    files_before: int
    files_after: int


def small_file_groups(table: Table, target_file_size: int) -> list[list[FileScanTask]]:
    """Small files of main that are worth joining, by partition, in groups of about the target size."""
    head = main_head(table.metadata)
    snapshot = table.snapshot_by_id(head) if head is not None else None
    if snapshot is None:
        return []
    small = [
        task
        for task in live_files(table, snapshot)
        if task.delete_files or task.file.file_size_in_bytes < _SMALL * target_file_size
    ]
    groups = group_by_partition(small, [None] * len(small))
    return [each for group in groups if len(group) >= _WORTH_IT for each in _packed(group, target_file_size)]


def _packed(tasks: Sequence[FileScanTask], target_file_size: int) -> list[list[FileScanTask]]:
    packs: list[list[FileScanTask]] = [[]]
    size = 0
    for task in sorted(tasks, key=lambda each: each.file.file_path):
        if packs[-1] and size + task.file.file_size_in_bytes > target_file_size:
            packs.append([])
            size = 0
        packs[-1].append(task)
        size += task.file.file_size_in_bytes
    return [pack for pack in packs if len(pack) > 1]


def compact(catalog: LakeCatalog, rewriter: Rewriter, dataset: DatasetName) -> Compaction | None:
    """Join small files of main and commit under the same asserts as a publication.

    The new snapshot becomes the next version, because readers go by versions. When main moves in the
    meantime the work is done again on the new one.

    :returns: None when there was nothing worth it.
    """
    return retrying(lambda: _attempt(catalog, rewriter, dataset))


def _attempt(catalog: LakeCatalog, rewriter: Rewriter, dataset: DatasetName) -> Compaction | None:
    table = catalog.load(dataset)
    groups = small_file_groups(table, rewriter.target_file_size)
    if not groups:
        return None
    head = main_head(table.metadata)
    tag = next_tag(table.metadata) if _is_version(table, head) else None
    with Change(table, list, rewriter) as change:
        try:
            _join(table, change, rewriter, groups)
            draft = Draft(table)
            stage_change(draft, MAIN_BRANCH, change, MAINTENANCE)
            snapshot_id = main_head(draft.table_metadata)
            asserts = [assert_ref(MAIN_BRANCH, head), *([assert_ref(tag, None)] if tag else [])]
            catalog.remember(
                dataset, draft.send(asserts, [set_tag(tag, snapshot_id)] if tag and snapshot_id else [])
            )
        except Exception as error:
            if is_conflict(error) or isinstance(error, GovernanceError):  # it certainly did not land
                change.abandon()
            raise
    if snapshot_id is None:
        raise GovernanceError(
            Reason.VERSION_UNKNOWN, f"{dataset} lost its main branch while it was compacted."
        )
    return Compaction(snapshot_id, head, tag, sum(map(len, groups)), len(change.added))


def _is_version(table: Table, head: int | None) -> bool:
    return any(tagged == head for _, tagged in version_tags(table.metadata).values())


def _join(table: Table, change: Change, rewriter: Rewriter, groups: Sequence[Sequence[FileScanTask]]) -> None:
    with rewriter.open() as session:
        for group in groups:
            paths = session.joined(Source(table, table.schema(), tuple(group)))
            change.replace(group, take_over(table, paths, REWRITTEN_FOLDER))
