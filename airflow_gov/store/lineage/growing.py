"""Which jobs' edges have to be looked at after events, and since which generation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_gov.store.lineage.edges import settle, write_edges
from airflow_gov.store.lineage.settling import (
    Saying,
    Uniform,
    first_starts,
    generations,
    load_sayings,
    uniform,
)
from airflow_gov.store.lineage.writing_jobs import lock_jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from airflow_gov.model.lineage import Named
    from airflow_gov.store.lineage.identities import Identities
    from airflow_gov.store.lineage.telling import Tellings
    from airflow_gov.store.lineage.writing_jobs import JobRow
    from airflow_gov.store.lineage.writing_runs import RunRow

_EVER = datetime(1, 1, 1, tzinfo=UTC)


class Growing:
    """Collects what runs tell that they did not tell before, then writes what edges follow.

    :param jobs: the rows of their jobs, locked.
    """

    def __init__(
        self, connection: Connection, jobs: dict[int, JobRow], tellings: Tellings, identities: Identities
    ) -> None:
        self._connection = connection
        self._jobs = jobs
        self._tellings = tellings
        self._identities = identities
        self._sayings: list[tuple[int, Saying]] = []
        #: Job → from which start of a generation on its edges have to be looked at.
        self._since: dict[int, datetime] = {}
        self._lost: dict[int, set[tuple[Named, Named]]] = {}

    def run(self, run: RunRow) -> None:
        """A run was written."""
        if run.before == run.telling() or run.values["telling_id"] is None:
            return
        job_id = run.values["job_id"]
        generation, started_at, completed_at, telling_id = run.telling()
        self._sayings.append((job_id, Saying(generation, started_at, completed_at, telling_id)))
        if not run.before or run.before[3] is None:
            return
        if run.before[0] != generation:
            # It counted for another generation before.
            self._look(job_id, _EVER)
        elif not self._tellings.is_within(run.before[3], telling_id):
            told, tells = (self._tellings.told(each) for each in (run.before[3], telling_id))
            if lost := told.dataset_edges - tells.dataset_edges:
                self._look(job_id, _EVER)
                self._lost.setdefault(job_id, set()).update(lost)

    def declaration(self, job_id: int, saying: Saying) -> None:
        """A job was told of without a run."""
        self._sayings.append((job_id, saying))

    def write(self) -> None:
        """Write the edges that follow."""
        for job_id in self._identities.moved_jobs:
            self._look(job_id, _EVER)
        self._find_news()
        if not self._since:
            return
        others = self._since.keys() - self._jobs.keys()
        if others:
            self._jobs.update(lock_jobs(self._connection, others))
        sayings = load_sayings(self._connection, self._since)
        self._tellings.load({each.telling_id for told in sayings.values() for each in told})
        settled = [
            settle(job_id, told, self._tellings, self._identities, self._lost.get(job_id, ()))
            for job_id, told in sorted(sayings.items())
        ]
        write_edges(self._connection, settled)
        for job_id, told in sayings.items():
            self._remember(self._jobs[job_id], told)

    def _look(self, job_id: int, since: datetime) -> None:
        self._since[job_id] = min(since, self._since.get(job_id, since))

    def _find_news(self) -> None:
        """Leave out what only says again what all generations of late said."""
        members = {(job_id, each.generation) for job_id, each in self._sayings}
        if not members:
            return
        starts = first_starts(self._connection, members)
        for job_id, saying in self._sayings:
            start = min(starts.get((job_id, saying.generation), saying.started_at), saying.started_at)
            if not self._is_uniform(self._jobs[job_id], saying, start):
                self._look(job_id, start)

    def _is_uniform(self, job: JobRow, saying: Saying, start: datetime) -> bool:
        late = _uniform(job)
        if late is None or start < late.since:
            return False
        if saying.completed_at is not None:
            return saying.telling_id == late.telling_id and saying.completed_at >= late.done
        return self._tellings.is_within(saying.telling_id, late.telling_id)

    def _remember(self, job: JobRow, told: Sequence[Saying]) -> None:
        late = uniform(generations(told), self._tellings, _uniform(job))
        if late is None:
            job.set(telling_id=None, telling_since=None, telling_done=None)
        else:
            job.set(telling_id=late.telling_id, telling_since=late.since, telling_done=late.done)


def _uniform(job: JobRow) -> Uniform | None:
    values = job.values
    if values["telling_id"] is None:
        return None
    return Uniform(values["telling_id"], values["telling_since"], values["telling_done"])
