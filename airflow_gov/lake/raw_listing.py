"""What lies in the raw zone's folders, streamed in Arrow batches: a lake has more objects than memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.staging import DATA_FOLDER, STAGING_FOLDER
from airflow_gov.lake.storage import local_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: One row for each object: its path below the dataset's folder, bytes, when it was last written (microseconds
#: since 1970).
LISTED = pa.schema([("path", pa.string()), ("size", pa.int64()), ("modified", pa.int64())])

#: Iceberg's own folders: they lie in the same folder as the objects of the dataset.
_OF_THE_TABLE = frozenset({DATA_FOLDER, STAGING_FOLDER, "metadata"})
_ROWS = 20_000

_Listed = tuple[str, int, int]


def listed_objects(root: str, properties: Mapping[str, str]) -> pa.RecordBatchReader:
    """Every object under a raw dataset's folder.

    :param root: the dataset's folder.
    :param properties: the catalogue's.
    :returns: a stream of :data:`LISTED`; empty where there is no such folder.
    """
    folder = local_path(root)
    found = _local(folder) if folder is not None else _in_s3(root, properties)
    return pa.RecordBatchReader.from_batches(LISTED, _batches(found))


def folders(root: str, properties: Mapping[str, str]) -> Iterator[str]:
    """Names of the folders directly under a folder."""
    folder = local_path(root)
    if folder is None:
        yield from _folders_in_s3(root, properties)
    elif folder.is_dir():
        with os.scandir(folder) as entries:
            yield from sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def _batches(found: Iterable[_Listed]) -> Iterator[pa.RecordBatch]:
    rows: list[_Listed] = []
    for row in found:
        rows.append(row)
        if len(rows) == _ROWS:
            yield _batch(rows)
            rows = []
    if rows:
        yield _batch(rows)


def _batch(rows: list[_Listed]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [pa.array(values, kind.type) for values, kind in zip(columns, LISTED, strict=True)], schema=LISTED
    )


def _local(root: Path) -> Iterator[_Listed]:
    waiting = [(root, "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = os.scandir(folder)
        except FileNotFoundError:
            continue  # removed since it was listed
        with entries:
            for entry in entries:
                path = f"{prefix}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    if path not in _OF_THE_TABLE:
                        waiting.append((Path(entry.path), f"{path}/"))
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield path, facts.st_size, facts.st_mtime_ns // 1_000


def _in_s3(root: str, properties: Mapping[str, str]) -> Iterator[_Listed]:
    bucket, prefix = _bucket_and_prefix(root)
    pages = s3_client(properties).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for entry in page.get("Contents", ()):
            path = entry["Key"][len(prefix) :]
            if path and path.split("/", 1)[0] not in _OF_THE_TABLE:
                yield path, entry["Size"], int(entry["LastModified"].timestamp() * 1_000_000)


def _folders_in_s3(root: str, properties: Mapping[str, str]) -> Iterator[str]:
    bucket, prefix = _bucket_and_prefix(root)
    pager = s3_client(properties).get_paginator("list_objects_v2")
    for page in pager.paginate(Bucket=bucket, Prefix=prefix, Delimiter="/"):
        for entry in page.get("CommonPrefixes", ()):
            yield entry["Prefix"][len(prefix) :].rstrip("/")


def _bucket_and_prefix(root: str) -> tuple[str, str]:
    bucket, _, key = root.split("://", 1)[1].partition("/")
    return bucket, f"{key.rstrip('/')}/"
