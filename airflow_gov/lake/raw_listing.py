"""What lies in the raw zone's folders, streamed in Arrow batches: a lake has more objects than memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.staging import DATA_FOLDER, STAGING_FOLDER
from airflow_gov.lake.storage import local_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_FIELDS: list[pa.Field[Any]] = [
    pa.field("path", pa.string()),
    pa.field("size", pa.int64()),
    pa.field("modified", pa.int64()),
]
#: One row for each object: its path below the dataset's folder, bytes, when it was last written (microseconds
#: since 1970).
LISTED = pa.schema(_FIELDS)

#: Iceberg's own folders: they lie in the same folder as the objects of the dataset.
_OF_THE_TABLE = frozenset({DATA_FOLDER, STAGING_FOLDER, "metadata"})
_ROWS = 20_000
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class _Batch:
    """Rows of :data:`LISTED`, column by column."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.sizes: list[int] = []
        self.moments: list[int] = []

    def taken(self) -> pa.RecordBatch:
        """What was added since it was last asked."""
        arrays: list[pa.Array[Any]] = [
            pa.array(map(_text, self.paths), pa.string()),
            pa.array(self.sizes, pa.int64()),
            pa.array(self.moments, pa.int64()),
        ]
        for values in (self.paths, self.sizes, self.moments):
            values.clear()
        return pa.RecordBatch.from_arrays(arrays, schema=LISTED)


def _text(path: str) -> str:
    # A name that is no UTF-8 is shown with question marks; as text nothing could hold it.
    return path if path.isascii() else path.encode("utf-8", "replace").decode()


class Listing:
    """Every object under a raw dataset's folder.

    :param root: the dataset's folder.
    :param properties: the catalogue's.
    """

    def __init__(self, root: str, properties: Mapping[str, str]) -> None:
        self._root = root
        self._properties = properties
        #: How many there are, as far as they were read.
        self.count = 0
        #: What broke it off: whoever reads the stream may make another error of it.
        self.failure: BaseException | None = None

    def reader(self) -> pa.RecordBatchReader:
        """A stream of :data:`LISTED`; empty where there is no such folder."""
        return pa.RecordBatchReader.from_batches(LISTED, self._batches())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        folder = local_path(self._root)
        found = _local(folder) if folder is not None else _in_s3(self._root, self._properties)
        try:
            for batch in found:
                self.count += batch.num_rows
                yield batch
        except BaseException as error:
            self.failure = error
            raise


def directly_in(root: str, properties: Mapping[str, str]) -> Iterator[str]:
    """What lies directly in a folder, by name; names of folders end with a slash."""
    folder = local_path(root)
    if folder is None:
        yield from _directly_in_s3(root, properties)
    elif folder.is_dir():
        with os.scandir(folder) as entries:
            yield from sorted(
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries
            )


def _local(root: Path) -> Iterator[pa.RecordBatch]:
    batch = _Batch()
    try:
        folder = os.open(root, _FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        yield from _below(folder, "", batch)
    finally:
        os.close(folder)
    yield batch.taken()


def _below(folder: int, prefix: str, batch: _Batch) -> Iterator[pa.RecordBatch]:
    """The objects of an open folder: asked of it, and not by whole paths, they are found twice as fast."""
    add_path, add_size, add_moment = batch.paths.append, batch.sizes.append, batch.moments.append
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                path = prefix + entry.name
                if path not in _OF_THE_TABLE:
                    yield from _inside(folder, entry.name, f"{path}/", batch)
                continue
            try:
                facts = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # removed since it was listed
            add_path(prefix + entry.name)
            add_size(facts.st_size)
            add_moment(facts.st_mtime_ns // 1_000)
            if len(batch.paths) >= _ROWS:
                yield batch.taken()


def _inside(parent: int, name: str, prefix: str, batch: _Batch) -> Iterator[pa.RecordBatch]:
    try:
        folder = os.open(name, _FOLDER, dir_fd=parent)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        yield from _below(folder, prefix, batch)
    finally:
        os.close(folder)


def _in_s3(root: str, properties: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    bucket, prefix = _bucket_and_prefix(root)
    batch = _Batch()
    pages = s3_client(properties).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            path = entry["Key"][len(prefix) :]
            if path and path.split("/", 1)[0] not in _OF_THE_TABLE:
                batch.paths.append(path)
                batch.sizes.append(entry["Size"])
                batch.moments.append(int(entry["LastModified"].timestamp() * 1_000_000))
        if len(batch.paths) >= _ROWS:
            yield batch.taken()
    yield batch.taken()


def _directly_in_s3(root: str, properties: Mapping[str, str]) -> Iterator[str]:
    bucket, prefix = _bucket_and_prefix(root)
    pager = s3_client(properties).get_paginator("list_objects_v2")
    for page in pager.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
        for entry in page.get("CommonPrefixes", ()):
            yield entry["Prefix"][len(prefix) :]
        for entry in page.get("Contents", ()):
            if entry["Key"] != prefix:  # the folder itself, as consoles make it
                yield entry["Key"][len(prefix) :]


def _bucket_and_prefix(root: str) -> tuple[str, str]:
    bucket, _, key = root.split("://", 1)[1].partition("/")
    return bucket, f"{key.rstrip('/')}/"
