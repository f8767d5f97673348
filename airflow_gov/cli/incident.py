"""`airflow-gov incident`: where some data lives, how it got there, who read it, whom to call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_gov.cli import output
from airflow_gov.cli.moments import Moment
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.catalog.incident import Incident, Read


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov incident --tag pii:email --since 30d            everything with e-mail addresses
  airflow-gov incident --column clean.customers.email         one column and its copies
  airflow-gov incident --dataset gold.sales --html breach.html
  airflow-gov incident --subject-key clean.customers.email=-  one person; asks for the value
"""
)
@click.option("--dataset", help="A dataset, with all of its columns.")
@click.option("--column", help="A column, under whatever name it goes on.")
@click.option("--tag", help="Every column with this tag, e.g. pii:email; pii for all that begin so.")
@click.option(
    "--subject-key",
    metavar="COLUMN=VALUE",
    help="A person: their rows are counted in every place. COLUMN=- reads the value from standard input, so "
    "that it stays out of the shell's history. It is neither shown nor kept.",
)
@click.option("--since", type=Moment(), help="Reads and versions from then on: 30d, 2026-01-31.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write it into a file, to print or send.",
)
@output.json_option
@pass_session
def incident(
    session: Session,
    dataset: str | None,
    column: str | None,
    tag: str | None,
    subject_key: str | None,
    *,
    since: datetime | None,
    html: Path | None,
    as_json: bool,
) -> None:
    """One page for those who answer a breach.

    Where the data lives (zones, tables, files, versions), how it got there, who and what read it and when,
    what was derived from it, who owns it and whom to call.
    """
    from airflow_gov.catalog.incident import Asked, SubjectKey, gather, to_html

    subject = SubjectKey.parse(_with_value(subject_key)) if subject_key is not None else None
    asked = Asked(dataset, column, tag, subject, since)
    asked.check()
    if html is not None and not html.absolute().parent.is_dir():
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"--html: the folder {html.absolute().parent} is not there: make it first.",
        )
    governance = session.governance_with_lake if subject is not None else session.governance
    found = gather(governance, asked)
    if html is not None:
        html.write_text(to_html(found), encoding="utf-8")
    if as_json:
        output.print_json(found)
    else:
        print_incident(found)
    if html is not None:
        output.console(stderr=True).print(f"Written: {html}")


def _with_value(text: str) -> str:
    column, _, value = text.partition("=")
    if value != "-":
        return text
    if sys.stdin.isatty():
        return f"{column}={click.prompt('Value', hide_input=True, err=True)}"
    return f"{column}={sys.stdin.readline().rstrip()}"


def print_incident(found: Incident) -> None:
    """The answer, as a person reads it in a terminal."""
    console = output.console()
    since = f", since {output.moment(found.since)}" if found.since else ""
    console.print(
        output.printable(f"Incident: {found.subject} (as of {output.moment(found.at)}{since})"), style="bold"
    )
    output.print_heading("Whom to call")
    output.print_table(
        ["name*", "role", "datasets"],
        ([each.name, ", ".join(each.roles), list(each.datasets)] for each in found.contacts),
        empty="No contract of these datasets names anybody.",
    )
    output.print_heading("Where it lives")
    output.print_table(
        ["dataset*", "zone", "columns", "there it is", "version#", "rows#", "place"],
        (
            [
                home.dataset,
                home.zone or "outside",
                ", ".join(home.columns) or "all",
                "masked" if home.masked else "readable",
                home.versions[0].version if home.versions else None,
                home.versions[0].rows if home.versions else None,
                home.location,
            ]
            for home in found.homes
        ),
        empty="Nowhere that is known.",
    )
    _print_subject(found)
    _print_reads(found)
    output.print_heading("What was derived from it")
    output.print_table(["dataset*"], ([each] for each in found.derived), empty="Nothing that is known.")
    _print_origin(found)
    if found.left_out:
        output.print_heading("Not told here")
        for line in found.left_out:
            console.print(output.printable(line))


def _print_reads(found: Incident) -> None:
    parts = (
        ("Who read it", found.reads, found.readers, "No execution that is recorded has read it."),
        ("Who may have read it: which columns they used is not known", *_possible(found), ""),
    )
    for title, reads, readers, empty in parts:
        if not (reads or readers or empty):
            continue
        output.print_heading(title)
        output.print_table(
            ["when*", "who", "task*", "run", "dataset", "version#"],
            (
                [read.at, read.who, f"{read.dag_id}.{read.task_id}", read.run_id, read.dataset, read.version]
                for read in reads
            ),
            empty=empty or "No execution that is recorded.",
        )
        if readers:
            output.print_facts({"jobs, as lineage tells": list(readers)})


def _possible(found: Incident) -> tuple[tuple[Read, ...], tuple[str, ...]]:
    return found.possible_reads, found.possible_readers


def _print_subject(found: Incident) -> None:
    homes = [home for home in found.homes if home.subject is not None]
    if not homes:
        return
    output.print_heading("The person's rows")
    output.print_table(
        ["dataset*", "rows#", "loads"],
        (
            [home.dataset, home.subject.rows, home.subject.why or " ".join(home.subject.load_ids)]
            for home in homes
            if home.subject is not None
        ),
        empty="",
    )


def _print_origin(found: Incident) -> None:
    from airflow_gov.cli.lineage_answers import print_made

    output.print_heading("How it got there")
    output.print_table(
        ["from outside the lake*"], ([each] for each in found.origins), empty="No source outside is known."
    )
    print_made(found.loads)
    files = [(home.dataset, file.uri) for home in found.homes for file in home.files]
    output.print_heading("Files of the current versions")
    output.print_table(["dataset*", "file*"], files, empty="No files are recorded.")
