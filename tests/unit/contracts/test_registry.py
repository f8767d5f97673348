from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from airflow_gov.contracts import ContractRegistry, check, parse_contract, validate
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

FLIGHTS = DatasetName.parse("clean.flights")


def refused(call: Any, *arguments: Any) -> GovernanceError:
    with pytest.raises(GovernanceError) as caught:
        call(*arguments)
    return caught.value


def test_a_dataset_is_found_wherever_in_the_folder_it_is_declared(contract, folder: Path, write) -> None:
    write("flights.odcs.yaml", contract())
    path = write("team/sub/airlines.yml", contract("gold.airlines"))
    write("readme.md", "clean.flights is nice")
    write(".hidden/other.yaml", contract())
    registry = ContractRegistry(folder)

    assert registry.resolve(DatasetName.parse("gold.airlines")).path == str(path)
    assert [str(found.dataset) for found in registry.all()] == ["clean.flights", "gold.airlines"]


def test_words_for_zones_are_those_of_the_installation(contract, folder: Path, write) -> None:
    write("a.yaml", contract("landing.flights"))

    registry = ContractRegistry(folder, {"landing": "raw"})

    assert str(registry.resolve(DatasetName.parse("raw.flights")).dataset) == "raw.flights"
    assert (
        refused(ContractRegistry(folder).resolve, DatasetName.parse("raw.flights")).reason
        is Reason.CONTRACT_INVALID
    )


def test_a_name_that_is_written_with_escapes_is_found(contract, folder: Path, write) -> None:
    text = yaml.safe_dump(contract(), sort_keys=False).replace("clean.flights", '"clean\\x2eflights"')
    write("a.yaml", text)

    assert ContractRegistry(folder).resolve(FLIGHTS).dataset == FLIGHTS


def test_a_missing_contract_names_the_folder_and_the_nearest(contract, folder: Path, write) -> None:
    write("a.yaml", contract("clean.flight"))
    write("b.yaml", contract("gold.weather"))

    error = refused(ContractRegistry(folder).resolve, FLIGHTS)

    assert error.reason is Reason.CONTRACT_MISSING
    assert f"No contract declares clean.flights in {folder} (there is clean.flight)" in error.message
    assert error.attributes["nearest"] == ["clean.flight"]


@pytest.mark.parametrize("kind", ["missing", "file"])
def test_a_folder_that_is_none_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "contracts"
    if kind == "file":
        path.touch()
    registry = ContractRegistry(path)

    for error in (refused(registry.resolve, FLIGHTS), refused(registry.all), refused(registry.check)):
        assert error.reason is Reason.CONTRACT_MISSING
        assert str(path) in error.message
        assert "contracts_folder" in error.message


def test_an_invalid_contract_is_refused_with_its_problems(contract, folder: Path, write) -> None:
    path = write("a.yaml", contract(required="yes"))

    error = pickle.loads(pickle.dumps(refused(ContractRegistry(folder).resolve, FLIGHTS)))

    assert error.reason is Reason.CONTRACT_INVALID
    [problem] = error.attributes["problems"]
    assert (problem["file"], problem["path"]) == (str(path), "$.schema[0].properties[1].required")
    assert f"{path}:{problem['line']}: {problem['path']}: must be true or false" in error.message


def test_many_problems_are_cut_in_the_message_only(contract, folder: Path, write) -> None:
    data = contract()
    data["schema"][0]["properties"] = [{"name": f"c{i}", "logicalType": "int"} for i in range(30)]
    write("a.yaml", data)

    error = refused(ContractRegistry(folder).resolve, FLIGHTS)

    assert len(error.attributes["problems"]) == 30
    assert error.message.count("\n") == 11
    assert error.message.endswith("… and 20 more")


def test_a_broken_file_breaks_its_own_datasets_only(contract, folder: Path, write) -> None:
    write("flights.yaml", contract())
    write("weather.yaml", "physicalName: clean.weather\n\tbroken")
    registry = ContractRegistry(folder)

    assert registry.resolve(FLIGHTS).dataset == FLIGHTS
    error = refused(registry.resolve, DatasetName.parse("clean.weather"))
    assert error.reason is Reason.CONTRACT_INVALID
    assert "a tab stands" in error.message
    assert refused(registry.resolve, DatasetName.parse("gold.weather2")).reason is Reason.CONTRACT_MISSING
    assert refused(registry.all).reason is Reason.CONTRACT_INVALID


def test_a_dataset_in_two_files_is_refused_naming_both(contract, folder: Path, write) -> None:
    first, second = write("a.yaml", contract()), write("b.yaml", contract())
    line = next(n for n, text in enumerate(first.read_text().splitlines(), 1) if "physicalName" in text)

    error = refused(ContractRegistry(folder).resolve, FLIGHTS)

    assert error.reason is Reason.CONTRACT_INVALID
    assert (
        f"{second}:{line}: $.schema[0].physicalName: the dataset clean.flights is declared twice, "
        in error.message
    )
    assert f"first in {first}:{line}" in error.message
    assert [(p.file, p.line) for p in validate(folder)] == [(str(second), line)]


def test_an_edit_is_seen_at_once(contract, folder: Path, write) -> None:
    path = write("a.yaml", contract())
    registry = ContractRegistry(folder)
    before, stamp = registry.resolve(FLIGHTS), path.stat()

    write("a.yaml", contract(name="delax"))
    # As in an edit within the clock's tick: the file looks the same but for its content.
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    after = registry.resolve(FLIGHTS)

    assert path.stat().st_size == stamp.st_size
    assert [column.name for column in after.columns] == ["flight_id", "delax"]
    assert after.hash != before.hash


def test_a_link_is_followed_and_a_loop_ends(contract, folder: Path, write, tmp_path: Path) -> None:
    real = tmp_path / "..2026_01_31"
    real.mkdir()
    write("unused.yaml", contract()).rename(real / "flights.yaml")
    (folder / "..data").symlink_to(real)
    (folder / "flights.yaml").symlink_to("..data/flights.yaml")
    (folder / "loop").symlink_to(folder)
    (folder / "again").symlink_to(real)

    assert ContractRegistry(folder).resolve(FLIGHTS).dataset == FLIGHTS
    assert check(folder).problems == ()
    assert check(folder).files == 1


def test_what_is_no_readable_file_is_a_problem_and_does_not_hang(contract, folder: Path, write) -> None:
    write("ok.yaml", contract())
    (folder / "dangling.yaml").symlink_to("nowhere")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(folder / "pipe.yaml")

    problems = {Path(problem.file).name: problem.reason for problem in validate(folder)}

    assert problems == {
        "dangling.yaml": "the file cannot be read: No such file or directory",
        "loop.yaml": "the file cannot be read: Too many levels of symbolic links",
        "pipe.yaml": "is not a regular file",
    }
    assert ContractRegistry(folder).resolve(FLIGHTS).dataset == FLIGHTS
    # The dataset may stand in the file that cannot be read: that is not the same as there being none.
    assert (
        refused(ContractRegistry(folder).resolve, DatasetName.parse("gold.x")).reason
        is Reason.CONTRACT_INVALID
    )


def test_a_file_larger_than_a_contract_is_not_read_whole(folder: Path, write) -> None:
    path = write("a.yaml", "")
    os.truncate(path, 1 << 40)

    assert [problem.reason for problem in validate(path)] == [
        "the file has more than 1,048,576 bytes, the most a contract may have"
    ]


def test_a_report_counts_files_and_datasets(contract, folder: Path, write) -> None:
    path = write("a.yaml", contract())
    write("b.txt", contract("gold.x"))

    assert (check(folder).files, check(folder).datasets, check(folder).problems) == (1, 1, ())
    assert validate(path) == []
    assert check(folder / "b.txt").datasets == 1, "a file may have any name when it is asked for"


def test_a_folder_without_contracts_is_a_problem(folder: Path) -> None:
    [problem] = validate(folder)

    assert (problem.file, problem.path) == (str(folder), "$")
    assert "no contract file (*.yaml, *.yml)" in problem.reason


def test_a_text_of_the_store_gives_the_same_contract(contract, folder: Path, write) -> None:
    path = write("a.yaml", contract())
    resolved = ContractRegistry(folder).resolve(FLIGHTS)

    assert parse_contract(resolved.text, FLIGHTS, str(path)) == resolved


def test_a_text_of_the_store_is_read_though_rules_came_later(contract, folder: Path, write) -> None:
    text = write("a.yaml", contract("gold.flights", classification="pii") | {"team": []}).read_text()

    parsed = parse_contract(text, DatasetName.parse("gold.flights"))

    assert [column.name for column in parsed.columns] == ["flight_id", "delay"]
    assert parsed.owner is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the file is empty"),
        ("a: [", "not valid YAML"),
        (
            "schema: [{physicalName: gold.other, properties: [{name: a, logicalType: date}]}]",
            "does not declare",
        ),
        (
            "schema: [{physicalName: clean.flights, properties: [{name: a, logicalType: map}]}]",
            "unknown type",
        ),
    ],
)
def test_a_text_that_does_not_say_the_columns_is_refused(text: str, reason: str) -> None:
    error = refused(parse_contract, text, FLIGHTS)

    assert error.reason is Reason.CONTRACT_INVALID
    assert reason in error.message


def test_one_of_a_thousand_files_is_found_without_parsing_the_others(contract, folder: Path, write) -> None:
    text = yaml.safe_dump(contract("clean.d0000"), sort_keys=False)
    for number in range(1000):
        write(f"d{number:04}.odcs.yaml", text.replace("d0000", f"d{number:04}"))
    registry = ContractRegistry(folder)
    start = time.perf_counter()

    assert str(registry.resolve(DatasetName.parse("clean.d0500")).dataset) == "clean.d0500"

    # Takes 0.05 to 0.3 seconds; parsing all of them takes more than 0.7.
    resolving = time.perf_counter() - start
    start = time.perf_counter()
    refused(registry.resolve, DatasetName.parse("clean.nowhere"))
    assert resolving < time.perf_counter() - start


def test_importing_it_is_cheap() -> None:
    code = (
        "import sys, airflow_gov.contracts\n"
        "print([name for name in ('jsonschema', 'pydantic', 'airflow', 'open_data_contract_standard') "
        "if name in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
