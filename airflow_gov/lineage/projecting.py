"""What is to be remembered of an OpenLineage event: of its job, its run, its datasets and their columns.

Facets of OpenLineage 1.x and 2.x are read as their producers write them (Spark, dbt, Flink, Airflow's
providers); those that are not known are kept as they came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.event_checks import read_moment
from airflow_gov.lineage.event_errors import EventError
from airflow_gov.lineage.projecting_columns import column_edges
from airflow_gov.lineage.projecting_datasets import dataset_facts, touch_of
from airflow_gov.model.intake import MOST_PAIRS
from airflow_gov.model.lineage import EventKind, JobFacts, Named, Origin, Projection, RunFacts, RunState

if TYPE_CHECKING:
    from airflow_gov.model.lineage import ColumnEdge, DatasetFacts, LineageEvent, Touch

#: Run facets that have columns of their own, or say at length what Airflow knows.
_TAKEN_RUN_FACETS = frozenset(
    {
        "parent",
        "nominalTime",
        "airflow",
        "airflowDagRun",
        "airflowState",
        "airflow_mappedTask",
        "airflowGov_execution",
        "debug",
    }
)
#: The whole Dag, told by each of its runs.
_TAKEN_JOB_FACETS = frozenset({"airflow"})
_NOT_MAPPED = -1


def project(event: LineageEvent, *, origin: Origin, own_namespace: str | None) -> Projection:
    """What is to be remembered of an event.

    :param event: a valid event.
    :param origin: how it came. Only what tasks of this Airflow sent, or a file brings, is taken for runs of
        its Dags and for what datasets of the lake are like.
    :param own_namespace: the namespace of this Airflow's jobs; None: not known, then facets alone tell.
    :raises EventError: it makes more pairs of datasets than can be kept, or nests fields too deeply.
    """
    trusted = origin is not Origin.HTTP
    datasets: list[DatasetFacts] = []
    touches: list[Touch] = []
    edges: list[tuple[ColumnEdge, ...]] = []
    for plain, output in _datasets(event):
        named = Named(plain["namespace"], plain["name"])
        facets = facets_of(plain)
        try:
            facts = dataset_facts(named, facets, trusted=trusted)
        except EventError as error:
            raise _placed(error, event, plain) from None
        datasets.append(facts)
        if found := column_edges(named, facets):
            edges.append(found)
        if output is not None:
            touches.append(touch_of(facts, plain, facets, output=output))
    columns = edges[0] if len(edges) == 1 else tuple(chain(*edges))
    _check_pairs(touches, columns)
    job = _job(event, own_namespace, trusted=trusted)
    if job is not None and origin is Origin.TRANSPORT:
        job = _somebodys(job, event, own_namespace)
    return Projection(
        event,
        job=None if job is None else _job_facts(event, job),
        run=None if job is None else _run_facts(event, job),
        datasets=tuple(datasets),
        touches=tuple(touches),
        column_edges=columns,
    )


def facets_of(thing: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facets of a run, a job or a dataset."""
    found = thing.get("facets")
    return found if type(found) is dict else {}


def _datasets(event: LineageEvent) -> list[tuple[Mapping[str, Any], bool | None]]:
    body = event.body
    if event.kind is EventKind.DATASET:
        return [(body["dataset"], None)]
    inputs, outputs = (body.get(part) or () for part in ("inputs", "outputs"))
    return [*((each, False) for each in inputs), *((each, True) for each in outputs)]


def _placed(error: EventError, event: LineageEvent, dataset: Mapping[str, Any]) -> EventError:
    """The error of a dataset, seen from the event."""
    for side in ("inputs", "outputs"):
        for index, each in enumerate(event.body.get(side) or ()):
            if each is dataset:
                return error.within(index).within(side)
    return error.within("dataset")


def _check_pairs(touches: list[Touch], edges: tuple[ColumnEdge, ...]) -> None:
    if len(touches) * len(touches) <= MOST_PAIRS:
        return
    inputs = {touch.dataset for touch in touches if not touch.output}
    told = {edge.target for edge in edges}
    outputs = {touch.dataset for touch in touches if touch.output} - told
    if len(inputs) * len(outputs) > MOST_PAIRS:
        raise EventError(
            f"has {len(outputs)} datasets that may each come from any of {len(inputs)} inputs: at most "
            f"{MOST_PAIRS} such pairs are kept. Say with columnLineage what each comes from, or send the "
            "parts as jobs of their own",
            "$.outputs",
        )


# --- the job and the run --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Task:
    """What an event's job and run are in this Airflow; all None: a job from outside."""

    dag_id: str | None = None
    task_id: str | None = None
    dag_run_id: str | None = None
    map_index: int | None = None
    try_number: int | None = None
    execution_id: str | None = None


def _job(event: LineageEvent, own_namespace: str | None, *, trusted: bool) -> _Task | None:
    if event.job is None:
        return None
    if not trusted or (own_namespace is not None and event.job.namespace != own_namespace):
        return _Task()
    facets = facets_of(event.body.get("run") or {})
    return _told_by_us(facets) or _told_by_airflow(facets) or _told_by_names(event, facets, own_namespace)


def _somebodys(task: _Task, event: LineageEvent, own_namespace: str | None) -> _Task:
    """A job of ours whose Dag nothing tells is in a Dag of its own name, which nobody can be allowed to read.

    Without a Dag it would be from outside, which is for everybody.
    """
    if task.dag_id is not None or event.job is None or event.job.namespace != own_namespace:
        return task
    return _Task(event.job.name)


def _told_by_us(facets: Mapping[str, Any]) -> _Task | None:
    told = _object(facets, "airflowGov_execution")
    dag_id = _text(told, "dagId")
    if dag_id is None:
        return None
    return _Task(
        dag_id,
        _text(told, "taskId"),
        _text(told, "dagRunId"),
        _number(told, "mapIndex", _NOT_MAPPED),
        _number(told, "tryNumber"),
        _text(told, "executionId"),
    )


def _told_by_airflow(facets: Mapping[str, Any]) -> _Task | None:
    told = _object(facets, "airflow")
    dag_id = _text(_object(told, "dag"), "dag_id")
    if dag_id is not None:
        instance = _object(told, "taskInstance")
        return _Task(
            dag_id,
            _text(_object(told, "task"), "task_id"),
            _text(_object(told, "dagRun"), "run_id"),
            _number(instance, "map_index", _NOT_MAPPED),
            _number(instance, "try_number"),
        )
    told = _object(facets, "airflowDagRun")
    dag_id = _text(_object(told, "dag"), "dag_id") or _text(_object(told, "dagRun"), "dag_id")
    return None if dag_id is None else _Task(dag_id, None, _text(_object(told, "dagRun"), "run_id"))


def _told_by_names(event: LineageEvent, facets: Mapping[str, Any], own_namespace: str | None) -> _Task:
    """Both ids may have dots, so a task's name is split only where something says where."""
    if own_namespace is None or event.job is None:
        return _Task()
    name = event.job.name
    parent = _object(facets, "parent")
    above = (_job_name(parent, own_namespace), _job_name(_object(parent, "root"), own_namespace))
    kind = _object(facets_of(event.body["job"]), "jobType")
    if _text(kind, "integration") == "AIRFLOW":
        if _text(kind, "jobType") == "DAG":
            return _Task(name)
        for dag_id in above:
            if dag_id is not None and name.startswith(f"{dag_id}."):
                return _Task(dag_id, name[len(dag_id) + 1 :])
        dag_id, _, task_id = name.partition(".")
        return _Task(dag_id, task_id) if name.count(".") == 1 and dag_id and task_id else _Task()
    # What a task had others do, a query for example, whose job it names after itself.
    task, dag_id = above
    if (
        task is not None
        and dag_id is not None
        and task.startswith(f"{dag_id}.")
        and name.startswith(f"{task}.")
    ):
        return _Task(dag_id, task[len(dag_id) + 1 :])
    return _Task()


def _job_name(told: Mapping[str, Any], own_namespace: str) -> str | None:
    job = _object(told, "job")
    return _text(job, "name") if job.get("namespace") == own_namespace else None


def _job_facts(event: LineageEvent, task: _Task) -> JobFacts | None:
    if event.job is None:
        return None
    facets = facets_of(event.body["job"])
    kind = _object(facets, "jobType")
    return JobFacts(
        event.job,
        dag_id=task.dag_id,
        task_id=task.task_id,
        integration=_text(kind, "integration"),
        job_type=_text(kind, "jobType"),
        processing=_text(kind, "processingType"),
        description=_text(_object(facets, "documentation"), "description"),
        facets={name: facet for name, facet in facets.items() if name not in _TAKEN_JOB_FACETS},
    )


def _run_facts(event: LineageEvent, task: _Task) -> RunFacts | None:
    if event.run_id is None:
        return None
    facets = facets_of(event.body["run"])
    parent = _object(facets, "parent")
    nominal = _text(_object(facets, "nominalTime"), "nominalStartTime")
    return RunFacts(
        event.run_id,
        event.event_type or RunState.OTHER,
        event.event_time,
        nominal_at=None if nominal is None else read_moment(nominal),
        parent_run_id=_run_id(parent),
        root_run_id=_run_id(_object(parent, "root")),
        dag_run_id=task.dag_run_id,
        map_index=task.map_index,
        try_number=task.try_number,
        execution_id=task.execution_id,
        error_message=_text(_object(facets, "errorMessage"), "message"),
        facets={name: facet for name, facet in facets.items() if name not in _TAKEN_RUN_FACETS},
    )


def _run_id(told: Mapping[str, Any]) -> str | None:
    found = _text(_object(told, "run"), "runId")
    return None if found is None else found.lower()


# --- facets that nobody has checked ---------------------------------------------------------------------


def _object(thing: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = thing.get(name)
    return found if type(found) is dict else {}


def _text(thing: Mapping[str, Any], name: str) -> str | None:
    found = thing.get(name)
    return found if isinstance(found, str) and found else None


def _number(thing: Mapping[str, Any], name: str, default: int | None = None) -> int | None:
    found = thing.get(name)
    return found if isinstance(found, int) and abs(found) < 2**31 else default
