"""How the files of one format and shape are read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_gov.model.sql_text import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

    from airflow_gov.model.contract import Column
    from airflow_gov.transform.files.plain import LocalFile

#: Rows staged at once.
STAGED_ROWS = 10_000


def value_name(position: int) -> str:
    """The name under which the contract's column of that position is read, before it is typed."""
    return f"c{position}"


class Layout(Protocol):
    """Reads files of one format and shape, in one of two ways.

    Both give the contract's columns as ``c0``, ``c1``, … as they lie in the files. Equal layouts read
    files together.
    """

    def fast(self, paths: Sequence[Path]) -> str | None:
        """A SELECT of ``c0``, … of all rows. Running it fails where a row is broken.

        None: there is no fast way.
        """

    def careful(self, file: LocalFile, work: Workplace) -> str:
        """A SELECT of ``line``, ``content``, ``broken``, ``c0``, ….

        ``broken`` is what is wrong with the row as a whole, or NULL; an empty ``content`` is made from
        the values.

        :raises GovernanceError: ``SOURCE_MALFORMED`` where not even rows can be told apart.
        """

    def typed(self, position: int, column: Column) -> str:
        """An expression for the typed value of ``c<position>``; NULL where it is no value of the type."""


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where a layout may put what it needs on the way.

    :param connection: runs SQL; keeps the order of rows.
    :param folder: for files; it goes away with the work.
    """

    connection: DuckDBPyConnection
    folder: Path


@dataclass(frozen=True, slots=True)
class TextRow:
    """One row of a file, as text.

    :param line: where it begins, from 1.
    :param content: as it was delivered; empty: made from the values.
    :param values: the contract's columns in order; empty for a broken row.
    :param broken: what is wrong with the row as a whole.
    """

    line: int
    content: str
    values: Sequence[str | None] = ()
    broken: str | None = None


def stage(rows: Iterable[TextRow], width: int, path: Path) -> str:
    """Write rows to a Parquet file, a few at a time, for DuckDB to type them.

    :param width: number of the contract's columns.
    :returns: a SELECT as :meth:`Layout.careful` gives it.
    """
    names = [value_name(position) for position in range(width)]
    texts = ["content", "broken", *names]
    fields: list[pa.Field[Any]] = [pa.field("line", pa.int64())]
    schema = pa.schema([*fields, *(pa.field(name, pa.string()) for name in texts)])
    waiting = iter(rows)
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        while batch := list(islice(waiting, STAGED_ROWS)):
            columns: list[pa.Array[Any]] = [
                pa.array([row.line for row in batch], pa.int64()),
                pa.array([row.content for row in batch], pa.string()),
                pa.array([row.broken for row in batch], pa.string()),
            ]
            for place in range(width):
                values = [row.values[place] if row.values else None for row in batch]
                columns.append(pa.array(values, pa.string()))
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    return f"SELECT * FROM read_parquet({literal(str(path))})"
