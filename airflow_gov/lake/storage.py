"""Files of the lake, local or in S3, behind one small set of functions."""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyarrow.fs import FileSelector, FileSystem, FileType
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.utils.concurrent import ExecutorFactory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyiceberg.io import FileIO

log = logging.getLogger(__name__)

_CHUNK = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the storage lists it.

    :param location: as Iceberg's metadata writes it.
    :param size: bytes.
    :param modified: when it was written.
    """

    location: str
    size: int
    modified: datetime


def local_path(location: str) -> Path | None:
    """The path of a local location (``/path`` or ``file:///path``), None for anything else."""
    if location.startswith("file://"):
        return Path(location.removeprefix("file://"))
    if location.startswith("file:/"):
        return Path(location.removeprefix("file:"))
    return None if "://" in location else Path(location)


def as_uri(location: str) -> str:
    """A location as ``s3://bucket/key`` or ``file:///path``."""
    path = local_path(location)
    return location if path is None else f"file://{path}"


def resolve(io: FileIO, location: str) -> tuple[FileSystem, str]:
    """The Arrow file system of a location, and the path in it."""
    if not isinstance(io, PyArrowFileIO):
        raise TypeError(f"the lake reads and writes through PyArrowFileIO, not {type(io).__name__}")
    scheme, netloc, path = io.parse_location(location, io.properties)
    if scheme.startswith("s3"):
        path = location.split("://", 1)[1]  # parsed as a URL it would end at a `?` or `#`
    return io.fs_by_scheme(scheme, netloc), path


def store_files(io: FileIO, moves: Iterable[tuple[Path, str]]) -> None:
    """Bring local files to their place in the lake: a rename where that is possible, else an upload."""
    list(ExecutorFactory.get_or_create().map(lambda move: _store(io, *move), moves))


def _store(io: FileIO, source: Path, location: str) -> None:
    target = local_path(location)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            source.rename(target)
        except OSError:  # another file system
            shutil.move(source, target)
        return
    filesystem, path = resolve(io, location)
    with source.open("rb") as stream, filesystem.open_output_stream(path) as out:
        shutil.copyfileobj(stream, out, _CHUNK)


def delete_files(io: FileIO, locations: Iterable[str]) -> int:
    """Delete files that nothing points to; one that is gone or refuses is left to the next maintenance.

    :returns: how many were deleted.
    """
    return sum(ExecutorFactory.get_or_create().map(lambda location: _delete(io, location), locations))


def _delete(io: FileIO, location: str) -> bool:
    try:
        io.delete(location)
    except FileNotFoundError:
        return False
    except OSError as error:
        log.warning("%s could not be deleted: %s", location, error)
        return False
    return True


def list_files(io: FileIO, folder: str) -> Iterator[StoredFile]:
    """Every file under a folder, its subfolders included; nothing where the folder does not exist."""
    filesystem, path = resolve(io, folder)
    for info in filesystem.get_file_info(FileSelector(path, allow_not_found=True, recursive=True)):
        if info.type == FileType.File:
            below = info.path[len(path) :].lstrip("/")
            yield StoredFile(f"{folder.rstrip('/')}/{below}", info.size, _modified(info))


def _modified(info: Any) -> datetime:
    return datetime.fromtimestamp(info.mtime_ns / 1e9, tz=UTC) if info.mtime_ns else datetime.now(tz=UTC)


def remove_empty_folders(location: str, before: datetime) -> None:
    """Remove empty folders below a local one that have not changed since; object stores have none."""
    root = local_path(location)
    if root is None or not root.is_dir():
        return
    for folder, _, _ in os.walk(root, topdown=False):
        path = Path(folder)
        if path != root and path.stat().st_mtime < before.timestamp():
            with suppress(OSError):  # not empty
                path.rmdir()
