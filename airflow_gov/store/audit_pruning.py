"""Forgets old audits and findings that were fixed long ago; never what is open, or known by a last look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, exists, func, select, update

from airflow_gov.model.audits import AuditState, PrunedAudits
from airflow_gov.model.findings import FindingState
from airflow_gov.store.audit_tables import audit, audit_report, finding, finding_event, look

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.store.database import Database

#: Audits or findings that one transaction takes away, at most.
_STEP = 1_000


class AuditPruning:
    """Takes old audits with their reports away, and findings that were fixed with their lives.

    The newest audit of each kind that finished stays, and so does every finding that is not fixed. The log
    keeps what it says of them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, before: datetime) -> PrunedAudits:
        """Take away what ended before a moment; in steps that hold nobody up for long.

        :param before: the moment.
        :returns: how much was taken away.
        """
        audits = reports = findings = events = 0
        while True:
            with self._database.transaction() as connection:
                ids = list(connection.execute(_old_audits(before)).scalars())
                if ids:
                    _hand_over_looks(connection, ids)
                    gone = delete(audit_report).where(audit_report.c.audit_id.in_(ids))
                    reports += connection.execute(gone).rowcount
                    audits += connection.execute(delete(audit).where(audit.c.audit_id.in_(ids))).rowcount
            if len(ids) < _STEP:
                break
        while True:
            with self._database.transaction() as connection:
                keys = list(connection.execute(_old_findings(before)).scalars())
                if keys:
                    gone = delete(finding_event).where(finding_event.c.key.in_(keys))
                    events += connection.execute(gone).rowcount
                    findings += connection.execute(delete(finding).where(finding.c.key.in_(keys))).rowcount
            if len(keys) < _STEP:
                return PrunedAudits(audits, reports, findings, events)


def _old_audits(before: datetime) -> Select[Any]:
    """Audits that began before a moment and run no more, but for the newest of each kind that finished."""
    newer = audit.alias("newer")
    superseded = exists().where(
        newer.c.kind == audit.c.kind,
        newer.c.state == AuditState.FINISHED.value,
        newer.c.started_at > audit.c.started_at,
    )
    stays = audit.c.state == AuditState.FINISHED.value
    return (
        select(audit.c.audit_id)
        .where(audit.c.started_at < before, audit.c.state != AuditState.RUNNING.value, ~stays | superseded)
        .order_by(audit.c.started_at)
        .limit(_STEP)
    )


def _old_findings(before: datetime) -> Select[Any]:
    return (
        select(finding.c.key)
        .where(finding.c.state == FindingState.FIXED.value, finding.c.fixed_at < before)
        .order_by(finding.c.fixed_at)
        .limit(_STEP)
    )


def _hand_over_looks(connection: Connection, audit_ids: list[str]) -> None:
    """What audits that go looked at is known from the newest that stays: nothing is looked at anew.

    Looks of audits that did not end stay as they are: they count for nothing, and their audits may go.
    """
    finished = AuditState.FINISHED.value
    newest = select(func.max(audit.c.started_at)).where(audit.c.state == finished).scalar_subquery()
    heir = select(audit.c.audit_id).where(audit.c.state == finished, audit.c.started_at == newest).limit(1)
    whole = select(audit.c.audit_id).where(audit.c.audit_id.in_(audit_ids), audit.c.state == finished)
    connection.execute(update(look).where(look.c.audit_id.in_(whole)).values(audit_id=heir.scalar_subquery()))
