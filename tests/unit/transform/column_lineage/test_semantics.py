"""What lineage says, put to the test: columns that a result does not come from cannot change it.

Random small tables are made for the queries of the corpus. One column of a table gets other values, and a
query runs again in DuckDB: each column of the result that does not have it among its inputs, direct or
indirect, has the values it had. And the other way round, most of the columns that are named do change it.
"""

from __future__ import annotations

from functools import cache

import duckdb
import pytest

from airflow_gov.transform.column_lineage import sql_lineage
from support.lineage_corpus import Case, corpus
from support.lineage_worlds import Column, Worlds, projected
from support.random_queries import TABLES, RandomQueries

#: Queries whose result depends on which of several equal rows comes first are no test.
CASES = [case for case in corpus() if case.complete and "ties" not in case.tags]
SEEDS = (1, 2)


@cache
def worlds(group: str, seed: int) -> Worlds:
    # The last case of a file knows all of its tables.
    tables = [case.tables for case in corpus() if case.group == group][-1]
    return Worlds(group, tables, seed)


@cache
def lineage_of(position: int) -> tuple[list[str], list[frozenset[Column]], frozenset[Column]]:
    case = CASES[position]
    outputs = list(case.columns) if "names" in case.tags else None
    lineage = sql_lineage(case.sql, case.schemas, outputs=outputs)
    columns = [frozenset((each.source, each.column) for each in found) for found in lineage.columns.values()]
    return list(lineage.columns), columns, frozenset((each.source, each.column) for each in lineage.rows)


@pytest.mark.parametrize("position", range(len(CASES)), ids=lambda position: str(CASES[position]))
def test_a_result_does_not_change_with_columns_that_are_not_in_its_lineage(position: int):
    case = CASES[position]
    names, inputs, rows = lineage_of(position)
    for seed in SEEDS:
        world = worlds(case.group, seed)
        before = world.result(case.sql)
        assert before is not None
        assert all(len(row) == len(names) for row in before)
        named = frozenset().union(*inputs)
        for columns in [
            world.columns - named - rows,
            *(frozenset([column]) for column in sorted(named - rows)),
        ]:
            after = world.result(case.sql, columns)
            untouched = [place for place, of in enumerate(inputs) if not of & columns]
            if after is not None:
                assert projected(after, untouched) == projected(before, untouched), (
                    f"{sorted(columns)} changed one of {[names[place] for place in untouched]}"
                )


def test_most_columns_of_a_lineage_do_change_the_result():
    told, unseen = 0, []
    for position, case in enumerate(CASES):
        _, inputs, rows = lineage_of(position)
        edges = {(place, column) for place, of in enumerate(inputs) for column in of}
        edges |= {(None, column) for column in rows}
        told += len(edges)
        unseen += [f"{case}: {edge}" for edge in edges - _that_matter(case, edges, len(inputs))]
    assert len(unseen) / told < 0.15, "\n".join(unseen)


def _that_matter(
    case: Case, edges: set[tuple[int | None, Column]], width: int
) -> set[tuple[int | None, Column]]:
    found: set[tuple[int | None, Column]] = set()
    for seed in SEEDS:
        world = worlds(case.group, seed)
        before = world.result(case.sql)
        for column in sorted({column for place, column in edges if (place, column) not in found}):
            after = world.result(case.sql, frozenset([column]))
            if after is None or before is None:
                continue
            for place in (each for each, of in edges if of == column):
                positions = list(range(width)) if place is None else [place]
                if projected(after, positions) != projected(before, positions):
                    found.add((place, column))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_a_random_query_does_not_change_with_columns_that_are_not_in_its_lineage(seed: int):
    sql = RandomQueries(seed).query()
    lineage = sql_lineage(sql, {table: list(columns) for table, columns in TABLES.items()})
    world = random_world()
    try:
        before = world.result(sql)
    except duckdb.Error:
        pytest.skip("DuckDB refuses the query")
    assert lineage.complete, lineage.gaps
    rows = {(each.source, each.column) for each in lineage.rows}
    inputs = [{(each.source, each.column) for each in found} for found in lineage.columns.values()]
    for column in sorted(world.columns - rows):
        after = world.result(sql, frozenset([column]))
        untouched = [place for place, of in enumerate(inputs) if column not in of]
        if after is not None and before is not None:
            assert projected(after, untouched) == projected(before, untouched), f"{column}: {sql}"


@cache
def random_world() -> Worlds:
    return Worlds("random", TABLES, 1)
