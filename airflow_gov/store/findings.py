"""What audits found: read in pages, and acknowledged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, Select, func, or_, select, update

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import (
    Acknowledgement,
    Finding,
    FindingEvent,
    FindingsFacets,
    FindingsPage,
    FindingState,
    FindingsWanted,
    Severity,
)
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.audit_tables import finding as table
from airflow_gov.store.audit_tables import finding_event
from airflow_gov.store.cursors import read_cursor, write_cursor
from airflow_gov.store.finding_filters import facets, narrowed
from airflow_gov.store.statements import insert_new

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from airflow_gov.store.database import Database
    from airflow_gov.store.log import Log

#: Longer than this nobody lets a finding be without looking at it again.
LONGEST_ACKNOWLEDGEMENT = timedelta(days=366)


class Findings:
    """Every finding there ever was."""

    def __init__(self, database: Database, log: Log, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    def page(
        self, wanted: FindingsWanted | None = None, *, after: str | None = None, limit: int = 50
    ) -> FindingsPage:
        """Some findings, the worst first.

        :param wanted: which; default: all that are not fixed.
        :param after: what the page before said comes next.
        :param limit: how many at most.
        :raises GovernanceError: ``PARAMETER_INVALID`` when `after` is from no page.
        """
        chosen = self._narrowed(select(table), wanted)
        query = chosen.order_by(table.c.severity.desc(), table.c.key).limit(limit + 1)
        if after is not None:
            severity, key = read_cursor(after, int, str)
            query = query.where(
                or_(
                    table.c.severity < severity,
                    (table.c.severity == severity) & (table.c.key > key),
                )
            )
        count = self._narrowed(select(func.count()).select_from(table), wanted)
        with self._database.read() as connection:
            total = connection.execute(count).scalar_one()
            rows = connection.execute(query).mappings().all()
        shown = rows[:limit]
        following = write_cursor(shown[-1]["severity"], shown[-1]["key"]) if len(rows) > limit else None
        return FindingsPage(tuple(map(_read, shown)), total, following)

    def each(self, wanted: FindingsWanted | None = None, *, step: int = 1_000) -> Iterator[Finding]:
        """All of them, the worst first, read a page at a time."""
        after: str | None = None
        while True:
            page = self.page(wanted, after=after, limit=step)
            yield from page.findings
            after = page.next
            if after is None:
                return

    def get(self, key: str) -> Finding | None:
        """One finding."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.key == key)).mappings().first()
        return None if row is None else _read(row)

    def history(self, key: str) -> list[FindingEvent]:
        """The life of a finding, oldest step first."""
        query = select(finding_event).where(finding_event.c.key == key).order_by(finding_event.c.at)
        with self._database.read() as connection:
            return [_read_event(row) for row in connection.execute(query).mappings()]

    def counts(self, wanted: FindingsWanted | None = None) -> dict[Severity, int]:
        """How many findings of each severity, the worst first; those of which there is none are left out."""
        query = self._narrowed(select(table.c.severity, func.count()), wanted)
        query = query.group_by(table.c.severity).order_by(table.c.severity.desc())
        with self._database.read() as connection:
            return {Severity.of_rank(rank): count for rank, count in connection.execute(query)}

    def by_check(self, wanted: FindingsWanted | None = None) -> dict[str, int]:
        """How many findings of each check, most first."""
        count = func.count()
        query = self._narrowed(select(table.c.check_id, count), wanted)
        query = query.group_by(table.c.check_id).order_by(count.desc(), table.c.check_id)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def facets(self, wanted: FindingsWanted) -> FindingsFacets:
        """How many findings there would be with another value of one filter."""
        with self._database.read() as connection:
            return facets(connection, wanted)

    def standing(self, check: str, scope: str | None = None) -> list[Finding]:
        """The findings of a check that are not fixed.

        :param scope: only those seen where it looked at this.
        """
        query = select(table).where(table.c.check_id == check, table.c.state != FindingState.FIXED.value)
        if scope is not None:
            query = query.where(table.c.scope == scope)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query.order_by(table.c.key)).mappings()]

    def scopes(self, checks: Collection[str]) -> list[tuple[str, str]]:
        """Where checks looked when they found what is not fixed: pairs of check and scope."""
        query = (
            select(table.c.check_id, table.c.scope)
            .where(table.c.check_id.in_(sorted(checks)), table.c.state != FindingState.FIXED.value)
            .distinct()
        )
        with self._database.read() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def acknowledge(self, key: str, *, by: str, reason: str, expires_at: datetime) -> Finding:
        """Let a finding be until a day; said in the log, too. Said again, the new word counts.

        :param key: the finding's, or the beginning of it that no other has.
        :param by: who.
        :param reason: why.
        :param expires_at: until when, at most a year from now.
        :returns: the finding as it stands now.
        :raises GovernanceError: ``PARAMETER_INVALID``: there is no such finding, it is fixed, no reason is
            given, or the day is none.
        """
        now = self._clock()
        _require(reason, expires_at, now)
        with self._database.transaction() as connection:
            found = self.find(key)
            values = {
                "state": FindingState.ACKNOWLEDGED.value,
                "acknowledged_by": by,
                "acknowledged_reason": reason.strip(),
                "acknowledged_at": now,
                "acknowledged_until": expires_at,
            }
            # An audit may fix it between the query and this.
            standing = (table.c.key == found.key, table.c.state != FindingState.FIXED.value)
            if not connection.execute(update(table).where(*standing).values(values)).rowcount:
                raise GovernanceError(
                    Reason.PARAMETER_INVALID,
                    f"The finding {found.key} is fixed: there is nothing to acknowledge.",
                    key=found.key,
                )
            event = {
                "key": found.key,
                "at": now,
                "state": FindingState.ACKNOWLEDGED.value,
                "severity": found.severity.rank,
                "said_by": by,
                "reason": reason.strip(),
            }
            insert_new(connection, finding_event, event)
            self._log.append(_entry(found, by, reason.strip(), now, expires_at))
            return self.find(found.key)

    def _narrowed(self, query: Select[Any], wanted: FindingsWanted | None) -> Select[Any]:
        return narrowed(query, wanted or FindingsWanted(), self._database.engine.dialect.name)

    def find(self, key: str) -> Finding:
        """The finding of a key, or of the beginning of one.

        :raises GovernanceError: ``PARAMETER_INVALID`` when there is none, or more than one.
        """
        query = select(table).where(table.c.key.startswith(key, autoescape=True)).limit(2)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all() if key else []
        if len(rows) != 1:
            problem = "begins the keys of several findings" if rows else "is the key of no finding"
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                f"{key!r} {problem}: airflow-gov audit show lists them with their keys.",
                key=key,
            )
        return _read(rows[0])


def _require(reason: str, expires_at: datetime, now: datetime) -> None:
    if not reason.strip():
        raise GovernanceError(Reason.PARAMETER_INVALID, "Say why the finding is acknowledged (reason).")
    if not now < expires_at <= now + LONGEST_ACKNOWLEDGEMENT:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"An acknowledgement ends in the future, and within {LONGEST_ACKNOWLEDGEMENT.days} days: "
            f"{expires_at.isoformat(timespec='seconds')} is neither.",
            expires_at=expires_at.isoformat(),
        )


def _entry(found: Finding, by: str, reason: str, now: datetime, expires_at: datetime) -> LogEntry:
    return LogEntry(
        action="finding.acknowledged",
        subject=str(found.dataset) if found.dataset is not None else found.subject,
        actor=by,
        at=now,
        details={
            "finding": found.key,
            "check": found.check,
            "about": found.subject,
            "severity": found.severity.value,
            "reason": reason,
            "expires_at": expires_at.isoformat(timespec="seconds"),
        },
    )


def _read(row: RowMapping) -> Finding:
    return Finding(
        key=row["key"],
        check=row["check_id"],
        subject=row["subject"],
        part=row["part"],
        zone=Zone(row["zone"]) if row["zone"] is not None else None,
        dataset=DatasetName.parse(row["dataset"]) if row["dataset"] is not None else None,
        severity=Severity.of_rank(row["severity"]),
        message=row["message"],
        details=row["details"],
        state=FindingState(row["state"]),
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        fixed_at=row["fixed_at"],
        reopened=row["reopened"],
        acknowledgement=_acknowledgement(row),
    )


def _acknowledgement(row: RowMapping) -> Acknowledgement | None:
    if row["acknowledged_at"] is None:
        return None
    return Acknowledgement(
        by=row["acknowledged_by"],
        reason=row["acknowledged_reason"],
        at=row["acknowledged_at"],
        expires_at=row["acknowledged_until"],
    )


def _read_event(row: RowMapping) -> FindingEvent:
    return FindingEvent(
        at=row["at"],
        state=FindingState(row["state"]),
        severity=Severity.of_rank(row["severity"]),
        audit_id=row["audit_id"],
        by=row["said_by"],
        reason=row["reason"],
    )
