"""What tells that files of tables in S3 are as they were: their folders are listed, those of many at once."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.stamps import METADATA, TABLE_FOLDERS, FolderStamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SCHEMES = ("s3://", "s3a://", "s3n://")
#: Requests that wait for an answer at once.
_REQUESTS = 16


@dataclass(frozen=True, slots=True)
class _Listed:
    """The folders of a table.

    :param metadata: the metadata file, as it is listed; None: it is not there.
    :param digest: of all files.
    :param modified: when they were written, in microseconds, in order.
    """

    metadata: str | None
    digest: str
    modified: array[int]


class RemoteStamps:
    """Stamps of tables in S3. What was listed for one question answers the others.

    :param properties: the catalogue's.
    """

    def __init__(self, properties: Mapping[str, str]) -> None:
        self._properties = properties
        self._client: Any = None
        self._known: dict[str, _Listed] = {}

    def look(self, locations: Iterable[str]) -> None:
        """List the folders of some hundred tables, and forget what was listed before.

        :param locations: their metadata files; those that are not in S3 are passed over.
        """
        wanted = [location for location in locations if _is_table(location)]
        self._known = {}
        if wanted:
            self._connect()
            with ThreadPoolExecutor(_REQUESTS) as pool:
                self._known = dict(zip(wanted, pool.map(self._list, wanted), strict=True))

    def file_stamp(self, location: str) -> str | None:
        """What changes when a metadata file does; None where it lies elsewhere."""
        if not _is_table(location):
            return None
        return self._listed(location).metadata or FileNotFoundError.__name__

    def folder_stamp(self, metadata_location: str, before: datetime) -> FolderStamp | None:
        """What changes when any of a table's files does; None where they lie elsewhere.

        :param before: files written later are looked at again when they are older.
        """
        if not _is_table(metadata_location):
            return None
        listed = self._listed(metadata_location)
        place = bisect_left(listed.modified, int(before.timestamp() * 1e6))
        young = listed.modified[place] if place < len(listed.modified) else None
        return FolderStamp(listed.digest, datetime.fromtimestamp(young / 1e6, tz=UTC) if young else None)

    def _listed(self, location: str) -> _Listed:
        if location not in self._known:
            self._connect()
            self._known[location] = self._list(location)
        return self._known[location]

    def _connect(self) -> None:
        if self._client is None:
            self._client = s3_client(self._properties)

    def _list(self, location: str) -> _Listed:
        bucket, _, key = location.partition("://")[2].partition("/")
        root = key.rpartition(METADATA)[0]
        metadata, told, modified = None, [], array("q")
        for folder in TABLE_FOLDERS:
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=bucket, Prefix=f"{root}/{folder}/"):
                for entry in page.get("Contents", ()):
                    facts = f"{entry['Size']} {entry['ETag']} {entry['LastModified'].isoformat()}"
                    told.append(f"{entry['Key']}\0{facts}\n")
                    modified.append(int(entry["LastModified"].timestamp() * 1e6))
                    if entry["Key"] == key:
                        metadata = facts
        digest = hashlib.sha256("".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return _Listed(metadata, digest, array("q", sorted(modified)))


def _is_table(location: str) -> bool:
    """Whether it is a metadata file in S3 that lies where Iceberg puts it."""
    return location.startswith(_SCHEMES) and METADATA in location
