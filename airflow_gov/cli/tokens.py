"""`airflow-gov tokens`: with which producers outside this Airflow send lineage."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.flow.environment import os_user
from airflow_gov.lineage.tokens import create_token, is_valid, revoke_token
from airflow_gov.model.durations import read_duration

if TYPE_CHECKING:
    from airflow_gov.model.tokens import TokenRecord


@click.group(
    epilog="""\
Examples:

\b
  airflow-gov tokens create "spark nightly" --namespace spark-prod --expires 90d
  airflow-gov tokens create dbt --namespace "dbt/*" --expires 1y --json
  airflow-gov tokens list
  airflow-gov tokens revoke 4f0c2a91d7be
"""
)
def tokens() -> None:
    """Tokens with which producers outside this Airflow send lineage; good for nothing else."""


@tokens.command(
    epilog='Example: airflow-gov tokens create "spark nightly" --namespace spark-prod --expires 90d'
)
@click.argument("name")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    required=True,
    help="Of the jobs it may tell of: exact, or with * at the end (team-a/*). More than once.",
)
@click.option(
    "--expires", required=True, metavar="DURATION", help="How long it holds: 12h, 90d; 366d at most."
)
@output.json_option
@pass_session
def create(session: Session, *, name: str, namespaces: tuple[str, ...], expires: str, as_json: bool) -> None:
    """Make a token for NAME. It is shown once and kept nowhere."""
    try:
        expires_in = read_duration(expires)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--expires") from None
    token, text = create_token(
        session.store,
        name,
        namespaces,
        expires_in=expires_in,
        own_namespace=session.settings.lineage_namespace,
        actor=os_user(),
        at=session.governance.clock(),
    )
    if as_json:
        output.print_json({**_plain(token, session.governance.clock()), "token": text})
        return
    output.print_facts(
        {"token": text, "id": token.token_id, "namespaces": token.namespaces, "expires": token.expires_at}
    )
    click.echo("Keep it now: it cannot be shown again.", err=True)


@tokens.command("list", epilog="Example: airflow-gov tokens list --json")
@output.json_option
@pass_session
def list_tokens(session: Session, *, as_json: bool) -> None:
    """All tokens, newest first, without their secrets."""
    found, now = session.store.tokens.list(), session.governance.clock()
    if as_json:
        output.print_json([_plain(token, now) for token in found])
        return
    output.print_table(
        ["id*", "name", "namespaces", "state", "expires", "last used", "made by"],
        (
            [
                token.token_id,
                token.name,
                token.namespaces,
                _state(token, now),
                token.expires_at,
                token.last_used_at,
                token.created_by,
            ]
            for token in found
        ),
        empty="No tokens yet: airflow-gov tokens create.",
    )


@tokens.command(epilog="Example: airflow-gov tokens revoke 4f0c2a91d7be")
@click.argument("token", metavar="ID|NAME")
@output.json_option
@pass_session
def revoke(session: Session, *, token: str, as_json: bool) -> None:
    """Let a token be refused from now on."""
    now = session.governance.clock()
    revoked = revoke_token(session.store, token, actor=os_user(), at=now)
    if as_json:
        output.print_json(_plain(revoked, now))
        return
    click.echo(f"The token {revoked.token_id} ({output.printable(revoked.name)}) is revoked.")


def _state(token: TokenRecord, now: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "valid" if is_valid(token, now) else "expired"


def _plain(token: TokenRecord, now: datetime) -> dict[str, Any]:
    return {
        "id": token.token_id,
        "name": token.name,
        "namespaces": token.namespaces,
        "state": _state(token, now),
        "created_by": token.created_by,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_by": token.revoked_by,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }
