"""What everybody waits for, asked in one statement however many they are."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import CTE, Select, and_, column, exists, func, not_, or_, select, union_all, values
from sqlalchemy.types import Boolean, Integer

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadState, VersionKind
from airflow_gov.model.waits import CandidateWait, LoadStanding, VersionWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.tables import execution, load, verdict, version, version_load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow_gov.store.database import Database

#: Waits in one statement: SQLite takes 32,766 parameters, and a wait has at most six.
BATCH = 5_000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Waiting:
    """Answers those who wait for loads and for versions, all at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def loads(self, waits: Sequence[CandidateWait]) -> list[LoadStanding]:
        """How the loads stand that somebody waits for, in one statement for every :data:`BATCH` of them."""
        named = sorted({(str(name), load_id) for wait in waits for name, load_id in wait.loads})
        runs = sorted(
            {(str(wait.dataset), wait.dag_id, wait.run_id) for wait in waits if wait.dataset is not None}
        )
        wanted: list[tuple[Callable[[Any], Select[Any]], Any]] = [
            *((_of_names, row) for row in named),
            *((_of_runs, row) for row in runs),
        ]
        return [
            LoadStanding(
                dataset=DatasetName.parse(row["dataset"]),
                load_id=row["load_id"],
                dag_id=row["dag_id"],
                run_id=row["run_id"],
                state=LoadState(row["state"]),
                status=Status(row["status"]) if row["status"] is not None else None,
            )
            for row in self._ask(wanted)
        ]

    def versions(self, waits: Sequence[VersionWait]) -> dict[VersionWait, int]:
        """The newest version that each of them waits for, where there is one.

        A version that a rollback took back does not count, nor does one that maintenance or a rollback
        made: they bring no new rows.
        """
        wanted: list[tuple[Callable[[Any], Select[Any]], Any]] = [
            (_newest if wait.logical_date is None else _newest_of_date, _wait_row(number, wait))
            for number, wait in enumerate(waits)
        ]
        return {waits[row["number"]]: row["version"] for row in self._ask(wanted)}

    def _ask(self, wanted: Sequence[tuple[Callable[[Any], Select[Any]], Any]]) -> list[Any]:
        found: list[Any] = []
        for batch in _batches(wanted):
            rows: dict[Callable[[Any], Select[Any]], list[Any]] = {}
            for query, row in batch:
                rows.setdefault(query, []).append(row)
            parts = [query(given) for query, given in rows.items()]
            with self._database.read() as connection:
                found += connection.execute(union_all(*parts) if len(parts) > 1 else parts[0]).mappings()
        return found


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(items), BATCH):
        yield items[first : first + BATCH]


def _rows(name: str, columns: dict[str, Any], data: Sequence[Any]) -> CTE:
    """Waits as a table. Joined to it, both databases look loads up by their keys; with IN, SQLite scans."""
    return values(*(column(each, kind) for each, kind in columns.items()), name=name).data(data).cte(name)


def _of_names(named: Sequence[tuple[str, str]]) -> Select[Any]:
    keys = {"dataset": load.c.dataset.type, "load_id": load.c.load_id.type}
    return _standing(_rows("named", keys, named), *keys)


def _of_runs(runs: Sequence[tuple[str, str, str]]) -> Select[Any]:
    keys = {"dataset": load.c.dataset.type, "dag_id": load.c.dag_id.type, "run_id": load.c.run_id.type}
    return _standing(_rows("of_run", keys, runs), *keys)


def _standing(waits: CTE, *keys: str) -> Select[Any]:
    loads = [load.c[name] for name in ("dataset", "load_id", "dag_id", "run_id", "state")]
    return (
        select(*loads, execution.c.status)
        .select_from(waits)
        .join(load, and_(*(load.c[key] == waits.c[key] for key in keys)))
        .outerjoin(execution, execution.c.execution_id == load.c.execution_id)
    )


_CONDITIONS: dict[str, Any] = {
    "number": Integer(),
    "dataset": version.c.dataset.type,
    "newer_than": Integer(),
    "since": version.c.published_at.type,
    "passed": Boolean(),
}


def _wait_row(number: int, wait: VersionWait) -> tuple[Any, ...]:
    conditions = (number, str(wait.dataset), wait.newer_than, wait.since or _LONG_AGO, wait.passed)
    return conditions if wait.logical_date is None else (*conditions, wait.logical_date)


def _newest(waits: Sequence[tuple[Any, ...]]) -> Select[Any]:
    rows = _rows("newer", _CONDITIONS, waits)
    return _awaited(rows, select(rows.c.number, func.max(version.c.version).label("version")))


def _newest_of_date(waits: Sequence[tuple[Any, ...]]) -> Select[Any]:
    rows = _rows("dated", _CONDITIONS | {"logical_date": execution.c.logical_date.type}, waits)
    query = _awaited(rows, select(rows.c.number, func.max(version.c.version).label("version")))
    return (
        query.join(
            version_load,
            and_(version_load.c.dataset == version.c.dataset, version_load.c.version == version.c.version),
        )
        .join(load, and_(load.c.dataset == version.c.dataset, load.c.load_id == version_load.c.load_id))
        .join(execution, execution.c.execution_id == load.c.execution_id)
        .where(execution.c.logical_date == rows.c.logical_date)
    )


def _awaited(waits: CTE, query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(waits)
        .join(version, version.c.dataset == waits.c.dataset)
        .outerjoin(verdict, verdict.c.verdict_id == version.c.verdict_id)
        .where(
            version.c.kind == VersionKind.PUBLISH,
            version.c.version > waits.c.newer_than,
            version.c.published_at > waits.c.since,
            or_(not_(waits.c.passed), verdict.c.passed),
            not_(_taken_back()),
        )
        .group_by(waits.c.number)
    )


def _taken_back() -> Any:
    """A later rollback went to what main was before this version, or to nothing at all."""
    rollback, before, restored = version.alias("rollback"), version.alias("before"), version.alias("restored")
    earlier = exists().where(
        before.c.dataset == rollback.c.dataset,
        before.c.snapshot_id == rollback.c.snapshot_id,
        before.c.version < version.c.version,
    )
    known = exists().where(
        restored.c.dataset == rollback.c.dataset,
        restored.c.snapshot_id == rollback.c.snapshot_id,
        restored.c.version < rollback.c.version,
    )
    taken_back = exists().where(
        rollback.c.dataset == version.c.dataset,
        rollback.c.kind == VersionKind.ROLLBACK,
        rollback.c.version > version.c.version,
        or_(earlier.correlate(rollback, version), not_(known.correlate(rollback))),
    )
    return taken_back.correlate(version)
