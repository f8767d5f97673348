"""The command `airflow-gov`: its groups, loaded when they are called, and how it ends."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from airflow_gov import __version__
from airflow_gov.cli.session import Session
from airflow_gov.model.errors import GovernanceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXIT_FAILURE = 1
EXIT_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is imported when it is called.

    :param module: where it is.
    :param help: its line in ``airflow-gov --help``, known without importing it.
    """

    module: str
    help: str


COMMANDS: Mapping[str, Command] = {
    "audit": Command("airflow_gov.cli.audit", "Whether the lake is as it should be, and what was found."),
    "catalog": Command("airflow_gov.cli.catalog", "What data there is, who reads it, what is lacking."),
    "contracts": Command("airflow_gov.cli.contracts", "Check data contracts (ODCS files)."),
    "datasets": Command("airflow_gov.cli.datasets", "Datasets, their versions, rollback and maintenance."),
    "db": Command("airflow_gov.cli.db", "The governance store's schema."),
    "demo": Command("airflow_gov.cli.demo", "Run the example Dags on real data, in an Airflow of their own."),
    "executions": Command("airflow_gov.cli.executions", "Who ran what, on which data, with what result."),
    "gates": Command("airflow_gov.cli.gates", "Verdicts, waivers and reviews: what a steward decides."),
    "incident": Command("airflow_gov.cli.incident", "Where data lives, who read it, whom to call: one page."),
    "lineage": Command(
        "airflow_gov.cli.lineage", "Where data comes from, where it goes, what a change breaks."
    ),
    "log": Command("airflow_gov.cli.log", "Every governed act; whether the log is as it was written."),
    "tokens": Command("airflow_gov.cli.tokens", "Tokens with which others send lineage."),
    "zones": Command("airflow_gov.cli.zones", "What each zone of the lake holds."),
}

EXAMPLES = """\
Examples:

\b
  airflow-gov demo                                 see it work, on real data
  airflow-gov zones                                what each zone holds
  airflow-gov datasets list --zone gold            what consumers read
  airflow-gov catalog search delay                 find data by what people call it
  airflow-gov executions list --status failed      what went wrong
  airflow-gov executions show EXECUTION --json     one record, for machines
  airflow-gov gates list                           what waits for a steward
  airflow-gov incident --tag pii:email             where it lives, who read it, whom to call
  airflow-gov log verify                           whether somebody edited the audit log
  airflow-gov datasets rollback gold.sales 41 --reason "wrong rates"

AIRFLOW_HOME says which installation is meant; the settings are those of the tasks.
"""


class _LazyGroup(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = getattr(importlib.import_module(COMMANDS[cmd_name].module), cmd_name)
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in COMMANDS.items()])


@click.command(
    cls=_LazyGroup,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="airflow-gov")
@click.option(
    "--conn-id",
    metavar="CONNECTION",
    help="Ask Airflow for the store's connection: for one kept in Airflow's database or a secrets "
    "backend. Without it, environment and airflow.cfg are read, which is faster.",
)
@click.pass_context
def cli(ctx: click.Context, conn_id: str | None) -> None:
    """Governed data-lake zones for Apache Airflow."""
    ctx.obj = ctx.with_resource(Session(conn_id))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and say how it ended.

    :param arguments: the command line without the program's name; default: this process's.
    :returns: 0, 1 when something was refused or failed, 2 for wrong usage, 130 when interrupted.
    """
    try:
        code = cli.main(args=arguments, prog_name="airflow-gov", standalone_mode=False)
        sys.stdout.flush()
    except GovernanceError as error:
        click.secho(f"airflow-gov: {' '.join(error.message.split())}", fg="red", err=True)
        return EXIT_FAILURE
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter's last flush must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    sys.exit(run())
