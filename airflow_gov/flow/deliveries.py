"""What is delivered from outside the lake: local files, S3 objects, HTTP resources, database queries.

Every delivery becomes a local file that can be looked at and sent to the lake: the file itself where
it is local, a temporary copy otherwise.
"""

from __future__ import annotations

import glob
import math
import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_HTTP_TIMEOUT_SECONDS = 60
_CHUNK_BYTES = 1 << 20
_BATCH_ROWS = 10_000
#: Errors of PEP 249 whose messages quote values of the data.
_QUOTING_VALUES = frozenset({"DataError", "IntegrityError"})
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
#: Longest file name of common file systems, in bytes.
_MAX_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as delivered.

    :param name: its name in the raw zone, without a folder.
    :param source: where it came from, without credentials.
    :param path: where its bytes are now.
    """

    name: str
    source: str
    path: Path


@contextmanager
def delivered(source: str, temp_folder: Path, s3_client: Callable[[], Any]) -> Iterator[Iterator[Delivery]]:
    """The files that a source names, one after the other; temporary copies are removed as they are used.

    :param source: a path, a glob (``**`` crosses folders), ``s3://bucket/key`` (also with ``*`` or
        ending in ``/``), or ``http(s)://…``.
    :param temp_folder: for temporary copies.
    :param s3_client: makes a boto3 S3 client when one is needed.
    :raises GovernanceError: ``SOURCE_MISSING``, ``SOURCE_EMPTY``, before the first file is given.
    """
    try:
        scheme = urlsplit(source).scheme.lower()
    except ValueError:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"source {shown_source(source)!r} is no URL."
        ) from None
    if scheme in ("http", "https"):
        yield _http(source, temp_folder)
    elif scheme in ("s3", "s3a"):
        yield _s3(source, temp_folder, s3_client())
    elif scheme in ("", "file") or len(scheme) == 1:
        yield _local(source.removeprefix("file://"))
    else:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"source {shown_source(source)!r}: {scheme}:// is not known; use a path, a glob, s3:// or http(s)://.",
        )


def _local(pattern: str) -> Iterator[Delivery]:
    pattern = os.path.expanduser(pattern)  # noqa: PTH111 - a glob is not a path
    if Path(pattern).is_dir():
        raise GovernanceError(
            Reason.SOURCE_MISSING, f"{pattern} is a folder: name its files, e.g. {pattern.rstrip('/')}/*."
        )
    has_magic = glob.has_magic(pattern) and not Path(pattern).exists()
    found = glob.glob(pattern, recursive=True) if has_magic else [pattern]  # noqa: PTH207 - may be absolute
    paths = sorted(Path(path) for path in found)
    files = [path for path in paths if path.is_file()]
    if not files:
        what = "matches no file" if has_magic else "does not exist"
        raise GovernanceError(Reason.SOURCE_MISSING, f"{pattern} {what}.", source=pattern)
    for path in files:
        _refuse_empty(path.stat().st_size, str(path))
    names = _unique_names([str(path) for path in files])
    return iter([Delivery(name, str(path.resolve()), path) for name, path in zip(names, files, strict=True)])


def _s3(source: str, temp_folder: Path, client: Any) -> Iterator[Delivery]:
    bucket, _, pattern = source.split("://", 1)[1].partition("/")
    objects = _s3_objects(client, bucket, pattern)
    if not objects:
        raise GovernanceError(Reason.SOURCE_MISSING, f"{source} matches no object.", source=source)
    for key, size in objects.items():
        _refuse_empty(size, f"s3://{bucket}/{key}")
    names = _unique_names(list(objects))

    def fetch() -> Iterator[Delivery]:
        for name, key in zip(names, objects, strict=True):
            with _temporary(temp_folder, name) as (path, file):
                _download(client, bucket, key, file)
                file.close()
                yield Delivery(name, f"s3://{bucket}/{key}", path)

    return fetch()


def _download(client: Any, bucket: str, key: str, file: IO[bytes]) -> None:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client.download_fileobj(bucket, key, file)
    except (BotoCoreError, ClientError) as error:
        raise GovernanceError(
            Reason.SOURCE_MISSING, f"s3://{bucket}/{key} cannot be read: {error}", bucket=bucket
        ) from error


def _s3_objects(client: Any, bucket: str, pattern: str) -> dict[str, int]:
    import fnmatch

    from botocore.exceptions import BotoCoreError, ClientError

    fixed = pattern.split("*", 1)[0]
    try:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=fixed)
        found = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}
    except (BotoCoreError, ClientError) as error:
        raise GovernanceError(
            Reason.SOURCE_MISSING, f"s3://{bucket}/{pattern} cannot be listed: {error}", bucket=bucket
        ) from error
    if "*" in pattern:
        return {key: size for key, size in found.items() if fnmatch.fnmatchcase(key, pattern)}
    if pattern.endswith("/") or not pattern:
        return {key: size for key, size in found.items() if not key.endswith("/")}
    return {key: size for key, size in found.items() if key == pattern}


def _http(source: str, temp_folder: Path) -> Iterator[Delivery]:
    import httpx

    shown = without_credentials(source)
    name = _usable(Path(urlsplit(source).path).name or "download", shown)
    with _temporary(temp_folder, name) as (path, file):
        try:
            with httpx.stream(
                "GET", source, follow_redirects=True, timeout=_HTTP_TIMEOUT_SECONDS
            ) as response:
                response.raise_for_status()
                for chunk in response.iter_raw(_CHUNK_BYTES):
                    file.write(chunk)
        except httpx.InvalidURL:
            # Its words, and its cause's, quote what may be a password.
            raise GovernanceError(Reason.PARAMETER_INVALID, f"source {shown!r} is no URL.") from None
        except httpx.HTTPStatusError as error:
            raise GovernanceError(
                Reason.SOURCE_MISSING, f"{shown} answered {error.response.status_code}.", source=shown
            ) from error
        except httpx.HTTPError as error:
            raise GovernanceError(
                Reason.SOURCE_MISSING, f"{shown} cannot be fetched: {error}", source=shown
            ) from error
        file.close()
        _refuse_empty(path.stat().st_size, shown)
        yield Delivery(name, shown, path)


@contextmanager
def _temporary(folder: Path, name: str) -> Iterator[tuple[Path, IO[bytes]]]:
    """A file of that name in a folder of its own, gone afterwards."""
    import tempfile

    holder = Path(tempfile.mkdtemp(prefix="airflow-gov-", dir=folder))
    try:
        with (holder / name).open("wb") as file:
            yield holder / name, file
    finally:
        shutil.rmtree(holder, ignore_errors=True)


def _unique_names(paths: list[str]) -> list[str]:
    """File names; where two are equal, all carry as much of their folders as tells them apart."""
    names = [path.rsplit("/", 1)[-1] for path in paths]
    if len(set(names)) < len(names):
        common = os.path.commonpath([str(Path(path).parent) for path in paths])
        names = [os.path.relpath(path, common or ".").replace("/", "__") for path in paths]
    return [_usable(name, path) for name, path in zip(names, paths, strict=True)]


def _usable(name: str, source: str) -> str:
    """A name that can be a file's in the raw zone, or a refusal."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        size = _MAX_NAME_BYTES + 1
    if name in (".", "..") or size > _MAX_NAME_BYTES:
        raise GovernanceError(
            Reason.SOURCE_MALFORMED,
            f"{source!a}: its file name cannot be kept; it must be UTF-8 and have at most "
            f"{_MAX_NAME_BYTES} bytes.",
        )
    return name


def _refuse_empty(size: int, what: str) -> None:
    if size == 0:
        raise GovernanceError(Reason.SOURCE_EMPTY, f"{what} is empty (0 bytes).", source=what)


def without_credentials(url: str) -> str:
    """A URL without user, password and query, which often carries a signature."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a password with a slash in it is read as a port
    except ValueError:
        return f"{url.partition('://')[0]}://…"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def shown_source(source: str) -> str:
    """A source as messages and records may have it."""
    return without_credentials(source) if "://" in source else source


@dataclass(frozen=True, slots=True)
class DatabaseSource:
    """A database query whose result is delivered.

    :param connect: opens a DB-API 2.0 connection (PEP 249).
    :param sql: the query.
    :param identity: conn_id, dialect, host, port, database, schema, table, user; for the record.
    :param name: what to call the delivery.
    """

    connect: Callable[[], Any]
    sql: str
    identity: Mapping[str, str | None]
    name: str


@contextmanager
def extracted(
    source: DatabaseSource, temp_folder: Path
) -> Iterator[tuple[Delivery, int, list[str], list[str]]]:
    """Write a query's result as gzipped NDJSON, one object a row, in a temporary file.

    Numbers and text stay as the driver gives them; decimals, dates and times become their text (ISO
    8601), bytes base64. The same rows give the same bytes.

    :returns: the delivery, rows, column names in order, their Python types as seen.
    """
    import gzip

    with _temporary(temp_folder, f"{source.name}.ndjson.gz") as (path, file):
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="", compresslevel=6) as packed:
            rows, columns, types = _write_rows(source, packed)
        file.close()
        if rows == 0:
            raise GovernanceError(Reason.SOURCE_EMPTY, f"{source.name}: the query returned no rows.")
        where = "/".join(filter(None, (source.identity.get("database"), source.name)))
        yield Delivery(path.name, f"{source.identity.get('conn_id')}:{where}", path), rows, columns, types


def _write_rows(source: DatabaseSource, out: Any) -> tuple[int, list[str], list[str]]:
    import json
    from contextlib import closing

    rows, seen, columns = 0, {}, []
    connection = _asked(source, "cannot be reached", source.connect)
    with closing(connection), closing(_streaming_cursor(connection)) as cursor:
        _asked(source, "refused the query", lambda: cursor.execute(source.sql))
        batch = _asked(source, "refused the query", lambda: cursor.fetchmany(_BATCH_ROWS))
        # A server-side cursor describes its columns after the first fetch only.
        columns = [entry[0] for entry in cursor.description or ()]
        _refuse_repeated(columns, source.name)
        while batch:
            for row in batch:
                for name, value in zip(columns, row, strict=True):
                    if value is not None and name not in seen:
                        seen[name] = type(value).__name__
                record = {name: _finite(value) for name, value in zip(columns, row, strict=True)}
                out.write(json.dumps(record, ensure_ascii=False, default=_as_text).encode() + b"\n")
            rows += len(batch)
            batch = _asked(source, "was lost", lambda: cursor.fetchmany(_BATCH_ROWS))
    return rows, columns, [seen.get(name, "unknown") for name in columns]


def _asked(source: DatabaseSource, failure: str, question: Callable[[], Any]) -> Any:
    """Ask a database; what its driver raises becomes ours, with the connection's name."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - every driver has its own errors (PEP 249)
        quotes = any(kind.__name__ in _QUOTING_VALUES for kind in type(error).__mro__)
        # The first line says what is wrong, the others show where: in the data.
        words = _QUOTED.sub("'…'", str(error).partition("\n")[0]) if quotes else str(error)
        raise GovernanceError(
            Reason.SQL_FAILED,
            f"{source.name}: the database {failure}: {words} (connection {source.identity.get('conn_id')})",
        ) from (None if quotes else error)


def _streaming_cursor(connection: Any) -> Any:
    """A cursor that does not hold the whole result: psycopg's default cursors do, named ones do not."""
    if type(connection).__module__.partition(".")[0] in ("psycopg", "psycopg2"):
        return connection.cursor(name="airflow_gov")
    return connection.cursor()


def _refuse_repeated(columns: list[str], name: str) -> None:
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise GovernanceError(
            Reason.SOURCE_MALFORMED,
            f"{name}: the query returns {', '.join(repeated)} twice; name its columns.",
        )


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinities: they travel as text, which casts back to a number."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _as_text(value: Any) -> str:
    import base64

    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
