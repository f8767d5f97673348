"""The waivers that stewards granted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, Select, select

from airflow_gov.model.verdicts import Waiver
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.gate_tables import waiver as table
from airflow_gov.store.statements import insert_new

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterable
    from datetime import datetime

    from airflow_gov.store.database import Database


class Waivers:
    """Every waiver, also those that expired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, waiver: Waiver) -> None:
        """Add a waiver. It does not change: said again, nothing happens."""
        with self._database.transaction() as connection:
            insert_new(connection, table, _row(waiver))

    def get(self, waiver_id: str) -> Waiver | None:
        """One waiver."""
        found = self._list(select(table).where(table.c.waiver_id == waiver_id))
        return found[0] if found else None

    def valid(
        self, dataset: DatasetName, load_ids: Iterable[str], contract_hash: str, now: datetime
    ) -> builtins.list[Waiver]:
        """The waivers that hold now for exactly these loads under this contract version, newest first."""
        query = select(table).where(
            table.c.dataset == str(dataset),
            table.c.expires_at > now,
            table.c.contract_hash == contract_hash,
        )
        wanted = sorted(load_ids)
        found = self._list(query.order_by(table.c.granted_at.desc(), table.c.waiver_id.desc()))
        return [waiver for waiver in found if sorted(waiver.load_ids) == wanted]

    def list(self, dataset: DatasetName | None = None, limit: int = 50) -> builtins.list[Waiver]:
        """Waivers, newest first.

        :param dataset: only this dataset's.
        :param limit: how many at most.
        """
        query = select(table).order_by(table.c.granted_at.desc(), table.c.waiver_id.desc()).limit(limit)
        return self._list(query if dataset is None else query.where(table.c.dataset == str(dataset)))

    def _list(self, query: Select[Any]) -> builtins.list[Waiver]:
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _row(waiver: Waiver) -> dict[str, Any]:
    row = {column.name: getattr(waiver, column.name) for column in table.columns}
    return row | {
        "dataset": str(waiver.dataset),
        "load_ids": list(waiver.load_ids),
        "rules": list(waiver.rules),
    }


def _read(row: RowMapping) -> Waiver:
    values = dict(row) | {
        "dataset": DatasetName.parse(row["dataset"]),
        "load_ids": tuple(row["load_ids"]),
        "rules": tuple(row["rules"]),
    }
    return Waiver(**values)
