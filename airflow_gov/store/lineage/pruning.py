"""Forgets what is old, in steps that hold nobody up for long; never what the graph is made of."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, exists, func, literal, select, tuple_, update

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.intake import Pruned
from airflow_gov.store.lineage.asking import Listed, among
from airflow_gov.store.lineage.known import change_identities, enter
from airflow_gov.store.lineage_tables import (
    dataset,
    dataset_version,
    dead_letter,
    declaration,
    event,
    job,
    number,
    run,
    telling,
    touch,
)
from airflow_gov.store.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from airflow_gov.store.database import Database

#: Rows that one transaction takes away, about.
_STEP = 2_000
#: Datasets whose versions are looked at in one transaction.
_DATASETS = 200

#: When a run began, and its id: the order of a job's runs.
_Start = tuple["datetime", str]

_JOBS = Listed(wanted_job=int)
_GENERATIONS = Listed(wanted_job=int, wanted_generation=str)


class Pruning:
    """Takes old events, runs, touches, versions and dead letters away.

    Jobs, datasets, columns and edges stay, and of each job and each dataset what is newest.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, before: datetime, *, keep_runs: int = 1) -> Pruned:
        """Take away what is older than a moment.

        :param before: the moment.
        :param keep_runs: how many runs of each job stay, however old, and those of their Dag run.
        :returns: how much was taken away.
        :raises GovernanceError: ``PARAMETER_INVALID`` when not even one run of each job is to stay.
        """
        if keep_runs < 1:
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"The newest run of each job stays: keep_runs is at least 1, not {keep_runs}.",
                keep_runs=keep_runs,
            )
        letters = self._in_steps(partial(_prune_letters, before=before))
        events = self._in_steps(partial(_prune_events, before=before))
        runs, touches = self._prune_runs(before, keep_runs)
        return Pruned(events, runs, touches, self._prune_versions(before), letters)

    def _in_steps(self, step: Callable[[Connection], int]) -> int:
        total = 0
        while True:
            with self._database.transaction() as connection:
                found = step(connection)
            total += found
            if found < _STEP:
                return total

    # --- runs ---------------------------------------------------------------------------------------

    def _prune_runs(self, before: datetime, keep: int) -> tuple[int, int]:
        oldest_kept: dict[int, _Start] = {}
        tellings: dict[int, set[int]] = {}
        runs = touches = 0
        after: _Start | None = None
        while True:
            with self._database.transaction() as connection:
                dialect = connection.dialect.name
                found = connection.execute(_old_runs(before, after)).all()
                missing = {row.job_id for row in found} - oldest_kept.keys()
                oldest_kept.update(_oldest_kept(connection, missing, keep))
                old = [row for row in found if _start(row) < oldest_kept.get(row.job_id, _start(row))]
                old = _without_kept_generations(connection, old, oldest_kept)
                ids = [row.run_id for row in old]
                here = among(dialect, touch.c.run_id, ids)
                touches += connection.execute(delete(touch).where(here)).rowcount
                connection.execute(delete(run).where(among(dialect, run.c.run_id, ids)))
            runs += len(old)
            for row in old:
                if row.telling_id is not None:
                    tellings.setdefault(row.job_id, set()).add(row.telling_id)
            if len(found) < _STEP:
                break
            after = _start(found[-1])
        for jobs in _chunks(sorted(tellings)):
            self._prune_tellings({job_id: tellings[job_id] for job_id in jobs}, before)
        return runs, touches

    def _prune_tellings(self, told: dict[int, set[int]], before: datetime) -> None:
        """Take away what only runs told that are gone."""
        with self._database.transaction() as connection:
            enter(connection, alone=True)
            dialect = connection.dialect.name
            newer = declaration.alias()
            newest = exists().where(newer.c.job_id == declaration.c.job_id, newer.c.at > declaration.c.at)
            connection.execute(
                delete(declaration).where(
                    among(dialect, declaration.c.job_id, sorted(told)), declaration.c.at < before, newest
                )
            )
            gone = {each for ids in told.values() for each in ids}
            for table in (run, declaration, job):
                used = select(table.c.telling_id).distinct()
                used = used.where(among(dialect, table.c.job_id, sorted(told)))
                gone -= set(connection.execute(used).scalars())
            if gone:
                connection.execute(delete(telling).where(among(dialect, telling.c.telling_id, sorted(gone))))
                change_identities(connection)

    # --- versions -----------------------------------------------------------------------------------

    def _prune_versions(self, before: datetime) -> int:
        with self._database.read() as connection:
            ids = list(
                connection.execute(select(dataset.c.dataset_id).order_by(dataset.c.dataset_id)).scalars()
            )
        total = 0
        for chunk in _chunks(ids):
            total += self._in_steps(partial(_prune_versions, datasets=chunk, before=before))
        return total


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    for first in range(0, len(ids), _DATASETS):
        yield ids[first : first + _DATASETS]


def _start(row: Any) -> _Start:
    return row.started_at, row.run_id


def _old_runs(before: datetime, after: _Start | None) -> Select[Any]:
    """Runs that nothing was heard of since a moment, the oldest first."""
    query = select(run.c.run_id, run.c.job_id, run.c.started_at, run.c.telling_id, run.c.generation)
    query = query.where(run.c.started_at < before, run.c.state_at < before)
    if after is not None:
        place = tuple_(literal(after[0], UtcDateTime()), literal(after[1]))
        query = query.where(tuple_(run.c.started_at, run.c.run_id) > place)
    return query.order_by(run.c.started_at, run.c.run_id).limit(_STEP)


def _oldest_kept(connection: Connection, jobs: Iterable[int], keep: int) -> dict[int, _Start]:
    """The oldest of the runs of each job that stay because they are its newest."""
    dialect = connection.dialect.name
    wanted = _JOBS.table(dialect)
    kept = (
        select(run.c.run_id)
        .where(run.c.job_id == wanted.c.wanted_job)
        .order_by(run.c.started_at.desc(), run.c.run_id.desc())
        .offset(keep - 1)
        .limit(1)
    )
    query = select(run.c.job_id, run.c.started_at, run.c.run_id).select_from(wanted)
    query = query.join(run, run.c.run_id == kept.correlate(wanted).scalar_subquery())
    found = connection.execute(query, _JOBS.given(dialect, [(each,) for each in sorted(jobs)]))
    return {row.job_id: _start(row) for row in found}


def _without_kept_generations(
    connection: Connection, old: Sequence[Row[Any]], oldest_kept: Mapping[int, _Start]
) -> list[Row[Any]]:
    """Those whose generation has no run that stays: what a job's edges come from stays whole.

    The instances of a mapped task are runs of one job, and each may touch what no other does.
    """
    members = {(row.job_id, row.generation) for row in old}
    if not members:
        return []
    dialect = connection.dialect.name
    wanted = _GENERATIONS.table(dialect)
    same = (run.c.job_id == wanted.c.wanted_job) & (run.c.generation == wanted.c.wanted_generation)
    query = select(run.c.job_id, run.c.generation, func.max(run.c.started_at).label("started_at"))
    query = query.select_from(wanted).join(run, same).group_by(run.c.job_id, run.c.generation)
    kept = {
        (row.job_id, row.generation)
        for row in connection.execute(query, _GENERATIONS.given(dialect, sorted(members)))
        if row.started_at >= oldest_kept[row.job_id][0]
    }
    return [row for row in old if (row.job_id, row.generation) not in kept]


def _prune_letters(connection: Connection, before: datetime) -> int:
    old = select(dead_letter.c.letter_id).where(dead_letter.c.received_at < before).limit(_STEP)
    return connection.execute(delete(dead_letter).where(dead_letter.c.letter_id.in_(old))).rowcount


def _prune_events(connection: Connection, before: datetime) -> int:
    """The database lets events go only where this mark is set, which no other transaction sees."""
    mark = update(number).where(number.c.name == "pruning")
    connection.execute(mark.values(value=1))
    old = select(event.c.sequence).where(event.c.event_time < before).order_by(event.c.event_time)
    found = connection.execute(delete(event).where(event.c.sequence.in_(old.limit(_STEP)))).rowcount
    connection.execute(mark.values(value=0))
    return found


def _prune_versions(connection: Connection, datasets: list[int], before: datetime) -> int:
    place = func.row_number().over(
        partition_by=dataset_version.c.dataset_id,
        order_by=(dataset_version.c.first_seen.desc(), dataset_version.c.version.desc()),
    )
    keys = (dataset_version.c.dataset_id, dataset_version.c.version)
    places = select(*keys, dataset_version.c.first_seen, place.label("place"))
    ranked = places.where(among(connection.dialect.name, dataset_version.c.dataset_id, datasets)).subquery()
    old = select(ranked.c.dataset_id, ranked.c.version)
    old = old.where(ranked.c.place > 1, ranked.c.first_seen < before).limit(_STEP)
    return connection.execute(delete(dataset_version).where(tuple_(*keys).in_(old))).rowcount
