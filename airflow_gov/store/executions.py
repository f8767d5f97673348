"""The records of executions."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, case, delete, func, or_, select, update

from airflow_gov.model.execution import DataRef, Execution, Role, Status, TaskRun
from airflow_gov.store import execution_rows
from airflow_gov.store.catalogue_reads import count_reads
from airflow_gov.store.statements import children, insert, insert_missing
from airflow_gov.store.tables import column_set, execution_data, execution_file
from airflow_gov.store.tables import execution as table

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store.database import Database

_FINISHED = [status for status in Status if status.finished]
_UNFINISHED = [status for status in Status if not status.finished]
#: What tells of a piece of data whether it was read.
_READ = (execution_data.c.role, execution_data.c.dataset, execution_data.c.columns_hash)


class Executions:
    """What is known of every try of every task. A record is written whole, any number of times.

    Two things hold however late and in whatever order records arrive (they may have been spooled): the
    earliest start stays, and a finished record is not opened again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, execution: Execution) -> Execution:
        """Record that a try started, or that it goes on after a deferral.

        :returns: the record with the first start and the seconds of work already done before a deferral.
        """
        return self._record(execution)

    def finish(self, execution: Execution) -> Execution:
        """Record how a try ended, deferred or rescheduled included; also when its start never arrived.

        :returns: the record with the first start.
        """
        return self._record(execution)

    def get(self, execution_id: str) -> Execution | None:
        """One record, whole."""
        with self._database.read() as connection:
            found = _read(connection, select(table).where(table.c.execution_id == execution_id), data=True)
        return found[0] if found else None

    def list(
        self,
        *,
        dag_id: str | None = None,
        run_id: str | None = None,
        task_id: str | None = None,
        dataset: DatasetName | str | None = None,
        status: Status | None = None,
        since: datetime | None = None,
        limit: int = 50,
        data: bool = True,
    ) -> builtins.list[Execution]:
        """Records, newest first.

        :param dag_id: only of this Dag.
        :param run_id: only of this Dag run.
        :param task_id: only of this task.
        :param dataset: only those that read or wrote it.
        :param status: only in this state.
        :param since: only those that started then or later.
        :param limit: how many at most.
        :param data: False leaves `data` empty: for lists that do not show it.
        """
        equal = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "status": status}
        query = select(table).where(*(table.c[name] == value for name, value in equal.items() if value))
        if dataset is not None:
            touched = select(execution_data.c.execution_id).where(execution_data.c.dataset == str(dataset))
            query = query.where(table.c.execution_id.in_(touched))
        if since is not None:
            query = query.where(table.c.started_at >= since)
        query = query.order_by(table.c.started_at.desc(), table.c.execution_id.desc()).limit(limit)
        with self._database.read() as connection:
            return _read(connection, query, data=data)

    def running(self, before: datetime, limit: int = 10_000) -> builtins.list[Execution]:
        """Records that say running, oldest first.

        :param before: only those that started before then.
        :param limit: how many at most.
        """
        query = select(table).where(table.c.status == Status.RUNNING, table.c.started_at < before)
        with self._database.read() as connection:
            return _read(
                connection, query.order_by(table.c.started_at, table.c.execution_id).limit(limit), data=True
            )

    def reconcile(
        self,
        *,
        dag_id: str,
        run_id: str,
        status: Status,
        message: str,
        end: datetime,
        task_id: str | None = None,
        map_index: int | None = None,
        before_try: int | None = None,
    ) -> dict[str, TaskRun]:
        """Close the records of tries that can no longer close themselves; finished ones stay as they are.

        :param dag_id: of this Dag.
        :param run_id: of this Dag run.
        :param status: what they become.
        :param message: why, for people.
        :param end: when they ended, as far as is known.
        :param task_id: only of this task.
        :param map_index: only of this mapped instance.
        :param before_try: only tries before this one.
        :returns: those that were closed, by their ids.
        """
        which = [table.c.run_id == run_id, table.c.dag_id == dag_id, table.c.status.in_(_UNFINISHED)]
        if task_id is not None:
            which.append(table.c.task_id == task_id)
        if map_index is not None:
            which.append(table.c.map_index == map_index)
        if before_try is not None:
            which.append(table.c.try_number < before_try)
        with self._database.transaction() as connection:
            closed = connection.execute(
                update(table)
                .where(*which)
                .values(status=status, error_message=message, ended_at=end)
                .returning(table)
            )
            return {row["execution_id"]: execution_rows.read_task(row) for row in closed.mappings()}

    def _record(self, execution: Execution) -> Execution:
        with self._database.transaction() as connection:
            row = execution_rows.execution_row(execution)
            kept = connection.execute(_upsert(connection.dialect.name), row).mappings().one_or_none()
            if kept is not None:
                self._write_data(connection, execution, kept["started_at"])
        if kept is None:
            return self.get(execution.execution_id) or execution
        return replace(execution, start=kept["started_at"], duration=kept["duration"])

    def _write_data(self, connection: Connection, execution: Execution, started_at: datetime) -> None:
        # A try that goes on after a deferral starts with no data: what it did before stays.
        if not execution.data:
            return
        rows = execution_rows.data_rows(execution)
        known = delete(execution_data).where(execution_data.c.execution_id == execution.execution_id)
        before = connection.execute(known.returning(*_READ)).mappings().all()
        insert_missing(connection, column_set, rows.columns)
        connection.execute(execution_data.insert(), rows.data)
        if rows.files:
            connection.execute(execution_file.insert(), rows.files)
        new = _read_by(rows.data) - _read_by(before)
        count_reads(self._database, new, execution.task, execution.execution_id, started_at)


@cache
def _upsert(dialect: str) -> Any:
    """Insert or replace, unless that would open a finished record; returns nothing when it would.

    Built once per dialect: putting together a statement of so many columns takes longer than running it.
    """
    statement = insert(dialect, table)
    new = statement.excluded
    changed: dict[str, Any] = {column.name: new[column.name] for column in table.columns}
    del changed["execution_id"]
    changed["started_at"] = case(
        (new.started_at < table.c.started_at, new.started_at), else_=table.c.started_at
    )
    changed["duration"] = func.coalesce(new.duration, table.c.duration)
    return statement.on_conflict_do_update(
        index_elements=[table.c.execution_id],
        set_=changed,
        where=or_(new.status.in_(_FINISHED), table.c.status.in_(_UNFINISHED)),
    ).returning(table.c.started_at, table.c.duration)


def _read_by(rows: Iterable[Mapping[Any, Any]]) -> set[str]:
    """The datasets whose rows were read: checks, approvals and sensors look at no columns."""
    read = (row for row in rows if row["role"] == Role.SOURCE and row["columns_hash"] is not None)
    return {row["dataset"] for row in read if row["dataset"] is not None}


def _read(connection: Connection, query: Select[Any], *, data: bool) -> list[Execution]:
    rows = connection.execute(query).mappings().all()
    found = _read_data(connection, [row["execution_id"] for row in rows]) if data else {}
    return [execution_rows.read_execution(row, found.get(row["execution_id"], ())) for row in rows]


def _read_data(connection: Connection, ids: list[str]) -> dict[str, tuple[DataRef, ...]]:
    data = children(connection, execution_data, execution_data.c.execution_id, ids)
    files = children(connection, execution_file, execution_file.c.execution_id, ids)
    hashes = {row["columns_hash"] for row in data if row["columns_hash"] is not None}
    columns = children(connection, column_set, column_set.c.columns_hash, hashes)
    return execution_rows.read_data(data, files, columns)
