"""Counting rows that repeat a key, exactly and in bounded memory."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_gov.model.sql_text import identifier
from airflow_gov.model.types import ColumnType, Primitive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.contract import Column
    from airflow_gov.quality.rules import Query

T = TypeVar("T")
#: Yields SELECTs, is sent their rows, and returns what was counted.
Counting = Generator[str, list[tuple[Any, ...]], T]

#: Widest range of whole numbers that is marked in a bitmap, in bits: 32 MiB for each thread.
MAX_BITMAP = 1 << 28
#: A bitmap of this many bits always pays.
MIN_BITMAP = 1 << 20
#: A larger one pays while it has no more bits than this for each row.
MAX_BITS_PER_ROW = 64

_WHOLE_NUMBERS = (Primitive("int"), Primitive("long"))


@dataclass(frozen=True, slots=True)
class Duplicates:
    """How a key is kept.

    :param nulls: rows in which a part of the key is null.
    :param repeated: rows whose key an earlier row has.
    """

    nulls: int
    repeated: int


def count_duplicates(query: Query, table: str, key: Sequence[Column]) -> Duplicates:
    """Count the rows that break a key.

    :param table: the table's name in the session.
    :param key: the key's columns.
    """
    values = [identifier(column.name) for column in key]
    asking = counting_duplicates(table, values, whole=is_whole(key[0].type))
    try:
        statement = next(asking)
        while True:
            statement = asking.send(query(statement))
    except StopIteration as end:
        counted: Duplicates = end.value
        return counted


def is_whole(kind: ColumnType) -> bool:
    """Whether values of a type are whole numbers of at most 64 bits."""
    return kind in _WHOLE_NUMBERS


def counting_duplicates(table: str, values: Sequence[str], *, whole: bool) -> Counting[Duplicates]:
    """Count the rows that break a key, asking for the rows of one SELECT after the other.

    Whole numbers that lie close together, as most ids do, are marked in a bitmap: four times as fast as
    a hash table, and small. Other keys are first compared by their 64-bit hashes: as many hashes as
    rows prove that no key is there twice. Only where that fails are the keys themselves counted.

    :param table: what follows FROM in a SELECT of the rows.
    :param values: the parts of the key as SQL.
    :param whole: whether the first one is a whole number.
    """
    counts = yield f"SELECT count(*), {', '.join(f'count({value})' for value in values)} FROM {table}"
    rows, *filled = counts[0]
    where, there = "", rows
    if any(count < rows for count in filled):
        where = " WHERE " + " AND ".join(f"{value} IS NOT NULL" for value in values)
        there = (yield f"SELECT count(*) FROM {table}{where}")[0][0]
    if not there:
        return Duplicates(nulls=rows, repeated=0)
    distinct = yield from _distinct(f"{table}{where}", values, there, whole=whole and len(values) == 1)
    return Duplicates(nulls=rows - there, repeated=there - distinct)


def _distinct(source: str, values: Sequence[str], there: int, *, whole: bool) -> Counting[int]:
    """How many different keys there are among rows that all have one."""
    names = ", ".join(values)
    if not whole:
        hashes: int = (yield f"SELECT count(DISTINCT hash({names})) FROM {source}")[0][0]
        return hashes if hashes == there else (yield from _count(f"(SELECT DISTINCT {names} FROM {source})"))
    low, high = (yield f"SELECT min({names}), max({names}) FROM {source}")[0]
    if high - low < min(MAX_BITMAP, max(MAX_BITS_PER_ROW * there, MIN_BITMAP)):
        marked: int = (yield f"SELECT bit_count(bitstring_agg({names}, {low}, {high})) FROM {source}")[0][0]
        return marked
    return (yield from _count(f"(SELECT DISTINCT {names} FROM {source})"))


def _count(source: str) -> Counting[int]:
    count: int = (yield f"SELECT count(*) FROM {source}")[0][0]
    return count
