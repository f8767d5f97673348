"""The verdicts on candidates and versions."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, Select, select, tuple_

from airflow_gov.model.serde import to_plain
from airflow_gov.model.verdicts import RuleResult, Verdict
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_rows import catalogued
from airflow_gov.store.execution_rows import part_row
from airflow_gov.store.lineage.asking import among
from airflow_gov.store.statements import children, insert_new
from airflow_gov.store.tables import verdict as table
from airflow_gov.store.tables import verdict_rule
from airflow_gov.store.types import clean_text

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.store.database import Database

#: Fields of a result whose names SQL reserves or that say too little in a table: field → column.
_COLUMNS = {"check": "check_name", "rows": "rows_checked"}
_FIELDS = {column: name for name, column in _COLUMNS.items()}


class Verdicts:
    """The results of all checks, rule by rule."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, verdict: Verdict) -> None:
        """Record a verdict. A verdict does not change: said again, nothing happens."""
        with self._database.transaction() as connection:
            made = insert_new(connection, table, _row(verdict))
            if made and verdict.results:
                connection.execute(verdict_rule.insert(), _rule_rows(verdict))
            if made:
                catalogued(self._database, verdict.dataset)

    def get(self, verdict_id: str) -> Verdict | None:
        """One verdict."""
        return self._first(select(table).where(table.c.verdict_id == verdict_id))

    def for_snapshot(
        self, dataset: DatasetName, snapshot_id: int, contract_hash: str | None = None
    ) -> Verdict | None:
        """The newest verdict on a snapshot.

        :param contract_hash: only on this version of the contract.
        """
        query = _newest_first(dataset).where(table.c.snapshot_id == snapshot_id)
        if contract_hash is not None:
            query = query.where(table.c.contract_hash == contract_hash)
        return self._first(query)

    def list(
        self, dataset: DatasetName, limit: int = 50, *, until: datetime | None = None
    ) -> builtins.list[Verdict]:
        """The verdicts on a dataset, newest first.

        :param limit: how many at most.
        :param until: none that was given later.
        """
        query = _newest_first(dataset)
        if until is not None:
            query = query.where(table.c.checked_at <= until)
        return self._list(query.limit(limit))

    def history(
        self, dataset: DatasetName, limit: int = 50, *, after: str | None = None
    ) -> builtins.list[Verdict]:
        """The verdicts on a dataset in pages, newest first.

        :param limit: how many at most.
        :param after: the last verdict of the page before; one that is not the dataset's ends the history.
        """
        query = _newest_first(dataset)
        if after is not None:
            last = table.alias("last")
            this = (last.c.verdict_id == after, last.c.dataset == str(dataset))
            moment = select(last.c.checked_at).where(*this).scalar_subquery()
            place = tuple_(table.c.checked_at, table.c.verdict_id)
            query = query.where(place < tuple_(moment, clean_text(after)))
        return self._list(query.limit(limit))

    def passed(self, verdict_ids: Iterable[str]) -> Mapping[str, bool]:
        """Whether each of these verdicts passed, by its id."""
        ids = sorted(set(verdict_ids))
        with self._database.read() as connection:
            named = among(connection.dialect.name, table.c.verdict_id, ids)
            rows = connection.execute(select(table.c.verdict_id, table.c.passed).where(named))
            return {row.verdict_id: row.passed for row in rows}

    def _first(self, query: Select[Any]) -> Verdict | None:
        found = self._list(query.limit(1))
        return found[0] if found else None

    def _list(self, query: Select[Any]) -> builtins.list[Verdict]:
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            results = _results(connection, [row["verdict_id"] for row in rows])
        return [_read(row, results.get(row["verdict_id"], [])) for row in rows]


def _newest_first(dataset: DatasetName) -> Select[Any]:
    return (
        select(table)
        .where(table.c.dataset == str(dataset))
        .order_by(table.c.checked_at.desc(), table.c.verdict_id.desc())
    )


def _results(connection: Connection, ids: list[str]) -> Mapping[str, Sequence[RuleResult]]:
    found: dict[str, list[RuleResult]] = defaultdict(list)
    for row in children(connection, verdict_rule, verdict_rule.c.verdict_id, ids):
        values = {
            _FIELDS.get(name, name): row[name] for name in row if name not in ("verdict_id", "position")
        }
        lists = {"columns": tuple(row["columns"]), "examples": tuple(row["examples"])}
        found[row["verdict_id"]].append(RuleResult(**values | lists))
    return found


def _row(verdict: Verdict) -> dict[str, Any]:
    row = {column.name: getattr(verdict, column.name) for column in table.columns}
    return row | {"dataset": str(verdict.dataset), "load_ids": list(verdict.load_ids)}


def _rule_rows(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {_COLUMNS.get(name, name): value for name, value in part_row(result, "").items()}
        | {
            "verdict_id": verdict.verdict_id,
            "position": position,
            "columns": list(result.columns),
            "value": to_plain(result.value),
            "examples": to_plain(result.examples),
        }
        for position, result in enumerate(verdict.results)
    ]


def _read(row: RowMapping, results: Sequence[RuleResult]) -> Verdict:
    return Verdict(
        verdict_id=row["verdict_id"],
        dataset=DatasetName.parse(row["dataset"]),
        snapshot_id=row["snapshot_id"],
        contract_hash=row["contract_hash"],
        results=tuple(results),
        rows=row["rows"],
        checked_at=row["checked_at"],
        execution_id=row["execution_id"],
        load_ids=tuple(row["load_ids"]),
    )
