"""A raw dataset's index of objects against the objects that are there, in DuckDB: in bounded memory."""

from __future__ import annotations

import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.lake.raw_listing import Listing
from airflow_gov.lake.storage import as_uri
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal, literals
from airflow_gov.model.write_threads import in_query_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from duckdb import DuckDBPyConnection

    from airflow_gov.lake.catalog import LakeCatalog
    from airflow_gov.lake.raw import RawObjects
    from airflow_gov.lake.rewriting import Rewriter
    from airflow_gov.lake.scanning import Scan

_ROWS = 1_000
_READERS = 8
#: Objects of up to so many bytes are read by one reader one after the other, so many at once.
_SMALL = 64 * 1024
_AT_ONCE = 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IndexedObject:
    """An object as the index has it.

    :param uri: where it must be.
    :param size: bytes.
    :param sha256: of its bytes, hexadecimal.
    :param load_id: the load that brought it.
    :param delivered_at: when.
    """

    uri: str
    size: int
    sha256: str
    load_id: str
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as the storage lists it.

    :param uri: where it is.
    :param size: bytes.
    :param modified: when it was last written.
    :param load_id: the load whose folder it is in.
    """

    uri: str
    size: int
    modified: datetime
    load_id: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """Which objects are read to compare their bytes with their hash: an equal share of them in every hour.

    :param days: in so many days every object is read at least once; 0 reads all of them.
    :param newest: so many of the newest are read every time.
    :param now: the moment; default: the beginning of time.
    :param since: when the time before was; None: never, and a day's share is read.
    """

    days: int = 30
    newest: int = 100
    now: datetime = _EPOCH
    since: datetime | None = None

    def __str__(self) -> str:
        if not self.days:
            return "every object is read"
        newest = f"; the newest {self.newest:,} in every audit" if self.newest else ""
        return (
            f"every object is read at least once in {self.days:,} days, an audit reads what became due since "
            f"the one before{newest}"
        )

    @property
    def due(self) -> tuple[int, int, int]:
        """Of how many shares how many are due, and the first of them."""
        shares = max(1, self.days * 24)
        if not self.days:
            return shares, shares, 0
        now = int(self.now.timestamp()) // 3600
        # After a clock was set back it is as if it had never been read.
        known = self.since is not None and self.since <= self.now
        before = int(self.since.timestamp()) // 3600 if known and self.since is not None else now - 24
        return shares, min(shares, now - before), (before + 1) % shares


class RawComparison:
    """One raw dataset: what its index says, and what lies there. Each question streams its answers.

    The index was read before the objects were listed: what is indexed and not listed was there once.

    :param connection: where the index is ``indexed``, and what differs from the listing is ``differing``.
    :param raw: the objects.
    :param root: the dataset's folder.
    :param listed: how many objects are there.
    """

    def __init__(self, connection: DuckDBPyConnection, raw: RawObjects, root: str, listed: int) -> None:
        self._connection = connection
        self._raw = raw
        self._root = as_uri(root)
        self.listed = listed

    @property
    def indexed(self) -> int:
        """How many objects the index has."""
        return int(self._connection.execute("SELECT count(*) FROM indexed").fetchall()[0][0])

    def missing(self) -> Iterator[IndexedObject]:
        """Objects of the index that are not there."""
        for row in self._rows(f"SELECT {_INDEXED}{_OF_DIFFERING} WHERE d.listed IS NULL ORDER BY path"):
            found = self._indexed(row)
            if not self._raw.exists(found.uri):  # one that lies elsewhere is not listed
                yield found

    def unknown(self) -> Iterator[ListedObject]:
        """Objects that are there and not in the index; also those of loads that are under way."""
        statement = "SELECT path, listed, modified FROM differing WHERE NOT indexed ORDER BY path"
        for path, size, modified in self._rows(statement):
            yield ListedObject(f"{self._root}/{path}", size, _moment(modified), path.partition("/")[0])

    def resized(self) -> Iterator[tuple[IndexedObject, int]]:
        """Objects whose size is not that of the index, with the size they have."""
        statement = f"SELECT {_INDEXED}, d.listed{_OF_DIFFERING} WHERE d.listed <> i.size ORDER BY path"
        for row in self._rows(statement):
            yield self._indexed(row[:-1]), row[-1]

    def sample(self, sampling: Sampling, also: Iterable[str] = ()) -> Iterator[IndexedObject]:
        """Objects of the index to read.

        :param also: URIs that are read whatever the plan: what was found before is looked at again.
        """
        shares, count, first = sampling.due
        self._connection.execute("CREATE OR REPLACE TABLE also (path VARCHAR)")
        uris = [(self._path(uri),) for uri in also]
        if uris:
            self._connection.executemany("INSERT INTO also VALUES (?)", uris)
        statement = (
            f"SELECT {_INDEXED} FROM indexed i WHERE ({_NUMBER} + {shares - first}) % {shares} < {count} "  # noqa: S608
            "OR path IN (SELECT path FROM also) OR path IN "
            "(SELECT path FROM indexed WHERE delivered_at IS NOT NULL ORDER BY delivered_at DESC, path "
            f"LIMIT {int(sampling.newest)}) ORDER BY path"
        )
        return map(self._indexed, self._rows(statement))

    def hashed(self, objects: Iterable[IndexedObject]) -> Iterator[tuple[IndexedObject, str | None]]:
        """Read objects, a few at a time.

        :returns: each with the SHA-256 of its bytes; None where it is not there.
        """
        waiting: deque[tuple[list[IndexedObject], Future[list[str | None]]]] = deque()
        with _readers() as pool:
            for some in _several(objects):
                waiting.append((some, pool.submit(self._raw.hashes, [each.uri for each in some])))
                if len(waiting) > 2 * _READERS:
                    first, result = waiting.popleft()
                    yield from zip(first, result.result(), strict=True)
            while waiting:
                first, result = waiting.popleft()
                yield from zip(first, result.result(), strict=True)

    def _rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        # A cursor of its own: a caller may ask the next question before it has read all answers.
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            while rows := cursor.fetchmany(_ROWS):
                yield from rows

    def _path(self, uri: str) -> str:
        return uri.removeprefix(f"{self._root}/")

    def _indexed(self, row: tuple[Any, ...]) -> IndexedObject:
        path, size, sha256, load_id, delivered_at = row
        uri = path if "://" in path else f"{self._root}/{path}"
        moment = _moment(delivered_at) if delivered_at is not None else None
        return IndexedObject(uri, size or 0, sha256 or "", load_id or "", moment)


_INDEXED = "path, i.size, i.sha256, i.load_id, i.delivered_at"
#: A number that is the same in every audit and spreads objects evenly.
_NUMBER = "coalesce(try_cast('0x' || left(i.sha256, 8) AS BIGINT), length(path))"
_OF_DIFFERING = " FROM indexed i JOIN differing d USING (path)"
#: One pass over both, of which what is alike leaves no trace: a lake has more objects than memory.
_COMPARE = """
    CREATE TABLE differing AS
    SELECT coalesce(i.path, l.path) AS path, i.path IS NOT NULL AS indexed, l.size AS listed, l.modified
    FROM (SELECT path, size FROM indexed) i FULL OUTER JOIN listing l ON i.path = l.path
    WHERE i.path IS NULL OR l.path IS NULL OR i.size <> l.size
"""


@contextmanager
def compared(
    catalog: LakeCatalog, rewriter: Rewriter, raw: RawObjects, root: str, index: Scan | None
) -> Iterator[RawComparison]:
    """Read an index, list the objects, and answer questions about both until the end of the block.

    :param root: the dataset's folder.
    :param index: what main's index says; None: it has none.
    """
    import duckdb

    with tempfile.TemporaryDirectory(prefix="airflow-gov-audit-", dir=rewriter.temp_folder) as folder:
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": rewriter.memory_limit,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            **in_query_threads(duckdb.__version__),
        }
        if rewriter.threads:
            config["threads"] = rewriter.threads
        try:
            with duckdb.connect(f"{folder}/objects.duckdb", config=config) as connection:
                _know_index(connection, index, as_uri(root))
                with catalog.outages_named():
                    listing = Listing(root, catalog.properties)
                    _compare(connection, listing)
                yield RawComparison(connection, raw, root, listing.count)
        except duckdb.Error as error:
            raise GovernanceError(
                Reason.TRANSFORM_FAILED,
                f"The objects under {root} could not be compared with their index ({type(error).__name__}). "
                f"Give the lake more memory than {rewriter.memory_limit}, or a temp folder with more room.",
            ) from error


@contextmanager
def _readers() -> Iterator[ThreadPoolExecutor]:
    """Threads that read; whoever stops asking does not wait for what is not begun."""
    pool = ThreadPoolExecutor(_READERS)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _compare(connection: DuckDBPyConnection, listing: Listing) -> None:
    """Keep what differs.

    :raises BaseException: what broke the listing off: an outage of the storage, a time-out, Ctrl-C.
    """
    connection.register("listing", listing.reader())
    try:
        connection.execute(_COMPARE)
    except Exception:
        if listing.failure is not None:
            raise listing.failure from None
        raise
    connection.unregister("listing")


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _several(objects: Iterable[IndexedObject]) -> Iterator[list[IndexedObject]]:
    """Small objects are read by the dozen: handing over each of them takes longer than reading it."""
    some: list[IndexedObject] = []
    for each in objects:
        some.append(each)
        if len(some) >= _AT_ONCE or each.size > _SMALL:
            yield some
            some = []
    if some:
        yield some


def _know_index(connection: DuckDBPyConnection, index: Scan | None, root: str) -> None:
    """Make an index known as ``indexed``; where DuckDB reads it itself, a question reads what it needs."""
    if index is None or not index.files:
        connection.execute(
            "CREATE TABLE indexed (path VARCHAR, size BIGINT, sha256 VARCHAR, load_id VARCHAR, "
            "delivered_at BIGINT)"
        )
        return
    if index.local_paths is not None and index.uniform:
        kind, rows = "VIEW", f"read_parquet({literals(index.local_paths)})"
    else:
        kind, rows = "TABLE", "index_rows"
        connection.register(rows, index.to_dataset())
    uri = literal(f"{root}/")
    connection.execute(
        f"CREATE {kind} indexed AS SELECT CASE WHEN starts_with(uri, {uri}) "  # noqa: S608 - quoted
        f"THEN substr(uri, length({uri}) + 1) ELSE uri END AS path, size, lower(sha256) AS sha256, "
        f"_load_id AS load_id, epoch_us(delivered_at) AS delivered_at FROM {rows}"
    )
