"""The graph of lineage as it is read: datasets, jobs, runs and columns, and what connects them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from airflow_gov.model.column_lineage import Transformation
from airflow_gov.model.lineage import ALL_ROWS, RunState


class Direction(StrEnum):
    """Which way a walk goes: to where data came from, or to where it went."""

    UP = "up"
    DOWN = "down"


class JobState(StrEnum):
    """How a run stands, in Airflow's words."""

    SUCCESS = "success"
    FAILED = "failed"
    RUNNING = "running"
    UP_FOR_RETRY = "up_for_retry"
    DEFERRED = "deferred"
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"
    UNKNOWN = "unknown"


#: OpenLineage's states, and what the record of an execution knows better.
_OF_RUN = {
    RunState.START: JobState.RUNNING,
    RunState.RUNNING: JobState.RUNNING,
    RunState.COMPLETE: JobState.SUCCESS,
    RunState.ABORT: JobState.SKIPPED,
    RunState.FAIL: JobState.FAILED,
}
_OF_EXECUTION = {
    "deferred": JobState.DEFERRED,
    "up_for_reschedule": JobState.DEFERRED,
    "skipped": JobState.SKIPPED,
    "up_for_retry": JobState.UP_FOR_RETRY,
    "lost": JobState.FAILED,
}


#: Facets that name other jobs or datasets, which the caller may not be allowed to see.
TELLING_OF_OTHERS = frozenset({"columnLineage", "parent", "symlinks"})


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset.

    :param governed: ``<zone>.<name>``, where it is a dataset of our lake.
    :param dropped_at: when it was dropped; None while it is there.
    """

    dataset_id: int
    namespace: str
    name: str
    governed: str | None
    zone: str | None
    last_seen: datetime
    dropped_at: datetime | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return self.governed or self.name


@dataclass(frozen=True, slots=True)
class Job:
    """A job: a task of a Dag, a Dag, or something outside Airflow.

    :param dag_id: None for jobs from outside.
    :param task_id: None for the Dag's own job.
    :param last_run_id: its newest run.
    """

    job_id: int
    namespace: str
    name: str
    dag_id: str | None
    task_id: str | None
    integration: str | None
    description: str | None
    last_run_id: str | None
    last_seen: datetime

    @property
    def label(self) -> str:
        """What people call it."""
        return ".".join(part for part in (self.dag_id, self.task_id) if part) or self.name


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job.

    :param status: of the execution's record, where there is one.
    :param worked: seconds of work as that record counts them: a run that was deferred, or started again under
        the same id, has one start only.
    """

    run_id: str
    job_id: int
    job_label: str
    run_state: RunState
    started_at: datetime | None
    ended_at: datetime | None
    state_at: datetime
    dag_id: str | None = None
    dag_run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    execution_id: str | None = None
    error_message: str | None = None
    status: str | None = None
    worked: float | None = None

    @property
    def state(self) -> JobState:
        """How it stands: as the execution's record says, where that says more."""
        return _OF_EXECUTION.get(self.status or "", _OF_RUN.get(self.run_state, JobState.UNKNOWN))

    @property
    def duration(self) -> float | None:
        """Seconds of work, else from start to end."""
        if self.started_at is None or self.ended_at is None:
            return None
        if self.worked is not None:
            return self.worked
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True)
class DagRun:
    """One run of a Dag, as far as its events tell."""

    dag_run_id: str
    started_at: datetime | None
    ended_at: datetime | None
    state: JobState


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow of the drawing: a job reads a dataset, or writes it.

    :param until: when that ended; None while it holds.
    """

    job_id: int
    dataset_id: int
    output: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """That a run read or wrote a version of a dataset."""

    run_id: str
    job_id: int
    dataset_id: int
    output: bool
    at: datetime
    version: str | None
    rows: int | None
    size: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class DatasetVersion:
    """A version that a run wrote or read.

    :param run_id: the run that wrote it, where the caller may know.
    :param columns: names and types, where they were told with it.
    """

    dataset_id: int
    version: str
    first_seen: datetime
    run_id: str | None
    rows: int | None
    size: int | None
    files: int | None
    columns: tuple[tuple[str, str], ...] | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a dataset.

    :param name: :data:`~airflow_gov.model.lineage.ALL_ROWS` stands for every column of the dataset.
    :param position: None where the newest schema does not have it.
    """

    column_id: int
    dataset_id: int
    name: str
    type: str | None = None
    description: str | None = None
    position: int | None = None

    @property
    def all_rows(self) -> bool:
        """Whether it stands for all rows."""
        return self.name == ALL_ROWS


@dataclass(frozen=True, slots=True)
class ColumnLink:
    """That a column comes from another.

    :param direct: whether values came from it; else it decided about rows or values.
    :param masking: whether the values cannot be seen any more.
    """

    source: int
    target: int
    job_id: int
    direct: bool
    masking: bool
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnWalk:
    """Columns that were reached, and the links on the way.

    :param columns: by id; the start is among them.
    :param depths: column id → steps from the start.
    :param truncated: whether there was more than the limit.
    """

    columns: Mapping[int, Column]
    depths: Mapping[int, int]
    links: tuple[ColumnLink, ...]
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """Datasets and jobs that were reached from datasets.

    :param datasets: dataset id → steps from the start, the start's being 0; in the order of steps.
    :param jobs: job id → steps.
    :param complete: False where there was more than can be counted.
    """

    datasets: Mapping[int, int]
    jobs: Mapping[int, int]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class VersionStep:
    """A step of the walk over versions: a run read `source` and wrote `target`."""

    run_id: str
    job_id: int
    source: tuple[int, str | None]
    target: tuple[int, str | None]


@dataclass(frozen=True, slots=True)
class Degree:
    """How many neighbours a node has."""

    up: int = 0
    down: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """Something a search found.

    :param kind: ``dataset``, ``job`` or ``column``.
    :param number: the id of the dataset or job; of the column's dataset for a column.
    :param column: the column's name.
    """

    kind: str
    number: int
    namespace: str
    name: str
    label: str
    zone: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What governance knows of a dataset of the lake.

    :param version: number of the version that is current (or was, at the time that is looked at).
    :param verdict: ``passed``, ``failed``, ``waived`` or ``review``; None: never checked.
    """

    version: int | None = None
    snapshot_id: int | None = None
    rows: int | None = None
    published_at: datetime | None = None
    verdict: str | None = None
    verdict_id: str | None = None
    contract_hash: str | None = None
    contract_path: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """The facets of a node, which lists leave out."""

    facets: Mapping[str, Any] = field(default_factory=dict)
    description: str | None = None
