"""The graph as it is drawn: what a page, an export and the command line show of each node and arrow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from airflow_gov.model.graph import Dataset, Job, JobState, Run


def dataset_key(dataset_id: int) -> str:
    """A dataset's id outside the store, e.g. ``d12``."""
    return f"d{dataset_id}"


def job_key(job_id: int) -> str:
    """A job's id outside the store, e.g. ``j5``."""
    return f"j{job_id}"


def column_key(dataset_id: int, name: str) -> str:
    """A column's id outside the store, e.g. ``d12.carrier``; ``d12.`` stands for all rows."""
    return f"d{dataset_id}.{name}"


@dataclass(frozen=True, slots=True)
class Neighbours:
    """How many neighbours of a node are drawn, and how many there are."""

    drawn: int
    all: int


@dataclass(frozen=True, slots=True)
class DatasetNode:
    """A dataset.

    :param version: number of the published version, or what its producer calls it outside the lake.
    :param verdict: ``passed``, ``failed``, ``waived``, ``review``; None: never checked.
    :param personal: whether a column of it is tagged or classified as personal.
    :param columns: how many columns it has.
    :param status: of a comparison: ``added``, ``removed``, ``changed``.
    :param changes: what changed, for people.
    """

    id: str
    namespace: str
    name: str
    label: str
    governed: str | None
    zone: str | None
    version: str | None
    rows: int | None
    updated_at: datetime | None
    verdict: str | None
    personal: bool
    columns: int
    dropped: bool
    up: Neighbours
    down: Neighbours
    status: str | None = None
    changes: tuple[str, ...] = ()
    type: Literal["dataset"] = "dataset"


@dataclass(frozen=True, slots=True)
class JobNode:
    """A job, with the run that is in focus, or its newest."""

    id: str
    namespace: str
    name: str
    label: str
    dag_id: str | None
    task_id: str | None
    integration: str | None
    state: JobState
    run_id: str | None
    dag_run_id: str | None
    map_index: int | None
    try_number: int | None
    started_at: datetime | None
    ended_at: datetime | None
    duration: float | None
    up: Neighbours
    down: Neighbours
    status: str | None = None
    changes: tuple[str, ...] = ()
    type: Literal["job"] = "job"


Node = DatasetNode | JobNode


@dataclass(frozen=True, slots=True)
class Arrow:
    """From a dataset to the job that reads it, or from a job to the dataset that it writes."""

    id: str
    source: str
    target: str
    job: str | None
    until: datetime | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class RunTold:
    """A run, as lists of runs show it."""

    run_id: str
    job: str
    job_label: str
    dag_id: str | None
    dag_run_id: str | None
    task_id: str | None
    map_index: int | None
    try_number: int | None
    state: JobState
    started_at: datetime | None
    ended_at: datetime | None
    duration: float | None
    execution_id: str | None
    error: str | None = None

    @classmethod
    def of(cls, run: Run) -> RunTold:
        """The run of the store."""
        return cls(
            run_id=run.run_id,
            job=job_key(run.job_id),
            job_label=run.job_label,
            dag_id=run.dag_id,
            dag_run_id=run.dag_run_id,
            task_id=run.task_id,
            map_index=run.map_index,
            try_number=run.try_number,
            state=run.state,
            started_at=run.started_at,
            ended_at=run.ended_at,
            duration=run.duration,
            execution_id=run.execution_id,
            error=run.error_message,
        )


@dataclass(frozen=True, slots=True)
class Focused:
    """What the graph is about.

    :param kind: ``dag``, ``run``, ``task``, ``ti``, ``dataset``, ``job``, ``path``.
    :param nodes: ids of the nodes that it is.
    """

    kind: str
    label: str
    nodes: tuple[str, ...]
    run: RunTold | None = None


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Why there is nothing to draw.

    :param cause: ``never_ran``, ``no_lineage``, ``no_store_events``, ``not_visible``, ``transport_not_set``.
    :param next: what to do about it.
    """

    cause: str
    message: str
    next: str


@dataclass(frozen=True, slots=True)
class Graph:
    """A part of the graph.

    :param total: nodes there are within the depth that was asked for; where there are more than can be
        counted, so many at least.
    :param running: whether something of it has not ended yet: now is another moment than a little later.
    """

    focus: Focused
    nodes: tuple[Node, ...] = ()
    edges: tuple[Arrow, ...] = ()
    shown: int = 0
    total: int = 0
    truncated: bool = False
    running: bool = False
    as_of: datetime | None = None
    empty: Emptiness | None = None
    last_event_at: datetime | None = None


def dataset_of(dataset: Dataset, up: Neighbours, down: Neighbours, **known: Any) -> DatasetNode:
    """A node from the store's dataset."""
    return DatasetNode(
        id=dataset_key(dataset.dataset_id),
        namespace=dataset.namespace,
        name=dataset.name,
        label=dataset.label,
        governed=dataset.governed,
        zone=dataset.zone,
        dropped=dataset.dropped_at is not None,
        up=up,
        down=down,
        **known,
    )


def job_of(job: Job, runs: list[Run], up: Neighbours, down: Neighbours) -> JobNode:
    """A node from the store's job and the runs that are shown: one, or one for each mapped instance."""
    only = runs[0] if len(runs) == 1 else None
    newest = runs[0] if runs else None
    starts = [run.started_at for run in runs if run.started_at is not None]
    ends = [run.ended_at for run in runs]
    start = min(starts, default=None)
    end = max((at for at in ends if at is not None), default=None) if None not in ends else None
    return JobNode(
        id=job_key(job.job_id),
        namespace=job.namespace,
        name=job.name,
        label=job.label,
        dag_id=job.dag_id,
        task_id=job.task_id,
        integration=job.integration,
        state=together([run.state for run in runs]),
        run_id=newest.run_id if newest else None,
        dag_run_id=newest.dag_run_id if newest else None,
        map_index=only.map_index if only else None,
        try_number=only.try_number if only else None,
        started_at=start,
        ended_at=end,
        duration=only.duration if only else (end - start).total_seconds() if start and end else None,
        up=up,
        down=down,
    )


#: Of several mapped instances the state that needs somebody most is told.
_URGENT = (
    JobState.FAILED,
    JobState.UPSTREAM_FAILED,
    JobState.UP_FOR_RETRY,
    JobState.RUNNING,
    JobState.DEFERRED,
    JobState.SUCCESS,
    JobState.SKIPPED,
)


def together(states: list[JobState]) -> JobState:
    """The state of several runs as one."""
    return next((state for state in _URGENT if state in states), JobState.UNKNOWN)
