"""The pages that show audits to people."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from airflow_gov.model.audits import AuditState
from airflow_gov.store.audit_tables import audit, audit_report
from airflow_gov.store.statements import insert
from airflow_gov.store.types import clean_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from airflow_gov.store.database import Database

#: How many audits keep their page: the newest.
KEPT = 90


class AuditReports:
    """One page for an audit that finished; of one that did not there is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, audit_id: str, html: str, at: datetime, *, without_dags: str | None = None) -> bool:
        """Keep an audit's page, in place of an earlier one; those of old audits go.

        :param html: the whole document.
        :param without_dags: the same without findings that name a Dag; None where it names none.
        :returns: False when the audit has not finished: nothing is kept.
        """
        row = {
            "audit_id": audit_id,
            "made_at": at,
            "whole": _packed(html),
            "without_dags": None if without_dags is None else _packed(without_dags),
        }
        kept = select(audit_report.c.audit_id).order_by(audit_report.c.made_at.desc()).limit(KEPT)
        with self._database.transaction() as connection:
            state = select(audit.c.state).where(audit.c.audit_id == audit_id)
            if connection.execute(state).scalar_one_or_none() != AuditState.FINISHED.value:
                return False
            statement = insert(connection.dialect.name, audit_report).values(row)
            put = statement.on_conflict_do_update(index_elements=[audit_report.c.audit_id], set_=row)
            connection.execute(put)
            connection.execute(
                delete(audit_report).where(audit_report.c.audit_id.not_in(kept.scalar_subquery()))
            )
        return True

    def get(self, audit_id: str, *, naming_dags: bool = True) -> str | None:
        """An audit's page.

        :param naming_dags: False: without the findings that name a Dag.
        """
        query = select(audit_report.c.whole, audit_report.c.without_dags)
        with self._database.read() as connection:
            row = connection.execute(query.where(audit_report.c.audit_id == audit_id)).first()
        if row is None:
            return None
        packed = row.whole if naming_dags or row.without_dags is None else row.without_dags
        return zlib.decompress(packed).decode()

    def among(self, audit_ids: Collection[str]) -> set[str]:
        """Those of some hundred audits that have a page."""
        query = select(audit_report.c.audit_id).where(audit_report.c.audit_id.in_(sorted(audit_ids)))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())


def _packed(html: str) -> bytes:
    return zlib.compress(clean_text(html).encode())
