"""`airflow-gov log`: every governed act, and whether the log of them is as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.session import Session, pass_session

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.loads import LogEntry
    from airflow_gov.model.log import LogVerification

_BROKEN = 1
#: Longest details on one line of a table, in characters.
_LONGEST = 160


@click.group(
    epilog="""\
Examples:

\b
  airflow-gov log list --subject gold.sales --since 30d
  airflow-gov log list --action read.restricted --json
  airflow-gov log verify
  airflow-gov log anchor
"""
)
def log() -> None:
    """Every governed act, in an order that cannot be changed unseen."""


@log.command("list", epilog="Example: airflow-gov log list --action publish --actor ines --since 7d")
@click.option("--subject", metavar="NAME", help="Only about this: a dataset, dag.task, a token's id.")
@click.option("--action", metavar="ACT", help="Only this act, e.g. publish, read.restricted, waive.")
@click.option("--actor", metavar="NAME", help="Only what they did.")
@click.option("--execution", "execution_id", metavar="EXECUTION", help="Only what happened in this one.")
@click.option("--since", type=Moment(), help="Only since then, e.g. 24h, 7d or 2026-01-31 (UTC).")
@click.option("--before", type=click.IntRange(1), metavar="NUMBER", help="Only entries before this one.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@output.json_option
@pass_session
def list_entries(
    session: Session,
    *,
    subject: str | None,
    action: str | None,
    actor: str | None,
    execution_id: str | None,
    since: datetime | None,
    before: int | None,
    limit: int,
    as_json: bool,
) -> None:
    """Entries of the log, the newest first."""
    found = session.store.log.list(
        subject=subject,
        action=action,
        actor=actor,
        execution_id=execution_id,
        since=since,
        before=before,
        limit=limit,
    )
    if as_json:
        output.print_json(found)
        return
    output.print_table(
        ["number#", "at", "act", "subject", "actor", "details"],
        (_line(entry) for entry in found),
        empty="No entries.",
    )


@log.command(epilog="Example: airflow-gov log verify --json")
@click.option(
    "--without-anchors",
    is_flag=True,
    help="Only the chain in the database: a rewritten chain or an end that was cut off goes unseen.",
)
@output.json_option
@pass_session
def verify(session: Session, *, without_anchors: bool, as_json: bool) -> None:
    """Check that no entry was changed, inserted, removed or moved, and name the first that was.

    The log is compared with its chain of hashes, and with the anchors in the lake. The exit code is 1 where
    it is not as it was written.
    """
    from airflow_gov.flow.anchoring import verify_log

    with _progress(shown=not as_json) as on_progress:
        if without_anchors:
            checked = session.store.log.verify(on_progress=on_progress)
        else:
            checked = verify_log(session.governance_with_lake, on_progress=on_progress)
    if as_json:
        output.print_json({"ok": checked.ok, **_plain(checked)})
    else:
        _print(checked)
    if not checked.ok:
        raise click.exceptions.Exit(_BROKEN)


@log.command(epilog="Example: airflow-gov log anchor, daily, in a job that others cannot change")
@output.json_option
@pass_session
def anchor(session: Session, *, as_json: bool) -> None:
    """Hold the newest entry in the lake, in an object that is written once.

    Before that, what came since the last anchor is checked. An anchor that others cannot delete (S3 Object
    Lock, a bucket of another account) is what makes a rewritten log show.
    """
    from airflow_gov.flow.anchoring import anchor as anchor_log

    with _progress(shown=not as_json) as on_progress:
        written = anchor_log(session.governance_with_lake, on_progress=on_progress)
    if as_json:
        output.print_json(written)
    elif written is None:
        click.echo("The log is empty: there is nothing to anchor.")
    else:
        output.print_facts(
            {"entry": written.sequence, "hash": written.hash, "at": written.at, "anchor": written.uri}
        )


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """What is told of the progress, shown on a terminal."""
    console = output.console(stderr=True)
    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (shown and console.is_terminal)
    ) as bar:
        task = bar.add_task("checking", total=None)

        def update(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield update


def _print(checked: LogVerification) -> None:
    console = output.console()
    if checked.fault is None:
        console.print("The log is as it was written.", style="green")
    else:
        told = output.printable(checked.fault.message)
        console.print(f"The log is not as it was written ({checked.fault.kind}). {told}", style="bold red")
    output.print_facts(
        {
            "checked": f"{checked.entries:,} entries",
            "hash": checked.hash,
            "anchors": f"{checked.anchors:,} agree" if checked.anchors else "none",
            "anchored": f"up to entry {checked.anchored}" if checked.anchored else None,
            "chained": _since(checked),
            "database": None if checked.protected else "does not refuse changes: its triggers are missing",
        }
    )


def _since(checked: LogVerification) -> str | None:
    if checked.live_from == 1:
        return None
    return f"live from entry {checked.live_from} on; those before were chained afterwards"


def _plain(checked: LogVerification) -> dict[str, Any]:
    from airflow_gov.model.serde import to_plain

    plain: dict[str, Any] = to_plain(checked)
    return plain


def _line(entry: LogEntry) -> list[Any]:
    from airflow_gov.model.log_chain import canonical_json

    details = canonical_json(entry.details)
    short = details if len(details) <= _LONGEST else f"{details[:_LONGEST]}…"
    return [entry.sequence, entry.at, entry.action, entry.subject, entry.actor, short]
