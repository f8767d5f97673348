"""Counts who reads a dataset: by every execution once, however often its record is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, case, func, select

from airflow_gov.model.uses import Reader, Usage
from airflow_gov.model.zones import QUARANTINE_SUFFIX
from airflow_gov.store.catalogue_tables import catalogue_reader as reader
from airflow_gov.store.catalogue_tables import catalogue_use as use
from airflow_gov.store.lineage.asking import among
from airflow_gov.store.statements import insert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Table

    from airflow_gov.model.execution import TaskRun
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store.database import Database

#: A read counts half as much as one this much later.
HALF_LIFE = timedelta(days=30)

_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
#: Half-lives after the epoch that a float still holds, many reads together: until the year 2102.
_MOST = 1000.0


def weight(at: datetime) -> float:
    """How much one read at a moment counts: more than before, so that what was counted need not change."""
    return float(2.0 ** min((at - _EPOCH) / HALF_LIFE, _MOST))


def count_reads(
    database: Database, datasets: Iterable[str], task: TaskRun, execution_id: str, at: datetime
) -> None:
    """Count what an execution has read, when this thread's transaction is about to commit.

    :param datasets: what it read and was not known to have read before.
    :param at: when it started.
    """
    for dataset in sorted(datasets):
        if not dataset.endswith(QUARANTINE_SUFFIX):
            row = {"dataset": dataset, "dag_id": task.dag_id, "task_id": task.task_id}
            act = partial(_count, row=row, execution_id=execution_id, at=at)
            # All transactions lock the rows of datasets in the order of these keys.
            database.before_commit(f"catalogue use {dataset} {execution_id}", act)


def _count(connection: Connection, *, row: Mapping[str, str], execution_id: str, at: datetime) -> None:
    one_use, one_reader = _counted(connection.dialect.name)
    told = {"reads": 1, "last_read_at": at}
    connection.execute(one_use, {"dataset": row["dataset"], "score": weight(at), **told})
    connection.execute(one_reader, {"execution_id": execution_id, **row, **told})


@cache
def _counted(dialect: str) -> tuple[Any, Any]:
    """One read more, of a dataset and of a task: put together once, which takes longer than running it."""
    one, by = insert(dialect, use), insert(dialect, reader)
    same = (reader.c.dataset, reader.c.dag_id, reader.c.task_id)
    newer = by.excluded.last_read_at >= reader.c.last_read_at
    more = {"reads": use.c.reads + 1, "score": use.c.score + one.excluded.score}
    last = case((newer, by.excluded.execution_id), else_=reader.c.execution_id)
    return (
        one.on_conflict_do_update(
            index_elements=[use.c.dataset], set_={**more, "last_read_at": _later(use, one.excluded)}
        ),
        by.on_conflict_do_update(
            index_elements=same,
            set_={
                "reads": reader.c.reads + 1,
                "last_read_at": _later(reader, by.excluded),
                "execution_id": last,
            },
        ),
    )


def _later(table: Table, new: Any) -> ColumnElement[datetime]:
    known = table.c.last_read_at
    return case((known < new.last_read_at, new.last_read_at), else_=known)


def usage(connection: Connection, dataset: DatasetName, *, dags: frozenset[str] | None, limit: int) -> Usage:
    """Who reads a dataset, the task that did so last first.

    :param dags: the Dags that exist for the caller; None: all.
    :param limit: how many tasks are listed; all are counted.
    """
    which = [reader.c.dataset == str(dataset)]
    if dags is not None:
        which.append(among(connection.dialect.name, reader.c.dag_id, sorted(dags)))
    totals = select(func.count(), func.sum(reader.c.reads), func.max(reader.c.last_read_at)).where(*which)
    tasks, reads, last = connection.execute(totals).one()
    columns = [column for column in reader.columns if column.name != "dataset"]
    order = (reader.c.last_read_at.desc(), reader.c.dag_id, reader.c.task_id)
    found = connection.execute(select(*columns).where(*which).order_by(*order).limit(limit)).mappings()
    return Usage(tuple(Reader(**row) for row in found), int(reads or 0), tasks, last)


def last_reads(dialect: str, dags: frozenset[str] | None) -> Any:
    """Each dataset that was read, with when: a query to join.

    :param dags: the Dags that exist for the caller; None: all.
    """
    if dags is None:
        return select(use.c.dataset, use.c.last_read_at).subquery("read")
    return (
        select(reader.c.dataset, func.max(reader.c.last_read_at).label("last_read_at"))
        .where(among(dialect, reader.c.dag_id, sorted(dags)))
        .group_by(reader.c.dataset)
        .subquery("read")
    )
