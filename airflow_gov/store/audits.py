"""Audits: one at a time, and nothing of one that did not end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, case, delete, insert, select, update

from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.zones import Zone
from airflow_gov.store.audit_looks import Looks, Seen, keep
from airflow_gov.store.audit_marks import Marks
from airflow_gov.store.audit_merging import Merged, close_uninstalled, merge
from airflow_gov.store.audit_pruning import AuditPruning
from airflow_gov.store.audit_reports import AuditReports
from airflow_gov.store.audit_tables import audit as table
from airflow_gov.store.audit_tables import observation
from airflow_gov.store.findings import Findings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from airflow_gov.store.database import Database
    from airflow_gov.store.log import Log

#: Under this name, which no check has, the plans of an audit tell what findings it closed.
NOT_INSTALLED = "(not installed)"
_COUNTS = ("datasets", "looked", "new", "reopened", "fixed", "open", "acknowledged")
_MAPPINGS = ("by_severity", "by_zone", "failed_checks", "plans")
_NAMES = tuple(
    column.name for column in table.columns if column.name not in ("leased_until", "host_name", "host_pid")
)
#: What starts later than this from now was put down by a clock that has been set back since.
_CLOCKS_DIFFER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose audit it is.

    :param host: the host's name.
    :param pid: the process there.
    """

    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class Ending:
    """What an audit says when it ends.

    :param datasets: how many datasets its zones have.
    :param failed_checks: ids of the checks that could not do their work, and why.
    :param plans: what checks say about what they looked at.
    :param installed: ids of all checks that are installed, in this audit or not; None: that is not known.
    """

    datasets: int
    failed_checks: Mapping[str, str] = field(default_factory=dict)
    plans: Mapping[str, str] = field(default_factory=dict)
    installed: Collection[str] | None = None


class Audits:
    """Every audit, and what all of them together found.

    One runs at a time, under a lease. What it sees is kept aside in batches and becomes findings when it
    ends, in one transaction: of an audit that was killed nothing counts.
    """

    def __init__(self, database: Database, log: Log, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self.findings = Findings(database, log, clock)
        self.marks = Marks(database, clock)
        self.looks = Looks(database)
        self.reports = AuditReports(database)
        self.pruning = AuditPruning(database)

    def begin(
        self,
        run: AuditRun,
        holder: Holder,
        lease: timedelta,
        is_alive: Callable[[Holder], bool] = lambda _holder: True,
    ) -> AuditRun:
        """Begin an audit. One whose process died is marked interrupted, and what it saw is dropped.

        :param run: what it is going to be; its numbers do not count.
        :param lease: how long it is believed to live without a :meth:`renew`.
        :param is_alive: whether a process may still live.
        :raises GovernanceError: ``AUDIT_IN_PROGRESS`` while another one runs.
        """
        now = self._clock()
        with self._database.transaction() as connection:
            for row in self._running(connection):
                if _lives(row, now, lease, is_alive):
                    raise _in_progress(row)
                self._end(connection, row["audit_id"], now)
            values = _row(run) | {
                "state": AuditState.RUNNING.value,
                "started_at": now,
                "leased_until": now + lease,
                "host_name": holder.host,
                "host_pid": holder.pid,
            }
            connection.execute(insert(table).values(values))
        return self._known(run.audit_id)

    def renew(self, audit_id: str, lease: timedelta) -> bool:
        """Say that an audit lives.

        :returns: False when it was taken for dead in the meantime: it must stop.
        """
        still = (table.c.audit_id == audit_id, table.c.state == AuditState.RUNNING.value)
        values = {"leased_until": self._clock() + lease}
        with self._database.transaction() as connection:
            return connection.execute(update(table).where(*still).values(values)).rowcount == 1

    def observed(self, audit_id: str, seen: Sequence[Seen]) -> None:
        """Keep aside what checks of a running audit saw; a few thousand at a time are best."""
        with self._database.transaction() as connection:
            self._require_running(connection, audit_id)
            keep(connection, audit_id, seen)

    def finish(self, audit_id: str, ending: Ending) -> AuditRun:
        """End an audit: what it saw becomes findings, what it saw no more is fixed. All or nothing.

        :raises GovernanceError: ``AUDIT_IN_PROGRESS`` when it was taken for dead in the meantime.
        """
        now = self._clock()
        with self._database.transaction() as connection:
            self._require_running(connection, audit_id)
            run = self._known(audit_id)
            closed = close_uninstalled(connection, audit_id, now, ending.installed, run.zones)
            merged = merge(connection, audit_id, now, run.checks, ending.failed_checks, run.zones)
            plans = dict(ending.plans)
            if closed:
                plans[NOT_INSTALLED] = _told_closed(closed)
            values = _ended(merged) | {
                "state": AuditState.FINISHED.value,
                "ended_at": now,
                "datasets": ending.datasets,
                "failed_checks": dict(ending.failed_checks),
                "plans": plans,
            }
            connection.execute(update(table).where(table.c.audit_id == audit_id).values(values))
            connection.execute(delete(observation).where(observation.c.audit_id == audit_id))
            finished = self._known(audit_id)
            self._log.append(_entry(finished, now))
        return finished

    def interrupt(self, audit_id: str) -> None:
        """Give a running audit up; nothing of it counts."""
        with self._database.transaction() as connection:
            self._end(connection, audit_id, self._clock())

    def get(self, audit_id: str) -> AuditRun | None:
        """One audit."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.audit_id == audit_id)).mappings().first()
        return None if row is None else _read(row)

    def runs(self, limit: int = 50, *, state: AuditState | None = None) -> list[AuditRun]:
        """Audits, newest first; at the end those of the future, from before a clock was set back.

        :param limit: how many at most.
        :param state: only those that stand so.
        """
        future = case((table.c.started_at > self._clock() + _CLOCKS_DIFFER, 1), else_=0)
        query = (
            select(table).order_by(future, table.c.started_at.desc(), table.c.audit_id.desc()).limit(limit)
        )
        if state is not None:
            query = query.where(table.c.state == state.value)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def trend(self, limit: int = 90) -> list[AuditRun]:
        """The newest audits that finished, oldest first: each tells what was open when it ended."""
        return self.runs(limit, state=AuditState.FINISHED)[::-1]

    def _running(self, connection: Connection) -> Sequence[RowMapping]:
        query = select(table).where(table.c.state == AuditState.RUNNING.value)
        if connection.dialect.name == "postgresql":
            # Two that begin at once: the second waits here, and then sees the first.
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
        return connection.execute(query).mappings().all()

    def _end(self, connection: Connection, audit_id: str, now: datetime) -> None:
        running = (table.c.audit_id == audit_id, table.c.state == AuditState.RUNNING.value)
        values = {"state": AuditState.INTERRUPTED.value, "ended_at": now}
        connection.execute(update(table).where(*running).values(values))
        connection.execute(delete(observation).where(observation.c.audit_id == audit_id))

    def _require_running(self, connection: Connection, audit_id: str) -> None:
        query = select(table.c.state).where(table.c.audit_id == audit_id).with_for_update()
        if connection.execute(query).scalar_one_or_none() != AuditState.RUNNING.value:
            raise GovernanceError(
                Reason.AUDIT_IN_PROGRESS,
                f"The audit {audit_id} was taken for dead and given up (it did not say for too long that it "
                "lives): begin a new one.",
                audit_id=audit_id,
            )

    def _known(self, audit_id: str) -> AuditRun:
        run = self.get(audit_id)
        assert run is not None  # noqa: S101 - it was just written
        return run


def _told_closed(closed: Mapping[str, int]) -> str:
    named = ", ".join(f"{check} ({count:,})" for check, count in sorted(closed.items()))
    return f"closed, for their checks are not installed any more: findings of {named}"


def _row(run: AuditRun) -> dict[str, Any]:
    return (
        {name: getattr(run, name) for name in _NAMES}
        | dict.fromkeys(_COUNTS, 0)
        | {name: {} for name in _MAPPINGS}
        | {"kind": run.kind.value, "zones": [zone.value for zone in run.zones], "checks": list(run.checks)}
    )


def _read(row: RowMapping) -> AuditRun:
    values = {name: row[name] for name in _NAMES}
    return AuditRun(
        **values
        | {
            "kind": AuditKind(row["kind"]),
            "state": AuditState(row["state"]),
            "zones": tuple(Zone(zone) for zone in row["zones"]),
            "checks": tuple(row["checks"]),
        }
    )


def _ended(merged: Merged) -> dict[str, Any]:
    return {
        "looked": merged.looked,
        "new": merged.new,
        "reopened": merged.reopened,
        "fixed": merged.fixed,
        "open": sum(merged.by_severity.values()),
        "acknowledged": merged.acknowledged,
        "by_severity": dict(merged.by_severity),
        "by_zone": dict(merged.by_zone),
    }


def _lives(row: RowMapping, now: datetime, lease: timedelta, is_alive: Callable[[Holder], bool]) -> bool:
    # A lease that runs for longer than any is given was given by a clock that has been set back since.
    if not now < row["leased_until"] <= now + 2 * lease:
        return False
    return is_alive(Holder(row["host_name"], row["host_pid"]))


def _in_progress(row: RowMapping) -> GovernanceError:
    since = row["started_at"].isoformat(timespec="seconds")
    return GovernanceError(
        Reason.AUDIT_IN_PROGRESS,
        f"An audit runs already: {row['audit_id']}, since {since}, on {row['host_name']} (process "
        f"{row['host_pid']}), asked for by {row['actor']}. Wait until it has ended.",
        audit_id=row["audit_id"],
        host=row["host_name"],
        pid=row["host_pid"],
    )


def _entry(run: AuditRun, now: datetime) -> LogEntry:
    return LogEntry(
        action="audit.finished",
        subject=run.audit_id,
        actor=run.actor,
        at=now,
        details={
            "kind": run.kind.value,
            "zones": [zone.value for zone in run.zones],
            "checks": len(run.checks),
            "new": run.new,
            "reopened": run.reopened,
            "fixed": run.fixed,
            "open": run.open,
            "failed_checks": sorted(run.failed_checks),
        },
        execution_id=run.execution_id,
    )
