from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from airflow_gov.cli.contracts import contracts
from airflow_gov.cli.session import Session

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.0.0
status: active
team:
  members:
    - username: ada
      role: owner
    - username: grace
      role: steward
schema:
  - name: flights
    physicalName: clean.flights
    description: One row per flight.
    properties:
      - name: flight_id
        logicalType: string
        primaryKey: true
        tags: [key]
      - name: delay
        logicalType: integer
        classification: internal
        description: Minutes.
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("AIRFLOW_CONFIG", "AIRFLOW__CORE__DAGS_FOLDER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    return tmp_path


def put(folder: Path, text: str = CONTRACT, name: str = "flights.odcs.yaml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(contracts, [str(argument) for argument in arguments], obj=Session())


def test_without_a_path_the_contracts_of_the_dags_folder_are_checked(home: Path) -> None:
    put(home / "dags" / "contracts")

    result = run("validate")

    assert result.exit_code == 0
    assert result.stdout == f"{home}/dags/contracts: no problems, 1 dataset in 1 file.\n"


@pytest.mark.parametrize("source", ["environment", "file"])
def test_the_dags_folder_is_that_of_airflow(home: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    folder = put(home / "elsewhere" / "governance").parent
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__CONTRACTS_FOLDER", "governance")
    if source == "environment":
        monkeypatch.setenv("AIRFLOW__CORE__DAGS_FOLDER", "$AIRFLOW_HOME/elsewhere")
    else:
        (home / "airflow.cfg").write_text(f"[core]\ndags_folder = {home}/elsewhere\n")

    assert run("validate").stdout.startswith(f"{folder}: no problems")


def test_every_problem_is_listed_with_its_place_and_ends_with_1(home: Path) -> None:
    path = put(home / "mine", CONTRACT.replace("integer", "int").replace("version: 1.0.0\n", "version: 1\n"))

    result = run("validate", path.parent)

    assert result.exit_code == 1
    lines = [line.split() for line in result.stdout.splitlines() if str(path) in line]
    assert [line[:3] for line in lines] == [
        [str(path), "4", "$.version"],
        [str(path), "22", "$.schema[0].properties[1].logicalType"],
    ]
    assert "unknown type 'int'" in result.stdout
    assert result.stderr == f"{path.parent}: 2 problems, 1 dataset in 1 file.\n"


def test_json_is_one_document_on_stdout(home: Path) -> None:
    path = put(home / "mine", CONTRACT.replace("integer", "int"))

    result = run("validate", path, "--json")

    assert result.exit_code == 1
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["path"], document["passed"]) == (str(path), False)
    assert (document["files"], document["datasets"]) == (1, 1)
    [problem] = document["problems"]
    assert (problem["file"], problem["line"]) == (str(path), 22)
    assert problem["path"] == "$.schema[0].properties[1].logicalType"
    assert json.loads(run("validate", put(home / "good"), "--json").stdout)["passed"] is True


def test_a_path_that_is_not_there_is_wrong_usage(home: Path) -> None:
    result = run("validate", home / "nowhere")

    assert result.exit_code == 2
    assert "does not exist" in result.stderr


def test_show_tells_what_the_contract_says(home: Path) -> None:
    path = put(home / "dags" / "contracts")

    result = run("show", "clean.flights")

    assert result.exit_code == 0
    for text in ("One row per flight.", "ada", "grace", str(path), "flights 1.0.0"):
        assert text in result.stdout
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["flight_id", "string", "primary", "key,", "required", "key"] in rows
    assert ["delay", "long", "internal", "Minutes."] in rows


def test_show_json_is_the_contract(home: Path) -> None:
    folder = put(home / "mine").parent

    document = json.loads(run("show", "clean.flights", "--folder", folder, "--json").stdout)

    assert document["dataset"] == "clean.flights"
    assert document["text"] == CONTRACT
    assert [column["type"] for column in document["columns"]] == ["string", "long"]


def test_show_falls_back_to_what_the_store_recorded(home: Path) -> None:
    from airflow_gov.contracts import ContractRegistry
    from airflow_gov.model.zones import DatasetName

    contract = ContractRegistry(put(home / "bundle").parent).resolve(DatasetName.parse("clean.flights"))
    session = Session()
    session.store.contracts.put(contract)

    document = json.loads(run("show", "clean.flights", "--json").stdout)

    assert (document["hash"], document["path"]) == (contract.hash, contract.path)


def test_show_of_a_dataset_without_a_contract_says_so(home: Path) -> None:
    folder = put(home / "mine").parent

    result = run("show", "clean.flight", "--folder", folder)

    assert "there is clean.flights" in str(result.exception)


def with_quality(*rules: str) -> str:
    listed = "".join(f"      - {rule}\n" for rule in rules)
    return CONTRACT.rstrip("\n") + f"\n    quality:\n{listed}"


def test_problems_of_quality_rules_are_listed_too(home: Path) -> None:
    text = with_quality(
        "{metric: rowCount, mustBe: 3, unit: percent}",
        "{metric: rowCont, mustBe: 3}",
        "{type: sql, query: 'SELECT 1, 2', mustBe: 3}",
        "{type: custom, engine: greatExpectations, implementation: suites/f.json}",
    )
    path = put(home / "mine", text)
    (path.parent / "suites").mkdir()
    suite = path.parent / "suites" / "f.json"
    suite.write_text('{"expectations": [\n{"type": "expect_column_to_exist", "kwargs": {"colum": "delay"}}]}')

    result = run("validate", path.parent, "--json")

    assert result.exit_code == 1
    found = [(Path(each["file"]), each["path"]) for each in json.loads(result.stdout)["problems"]]
    assert found == [
        (path, "$.schema[0].quality[0].arguments"),
        (path, "$.schema[0].quality[1].metric"),
        (path, "$.schema[0].quality[2].query"),
        (suite, "$.expectations[0].kwargs"),
        (suite, "$.expectations[0].kwargs"),
    ]
    assert "is not one of nullValues" in result.stdout, "told once, in the standard's words"


def test_good_quality_rules_are_no_problem(home: Path) -> None:
    path = put(home / "mine", with_quality("{metric: rowCount, mustBeGreaterThan: 0}"))

    assert run("validate", path).exit_code == 0
