"""`airflow-gov lineage export|prune`."""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.durations import read_duration

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from airflow_gov.lineage.drawn import Graph

_FORMATS = ("openlineage", "graphml", "mermaid", "html")


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage export --format openlineage -o events.jsonl      every event as it came
  airflow-gov lineage export gold.sales --format html -o sales.html    one file, no network
  airflow-gov lineage export gold.sales --format mermaid --depth 2
  airflow-gov lineage export --dag flights --format graphml --columns -o flights.graphml
"""
)
@click.argument("name", metavar="[DATASET]", required=False)
@click.option("--dag", "dag_id", metavar="DAG_ID", help="Around this Dag.")
@click.option("--format", "wanted", type=click.Choice(_FORMATS), required=True, help="Of what is written.")
@click.option("--depth", type=click.IntRange(0), default=10, show_default=True, help="Steps both ways.")
@click.option("--as-of", type=Moment(), help="As it was then, e.g. 7d or 2026-01-31 (UTC).")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Nodes at most.")
@click.option("--columns", is_flag=True, help="With what comes from which columns.")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), help="The file; default: standard output."
)
@pass_session
def export(
    session: Session,
    name: str | None,
    *,
    dag_id: str | None,
    wanted: str,
    depth: int,
    as_of: datetime | None,
    limit: int,
    columns: bool,
    target: Path | None,
) -> None:
    """The graph around a dataset or a Dag, or the OpenLineage events themselves.

    Events leave as they came; without a DATASET or --dag, all of them. With --columns an event follows for
    each job, with all that is known of the columns it makes.
    """
    from airflow_gov.lineage.exporting import DRAWN, Format, column_events, columns_of, exported_events

    kind = Format(wanted)
    if name is None and dag_id is None:
        if kind is not Format.OPENLINEAGE or columns:
            raise click.UsageError("Name a DATASET or a --dag: only events are exported without.")
        _write(exported_events(session.store, dags=None), target)
        return
    graph = _graph(session, name, dag_id, depth, as_of, limit)
    told = columns_of(session.store, graph, dags=None, limit=kind.most_column_edges) if columns else None
    if kind is Format.OPENLINEAGE:
        events = exported_events(session.store, runs=_runs(graph), dags=None)
        _write(chain(events, column_events(graph, told)) if told else events, target)
    else:
        _write([DRAWN[kind](graph, told)], target)
    if graph.truncated:
        click.echo(f"{graph.shown:,} of {graph.total:,} nodes: --limit takes more.", err=True)
    if told is not None and told.truncated:
        click.echo(f"{told.said}: a smaller part of the graph has all of its own.", err=True)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage prune --older-than 400d
  airflow-gov lineage prune --older-than 400d --keep-runs 5 --json
"""
)
@click.option("--older-than", required=True, metavar="DURATION", help="E.g. 400d, 12w.")
@click.option(
    "--keep-runs",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Newest runs of each job to keep.",
)
@output.json_option
@pass_session
def prune(session: Session, *, older_than: str, keep_runs: int, as_json: bool) -> None:
    """Remove old events, runs and what they read and wrote.

    Jobs, datasets, columns, and what comes from what stay, and so do each job's newest runs and each
    dataset's newest version.
    """
    try:
        age = read_duration(older_than)
        before = session.governance.clock() - age
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(str(error), param_hint="--older-than") from None
    found = session.store.lineage.prune(before, keep_runs=keep_runs)
    if as_json:
        output.print_json(found)
        return
    output.print_facts({"older than": before, **_pruned(found)})


def _pruned(found: object) -> dict[str, object]:
    from airflow_gov.model.serde import to_plain

    plain: dict[str, object] = to_plain(found)
    return {f"{name.replace('_', ' ')} removed": count for name, count in plain.items()}


def _graph(
    session: Session,
    name: str | None,
    dag_id: str | None,
    depth: int,
    as_of: datetime | None,
    limit: int,
) -> Graph:
    from airflow_gov.lineage.focus import Focus
    from airflow_gov.lineage.graph import Extent, draw
    from airflow_gov.lineage.names import dataset_named

    if name is not None and dag_id is not None:
        raise click.UsageError("Name a DATASET or a --dag, not both.")
    if name is not None:
        number = dataset_named(session.store, name).dataset_id
        focus = Focus("dataset", dataset=f"d{number}")
    else:
        focus = Focus("dag", dag_id=dag_id)
    return draw(session.store, focus, Extent(depth, depth, as_of, limit), dags=None)


def _runs(graph: Graph) -> set[str]:
    from airflow_gov.lineage.drawn import JobNode

    return {node.run_id for node in graph.nodes if isinstance(node, JobNode) and node.run_id}


def _write(parts: Iterable[str], target: Path | None) -> None:
    if target is None or str(target) == "-":
        _pour(parts, sys.stdout)
        return
    try:
        with target.open("w", encoding="utf-8", newline="\n") as file:
            _pour(parts, file)
    except OSError as error:
        raise click.FileError(str(target), error.strerror) from None
    click.echo(f"The lineage is in {target}.", err=True)


def _pour(parts: Iterable[str], file: TextIO) -> None:
    for part in parts:
        file.write(part)
