"""The example Dags: what a user copies first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_gov.cli.demo.home import example_dags
from airflow_gov.cli.demo.run import DAGS
from airflow_gov.contracts import ContractRegistry, validate

# The demo may run for some minutes on a busy machine.
pytestmark = [pytest.mark.airflow, pytest.mark.timeout(700)]

HEAVY = {
    "pandas",
    "numpy",
    "pyarrow",
    "pyiceberg",
    "duckdb",
    "polars",
    "ibis",
    "alembic",
    "great_expectations",
}


@pytest.fixture(scope="module")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(example_dags())


def test_each_imports_without_errors_and_the_demo_runs_it(bag) -> None:
    assert bag.import_errors == {}
    assert set(bag.dags) == set(DAGS)


def test_each_says_what_it_is_for(bag) -> None:
    for dag in bag.dags.values():
        assert dag.doc_md, dag.dag_id


def test_importing_them_loads_nothing_heavy() -> None:
    script = (
        "import sys, airflow.sdk\n"
        "before = set(sys.modules)\n"
        f"sys.path.insert(0, {str(example_dags())!r})\n"
        "import carrier_routes, fleet, flights, inspections, maintenance, passengers\n"
        "import punctuality_report, quality, reference, reviews, zone_audit\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert not HEAVY & set(answer.stdout.split())


def test_every_dataset_that_is_written_has_a_contract_with_owner_and_steward(bag) -> None:
    written = {
        name
        for dag in bag.dags.values()
        for task in dag.task_dict.values()
        for name in getattr(task, "target_names", ())
    }
    contracts = {str(contract.dataset): contract for contract in _contracts()}
    assert written <= set(contracts)
    for contract in contracts.values():
        assert contract.owner
        assert contract.steward
        assert contract.description


def test_contracts_are_valid_by_the_standard() -> None:
    assert validate(example_dags() / "contracts") == []


def test_every_column_of_a_table_is_described() -> None:
    for contract in _contracts():
        if contract.dataset.zone != "raw":
            assert all(column.description for column in contract.columns), contract.dataset


def test_clean_and_gold_have_keys_and_hold_nothing_restricted() -> None:
    for contract in _contracts():
        if contract.dataset.zone in ("clean", "gold"):
            assert contract.primary_key, contract.dataset
            assert contract.restricted == (), contract.dataset
            assert all(column.classification for column in contract.columns), contract.dataset


def test_every_sql_file_is_used() -> None:
    text = "\n".join(path.read_text() for path in example_dags().glob("*.py"))
    for path in (example_dags() / "sql").iterdir():
        assert path.name in text or f"clean_{{name}}{path.suffix}" in text, path.name


def test_the_consumer_saw_the_version_that_was_published(demo, airflow_gov) -> None:
    log = Path(next(dag["log"] for dag in demo.report["dags"] if dag["dag"] == "punctuality_report"))
    answer = airflow_gov("datasets", "versions", "gold.carrier_punctuality", "--json", AIRFLOW_HOME=demo.home)
    current = json.loads(answer.stdout)[0]
    said = f"Version {current['version']} is out: {current['rows']} rows, verdict passed."
    assert said in log.read_text()


def _contracts():
    return ContractRegistry(example_dags() / "contracts").all()
