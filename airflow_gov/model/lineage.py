"""Lineage as it is taken in: OpenLineage events, and what is to be remembered of each.

Names are OpenLineage's: job, run, dataset, facet; each job and dataset has a namespace and a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from airflow_gov.model.column_lineage import Transformation

#: The column that stands for all rows of its dataset: what it comes from decided about rows.
ALL_ROWS = ""


class EventKind(StrEnum):
    """The three events of OpenLineage 2."""

    RUN = "run"
    JOB = "job"
    DATASET = "dataset"


class Origin(StrEnum):
    """How an event came to us. Only what tasks of this Airflow sent is taken for a run of its Dags."""

    TRANSPORT = "transport"
    HTTP = "http"
    IMPORT = "import"


class RunState(StrEnum):
    """OpenLineage's event types, as the state of a run."""

    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"
    OTHER = "OTHER"

    @property
    def ends(self) -> bool:
        """Whether nothing follows it."""
        return self in (RunState.COMPLETE, RunState.ABORT, RunState.FAIL)


class Named(NamedTuple):
    """A job's or a dataset's full name. A tuple, for names are looked up more than all else."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """A valid event.

    :param kind: run, job or dataset event.
    :param key: SHA-256 (hexadecimal) of run id, event type and event time (of the job's or dataset's name
        where there is no run): an event that arrives again has the same.
    :param event_time: in UTC.
    :param event_type: of a run event.
    :param run_id: of a run event: a UUID in lower case.
    :param job: of run and job events.
    :param body: the whole event, as it arrived.
    :param text: its JSON, where it arrived so; it need not be written again.
    """

    kind: EventKind
    key: str
    event_time: datetime
    event_type: RunState | None
    run_id: str | None
    job: Named | None
    body: Mapping[str, Any]
    text: bytes | None = None


# --- what is remembered of an event --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What an event tells of its job.

    :param dag_id: the Dag of this Airflow whose job it is; None for jobs from outside.
    :param task_id: the task; None for the Dag's own job.
    """

    named: Named
    dag_id: str | None = None
    task_id: str | None = None
    integration: str | None = None
    job_type: str | None = None
    processing: str | None = None
    description: str | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What an event tells of its run; None: it does not say.

    :param run_id: OpenLineage's.
    :param dag_run_id: Airflow's run_id, of runs of this Airflow.
    :param execution_id: of :class:`~airflow_gov.model.execution.Execution`.
    """

    run_id: str
    state: RunState
    at: datetime
    nominal_at: datetime | None = None
    parent_run_id: str | None = None
    root_run_id: str | None = None
    dag_run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    execution_id: str | None = None
    error_message: str | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column of a dataset's schema; nested fields are named by their path, ``a.b``."""

    name: str
    type: str = ""
    description: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class TagFacts:
    """A tag of a dataset, or of a column of it."""

    key: str
    value: str
    column: str = ALL_ROWS


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """What an event tells of a dataset.

    :param aliases: other names of the same (``symlinks``).
    :param formerly: the name it had before it was renamed (``lifecycleStateChange`` RENAME).
    :param dropped: whether the event says that it is gone (``lifecycleStateChange`` DROP).
    :param governed: ``<zone>.<name>``, where it is a dataset of our lake.
    :param columns: None where the event has no schema.
    :param tags: None where the event has no tags.
    """

    named: Named
    aliases: tuple[Named, ...] = ()
    formerly: Named | None = None
    dropped: bool = False
    governed: str | None = None
    columns: tuple[ColumnFacts, ...] | None = None
    tags: tuple[TagFacts, ...] | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touch:
    """That a run (or a job, statically) reads or writes a dataset.

    :param output: written, else read.
    :param version: the dataset's version, as the event calls it (for our tables the snapshot).
    :param columns: the version's schema, where it is not what the event says of the dataset anyway.
    """

    dataset: Named
    output: bool
    version: str | None = None
    rows: int | None = None
    size: int | None = None
    files: int | None = None
    facets: Mapping[str, Any] = field(default_factory=dict)
    columns: tuple[ColumnFacts, ...] | None = None


@dataclass(frozen=True, slots=True)
class ColumnEdge:
    """That a column comes from another, or that a column decided about all rows (:data:`ALL_ROWS`)."""

    source: Named
    source_column: str
    target: Named
    target_column: str
    transformations: tuple[Transformation, ...] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    """What is to be remembered of one event.

    Which inputs belong to which outputs is not told by one event but by all of a run.
    """

    event: LineageEvent
    job: JobFacts | None = None
    run: RunFacts | None = None
    datasets: tuple[DatasetFacts, ...] = ()
    touches: tuple[Touch, ...] = ()
    column_edges: tuple[ColumnEdge, ...] = ()
