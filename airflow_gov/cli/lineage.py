"""`airflow-gov lineage`: where data comes from, where it goes, and what that means for a change."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

_WALKS = "airflow_gov.cli.lineage_walks"
_QUESTIONS = "airflow_gov.cli.lineage_questions"
_LISTS = "airflow_gov.cli.lineage_lists"
_UPKEEP = "airflow_gov.cli.lineage_upkeep"
_INTAKE = "airflow_gov.cli.lineage_intake"

#: Command → module, name in it, its line in ``airflow-gov lineage --help``.
COMMANDS: Mapping[str, tuple[str, str, str]] = {
    "upstream": (_WALKS, "upstream", "What a dataset, column, version or run was made from."),
    "downstream": (_WALKS, "downstream", "What was made from a dataset, column, version or run."),
    "impact": (_QUESTIONS, "impact", "What breaks if a column or a dataset goes."),
    "origin": (_QUESTIONS, "origin", "The files and runs that a column came from."),
    "where-is": (_QUESTIONS, "where_is", "Every place of a column or a tag, and who reads it."),
    "row": (_QUESTIONS, "row", "Who put a row there, from which files, with which code."),
    "diff": (_QUESTIONS, "diff", "What changed between two versions of a dataset."),
    "runs": (_LISTS, "runs", "Runs of a Dag, of a job, or on a dataset."),
    "show": (_LISTS, "show", "One job or one run."),
    "search": (_LISTS, "search", "Datasets, jobs and columns by a part of their name."),
    "export": (_UPKEEP, "export", "OpenLineage events, GraphML, Mermaid or one HTML file."),
    "import": (_INTAKE, "import_events", "Take in OpenLineage events from a file."),
    "spool": (_INTAKE, "spool", "Events that wait on this machine for the store."),
    "dead-letters": (_INTAKE, "dead_letters", "Events that were refused, and why."),
    "prune": (_UPKEEP, "prune", "Remove old events and runs, never the graph."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        found = getattr(importlib.import_module(module), name)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    epilog="""\
Examples:

\b
  airflow-gov lineage upstream gold.sales                      what it is made from
  airflow-gov lineage downstream clean.orders.amount           what a column goes into
  airflow-gov lineage impact clean.orders.amount               what breaks without it
  airflow-gov lineage where-is --tag pii:email                 every place of every e-mail address
  airflow-gov lineage row clean.orders --load-id 9f2c41d07ab3e865
  airflow-gov lineage export gold.sales --format html -o sales.html

A NAME is clean.orders, clean.orders.amount, a name as its producer says it, namespace/name, or the end of
one where only one ends so.
""",
)
def lineage() -> None:
    """Where data comes from, where it goes, and what that means for a change."""
