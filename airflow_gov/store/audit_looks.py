"""What checks see in the running audit, and what the outcome of their last looks depended on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Text, case, cast, delete, literal, select

from airflow_gov.model.audits import AuditState
from airflow_gov.model.findings import Observation
from airflow_gov.model.serde import to_plain
from airflow_gov.store.audit_tables import audit, look, observation
from airflow_gov.store.statements import insert, insert_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from airflow_gov.model.zones import Zone
    from airflow_gov.store.database import Database


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check saw when it looked at something.

    :param check: the check's id.
    :param scope: what it looked at: a dataset's name, a zone, or ``""`` for what is in none.
    :param observations: what was wrong.
    :param token: what that depends on; None: look again next time.
    :param complete: whether it looked at all of it; else nothing is fixed there.
    """

    check: str
    scope: str
    observations: tuple[Observation, ...] = ()
    token: str | None = None
    complete: bool = True


#: In place of a check's id: the token of all looks at a scope together, which counts while all of them do.
WHOLE = ""
#: Audits of a zone and check among which one is looked for in which the check did not fail.
_AUDITS = 500


class Looks:
    """The last look of every check at every scope."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(
        self, checks: Iterable[str], scopes: Iterable[str]
    ) -> dict[tuple[str, str], tuple[str | None, int]]:
        """By check and scope the token of the last look in an audit that finished, and how many there were.

        :param checks: of these checks.
        :param scopes: at these, some hundred at most.
        """
        finished = audit.c.state == AuditState.FINISHED.value
        query = (
            select(
                look.c.check_id,
                look.c.scope,
                case((finished, look.c.token), else_=None),
                case((finished, look.c.times), else_=look.c.times - 1),
            )
            .outerjoin(audit, audit.c.audit_id == look.c.audit_id)
            .where(look.c.scope.in_(sorted(scopes)), look.c.check_id.in_(sorted(checks)))
        )
        with self._database.read() as connection:
            return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(query)}

    def last(self, check: str, zone: Zone) -> datetime | None:
        """When the newest audit began that finished and in which a check could look at a zone."""
        query = (
            select(audit.c.checks, audit.c.zones, audit.c.failed_checks, audit.c.started_at)
            .where(
                audit.c.state == AuditState.FINISHED.value,
                cast(audit.c.zones, Text).like(f'%"{zone.value}"%'),
                cast(audit.c.checks, Text).like(f'%"{check}"%'),
            )
            .order_by(audit.c.started_at.desc())
            .limit(_AUDITS)
        )
        with self._database.read() as connection:
            for checks, zones, failed, started_at in connection.execute(query):
                if check in checks and zone.value in zones and check not in failed:
                    moment: datetime = started_at
                    return moment
        return None

    def wholes(self, scopes: Iterable[str]) -> dict[str, str]:
        """By scope the token of all the looks at it together, where it counts.

        :param scopes: some hundred at most.
        """
        of_all = select(look.c.scope, look.c.token, look.c.audit_id).where(
            look.c.scope.in_(sorted(scopes)), look.c.check_id == WHOLE, look.c.token.is_not(None)
        )
        with self._database.read() as connection:
            found = connection.execute(of_all).all()
            # Joined, SQLite reads all that an audit looked at.
            among = audit.c.audit_id.in_({row.audit_id for row in found})
            ended = select(audit.c.audit_id).where(among, audit.c.state == AuditState.FINISHED.value)
            finished = set(connection.execute(ended).scalars())
        return {row.scope: row.token for row in found if row.audit_id in finished}


def keep(connection: Connection, audit_id: str, seen: Sequence[Seen]) -> None:
    """Keep aside what checks of a running audit saw, inside a transaction."""
    rows = {row["key"]: row for each in seen for row in _observation_rows(audit_id, each)}
    insert_missing(connection, observation, [rows[key] for key in sorted(rows)])
    looks = _look_rows(audit_id, seen)
    if looks:
        looked_at = sorted({row["scope"] for row in looks})
        connection.execute(delete(look).where(look.c.scope.in_(looked_at), look.c.check_id == WHOLE))
        connection.execute(_look(connection.dialect.name), looks)


def _look(dialect: str) -> Any:
    """Insert or replace a look; one more time, unless the last one was of an audit that did not end."""
    statement = insert(dialect, look)
    counted = (
        select(literal(1))
        .where(audit.c.audit_id == look.c.audit_id, audit.c.state == AuditState.FINISHED.value)
        .exists()
    )
    return statement.on_conflict_do_update(
        index_elements=[look.c.scope, look.c.check_id],
        set_={
            "audit_id": statement.excluded.audit_id,
            "token": statement.excluded.token,
            "times": case((counted, look.c.times + 1), else_=look.c.times),
        },
    )


def _look_rows(audit_id: str, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    by_key = {
        (each.check, each.scope): {
            "check_id": each.check,
            "scope": each.scope,
            "audit_id": audit_id,
            "token": each.token,
            "times": 1,
        }
        for each in seen
        if each.complete
    }
    return [by_key[key] for key in sorted(by_key)]


def _observation_rows(audit_id: str, seen: Seen) -> Iterable[dict[str, Any]]:
    for each in seen.observations:
        yield {
            "audit_id": audit_id,
            "key": each.key,
            "check_id": each.check,
            "scope": seen.scope,
            "subject": each.subject,
            "part": each.part,
            "zone": each.zone.value if each.zone is not None else None,
            "dataset": str(each.dataset) if each.dataset is not None else None,
            "severity": each.severity.rank,
            "message": each.message,
            "details": to_plain(each.details),
        }
