"""Files in a table's folders that no snapshot and no metadata points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.utils.concurrent import ExecutorFactory

from airflow_gov.lake.staging import DATA_FOLDER, STAGING_FOLDER
from airflow_gov.lake.storage import StoredFile, list_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from pyiceberg.io import FileIO
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

_METADATA_FOLDER = "metadata"


def unreachable_files(
    load_table: Callable[[], Table],
    in_flight: Collection[str],
    before: datetime,
    *,
    without: Collection[int] = (),
) -> list[StoredFile]:
    """Files that can go.

    The folders are listed before the metadata is loaded: a file that was committed in between is then
    reachable, and one that is not committed yet is younger than ``before``.

    :param load_table: gives the table as it is when it is called.
    :param in_flight: loads whose files are kept whatever their age.
    :param before: files written later are kept.
    :param without: snapshots to look past, as if they were removed already.
    """
    first = load_table()
    listed = [file for file in _table_files(first) if file.modified < before]
    if not listed:
        return []
    table = load_table()
    reachable = _reachable(table, without)
    flying = tuple(
        f"/{folder}/{load_id}/" for load_id in in_flight for folder in (DATA_FOLDER, STAGING_FOLDER)
    )
    return [
        file
        for file in listed
        if _plain(file.location) not in reachable and not any(part in file.location for part in flying)
    ]


def _table_files(table: Table) -> Iterator[StoredFile]:
    """Files of the table's own folders; a raw dataset's objects lie beside them and are not touched."""
    root = table.location().rstrip("/")
    for folder in (DATA_FOLDER, _METADATA_FOLDER, STAGING_FOLDER):
        yield from list_files(table.io, f"{root}/{folder}")


def _reachable(table: Table, without: Collection[int]) -> set[str]:
    metadata = table.metadata
    snapshots = [each for each in metadata.snapshots if each.snapshot_id not in without]
    manifests = _manifests(table.io, snapshots)
    paths = {table.metadata_location}
    paths.update(entry.metadata_file for entry in metadata.metadata_log)
    paths.update(each.statistics_path for each in metadata.statistics)
    paths.update(each.statistics_path for each in metadata.partition_statistics)
    paths.update(each.manifest_list for each in snapshots)
    paths.update(manifests)
    for files in ExecutorFactory.get_or_create().map(lambda each: _files(table.io, each), manifests.values()):
        paths.update(files)
    return {_plain(path) for path in paths}


def _manifests(io: FileIO, snapshots: Collection[Snapshot]) -> dict[str, ManifestFile]:
    """Every manifest of the snapshots once; snapshots share most of them."""
    found: dict[str, ManifestFile] = {}
    for manifests in ExecutorFactory.get_or_create().map(lambda each: each.manifests(io), snapshots):
        found.update({each.manifest_path: each for each in manifests})
    return found


def _files(io: FileIO, manifest: ManifestFile) -> list[str]:
    return [entry.data_file.file_path for entry in manifest.fetch_manifest_entry(io)]


def _plain(location: str) -> str:
    """A location without the spellings of the same place that engines use."""
    for scheme in ("file://", "file:"):
        if location.startswith(scheme):
            return location.removeprefix(scheme)
    return location.replace("s3a://", "s3://", 1).replace("s3n://", "s3://", 1)
