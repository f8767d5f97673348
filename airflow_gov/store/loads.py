"""Loads: who may write one now, what it reads, and where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, RowMapping, Select, select, update

from airflow_gov.model.errors import LoadInProgressError, Reason
from airflow_gov.model.execution import Execution
from airflow_gov.model.loads import Load, LoadState, RowCounts, SourceRef, WriteMode
from airflow_gov.model.serde import from_plain, to_plain
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.execution_rows import part_row, read_part
from airflow_gov.store.statements import insert_new
from airflow_gov.store.tables import load as table

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from airflow_gov.store.database import Database
    from airflow_gov.store.executions import Executions

IsAlive = Callable[[Execution], bool]


class Loads:
    """The loads of all datasets, and the leases under which they are written.

    A writer holds its load from :meth:`begin` until it says :meth:`candidate` or :meth:`fail`, or its
    lease runs out. Times are the callers' clocks: leases are long (minutes) against what clocks differ.
    """

    def __init__(self, database: Database, executions: Executions, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._executions = executions
        self._clock = clock

    def begin(
        self, load: Load, *, lease: timedelta, is_alive: IsAlive | None = None, pinned: bool = True
    ) -> Load:
        """Become the one that writes this load.

        What the load reads stays pinned while it is not published: a retry reads the same snapshots as
        the first try, unless it reads other datasets or other loads of them.

        :param load: who wants to write, and what it would read.
        :param lease: how long it holds without a :meth:`renew`.
        :param is_alive: tells whether the process of an execution may still run; asked on a conflict.
        :param pinned: False to read anew whatever an earlier try read.
        :returns: the load as it now stands, with the sources to read.
        :raises LoadInProgressError: when another one is writing it: its lease has not run out, it has not
            finished, it is not known to be dead, and it is not an earlier try of the same task instance.
        """
        now = self._clock()
        wanted = replace(load, state=LoadState.WRITING, updated_at=now)
        with self._database.transaction() as connection:
            row = _row(wanted) | {"leased_until": now + lease}
            # The insert decides between two first writers, the row's lock between all later ones.
            made = insert_new(connection, table, row)
            if made:
                return wanted
            held = connection.execute(_of(load.dataset, load.load_id).with_for_update()).mappings().one()
            self._check_holder(held, load, now, is_alive)
            if pinned:
                row["sources"] = to_plain(_pinned(_read(held), wanted))
            connection.execute(update(table).where(*_key(load.dataset, load.load_id)).values(row))
        return replace(wanted, sources=_sources(row["sources"]))

    def renew(self, dataset: DatasetName, load_id: str, execution_id: str, lease: timedelta) -> bool:
        """Hold on to a load.

        :returns: False when it is no longer this execution's: another one took it over, stop writing.
        """
        now = self._clock()
        values = {"leased_until": now + lease, "updated_at": now}
        held = (table.c.execution_id == execution_id, table.c.state == LoadState.WRITING)
        return self._update(dataset, [load_id], values, *held) == 1

    def candidate(self, load: Load) -> None:
        """Record what was written, and of which sources. Said again after a rebase.

        :raises LoadInProgressError: when another execution has taken the load over.
        """
        values = {
            "state": LoadState.CANDIDATE,
            "sources": to_plain(load.sources),
            "base_snapshot_id": load.base_snapshot_id,
            "candidate_snapshot_id": load.candidate_snapshot_id,
            "updated_at": self._clock(),
        } | part_row(load.counts, "rows_")
        held = (
            table.c.execution_id == load.execution_id,
            table.c.state.in_([LoadState.WRITING, LoadState.CANDIDATE]),
        )
        if self._update(load.dataset, [load.load_id], values, *held) == 0:
            raise LoadInProgressError(
                Reason.LOAD_IN_PROGRESS,
                f"Load {load.load_id} of {load.dataset} is no longer held by execution {load.execution_id}: "
                "another try took it over while this one was writing. What this one wrote is not published.",
                dataset=str(load.dataset),
                load_id=load.load_id,
                execution_id=load.execution_id,
            )

    def fail(self, dataset: DatasetName, load_id: str, execution_id: str) -> None:
        """Let go of a load that was not written; nothing happens when it is no longer this execution's."""
        values = {"state": LoadState.FAILED, "updated_at": self._clock()}
        held = (
            table.c.execution_id == execution_id,
            table.c.state.in_([LoadState.WRITING, LoadState.CANDIDATE]),
        )
        self._update(dataset, [load_id], values, *held)

    def published(self, dataset: DatasetName, load_ids: Iterable[str]) -> None:
        """Record that candidates became part of a version; loads being written anew are left alone."""
        values = {"state": LoadState.PUBLISHED, "updated_at": self._clock()}
        self._update(dataset, load_ids, values, table.c.state == LoadState.CANDIDATE)

    def get(self, dataset: DatasetName, load_id: str) -> Load | None:
        """One load."""
        found = self._list(_of(dataset, load_id))
        return found[0] if found else None

    def of_run(self, dataset: DatasetName, dag_id: str, run_id: str) -> list[Load]:
        """The loads of a Dag run into a dataset, whatever their state; mapped tasks in their order."""
        return self._list(
            select(table)
            .where(table.c.dag_id == dag_id, table.c.run_id == run_id, table.c.dataset == str(dataset))
            .order_by(table.c.task_id, table.c.map_index, table.c.load_id)
        )

    def candidates(self, dataset: DatasetName, dag_id: str, run_id: str) -> list[Load]:
        """The loads of a Dag run that are written and not published."""
        return [load for load in self.of_run(dataset, dag_id, run_id) if load.state is LoadState.CANDIDATE]

    def waiting(self, dataset: DatasetName | None = None, limit: int = 50) -> list[Load]:
        """Loads that are written and not published, whatever their run, newest first.

        :param dataset: only into this dataset.
        :param limit: how many at most.
        """
        query = select(table).where(table.c.state == LoadState.CANDIDATE)
        if dataset is not None:
            query = query.where(table.c.dataset == str(dataset))
        return self._list(query.order_by(table.c.updated_at.desc(), table.c.load_id).limit(limit))

    def being_written(self, dataset: DatasetName) -> list[str]:
        """Ids of the loads that somebody holds a lease on now."""
        query = select(table.c.load_id).where(
            table.c.dataset == str(dataset),
            table.c.state == LoadState.WRITING,
            table.c.leased_until > self._clock(),
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def group(self, group: str) -> list[Load]:
        """The loads that publish together or not at all."""
        return self._list(
            select(table).where(table.c.load_group == group).order_by(table.c.dataset, table.c.load_id)
        )

    def _check_holder(self, held: RowMapping, load: Load, now: datetime, is_alive: IsAlive | None) -> None:
        if held["state"] != LoadState.WRITING or held["execution_id"] == load.execution_id:
            return
        if held["leased_until"] <= now:
            return
        holder = self._executions.get(held["execution_id"])
        if holder is not None and self._has_gone(holder, load, is_alive):
            return
        raise _in_progress(held, holder)

    def _has_gone(self, holder: Execution, load: Load, is_alive: IsAlive | None) -> bool:
        if holder.status.finished or (is_alive is not None and not is_alive(holder)):
            return True
        mine = self._executions.get(load.execution_id)
        return mine is not None and _is_earlier_try(holder, mine)

    def _update(
        self,
        dataset: DatasetName,
        load_ids: Iterable[str],
        values: Mapping[str, Any],
        *where: ColumnElement[bool],
    ) -> int:
        which = (table.c.dataset == str(dataset), table.c.load_id.in_(sorted(load_ids)))
        with self._database.transaction() as connection:
            return connection.execute(update(table).where(*which, *where).values(values)).rowcount

    def _list(self, query: Select[Any]) -> list[Load]:
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _key(dataset: DatasetName, load_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.dataset == str(dataset), table.c.load_id == load_id


def _of(dataset: DatasetName, load_id: str) -> Select[Any]:
    return select(table).where(*_key(dataset, load_id))


def _of_run(dataset: DatasetName, dag_id: str, run_id: str) -> Select[Any]:
    which = (table.c.dag_id == dag_id, table.c.run_id == run_id, table.c.dataset == str(dataset))
    return select(table).where(*which).order_by(table.c.task_id, table.c.map_index, table.c.load_id)


def _is_earlier_try(holder: Execution, mine: Execution) -> bool:
    instance = [(e.task.dag_id, e.task.run_id, e.task.task_id, e.task.map_index) for e in (holder, mine)]
    return instance[0] == instance[1] and holder.task.try_number < mine.task.try_number


def _pinned(before: Load, wanted: Load) -> tuple[SourceRef, ...]:
    if before.state is LoadState.PUBLISHED:
        return wanted.sources
    same = [(s.dataset, s.load_id) for s in before.sources] == [
        (s.dataset, s.load_id) for s in wanted.sources
    ]
    return before.sources if same else wanted.sources


def _in_progress(held: RowMapping, holder: Execution | None) -> LoadInProgressError:
    who = f"task {held['dag_id']}.{held['task_id']} of run {held['run_id']}"
    if holder is not None:
        who += f", try {holder.task.try_number} on {holder.host.name} (process {holder.host.pid})"
    return LoadInProgressError(
        Reason.LOAD_IN_PROGRESS,
        f"Load {held['load_id']} of {held['dataset']} is being written by {who}. Wait until it ends; "
        f"if it is dead, its lease runs out at {held['leased_until'].isoformat(timespec='seconds')}.",
        dataset=held["dataset"],
        load_id=held["load_id"],
        execution_id=held["execution_id"],
        leased_until=held["leased_until"].isoformat(),
    )


def _row(load: Load) -> dict[str, Any]:
    return {
        "dataset": str(load.dataset),
        "load_id": load.load_id,
        "load_key": list(load.load_key),
        "dag_id": load.dag_id,
        "run_id": load.run_id,
        "task_id": load.task_id,
        "map_index": load.map_index,
        "execution_id": load.execution_id,
        "write_mode": load.write_mode,
        "state": load.state,
        "contract_hash": load.contract_hash,
        "sources": to_plain(load.sources),
        "base_snapshot_id": load.base_snapshot_id,
        "candidate_snapshot_id": load.candidate_snapshot_id,
        "load_group": load.group,
        "updated_at": load.updated_at,
    } | part_row(load.counts, "rows_")


def _sources(plain: list[Any]) -> tuple[SourceRef, ...]:
    return tuple(from_plain(SourceRef, source) for source in plain)


def _read(row: RowMapping) -> Load:
    return Load(
        dataset=DatasetName.parse(row["dataset"]),
        load_id=row["load_id"],
        load_key=tuple(row["load_key"]),
        dag_id=row["dag_id"],
        run_id=row["run_id"],
        task_id=row["task_id"],
        map_index=row["map_index"],
        execution_id=row["execution_id"],
        write_mode=WriteMode(row["write_mode"]),
        state=LoadState(row["state"]),
        contract_hash=row["contract_hash"],
        sources=_sources(row["sources"]),
        base_snapshot_id=row["base_snapshot_id"],
        candidate_snapshot_id=row["candidate_snapshot_id"],
        counts=read_part(RowCounts, "rows_", row),
        group=row["load_group"],
        updated_at=row["updated_at"],
    )
