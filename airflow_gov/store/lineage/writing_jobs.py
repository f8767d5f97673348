"""What events say of jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from airflow_gov.model.lineage import Named
from airflow_gov.store.lineage.asking import Listed, among, parameter
from airflow_gov.store.lineage.bulk import change_rows, put
from airflow_gov.store.lineage.stamps import Stamped, stamp
from airflow_gov.store.lineage_tables import job, run

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from airflow_gov.model.lineage import JobFacts, LineageEvent
    from airflow_gov.store.lineage.known import Draft

#: Told beside facets; each has a stamp of its own.
_SCALARS = ("dag_id", "task_id", "integration", "job_type", "processing", "description")
_PLAIN = (
    "first_seen",
    "last_seen",
    "last_run_id",
    "last_run_at",
    "telling_id",
    "telling_since",
    "telling_done",
)

_NAMES = Listed(wanted_namespace=str, wanted_name=str)
_LAST_RUN = (
    select(run.c.run_id, run.c.started_at)
    .where(run.c.job_id == bindparam("of_job"))
    .order_by(run.c.started_at.desc(), run.c.run_id.desc())
    .limit(1)
)


@dataclass(slots=True)
class JobRow:
    """A job's row while it is written.

    :param facets: with stamps; those of the scalars begin with ``:``.
    :param values: everything else.
    :param changes: what of it has changed.
    """

    job_id: int
    facets: Stamped
    values: dict[str, Any]
    changes: dict[str, Any] = field(default_factory=dict)

    def set(self, **values: Any) -> None:
        """Set what differs."""
        for name, value in values.items():
            if self.values[name] != value:
                self.values[name] = self.changes[name] = value

    def hear(self, event: LineageEvent, facts: JobFacts) -> None:
        """Take what an event says of the job."""
        when = stamp(event, facts.named)
        self.facets.take(facts.facets, when)
        for name in _SCALARS:
            value = getattr(facts, name)
            if value is not None and self.facets.takes(f":{name}", when):
                self.set(**{name: value})
        at = event.event_time
        self.set(first_seen=min(at, self.values["first_seen"]), last_seen=max(at, self.values["last_seen"]))


def find_jobs(connection: Connection, known: Draft, told: Mapping[Named, datetime]) -> dict[Named, int]:
    """The ids of jobs, which are made where they are missing.

    :param told: their names, and when they were heard of first.
    """
    missing = sorted(named for named in told if named not in known.jobs)
    if missing:
        known.jobs.new.update(_find(connection, missing))
        new = [named for named in missing if named not in known.jobs]
        if new:
            rows = [_new(named, told[named]) for named in new]
            put(connection, job, rows)
            known.jobs.new.update(_find(connection, new))
    return {named: known.jobs[named] for named in told}


def _find(connection: Connection, names: list[Named]) -> dict[Named, int]:
    dialect = connection.dialect.name
    found = connection.execute(_named(dialect), _NAMES.given(dialect, names))
    return {Named(row.namespace, row.name): row.job_id for row in found}


@cache
def _named(dialect: str) -> Select[Any]:
    wanted = _NAMES.table(dialect)
    same = (job.c.namespace == wanted.c.wanted_namespace) & (job.c.name == wanted.c.wanted_name)
    return select(job.c.job_id, job.c.namespace, job.c.name).select_from(wanted).join(job, same)


def _new(named: Named, at: datetime) -> dict[str, Any]:
    return {
        "namespace": named.namespace,
        "name": named.name,
        "facets": {},
        "stamps": {},
        "first_seen": at,
        "last_seen": at,
    }


def lock_jobs(connection: Connection, ids: Collection[int]) -> dict[int, JobRow]:
    """The rows of jobs; until the end of the transaction nobody else writes what belongs to them."""
    if not ids:
        return {}
    dialect = connection.dialect.name
    found = connection.execute(_locked(dialect), {"ids": parameter(dialect, sorted(ids))}).mappings()
    return {
        row["job_id"]: JobRow(
            row["job_id"],
            Stamped(dict(row["facets"]), dict(row["stamps"])),
            {name: row[name] for name in (*_SCALARS, *_PLAIN)},
        )
        for row in found
    }


@cache
def _locked(dialect: str) -> Select[Any]:
    columns = (job.c.job_id, job.c.facets, job.c.stamps, *(job.c[name] for name in (*_SCALARS, *_PLAIN)))
    query = select(*columns).where(among(dialect, job.c.job_id, "ids"))
    return query.order_by(job.c.job_id).with_for_update()


def write_jobs(connection: Connection, rows: Iterable[JobRow]) -> None:
    """Write what has changed."""
    ordered = sorted(rows, key=lambda row: row.job_id)
    change_rows(
        connection,
        job,
        [{"job_id": row.job_id, **row.facets.changes("facets"), **row.changes} for row in ordered],
    )


def find_last_runs(connection: Connection, rows: Iterable[JobRow]) -> None:
    """Look up which run of each of these jobs began last: the start of one turned out to be earlier."""
    for row in rows:
        last = connection.execute(_LAST_RUN, {"of_job": row.job_id}).one_or_none()
        if last is not None:
            row.set(last_run_id=last.run_id, last_run_at=last.started_at)
