"""`airflow-gov lineage upstream` and `downstream`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.graph import Direction, Run

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from airflow_gov.model.graph import Column, Dataset

_OPTIONS = (
    click.option("--depth", type=click.IntRange(1), default=10, show_default=True, help="Steps at most."),
    click.option("--as-of", type=Moment(), help="As it was then, e.g. 7d or 2026-01-31 (UTC)."),
    click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many."),
    click.option("--version", metavar="VERSION", help="Of this version of the dataset, run by run."),
    click.option("--direct", is_flag=True, help="Of a column: only where values went."),
    output.json_option,
)


def _walking(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return click.argument("name", metavar="NAME|RUN")(pass_session(command))


_EXAMPLES = """\
Examples:

\b
  airflow-gov lineage {way} gold.sales                    its datasets and jobs
  airflow-gov lineage {way} gold.sales.amount --direct    a column, where values went
  airflow-gov lineage {way} gold.sales --version 41       that version, run by run
  airflow-gov lineage {way} clean.orders --depth 1 --as-of 30d --json
"""


@click.command(epilog=_EXAMPLES.format(way="upstream"))
@_walking
def upstream(session: Session, name: str, **options: Any) -> None:
    """What a dataset, a column, a version or a run was made from."""
    _walk(session, name, Direction.UP, **options)


@click.command(epilog=_EXAMPLES.format(way="downstream"))
@_walking
def downstream(session: Session, name: str, **options: Any) -> None:
    """What was made from a dataset, a column, a version or by a run."""
    _walk(session, name, Direction.DOWN, **options)


def _walk(
    session: Session,
    name: str,
    direction: Direction,
    *,
    depth: int,
    as_of: datetime | None,
    limit: int,
    version: str | None,
    direct: bool,
    as_json: bool,
) -> None:
    from airflow_gov.lineage.names import dataset_or_column

    run = _run(session, name)
    if run is not None:
        _run_walk(session, run, direction, depth, limit, as_json)
        return
    dataset, column = dataset_or_column(session.store, name)
    if version is not None:
        if column is not None:
            raise click.UsageError("--version is of a dataset, not of a column.")
        _version_walk(session, dataset, version, direction, depth, limit, as_json)
    elif column is not None:
        _column_walk(session, column, direction, depth, as_of, limit, direct, as_json)
    else:
        _dataset_walk(session, dataset, direction, depth, as_of, limit, as_json)


def _run(session: Session, name: str) -> Run | None:
    # Ids of runs are UUIDs: 36 characters with four hyphens.
    if len(name) != 36 or name.count("-") != 4:
        return None
    from airflow_gov.lineage.names import job_or_run

    try:
        found = job_or_run(session.store, name)
    except GovernanceError:
        return None
    return found if isinstance(found, Run) else None


def _dataset_walk(
    session: Session,
    dataset: Dataset,
    direction: Direction,
    depth: int,
    as_of: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    from airflow_gov.cli.lineage_pages import print_graph
    from airflow_gov.lineage.focus import Focus
    from airflow_gov.lineage.graph import Extent, draw

    up, down = (depth, 0) if direction is Direction.UP else (0, depth)
    focus = Focus("dataset", dataset=f"d{dataset.dataset_id}")
    graph = draw(session.store, focus, Extent(up, down, as_of, limit), dags=None)
    if as_json:
        output.print_json(graph)
    else:
        print_graph(graph, direction)


def _column_walk(
    session: Session,
    column: Column,
    direction: Direction,
    depth: int,
    as_of: datetime | None,
    limit: int,
    direct: bool,
    as_json: bool,
) -> None:
    from airflow_gov.cli.lineage_pages import print_columns
    from airflow_gov.lineage.tracing import influences, trace

    up, down = (depth, 0) if direction is Direction.UP else (0, depth)
    if as_json:
        found = trace(
            session.store, column, dags=None, up=up, down=down, as_of=as_of, limit=limit, direct=direct
        )
        output.print_json(found)
        return
    read = session.store.lineage.read
    walk = read.column_walks.columns(
        [column], direction, depth=depth, dags=None, as_of=as_of, limit=limit, direct=direct
    )
    numbers = {each.dataset_id for each in walk.columns.values()}
    datasets = {each.dataset_id: each for each in read.nodes.datasets(numbers, dags=None)}
    jobs = {each.job_id: each for each in read.nodes.jobs({link.job_id for link in walk.links}, dags=None)}
    print_columns(walk, influences(walk, direction), datasets, jobs, direction)


def _version_walk(
    session: Session,
    dataset: Dataset,
    version: str,
    direction: Direction,
    depth: int,
    limit: int,
    as_json: bool,
) -> None:
    from airflow_gov.cli.lineage_pages import print_versions
    from airflow_gov.lineage.versions import steps_from, version_named

    start = (dataset.dataset_id, version_named(session.store, dataset, version))
    found = steps_from(session.store, [start], direction, depth=depth, limit=limit, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_versions(found, direction)


def _run_walk(
    session: Session, run: Run, direction: Direction, depth: int, limit: int, as_json: bool
) -> None:
    from airflow_gov.cli.lineage_pages import print_versions
    from airflow_gov.lineage.versions import steps_from_run

    found = steps_from_run(session.store, run, direction, depth=depth, limit=limit, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_versions(found, direction)
