"""Which executions read some datasets, in one query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, func, or_, select

from airflow_gov.model.execution import Role, Status
from airflow_gov.model.uses import DatasetRead, TaskTry
from airflow_gov.store.lineage.asking import among
from airflow_gov.store.tables import execution, execution_data

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import ColumnElement, Connection

    from airflow_gov.model.zones import DatasetName

_TRY = tuple(TaskTry.__dataclass_fields__)
#: Who only waits for a version, or asks for its number, notes neither.
_LOOKED_AT = or_(execution_data.c.columns_hash.is_not(None), execution_data.c.rows.is_not(None))


def reads(
    connection: Connection,
    datasets: Collection[DatasetName],
    *,
    since: datetime | None,
    longest: timedelta,
    limit: int,
) -> Sequence[DatasetRead]:
    """The executions that read rows of these datasets, newest first.

    :param since: only those that began or ended then or later, or did not end.
    :param longest: how long before that those may have begun that did not end.
    :param limit: how many of one dataset.
    """
    names = sorted(map(str, datasets))
    read = _read(among(connection.dialect.name, execution_data.c.dataset, names))
    newest = (execution.c.started_at.desc(), execution.c.execution_id.desc())
    numbered = (
        select(
            *(execution.c[name] for name in _TRY),
            func.coalesce(func.nullif(execution.c.triggered_by, ""), execution.c.os_user).label("who"),
            read.c.dataset,
            read.c.version,
            func.row_number().over(partition_by=read.c.dataset, order_by=newest).label("place"),
        )
        .join(read, read.c.execution_id == execution.c.execution_id)
        .where(*_since(since, longest))
        .subquery()
    )
    order = (numbered.c.started_at.desc(), numbered.c.execution_id.desc(), numbered.c.dataset)
    query = select(numbered).where(numbered.c.place <= limit).order_by(*order)
    return [
        DatasetRead(
            by=TaskTry(**{**{name: row[name] for name in _TRY}, "status": Status(row["status"])}),
            dataset=row["dataset"],
            version=row["version"],
            who=row["who"],
        )
        for row in connection.execute(query).mappings()
    ]


def _read(named: ColumnElement[bool]) -> Any:
    """Each dataset that an execution read, once: it may have read several loads of it."""
    query: Select[Any] = (
        select(
            execution_data.c.execution_id,
            execution_data.c.dataset,
            func.max(execution_data.c.version).label("version"),
        )
        .where(execution_data.c.role == Role.SOURCE, _LOOKED_AT, named)
        .group_by(execution_data.c.execution_id, execution_data.c.dataset)
    )
    return query.subquery()


def _since(since: datetime | None, longest: timedelta) -> list[ColumnElement[bool]]:
    if since is None:
        return []
    unended = and_(execution.c.ended_at.is_(None), execution.c.started_at >= since - longest)
    return [or_(execution.c.started_at >= since, execution.c.ended_at >= since, unended)]
