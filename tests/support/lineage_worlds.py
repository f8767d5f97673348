"""Small random tables for the corpus of lineage, and the same with other values in some of their columns."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections import Counter
from typing import Any

import duckdb

from airflow_gov.model.sql_text import identifier
from support.lineage_corpus import Tables

#: Rows of each table. With few values a column, joins and filters let some rows through and not all.
ROWS = 12

Column = tuple[str, str]
Rows = list[tuple[Any, ...]]


class Worlds:
    """The tables of one file of the corpus, in a DuckDB of its own; each variant is a database of it.

    :param group: the file.
    :param tables: its tables.
    :param seed: other seeds give other values.
    """

    def __init__(self, group: str, tables: Tables, seed: int) -> None:
        self.tables = tables
        self._random = random.Random(f"{group}{seed}")
        self._connection = duckdb.connect(config={"threads": 1})
        self._names = (f"world{number}" for number in itertools.count())
        self._values: dict[Column, list[Any]] = {
            (table, name): self._some(kind)
            for table, columns in tables.items()
            for name, kind in columns.items()
        }
        self._worlds: dict[frozenset[Column], str] = {}
        self.columns = frozenset(self._values)

    def result(self, sql: str, changed: frozenset[Column] = frozenset()) -> Rows | None:
        """What a query gives when some columns have other values; None where DuckDB refuses them."""
        self._connection.execute(f"USE {self._world(changed)}")
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error:
            if not changed:
                raise
            return None

    def _world(self, changed: frozenset[Column]) -> str:
        if changed not in self._worlds:
            self._worlds[changed] = world = next(self._names)
            self._connection.execute(f"ATTACH ':memory:' AS {world}")
            for table in self.tables:
                self._fill(world, table, changed)
        return self._worlds[changed]

    def _fill(self, world: str, table: str, changed: frozenset[Column]) -> None:
        path = [identifier(part) for part in table.split(".")]
        if len(path) > 1:
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {world}.{path[0]}")
        name = ".".join(path)
        columns = self.tables[table]
        if changed and not any(of == table for of, _ in changed):
            first = self._worlds[frozenset()]
            self._connection.execute(f"CREATE VIEW {world}.{name} AS FROM {first}.{name}")
            return
        items = ", ".join(
            f"unnest(CAST(? AS {kind}[])) AS {identifier(each)}" for each, kind in columns.items()
        )
        values = [
            self._some(kind) if (table, each) in changed else self._values[table, each]
            for each, kind in columns.items()
        ]
        self._connection.execute(f"CREATE TABLE {world}.{name} AS SELECT {items}", values)

    def _some(self, kind: str) -> list[Any]:
        return [self._value(kind) for _ in range(ROWS)]

    def _value(self, kind: str, *, null: float = 0.08) -> Any:
        if self._random.random() < null:
            return None
        if kind.endswith("[]"):
            return [self._value(kind[:-2], null=0) for _ in range(self._random.randint(0, 3))]
        if kind.startswith("STRUCT"):
            return {name: self._value(each) for name, each in _fields(kind)}
        return self._plain(kind)

    def _plain(self, kind: str) -> Any:
        number = self._random.randint(0, 3)
        match kind:
            case "INTEGER":
                return number
            case "VARCHAR":
                return "abc"[number % 3] * self._random.choice((1, 1, 1, 2))
            case "DATE":
                return dt.date(2024, 1, 1) + dt.timedelta(days=number)
            case "BOOLEAN":
                return number % 2 == 0
            case "JSON":
                return f'{{"a": {number}, "b": "{number}"}}'
        raise AssertionError(kind)


def _fields(kind: str) -> list[tuple[str, str]]:
    parts = [part.strip().partition(" ") for part in kind.partition("(")[2].removesuffix(")").split(",")]
    return [(name, each) for name, _, each in parts]


def projected(rows: Rows, positions: list[int]) -> Counter[str]:
    """Some columns of a result, its rows in no order."""
    return Counter(repr([row[position] for position in positions]) for row in rows)
