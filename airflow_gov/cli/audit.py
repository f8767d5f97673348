"""`airflow-gov audit`: look whether the lake is as it should be, and what was found."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import audit_report, output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.flow.environment import os_user
from airflow_gov.model.audits import AuditState
from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import FindingState, FindingsWanted, Severity
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

_zones = click.option("--zone", "zones", multiple=True, help="Only this zone; more than once.")
_checks = click.option(
    "--check", "checks", multiple=True, metavar="CHECK", help="Only this check; more than once."
)
_severities = [severity.value for severity in Severity]
_states = [state.value for state in FindingState]


@click.group(
    epilog="""\
Examples:

\b
  airflow-gov audit run                                      what changed since the last audit
  airflow-gov audit run --full --zone gold --fail-on error   all of gold; exit code 1 for errors
  airflow-gov audit run --repair small-files                 and join small files, after asking
  airflow-gov audit show --severity error                    what is open, the worst first
  airflow-gov audit show --html report.html                  the last audit as one page
  airflow-gov audit explain execution-stuck                  what a check means and what to do
  airflow-gov audit acknowledge 3f2a91c0 --expires 30d --reason "archived next month"
"""
)
def audit() -> None:
    """Audits of the lake's zones, and what they found."""


@audit.command("run", epilog="Example: airflow-gov audit run --zone gold --fail-on error --json")
@_zones
@_checks
@click.option("--full", is_flag=True, help="Look at everything; the findings are the same, later.")
@click.option(
    "--repair", "repair", multiple=True, metavar="CHECK", help="Repair what this check finds; asks first."
)
@click.option("--yes", is_flag=True, help="Do not ask before repairing.")
@click.option(
    "--fail-on", type=click.Choice(_severities), help="Exit with 1 when a finding this bad or worse is open."
)
@click.option(
    "--scans",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Scan the contents of so many datasets that are due; 0: none.",
)
@click.option("--wait", metavar="DURATION", help="Wait so long for another audit to end, e.g. 10m.")
@audit_report.option
@output.json_option
@pass_session
def run_command(
    session: Session,
    *,
    zones: Sequence[str],
    checks: Sequence[str],
    full: bool,
    repair: Sequence[str],
    yes: bool,
    fail_on: str | None,
    scans: int,
    wait: str | None,
    file: Path | None,
    as_json: bool,
) -> None:
    """Audit zones: what changed since the last audit, or everything.

    Findings are kept: each once, from the first time it is seen until it is fixed.
    """
    from airflow_gov.audit.auditing import AuditRequest, run_audit
    from airflow_gov.audit.summing import outcome_of, require_less_than
    from airflow_gov.cli import audit_pages

    audit_report.require_writable(file)
    governance = session.governance_with_lake
    request = AuditRequest(
        zones=_read_zones(session, zones),
        checks=tuple(checks) or None,
        full=full,
        repair=tuple(repair),
        scans=scans,
        wait=_duration("--wait", wait) if wait else timedelta(0),
    )
    if repair and not yes:
        audit_pages.ask_before_repair(repair, request.checks)
    with audit_pages.progress() as on_progress:
        report = run_audit(governance, request, actor=os_user(), on_progress=on_progress)
    outcome = outcome_of(governance, report, zones=report.run.zones, checks=request.checks)
    if file is not None:
        audit_report.write_made(session, file, report.run, request.checks)
    if as_json:
        output.print_json(outcome.plain())
    else:
        audit_pages.print_outcome(outcome)
    if fail_on is not None:
        require_less_than(governance, Severity(fail_on), zones=report.run.zones, checks=request.checks)


@audit.command("list", epilog="Example: airflow-gov audit list --checks")
@click.option("--checks", "of_checks", is_flag=True, help="The checks there are, instead of audits.")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="At most so many audits."
)
@output.json_option
@pass_session
def list_command(session: Session, *, of_checks: bool, limit: int, as_json: bool) -> None:
    """Audits, the newest first; or the checks there are."""
    from airflow_gov.cli import audit_pages

    if of_checks:
        audit_pages.list_checks(as_json=as_json)
        return
    runs = session.store.audits.runs(limit)
    if as_json:
        output.print_json(runs)
    else:
        audit_pages.print_runs(runs)


@audit.command("show", epilog="Example: airflow-gov audit show --zone gold --severity error --json")
@click.argument("key", required=False)
@_zones
@_checks
@click.option("--dataset", metavar="DATASET", help="Only of this dataset.")
@click.option("--severity", type=click.Choice(_severities), default="info", help="Only this bad or worse.")
@click.option(
    "--state", "states", type=click.Choice(_states), multiple=True, help="Default: all but fixed ones."
)
@click.option("--text", default="", help="Only with these words in subject or message.")
@click.option("--health", is_flag=True, help="Instead, how mature the lake is, and how healthy each zone.")
@click.option("--after", metavar="PAGE", help="Begin where the page before ended.")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most so many."
)
@audit_report.option
@output.json_option
@pass_session
def show_command(
    session: Session,
    key: str | None,
    *,
    zones: Sequence[str],
    checks: Sequence[str],
    dataset: str | None,
    severity: str,
    states: Sequence[str],
    text: str,
    health: bool,
    after: str | None,
    limit: int,
    file: Path | None,
    as_json: bool,
) -> None:
    """What audits found and is not fixed, the worst first; or one finding, by its KEY, with its life.

    With --html the report of an audit is written, and KEY is the audit's id: by default the newest that
    finished. With --health it is how mature the lake is, and how healthy each zone, instead.
    """
    from airflow_gov.cli import audit_pages

    if health:
        audit_pages.print_health(session.store, as_json=as_json)
        return
    if file is not None:
        audit_report.write_kept(session, file, key)
        return
    findings = session.store.audits.findings
    if key is not None:
        found = findings.find(key)
        history = findings.history(found.key)
        if as_json:
            output.print_json({"finding": found, "history": history})
        else:
            audit_pages.print_finding(found, history)
        return
    wanted = FindingsWanted(
        states=tuple(map(FindingState, states)) or FindingsWanted().states,
        checks=tuple(checks),
        zones=_read_zones(session, zones) or (),
        dataset=session.dataset(dataset) if dataset else None,
        least=Severity(severity),
        text=text,
    )
    page = findings.page(wanted, after=after, limit=limit)
    if not page.total:
        audit_pages.require_known(checks)
    if as_json:
        output.print_json(page)
        return
    audit_pages.print_page(page, last=session.store.audits.runs(1, state=AuditState.FINISHED))


@audit.command("explain", epilog="Example: airflow-gov audit explain small-files")
@click.argument("check", metavar="CHECK")
@output.json_option
def explain_command(check: str, *, as_json: bool) -> None:
    """What a check looks at, how bad it is, what to do, and what --repair does."""
    from airflow_gov.cli import audit_pages

    audit_pages.explain(check, as_json=as_json)


@audit.command(
    "acknowledge",
    epilog='Example: airflow-gov audit acknowledge 3f2a91c0 --expires 30d --reason "archived next month"',
)
@click.argument("key")
@click.option("--reason", required=True, help="Why; kept for good.")
@click.option("--expires", required=True, metavar="DURATION", help="For how long: 12h, 2d, 4w.")
@click.option("--as", "name", metavar="NAME", help="Who; default: you. Not authenticated.")
@output.json_option
@pass_session
def acknowledge_command(
    session: Session, key: str, *, reason: str, expires: str, name: str | None, as_json: bool
) -> None:
    """Let a finding be for some time: until then it fails no audit.

    One that is fixed and comes back, or becomes worse, is open again.
    """
    from airflow_gov.cli import audit_pages

    findings = session.store.audits.findings
    until = _from_now(session.governance.clock(), "--expires", expires)
    found = findings.acknowledge(key, by=name or os_user(), reason=reason, expires_at=until)
    if as_json:
        output.print_json(found)
    else:
        audit_pages.print_finding(found, findings.history(found.key))


def _read_zones(session: Session, names: Sequence[str]) -> tuple[Zone, ...] | None:
    words = [session.settings.zone_aliases.get(name, name) for name in names]
    unknown = [word for word in words if word not in list(Zone)]
    if unknown:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"--zone: {', '.join(map(repr, unknown))} is no zone; they are {', '.join(Zone)}.",
        )
    return tuple(map(Zone, words)) or None


def _from_now(now: datetime, option: str, text: str) -> datetime:
    try:
        return now + _duration(option, text)
    except OverflowError:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{option}: {text!r} from now is no date any more."
        ) from None


def _duration(option: str, text: Any) -> timedelta:
    try:
        return read_duration(text)
    except ValueError as error:
        raise GovernanceError(Reason.PARAMETER_INVALID, f"{option}: {error}.") from None
