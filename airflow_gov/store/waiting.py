"""What everybody waits for, asked in one statement however many they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import Boolean, Integer

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadState, VersionKind
from airflow_gov.model.waits import CandidateWait, LoadStanding, VersionWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.tables import execution, load, verdict, version, version_load
from airflow_gov.store.types import UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.store.database import Database

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Waiting:
    """Answers those who wait for loads and for versions, all at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def loads(self, waits: Sequence[CandidateWait]) -> list[LoadStanding]:
        """How the loads stand that somebody waits for, in one statement."""
        names = {(str(name), load_id) for wait in waits for name, load_id in wait.loads}
        runs = {(str(wait.dataset), wait.dag_id, wait.run_id) for wait in waits if wait.dataset is not None}
        parts = []
        if names:
            parts.append(_standing(self._rows("names", sorted(names)), ("dataset", "load_id")))
        if runs:
            parts.append(_standing(self._rows("runs", sorted(runs)), ("dataset", "dag_id", "run_id")))
        return [
            LoadStanding(
                dataset=DatasetName.parse(row["dataset"]),
                load_id=row["load_id"],
                dag_id=row["dag_id"],
                run_id=row["run_id"],
                state=LoadState(row["state"]),
                status=Status(row["status"]) if row["status"] is not None else None,
            )
            for row in self._ask(parts)
        ]

    def versions(self, waits: Sequence[VersionWait]) -> dict[VersionWait, int]:
        """The newest version that each of them waits for, where there is one; asked in one statement.

        A version that a rollback took back does not count, nor does one that maintenance or a rollback
        made: they bring no new rows.
        """
        sqlite = self._database.url.is_sqlite
        rows = [_conditions(number, wait, sqlite) for number, wait in enumerate(waits)]
        found = self._ask([_newest(self._rows("waits", rows))] if rows else [])
        return {waits[row["number"]]: row["version"] for row in found}

    def _rows(self, name: str, rows: Sequence[Sequence[Any]]) -> _Rows:
        return _Rows(name, rows, sqlite=self._database.url.is_sqlite)

    def _ask(self, parts: Sequence[Select[Any]]) -> list[Any]:
        if not parts:
            return []
        query = parts[0] if len(parts) == 1 else union_all(*parts)
        with self._database.read() as connection:
            return list(connection.execute(query).mappings())


class _Rows:
    """Rows of ours as a table of the statement: one parameter of JSON, whatever their number.

    So the statement's text stays the same, and joined to it both databases look rows up by their keys;
    with a long IN list SQLite scans, and a long VALUES takes more time to write than to run.

    :param name: the table's name.
    :param rows: plain values.
    """

    def __init__(self, name: str, rows: Sequence[Sequence[Any]], *, sqlite: bool) -> None:
        self._sqlite = sqlite
        given: Any = bindparam(name, json.dumps(rows), Text())
        made = func.json_each(given) if sqlite else func.json_array_elements(cast(given, postgresql.JSON()))
        self.table = made.table_valued("value", name=name)

    def __call__(self, position: int, kind: Any) -> ColumnElement[Any]:
        """The value at a position of each row."""
        value = self.table.c.value
        if self._sqlite:
            return func.json_extract(value, literal_column(f"'$[{position}]'"), type_=kind)
        return cast(value.op("->>")(literal_column(str(position))), kind)


def _standing(rows: _Rows, keys: Sequence[str]) -> Select[Any]:
    loads = [load.c[name] for name in ("dataset", "load_id", "dag_id", "run_id", "state")]
    same = (load.c[key] == rows(position, Text()) for position, key in enumerate(keys))
    return (
        select(*loads, execution.c.status)
        .select_from(rows.table)
        .join(load, and_(*same))
        .outerjoin(execution, execution.c.execution_id == load.c.execution_id)
    )


def _conditions(number: int, wait: VersionWait, sqlite: bool) -> tuple[Any, ...]:
    since, date = wait.since or _LONG_AGO, wait.logical_date
    return (
        number,
        str(wait.dataset),
        wait.newer_than,
        _moment(since, sqlite),
        wait.passed,
        None if date is None else _moment(date, sqlite),
    )


def _moment(moment: datetime, sqlite: bool) -> str:
    """As :class:`UtcDateTime` writes it: what SQLite compares is text."""
    moment = moment.astimezone(UTC)
    if sqlite:
        moment = moment.replace(tzinfo=None)
    return moment.isoformat(" ", "microseconds")


def _newest(rows: _Rows) -> Select[Any]:
    number, date = rows(0, Integer()), rows(5, UtcDateTime())
    return (
        select(number.label("number"), func.max(version.c.version).label("version"))
        .select_from(rows.table)
        .join(version, version.c.dataset == rows(1, Text()))
        .outerjoin(verdict, verdict.c.verdict_id == version.c.verdict_id)
        .where(
            version.c.kind == VersionKind.PUBLISH,
            version.c.version > rows(2, Integer()),
            version.c.published_at > rows(3, UtcDateTime()),
            or_(not_(rows(4, Boolean())), verdict.c.passed),
            or_(date.is_(None), _loaded_on(date)),
            not_(_taken_back()),
        )
        .group_by(number)
    )


def _loaded_on(date: ColumnElement[Any]) -> ColumnElement[bool]:
    """One of the version's loads was written by a run of that logical date."""
    loaded = exists().where(
        version_load.c.dataset == version.c.dataset,
        version_load.c.version == version.c.version,
        load.c.dataset == version_load.c.dataset,
        load.c.load_id == version_load.c.load_id,
        execution.c.execution_id == load.c.execution_id,
        execution.c.logical_date == date,
    )
    return loaded.correlate_except(version_load, load, execution)


def _taken_back() -> ColumnElement[bool]:
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
