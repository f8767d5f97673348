"""`airflow-gov lineage impact|origin|where-is|row|diff`: the questions people ask."""

from __future__ import annotations

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage impact clean.orders.amount          what breaks without the column
  airflow-gov lineage impact clean.orders --json          without the dataset, for machines
"""
)
@click.argument("name", metavar="NAME")
@output.json_option
@pass_session
def impact(session: Session, name: str, *, as_json: bool) -> None:
    """What breaks if a column or a dataset goes.

    Columns and datasets made of it (direct: its values are there; masked: hidden there; indirect: it decided
    about rows or values), jobs, Dags, and what contracts and their rules say of the columns.
    """
    from airflow_gov.cli.lineage_answers import print_impact
    from airflow_gov.lineage.impact import column_impact, dataset_impact
    from airflow_gov.lineage.names import dataset_or_column

    dataset, column = dataset_or_column(session.store, name)
    if column is None:
        found = dataset_impact(session.store, dataset, dags=None)
    else:
        found = column_impact(session.store, dataset, column, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_impact(found)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage origin gold.sales.amount               of the current version
  airflow-gov lineage origin gold.sales.amount --version 41
"""
)
@click.argument("name", metavar="DATASET.COLUMN")
@click.option(
    "--version", type=click.IntRange(1, 2**31 - 1), help="Of this version; default: the current one."
)
@output.json_option
@pass_session
def origin(session: Session, name: str, *, version: int | None, as_json: bool) -> None:
    """The files and runs that a column came from, back to where data entered the lake."""
    from airflow_gov.cli.lineage_answers import print_origin
    from airflow_gov.lineage.names import column_named
    from airflow_gov.lineage.origins import origin as find_origin

    dataset, column = column_named(session.store, name)
    found = find_origin(session.store, dataset, column, version=version, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_origin(found)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov lineage where-is email                   by name, under whatever name it goes on
  airflow-gov lineage where-is clean.customers.email   from this column on
  airflow-gov lineage where-is --tag pii:email         by tag, of contracts and of events
  airflow-gov lineage where-is --tag pii --json        everything personal
"""
)
@click.argument("column", metavar="COLUMN", required=False)
@click.option("--tag", help="Columns with this tag, e.g. pii:email; pii for all that begin so.")
@output.json_option
@pass_session
def where_is(session: Session, column: str | None, *, tag: str | None, as_json: bool) -> None:
    """Every place where a column's values lie, and who reads them.

    Followed from column to column, so that a renamed copy is found; where the values are hashed or
    otherwise hidden, that is said.
    """
    from airflow_gov.cli.lineage_answers import print_places
    from airflow_gov.lineage.where_is import where_is as find

    if bool(column) == bool(tag):
        raise click.UsageError("Name a COLUMN, or a --tag.")
    found = find(session.store, column=column or None, tag=tag or None, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_places(found, column or tag or "")


@click.command(epilog="Example: airflow-gov lineage row clean.orders --load-id 9f2c41d07ab3e865")
@click.argument("dataset", metavar="DATASET")
@click.option("--load-id", required=True, help="What the row has in its column _load_id.")
@output.json_option
@pass_session
def row(session: Session, dataset: str, *, load_id: str, as_json: bool) -> None:
    """Who put a row there: when, with which code, from which sources and files."""
    from airflow_gov.cli.lineage_answers import print_row
    from airflow_gov.lineage.origins import row_origin

    found = row_origin(session.store, str(session.dataset(dataset)), load_id, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_row(found)


@click.command(epilog="Example: airflow-gov lineage diff gold.sales 40 41")
@click.argument("dataset", metavar="DATASET")
@click.argument("a", metavar="VERSION")
@click.argument("b", metavar="VERSION")
@output.json_option
@pass_session
def diff(session: Session, dataset: str, a: str, b: str, *, as_json: bool) -> None:
    """What changed between two versions: columns, rows, inputs, column lineage, job and code."""
    from airflow_gov.cli.lineage_answers import print_difference
    from airflow_gov.lineage.differences import difference
    from airflow_gov.lineage.names import dataset_named

    found = difference(session.store, dataset_named(session.store, dataset), a, b, dags=None)
    if as_json:
        output.print_json(found)
    else:
        print_difference(found)
