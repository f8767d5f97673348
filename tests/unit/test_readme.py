"""What the README says is so."""

from __future__ import annotations

import importlib
import inspect
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest
from openlineage.client.transport import Transport

from airflow_gov.cli.main import cli
from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import HOPS, DatasetName, Zone
from airflow_gov.settings import options
from airflow_gov.transform.column_lineage.declared import declared_lineage

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_options_are_those_that_are_declared():
    rows = ["| Option | Default | |", "|---|---|---|"]
    for option in options().values():
        default = f"`{option.default}`" if option.default else ""
        rows.append(f"| `{option.name}` | {default} | {' '.join(option.description.split())} |")
    shown = README.split("<!-- options -->")[1].split("<!-- /options -->")[0].strip()
    assert shown == "\n".join(rows)


def test_the_dag_it_shows_is_the_example_that_runs():
    shown = next(block for block in blocks("python") if "with DAG(" in block)
    example = (ROOT / "dags" / "flights.py").read_text()
    assert shown.strip() in example


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`airflow-gov ([a-z][^`]*)`", README))))
def test_every_command_exists(line):
    group, *rest = (word for word in line.split() if not word.startswith(("-", "[", '"', "…")))
    command = cli.get_command(click.Context(cli), group)
    assert command is not None, group
    for name in re.findall(r"[a-z-]+", rest[0]) if rest and isinstance(command, click.Group) else ():
        assert command.get_command(click.Context(command), name) is not None, name


CALLS = re.findall(r"^\$ airflow-gov (.+?)(?: +#.*)?$", "\n".join(blocks("console")), re.MULTILINE)
CALLS += re.findall(r"`airflow-gov (tokens create [^`]+)`", README)


@pytest.mark.parametrize("line", CALLS)
def test_the_calls_it_shows_are_understood(line):
    context, command, arguments = click.Context(cli), cli, shlex.split(line)
    while isinstance(command, click.Group):
        command = command.get_command(context, arguments.pop(0))
        assert command is not None, line
    command.make_parser(context).parse_args(arguments)


def test_the_transport_it_names_is_one():
    named = set(re.findall(r'"type": "(airflow_gov[\w.]+)"', README))
    assert named
    for path in named:
        module, _, name = path.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), name), Transport)


@pytest.mark.airflow
def test_the_column_lineage_it_declares_is_taken():
    from airflow_gov.operators import GoldOperator

    (shown,) = (block for block in blocks("python") if "column_lineage=" in block)
    made = {}
    exec(f"made['it'] = {shown}", {"GoldOperator": GoldOperator, "score": len, "made": made})
    columns = (Column("customer", Primitive("string")), Column("score", Primitive("double")))
    contract = Contract(DatasetName.parse("gold.scores"), columns, hash="", text="")
    sources = {"clean.orders": ["customer", "amount"]}
    lineage = declared_lineage(made["it"].column_lineage, contract, sources)
    assert lineage.complete
    assert set(lineage.columns) == {"customer", "score"}


@pytest.mark.airflow
def test_every_operator_takes_what_it_says():
    from airflow_gov import operators, sensors

    rows = re.findall(r"^\| `(\w+)\(([^)]*)\)`", README, re.MULTILINE)
    assert len(rows) >= 7
    for name, arguments in rows:
        taken = {
            parameter
            for cls in getattr(operators, name, getattr(sensors, name, None)).__mro__
            for parameter in inspect.signature(cls.__init__).parameters
        }
        assert set(re.findall(r"\w+", arguments)) <= taken, name


def test_the_hops_it_lists_are_the_hops_that_are_allowed():
    said = re.search(r"Zones allow these hops and no others: (.*?)\n", README)[1]
    assert said == (
        "raw → preprocessed → clean → gold; preprocessed and clean → sensitive; "
        "preprocessed, clean and gold → work; and within clean, gold, sensitive and work."
    )
    allowed = {(source, target) for target in Zone for source in HOPS[target]}
    assert allowed == {
        (Zone.RAW, Zone.PREPROCESSED),
        (Zone.PREPROCESSED, Zone.CLEAN),
        (Zone.CLEAN, Zone.GOLD),
        (Zone.PREPROCESSED, Zone.SENSITIVE),
        (Zone.CLEAN, Zone.SENSITIVE),
        (Zone.PREPROCESSED, Zone.WORK),
        (Zone.CLEAN, Zone.WORK),
        (Zone.GOLD, Zone.WORK),
        *((zone, zone) for zone in (Zone.CLEAN, Zone.GOLD, Zone.SENSITIVE, Zone.WORK)),
    }


def test_the_extras_it_names_are_declared():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    sentence = re.search(r"^Extras: (.*)$", README, re.MULTILINE)[1]
    assert set(re.findall(r"`([a-z-]+)`", sentence)) == set(declared)


def test_every_file_it_links_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_quality_rules_it_shows_are_rules(tmp_path):
    from airflow_gov.contracts import ContractRegistry
    from airflow_gov.model.zones import DatasetName
    from airflow_gov.quality import suite_of

    shown = next(block for block in blocks("yaml") if block.startswith("quality:"))
    (tmp_path / "flights.odcs.yaml").write_text(
        "apiVersion: v3.1.0\nkind: DataContract\nid: flights\nname: flights\nversion: 1.0.0\nstatus: active\n"
        "team: {name: Team, members: [{username: ada, role: owner}]}\n"
        "schema:\n- name: flights\n  physicalName: clean.flights\n  properties:\n"
        "  - {name: day, logicalType: date}\n  - {name: flight, logicalType: string}\n"
        "  - {name: delay, logicalType: number}\n" + "".join(f"  {line}\n" for line in shown.splitlines())
    )
    suite = suite_of(ContractRegistry(tmp_path).resolve(DatasetName.parse("clean.flights")))
    assert [rule.check for rule in suite.rules] == [
        "rowCount",
        "duplicateValues",
        "sql",
        "expect_column_values_to_be_between",
        "freshness",
        "volume",
        "schemaDrift",
    ]


def test_all_expectations_that_great_expectations_ships_with_are_pushed_down():
    import great_expectations.expectations.core as core
    from great_expectations.expectations import registry

    from airflow_gov.quality.pushdown.expectations import pushed_down

    kinds = {
        name: registry.get_expectation_impl(name)
        for name in registry.list_registered_expectation_implementations()
    }
    shipped = {name for name, kind in kinds.items() if kind.__module__.startswith(core.__name__)}
    assert len(shipped) > 50
    assert shipped - set(pushed_down()) == set()
