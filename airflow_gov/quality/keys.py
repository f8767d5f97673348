"""Counting rows that repeat a key, exactly and in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.sql_text import identifier
from airflow_gov.model.types import Primitive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.contract import Column
    from airflow_gov.quality.rules import Query

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

    Whole numbers that lie close together, as most ids do, are marked in a bitmap: four times as fast as
    a hash table, and small. Other keys are first compared by their 64-bit hashes: as many hashes as
    rows prove that no key is there twice. Only where that fails are the keys themselves counted.

    :param table: the table's name in the session.
    :param key: the key's columns.
    """
    names = [identifier(column.name) for column in key]
    rows, *filled = query(f"SELECT count(*), {', '.join(f'count({name})' for name in names)} FROM {table}")[0]
    where, values = "", rows
    if any(count < rows for count in filled):
        where = " WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in names)
        values = query(f"SELECT count(*) FROM {table}{where}")[0][0]
    if not values:
        return Duplicates(nulls=rows, repeated=0)
    distinct = _distinct(query, f"{table}{where}", key, values)
    return Duplicates(nulls=rows - values, repeated=values - distinct)


def _distinct(query: Query, source: str, key: Sequence[Column], values: int) -> int:
    """How many different keys there are among rows that all have one."""
    names = ", ".join(identifier(column.name) for column in key)
    if len(key) > 1 or key[0].type not in _WHOLE_NUMBERS:
        hashes: int = query(f"SELECT count(DISTINCT hash({names})) FROM {source}")[0][0]
        return hashes if hashes == values else _count(query, f"(SELECT DISTINCT {names} FROM {source})")
    low, high = query(f"SELECT min({names}), max({names}) FROM {source}")[0]
    if high - low < min(MAX_BITMAP, max(MAX_BITS_PER_ROW * values, MIN_BITMAP)):
        marked: int = query(f"SELECT bit_count(bitstring_agg({names}, {low}, {high})) FROM {source}")[0][0]
        return marked
    return _count(query, f"(SELECT DISTINCT {names} FROM {source})")


def _count(query: Query, source: str) -> int:
    rows: int = query(f"SELECT count(*) FROM {source}")[0][0]
    return rows
