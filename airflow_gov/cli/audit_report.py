"""The report of an audit as a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_gov.model.audits import AuditState
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.cli.session import Session
    from airflow_gov.model.audits import AuditRun

#: Where the page is written; with it a command is about an audit.
option = click.option(
    "--html",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    metavar="FILE",
    help="Write the audit's report there: one page that needs nothing else.",
)


def write_kept(session: Session, file: Path, audit: str | None) -> None:
    """Write the report of an audit as it was when it ended.

    :param audit: its id, or the beginning of it; None: the newest that finished.
    :raises GovernanceError: ``PARAMETER_INVALID``: there is no such audit, it has not finished, or it is so
        old that its report is not kept.
    """
    from airflow_gov.audit.reporting import make_report

    audits = session.store.audits
    run = _audit(audits.runs(1_000), audit)
    html = audits.reports.get(run.audit_id)
    if html is None and run == next(iter(audits.runs(1, state=AuditState.FINISHED)), None):
        html = make_report(session.store, run, session.governance.clock())
    if html is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The report of the audit {run.audit_id} is not kept any more: airflow-gov audit show lists what "
            "is open now.",
            audit_id=run.audit_id,
        )
    write(file, html)


def write_made(session: Session, file: Path, run: AuditRun, checks: Sequence[str] | None) -> None:
    """Write the report of an audit that just ended, after its repairs too.

    :param checks: those that were asked for; None: all.
    """
    from airflow_gov.audit.registry import check_classes
    from airflow_gov.audit.reporting import make_report

    asked = checks or tuple(check_classes())
    write(file, make_report(session.store, run, session.governance.clock(), checks=asked))


def require_writable(file: Path | None) -> None:
    """Refuse what cannot be written before the work is done.

    :raises GovernanceError: ``PARAMETER_INVALID`` when there is no such folder, or it is closed.
    """
    if file is None or os.access(file if file.exists() else file.parent, os.W_OK):
        return
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"--html: {file} cannot be written: there is no such folder, or it is closed.",
    )


def write(file: Path, html: str) -> None:
    """Write a page.

    :raises GovernanceError: ``PARAMETER_INVALID`` when that cannot be done.
    """
    try:
        file.write_text(html, "utf-8")
    except OSError as error:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"--html: {file} cannot be written: {error.strerror or error}."
        ) from None
    click.echo(f"The report is in {file}.", err=True)


def _audit(runs: Sequence[AuditRun], wanted: str | None) -> AuditRun:
    if wanted is None:
        found = [run for run in runs if run.state is AuditState.FINISHED][:1]
    else:
        found = [run for run in runs if wanted and run.audit_id.startswith(wanted)]
    if len(found) != 1:
        problem = "No audit has finished yet" if wanted is None else f"{wanted!r} names no audit, or several"
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{problem}: airflow-gov audit list shows them with their ids."
        )
    if found[0].state is not AuditState.FINISHED:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"The audit {found[0].audit_id} is {found[0].state}: only one that finished has a report.",
            audit_id=found[0].audit_id,
        )
    return found[0]
