"""Raw objects: bytes as delivered, written once, local or in S3."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from airflow_gov.lake.objects import Backend, LocalObjects, ObjectExistsError, S3Objects
from airflow_gov.lake.storage import local_path
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import FileRef
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from airflow_gov.lake.catalog import LakeCatalog

_CHUNK = 1024 * 1024
#: Most objects are smaller than a chunk, and room for a whole one takes longer than to read them.
_FIRST = 64 * 1024


class RawObjects:
    """The objects of raw datasets, under ``<warehouse>/raw/<dataset name>/<load id>/<file>``.

    :param catalog: where raw datasets lie, and with which credentials.
    """

    def __init__(self, catalog: LakeCatalog) -> None:
        self._catalog = catalog

    def put(self, dataset: DatasetName, load_id: str, name: str, stream: BinaryIO) -> FileRef:
        """Keep an object. The same bytes under the same name again are fine.

        :param name: the file's name, without folders.
        :param stream: its bytes, read once and in pieces.
        :returns: where it is, its size and its SHA-256.
        :raises GovernanceError: ``OBJECT_EXISTS`` when other bytes have that name, ``PARAMETER_INVALID``
            for a name that is none.
        """
        location = f"{self._root(dataset)}/{_checked(load_id, 'load id')}/{_checked(name, 'file name')}"
        with self._catalog.outages_named():
            backend = self._backend(location)
            try:
                sha256, size = backend.write_once(location, stream)
            except ObjectExistsError as there:
                sha256, size = there.sha256, there.size
                if _hash(backend, location) != sha256:
                    raise GovernanceError(
                        Reason.OBJECT_EXISTS,
                        f"{_uri(location)} exists with other bytes; what was delivered is never overwritten. "
                        f"Deliver under another name, or as another load.",
                        uri=_uri(location),
                    ) from None
        return FileRef(_uri(location), size, sha256=sha256)

    def open(self, uri: str) -> BinaryIO:
        """The bytes of an object, as a stream that can seek.

        :raises GovernanceError: ``SOURCE_MISSING``.
        """
        with self._catalog.outages_named():
            try:
                return self._backend(uri).open(uri)
            except FileNotFoundError as error:
                raise GovernanceError(
                    Reason.SOURCE_MISSING, f"The raw object {uri} is not there any more.", uri=uri
                ) from error

    def local_path(self, uri: str) -> Path | None:
        """The path of an object in a local lake, None in S3."""
        return local_path(uri)

    def exists(self, uri: str) -> bool:
        """Whether an object is there."""
        with self._catalog.outages_named():
            return self._backend(uri).exists(uri)

    def sha256(self, uri: str) -> str | None:
        """The SHA-256 of an object's bytes, read in pieces; None when it is not there."""
        with self._catalog.outages_named():
            try:
                return _hash(self._backend(uri), uri)
            except FileNotFoundError:
                return None

    def hashes(self, uris: Sequence[str]) -> list[str | None]:
        """The same of several objects, one after the other."""
        with self._catalog.outages_named():
            found: list[str | None] = []
            backends: dict[bool, Backend] = {}
            for uri in uris:
                local = local_path(uri) is not None
                if local not in backends:
                    backends[local] = self._backend(uri)
                try:
                    found.append(_hash(backends[local], uri))
                except FileNotFoundError:
                    found.append(None)
            return found

    def root(self, dataset: DatasetName) -> str:
        """The folder in which a raw dataset's objects lie."""
        with self._catalog.outages_named():
            return self._root(dataset)

    def delete(self, uri: str) -> None:
        """Delete an object of the raw zone; one that is gone already is fine.

        :raises GovernanceError: ``PARAMETER_INVALID`` for a file outside the raw zone.
        """
        root = self._root(DatasetName.parse("raw.any")).rsplit("/", 1)[0]
        path = uri.removeprefix("file://")
        if not path.startswith(f"{root}/") or ".." in path.split("/"):
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"{uri} is not in the raw zone, which begins at {_uri(root)}.",
                uri=uri,
            )
        with self._catalog.outages_named():
            self._backend(uri).delete(uri)

    def _root(self, dataset: DatasetName) -> str:
        location = self._catalog.default_location(dataset)
        if location is None:
            location = self._catalog.load(dataset).location()
        return location.rstrip("/")

    def _backend(self, location: str) -> Backend:
        return LocalObjects() if local_path(location) is not None else S3Objects(self._catalog)


def _checked(name: str, what: str) -> str:
    if (
        not name
        or name in (".", "..")
        or any(letter in "/\\\0" for letter in name)
        or len(name.encode()) > 240
    ):
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"{name[:80]!r} is no {what}: it must be a plain name without folders, of at most 240 bytes.",
        )
    return name


def _uri(location: str) -> str:
    return location if "://" in location else f"file://{location}"


def _hash(backend: Backend, location: str) -> str:
    digest = hashlib.sha256()
    with backend.open(location) as stream:
        chunk = stream.read(_FIRST)
        while chunk:
            digest.update(chunk)
            chunk = stream.read(_CHUNK)
    return digest.hexdigest()
