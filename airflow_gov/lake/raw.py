"""Raw objects: bytes as delivered, written once, local or in S3."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from botocore.exceptions import ClientError

from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.storage import local_path, resolve
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import FileRef
from airflow_gov.model.zones import DatasetName

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from airflow_gov.lake.catalog import LakeCatalog

#: S3 takes parts of at least 5 MiB, and at most 10,000 of them: objects up to 156 GiB.
_PART_SIZE = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
#: HTTP 412: the object exists. 409: another upload of it is being completed right now.
_LOST_THE_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class _ObjectExistsError(Exception):
    """The object was there already; carries the SHA-256 and the size of what was to be written."""

    def __init__(self, sha256: str, size: int) -> None:
        super().__init__(sha256)
        self.sha256 = sha256
        self.size = size


class _Backend(Protocol):
    def write_once(self, location: str, stream: BinaryIO) -> tuple[str, int]: ...

    def open(self, location: str) -> BinaryIO: ...

    def exists(self, location: str) -> bool: ...

    def delete(self, location: str) -> None: ...


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
            except _ObjectExistsError as there:
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

    def _backend(self, location: str) -> _Backend:
        return _LocalObjects() if local_path(location) is not None else _S3Objects(self._catalog)


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


def _hash(backend: _Backend, location: str) -> str:
    digest = hashlib.sha256()
    with backend.open(location) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class _LocalObjects:
    """Objects in a folder. A hard link to a finished file either makes the name or finds it taken."""

    def write_once(self, location: str, stream: BinaryIO) -> tuple[str, int]:
        target = cast("Path", local_path(location))
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with part.open("xb") as file:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(part, target)
            except FileExistsError:
                raise _ObjectExistsError(digest.hexdigest(), size) from None
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def open(self, location: str) -> BinaryIO:
        return cast("Path", local_path(location)).open("rb")

    def exists(self, location: str) -> bool:
        return cast("Path", local_path(location)).is_file()

    def delete(self, location: str) -> None:
        cast("Path", local_path(location)).unlink(missing_ok=True)


class _S3Objects:
    """Objects in S3, written with ``If-None-Match: *`` (Amazon S3, "Conditional writes")."""

    def __init__(self, catalog: LakeCatalog) -> None:
        self._catalog = catalog
        self._client: Any = s3_client(catalog.properties)

    def write_once(self, location: str, stream: BinaryIO) -> tuple[str, int]:
        # A store that ignores the condition would overwrite: looking first costs one request.
        taken = self.exists(location)
        hashed = _HashedParts(stream)
        if taken:
            hashed.drain()
        elif not self._write(location, iter(hashed)):
            taken = True
        if taken:
            raise _ObjectExistsError(hashed.sha256, hashed.size)
        return hashed.sha256, hashed.size

    def _write(self, location: str, parts: Iterator[bytes]) -> bool:
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            return self._put(location, first)
        return self._put_in_parts(location, chain((first, second), parts))

    def open(self, location: str) -> BinaryIO:
        filesystem, path = resolve(self._catalog.io, location)
        return cast("BinaryIO", io.BufferedReader(filesystem.open_input_file(path), _CHUNK))

    def exists(self, location: str) -> bool:
        try:
            self._client.head_object(**_address(location))
        except ClientError as error:
            if _code(error) in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return True

    def delete(self, location: str) -> None:
        self._client.delete_object(**_address(location))

    def _put(self, location: str, body: bytes) -> bool:
        return self._unless_there(
            lambda: self._client.put_object(**_address(location), Body=body, IfNoneMatch="*")
        )

    def _put_in_parts(self, location: str, parts: Iterator[bytes]) -> bool:
        with self._upload(location) as upload:
            done = []
            for number, body in enumerate(parts, start=1):
                answer = self._client.upload_part(**upload, PartNumber=number, Body=body)
                done.append({"PartNumber": number, "ETag": answer["ETag"]})
            return self._unless_there(
                lambda: self._client.complete_multipart_upload(
                    **upload, MultipartUpload={"Parts": done}, IfNoneMatch="*"
                ),
                lost=lambda: self._client.abort_multipart_upload(**upload),
            )

    @contextmanager
    def _upload(self, location: str) -> Iterator[dict[str, str]]:
        address = _address(location)
        upload_id = self._client.create_multipart_upload(**address)["UploadId"]
        upload = {**address, "UploadId": upload_id}
        try:
            yield upload
        except BaseException:
            self._client.abort_multipart_upload(**upload)
            raise

    def _unless_there(self, request: Callable[[], object], lost: Callable[[], object] = lambda: None) -> bool:
        try:
            request()
        except ClientError as error:
            if _code(error) not in _LOST_THE_RACE:
                raise
            lost()
            return False
        return True


class _HashedParts:
    """A stream cut into parts for S3, hashed and counted while it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[bytes]:
        while part := self._next():
            self._digest.update(part)
            self.size += len(part)
            yield part

    def drain(self) -> None:
        for _ in self:
            pass

    def _next(self) -> bytes:
        part = bytearray()
        while len(part) < _PART_SIZE and (chunk := self._stream.read(_PART_SIZE - len(part))):
            part += chunk
        return bytes(part)


def _address(location: str) -> dict[str, str]:
    bucket, _, key = location.split("://", 1)[1].partition("/")
    return {"Bucket": bucket, "Key": key}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
