"""Runs, and what they read and wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, func, select

from airflow_gov.model.graph import DagRun, JobState, Run, Touched
from airflow_gov.model.lineage import RunState
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import job, run, touch
from airflow_gov.store.tables import execution

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Row, RowMapping

    from airflow_gov.model.graph import Job
    from airflow_gov.store.database import Database

_RUN = (
    select(
        run.c.run_id,
        run.c.job_id,
        run.c.state,
        run.c.started_at,
        run.c.ended_at,
        run.c.state_at,
        run.c.dag_id,
        run.c.dag_run_id,
        run.c.task_id,
        run.c.map_index,
        run.c.try_number,
        run.c.execution_id,
        run.c.error_message,
        execution.c.status,
        execution.c.duration.label("worked"),
        job.c.name.label("job_name"),
    )
    .join(job, job.c.job_id == run.c.job_id)
    .outerjoin(execution, execution.c.execution_id == run.c.execution_id)
)
_NEWEST_FIRST = (run.c.started_at.desc(), run.c.run_id.desc())
_TOUCH = select(
    touch.c.run_id,
    touch.c.job_id,
    touch.c.dataset_id,
    touch.c.output,
    touch.c.at,
    touch.c.version,
    touch.c.rows,
    touch.c.size,
    touch.c.files,
)
_UNFINISHED = [state.value for state in RunState if not state.ends]


class Runs:
    """Runs. Everywhere `dags` are the Dags whose jobs exist for the caller; None: all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, ids: Iterable[str], *, dags: frozenset[str] | None) -> list[Run]:
        """The runs of these ids that exist for the caller."""
        return self._runs(dags, lambda view: _RUN.where(view.among(run.c.run_id, ids)))

    def of_dag_run(
        self,
        dag_id: str,
        dag_run_id: str,
        task_id: str | None = None,
        map_index: int | None = None,
        *,
        dags: frozenset[str] | None,
    ) -> list[Run]:
        """The runs of a Dag run's tasks, of one task or one task instance of it, and what they started.

        All tries, the newest first; after them runs outside Airflow whose parent is one of them.
        """
        which = [run.c.dag_id == dag_id, run.c.dag_run_id == dag_run_id]
        if task_id is not None:
            which.append(run.c.task_id == task_id)
        if map_index is not None:
            which.append(func.coalesce(run.c.map_index, -1) == map_index)
        own = self._runs(dags, lambda _: _RUN.where(*which))
        if not own:
            return []
        known = {each.run_id for each in own}
        started = self._runs(dags, lambda view: _RUN.where(view.among(run.c.generation, sorted(known))))
        return own + [each for each in started if each.run_id not in known and each.dag_id is None]

    def of_job(
        self, job_id: int, *, dags: frozenset[str] | None, as_of: datetime | None = None, limit: int = 50
    ) -> list[Run]:
        """The runs of a job, newest first.

        :param as_of: none that started later.
        """
        which = [run.c.job_id == job_id, *([] if as_of is None else [run.c.started_at <= as_of])]
        return self._runs(dags, lambda _: _RUN.where(*which), limit)

    def of_dataset(self, dataset_id: int, *, dags: frozenset[str] | None, limit: int = 50) -> list[Run]:
        """The runs that read or wrote a dataset, newest first."""
        with self._database.read() as connection:
            view = View(connection, dags)
            query = (
                select(touch.c.run_id)
                .where(touch.c.dataset_id == dataset_id, *view.through(touch))
                .group_by(touch.c.run_id)
                .order_by(func.max(touch.c.at).desc())
                .limit(limit)
            )
            ids = list(connection.execute(query).scalars())
        return self.get(ids, dags=dags)

    def latest(
        self, jobs: Iterable[Job], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> list[Run]:
        """The newest run of each job.

        :param as_of: none that started later.
        """
        jobs = list(jobs)
        if as_of is None:
            return self.get([each.last_run_id for each in jobs if each.last_run_id], dags=dags)
        newest = run.alias("newest")
        last = (
            select(newest.c.run_id)
            .where(newest.c.job_id == run.c.job_id, newest.c.started_at <= as_of)
            .order_by(newest.c.started_at.desc(), newest.c.run_id.desc())
            .limit(1)
            .correlate(run)
            .scalar_subquery()
        )
        numbers = [each.job_id for each in jobs]
        return self._runs(
            dags, lambda view: _RUN.where(view.among(run.c.job_id, numbers), run.c.run_id == last)
        )

    def dag_runs(
        self,
        dag_id: str,
        *,
        dags: frozenset[str] | None,
        before: datetime | None = None,
        limit: int = 50,
    ) -> list[DagRun]:
        """The runs of a Dag, newest first.

        :param before: only those that started earlier.
        """
        with self._database.read() as connection:
            view = View(connection, dags)
            query = _dag_runs().where(run.c.dag_id == dag_id, *view.runs)
            if before is not None:
                query = query.having(func.min(run.c.started_at) < before)
            return [_dag_run(row) for row in connection.execute(query.limit(limit))]

    def touches(self, run_ids: Iterable[str], *, dags: frozenset[str] | None) -> list[Touched]:
        """What these runs read and wrote, in the order of time."""
        return self._touches(dags, lambda view: _TOUCH.where(view.among(touch.c.run_id, run_ids)))

    def last_writes(
        self, dataset_ids: Iterable[int], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> dict[int, Touched]:
        """By dataset the last time that a run wrote it.

        :param as_of: none that was later.
        """
        newest = touch.alias("newest")
        with self._database.read() as connection:
            view = View(connection, dags)
            last = select(func.max(newest.c.at)).where(
                newest.c.dataset_id == touch.c.dataset_id, newest.c.output.is_(True), *view.through(newest)
            )
            if as_of is not None:
                last = last.where(newest.c.at <= as_of)
            query = _TOUCH.where(
                view.among(touch.c.dataset_id, dataset_ids),
                touch.c.output.is_(True),
                touch.c.at == last.correlate(touch).scalar_subquery(),
                *view.through(touch),
            )
            rows = connection.execute(query.order_by(touch.c.run_id))
            return {row.dataset_id: Touched(*row) for row in rows}

    def _runs(self, dags: frozenset[str] | None, query_of: Any, limit: int | None = None) -> list[Run]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query: Select[Any] = query_of(view).where(*view.jobs).order_by(*_NEWEST_FIRST).limit(limit)
            return [_run(row) for row in connection.execute(query).mappings()]

    def _touches(self, dags: frozenset[str] | None, query_of: Any) -> list[Touched]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query: Select[Any] = query_of(view).where(*view.through(touch))
            rows = connection.execute(query.order_by(touch.c.at, touch.c.run_id, touch.c.dataset_id))
            return [Touched(*row) for row in rows]


def _dag_runs() -> Select[Any]:
    def any_in(*states: str) -> Any:
        return func.max(case((run.c.state.in_(states), 1), else_=0))

    first = func.min(run.c.started_at)
    return (
        select(
            run.c.dag_run_id,
            first.label("started_at"),
            func.max(run.c.ended_at).label("ended_at"),
            any_in(RunState.FAIL.value).label("failed"),
            any_in(*_UNFINISHED).label("running"),
            # The Dag's own job, where it reports, knows what its tasks' retries came to.
            func.max(case((run.c.task_id.is_(None), run.c.state))).label("own"),
        )
        .where(run.c.dag_run_id.is_not(None))
        .group_by(run.c.dag_run_id)
        .order_by(first.desc(), run.c.dag_run_id.desc())
    )


def _dag_run(row: Row[Any]) -> DagRun:
    own = {
        RunState.COMPLETE.value: JobState.SUCCESS,
        RunState.FAIL.value: JobState.FAILED,
        RunState.START.value: JobState.RUNNING,
        RunState.RUNNING.value: JobState.RUNNING,
    }.get(row.own or "")
    told = JobState.RUNNING if row.running else JobState.FAILED if row.failed else JobState.SUCCESS
    state = own or told
    return DagRun(row.dag_run_id, row.started_at, None if state is JobState.RUNNING else row.ended_at, state)


def _run(row: RowMapping) -> Run:
    label = ".".join(part for part in (row["dag_id"], row["task_id"]) if part)
    plain = {name: value for name, value in row.items() if name not in ("state", "job_name")}
    return Run(**plain, job_label=label or row["job_name"], run_state=_state(row["state"]))


def _state(text: str) -> RunState:
    return RunState(text) if text in RunState._value2member_map_ else RunState.OTHER
