"""`airflow-gov db`: the schema of the governance store."""

from __future__ import annotations

import click

from airflow_gov.cli.output import json_option, print_facts, print_json
from airflow_gov.cli.session import Session, pass_session


@click.group(
    epilog="""\
Examples:

\b
  airflow-gov db upgrade              make the tables, or bring them up to this version
  airflow-gov db check                exit code 0 when tasks can use the store
  airflow-gov db status --json        current and needed revision, for machines
  airflow-gov db downgrade 0001       go back, before installing an older version
"""
)
def db() -> None:
    """The governance store's schema."""


@db.command(epilog="Example: airflow-gov db upgrade")
@click.option("--revision", default="head", show_default=True, help="Go no further than this revision.")
@pass_session
def upgrade(session: Session, revision: str) -> None:
    """Make the tables, or bring them up to what this version of airflow-gov needs.

    Safe to run again, and by several at once.
    """
    session.store.upgrade(revision)
    click.echo(f"The governance store is at revision {session.store.schema_status().current}.", err=True)


@db.command(epilog="Example: airflow-gov db downgrade 0001 --yes")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def downgrade(session: Session, revision: str, yes: bool) -> None:
    """Take the tables back to REVISION; `base` drops them all.

    What the dropped tables and columns held is lost.
    """
    if not yes:
        click.confirm(f"Go back to {revision}? What newer tables hold is lost.", abort=True, err=True)
    session.store.downgrade(revision)
    click.echo(f"The governance store is at revision {session.store.schema_status().current}.", err=True)


@db.command(epilog="Example: airflow-gov db check && airflow scheduler")
@pass_session
def check(session: Session) -> None:
    """Check that tasks can use the store: reachable, and with the schema they need.

    Exit code 0 when they can, 1 with the reason when they cannot. An embedded store that is not there yet
    is made, as a task would make it.
    """
    session.store.ping()
    click.echo("The governance store can be used.", err=True)


@db.command(epilog="Example: airflow-gov db status --json")
@json_option
@pass_session
def status(session: Session, as_json: bool) -> None:
    """Show which schema the store has and which one this version of airflow-gov needs. Changes nothing."""
    found = session.store.schema_status()
    facts = {"store": session.store.address, "current": found.current, "head": found.head, "ok": found.ok}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts | {"current": found.current or "no tables yet"})
