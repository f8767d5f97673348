"""Where objects are kept: a folder or S3. Each knows how to write one exactly once."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import uuid
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from botocore.exceptions import ClientError

from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.storage import local_path, resolve
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from airflow_gov.lake.catalog import LakeCatalog

#: S3 takes parts of at least 5 MiB, and at most 10,000 of them: objects up to 156 GiB.
_PART_SIZE = 16 * 1024 * 1024
_CHUNK = 1024 * 1024
#: HTTP 412: the object exists. 409: another upload of it is being completed right now.
_LOST_THE_RACE = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


_NO_ROOM_OR_RIGHTS = frozenset({errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS})


class ObjectExistsError(Exception):
    """The object was there already; carries the SHA-256 and the size of what was to be written."""

    def __init__(self, sha256: str, size: int) -> None:
        super().__init__(sha256)
        self.sha256 = sha256
        self.size = size


class Backend(Protocol):
    """What raw objects need of a storage."""

    def write_once(self, location: str, stream: BinaryIO) -> tuple[str, int]:
        """Write an object that is not there yet; gives its SHA-256 and size.

        :raises ObjectExistsError: it is there; nothing was written.
        """
        ...

    def open(self, location: str) -> BinaryIO: ...

    def exists(self, location: str) -> bool: ...

    def delete(self, location: str) -> None: ...


class LocalObjects:
    """Objects in a folder. A hard link to a finished file either makes the name or finds it taken."""

    def write_once(self, location: str, stream: BinaryIO) -> tuple[str, int]:
        target = cast("Path", local_path(location))
        try:
            return self._write_once(target, stream)
        except OSError as error:
            if error.errno not in _NO_ROOM_OR_RIGHTS:
                raise  # it may be the delivery that broke
            raise GovernanceError(
                Reason.LAKE_UNAVAILABLE,
                f"{target} cannot be written: {error.strerror or error}. Nothing is left of it; make room or "
                f"rights, then run the task again.",
                path=str(target),
            ) from error

    def _write_once(self, target: Path, stream: BinaryIO) -> tuple[str, int]:
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
                raise ObjectExistsError(digest.hexdigest(), size) from None
        finally:
            part.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def open(self, location: str) -> BinaryIO:
        return cast("Path", local_path(location)).open("rb")

    def exists(self, location: str) -> bool:
        return cast("Path", local_path(location)).is_file()

    def delete(self, location: str) -> None:
        cast("Path", local_path(location)).unlink(missing_ok=True)


class S3Objects:
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
            raise ObjectExistsError(hashed.sha256, hashed.size)
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
