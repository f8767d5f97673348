"""How the commands show things: rich tables for people, one JSON document for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from airflow_gov.model.execution import Status
from airflow_gov.model.serde import to_plain

F = TypeVar("F", bound=Callable[..., Any])

#: Wide enough that nothing wraps when the output is no terminal: what is piped is searched and cut.
_UNBOUNDED_WIDTH = 100_000

json_option: Callable[[F], F] = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output."
)


def console(*, stderr: bool = False) -> Console:
    """A console that wraps in a terminal and never cuts a name anywhere else."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _UNBOUNDED_WIDTH
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output.

    :param value: values of the model and plain ones.
    """
    click.echo(json.dumps(to_plain(value), indent=2, ensure_ascii=False))


def print_table(columns: Iterable[str], rows: Iterable[Iterable[Any]], *, empty: str) -> None:
    """A table of one line per thing.

    :param columns: headings; those ending in ``#`` hold numbers and are set to the right, those ending
        in ``*`` hold what is copied, and stay on one line as long as there is room at all.
    :param rows: their cells, see :func:`cell`.
    :param empty: what is said when there are no rows.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for heading in columns:
        table.add_column(
            heading.rstrip("#*"),
            justify="right" if heading.endswith("#") else "left",
            no_wrap=heading.endswith(("#", "*")),
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    if table.row_count:
        console().print(table)
    else:
        console(stderr=True).print(empty)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Names and values in two columns; what is empty is left out.

    :param facts: values as :func:`cell` takes them.
    """
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, "", (), [], {}):
            grid.add_row(name, cell(value))
    console().print(grid)


def print_heading(text: str) -> None:
    """A heading above a table or a list of facts."""
    console().print()
    console().print(printable(text), style="bold underline")


def cell(value: Any) -> Text:
    """A value as people read it: thousands apart, times in UTC, nothing for None."""
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(f"{value:,}")
    if isinstance(value, float):
        return Text(f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}")
    if isinstance(value, datetime):
        return Text(moment(value))
    if isinstance(value, list | tuple):
        return Text("\n").join(cell(item) for item in value)
    return Text(printable(str(to_plain(value))))


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def size(count: int | None) -> str:
    """Bytes in the unit that suits them (powers of ten)."""
    if count is None:
        return ""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def printable(text: str) -> str:
    """Text without the control characters with which data could command a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def outcome(passed: bool | None) -> Text:
    """A gate's verdict in a word and a colour."""
    if passed is None:
        return Text("never checked", style="dim")
    return Text("passed", style="green") if passed else Text("failed", style="bold red")


_STATUS_STYLES = {
    Status.SUCCESS: "green",
    Status.FAILED: "bold red",
    Status.LOST: "bold red",
    Status.UP_FOR_RETRY: "yellow",
    Status.SKIPPED: "dim",
}


def status(value: Status) -> Text:
    """An execution's status in its colour."""
    return Text(value.value, style=_STATUS_STYLES.get(value, "cyan"))
