"""What gates decided: facts that are added and never changed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, exists, select

from airflow_gov.model.verdicts import Decision, Ruling
from airflow_gov.model.zones import DatasetName
from airflow_gov.store.catalogue_rows import catalogued
from airflow_gov.store.gate_tables import decision as table
from airflow_gov.store.gate_tables import review
from airflow_gov.store.statements import insert_new
from airflow_gov.store.tables import version

if TYPE_CHECKING:
    import builtins

    from airflow_gov.store.database import Database


class Decisions:
    """The decisions of all gates."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, decision: Decision) -> None:
        """Add a decision. Said again by the same execution, nothing happens."""
        with self._database.transaction() as connection:
            if insert_new(connection, table, _row(decision)):
                catalogued(self._database, decision.dataset)

    def for_snapshot(
        self, dataset: DatasetName, snapshot_id: int, *, publishing: bool = False
    ) -> Decision | None:
        """The newest decision on a snapshot.

        :param publishing: the newest one that let it be published, whatever came after.
        """
        found = self._list(dataset, snapshot_id, publishing=publishing, limit=1)
        return found[0] if found else None

    def unrecorded(self, dataset: DatasetName | None = None) -> builtins.list[Decision]:
        """Decisions to publish for review of which no version is known, nor a review.

        Their gates were killed while they published, are about to, or lost against another writer.

        :param dataset: only this dataset's.
        """
        query = select(table).where(
            table.c.ruling == Ruling.REVIEW.value,
            *(
                ~exists().where(
                    other.c.dataset == table.c.dataset, other.c.snapshot_id == table.c.snapshot_id
                )
                for other in (version, review)
            ),
        )
        if dataset is not None:
            query = query.where(table.c.dataset == str(dataset))
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def list(self, dataset: DatasetName, limit: int = 50) -> builtins.list[Decision]:
        """The decisions on a dataset, newest first.

        :param limit: how many at most.
        """
        return self._list(dataset, limit=limit)

    def _list(
        self,
        dataset: DatasetName,
        snapshot_id: int | None = None,
        *,
        publishing: bool = False,
        limit: int,
    ) -> builtins.list[Decision]:
        query = select(table).where(table.c.dataset == str(dataset))
        if snapshot_id is not None:
            query = query.where(table.c.snapshot_id == snapshot_id)
        if publishing:
            query = query.where(table.c.ruling != Ruling.REFUSED)
        query = query.order_by(table.c.decided_at.desc(), table.c.decision_id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]


def _row(decision: Decision) -> dict[str, Any]:
    row = {
        column.name: getattr(decision, column.name)
        for column in table.columns
        if column.name != "decision_id"
    }
    row |= {"dataset": str(decision.dataset), "ruling": decision.ruling.value}
    return row | {"decision_id": _decision_id(row)}


def _decision_id(row: dict[str, Any]) -> str:
    """What makes two decisions the same one: all of it but the moment."""
    told = {name: value for name, value in row.items() if name != "decided_at"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:32]


def _read(row: RowMapping) -> Decision:
    values = {name: value for name, value in row.items() if name != "decision_id"}
    return Decision(
        **values | {"dataset": DatasetName.parse(row["dataset"]), "ruling": Ruling(row["ruling"])}
    )
