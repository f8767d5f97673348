"""`airflow-gov contracts`: are the contracts right, and what does one say."""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airflow_gov.cli import output
from airflow_gov.cli.session import Session, pass_session
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.serde import to_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.contracts import CheckReport
    from airflow_gov.model.contract import Column, Contract
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality.subject import Schema
    from airflow_gov.settings import Settings


@click.group()
def contracts() -> None:
    """Check data contracts (ODCS files)."""


@contracts.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@output.json_option
@click.pass_context
@pass_session
def validate(session: Session, ctx: click.Context, path: Path | None, *, as_json: bool) -> None:
    """List every problem of the contracts in PATH, a file or a folder: also of their quality rules.

    Without PATH the contracts of the installation are checked: the option contracts_folder, in
    Airflow's dags folder. Ends with 1 when there is a problem.
    """
    path = path or contracts_folder(session.settings)
    report = _checked(path, session.settings.zone_aliases)
    if as_json:
        output.print_json({"path": path, "passed": not report.problems, **to_plain(report)})
    else:
        _print_report(report, path)
    ctx.exit(1 if report.problems else 0)


@contracts.command()
@click.argument("dataset", metavar="DATASET")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the contracts lie. [default: contracts_folder in Airflow's dags folder, else the store]",
)
@output.json_option
@pass_session
def show(session: Session, dataset: str, folder: Path | None, *, as_json: bool) -> None:
    """Show what the contract of DATASET says."""
    name = session.dataset(dataset)
    contract = _read(session, name, folder)
    if as_json:
        output.print_json(contract)
    else:
        _print_contract(contract)


def _checked(path: Path, aliases: Mapping[str, str]) -> CheckReport:
    """What is wrong with contracts, and with quality rules where the standard had nothing to say."""
    from airflow_gov.contracts import check, readable
    from airflow_gov.quality import rule_problems

    report = check(path, aliases)
    told = {(problem.file, _rule(problem.path)) for problem in report.problems}
    of_rules = [
        problem
        for contract in (readable(path, aliases) if report.files else ())
        for problem in rule_problems(contract, _refuse_sql)
        if (problem.file, _rule(problem.path)) not in told
    ]
    return replace(report, problems=tuple(sorted({*report.problems, *of_rules})))


def _rule(path: str) -> str:
    """The quality rule that a JSONPath leads into, else the path itself."""
    found = re.match(r".*?\.quality\[\d+\]", path)
    return found[0] if found else path


def _refuse_sql(sql: str, schemas: Mapping[DatasetName, Schema | None], *, one_value: bool = True) -> None:
    # Imported for the first SQL rule: it takes a second.
    from airflow_gov.transform.asking import refuse_query

    refuse_query(sql, schemas, one_value=one_value)


def contracts_folder(settings: Settings) -> Path:
    """The contracts of Airflow's dags folder.

    :param settings: say the folder's name and where airflow.cfg is.
    """
    return _dags_folder(settings.home) / settings.contracts_folder


def _dags_folder(home: Path) -> Path:
    """`[core] dags_folder` as Airflow reads it: the environment, airflow.cfg, the default."""
    text = os.environ.get("AIRFLOW__CORE__DAGS_FOLDER")
    if text is None:
        parser = configparser.ConfigParser()
        parser.read(os.environ.get("AIRFLOW_CONFIG") or home / "airflow.cfg", encoding="utf-8")
        text = parser.get("core", "dags_folder", fallback=str(home / "dags"))
    return Path(os.path.expandvars(text)).expanduser()


def _read(session: Session, dataset: DatasetName, folder: Path | None) -> Contract:
    from airflow_gov.contracts import ContractRegistry, parse_contract

    aliases = session.settings.zone_aliases
    registry = ContractRegistry(folder or contracts_folder(session.settings), aliases)
    try:
        return registry.resolve(dataset)
    except GovernanceError as error:
        # Dags may lie in a bundle that is not here: the store keeps what they were run with.
        recorded = None
        if error.reason is Reason.CONTRACT_MISSING and folder is None:
            recorded = session.store.contracts.latest(dataset)
        if recorded is None:
            raise
        contract_hash, text, path = recorded
        suites = session.store.contracts.suites(contract_hash)
        return parse_contract(text, dataset, path, aliases, suites=suites)


def _print_report(report: CheckReport, path: Path) -> None:
    read = f"{_count(report.datasets, 'dataset')} in {_count(report.files, 'file')}"
    if not report.problems:
        click.echo(f"{path}: no problems, {read}.")
        return
    output.print_table(
        ["file", "line#", "path", "reason"],
        ((problem.file, str(problem.line), problem.path, problem.reason) for problem in report.problems),
        empty="",
    )
    click.echo(f"{path}: {_count(len(report.problems), 'problem')}, {read}.", err=True)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _print_contract(contract: Contract) -> None:
    output.print_facts(
        {
            "dataset": contract.dataset,
            "description": contract.description,
            "owner": contract.owner,
            "stewards": ", ".join(contract.stewards),
            "contract": f"{contract.contract_id} {contract.version}",
            "file": contract.path,
            "sha256": contract.hash,
            "tags": ", ".join(contract.tags),
            "primary key": ", ".join(contract.primary_key),
            "partitioned by": ", ".join(contract.partition_by),
        }
    )
    output.print_heading("Columns")
    output.print_table(
        ["column", "type", "rules", "classification", "tags", "description"],
        (
            (
                column.name,
                column.type,
                _rules(column),
                column.classification,
                ", ".join(column.tags),
                column.description,
            )
            for column in contract.columns
        ),
        empty="The contract leaves the columns open.",
    )


def _rules(column: Column) -> str:
    names = {
        "primary key": column.primary_key is not None,
        "required": column.required,
        "unique": column.unique,
        "quality": bool(column.quality),
    }
    return ", ".join(name for name, holds in names.items() if holds)
