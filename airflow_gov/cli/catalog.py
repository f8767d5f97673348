"""`airflow-gov catalog`: find datasets, see what is known of them, what is lacking, and propose it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from airflow_gov.cli import classification as scanning
from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.catalogue import OUTSIDE, UNUSED_DAYS, Gap, Standing, Wanted
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Sequence

_DAYS = click.option(
    "--unused-days",
    type=click.IntRange(0, 36_500),
    default=UNUSED_DAYS,
    show_default=True,
    help="After so many days without a read a dataset is unused.",
)


@click.group()
def catalog() -> None:
    """What data there is, what it means, who reads it, and what is lacking."""


catalog.add_command(scanning.classify)
catalog.add_command(scanning.sensitivity)


@catalog.command(
    short_help="Find datasets by what people call them.",
    epilog="""\
Examples:

\b
  airflow-gov catalog search punctu                     parts of names, columns, meanings, people, tags
  airflow-gov catalog search delay --zone gold          what consumers read
  airflow-gov catalog search "" --tag pii:email --json  everything with a tag, for machines
""",
)
@click.argument("words", nargs=-1)
@click.option("--zone", help="Only in this zone; `outside` for what only lineage knows.")
@click.option("--owner", help="Only of this owner.")
@click.option("--tag", help="Only with this tag, of the dataset or of a column.")
@click.option(
    "--verdict",
    type=click.Choice([each.value for each in Standing]),
    help="Only where this came of the last verdict.",
)
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
@click.option("--after", help="Where the page begins: `next` of the page before, as --json tells it.")
@output.json_option
@pass_session
def search(
    session: Session,
    words: Sequence[str],
    *,
    zone: str | None,
    owner: str | None,
    tag: str | None,
    verdict: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """Datasets in which every one of WORDS begins a word.

    Those that have the words in their name come first, then in their columns, then in what is told about
    them; among these, what is read more. Quotes and signs mean nothing.
    """
    from airflow_gov.cli.catalog_pages import print_found

    standing = Standing(verdict) if verdict else None
    wanted = Wanted(" ".join(words), _zone(session, zone), owner, tag, standing)
    found = session.store.catalogue.page(wanted, after=after, limit=limit)
    if as_json:
        output.print_json(found)
    else:
        print_found(found)


@catalog.command(
    short_help="What is known of one dataset, and who reads it.",
    epilog="Example: airflow-gov catalog show clean.flights",
)
@click.argument("dataset")
@_DAYS
@output.json_option
@pass_session
def show(session: Session, dataset: str, *, unused_days: int, as_json: bool) -> None:
    """What is known of DATASET: meaning, people, freshness, quality, size, who reads it, what is lacking."""
    from airflow_gov.catalog.describing import describe
    from airflow_gov.cli.catalog_pages import print_described

    found = describe(
        session.store,
        session.dataset(dataset),
        unused_since=_since(unused_days),
        aliases=session.settings.zone_aliases,
        dags=None,
    )
    if as_json:
        output.print_json(found)
    else:
        print_described(found)


@catalog.command(
    short_help="Datasets that lack a description, people or readers.",
    epilog="""\
Examples:

\b
  airflow-gov catalog gaps                                    whatever is lacking
  airflow-gov catalog gaps --kind undocumented --zone gold
  airflow-gov catalog gaps --kind unused --unused-days 30 --json
""",
)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([each.value for each in Gap]),
    multiple=True,
    help="Only this; may be given again. undocumented: the dataset or a column has no description; unowned: "
    "no owner or no steward; unused: not read for --unused-days; unread: never read.",
)
@click.option("--zone", help="Only in this zone.")
@click.option("--owner", help="Only of this owner.")
@_DAYS
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many.")
@output.json_option
@pass_session
def gaps(
    session: Session,
    *,
    kinds: Sequence[str],
    zone: str | None,
    owner: str | None,
    unused_days: int,
    limit: int,
    as_json: bool,
) -> None:
    """Datasets that lack a description, an owner, a steward, or readers.

    A read is an execution of a task that read rows of a published version; checks, approvals and sensors
    read none. Readers outside of Airflow are not known here.
    """
    from airflow_gov.catalog.gaps import find_gaps
    from airflow_gov.cli.catalog_pages import print_gaps

    lacking = frozenset(map(Gap, kinds))
    wanted = Wanted("", _zone(session, zone), owner, None, None, lacking, _since(unused_days))
    found = find_gaps(session.store, wanted, dags=None, limit=limit)
    if as_json:
        output.print_json(found)
    else:
        print_gaps(found)


@catalog.command(
    short_help="A patch that adds what you know to a contract.",
    epilog="""\
Examples:

\b
  airflow-gov catalog propose clean.flights --column carrier --description "Two-letter code of the airline"
  airflow-gov catalog propose gold.sales --owner eva@example.com --steward kim@example.com
  airflow-gov catalog propose clean.flights --column tail --tag pii:plate | git apply --directory=dags
""",
)
@click.argument("dataset")
@click.option("--column", help="The column that --description, --classification and --tag are about.")
@click.option("--description", help="What the column means.")
@click.option("--classification", help="How sensitive the column is: public, internal, restricted …")
@click.option("--tag", help="One more tag, of the column where one is named, else of the dataset.")
@click.option("--dataset-description", help="What the dataset is.")
@click.option("--owner", help="Who owns it from now on.")
@click.option("--steward", help="Who looks after it too.")
@output.json_option
@pass_session
def propose(
    session: Session,
    dataset: str,
    *,
    column: str | None,
    description: str | None,
    classification: str | None,
    tag: str | None,
    dataset_description: str | None,
    owner: str | None,
    steward: str | None,
    as_json: bool,
) -> None:
    """Print a patch to the contract of DATASET that says what you know. Nothing is changed or stored.

    The patch is for the text that tasks last used, and takes `git apply` or `patch -p1` in the folder that
    the contracts folder lies in. Comments and layout of the file stay as they are.
    """
    from airflow_gov.catalog.describing import kept_contract
    from airflow_gov.catalog.proposing import Proposal
    from airflow_gov.catalog.proposing import propose as make

    name = session.dataset(dataset)
    patch = make(
        kept_contract(session.store, name),
        name,
        Proposal(column, description, classification, tag, dataset_description, owner, steward),
        today=datetime.now(UTC).date(),
        folder=session.settings.contracts_folder,
        aliases=session.settings.zone_aliases,
    )
    if as_json:
        output.print_json(patch)
        return
    click.echo(patch.text, nl=False)
    if patch.also:
        click.echo(f"It changes the owner or stewards of {', '.join(map(str, patch.also))} too.", err=True)


def _since(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _zone(session: Session, word: str | None) -> str | None:
    if word is None:
        return None
    known = session.settings.zone_aliases.get(word, word)
    if known not in (*Zone, OUTSIDE):
        raise click.BadParameter(f"{word!r} is no zone: {', '.join((*Zone, OUTSIDE))}", param_hint="--zone")
    return known
