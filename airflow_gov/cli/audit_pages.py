"""Audits, findings and checks as the terminal shows them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from airflow_gov.audit import explaining
from airflow_gov.audit.check_settings import settings_of
from airflow_gov.audit.failures import Failures
from airflow_gov.audit.registry import check_classes, make_checks
from airflow_gov.audit.summing import looked_at
from airflow_gov.cli import output
from airflow_gov.model.audits import AuditState
from airflow_gov.model.findings import CHECK_FAILED, FindingState, Severity
from airflow_gov.model.serde import to_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from airflow_gov.audit.auditing import Progress
    from airflow_gov.audit.summing import Outcome
    from airflow_gov.model.audits import AuditRun
    from airflow_gov.model.findings import Finding, FindingEvent, FindingsPage
    from airflow_gov.store import Store

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.ERROR: "red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
}


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """Show on standard error how far an audit is, in a terminal."""
    console = output.console(stderr=True)
    bars = Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with bars:
        bar = bars.add_task("", total=None)

        def show(step: Progress) -> None:
            bars.update(bar, completed=step.done, total=step.total, description=output.printable(step.at))

        yield show


def ask_before_repair(ids: Sequence[str], checks: Sequence[str] | None) -> None:
    """Say what repairs do, and go on only when that is wanted.

    :param ids: checks that repair.
    :param checks: those of the audit, None: all.
    """
    from airflow_gov.audit.repairing import require_repairable

    made = make_checks(checks)
    require_repairable(ids, made)
    for check in made:
        if check.id in ids:
            click.echo(f"{check.id} {check.repairs}.", err=True)
    click.confirm("Repair what is found?", abort=True, err=True)


def print_outcome(outcome: Outcome) -> None:
    """What came of an audit."""
    run = outcome.report.run
    output.print_facts(
        {
            "audit": run.audit_id,
            "kind": run.kind,
            "zones": ", ".join(run.zones),
            "looked at": looked_at(run),
            "new": run.new,
            "reopened": run.reopened,
            "fixed": run.fixed,
            "open": outcome.open,
            "acknowledged": outcome.acknowledged,
            "plans": [f"{check}: {plan}" for check, plan in run.plans.items()],
            "failed checks": [f"{check}: {why}" for check, why in run.failed_checks.items()],
            "repairs": [
                f"{each.check} of {each.subject}: {each.outcome}" for each in outcome.report.repaired
            ],
        }
    )
    output.print_heading("Open findings")
    _print_findings(outcome.worst, empty="Nothing is open.")
    if outcome.open > len(outcome.worst):
        click.echo(f"… and {outcome.open - len(outcome.worst):,} more: airflow-gov audit show", err=True)


def print_page(page: FindingsPage, *, last: Sequence[AuditRun]) -> None:
    """Findings, the worst first.

    :param last: the newest audit that finished, if there is one.
    """
    when = f" The last audit ended {output.moment(last[0].ended_at)}." if last and last[0].ended_at else ""
    never = "No audit has finished yet: airflow-gov audit run"
    _print_findings(page.findings, empty=f"No such findings.{when}" if last else never)
    if page.next is not None:
        click.echo(
            f"{len(page.findings):,} of {page.total:,}. More: airflow-gov audit show … --after {page.next}",
            err=True,
        )


def print_finding(finding: Finding, history: Sequence[FindingEvent]) -> None:
    """One finding, and its life."""
    known = finding.acknowledgement
    output.print_facts(
        {
            "finding": finding.key,
            "check": finding.check,
            "severity": _severity(finding.severity),
            "state": finding.state,
            "what": finding.message,
            "about": finding.subject,
            "part": finding.part,
            "zone": finding.zone,
            "dataset": finding.dataset,
            "first seen": finding.first_seen_at,
            "last seen": finding.last_seen_at,
            "fixed": finding.fixed_at,
            "acknowledged": f"by {known.by} until {output.moment(known.expires_at)}: {known.reason}"
            if known
            else None,
            **{f"· {name}": value for name, value in finding.details.items()},
        }
    )
    output.print_heading("Its life")
    output.print_table(
        ["when", "became", "severity", "by", "reason"],
        ([each.at, each.state, _severity(each.severity), each.by, each.reason] for each in history),
        empty="Nothing is known of it.",
    )
    if finding.state is not FindingState.FIXED:
        output.print_heading("What to do")
        click.echo(explaining.explain(finding.check).remedy)


def print_health(store: Store, *, as_json: bool) -> None:
    """How mature the lake is, and how healthy each zone, with what would raise both."""
    from airflow_gov.audit.maturity import assess

    found = assess(store)
    if as_json:
        output.print_json(found)
        return
    for line in found.lines():
        click.echo(output.printable(line))


def print_runs(runs: Sequence[AuditRun]) -> None:
    """Audits, a line each."""
    output.print_table(
        ["began", "state", "kind", "zones", "new#", "reopened#", "fixed#", "open#", "worst", "by", "audit*"],
        (_run_line(run) for run in runs),
        empty="No audit was ever made: airflow-gov audit run",
    )


def list_checks(*, as_json: bool) -> None:
    """The checks there are."""
    classes = check_classes().values()
    if as_json:
        output.print_json([_plain(check) for check in classes])
        return
    output.print_table(
        ["check*", "severity", "what", "repairs"],
        ([check.id, _severity(check.severity), check.title, check.repairs or ""] for check in classes),
        empty="There are no checks.",
    )


def explain(check_id: str, *, as_json: bool) -> None:
    """What a check is about.

    :raises GovernanceError: ``PARAMETER_INVALID`` when there is no such check.
    """
    if check_id == CHECK_FAILED:
        _explain_failed(as_json=as_json)
        return
    (check,) = make_checks([check_id])
    if as_json:
        settings = to_plain(settings_of(type(check)))
        output.print_json({**_plain(type(check)), "plan": Failures().plan_of(check), "settings": settings})
        return
    output.print_facts(
        {
            "check": check.id,
            "severity": _severity(check.severity),
            "what": check.title,
            "why": check.explanation,
            "what to do": check.remedy,
            "--repair": check.repairs or "repairs nothing",
            "looks at": Failures().plan_of(check),
            "settings": [str(setting) for setting in settings_of(type(check))],
        }
    )


def _explain_failed(*, as_json: bool) -> None:
    """What is said about checks themselves."""
    told = explaining.explain(CHECK_FAILED)
    if as_json:
        output.print_json({"id": CHECK_FAILED, **to_plain(told)})
        return
    output.print_facts(
        {"check": CHECK_FAILED, "what": told.title, "why": told.explanation, "what to do": told.remedy}
    )


def require_known(checks: Sequence[str]) -> None:
    """Refuse ids that no check has.

    :raises GovernanceError: ``PARAMETER_INVALID``.
    """
    make_checks([check for check in checks if check != CHECK_FAILED] or None)


def _print_findings(findings: Sequence[Finding], *, empty: str) -> None:
    output.print_table(
        ["severity", "check", "what", "state", "since", "finding*"],
        (
            [
                _severity(each.severity),
                each.check,
                each.message,
                each.state,
                each.first_seen_at,
                each.key,
            ]
            for each in findings
        ),
        empty=empty,
    )


def _run_line(run: AuditRun) -> list[Any]:
    counted = run.state is AuditState.FINISHED
    worst = next((Severity(name) for name in run.by_severity), None)
    numbers = [run.new, run.reopened, run.fixed, run.open] if counted else [None] * 4
    zones = "all" if len(run.zones) == 6 else ", ".join(run.zones)
    shown = _severity(worst) if worst is not None else None
    return [run.started_at, run.state, run.kind, zones, *numbers, shown, run.actor, run.audit_id]


def _plain(check: Any) -> dict[str, Any]:
    names = ("id", "title", "severity", "explanation", "remedy", "repairs")
    return {name: getattr(check, name) for name in names}


def _severity(severity: Severity) -> Text:
    return Text(severity.value, style=_STYLES[severity])
