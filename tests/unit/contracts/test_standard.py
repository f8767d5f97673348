"""The standard's own schema, and its findings in words."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from airflow_gov.contracts.document import load_document
from airflow_gov.contracts.standard import API_VERSIONS, check_standard


def problems(data: Any) -> list[tuple[str, str]]:
    document = load_document(yaml.safe_dump(data, sort_keys=False).encode(), "f.yaml")
    check_standard(document)
    return [(problem.path, problem.reason) for problem in document.findings.problems]


@pytest.mark.parametrize("version", API_VERSIONS)
def test_every_3_x_version_is_read(contract, version: str) -> None:
    assert problems(contract() | {"apiVersion": version}) == []


@pytest.mark.parametrize("version", ["v2.2.2", "3.1.0", "v4.0.0"])
def test_other_versions_are_refused_with_those_that_are_read(contract, version: str) -> None:
    found = problems(contract() | {"apiVersion": version})

    assert [path for path, _ in found] == ["$.apiVersion"]
    assert "v3.1.0" in found[0][1]


def test_the_whole_of_3_2_is_known(contract) -> None:
    data = contract(
        enum=[{"value": 1, "label": "one"}],
        logicalTypeOptions={"format": "i64", "minimum": 0},
        relationships=[{"to": "airlines.carrier"}],
        quality=[{"type": "library", "metric": "nullValues", "mustBe": 0}],
    )
    data["context"] = {"instructions": "Ask before you use it."}
    data["slaProperties"] = [{"property": "frequency", "value": 1, "unit": "d"}]
    data["roles"] = [{"role": "analyst", "access": "read"}]
    data["servers"] = [{"server": "lake", "type": "s3", "location": "s3://lake/clean", "format": "parquet"}]

    assert problems(data) == []


def change(data: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    if value is ...:
        del target[path[-1]]
    else:
        target[path[-1]] = value
    return data


COLUMN = ("schema", 0, "properties", 1)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("version",), ..., ("$", "'version' is missing")),
        (("kind",), "Suite", ("$.kind", "'Suite' is not one of DataContract")),
        (("version",), 1, ("$.version", "must be text, not a number (1)")),
        (("version",), None, ("$.version", "nothing is written here: write text or remove the key")),
        (("apiVersion",), 3.1, ("$.apiVersion", "must be text, not a number (3.1)")),
        (
            (*COLUMN, "logicalType"),
            7,
            ("$.schema[0].properties[1].logicalType", "must be text, not a number (7)"),
        ),
        (("tags",), "pii", ("$.tags", "must be a list, not text ('pii')")),
        (("schema", 0, "name"), ..., ("$.schema[0]", "'name' is missing")),
        (("team",), "ada", ("$.team", "must be a mapping or a list, not text ('ada')")),
        (("team", "members", 0, "username"), ..., ("$.team.members[0]", "'username' is missing")),
        (("slaProperties",), [{"property": "latency"}], ("$.slaProperties[0]", "'value' is missing")),
        (
            (*COLUMN, "required"),
            "yes",
            ("$.schema[0].properties[1].required", "must be true or false, not text ('yes')"),
        ),
        ((*COLUMN, "name"), ..., ("$.schema[0].properties[1]", "'name' is missing")),
        (
            (*COLUMN, "quality"),
            [{"type": "sql", "query": "SELECT 1"}],
            (
                "$.schema[0].properties[1].quality[0]",
                "exactly one of mustBe, mustBeBetween, mustBeGreaterOrEqualTo, mustBeGreaterThan, "
                "mustBeLessOrEqualTo, mustBeLessThan, mustNotBe, mustNotBeBetween must stand here",
            ),
        ),
        (
            (*COLUMN, "quality"),
            [{"type": "library", "metric": "rowCont", "mustBe": 3}],
            (
                "$.schema[0].properties[1].quality[0].metric",
                "'rowCont' is not one of nullValues, missingValues, invalidValues, duplicateValues, rowCount",
            ),
        ),
    ],
)
def test_a_finding_says_what_is_wrong_once_and_where(contract, path, value, expected) -> None:
    assert problems(change(contract(), path, value)) == [expected]


@pytest.mark.parametrize(
    ("path", "where", "hint"),
    [
        (("owner",), "$.owner", ""),
        (("schemas",), "$.schemas", "did you mean 'schema'?"),
        (("team", "members", 0, "user"), "$.team.members[0].user", ""),
        (("schema", 0, "columns"), "$.schema[0].columns", ""),
        ((*COLUMN, "nullable"), "$.schema[0].properties[1].nullable", ""),
        (
            (*COLUMN, "clasification"),
            "$.schema[0].properties[1].clasification",
            "did you mean 'classification'?",
        ),
    ],
)
def test_a_property_the_standard_does_not_have_is_named(contract, path, where: str, hint: str) -> None:
    found = problems(change(contract(), path, "x"))

    assert [entry[0] for entry in found] == [where]
    assert hint in found[0][1]


def test_several_findings_of_one_property_are_all_told(contract) -> None:
    found = problems(contract(nullable=True, required="yes", tags="x"))

    assert {path.rpartition(".")[2] for path, _ in found} == {"nullable", "required", "tags"}


def test_a_flood_of_problems_is_told_in_part_and_soon(contract) -> None:
    data = contract() | {f"x{i}": i for i in range(20_000)}
    data["schema"][0]["properties"] = [{"name": "a", "colour": "red"} for _ in range(8_000)]
    start = time.monotonic()

    found = problems(data)

    assert len([path for path, _ in found if path.startswith("$.x")]) == 20
    assert len(found) == 1000
    assert time.monotonic() - start < 30


@pytest.mark.parametrize("kind", ["array", "object"])
def test_nested_properties_are_checked_and_in_linear_time(contract, kind: str) -> None:
    data = contract()
    inner = data["schema"][0]["properties"][1]
    path = "$.schema[0].properties[1]"
    for _ in range(12):
        inner["logicalType"] = kind
        child = {"name": "child"}
        if kind == "array":
            inner["items"] = child
            path += ".items"
        else:
            inner["properties"] = [child]
            path += ".properties[0]"
        inner = child
    inner["wrong"] = True
    start = time.monotonic()

    assert [entry[0] for entry in problems(data)] == [f"{path}.wrong"]
    # Checked as one piece, it takes minutes.
    assert time.monotonic() - start < 10


def test_a_property_needs_no_logical_type(contract) -> None:
    data = contract()
    data["schema"][0]["properties"] = [
        {"name": "a", "physicalType": "map<string, int>", "logicalTypeOptions": {}}
    ]

    assert problems(data) == []


@pytest.mark.parametrize("data", [[1], "text", 7, None])
def test_a_contract_is_a_mapping(data: Any) -> None:
    found = problems(data)

    assert [path for path, _ in found] == ["$"]
    assert "a contract is a mapping" in found[0][1]
