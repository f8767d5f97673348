"""`airflow-gov lineage runs|show|search`: what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.graph import Run

if TYPE_CHECKING:
    from datetime import datetime

_limit = click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many."
)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage runs --dag flights --before 7d
  airflow-gov lineage runs --job flights.clean
  airflow-gov lineage runs --dataset clean.flights --json
"""
)
@click.option("--dag", "dag_id", metavar="DAG_ID", help="Runs of this Dag.")
@click.option("--job", metavar="JOB", help="Runs of this job: dag.task, a name, namespace/name.")
@click.option("--dataset", metavar="DATASET", help="Runs that read or wrote this dataset.")
@click.option("--before", type=Moment(), help="Of a Dag: only those that started earlier.")
@_limit
@output.json_option
@pass_session
def runs(
    session: Session,
    *,
    dag_id: str | None,
    job: str | None,
    dataset: str | None,
    before: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Runs of a Dag, of a job, or on a dataset, the newest first."""
    from airflow_gov.cli.lineage_pages import print_dag_runs, print_runs
    from airflow_gov.lineage.drawn import RunTold
    from airflow_gov.lineage.names import dataset_named, job_or_run

    if sum(each is not None for each in (dag_id, job, dataset)) != 1:
        raise click.UsageError("Say one of --dag, --job and --dataset.")
    read = session.store.lineage.read
    if dag_id is not None:
        dag_runs = read.runs.dag_runs(dag_id, dags=None, before=before, limit=limit)
        output.print_json(dag_runs) if as_json else print_dag_runs(dag_runs)
        return
    if job is not None:
        number = job_or_run(session.store, job).job_id
        found = read.runs.of_job(number, dags=None, limit=limit)
    else:
        number = dataset_named(session.store, str(dataset)).dataset_id
        found = read.runs.of_dataset(number, dags=None, limit=limit)
    told = [RunTold.of(run) for run in found]
    output.print_json(told) if as_json else print_runs(told)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage show flights.clean
  airflow-gov lineage show 0190f5c2-7b3a-7d1e-9b1f-2a6f0c1d2e3f --json
"""
)
@click.argument("what", metavar="JOB|RUN")
@output.json_option
@pass_session
def show(session: Session, what: str, *, as_json: bool) -> None:
    """One job with what it reads and writes, or one run with the versions it read and wrote."""
    from airflow_gov.cli.lineage_pages import print_job, print_run
    from airflow_gov.lineage.details import job_detail, run_detail
    from airflow_gov.lineage.names import job_or_run

    found = job_or_run(session.store, what)
    if isinstance(found, Run):
        run = run_detail(session.store, found, dags=None)
        output.print_json(run) if as_json else print_run(run)
        return
    job = job_detail(session.store, found.job_id, dags=None)
    output.print_json(job) if as_json else print_job(job)


@click.command(epilog="Example: airflow-gov lineage search orders --limit 10")
@click.argument("text", metavar="TEXT")
@_limit
@output.json_option
@pass_session
def search(session: Session, text: str, *, limit: int, as_json: bool) -> None:
    """Datasets, jobs and columns whose name has the text, whatever its case."""
    found = session.store.lineage.read.names.search(text, dags=None, limit=limit)
    if as_json:
        output.print_json(found)
        return
    output.print_table(
        ["", "name*", "zone", "namespace"],
        ([each.kind, each.label, each.zone, each.namespace] for each in found),
        empty="Nothing has that in its name.",
    )
