"""Walks through the graph, level by level: each level is a fixed number of statements, however wide it is.

A recursive query would do one walk in one statement, but it visits a column again on every path of another
length, cannot be stopped at a number of columns, and so takes seconds where hubs are (see
``benchmarks/lineage_graph.py``).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, bindparam, exists, or_, select

from airflow_gov.model.graph import Direction, VersionStep, Walk
from airflow_gov.store.lineage.asking import among, parameter
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import edge, job, job_dataset, touch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select, Table

    from airflow_gov.store.database import Database

#: Nodes a walk counts at most, and rows that one of its statements reads for each of them.
_MOST_NODES, _ROWS_PER_NODE = 10_000, 5


def conditions(dialect: str, table: Table, *, limited: bool, past: bool) -> list[ColumnElement[bool]]:
    """Conditions on edges, with parameters in place of values: for statements that are made once.

    :param limited: whether only some Dags are seen: parameter ``dags``.
    :param past: whether a moment is given: parameter ``as_of``; else what holds now.
    """
    found: list[ColumnElement[bool]] = []
    if limited:
        seen = or_(job.c.dag_id.is_(None), among(dialect, job.c.dag_id, "dags"))
        found.append(exists().where(job.c.job_id == table.c.job_id, seen))
    if not past:
        return [*found, table.c.until.is_(None)]
    # Two parameters: each takes its type from the column it is compared with.
    began = table.c.first_seen <= bindparam("as_of", type_=table.c.first_seen.type)
    ended = or_(table.c.until.is_(None), table.c.until > bindparam("as_of", type_=table.c.until.type))
    return [*found, began, ended]


def values(connection: Connection, dags: frozenset[str] | None, as_of: datetime | None) -> dict[str, Any]:
    """The parameters of :func:`conditions`."""
    found: dict[str, Any] = {}
    if dags is not None:
        found["dags"] = parameter(connection.dialect.name, sorted(dags))
    if as_of is not None:
        found["as_of"] = as_of
    return found


class Walks:
    """Walks over datasets and jobs, and over versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def datasets(
        self,
        start: Iterable[int],
        direction: Direction,
        *,
        depth: int,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
        most: int = _MOST_NODES,
    ) -> Walk:
        """Datasets that lie that way, and the jobs on the way and at the ends.

        :param start: ids of datasets.
        :param depth: steps from dataset to dataset; at the last step no jobs are looked for.
        :param dags: see :class:`~airflow_gov.store.lineage.viewing.View`.
        :param as_of: edges that held then.
        :param most: the walk stops at so many nodes, or a step after.
        """
        reached = dict.fromkeys(start, 0)
        jobs: dict[int, int] = {}
        frontier: Collection[int] = list(reached)
        with self._database.read() as connection:
            statements = _dataset_steps(
                connection.dialect.name, direction, limited=dags is not None, past=as_of is not None
            )
            given = {**values(connection, dags, as_of), "rows": _ROWS_PER_NODE * most}
            for level in range(1, depth + 1):
                if not frontier or len(reached) + len(jobs) > most:
                    break
                given["ids"] = parameter(connection.dialect.name, frontier)
                rows = [row for each in statements for row in connection.execute(each, given)]
                for _, job_id in rows:
                    jobs.setdefault(job_id, level)
                frontier = sorted({found for found, _ in rows if found is not None} - reached.keys())
                reached.update(dict.fromkeys(frontier, level))
        return Walk(reached, jobs, complete=len(reached) + len(jobs) <= most)

    def path(
        self,
        starts: Iterable[int],
        goals: Iterable[int],
        *,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
    ) -> list[int]:
        """The datasets and jobs of a shortest way down from one of some datasets to one of others.

        :returns: dataset, job, dataset, job, …, dataset; empty where there is no way.
        """
        before: dict[int, tuple[int, int]] = {}
        frontier, wanted = sorted(set(starts)), set(goals)
        seen = set(frontier)
        with self._database.read() as connection:
            _, statement = _dataset_steps(
                connection.dialect.name,
                Direction.DOWN,
                limited=dags is not None,
                past=as_of is not None,
                sources=True,
            )
            given = {**values(connection, dags, as_of), "rows": _ROWS_PER_NODE * _MOST_NODES}
            while frontier and not wanted & seen and len(seen) <= _MOST_NODES:
                given["ids"] = parameter(connection.dialect.name, frontier)
                for target, job_id, source in connection.execute(statement, given):
                    if target not in seen:
                        before.setdefault(target, (job_id, source))
                frontier = sorted(before.keys() - seen)
                seen.update(frontier)
        reached = sorted(wanted & seen)
        return _way_back(before, reached[0]) if reached else []

    def versions(
        self,
        start: tuple[int, str],
        direction: Direction,
        *,
        depth: int,
        dags: frozenset[str] | None,
        limit: int = 1000,
    ) -> list[VersionStep]:
        """What a version was made from, or what was made from it, run by run.

        :param start: the dataset's id and the version.
        :param depth: steps from version to version.
        :param limit: steps at most.
        """
        here, there = (True, False) if direction is Direction.UP else (False, True)
        frontier: set[tuple[int, str | None]] = {start}
        seen, steps = set(frontier), dict[tuple[Any, ...], VersionStep]()
        with self._database.read() as connection:
            view = View(connection, dags)
            for _ in range(depth):
                if not frontier or len(steps) >= limit:
                    break
                found = _version_steps(view, frontier, here, there)
                frontier = {each[1] for each in found} - seen
                seen |= frontier
                for near, far, run_id, job_id in found:
                    source, target = (far, near) if direction is Direction.UP else (near, far)
                    steps.setdefault((run_id, source, target), VersionStep(run_id, job_id, source, target))
        return list(steps.values())[:limit]


def _way_back(before: dict[int, tuple[int, int]], goal: int) -> list[int]:
    way = [goal]
    while way[-1] in before:
        way += before[way[-1]]
    return way[::-1]


@cache
def _dataset_steps(
    dialect: str, direction: Direction, *, limited: bool, past: bool, sources: bool = False
) -> tuple[Select[Any], Select[Any]]:
    """From datasets to the jobs beside them, and through jobs to the next datasets.

    :param sources: whether the second also tells from which dataset.
    """
    up = direction is Direction.UP
    near, far = (edge.c.target_id, edge.c.source_id) if up else (edge.c.source_id, edge.c.target_id)
    none = bindparam("none", None, type_=edge.c.source_id.type)
    jobs = (
        select(none, job_dataset.c.job_id)
        .where(
            among(dialect, job_dataset.c.dataset_id, "ids"),
            job_dataset.c.output.is_(up),
            *conditions(dialect, job_dataset, limited=limited, past=past),
        )
        .order_by(job_dataset.c.dataset_id, job_dataset.c.job_id)
    )
    told = (far, edge.c.job_id, near) if sources else (far, edge.c.job_id)
    datasets = (
        select(*told)
        .where(among(dialect, near, "ids"), *conditions(dialect, edge, limited=limited, past=past))
        .order_by(near, far, edge.c.job_id)
    )
    rows = bindparam("rows", type_=Integer)
    return jobs.limit(rows), datasets.limit(rows)


def _version_steps(
    view: View, frontier: Collection[tuple[int, str | None]], here: bool, there: bool
) -> list[tuple[tuple[int, str | None], tuple[int, str | None], str, int]]:
    """The runs that touched these versions on one side, and what they touched on the other."""
    near, far = touch.alias("near"), touch.alias("far")
    query = (
        select(
            near.c.dataset_id, near.c.version, far.c.dataset_id, far.c.version, near.c.run_id, near.c.job_id
        )
        .join(far, far.c.run_id == near.c.run_id)
        .where(
            view.among(near.c.dataset_id, sorted({number for number, _ in frontier})),
            view.among(near.c.version, sorted({version for _, version in frontier if version})),
            near.c.output.is_(here),
            far.c.output.is_(there),
            *view.through(near),
        )
        .order_by(near.c.at.desc(), near.c.run_id, far.c.dataset_id)
        .limit(_ROWS_PER_NODE * _MOST_NODES)
    )
    return [
        ((row[0], row[1]), (row[2], row[3]), row[4], row[5])
        for row in view.connection.execute(query)
        if (row[0], row[1]) in frontier
    ]
