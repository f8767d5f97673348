"""The graph of lineage as a person reads it in a terminal: walks, runs and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from airflow_gov.cli import output
from airflow_gov.lineage.drawn import DatasetNode
from airflow_gov.lineage.tracing import How
from airflow_gov.model.graph import Direction, JobState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_gov.lineage.details import JobDetail, RunDetail
    from airflow_gov.lineage.drawn import Graph, RunTold
    from airflow_gov.lineage.versions import Step
    from airflow_gov.model.graph import Column, ColumnWalk, DagRun, Dataset, Job

_STATES = {
    JobState.SUCCESS: "green",
    JobState.FAILED: "bold red",
    JobState.UPSTREAM_FAILED: "bold red",
    JobState.UP_FOR_RETRY: "yellow",
    JobState.SKIPPED: "dim",
}
_VERDICTS = {"passed": "green", "failed": "bold red", "waived": "yellow", "review": "yellow"}
_HOW = {How.DIRECT: "", How.MASKED: "green", How.INDIRECT: "dim"}


def print_graph(graph: Graph, direction: Direction) -> None:
    """The datasets of a walk by zone, and the jobs on the way."""
    focus = set(graph.focus.nodes)
    datasets = [node for node in graph.nodes if isinstance(node, DatasetNode) and node.id not in focus]
    jobs = [node for node in graph.nodes if not isinstance(node, DatasetNode)]
    way = "made from" if direction is Direction.UP else "made of it"
    if not jobs:
        output.print_table([], [], empty=f"{graph.focus.label}: nothing that it is {way} is known.")
        return
    output.print_table(
        ["dataset*", "zone", "version", "rows#", "gate", "personal", "updated"],
        (
            [
                node.label,
                node.zone or node.namespace,
                node.version,
                node.rows,
                Text(node.verdict or "", style=_VERDICTS.get(node.verdict or "", "")),
                "yes" if node.personal else "",
                node.updated_at,
            ]
            for node in datasets
        ),
        empty=f"{graph.focus.label}: no other dataset.",
    )
    output.print_heading("Jobs")
    output.print_table(
        ["job*", "state", "by", "run*", "started"],
        (
            [node.label, state(node.state), node.integration, node.dag_run_id or node.run_id, node.started_at]
            for node in jobs
        ),
        empty="",
    )
    if graph.truncated:
        more(f"{graph.shown:,} of {graph.total:,} nodes; --limit takes more.")


def print_columns(
    walk: ColumnWalk,
    hows: Mapping[int, How],
    datasets: Mapping[int, Dataset],
    jobs: Mapping[int, Job],
    direction: Direction,
) -> None:
    """The columns of a walk, the nearest first."""
    through: dict[int, list[str]] = {}
    for link in walk.links:
        far = link.source if direction is Direction.UP else link.target
        if link.job_id in jobs:
            through.setdefault(far, []).append(jobs[link.job_id].label)
    reached = sorted(
        (number for number in hows if walk.columns[number].dataset_id in datasets),
        key=lambda number: (walk.depths[number], _name(walk.columns[number], datasets)),
    )
    output.print_table(
        ["steps#", "column*", "how", "through"],
        (
            [
                walk.depths[number],
                _name(walk.columns[number], datasets),
                how(hows[number]),
                list(dict.fromkeys(through.get(number, ()))),
            ]
            for number in reached
        ),
        empty="It comes from nothing that is known."
        if direction is Direction.UP
        else "Nothing that is known is made of it.",
    )
    if walk.truncated:
        more("There is more: --limit takes more.")


def print_versions(steps: Sequence[Step], direction: Direction) -> None:
    """Versions, run by run."""
    output.print_table(
        ["source*", "version*", "target*", "version*", "job*", "run*"],
        (
            [each.source, each.source_version, each.target, each.target_version, each.job, each.run_id]
            for each in steps
        ),
        empty="It was made from nothing that is known."
        if direction is Direction.UP
        else "Nothing that is known was made of it.",
    )


def print_dag_runs(found: Sequence[DagRun]) -> None:
    """Runs of a Dag."""
    output.print_table(
        ["run*", "state", "started", "ended"],
        ([each.dag_run_id, state(each.state), each.started_at, each.ended_at] for each in found),
        empty="No runs.",
    )


def print_runs(found: Sequence[RunTold]) -> None:
    """Runs of jobs."""
    output.print_table(
        ["started", "state", "job*", "dag run*", "seconds#", "run*"],
        (
            [each.started_at, state(each.state), _task(each), each.dag_run_id, each.duration, each.run_id]
            for each in found
        ),
        empty="No runs.",
    )


def print_run(found: RunDetail) -> None:
    """One run."""
    run = found.run
    output.console().print(output.printable(_task(run)), style="bold")
    output.console().print()
    output.print_facts(
        {
            "state": state(run.state),
            "error": run.error,
            "started": run.started_at,
            "ended": run.ended_at,
            "seconds": run.duration,
            "dag run": run.dag_run_id,
            "try": run.try_number,
            "execution": run.execution_id,
            "run": run.run_id,
        }
    )
    output.print_heading("Data")
    output.print_table(
        ["", "dataset*", "version*", "rows#", "size#"],
        (
            [
                "wrote" if each.output else "read",
                each.dataset,
                str(each.number or each.version or ""),
                each.rows,
                output.size(each.size),
            ]
            for each in found.touched
        ),
        empty="It names nothing that it read or wrote.",
    )


def print_job(found: JobDetail) -> None:
    """One job."""
    job = found.node
    output.console().print(output.printable(job.label), style="bold")
    if found.description:
        output.console().print(output.printable(found.description))
    output.console().print()
    output.print_facts(
        {
            "state": state(job.state),
            "by": job.integration,
            "name": f"{job.namespace}/{job.name}",
            "reads": [each.label for each in found.inputs],
            "writes": [each.label for each in found.outputs],
        }
    )
    output.print_heading("Runs")
    print_runs(found.runs)


def state(value: JobState) -> Text:
    """A run's state in its colour."""
    return Text(value.value, style=_STATES.get(value, "cyan"))


def how(value: How) -> Text:
    """How a column depends on another."""
    return Text(value.value, style=_HOW[value])


def _name(column: Column, datasets: Mapping[int, Dataset]) -> str:
    label = datasets[column.dataset_id].label
    return f"{label} (all rows)" if column.all_rows else f"{label}.{column.name}"


def _task(run: RunTold) -> str:
    mapped = f"[{run.map_index}]" if run.map_index is not None and run.map_index >= 0 else ""
    return run.job_label + mapped


def more(text: str) -> None:
    """Say that there is more than is shown."""
    output.console(stderr=True).print(text, style="yellow")
