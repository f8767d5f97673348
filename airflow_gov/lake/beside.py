"""What lies in the lake's warehouse beside its zones: counted, and not told object by object."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url

from airflow_gov.lake.anchors import FOLDER
from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.storage import local_path
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

#: Objects of a folder that are counted, folders that are told one by one, and those that are looked into.
MOST_OBJECTS, MOST_FOLDERS, MOST_LOOKED_INTO = 100_000, 200, 1_000
#: Ours, and what file systems put into the root of a volume.
_KNOWN = frozenset({*map(str, Zone), FOLDER.partition("/")[0], "lost+found"})


@dataclass(frozen=True, slots=True)
class Beside:
    """A folder of the warehouse that is no zone's; or its files that lie in no folder.

    :param folder: its name; empty for files that lie in no folder.
    :param objects: how many there are.
    :param size: bytes.
    :param counted: whether that is all: of very many only the first are counted, and a folder may be closed.
    :param folders: how many folders these are, of which `folder` is the first.
    """

    folder: str
    objects: int
    size: int
    counted: bool = True
    folders: int = 1


def beside_zones(properties: Mapping[str, str], known: Collection[str]) -> Iterator[Beside]:
    """What lies in the warehouse and in no zone; folders without objects are none.

    :param properties: the catalogue's.
    :param known: names in the warehouse's root that are passed over.
    """
    root = properties.get("warehouse", "").rstrip("/")
    if not (root.startswith("/") or "://" in root):
        return
    passed_over = {*_KNOWN, *known}
    place = local_path(root)
    storage = _Folder(place, _database(properties)) if place is not None else _Bucket(root, properties)
    folders, loose = storage.directly(passed_over)
    if loose.objects:
        yield loose
    folders.sort()
    left = folders[MOST_LOOKED_INTO:]
    insides = map(storage.inside, folders[:MOST_LOOKED_INTO])
    found = (inside for inside in insides if inside.objects or not inside.counted)
    yield from itertools.islice(found, MOST_FOLDERS)
    others = [*found, *(Beside(name, 0, 0, counted=False) for name in left)]
    if others:
        yield Beside(
            others[0].folder,
            sum(each.objects for each in others),
            sum(each.size for each in others),
            counted=all(each.counted for each in others),
            folders=len(others),
        )


class _Folder:
    """A warehouse on a disk.

    :param database: the catalogue's, which may lie in it.
    """

    def __init__(self, root: Path, database: Path | None) -> None:
        self._root = root
        # SQLite's files: the database, and what lies beside it while it is used.
        self._of_database = {f"{database}{end}" for end in ("", "-journal", "-shm", "-wal") if database}

    def directly(self, passed_over: Collection[str]) -> tuple[list[str], Beside]:
        """The folders, and the files that lie in none."""
        folders: list[str] = []
        sizes: list[int] = []
        if not self._root.is_dir():
            return folders, Beside("", 0, 0)
        with os.scandir(self._root) as entries:
            for entry in entries:
                if entry.name in passed_over or entry.path in self._of_database:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
                else:
                    sizes.append(_size(entry.path))
        return folders, Beside("", len(sizes), sum(sizes))

    def inside(self, name: str) -> Beside:
        """What lies in a folder; links are not followed."""
        objects = size = 0
        closed: list[OSError] = []
        for folder, _, files in os.walk(self._root / name, onerror=closed.append):
            for file in files:
                if objects == MOST_OBJECTS:
                    return Beside(name, objects, size, counted=False)
                objects += 1
                size += _size(os.path.join(folder, file))  # noqa: PTH118 - of very many
        return Beside(name, objects, size, counted=not closed)


class _Bucket:
    """A warehouse in S3: what begins with its prefix, and never the rest of the bucket."""

    def __init__(self, root: str, properties: Mapping[str, str]) -> None:
        bucket, _, key = root.split("://", 1)[1].partition("/")
        self._bucket = bucket
        self._prefix = f"{key}/" if key else ""
        self._properties = properties

    def directly(self, passed_over: Collection[str]) -> tuple[list[str], Beside]:
        """The folders, and the objects that lie in none."""
        folders: list[str] = []
        objects = size = 0
        pager = s3_client(self._properties).get_paginator("list_objects_v2")
        for page in pager.paginate(Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"):
            names = (entry["Prefix"][len(self._prefix) : -1] for entry in page.get("CommonPrefixes", ()))
            folders += [name for name in names if name not in passed_over]
            for entry in page.get("Contents", ()):
                name = entry["Key"][len(self._prefix) :]
                if name and name not in passed_over:  # without one it is the folder, as consoles make it
                    objects += 1
                    size += entry["Size"]
        return folders, Beside("", objects, size)

    def inside(self, name: str) -> Beside:
        """What lies in a folder."""
        objects = size = 0
        prefix = f"{self._prefix}{name}/"
        pager = s3_client(self._properties).get_paginator("list_objects_v2")
        for page in pager.paginate(Bucket=self._bucket, Prefix=prefix):
            for entry in page.get("Contents", ()):
                if objects == MOST_OBJECTS:
                    return Beside(name, objects, size, counted=False)
                if entry["Key"] != prefix:
                    objects += 1
                    size += entry["Size"]
        return Beside(name, objects, size)


def _size(path: str) -> int:
    try:
        return os.lstat(path).st_size
    except FileNotFoundError:  # removed since it was listed
        return 0


def _database(properties: Mapping[str, str]) -> Path | None:
    uri = properties.get("uri", "")
    name = make_url(uri).database if uri.startswith("sqlite") else None
    return Path(name).absolute() if name else None
