"""What came of an audit, in short: for a task's log, for a program, for a message to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import OPEN_STATES, Finding, FindingState, FindingsWanted, Severity
from airflow_gov.model.serde import to_plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_gov.audit.auditing import AuditReport
    from airflow_gov.model.audits import AuditRun
    from airflow_gov.model.zones import Zone
    from airflow_gov.runtime import Governance

#: Findings that are named; the others are counted.
NAMED = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an audit leaves to do in the zones and checks it was of.

    :param report: the audit's.
    :param worst: the worst findings that wait for somebody.
    :param by_severity: how many wait, the worst first.
    :param acknowledged: how many somebody lets be.
    """

    report: AuditReport
    worst: tuple[Finding, ...]
    by_severity: Mapping[Severity, int]
    acknowledged: int

    @property
    def open(self) -> int:
        """How many findings wait for somebody."""
        return sum(self.by_severity.values())

    def plain(self) -> dict[str, Any]:
        """The same as JSON values."""
        run = self.report.run
        told = ("audit_id", "kind", "datasets", "looked", "new", "reopened", "fixed")
        worst = ("key", "check", "subject", "severity", "state", "message")
        return {
            **{name: to_plain(getattr(run, name)) for name in told},
            "zones": to_plain(run.zones),
            "open": self.open,
            "acknowledged": self.acknowledged,
            "by_severity": to_plain(self.by_severity),
            "failed_checks": dict(run.failed_checks),
            "plans": dict(run.plans),
            "repaired": to_plain(self.report.repaired),
            "worst": [{name: to_plain(getattr(each, name)) for name in worst} for each in self.worst],
        }

    def lines(self) -> list[str]:
        """The same for people, a line each."""
        run = self.report.run
        counts = f"{run.new:,} new, {run.reopened:,} reopened, {run.fixed:,} fixed, {self.open:,} open"
        lines = [
            f"{run.kind.value.capitalize()} audit of {', '.join(run.zones)} ({looked_at(run)}): {counts}, "
            f"{self.acknowledged:,} acknowledged."
        ]
        lines += [f"Plan of {check}: {plan}." for check, plan in run.plans.items()]
        lines += [
            f"The check {check} could not do its work: {why}" for check, why in run.failed_checks.items()
        ]
        lines += [
            f"{'Repaired' if each.done else 'Not repaired'}: {each.check} of {each.subject}: {each.outcome}"
            for each in self.report.repaired
        ]
        lines += [line_of(finding) for finding in self.worst]
        if self.open > len(self.worst):
            lines.append(f"… and {self.open - len(self.worst):,} more: airflow-gov audit show")
        return lines


def outcome_of(
    governance: Governance, report: AuditReport, *, zones: Sequence[Zone], checks: Sequence[str] | None
) -> Outcome:
    """What an audit left open.

    :param zones: the zones it was of.
    :param checks: ids of its checks; None: all.
    """
    findings, open_ = governance.store.audits.findings, wanted(zones, checks)
    acknowledged = findings.counts(replace(open_, states=(FindingState.ACKNOWLEDGED,)))
    worst = findings.page(open_, limit=NAMED).findings
    return Outcome(report, worst, findings.counts(open_), sum(acknowledged.values()))


def require_less_than(
    governance: Governance, severity: Severity, *, zones: Sequence[Zone], checks: Sequence[str] | None
) -> None:
    """Refuse to go on while there are findings as bad as this that nobody acknowledged.

    :raises GovernanceError: ``FINDINGS_OPEN``, naming the worst.
    """
    page = governance.store.audits.findings.page(wanted(zones, checks, severity), limit=NAMED)
    if not page.total:
        return
    more = f" … and {page.total - len(page.findings):,} more." if page.total > len(page.findings) else ""
    raise GovernanceError(
        Reason.FINDINGS_OPEN,
        f"{page.total:,} open finding{'s' if page.total > 1 else ''} of severity {severity} or worse:\n"
        + "\n".join(f"  {line_of(finding)}" for finding in page.findings)
        + f"{more}\nMend them (airflow-gov audit explain CHECK says how), or acknowledge them: "
        "airflow-gov audit acknowledge KEY --reason … --expires 7d",
        findings=[finding.key for finding in page.findings],
        total=page.total,
    )


def wanted(
    zones: Sequence[Zone], checks: Iterable[str] | None, least: Severity = Severity.INFO
) -> FindingsWanted:
    """The findings of some zones and checks that wait for somebody; those of no zone, too.

    A check that could not look has passed nothing: that it could not is among them.
    """
    return FindingsWanted(
        states=OPEN_STATES,
        checks=tuple(checks or ()),
        failing=True,
        zones=tuple(zones),
        zoneless=True,
        least=least,
    )


def looked_at(run: AuditRun) -> str:
    """How much an audit looked at."""
    numbers = {"dataset": run.datasets, "check": len(run.checks), "look": run.looked}
    return ", ".join(f"{number:,} {word}{'' if number == 1 else 's'}" for word, number in numbers.items())


def line_of(finding: Finding) -> str:
    """A finding in a line."""
    return f"{finding.severity.value.upper()} {finding.check} [{finding.key[:8]}] {finding.message}"
