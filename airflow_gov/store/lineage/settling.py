"""Which edges a job has, since when and until when: from what its runs told.

Runs of one parent run (a Dag run) are one generation; a run without parent is one of its own. A generation is
as old as the start of its first run that told anything. It has the edges that any of its runs told. An edge
begins with the first generation that has it, and ends when a later generation than the last that has it
completes. So the edges follow from the runs alone, in whatever order their events arrive; and an event can
change nothing about generations older than its own, so that only those from there on are looked at.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from airflow_gov.store.lineage.asking import Listed
from airflow_gov.store.lineage_tables import declaration, run
from airflow_gov.store.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Connection, Select

    from airflow_gov.store.lineage.telling import Tellings

_SINCE = Listed(wanted_job=int, since=datetime)
_GENERATIONS = Listed(wanted_job=int, wanted_generation=str)


@dataclass(frozen=True, slots=True)
class Saying:
    """What one run told, or one event without a run.

    :param generation: what it belongs to.
    :param completed_at: when the run completed, if it did.
    """

    generation: str
    started_at: datetime
    completed_at: datetime | None
    telling_id: int


@dataclass(slots=True)
class Generation:
    """What the runs of one parent run told."""

    started_at: datetime
    completed_at: datetime | None
    tellings: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Uniform:
    """That all generations of late told the same.

    :param telling_id: what they told: none told more, and who completed told no less.
    :param since: the start of the first of them.
    :param done: when the first of them completed.
    """

    telling_id: int
    since: datetime
    done: datetime


def generations(sayings: Iterable[Saying]) -> list[Generation]:
    """The generations, the oldest first."""
    found: dict[str, Generation] = {}
    for each in sayings:
        known = found.get(each.generation)
        if known is None:
            found[each.generation] = Generation(each.started_at, each.completed_at, {each.telling_id})
            continue
        known.started_at = min(known.started_at, each.started_at)
        known.tellings.add(each.telling_id)
        if each.completed_at is not None:
            known.completed_at = min(each.completed_at, known.completed_at or each.completed_at)
    return sorted(found.values(), key=lambda each: each.started_at)


class Ends:
    """When what was last told in some generation ended."""

    def __init__(self, ordered: Iterable[Generation]) -> None:
        completed = [
            (each.started_at, each.completed_at) for each in ordered if each.completed_at is not None
        ]
        self._starts = [started for started, _ in completed]
        self._firsts: list[datetime] = []
        for _, at in reversed(completed):
            self._firsts.append(min(at, self._firsts[-1]) if self._firsts else at)
        self._firsts.reverse()

    def after(self, last: datetime) -> datetime | None:
        """The first completion of a generation that began later; None: there is none."""
        place = bisect_right(self._starts, last)
        return self._firsts[place] if place < len(self._firsts) else None

    @property
    def first(self) -> datetime | None:
        """The first completion of any."""
        return self._firsts[0] if self._firsts else None


def uniform(ordered: list[Generation], tellings: Tellings, before: Uniform | None) -> Uniform | None:
    """Whether all generations of late told the same.

    :param ordered: the generations from some moment on, the oldest first.
    :param before: what was uniform up to then.
    """
    newest = next((each for each in reversed(ordered) if each.completed_at is not None), None)
    if newest is None or newest.completed_at is None:
        return None
    whole = next((one for one in newest.tellings if _all_within(newest.tellings, one, tellings)), None)
    if whole is None:
        return None
    since, done, newer = newest.started_at, newest.completed_at, True
    for each in reversed(ordered):
        fits = _all_within(each.tellings, whole, tellings)
        fits = fits and (each.completed_at is None or whole in each.tellings)
        newer = newer and each is not newest
        if not fits:
            return None if newer else Uniform(whole, since, done)
        since = min(since, each.started_at)
        done = min(done, each.completed_at or done)
    if before is not None and before.telling_id == whole and before.since < since:
        return Uniform(whole, before.since, min(before.done, done))
    return Uniform(whole, since, done)


def _all_within(several: Iterable[int], whole: int, tellings: Tellings) -> bool:
    return all(tellings.is_within(each, whole) for each in several)


def load_sayings(connection: Connection, since: Mapping[int, datetime]) -> dict[int, list[Saying]]:
    """What runs of jobs told, whole generations, from a moment on.

    :param since: the moment of each job.
    """
    found: dict[int, list[Saying]] = {job_id: [] for job_id in since}
    missing = dict(since)
    while missing:
        found.update((job_id, []) for job_id in missing)
        for job_id, saying in _sayings(connection, missing):
            found[job_id].append(saying)
        members = {(job_id, each.generation) for job_id in missing for each in found[job_id]}
        earlier: dict[int, datetime] = {}
        for (job_id, _), first in first_starts(connection, members).items():
            if first < earlier.get(job_id, missing[job_id]):
                earlier[job_id] = first
        missing = earlier
    return found


def _sayings(connection: Connection, since: Mapping[int, datetime]) -> Iterator[tuple[int, Saying]]:
    dialect = connection.dialect.name
    runs, declared = _told_since(dialect)
    given = _SINCE.given(dialect, sorted(since.items()))
    for job_id, *told in connection.execute(runs, given):
        yield job_id, Saying(*told)
    for row in connection.execute(declared, given):
        yield row.job_id, Saying(f"declared {row.at} {row.telling_id}", row.at, row.at, row.telling_id)


@cache
def _told_since(dialect: str) -> tuple[Select[Any], Select[Any]]:
    wanted = _SINCE.table(dialect)
    runs = select(run.c.job_id, run.c.generation, run.c.started_at, run.c.completed_at, run.c.telling_id)
    here = (run.c.job_id == wanted.c.wanted_job) & (run.c.started_at >= wanted.c.since)
    runs = runs.select_from(wanted).join(run, here).where(run.c.telling_id.is_not(None))
    declared = (declaration.c.job_id == wanted.c.wanted_job) & (declaration.c.at >= wanted.c.since)
    return runs, select(declaration).select_from(wanted).join(declaration, declared)


def first_starts(
    connection: Connection, members: Collection[tuple[int, str]]
) -> dict[tuple[int, str], datetime]:
    """When generations began: job and generation → the start of the first run that told anything."""
    dialect = connection.dialect.name
    found = connection.execute(_first_starts(dialect), _GENERATIONS.given(dialect, sorted(members)))
    return {(row.job_id, row.generation): row.first for row in found}


@cache
def _first_starts(dialect: str) -> Select[Any]:
    wanted = _GENERATIONS.table(dialect)
    same = (run.c.job_id == wanted.c.wanted_job) & (run.c.generation == wanted.c.wanted_generation)
    return (
        select(run.c.job_id, run.c.generation, func.min(run.c.started_at, type_=UtcDateTime()).label("first"))
        .select_from(wanted)
        .join(run, same)
        .where(run.c.telling_id.is_not(None))
        .group_by(run.c.job_id, run.c.generation)
    )
