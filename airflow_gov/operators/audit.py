"""Audits of zones as a task."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import Zone
from airflow_gov.operators.recording import governed
from airflow_gov.operators.telling import TellsLineage

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_gov.audit.auditing import Progress
    from airflow_gov.audit.summing import Outcome
    from airflow_gov.flow.recording import Recording
    from airflow_gov.model.audits import AuditRun
    from airflow_gov.runtime import Governance

#: What tells people: a notifier of any provider, or a function of the context.
Notifier = Callable[["Context"], Any]
_SECONDS_BETWEEN_LINES = 15.0


class ZoneAuditOperator(TellsLineage, BaseOperator):
    """Look whether the zones of the lake are as they should be.

    What is found is kept in the governance store, each finding once, from the first time it is seen until it
    is fixed. The task's log has a summary, its result (XCom) the numbers and the worst findings.

    :param zones: the zones to look at, one or more; default: all (templated).
    :param checks: ids of the checks to make; default: all (templated). ``airflow-gov audit list --checks``
        names them.
    :param fail_on: fail when a finding of these zones and checks is open and this bad or worse (``info``,
        ``warning``, ``error``, ``critical``); None: never (templated).
    :param full: look at everything, not only at what changed since the last audit; findings are the same.
    :param repair: ids of the checks whose findings are repaired, of those that can.
    :param settings: of checks, by id: ``{"small-files": {"files": 50}}``.
    :param scans: before the checks look, the contents of so many datasets are scanned for what looks
        personal: those that were never scanned, or changed since; 0: none.
    :param wait_seconds: how long to wait for another audit to end.
    :param notify: notifiers that are called when findings are new or reopened; their templates have
        ``audit``: its ``new``, ``reopened``, ``fixed``, ``open``, ``by_severity``, ``worst`` and ``text``.
    """

    ui_color = "#e3f0ec"
    action: ClassVar[str] = "Audit zones"
    template_fields: Sequence[str] = ("zones", "checks", "fail_on")

    def __init__(
        self,
        *,
        zones: str | Sequence[str] | None = None,
        checks: str | Sequence[str] | None = None,
        fail_on: str | None = "error",
        full: bool = False,
        repair: str | Sequence[str] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        scans: int = 100,
        wait_seconds: float = 600,
        notify: Notifier | Sequence[Notifier] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.zones = zones
        self.checks = checks
        self.fail_on = fail_on
        self.full = full
        self.repair = repair
        self.settings = settings
        self.scans = scans
        self.wait_seconds = wait_seconds
        self.notify = notify
        self._audited: AuditRun | None = None
        self._said_at = 0.0

    @property
    def intention(self) -> str:
        """What it does."""
        return self.action

    def execute(self, context: Context) -> dict[str, Any]:
        """Audit under governance."""
        with governed(self, context, self.action) as (governance, recording):
            return self._audit(governance, recording, context)

    def take_down(self, governance: Governance, recording: Recording) -> None:
        """Also the audit itself."""
        super().take_down(governance, recording)
        if self._told is not None and self._audited is not None:
            from airflow_gov.lineage.audit_facets import audit_facet

            facets = {**self._told.run_facets, "airflowGov_audit": audit_facet(self._audited)}
            self._told = replace(self._told, run_facets=facets)

    def _audit(self, governance: Governance, recording: Recording, context: Context) -> dict[str, Any]:
        from airflow_gov.audit.auditing import AuditRequest, run_audit
        from airflow_gov.audit.summing import outcome_of, require_less_than

        zones = _zones(self.zones, governance.settings.zone_aliases)
        checks = None if self.checks is None else _listed(self.checks)
        fail_on = _severity(self.fail_on)
        actor = recording.execution.actor
        self._said_at = time.monotonic()
        report = run_audit(
            governance,
            AuditRequest(
                zones=zones,
                checks=None if checks is None else tuple(checks),
                full=bool(self.full),
                repair=tuple(_listed(self.repair or ())),
                settings=self.settings or {},
                scans=int(self.scans),
                wait=timedelta(seconds=float(self.wait_seconds)),
            ),
            actor=actor.triggered_by or actor.os_user,
            execution_id=recording.execution_id,
            on_progress=self._progress,
        )
        self._audited = report.run
        outcome = outcome_of(governance, report, zones=report.run.zones, checks=checks)
        for line in outcome.lines():
            self.log.info("%s", line)
        self._notify(context, outcome)
        if fail_on is not None:
            require_less_than(governance, fail_on, zones=report.run.zones, checks=checks)
        return outcome.plain()

    def _progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.done < progress.total and now - self._said_at > _SECONDS_BETWEEN_LINES:
            self._said_at = now
            self.log.info("%s of %s: %s", f"{progress.done:,}", f"{progress.total:,}", progress.at)

    def _notify(self, context: Context, outcome: Outcome) -> None:
        run = outcome.report.run
        if not run.new and not run.reopened:
            return
        told: dict[str, Any] = {**context, "audit": {**outcome.plain(), "text": "\n".join(outcome.lines())}}
        for notifier in [self.notify] if callable(self.notify) else self.notify or ():
            try:
                notifier(told)  # type: ignore[arg-type]
            except Exception:
                # The findings are kept and shown all the same: who cannot be told stops no audit.
                self.log.warning("A notifier failed: %s", type(notifier).__name__, exc_info=True)


def _zones(names: str | Sequence[str] | None, aliases: Mapping[str, str]) -> tuple[Zone, ...] | None:
    """Zones as people name them.

    :raises GovernanceError: ``PARAMETER_INVALID``, naming the zones there are.
    """
    if names is None:
        return None
    words = [aliases.get(name, name) for name in _listed(names)]
    unknown = [word for word in words if word not in list(Zone)]
    if unknown or not words:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"zones: {', '.join(map(repr, unknown)) or 'none'} is no zone; they are {', '.join(Zone)}.",
        )
    return tuple(Zone(word) for word in words)


def _severity(text: str | None) -> Severity | None:
    if text is None or text in ("", "None"):
        return None
    try:
        return Severity(text)
    except ValueError:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"fail_on {text!r} is not one of {', '.join(Severity)}, or None."
        ) from None


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
