"""`airflow-gov executions`: the records of what tasks did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.record import print_execution, task_name
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Execution, Role, Status

if TYPE_CHECKING:
    from datetime import datetime


@click.group()
def executions() -> None:
    """Who ran what, on which data, with what result."""


@executions.command("list")
@click.option("--dag", "dag_id", metavar="DAG_ID", help="Only this Dag's.")
@click.option("--run", "run_id", metavar="RUN_ID", help="Only this Dag run's.")
@click.option("--task", "task_id", metavar="TASK_ID", help="Only this task's.")
@click.option("--dataset", metavar="DATASET", help="Only those that read or wrote this dataset.")
@click.option("--status", type=click.Choice([status.value for status in Status]), help="Only these.")
@click.option("--since", type=Moment(), help="Only those started since, e.g. 24h, 7d or 2026-01-31 (UTC).")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@output.json_option
@pass_session
def list_executions(
    session: Session,
    *,
    dag_id: str | None,
    run_id: str | None,
    task_id: str | None,
    dataset: str | None,
    status: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Executions, the newest first.

    An execution is one try of one task.
    """
    found = session.store.executions.list(
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        dataset=session.dataset(dataset) if dataset else None,
        status=Status(status) if status else None,
        since=since,
        limit=limit,
    )
    if as_json:
        output.print_json(found)
        return
    output.print_table(
        ["started", "status", "dag", "task", "what", "read#", "written#", "target", "execution*"],
        (_line(execution) for execution in found),
        empty="No executions.",
    )


@executions.command("show")
@click.argument("execution_id", metavar="EXECUTION")
@output.json_option
@pass_session
def show_execution(session: Session, execution_id: str, *, as_json: bool) -> None:
    """The whole record of one execution: what was done, by whom, where, with which code and data."""
    execution = session.store.executions.get(execution_id)
    if execution is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"There is no execution {execution_id!r}: airflow-gov executions list shows which there are.",
            execution_id=execution_id,
        )
    if as_json:
        output.print_json(execution)
    else:
        print_execution(execution)


def _line(execution: Execution) -> list[Any]:
    targets = [data.dataset for data in execution.data if data.role is Role.TARGET and data.dataset]
    return [
        execution.start,
        output.status(execution.status),
        execution.task.dag_id,
        task_name(execution),
        execution.action,
        execution.counts.read,
        execution.counts.written,
        _few(list(dict.fromkeys(targets))),
        execution.execution_id,
    ]


def _few(names: list[str]) -> str:
    """Names as long as a line can hold them; how many, beyond that."""
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} datasets"
