"""Which executions read and wrote a dataset, and which files they wrote, in pages."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, RowMapping, func, select, tuple_

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import ColumnInfo, Role, Status
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.model.uses import DatasetRead, FilePage, TaskTry, Usage, Use, UsePage, WrittenFile
from airflow_gov.store.catalogue_reads import usage
from airflow_gov.store.cursors import read_cursor, write_cursor
from airflow_gov.store.lineage.asking import among
from airflow_gov.store.reads import reads
from airflow_gov.store.tables import (
    column_set,
    execution,
    execution_data,
    execution_file,
    load,
    version,
    version_load,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import timedelta

    from airflow_gov.model.zones import DatasetName
    from airflow_gov.store.database import Database

_TRY = tuple(
    execution.c[name]
    for name in (
        "execution_id",
        "dag_id",
        "run_id",
        "task_id",
        "map_index",
        "try_number",
        "operator",
        "action",
        "status",
        "started_at",
        "duration",
    )
)


class Uses:
    """Executions as datasets see them. `dags` are the Dags that exist for the caller; None: all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_dataset(
        self,
        dataset: DatasetName,
        *,
        dags: frozenset[str] | None,
        after: str | None = None,
        limit: int = 50,
    ) -> UsePage:
        """The executions that read or wrote a dataset, newest first.

        :param after: what the page before said comes next.
        :raises GovernanceError: ``PARAMETER_INVALID`` when `after` is from no page.
        """
        touched = select(execution_data.c.execution_id).where(execution_data.c.dataset == str(dataset))
        place = (execution.c.started_at, execution.c.execution_id)
        with self._database.read() as connection:
            query = select(*_TRY).where(execution.c.execution_id.in_(touched), *_seen(connection, dags))
            if after is not None:
                query = query.where(tuple_(*place) < tuple_(*_moment_and_id(after)))
            query = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
            rows = connection.execute(query).mappings().all()
            shown = rows[:limit]
            data = _data(connection, dataset, [row["execution_id"] for row in shown])
        uses = tuple(_use(row, data[row["execution_id"]]) for row in shown)
        if len(rows) <= limit:
            return UsePage(uses)
        last = uses[-1].by
        return UsePage(uses, write_cursor(last.started_at.isoformat(), last.execution_id))

    def reads(
        self, datasets: Collection[DatasetName], *, since: datetime | None, longest: timedelta, limit: int
    ) -> Sequence[DatasetRead]:
        """The executions that read these datasets, newest first; see :mod:`airflow_gov.store.reads`."""
        with self._database.read() as connection:
            return reads(connection, datasets, since=since, longest=longest, limit=limit)

    def usage(self, dataset: DatasetName, *, dags: frozenset[str] | None, limit: int = 50) -> Usage:
        """Which tasks read a dataset, how often, and when last.

        :param limit: how many tasks are listed, the last one first; all are counted.
        """
        with self._database.read() as connection:
            return usage(connection, dataset, dags=dags, limit=limit)

    def tries(self, ids: Collection[str], *, dags: frozenset[str] | None) -> Mapping[str, TaskTry]:
        """These executions by their id, those that exist for the caller."""
        if not ids:
            return {}
        with self._database.read() as connection:
            named = among(connection.dialect.name, execution.c.execution_id, sorted(ids))
            rows = connection.execute(select(*_TRY).where(named, *_seen(connection, dags))).mappings()
            return {row["execution_id"]: _try(row) for row in rows}

    def columns(self, dataset: DatasetName) -> Sequence[ColumnInfo]:
        """The columns of a dataset as they were written last, by whatever execution that knew them."""
        told = (
            select(execution_data.c.columns_hash)
            .join(execution, execution.c.execution_id == execution_data.c.execution_id)
            .where(
                execution_data.c.dataset == str(dataset),
                execution_data.c.role == Role.TARGET,
                execution_data.c.columns_hash.is_not(None),
            )
            .order_by(execution.c.started_at.desc())
            .limit(1)
        )
        query = select(column_set.c.name, column_set.c.type).where(
            column_set.c.columns_hash == told.scalar_subquery()
        )
        with self._database.read() as connection:
            return [ColumnInfo(*row) for row in connection.execute(query.order_by(column_set.c.position))]

    def files(
        self, dataset: DatasetName, number: int, *, after: str | None = None, limit: int = 200
    ) -> FilePage:
        """The files that the loads of a version wrote, and of those before it that it builds on.

        A version is built on those before it, back to the last one that overwrote the whole dataset. What
        later loads replaced of it, and what maintenance wrote anew, only the lake knows.

        :param number: the version's.
        :param after: what the page before said comes next.
        :raises GovernanceError: ``PARAMETER_INVALID`` when `after` is from no page.
        """
        name = str(dataset)
        with self._database.read() as connection:
            last = _brought(connection, name, number)
            loads = (
                select(version_load.c.load_id, func.max(version_load.c.version).label("version"))
                .where(
                    version_load.c.dataset == name,
                    version_load.c.version.between(_overwritten(connection, name, last), last),
                )
                .group_by(version_load.c.load_id)
                .subquery()
            )
            place = (
                loads.c.version,
                execution_file.c.execution_id,
                execution_file.c.data_position,
                execution_file.c.position,
            )
            query = (
                select(
                    *place,
                    loads.c.load_id,
                    execution_file.c.uri,
                    execution_file.c.size,
                    execution_file.c.rows,
                    execution_file.c.sha256,
                )
                .select_from(loads)
                .join(load, (load.c.dataset == name) & (load.c.load_id == loads.c.load_id))
                .join(
                    execution_data,
                    (execution_data.c.execution_id == load.c.execution_id)
                    & (execution_data.c.dataset == name)
                    & (execution_data.c.role == Role.TARGET),
                )
                .join(
                    execution_file,
                    (execution_file.c.execution_id == execution_data.c.execution_id)
                    & (execution_file.c.data_position == execution_data.c.position),
                )
            )
            if after is not None:
                query = query.where(tuple_(*place) < tuple_(*read_cursor(after, int, str, int, int)))
            ordered = query.order_by(*(each.desc() for each in place)).limit(limit + 1)
            found = connection.execute(ordered).mappings().all()
        files = tuple(_file(row) for row in found[:limit])
        following = write_cursor(*(found[limit - 1][each] for each in place)) if len(found) > limit else None
        return FilePage(files, following)

    def went_back(self, dataset: DatasetName) -> Mapping[int, int]:
        """The rollbacks of a dataset: their version's number → that of the version they went back to.

        0 stands for what was before the first version.
        """
        same = version.alias("same")
        query = (
            select(version.c.version, func.min(same.c.version))
            .join(same, (same.c.dataset == version.c.dataset) & (same.c.snapshot_id == version.c.snapshot_id))
            .where(version.c.dataset == str(dataset), version.c.kind == VersionKind.ROLLBACK)
            .group_by(version.c.version)
        )
        with self._database.read() as connection:
            return {
                number: first if first < number else 0 for number, first in connection.execute(query).all()
            }


def _seen(connection: Connection, dags: frozenset[str] | None) -> list[ColumnElement[bool]]:
    if dags is None:
        return []
    return [among(connection.dialect.name, execution.c.dag_id, sorted(dags))]


def _moment_and_id(cursor: str) -> tuple[datetime, str]:
    text, execution_id = read_cursor(cursor, str, str)
    try:
        return datetime.fromisoformat(text).astimezone(UTC), execution_id
    except (ValueError, OverflowError):
        raise GovernanceError(
            Reason.PARAMETER_INVALID, "after: names no moment.", parameter="after"
        ) from None


def _data(
    connection: Connection, dataset: DatasetName, ids: Sequence[str]
) -> Mapping[str, Sequence[RowMapping]]:
    found: dict[str, list[RowMapping]] = defaultdict(list)
    query = select(execution_data).where(
        execution_data.c.dataset == str(dataset),
        among(connection.dialect.name, execution_data.c.execution_id, list(ids)),
    )
    for row in connection.execute(query.order_by(execution_data.c.position)).mappings():
        found[row["execution_id"]].append(row)
    return found


def _use(row: RowMapping, data: Sequence[RowMapping]) -> Use:
    written = [each for each in data if each["role"] != Role.SOURCE]
    told = written or data
    rows = [each["rows"] for each in told if each["rows"] is not None]
    versions = [each["version"] for each in told if each["version"] is not None]
    return Use(
        by=_try(row),
        roles=tuple(dict.fromkeys(Role(each["role"]) for each in data)),
        rows=sum(rows) if rows else None,
        version=max(versions, default=None),
    )


def _try(row: RowMapping) -> TaskTry:
    return TaskTry(**{**row, "status": Status(row["status"])})


def _file(row: RowMapping) -> WrittenFile:
    names = ("uri", "size", "rows", "sha256", "load_id", "version")
    return WrittenFile(**{name: row[name] for name in names})


def _brought(connection: Connection, dataset: str, number: int) -> int:
    """The version whose rows a version has: a rollback's are those of the one it went back to."""
    query = (
        select(func.min(version.c.version))
        .where(version.c.dataset == dataset)
        .where(
            version.c.snapshot_id
            == select(version.c.snapshot_id)
            .where(version.c.dataset == dataset, version.c.version == number)
            .scalar_subquery()
        )
    )
    return int(connection.execute(query).scalar() or number)


def _overwritten(connection: Connection, dataset: str, last: int) -> int:
    """The last version until then whose loads replaced all rows; 1 where none did."""
    query = (
        select(func.max(version_load.c.version))
        .join(load, (load.c.dataset == version_load.c.dataset) & (load.c.load_id == version_load.c.load_id))
        .where(
            version_load.c.dataset == dataset,
            version_load.c.version <= last,
            load.c.write_mode == WriteMode.OVERWRITE,
        )
    )
    return int(connection.execute(query).scalar() or 1)
