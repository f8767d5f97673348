"""`airflow-gov gates`: what waits for a steward, and what a steward says."""

from __future__ import annotations

import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.flow.environment import os_user
from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.verdicts import LONGEST_WAIVER

if TYPE_CHECKING:
    from airflow_gov.model.verdicts import Review, Verdict

_STATES = ("waiting", "failed", "passed", "waived", "review", "overdue")

_as_option = click.option(
    "--as",
    "steward",
    metavar="STEWARD",
    help="The steward, by the contract; default: you. Not authenticated.",
)
_reason_option = click.option("--reason", required=True, help="Why; kept for good.")


@click.group(
    epilog="""\
Examples:

\b
  airflow-gov gates list                                    what waits, and for whom
  airflow-gov gates list --state failed --json              for machines
  airflow-gov gates show clean.flights                      the newest verdict, rule by rule
  airflow-gov gates waive clean.flights --expires 2d --reason "the airport confirmed it"
  airflow-gov gates review clean.flights --confirm --reason "compared with the source"
  airflow-gov gates overdue --roll-back                     take back what nobody confirmed in time
"""
)
def gates() -> None:
    """Verdicts, waivers and reviews."""


@gates.command("list", epilog="Example: airflow-gov gates list --dataset clean.flights --state review")
@click.option("--dataset", help="Only this dataset's.")
@click.option("--state", type=click.Choice(_STATES), help="Only what stands there.")
@output.json_option
@pass_session
def list_gates(session: Session, *, dataset: str | None, state: str | None, as_json: bool) -> None:
    """Candidates that are not published, versions under review, waivers that hold."""
    from airflow_gov.cli import gate_pages
    from airflow_gov.flow import standing

    store, now = session.store, session.governance.clock()
    name = session.dataset(dataset) if dataset else None
    candidates = [each for each in standing.candidates(store, now, name) if state in (None, each.stand)]
    reviews = [each for each in standing.reviews(store, now, name) if state in (None, each[0])]
    waivers = standing.waivers(store, now, name) if state in (None, "waived") else []
    if as_json:
        output.print_json(
            {
                "candidates": candidates,
                "reviews": [{"stand": stand, **_plain(review)} for stand, review in reviews],
                "waivers": waivers,
            }
        )
        return
    gate_pages.print_standing(candidates, reviews, waivers)


@gates.command("show", epilog="Example: airflow-gov gates show clean.flights --json")
@click.argument("what", metavar="DATASET|VERDICT")
@output.json_option
@pass_session
def show_verdict(session: Session, what: str, *, as_json: bool) -> None:
    """One verdict, rule by rule, with what became of it; of a dataset the newest."""
    from airflow_gov.cli import gate_pages

    store, verdict = session.store, _verdict(session, what)
    decision = store.decisions.for_snapshot(verdict.dataset, verdict.snapshot_id)
    waivers = [each for each in store.waivers.list(verdict.dataset) if each.verdict_id == verdict.verdict_id]
    review = store.reviews.for_snapshot(verdict.dataset, verdict.snapshot_id)
    if as_json:
        output.print_json(
            {
                "verdict": {**_plain(verdict), "passed": verdict.passed},
                "decision": decision,
                "waivers": waivers,
                "review": review,
            }
        )
        return
    gate_pages.print_verdict(verdict, decision, waivers, review)


@gates.command(
    epilog="""\
Examples:

\b
  airflow-gov gates waive clean.flights --expires 2d --reason "the airport confirmed it"
  airflow-gov gates waive clean.flights --rule "required(delay)" --expires 12h --reason "known gap" --as ana
"""
)
@click.argument("dataset")
@_reason_option
@click.option("--expires", required=True, metavar="DURATION", help="How long it holds: 12h, 2d, 1w.")
@click.option(
    "--rule", "rules", multiple=True, help="Only this rule; more than once. Default: all that block."
)
@click.option("--verdict", "verdict_id", help="The verdict you looked at; default: the newest that failed.")
@_as_option
@output.json_option
@pass_session
def waive(
    session: Session,
    dataset: str,
    *,
    reason: str,
    expires: str,
    rules: tuple[str, ...],
    verdict_id: str | None,
    steward: str | None,
    as_json: bool,
) -> None:
    """Let a candidate through although it breaks rules.

    For these rows, this version of the contract and these rules only. Its gate publishes it when it runs
    again: clear the gate's task. --as is not authenticated: your user and host are recorded beside it.
    """
    from airflow_gov.flow.waiving import waive

    governance, name = session.governance_with_lake, session.dataset(dataset)
    granted = waive(
        governance,
        name,
        verdict_id=verdict_id,
        rules=rules or None,
        steward=steward or os_user(),
        granted_by=_who(),
        reason=reason,
        expires_at=governance.clock() + _duration(expires),
    )
    if as_json:
        output.print_json(granted)
        return
    output.console().print(
        f"Waived until {output.moment(granted.expires_at)}: {', '.join(granted.rules)} of load "
        f"{', '.join(granted.load_ids)}. Clear the gate's task of {name} to publish it."
    )


@gates.command(
    epilog="""\
Examples:

\b
  airflow-gov gates review clean.flights --confirm --reason "compared with the source"
  airflow-gov gates review 3f2a9c0d1e4b5a67 --reject --reason "wrong sign" --as grace@example.com
"""
)
@click.argument("what", metavar="DATASET|REVIEW")
@click.option("--confirm/--reject", "confirmed", default=None, help="It stays, or it is taken back at once.")
@_reason_option
@_as_option
@output.json_option
@pass_session
def review(
    session: Session, what: str, *, confirmed: bool | None, reason: str, steward: str | None, as_json: bool
) -> None:
    """Confirm or reject a version that was published although rules failed.

    Rejected, it is rolled back with what was built upon it.
    """
    from airflow_gov.flow.reviewing import confirm, reject

    if confirmed is None:
        raise click.UsageError("Say --confirm or --reject.")
    decide = confirm if confirmed else reject
    decided = decide(
        session.governance_with_lake,
        _open_review(session, what),
        steward=steward or os_user(),
        decided_by=_who(),
        reason=reason,
    )
    if as_json:
        output.print_json(decided)
        return
    current = session.store.versions.current(decided.dataset)
    now = f" Readers see version {current.version} ({current.rows:,} rows)." if current else ""
    output.console().print(f"{decided.dataset} version {decided.version} is {decided.state}.{now}")


@gates.command(epilog="Example: airflow-gov gates overdue --roll-back")
@click.option("--roll-back", is_flag=True, help="Take them back now, as the next gate or reader would.")
@output.json_option
@pass_session
def overdue(session: Session, *, roll_back: bool, as_json: bool) -> None:
    """Versions that nobody confirmed by their deadline."""
    from airflow_gov.cli import gate_pages
    from airflow_gov.flow.reviewing import enforce_deadlines

    if roll_back:
        found = enforce_deadlines(session.governance_with_lake, actor=os_user())
    else:
        found = session.store.reviews.due(session.governance.clock())
    if as_json:
        output.print_json(found)
        return
    gate_pages.print_overdue(found, taken_back=roll_back)


@gates.command(epilog="Example: airflow-gov gates report 5d2c41f0aa9b4d2c8f6e --output report.html")
@click.argument("verdict_id", metavar="VERDICT")
@click.option(
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="The file; - for standard output.",
)
@pass_session
def report(session: Session, verdict_id: str, *, target: Path) -> None:
    """Write the report of a verdict: one HTML file that needs no network."""
    html = session.store.reports.get(verdict_id)
    if html is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"There is no report of a verdict {verdict_id!r}. See: airflow-gov gates show DATASET",
            verdict_id=verdict_id,
        )
    if str(target) == "-":
        click.echo(html)
        return
    try:
        target.write_text(html, encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(target), error.strerror) from None
    click.echo(f"The report is in {target}.", err=True)


def _plain(value: Review | Verdict) -> dict[str, object]:
    from airflow_gov.model.serde import to_plain

    found: dict[str, object] = to_plain(value)
    return found


def _verdict(session: Session, what: str) -> Verdict:
    if "." in what:
        name = session.dataset(what)
        newest = session.store.verdicts.list(name, limit=1)
        if newest:
            return newest[0]
        raise GovernanceError(
            Reason.DATASET_UNKNOWN,
            f"{name} was never checked. See: airflow-gov datasets list",
            dataset=str(name),
        )
    verdict = session.store.verdicts.get(what)
    if verdict is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"There is no verdict {what!r}. Name a dataset to see its newest."
        )
    return verdict


def _open_review(session: Session, what: str) -> str:
    """The id of a review: as it was given, or of the one that a dataset waits for."""
    if "." not in what:
        return what
    from airflow_gov.model.verdicts import ReviewState

    name = session.dataset(what)
    found = session.store.reviews.list(name, ReviewState.OPEN)
    if len(found) == 1:
        return found[0].review_id
    told = ", ".join(f"{each.review_id} (version {each.version})" for each in found)
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"{name} has {len(found)} open reviews: name one of {told}."
        if found
        else f"{name} has no open review.",
        dataset=str(name),
    )


def _duration(text: str) -> timedelta:
    try:
        duration = read_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--expires") from None
    if duration > LONGEST_WAIVER:
        raise click.BadParameter(
            f"{text} is longer than a waiver may hold: at most {LONGEST_WAIVER.days}d", param_hint="--expires"
        )
    return duration


def _who() -> str:
    return f"cli: {os_user()} on {socket.gethostname()}"
