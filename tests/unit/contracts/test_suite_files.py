"""Suites of Great Expectations in files beside a contract."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.contracts import ContractRegistry, check, parse_contract, readable
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

FLIGHTS = DatasetName.parse("clean.flights")
SUITE = '{"name": "flights", "expectations": []}'


def naming(data: dict[str, Any], *implementations: Any, engine: str = "greatExpectations") -> dict[str, Any]:
    data["schema"][0]["quality"] = [
        {"type": "custom", "engine": engine, "implementation": each} for each in implementations
    ]
    return data


@pytest.mark.parametrize("implementation", [{"suite": "suites/f.json"}, "suites/f.json", "suites/f.json\n"])
@pytest.mark.parametrize(
    "engine", ["greatExpectations", "great-expectations", "Great_Expectations ", "great expectations"]
)
def test_a_suite_that_is_named_is_part_of_the_contract(
    contract, write, folder: Path, implementation: Any, engine: str
) -> None:
    path = write("sub/f.yaml", naming(contract(), implementation, engine=engine))
    write("sub/suites/f.json", SUITE)

    resolved = ContractRegistry(folder).resolve(FLIGHTS)

    assert resolved.suites == {"suites/f.json": SUITE}
    joined = path.read_bytes() + b"\0suites/f.json\0" + SUITE.encode()
    assert resolved.hash == hashlib.sha256(joined).hexdigest()
    assert parse_contract(resolved.text, FLIGHTS, str(path), suites=resolved.suites) == resolved
    assert check(folder).problems == ()
    assert readable(folder) == readable(path) == [resolved]


def test_another_suite_is_another_contract_version(contract, write, folder: Path) -> None:
    write("f.yaml", naming(contract(), "f.json"))
    write("f.json", SUITE)
    before = ContractRegistry(folder).resolve(FLIGHTS).hash
    write("f.json", SUITE + "\n")

    assert ContractRegistry(folder).resolve(FLIGHTS).hash != before


def test_a_contract_without_suites_is_known_by_its_file_alone(contract, write, folder: Path) -> None:
    path = write("f.yaml", naming(contract(), '{"type": "expect_x", "kwargs": {}}'))

    resolved = ContractRegistry(folder).resolve(FLIGHTS)

    assert (resolved.hash, resolved.suites) == (hashlib.sha256(path.read_bytes()).hexdigest(), {})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("lost.json", "cannot be read: No such file"),
        ("../outside.json", "lies outside of the contracts folder"),
        ("/etc/hostname.json", "lies outside of the contracts folder"),
        ("link.json", "lies outside of the contracts folder"),
        ("folder.json", "cannot be read: Is a directory"),
        ("latin.json", "is not UTF-8"),
        ("large.json", "has more than 1,048,576 bytes"),
        ("nul\0.json", "this is no path of a file"),
    ],
)
def test_a_suite_that_cannot_be_had_is_a_problem_of_the_entry(
    contract, write, folder: Path, name: str, reason: str
) -> None:
    path = write("f.yaml", naming(contract(), {"suite": name}))
    (folder.parent / "outside.json").write_text(SUITE)
    (folder / "link.json").symlink_to(folder.parent / "outside.json")
    (folder / "folder.json").mkdir()
    (folder / "latin.json").write_bytes(b'"\xe9"')
    (folder / "large.json").write_text(" " * 1024 * 1024 + SUITE)

    [problem] = check(folder).problems
    with pytest.raises(GovernanceError) as raised:
        ContractRegistry(folder).resolve(FLIGHTS)

    assert (problem.file, problem.path) == (str(path), "$.schema[0].quality[0]")
    assert "type: custom" in path.read_text().splitlines()[problem.line - 1]
    assert reason in problem.reason
    assert raised.value.reason is Reason.CONTRACT_INVALID
    assert reason in str(raised.value)


def test_links_within_the_folder_are_followed_as_mounted_volumes_need(contract, write, folder: Path) -> None:
    write("..2024/f.yaml", naming(contract(), "f.json"))
    write("..2024/f.json", SUITE)
    for name in ("f.yaml", "f.json"):
        (folder / name).symlink_to(Path("..2024") / name)

    assert ContractRegistry(folder).resolve(FLIGHTS).suites == {"f.json": SUITE}


@pytest.mark.parametrize(
    "implementation", [{"type": "expect_x"}, '{"suite": "x"}.json', "a: b\nc.json", {"suite": 3}]
)
def test_other_implementations_name_no_suite(contract, write, folder: Path, implementation: Any) -> None:
    write("f.yaml", naming(contract(), implementation))

    assert ContractRegistry(folder).resolve(FLIGHTS).suites == {}


def test_the_deprecated_name_of_a_metric_is_read(contract, write, folder: Path) -> None:
    data = contract()
    data["schema"][0]["quality"] = [{"rule": "rowCount", "mustBe": 3}, {"type": "library", "rule": "rowCont"}]
    write("f.yaml", data)

    found = {(problem.path, problem.reason.split(" is ")[0]) for problem in check(folder).problems}

    assert {path for path, _ in found} == {"$.schema[0].quality[1]", "$.schema[0].quality[1].metric"}
