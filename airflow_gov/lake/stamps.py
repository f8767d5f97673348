"""What tells that files of a table are as they were, without reading them; of local lakes only."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_gov.lake.staging import DATA_FOLDER, STAGING_FOLDER
from airflow_gov.lake.storage import local_path

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What parts a table's folder from the name of its metadata file.
METADATA = "/metadata/"
#: The folders in a table's folder that hold its files.
TABLE_FOLDERS = (DATA_FOLDER, "metadata", STAGING_FOLDER)


@dataclass(frozen=True, slots=True)
class FolderStamp:
    """The folders of a table's files.

    :param digest: another one when any file in them is.
    :param youngest: when the files that are younger than was asked for were written, the oldest of these
        first; None where there are none.
    """

    digest: str
    youngest: datetime | None


def file_stamp(location: str) -> str | None:
    """Size and age of a file, or that it is gone; None where that costs a request."""
    path = _plain(location)
    if path is None:
        return None
    try:
        facts = os.stat(path)  # noqa: PTH116 - of ten thousand tables a Path each takes longer than the look
    except OSError as error:
        return type(error).__name__
    return f"{facts.st_size} {facts.st_mtime_ns}"


def folder_stamp(metadata_location: str, before: datetime) -> FolderStamp | None:
    """The files of a table whose metadata lies where Iceberg puts it; None where that cannot be told.

    :param before: files written later are looked at again when they are older.
    """
    root = _plain(metadata_location.rpartition(METADATA)[0]) if METADATA in metadata_location else None
    if root is None:
        return None
    limit, told, youngest = int(before.timestamp() * 1e9), [], None
    for path, size, modified in sorted(_files(root)):
        told.append(f"{path}\0{size}\0{modified}\n")
        if modified >= limit and (youngest is None or modified < youngest):
            youngest = modified
    at = None if youngest is None else datetime.fromtimestamp(youngest / 1e9, tz=UTC)
    digest = hashlib.sha256("".join(told).encode("utf-8", "surrogateescape"))
    return FolderStamp(digest.hexdigest()[:24], at)


def _files(root: str) -> Iterator[tuple[str, int, int]]:
    try:
        there = set(os.listdir(root))  # noqa: PTH208 - as above
    except (FileNotFoundError, NotADirectoryError):
        return
    waiting = [f"{root}/{name}" for name in TABLE_FOLDERS if name in there]
    while waiting:
        try:
            entries = os.scandir(waiting.pop())
        except (FileNotFoundError, NotADirectoryError):
            continue
        with entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield entry.path, facts.st_size, facts.st_mtime_ns


def _plain(location: str) -> str | None:
    """The path of a local location as text."""
    if location.startswith("/"):
        return location
    path = local_path(location)
    return None if path is None else str(path)
