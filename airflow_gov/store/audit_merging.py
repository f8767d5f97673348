"""How what an audit saw becomes findings: set by set, whatever their number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from airflow_gov.model.findings import CHECK_FAILED, OPEN_STATES, FindingState, Severity
from airflow_gov.store.audit_looks import WHOLE
from airflow_gov.store.audit_tables import finding, finding_event, look, observation
from airflow_gov.store.statements import insert
from airflow_gov.store.types import SafeText, UtcDateTime

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.model.zones import Zone

_OPEN = [state.value for state in OPEN_STATES]
_SEEN = ("check_id", "scope", "subject", "part", "zone", "dataset", "severity", "message", "details")
_ACKNOWLEDGEMENT = ("acknowledged_by", "acknowledged_reason", "acknowledged_at", "acknowledged_until")
_NOBODY = dict.fromkeys(_ACKNOWLEDGEMENT)


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of it.

    :param looked: pairs of check and scope that were looked at.
    :param new: findings that nobody saw before.
    :param reopened: findings that were fixed and are there again, and those that nobody lets be any more.
    :param fixed: findings that are there no more.
    :param acknowledged: findings that somebody lets be.
    :param by_severity: open findings by severity.
    :param by_zone: open findings by zone, ``""`` for those of none.
    """

    looked: int
    new: int
    reopened: int
    fixed: int
    acknowledged: int
    by_severity: Mapping[str, int]
    by_zone: Mapping[str, int]


def merge(
    connection: Connection,
    audit_id: str,
    now: datetime,
    asked: Sequence[str],
    failed: Collection[str],
    zones: Sequence[Zone],
) -> Merged:
    """Make findings of what an audit saw, inside a transaction.

    :param asked: its checks.
    :param failed: those of them that could not do their work.
    :param zones: the zones it is of.
    """
    step = _Step(connection, audit_id, now)
    new, worse = step.count(_unknown(audit_id)), step.count(_worse(audit_id))
    again = step.count(_known_as(audit_id, FindingState.FIXED))
    step.tell(FindingState.NEW, _unknown(audit_id))
    step.tell(FindingState.REOPENED, _known_as(audit_id, FindingState.FIXED))
    step.tell(FindingState.REOPENED, _worse(audit_id))
    step.put()
    fixed = step.fix()
    lapsed = step.lapse(asked, zones)
    step.stand([check for check in asked if check not in failed], zones)
    return Merged(
        looked=_scalar(connection, _looks(audit_id)),
        new=new,
        reopened=again + worse + lapsed,
        fixed=fixed,
        acknowledged=_scalar(
            connection,
            select(func.count()).where(finding.c.state == FindingState.ACKNOWLEDGED.value),
        ),
        by_severity=_by_severity(connection),
        by_zone=_by_zone(connection),
    )


def close_uninstalled(
    connection: Connection,
    audit_id: str,
    now: datetime,
    installed: Collection[str] | None,
    zones: Sequence[Zone],
) -> dict[str, int]:
    """Close findings of checks that are not installed any more: no audit could ever say that they are fixed.

    They are fixed with that reason; where the check comes back and sees them, they are reopened.

    :param installed: ids of the checks that are; None: that is not known, and nothing is closed.
    :param zones: the zones of the audit.
    :returns: how many were closed, by check.
    """
    if installed is None:
        return {}
    known = sorted(installed)
    of_checks = case((finding.c.check_id == CHECK_FAILED, finding.c.subject), else_=finding.c.check_id)
    which = and_(
        finding.c.state != FindingState.FIXED.value,
        of_checks.not_in(known),
        or_(finding.c.zone.is_(None), finding.c.zone.in_([zone.value for zone in zones])),
    )
    query = select(of_checks, func.count()).where(which).group_by(of_checks)
    closed = {row[0]: row[1] for row in connection.execute(query)}
    if closed:
        step = _Step(connection, audit_id, now)
        keys = select(finding.c.key, finding.c.severity).where(which)
        step.tell(FindingState.FIXED, keys, reason="Its check is not installed any more.")
        values = {"state": FindingState.FIXED.value, "fixed_at": now, **_NOBODY}
        connection.execute(update(finding).where(which).values(values))
        # Where the check is back it must look again, though nothing changed; so does what stamps all checks.
        connection.execute(update(look).where(look.c.check_id.not_in(known)).values(token=null()))
    return closed


def _unknown(audit_id: str) -> Any:
    """What was seen for the first time."""
    joined = observation.outerjoin(finding, finding.c.key == observation.c.key)
    return (
        select(observation.c.key, observation.c.severity)
        .select_from(joined)
        .where(observation.c.audit_id == audit_id, finding.c.key.is_(None))
    )


def _known_as(audit_id: str, state: FindingState) -> Any:
    """What was seen and is a finding in that state."""
    joined = observation.join(finding, finding.c.key == observation.c.key)
    return (
        select(observation.c.key, observation.c.severity)
        .select_from(joined)
        .where(observation.c.audit_id == audit_id, finding.c.state == state.value)
    )


def _worse(audit_id: str) -> Any:
    """What somebody lets be and has become worse than it was then."""
    query = _known_as(audit_id, FindingState.ACKNOWLEDGED)
    return query.where(observation.c.severity > finding.c.severity)


class _Step:
    """The steps of one merge."""

    def __init__(self, connection: Connection, audit_id: str, now: datetime) -> None:
        self._connection = connection
        self._audit_id = audit_id
        self._now = now

    def lapse(self, checks: Sequence[str], zones: Sequence[Zone]) -> int:
        """What was acknowledged until now, and is still there, waits for somebody again.

        That is in these zones and of these checks: who audits others tells others.
        """
        about = case((finding.c.check_id == CHECK_FAILED, finding.c.subject), else_=finding.c.check_id)
        over = and_(
            finding.c.state == FindingState.ACKNOWLEDGED.value,
            finding.c.acknowledged_until <= self._now,
            about.in_(list(checks)),
            or_(finding.c.zone.is_(None), finding.c.zone.in_([zone.value for zone in zones])),
        )
        self.tell(FindingState.REOPENED, select(finding.c.key, finding.c.severity).where(over))
        values = {"state": FindingState.REOPENED.value, **_NOBODY}
        return self._connection.execute(update(finding).where(over).values(values)).rowcount

    def count(self, query: Any) -> int:
        return _scalar(self._connection, select(func.count()).select_from(query.subquery()))

    def tell(self, state: FindingState, query: Any, *, reason: str | None = None) -> None:
        """Write into the life of findings what they become.

        :param query: their keys and severities.
        :param reason: why.
        """
        which = query.subquery()
        rows = select(
            which.c.key,
            literal(self._now, UtcDateTime()),
            literal(state.value, SafeText()),
            which.c.severity,
            literal(self._audit_id, SafeText()),
            literal(reason, SafeText()),
        ).where(literal(value=True))
        statement = insert(self._connection.dialect.name, finding_event).from_select(
            ["key", "at", "state", "severity", "audit_id", "reason"], rows
        )
        self._connection.execute(statement.on_conflict_do_nothing())

    def put(self) -> None:
        """Insert what is new and renew what is known."""
        moment = literal(self._now, UtcDateTime())
        rows = select(
            observation.c.key,
            *(observation.c[name] for name in _SEEN),
            literal(FindingState.NEW.value, SafeText()),
            moment,
            moment,
            literal(0),
        ).where(observation.c.audit_id == self._audit_id)
        statement = insert(self._connection.dialect.name, finding).from_select(
            ["key", *_SEEN, "state", "first_seen_at", "last_seen_at", "reopened"], rows
        )
        new = statement.excluded
        was_fixed = finding.c.state == FindingState.FIXED.value
        worse = and_(finding.c.state == FindingState.ACKNOWLEDGED.value, new.severity > finding.c.severity)
        again = or_(was_fixed, worse)
        changes: dict[str, Any] = {name: new[name] for name in _SEEN}
        changes |= {
            "last_seen_at": new.last_seen_at,
            "fixed_at": null(),
            "reopened": finding.c.reopened + case((was_fixed, 1), else_=0),
            "state": case((again, FindingState.REOPENED.value), else_=finding.c.state),
        }
        changes |= {name: case((again, null()), else_=finding.c[name]) for name in _ACKNOWLEDGEMENT}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[finding.c.key], set_=changes)
        )

    def fix(self) -> int:
        """What was looked at and not seen is fixed."""
        looked = (
            select(literal(1))
            .where(
                look.c.audit_id == self._audit_id,
                look.c.check_id == finding.c.check_id,
                look.c.scope == finding.c.scope,
            )
            .exists()
        )
        seen = (
            select(literal(1))
            .where(observation.c.audit_id == self._audit_id, observation.c.key == finding.c.key)
            .exists()
        )
        gone = and_(finding.c.state != FindingState.FIXED.value, looked, ~seen)
        self.tell(FindingState.FIXED, select(finding.c.key, finding.c.severity).where(gone))
        values = {"state": FindingState.FIXED.value, "fixed_at": self._now, **_NOBODY}
        return self._connection.execute(update(finding).where(gone).values(values)).rowcount

    def stand(self, checks: Sequence[str], zones: Sequence[Zone]) -> None:
        """What was not looked at because nothing changed is as it was: it was seen now, too."""
        of_zones: ColumnElement[bool] = finding.c.zone.in_([zone.value for zone in zones])
        which = (
            finding.c.state != FindingState.FIXED.value,
            finding.c.last_seen_at < bindparam("moment", self._now, UtcDateTime()),
            finding.c.check_id.in_(list(checks)) if checks else false(),
            or_(finding.c.zone.is_(None), of_zones),
        )
        self._connection.execute(update(finding).where(*which).values(last_seen_at=self._now))


def _looks(audit_id: str) -> Any:
    """How many there were: of the whole lake one, however many zones it has."""
    looked_at = or_(look.c.scope == "", look.c.scope.contains("."))
    of_checks = look.c.check_id.not_in([CHECK_FAILED, WHOLE])
    return select(func.count()).where(look.c.audit_id == audit_id, of_checks, looked_at)


def _by_severity(connection: Connection) -> dict[str, int]:
    query = (
        select(finding.c.severity, func.count())
        .where(finding.c.state.in_(_OPEN))
        .group_by(finding.c.severity)
        .order_by(finding.c.severity.desc())
    )
    return {Severity.of_rank(rank).value: count for rank, count in connection.execute(query)}


def _by_zone(connection: Connection) -> dict[str, int]:
    zone = func.coalesce(finding.c.zone, "")
    query = select(zone, func.count()).where(finding.c.state.in_(_OPEN)).group_by(zone).order_by(zone)
    return {name: count for name, count in connection.execute(query)}  # noqa: C416 - rows are no pairs


def _scalar(connection: Connection, query: Any) -> int:
    return int(connection.execute(query).scalar_one())
