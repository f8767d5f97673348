"""What events say of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from airflow_gov.model.lineage import RunState
from airflow_gov.store.lineage.asking import among, parameter
from airflow_gov.store.lineage.bulk import change_rows, put
from airflow_gov.store.lineage.stamps import Stamped, stamp
from airflow_gov.store.lineage_tables import run, touch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from airflow_gov.model.lineage import JobFacts, LineageEvent, Projection, RunFacts

#: What events of one run agree on; should they not, the greatest counts.
_CONSTANT = (
    "nominal_at",
    "parent_run_id",
    "root_run_id",
    "dag_id",
    "dag_run_id",
    "task_id",
    "map_index",
    "try_number",
    "execution_id",
)
_ERROR = ":error_message"
_NAMES = tuple(each.name for each in run.columns if each.name not in ("facets", "stamps"))


@dataclass(slots=True)
class RunRow:
    """A run's row while it is written.

    :param new: whether it is not there yet.
    :param taken: whether another job had claimed it.
    :param before: generation, start, completion and telling as they were.
    :param there: the row as it was.
    """

    values: dict[str, Any]
    facets: Stamped
    new: bool = field(default=False)
    taken: bool = field(default=False)
    before: tuple[Any, ...] = field(default=())
    there: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.new:
            self.before, self.there = self.telling(), dict(self.values)

    def telling(self) -> tuple[Any, ...]:
        """What its lineage depends on."""
        names = ("generation", "started_at", "completed_at", "telling_id")
        return tuple(self.values[name] for name in names)

    def hear(self, event: LineageEvent, facts: RunFacts, job: JobFacts) -> None:
        """Take what an event says of the run."""
        values, at = self.values, facts.at
        if _counts(facts.state, at) > _counts(RunState(values["state"]), values["state_at"]):
            values["state"], values["state_at"] = facts.state, at
            values["ended_at"] = at if facts.state.ends else None
        values["started_at"] = min(at, values["started_at"])
        if facts.state is RunState.COMPLETE:
            values["completed_at"] = min(at, values["completed_at"] or at)
        for name in _CONSTANT:
            value = getattr(job if name in ("dag_id", "task_id") else facts, name)
            if value is not None and (values[name] is None or value > values[name]):
                values[name] = value
        values["generation"] = values["parent_run_id"] or values["run_id"]
        when = stamp(event, job.named)
        self.facets.take(facts.facets, when)
        if facts.error_message is not None and self.facets.takes(_ERROR, when):
            values["error_message"] = facts.error_message


def _counts(state: RunState, at: datetime) -> tuple[int, datetime, str]:
    """Of two states of a run that with the greater of these is its state: what ends it, else the later."""
    rank = 2 if state.ends else 0 if state is RunState.START else 1
    return rank, at, state


def new_run(facts: RunFacts, job_id: int) -> RunRow:
    """A run that was not heard of before."""
    values: dict[str, Any] = dict.fromkeys(_NAMES)
    values.update(run_id=facts.run_id, job_id=job_id, generation=facts.run_id)
    values.update(state=RunState.START, state_at=facts.at, started_at=facts.at)
    return RunRow(values, Stamped({}, {}), new=True)


def load_runs(connection: Connection, ids: Collection[str]) -> dict[str, RunRow]:
    """The rows of those of these runs that were heard of before."""
    dialect = connection.dialect.name
    given = {"ids": parameter(dialect, sorted(ids))}
    return {
        row["run_id"]: RunRow(
            {name: row[name] for name in _NAMES}, Stamped(dict(row["facets"]), dict(row["stamps"]))
        )
        for row in connection.execute(_known(dialect), given).mappings()
    }


@cache
def _known(dialect: str) -> Select[Any]:
    return select(run).where(among(dialect, run.c.run_id, "ids"))


def own_run(rows: dict[str, RunRow], projection: Projection, job_id: int) -> RunRow | None:
    """The row of an event's run; None: it is a run of another job, so the event tells nothing that counts.

    But what a task of this Airflow says is believed: nobody else can have a run of that id.
    """
    facts, job = projection.run, projection.job
    if facts is None or job is None:
        return None
    known = rows.get(facts.run_id)
    if known is not None and known.values["job_id"] != job_id:
        if job.dag_id is None or known.values["dag_id"] is not None:
            return None
        known = rows[facts.run_id] = new_run(facts, job_id)
        known.taken = True
    if known is None:
        known = rows[facts.run_id] = new_run(facts, job_id)
    return known


def write_runs(connection: Connection, rows: Iterable[RunRow], taken: Collection[str]) -> None:
    """Write runs.

    :param taken: ids of runs that another job had claimed.
    """
    if taken:
        for table in (touch, run):
            here = among(connection.dialect.name, table.c.run_id, sorted(taken))
            connection.execute(delete(table).where(here))
    ordered = sorted(rows, key=lambda row: str(row.values["run_id"]))
    put(connection, run, [_plain(row) for row in ordered if row.new])
    change_rows(connection, run, [_changes(row) for row in ordered if not row.new])


def _plain(row: RunRow) -> dict[str, Any]:
    return {**row.values, "facets": row.facets.parts, "stamps": row.facets.stamps}


def _changes(row: RunRow) -> dict[str, Any]:
    changed = {name: value for name, value in row.values.items() if row.there[name] != value}
    return {"run_id": row.values["run_id"], **changed, **row.facets.changes("facets")}
