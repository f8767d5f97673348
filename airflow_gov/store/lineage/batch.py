"""What follows from some events, written in one transaction.

Every row that several processes write is locked in one order: jobs, datasets, then what hangs on them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from airflow_gov.model.lineage import DatasetFacts, EventKind, RunState
from airflow_gov.model.remembering import by_identity
from airflow_gov.store.lineage.bulk import put
from airflow_gov.store.lineage.growing import Growing
from airflow_gov.store.lineage.identities import Identities
from airflow_gov.store.lineage.putting import put_touches, put_versions
from airflow_gov.store.lineage.settling import Saying
from airflow_gov.store.lineage.telling import Tellings
from airflow_gov.store.lineage.tellings import ends_of, together, told_by
from airflow_gov.store.lineage.writing_datasets import hear, lock_datasets, write_datasets
from airflow_gov.store.lineage.writing_jobs import find_jobs, find_last_runs, lock_jobs, write_jobs
from airflow_gov.store.lineage.writing_runs import load_runs, own_run, write_runs
from airflow_gov.store.lineage_tables import declaration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.model.intake import Told
    from airflow_gov.model.lineage import ColumnFacts, Named, Projection, Touch
    from airflow_gov.store.lineage.known import Draft
    from airflow_gov.store.lineage.writing_jobs import JobRow
    from airflow_gov.store.lineage.writing_runs import RunRow


class Batch:
    """Writes what follows from events.

    :param known: ids that this process remembers; what is found out is added.
    :param alone: whether nobody else writes.
    """

    def __init__(self, connection: Connection, known: Draft, *, alone: bool) -> None:
        self._connection = connection
        self._known = known
        self._identities = Identities(connection, known, alone=alone)
        self._tellings = Tellings(connection, known)
        self._jobs: dict[int, JobRow] = {}
        self._runs: dict[str, RunRow] = {}
        #: Jobs whose newest run may be another than it was.
        self._restarted: set[int] = set()
        #: Datasets of our lake, of whose versions only our own tasks tell.
        self._governed: set[int] = set()

    def write(self, projections: Sequence[Projection]) -> None:
        """Write what follows from events.

        :param projections: of events that were not known, in the order of time.
        :raises NotAloneError: datasets have to be made or renamed.
        """
        if not projections:
            return
        heard = self._hear(projections)
        self._write_datasets([each for each, _, _ in heard])
        growing = Growing(self._connection, self._jobs, self._tellings, self._identities)
        self._write_runs(heard, growing)
        self._write_declarations(heard, growing)
        self._write_touches(heard)
        growing.write()
        find_last_runs(self._connection, (self._jobs[job_id] for job_id in sorted(self._restarted)))
        write_jobs(self._connection, self._jobs.values())

    # --- jobs and runs ------------------------------------------------------------------------------

    def _hear(
        self, projections: Sequence[Projection]
    ) -> list[tuple[Projection, JobRow | None, RunRow | None]]:
        """Take what is said of jobs and runs; leave out what is said of the run of another job."""
        told: dict[Named, datetime] = {}
        for each in projections:
            if each.job is not None:
                told.setdefault(each.job.named, each.event.event_time)
        ids = find_jobs(self._connection, self._known, told)
        self._jobs = lock_jobs(self._connection, set(ids.values()))
        self._runs = load_runs(self._connection, {each.run.run_id for each in projections if each.run})
        heard: list[tuple[Projection, JobRow | None, RunRow | None]] = []
        for each in projections:
            if each.job is None:
                heard.append((each, None, None))
                continue
            job = self._jobs[ids[each.job.named]]
            run = own_run(self._runs, each, job.job_id)
            if run is None and each.event.kind is EventKind.RUN:
                continue
            job.hear(each.event, each.job)
            if run is not None and each.run is not None:
                self._hear_run(each, job, run)
            heard.append((each, job, run))
        return heard

    def _hear_run(self, projection: Projection, job: JobRow, run: RunRow) -> None:
        if projection.run is None or projection.job is None:
            return
        run.hear(projection.event, projection.run, projection.job)
        run_id, started_at = run.values["run_id"], run.values["started_at"]
        last = (job.values["last_run_at"], job.values["last_run_id"])
        if last[1] == run_id:
            if last[0] != started_at:
                self._restarted.add(job.job_id)
        elif last[0] is None or (started_at, run_id) > last:
            job.set(last_run_at=started_at, last_run_id=run_id)

    def _write_runs(
        self, heard: Sequence[tuple[Projection, JobRow | None, RunRow | None]], growing: Growing
    ) -> None:
        told: dict[str, list[Told]] = defaultdict(list)
        runs: dict[str, RunRow] = {}
        for projection, _, run in heard:
            if run is None:
                continue
            runs[run.values["run_id"]] = run
            one = told_by(projection)
            if one is not None:
                told[run.values["run_id"]].append(one)
        self._tell(runs, told)
        taken = {run_id for run_id, run in runs.items() if run.new and run.taken}
        write_runs(self._connection, runs.values(), taken)
        for run in runs.values():
            growing.run(run)

    def _tell(self, runs: dict[str, RunRow], told: dict[str, list[Told]]) -> None:
        """Find the tellings of runs: what they had told together with what they tell now."""
        before = {run_id: run.values["telling_id"] for run_id, run in runs.items()}
        self._tellings.load({each for each in before.values() if each is not None})
        wanted: dict[str, tuple[int, Told]] = {}
        for run_id, run in runs.items():
            parts = told[run_id]
            if before[run_id] is not None:
                parts = [self._tellings.told(before[run_id]), *parts]
            if parts:
                # A run that has only begun has written nothing; and what of is often told later.
                paired = run.values["state"] != RunState.START
                wanted[run_id] = (run.values["job_id"], together(parts, paired=paired))
        for run_id, telling_id in zip(wanted, self._tellings.keep(list(wanted.values())), strict=True):
            runs[run_id].values["telling_id"] = telling_id

    def _write_declarations(
        self, heard: Sequence[tuple[Projection, JobRow | None, RunRow | None]], growing: Growing
    ) -> None:
        declared: list[tuple[datetime, int, Told]] = []
        for projection, job, run in heard:
            if job is None or run is not None:
                continue
            one = told_by(projection)
            if one is not None:
                declared.append((projection.event.event_time, job.job_id, together([one], paired=True)))
        if not declared:
            return
        ids = self._tellings.keep([(job_id, told) for _, job_id, told in declared])
        keys = {(job_id, at, each) for (at, job_id, _), each in zip(declared, ids, strict=True)}
        rows = [{"job_id": job_id, "at": at, "telling_id": each} for job_id, at, each in sorted(keys)]
        put(self._connection, declaration, rows)
        for job_id, at, each in sorted(keys):
            growing.declaration(job_id, Saying(f"declared {at} {each}", at, at, each))

    # --- datasets -----------------------------------------------------------------------------------

    def _write_datasets(self, projections: Sequence[Projection]) -> None:
        told = [(each.event.event_time, facts) for each in projections for facts in each.datasets]
        self._identities.resolve(told)
        named = {(name, each.event.event_time) for each in projections for name in _other_names(each)}
        self._identities.resolve((at, DatasetFacts(name)) for name, at in sorted(named))
        ids = {self._identities.find(facts.named, at) for at, facts in told}
        ids |= {self._identities.find(name, at) for name, at in named}
        if not ids:
            return
        standings = lock_datasets(self._connection, ids)
        self._governed = {each for each, standing in standings.items() if standing.governed is not None}
        for each in projections:
            for facts in each.datasets:
                hear(standings[self._identities.find(facts.named, each.event.event_time)], each.event, facts)
        for name, at in named:
            standings[self._identities.find(name, at)].seen(at)
        write_datasets(self._connection, standings.values())

    def _write_touches(self, heard: Sequence[tuple[Projection, JobRow | None, RunRow | None]]) -> None:
        touches: list[dict[tuple[Any, ...], dict[str, Any]]] = []
        versions: list[dict[tuple[Any, ...], dict[str, Any]]] = []
        for projection, job, run in heard:
            if job is None or run is None:
                continue
            at = projection.event.event_time
            ours = {facts.named for facts in projection.datasets if facts.governed is not None}
            for each in projection.touches:
                dataset_id = self._identities.find(each.dataset, at)
                touched = _touch_row(each, dataset_id, run.values["run_id"], job.job_id, at)
                _add(touches, (touched["run_id"], dataset_id, each.output), touched)
                believed = dataset_id not in self._governed or each.dataset in ours
                if not believed or each.version is None:
                    continue
                columns = each.columns or _schema(projection, each.dataset)
                row = _version_row(each, touched, None if columns is None else _plain(columns))
                if self._has_news(row):
                    _add(versions, (dataset_id, each.version), row)
        for rows in touches:
            put_touches(self._connection, [rows[key] for key in sorted(rows)])
        for rows in versions:
            put_versions(self._connection, [rows[key] for key in sorted(rows)])

    def _has_news(self, version: dict[str, Any]) -> bool:
        """Whether there is something new to say of a version: most that are read were told of before."""
        key, schema = (version["dataset_id"], version["version"]), version["columns"] is not None
        known = self._known.versions.get(key)
        if known is None or version["first_seen"] < known[0] or schema > known[1]:
            self._known.versions[key] = (version["first_seen"], schema)
            return True
        return version["written_at"] is not None


def _other_names(projection: Projection) -> frozenset[Named]:
    """The datasets that an event names and says nothing of."""
    names = ends_of(projection.column_edges).union(touch.dataset for touch in projection.touches)
    return names.difference(facts.named for facts in projection.datasets)


def _schema(projection: Projection, named: Named) -> tuple[ColumnFacts, ...] | None:
    """The schema of a dataset that an event says one thing of, and does not read and write."""
    said = [facts.columns for facts in projection.datasets if facts.named == named]
    return said[0] if len(said) == 1 else None


@by_identity
def _plain(columns: tuple[ColumnFacts, ...]) -> list[list[str]]:
    return [[column.name, column.type] for column in columns]


def _add(
    layers: list[dict[tuple[Any, ...], dict[str, Any]]], key: tuple[Any, ...], row: dict[str, Any]
) -> None:
    """Add a row to the first layer that has none of its key: one statement cannot change a row twice."""
    for layer in layers:
        if key not in layer:
            layer[key] = row
            return
    layers.append({key: row})


def _touch_row(touch: Touch, dataset_id: int, run_id: str, job_id: int, at: datetime) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "dataset_id": dataset_id,
        "output": touch.output,
        "job_id": job_id,
        "at": at,
        "version": touch.version,
        "rows": touch.rows,
        "size": touch.size,
        "files": touch.files,
        "facets": dict(touch.facets),
    }


def _version_row(touch: Touch, touched: dict[str, Any], columns: list[list[str]] | None) -> dict[str, Any]:
    wrote = touch.output
    return {
        "dataset_id": touched["dataset_id"],
        "version": touch.version,
        "first_seen": touched["at"],
        "run_id": touched["run_id"] if wrote else None,
        "written_at": touched["at"] if wrote else None,
        "rows": touch.rows if wrote else None,
        "size": touch.size if wrote else None,
        "files": touch.files if wrote else None,
        "columns": columns,
    }
