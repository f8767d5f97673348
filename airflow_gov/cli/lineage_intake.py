"""`airflow-gov lineage import`, `spool` and `dead-letters`: how events come in, and where they wait."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.lineage.event_files import Line, read_lines
from airflow_gov.lineage.events import EventError, parse_event, parse_text
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.lineage import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.lineage.delivering import Delivery

#: How many lines go to the store at once, and how many bad ones are shown to people.
_LINES, _SHOWN = 500, 50


@dataclass(slots=True)
class _Imported:
    """What became of a file's lines."""

    read: int = 0
    new: int = 0
    duplicates: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)


@click.command(
    "import",
    epilog="""\
Examples:

\b
  airflow-gov lineage import events.jsonl
  airflow-gov lineage import events.jsonl.gz --strict --json
  zcat old/*.gz | airflow-gov lineage import -
""",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--strict", is_flag=True, help="Take nothing if any line is bad.")
@output.json_option
@pass_session
def import_events(session: Session, file: str, *, strict: bool, as_json: bool) -> int:
    """Take in OpenLineage events from FILE, one JSON text a line; - is the standard input, gzip is read.

    A bad line is named, kept among the dead letters, and leaves the others alone; the exit code is then 1.
    Importing the same again changes nothing.
    """
    with _opened(file, seekable=strict) as opened:
        imported = _checked(opened, file) if strict else _Imported()
        if not imported.refused:
            if strict:
                opened.seek(0)
            imported = _take_in(session, opened, file)
    if as_json:
        output.print_json(imported)
    else:
        _print(imported, nothing_taken=strict and bool(imported.refused))
    return 1 if imported.refused else 0


@click.group(epilog="Example: airflow-gov lineage spool show")
def spool() -> None:
    """Events that wait on this machine because the store could not take them."""


@spool.command("show", epilog="Example: airflow-gov lineage spool show --json")
@output.json_option
@pass_session
def show_spool(session: Session, *, as_json: bool) -> None:
    """What waits on this machine, and what was lost because there was no place."""
    from airflow_gov.lineage.delivering import event_spool

    waits = event_spool(session.settings)
    waiting = waits.waiting()
    facts = {
        "folder": str(waits.folder),
        "events": waiting.events,
        "bytes": waiting.bytes,
        "limit": session.settings.lineage_spool_bytes,
        "since": waiting.since,
        "lost": waiting.lost,
        "last_lost": waiting.last_lost,
        "unreadable": waiting.unreadable,
    }
    if as_json:
        output.print_json(facts)
        return
    output.print_facts(
        {
            "folder": facts["folder"],
            "events": waiting.events,
            "takes": f"{output.size(waiting.bytes)} of {output.size(session.settings.lineage_spool_bytes)}",
            "since": waiting.since,
            "lost": f"{waiting.lost}, the last {waiting.last_lost}" if waiting.lost else None,
            "unreadable": waiting.unreadable or None,
        }
    )


@spool.command(epilog="Example: airflow-gov lineage spool deliver")
@output.json_option
@pass_session
def deliver(session: Session, *, as_json: bool) -> int:
    """Deliver what waits on this machine now."""
    delivery = _delivery(session)
    delivered = delivery.deliver(time_limit=float("inf"))
    waiting = delivery.spool.waiting().events
    if as_json:
        output.print_json({"delivered": delivered, "waiting": waiting})
    else:
        click.echo(f"Delivered {delivered:,} events; {waiting:,} wait.")
        if waiting and not delivered:
            click.echo("Another process is delivering them.", err=True)
    return 1 if waiting else 0


@click.group("dead-letters", epilog="Example: airflow-gov lineage dead-letters list")
def dead_letters() -> None:
    """Events that were refused, with the place and the reason."""


@dead_letters.command("list", epilog="Example: airflow-gov lineage dead-letters list --limit 20 --json")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many at most."
)
@output.json_option
@pass_session
def list_letters(session: Session, *, limit: int, as_json: bool) -> None:
    """Refused events, newest first, without their contents."""
    found = session.store.lineage.dead_letters(limit)
    if as_json:
        output.print_json([_plain(letter) for letter in found])
        return
    output.print_table(
        ["id#", "received", "from", "token", "size#", "path", "reason"],
        (
            [
                letter.letter_id,
                letter.received_at,
                letter.origin,
                letter.token_id,
                letter.size,
                letter.path,
                letter.reason,
            ]
            for letter in found
        ),
        empty="No event was refused.",
    )


@dead_letters.command("show", epilog="Example: airflow-gov lineage dead-letters show 7 --json")
@click.argument("letter_id", metavar="ID", type=int)
@output.json_option
@pass_session
def show_letter(session: Session, letter_id: int, *, as_json: bool) -> None:
    """One refused event with its contents, which may be personal; of a long one the beginning."""
    letter = session.store.lineage.dead_letter(letter_id)
    if letter is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"There is no dead letter {letter_id}: see airflow-gov lineage dead-letters list.",
        )
    body = letter.body.decode("utf-8", "replace")
    if as_json:
        output.print_json({**_plain(letter), "body": body})
        return
    output.print_facts({key: value for key, value in _plain(letter).items() if key != "size"})
    output.print_heading(f"{letter.size:,} bytes" if letter.size == len(letter.body) else "the beginning")
    click.echo(output.printable(body))


def _plain(letter: Any) -> dict[str, Any]:
    return {
        "id": letter.letter_id,
        "received_at": letter.received_at,
        "origin": letter.origin,
        "token_id": letter.token_id,
        "size": letter.size,
        "path": letter.path,
        "reason": letter.reason,
    }


def _delivery(session: Session) -> Delivery:
    from airflow_gov.lineage.delivering import Delivery, event_spool

    return Delivery(
        event_spool(session.settings),
        store=lambda: session.store,
        own_namespace=session.settings.lineage_namespace,
    )


# --- import ---------------------------------------------------------------------------------------------


@contextmanager
def _opened(file: str, *, seekable: bool) -> Iterator[IO[bytes]]:
    if file != "-":
        with Path(file).open("rb") as opened:
            yield opened
    elif seekable:
        with tempfile.TemporaryFile() as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.seek(0)
            yield copy
    else:
        yield sys.stdin.buffer


def _checked(file: IO[bytes], name: str) -> _Imported:
    """Read everything and take nothing."""
    checked = _Imported()
    for line in _with_progress(file, name, "checking"):
        checked.read += 1
        try:
            parse_event(parse_text(line.text))
        except EventError as error:
            checked.refused.append({"line": line.number, "path": error.path, "reason": error.problem})
    return checked


def _take_in(session: Session, file: IO[bytes], name: str) -> _Imported:
    from airflow_gov.lineage.ingesting import Intake

    intake = Intake(lambda: session.store, own_namespace=session.settings.lineage_namespace)
    imported = _Imported()
    lines = _with_progress(file, name, "importing")
    while batch := list(islice(lines, _LINES)):
        taken = intake.take([line.text for line in batch], origin=Origin.IMPORT)
        imported.read += len(batch)
        imported.new += taken.accepted
        imported.duplicates += taken.duplicates
        imported.refused += [
            {"line": batch[refusal.index].number, "path": refusal.path, "reason": refusal.reason}
            for refusal in taken.refused
        ]
    return imported


def _with_progress(file: IO[bytes], name: str, doing: str) -> Iterator[Line]:
    console = output.console(stderr=True)
    total = os.fstat(file.fileno()).st_size or None if file.seekable() else None
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    with progress:
        bar = progress.add_task(doing, total=total)
        for line in read_lines(file, name):
            if line.number % 100 == 0:
                progress.update(bar, completed=line.read)
            yield line


def _print(imported: _Imported, *, nothing_taken: bool) -> None:
    for refused in imported.refused[:_SHOWN]:
        told = f"line {refused['line']}: {refused['path']}: {refused['reason']}"
        click.secho(" ".join(output.printable(told).split()), fg="red", err=True)
    if len(imported.refused) > _SHOWN:
        click.secho(f"… and {len(imported.refused) - _SHOWN:,} more", fg="red", err=True)
    if nothing_taken:
        click.echo(f"Nothing was taken: {len(imported.refused):,} of {imported.read:,} lines are bad.")
        return
    click.echo(
        f"Read {imported.read:,} events: {imported.new:,} new, {imported.duplicates:,} known before, "
        f"{len(imported.refused):,} refused."
    )
