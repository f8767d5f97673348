"""How the files of one format and shape are read."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_gov.model.sql_text import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of a file, column by column; see :class:`TextRow`.

    :param broken: None: no row is.
    """

    lines: Sequence[int]
    contents: Sequence[str]
    columns: Sequence[Sequence[str | None]]
    broken: Sequence[str | None] | None = None


def block_of(rows: Sequence[TextRow], width: int) -> RowBlock:
    """The rows as a block.

    :param width: number of the contract's columns.
    """
    return RowBlock(
        lines=[row.line for row in rows],
        contents=[row.content for row in rows],
        columns=[[row.values[place] if row.values else None for row in rows] for place in range(width)],
        broken=[row.broken for row in rows],
    )


def blocks_of(rows: Iterable[TextRow], width: int) -> Iterator[RowBlock]:
    """The rows as blocks, a few at a time."""
    waiting = iter(rows)
    while batch := list(islice(waiting, STAGED_ROWS)):
        yield block_of(batch, width)


def stage(blocks: Iterable[RowBlock], width: int, path: Path, nulls: Sequence[str] = ()) -> str:
    """Write rows to a Parquet file, a block at a time, for DuckDB to type them.

    :param width: number of the contract's columns.
    :param nulls: texts that mean null.
    :returns: a SELECT as :meth:`Layout.careful` gives it.
    """
    names = [value_name(position) for position in range(width)]
    fields: list[pa.Field[Any]] = [pa.field("line", pa.int64())]
    schema = pa.schema([*fields, *(pa.field(name, pa.string()) for name in ("content", "broken", *names))])
    with pq.ParquetWriter(path, schema, compression="lz4") as writer:
        for block in blocks:
            rows = len(block.lines)
            columns: list[pa.Array[Any]] = [
                pa.array(block.lines, pa.int64()),
                pa.array(block.contents, pa.string()),
                pa.nulls(rows, pa.string()) if block.broken is None else pa.array(block.broken, pa.string()),
                *(pa.array(values, pa.string()) for values in block.columns),
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))
    unwanted = ", ".join(map(literal, nulls))
    values = [f"CASE WHEN {name} NOT IN ({unwanted}) THEN {name} END AS {name}" for name in names]
    items = ", ".join(["line", "content", "broken", *(values if nulls else names)])
    return f"SELECT {items} FROM read_parquet({literal(str(path))})"
