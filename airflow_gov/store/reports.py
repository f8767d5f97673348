"""The pages that show verdicts to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from airflow_gov.store.gate_tables import report as table
from airflow_gov.store.statements import insert

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.store.database import Database


class Reports:
    """One page for a verdict: the one that was made last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, verdict_id: str, html: str, at: datetime) -> None:
        """Keep a verdict's page, in place of an earlier one.

        :param html: the whole document.
        """
        row = {"verdict_id": verdict_id, "html": html, "created_at": at}
        with self._database.transaction() as connection:
            statement = insert(connection.dialect.name, table).values(row)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[table.c.verdict_id], set_={"html": html, "created_at": at}
                )
            )

    def get(self, verdict_id: str) -> str | None:
        """A verdict's page."""
        query = select(table.c.html).where(table.c.verdict_id == verdict_id)
        with self._database.read() as connection:
            found: str | None = connection.execute(query).scalar_one_or_none()
        return found
