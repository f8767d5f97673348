"""One audit from beginning to end: checks look, what they see is kept, repairs are made where asked for."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.check import Check, LakeCheck
from airflow_gov.audit.forgetting import forget_old_audits
from airflow_gov.audit.gone import gone
from airflow_gov.audit.looking import Looker, raise_fatal
from airflow_gov.audit.memory import Memory
from airflow_gov.audit.registry import installed_checks, make_checks
from airflow_gov.audit.repairing import Repaired, repair, require_repairable, together
from airflow_gov.audit.reporting import keep_report
from airflow_gov.audit.scanning import SCANS, Scans, scan_due, unreadable
from airflow_gov.flow.anchoring import anchor_or_warn
from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.audit_looks import Seen
from airflow_gov.store.audits import Ending, Holder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from airflow_gov.runtime import Governance

log = logging.getLogger(__name__)

#: How long an audit that says nothing is believed to live.
LEASE = timedelta(seconds=120)
#: Datasets whose earlier looks are read at once.
_DATASETS = 200
#: Looks and observations that are written at once.
_WRITTEN = 2_000


@dataclass(frozen=True, slots=True)
class AuditRequest:
    """What to audit.

    :param zones: which zones; default: all.
    :param checks: ids of the checks; default: all.
    :param full: look at everything, not only at what changed since a check last looked.
    :param repair: ids of the checks whose findings are repaired, where they are open.
    :param settings: of checks, by id: keyword arguments.
    :param scans: so many datasets whose contents are due are scanned, for the checks that judge by scans.
    :param wait: how long to wait for another audit to end before this one is refused.
    """

    zones: tuple[Zone, ...] | None = None
    checks: tuple[str, ...] | None = None
    full: bool = False
    repair: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    scans: int = SCANS
    wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an audit is.

    :param done: datasets and checks of the whole lake that were looked at.
    :param total: how many there are.
    :param at: what it looks at now.
    """

    done: int
    total: int
    at: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What came of an audit.

    :param run: the audit; after repairs, with what another one saw of what they left.
    :param repaired: what was repaired, or why not.
    """

    run: AuditRun
    repaired: tuple[Repaired, ...] = ()


def run_audit(
    governance: Governance,
    request: AuditRequest = AuditRequest(),
    *,
    actor: str,
    execution_id: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> AuditReport:
    """Audit zones. Of an audit that is broken off nothing is kept but that it began, and the scans it made.

    :param actor: who asked for it.
    :param execution_id: the execution in which it runs, if one does.
    :param on_progress: told before every dataset and check.
    :raises GovernanceError: ``AUDIT_IN_PROGRESS`` while another one runs, ``PARAMETER_INVALID`` for a check,
        setting or repair that there is not, or a negative number of scans; the store or the lake cannot be
        reached.
    """
    if request.scans < 0:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"scans: an audit makes 0 scans or more, not {request.scans}."
        )
    checks = make_checks(request.checks, request.settings)
    require_repairable(request.repair, checks)
    audit = _Audit(governance, request, actor, execution_id, on_progress)
    run, repaired = audit.run(checks), []
    keep_report(governance.store, run, governance.clock())
    mending = [check for check in checks if check.id in request.repair]
    for check in mending:
        repaired += repair(governance, check, audit.lake.zones, actor=actor, execution_id=execution_id)
    if any(each.done for each in repaired):
        again = {(each.check, str(each.dataset)) for each in repaired}
        looked = audit.run(mending, again=again)
        keep_report(governance.store, looked, governance.clock())
        run = together(run, looked)
    forget_old_audits(governance)
    anchor_or_warn(governance)
    return AuditReport(run, tuple(repaired))


class _Audit:
    """The parts of one audit."""

    def __init__(
        self,
        governance: Governance,
        request: AuditRequest,
        actor: str,
        execution_id: str | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._governance = governance
        self._audits = governance.store.audits
        self._request = request
        self._actor = actor
        self._execution_id = execution_id
        self._on_progress = on_progress or (lambda _progress: None)
        self.lake = AuditedLake(governance, request.zones)

    def run(self, checks: Sequence[Check], *, again: Collection[tuple[str, str]] = ()) -> AuditRun:
        """Let the checks look, and keep what they saw.

        :param again: pairs of check and dataset that are looked at whatever is remembered.
        """
        audit_id = self._begin(checks)
        with _alive(self._governance, audit_id):
            try:
                return self._run(audit_id, checks, again)
            except BaseException:  # whatever broke it off: nothing of it counts, and the next may begin
                with suppress(GovernanceError):
                    self._audits.interrupt(audit_id)
                raise

    def _begin(self, checks: Sequence[Check]) -> str:
        run = AuditRun(
            audit_id=uuid.uuid4().hex,
            kind=AuditKind.FULL if self._request.full else AuditKind.INCREMENTAL,
            state=AuditState.RUNNING,
            zones=self.lake.zones,
            checks=tuple(check.id for check in checks),
            started_at=self._governance.clock(),
            ended_at=None,
            actor=self._actor,
            execution_id=self._execution_id,
        )
        holder = Holder(socket.gethostname(), os.getpid())
        until = time.monotonic() + self._request.wait.total_seconds()
        while True:
            try:
                return self._audits.begin(run, holder, LEASE, _is_alive).audit_id
            except GovernanceError as error:
                if error.reason is not Reason.AUDIT_IN_PROGRESS or time.monotonic() >= until:
                    raise
                log.info("%s", error)
                time.sleep(min(2.0, max(0.05, until - time.monotonic())))

    def _run(self, audit_id: str, checks: Sequence[Check], again: Collection[tuple[str, str]]) -> AuditRun:
        # Lists are of the moment it really begins, which may be after a wait.
        memory = Memory(findings=self._audits.findings.standing, looked_at=self._audits.looks.last)
        self.lake = AuditedLake(self._governance, self.lake.zones, memory)
        looker = Looker(
            self.lake, checks, settings=self._request.settings, full=self._request.full, again=again
        )
        scans = self._scan(looker, checks)
        for batch in _batches(self._seen(looker, checks)):
            self._audits.observed(audit_id, batch)
        failures = looker.failures
        plans = {check.id: failures.plan_of(check, self.lake.zones) for check in checks}
        plans["scans"] = str(scans or "")
        scanned = scans.zones if scans is not None else ()
        self._audits.observed(audit_id, list(failures.seen(checks, self.lake.zones, scanned)))
        for check, why in failures.by_check.items():
            log.warning("The check %s could not do all of its work: %s", check, why)
        ending = Ending(
            datasets=sum(not name.is_quarantine for name in self.lake.names),
            failed_checks=failures.by_check,
            plans={check: plan for check, plan in plans.items() if plan},
            installed=installed_checks(),
        )
        return self._audits.finish(audit_id, ending)

    def _scan(self, looker: Looker, checks: Sequence[Check]) -> Scans | None:
        """Scan what is due, where a check judges by scans."""
        reading = [check for check in checks if check.reads_scans]
        if not reading:
            return None

        def failed(name: DatasetName, error: Exception) -> None:
            raise_fatal(error)
            for check in reading:
                looker.failures.add(check, name.zone, f"the contents of {name}", unreadable(name, error))

        def on_progress(name: DatasetName) -> None:
            self._on_progress(Progress(0, len(self.lake.names), f"Contents of {name}"))

        return scan_due(
            self.lake,
            self._request.scans,
            actor=self._actor,
            execution_id=self._execution_id,
            failed=failed,
            on_progress=on_progress,
        )

    def _seen(self, looker: Looker, checks: Sequence[Check]) -> Iterator[Seen]:
        names = self.lake.names
        of_lake = [check for check in checks if isinstance(check, LakeCheck)]
        total = len(names) + len(of_lake)
        for done, check in enumerate(of_lake):
            self._on_progress(Progress(done, total, check.title))
            self._remember(checks, [""])
            yield from looker.lake(check)
        for first in range(0, len(names), _DATASETS):
            batch = names[first : first + _DATASETS]
            due = looker.due(batch, self._audits.looks.wholes(map(str, batch)))
            self._remember(checks, map(str, due))
            for done, name in enumerate(batch, len(of_lake) + first):
                self._on_progress(Progress(done, total, str(name)))
                if name in due:
                    yield from looker.dataset(name, due[name])
        yield from gone(self.lake, self._audits.findings, checks, looker.failures)
        self._on_progress(Progress(total, total, ""))

    def _remember(self, checks: Sequence[Check], scopes: Iterable[str]) -> None:
        self.lake.memory.looks = self._audits.looks.of([check.id for check in checks], scopes)


def _batches(seen: Iterable[Seen]) -> Iterator[list[Seen]]:
    batch: list[Seen] = []
    size = 0
    for each in seen:
        batch.append(each)
        size += 1 + len(each.observations)
        if size >= _WRITTEN:
            yield batch
            batch, size = [], 0
    yield batch


@contextmanager
def _alive(governance: Governance, audit_id: str) -> Iterator[None]:
    """Say in the background that the audit lives, until the end of the block."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(LEASE.total_seconds() / 4):
            with suppress(GovernanceError):  # the lease outlasts three missed renewals
                governance.store.audits.renew(audit_id, LEASE)

    thread = threading.Thread(target=renew, name=f"audit-{audit_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _is_alive(holder: Holder) -> bool:
    """Whether a process may still live. True when it cannot be known: on another host."""
    if holder.host != socket.gethostname():
        return True
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
