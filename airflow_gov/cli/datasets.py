"""`airflow-gov datasets`: what there is, its versions, going back, keeping it small."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow_gov.model.loads import Version
    from airflow_gov.model.summary import DatasetSummary


@click.group()
def datasets() -> None:
    """Datasets, their versions, rollback and maintenance."""


@datasets.command("list")
@click.option("--zone", help="Only this zone's.")
@output.json_option
@pass_session
def list_datasets(session: Session, *, zone: str | None, as_json: bool) -> None:
    """Every dataset with its current version and its last gate."""
    wanted = _zone(session, zone) if zone else None
    found = [each for each in session.store.versions.summaries() if wanted in (None, each.dataset.zone)]
    if as_json:
        output.print_json(found)
        return
    print_datasets(found)


def print_datasets(found: Iterable[DatasetSummary]) -> None:
    """Datasets as a table."""
    output.print_table(
        ["dataset*", "version#", "rows#", "quarantined#", "size#", "gate", "published", "owner", "steward"],
        (
            [
                each.dataset,
                each.version,
                each.rows,
                each.quarantined,
                output.size(each.size),
                output.outcome(each.passed),
                each.published_at,
                each.owner,
                each.steward,
            ]
            for each in found
        ),
        empty="No datasets yet: nothing was published.",
    )


@datasets.command("show")
@click.argument("dataset")
@output.json_option
@pass_session
def show_dataset(session: Session, dataset: str, *, as_json: bool) -> None:
    """One dataset: who answers for it, its columns, its current version and the verdict on it."""
    name = session.dataset(dataset)
    summary = _summary(session, name)
    current = session.store.versions.current(name)
    verdict = session.store.verdicts.get(current.verdict_id) if current and current.verdict_id else None
    contract = _contract(session, name)
    if as_json:
        output.print_json({"summary": summary, "contract": contract, "current": current, "verdict": verdict})
        return
    from airflow_gov.cli.dataset_page import print_dataset

    print_dataset(summary, contract, current, verdict)


@datasets.command("versions")
@click.argument("dataset")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@output.json_option
@pass_session
def show_versions(session: Session, dataset: str, *, limit: int, as_json: bool) -> None:
    """Published versions of a dataset, the newest first."""
    name = session.dataset(dataset)
    _summary(session, name)
    found = session.store.versions.list(name, limit=limit)
    if as_json:
        output.print_json(found)
        return
    output.print_table(
        ["version#", "current", "came by", "published", "rows#", "files#", "size#", "snapshot", "execution"],
        (_version_line(version) for version in found),
        empty=f"{name} has no published version.",
    )


@datasets.command("rollback")
@click.argument("dataset")
@click.argument("version", type=click.IntRange(1))
@click.option("--reason", required=True, help="Why; kept in the log.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@output.json_option
@pass_session
def rollback_dataset(
    session: Session, dataset: str, version: int, *, reason: str, yes: bool, as_json: bool
) -> None:
    """Make an earlier published version the current one. Nothing is deleted."""
    from airflow_gov.flow.environment import os_user
    from airflow_gov.flow.rollback import rollback

    name = session.dataset(dataset)
    _summary(session, name)
    current = session.store.versions.current(name)
    if not yes:
        now = f"version {current.version}" if current else "no version"
        question = f"Readers of {name} see {now} now and will see version {version}. Go on?"
        if not click.confirm(question, err=True):
            raise click.exceptions.Exit(1)
    restored = rollback(session.governance_with_lake, name, version, reason=reason, actor=os_user())
    if as_json:
        output.print_json(restored)
        return
    known_as = "" if restored.version == version else f", now as version {restored.version}"
    output.console().print(f"{name} is as in version {version}{known_as}: {restored.rows:,} rows.")


@datasets.command("maintain")
@click.argument("dataset", required=False)
@click.option(
    "--keep-versions",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    help="Newest versions to keep in any case.",
)
@click.option(
    "--keep-days",
    type=click.FloatRange(0),
    default=7,
    show_default=True,
    help="Also keep every version younger than this, in days.",
)
@click.option(
    "--grace-hours",
    type=click.FloatRange(0),
    default=24,
    show_default=True,
    help="Remove nothing younger than this: a task may be reading or writing it.",
)
@click.option("--compact/--no-compact", default=True, show_default=True, help="Merge small files.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@output.json_option
@pass_session
def maintain_datasets(
    session: Session,
    dataset: str | None,
    *,
    keep_versions: int,
    keep_days: float,
    grace_hours: float,
    compact: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove old versions, merge small files, remove files nothing points to.

    Of one DATASET or of all. Rows and current version stay as they are for readers.
    """
    from airflow_gov.cli.upkeep import maintain_all, print_reports
    from airflow_gov.flow.maintenance import Upkeep

    names = [session.dataset(dataset)] if dataset else _all_names(session)
    if dataset:
        _summary(session, names[0])
    upkeep = Upkeep(
        keep_versions=keep_versions,
        keep_days=keep_days,
        grace_hours=grace_hours,
        compact=compact,
        dry_run=dry_run,
    )
    reports = maintain_all(session.governance_with_lake, names, upkeep)
    if as_json:
        output.print_json({str(name): report for name, report in reports.items()})
        return
    print_reports(reports)


def _all_names(session: Session) -> list[DatasetName]:
    return [each.dataset for each in session.store.versions.summaries() if each.versions]


def _zone(session: Session, word: str) -> Zone:
    known = session.settings.zone_aliases.get(word, word)
    if known not in Zone._value2member_map_:
        raise click.BadParameter(f"{word!r} is no zone: {', '.join(Zone)}", param_hint="--zone")
    return Zone(known)


def _summary(session: Session, name: DatasetName) -> DatasetSummary:
    summaries = {each.dataset: each for each in session.store.versions.summaries()}
    if name not in summaries:
        near = difflib.get_close_matches(str(name), [str(each) for each in summaries], n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else "See: airflow-gov datasets list"
        raise GovernanceError(
            Reason.DATASET_UNKNOWN, f"There is no dataset {name}. {hint}", dataset=str(name)
        )
    return summaries[name]


def _contract(session: Session, name: DatasetName) -> Any:
    from airflow_gov.contracts import parse_contract

    kept = session.store.contracts.latest(name)
    if kept is None:
        return None
    contract_hash, text, path = kept
    aliases, suites = session.settings.zone_aliases, session.store.contracts.suites(contract_hash)
    return parse_contract(text, name, path, aliases, suites=suites)


def _version_line(version: Version) -> list[Any]:
    return [
        version.version,
        "yes" if version.current else "",
        version.kind.value,
        version.published_at,
        version.rows,
        version.files,
        output.size(version.size),
        str(version.snapshot_id),
        version.execution_id,
    ]
