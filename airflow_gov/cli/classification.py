"""`airflow-gov catalog classify|sensitivity`: what columns hold, and what they inherit."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.classification import Agreement
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from airflow_gov.catalog.classification.evaluating import Labelled, Score
    from airflow_gov.catalog.sensitivity import Sensitivity
    from airflow_gov.model.classification import Classification
    from airflow_gov.model.zones import DatasetName

_STYLES = {
    Agreement.AGREES: "green",
    Agreement.PROPOSED: "yellow",
    Agreement.CONTRADICTS: "bold red",
    Agreement.UNSEEN: "dim",
}


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov catalog classify clean.customers                of the current version, 10,000 rows
  airflow-gov catalog classify --zone gold --sample 100000    a whole zone
  airflow-gov catalog classify gold.sales --json              for machines
  airflow-gov catalog classify --evaluate                     precision and recall on labelled columns
"""
)
@click.argument("datasets", metavar="[DATASET]...", nargs=-1)
@click.option("--zone", help="Every published dataset of this zone.")
@click.option(
    "--sample",
    type=click.IntRange(1, 100_000),
    default=10_000,
    show_default=True,
    help="Rows of each dataset to look at; the same ones of the same version each time.",
)
@click.option(
    "--evaluate",
    is_flag=True,
    help="Scan nothing: measure the recognisers on the labelled set that is shipped.",
)
@output.json_option
@pass_session
def classify(
    session: Session,
    datasets: Sequence[str],
    *,
    zone: str | None,
    sample: int,
    evaluate: bool,
    as_json: bool,
) -> None:
    """Propose what columns hold, from their names, types and a sample of their values.

    Held against the contract, which stays the truth: it agrees, it lacks the tag (proposed), it says
    something else (contradicts), or it has a tag that nothing looks like (unseen). No value is shown or kept.
    """
    if evaluate:
        _evaluate(session, as_json=as_json)
        return
    if bool(datasets) == bool(zone):
        raise click.UsageError("Name one DATASET or more, or a --zone.")
    names = [session.dataset(each) for each in datasets] if datasets else _published(session, zone or "")
    found, failed = _scan(session, names, sample)
    if as_json:
        output.print_json({"scans": found, "failed": failed})
    else:
        _print_scans(found, failed)
    if failed:
        raise click.exceptions.Exit(1)


@click.command(
    epilog="""\
Examples:

\b
  airflow-gov catalog sensitivity gold.sales            each column of a dataset
  airflow-gov catalog sensitivity gold.sales.buyer      with every way a tag took to it
"""
)
@click.argument("name", metavar="DATASET[.COLUMN]")
@output.json_option
@pass_session
def sensitivity(session: Session, name: str, *, as_json: bool) -> None:
    """Which personal tags come to columns along the lineage, and which masking stops."""
    from airflow_gov.catalog.sensitivity import sensitivity as find

    found = find(session.store, name)
    if as_json:
        output.print_json([_plain(each) for each in found])
        return
    _print_sensitivity(found)


def _published(session: Session, word: str) -> list[DatasetName]:
    known = session.settings.zone_aliases.get(word, word)
    if known not in Zone._value2member_map_:
        raise click.BadParameter(f"{word!r} is no zone: {', '.join(Zone)}", param_hint="--zone")
    summaries = session.store.versions.summaries()
    return [each.dataset for each in summaries if each.versions and each.dataset.zone == known]


def _scan(
    session: Session, names: Iterable[DatasetName], sample: int
) -> tuple[list[Classification], dict[str, str]]:
    from airflow_gov.catalog.classification import scan
    from airflow_gov.flow.environment import os_user

    found: list[Classification] = []
    failed: dict[str, str] = {}
    for name in dict.fromkeys(names):
        try:
            found.append(scan(session.governance_with_lake, name, sample=sample, actor=os_user()))
        except GovernanceError as error:
            failed[str(name)] = error.message
    return found, failed


def _print_scans(found: Sequence[Classification], failed: Mapping[str, str]) -> None:
    for each in found:
        output.print_heading(
            f"{each.dataset}, version {each.version}: {each.sampled:,} of {each.rows:,} rows, "
            f"{each.columns} columns"
        )
        output.print_table(
            ["column*", "tag*", "confidence#", "contract", "why"],
            (
                [
                    proposal.column,
                    proposal.tag,
                    f"{proposal.confidence:.2f}",
                    Text(proposal.agreement.value, style=_STYLES[proposal.agreement]),
                    str(proposal.evidence),
                ]
                for proposal in each.proposals
            ),
            empty=f"{each.dataset}: nothing looks personal.",
        )
        _print_next_step(each)
        for column in each.overlooked:
            output.console().print(output.printable(f"{column.column}: {column.reason}"))
    for name, message in failed.items():
        output.console(stderr=True).print(f"{name} was not scanned: {output.printable(message)}")


def _print_next_step(found: Classification) -> None:
    lacking = (Agreement.PROPOSED, Agreement.CONTRADICTS)
    first = next((each for each in found.proposals if each.agreement in lacking), None)
    if first is not None:
        words = ("catalog", "propose", str(found.dataset), "--column", first.column, "--tag", first.tag)
        line = f"As a patch of the contract: airflow-gov {shlex.join(words)}"
        output.console(stderr=True).print(output.printable(line))


def _plain(found: Sensitivity) -> dict[str, Any]:
    return {
        "dataset": found.place.dataset,
        "column": found.place.column,
        "zone": found.zone,
        "tags": found.tags,
        "classification": found.classification,
        "inherited": [
            {"tag": path.tag, "origin": str(path.origin), "steps": [str(step) for step in path.steps]}
            for path in found.paths
        ],
        "masked": found.masked,
        "truncated": found.truncated,
    }


def _print_sensitivity(found: Sequence[Sensitivity]) -> None:
    output.print_table(
        ["column*", "contract and events", "inherits", "masked before", "nearest way"],
        (
            [
                str(each.place),
                [*each.tags, *([each.classification] if each.classification else [])],
                each.inherited,
                each.masked,
                str(each.paths[0]) if each.paths else "",
            ]
            for each in found
        ),
        empty="No columns of it are known.",
    )
    if len(found) == 1 and len(found[0].paths) > 1:
        output.print_heading("All ways")
        for path in found[0].paths:
            output.console().print(output.printable(f"{path.tag}: {path}"))
    if any(each.truncated for each in found):
        output.console(stderr=True).print("There are more ways than were followed.")


def _evaluate(session: Session, *, as_json: bool) -> None:
    from airflow_gov.catalog.classification.evaluating import classify_labelled, parts, scores

    columns = classify_labelled(session.governance.engine)
    if as_json:
        output.print_json({part: _measured(some, scores(some)) for part, some in parts(columns)})
        return
    for part, some in parts(columns):
        output.print_heading(f"Labelled columns, {part}: {len(some)}")
        print_scores(scores(some))


def _measured(columns: Sequence[Labelled], found: Mapping[str, Score]) -> dict[str, Any]:
    return {
        "columns": len(columns),
        "scores": {
            tag: {
                "found": each.found,
                "missed": each.missed,
                "wrong": each.wrong,
                "precision": each.precision,
                "recall": each.recall,
            }
            for tag, each in found.items()
        },
        "mistakes": [each for each in columns if not each.right],
    }


def print_scores(found: Mapping[str, Score]) -> None:
    """Precision and recall by tag as a table."""
    output.print_table(
        ["tag", "found#", "missed#", "wrong#", "precision#", "recall#"],
        (
            [tag, each.found, each.missed, each.wrong, _share(each.precision), _share(each.recall)]
            for tag, each in found.items()
        ),
        empty="Nothing was measured.",
    )


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
