"""Our rules on top of the standard's, and the contract that comes out."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_gov.contracts.reading import ContractFile, read_contract_file
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName, Zone


def read(data: Any, **aliases: str) -> ContractFile:
    return read_contract_file(yaml.safe_dump(data, sort_keys=False).encode(), "f.yaml", aliases)


def reasons(data: Any) -> list[tuple[str, str]]:
    return [(problem.path, problem.reason) for problem in read(data).problems]


def with_columns(contract, *columns: dict[str, Any], dataset: str = "clean.flights") -> dict[str, Any]:
    data = contract(dataset)
    data["schema"][0]["properties"] = [{"logicalType": "string"} | column for column in columns]
    return data


def test_everything_the_contract_says_is_there(contract) -> None:
    data = contract(
        physicalName="dep_delay",
        required=True,
        unique=True,
        classification=" Internal ",
        tags=["pii:none"],
        description="Minutes.",
        partitioned=True,
        quality=[{"type": "library", "metric": "nullValues", "mustBe": 0}],
    )
    data |= {"tags": ["a"], "slaProperties": [{"property": "latency", "value": 4}], "roles": [{"role": "r"}]}
    data["schema"][0] |= {"tags": ["b", "a"], "quality": [{"type": "text", "description": "Be nice."}]}
    raw = yaml.safe_dump(data, sort_keys=False).encode()

    parsed = read_contract_file(raw, "contracts/f.yaml", {})

    assert parsed.problems == ()
    result = parsed.declarations[0].contract
    assert result is not None
    assert (result.dataset, result.path) == (DatasetName(Zone.CLEAN, "flights"), "contracts/f.yaml")
    assert (result.contract_id, result.version) == ("flights", "1.2.0")
    assert (result.owner, result.steward) == ("ada", "grace")
    assert (result.description, result.tags) == ("One row per flight.", ("a", "b"))
    assert result.hash == hashlib.sha256(raw).hexdigest()
    assert result.text.encode() == raw
    assert (result.sla, result.roles) == (({"property": "latency", "value": 4},), ({"role": "r"},))
    (rule,) = result.quality
    assert (rule.entry, rule.path) == ({"type": "text", "description": "Be nice."}, "$.schema[0].quality[0]")
    assert raw.splitlines()[rule.line - 1].strip() == b"- type: text"
    key, delay = result.columns
    assert (key.name, key.type, key.primary_key, key.required) == ("flight_id", Primitive("string"), 1, True)
    assert (delay.name, delay.type, delay.required, delay.unique) == (
        "dep_delay",
        Primitive("long"),
        True,
        True,
    )
    assert (delay.classification, delay.tags, delay.description) == ("internal", ("pii:none",), "Minutes.")
    assert delay.partition_key == 1
    assert [each.entry for each in delay.quality] == [
        {"type": "library", "metric": "nullValues", "mustBe": 0}
    ]


def test_the_hash_is_that_of_the_bytes(contract) -> None:
    raw = b"\xef\xbb\xbf" + yaml.safe_dump(contract()).replace("\n", "\r\n").encode()

    result = read_contract_file(raw, "f.yaml", {}).declarations[0].contract

    assert result is not None
    assert result.hash == hashlib.sha256(raw).hexdigest()
    assert result.text.encode() == raw


FIELD = {"name": "a", "logicalType": "string", "quality": [{"metric": "nullValues", "mustBe": 0}]}


@pytest.mark.parametrize(
    "name",
    [
        "flights",
        "bronze.flights",
        "clean.",
        "clean.Flights",
        "clean.a/b",
        "clean...",
        "clean.a'b",
        "clean." + "a" * 300,
    ],
)
def test_a_dataset_that_is_none_is_refused(contract, name: str) -> None:
    found = reasons(contract(name))

    assert [path for path, _ in found] == ["$.schema[0].physicalName"]
    assert "is not a dataset name" in found[0][1]


def test_the_columns_of_a_dataset_with_a_wrong_name_are_checked_too(contract) -> None:
    assert [path for path, _ in reasons(contract("nowhere", logicalType="int"))] == [
        "$.schema[0].physicalName",
        "$.schema[0].properties[1].logicalType",
    ]


def test_a_zone_may_have_an_alias(contract) -> None:
    parsed = read(contract("landing.flights"), landing="raw")

    assert parsed.problems == ()
    assert str(parsed.declarations[0].dataset) == "raw.flights"


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"physicalName": None}, "$.schema[0].physicalName", "physicalName is missing"),
        ({"physicalName": "clean.flights__quarantine"}, "$.schema[0].physicalName", "names a quarantine"),
        ({"properties": []}, "$.schema[0].properties", "there are no columns"),
    ],
)
def test_what_a_dataset_needs(contract, change: dict[str, Any], path: str, reason: str) -> None:
    data = contract()
    data["schema"][0] |= change
    if data["schema"][0]["physicalName"] is None:
        del data["schema"][0]["physicalName"]

    found = reasons(data)

    assert [entry[0] for entry in found] == [path]
    assert reason in found[0][1]


def test_a_file_declares_at_least_one_dataset(contract) -> None:
    assert reasons(contract() | {"schema": []}) == [
        ("$.schema", "no dataset is declared: `schema` needs an element for each")
    ]


def test_a_dataset_twice_names_both_lines(contract) -> None:
    data = contract()
    data["schema"].append(copy.deepcopy(data["schema"][0]))
    parsed = read(data)

    first, second = (line + 1 for line, text in enumerate(yaml.safe_dump(data, sort_keys=False).splitlines())
                     if "physicalName" in text)  # fmt: skip
    assert [(problem.line, problem.path) for problem in parsed.problems] == [
        (second, "$.schema[1].physicalName")
    ]
    assert f"first in f.yaml:{first}" in parsed.problems[0].reason


@pytest.mark.parametrize(
    ("columns", "index", "key", "reason"),
    [
        ([{"name": "a"}, {"name": "A"}], 1, "name", "the column 'A' stands twice, first in line"),
        ([{"name": "a"}, {"name": "b", "physicalName": "a"}], 1, "physicalName", "stands twice"),
        ([{"name": "_load_id"}], 0, "name", "that every governed table has by itself"),
        ([{"name": "_LOAD_ID"}], 0, "name", "that every governed table has by itself"),
        ([{"name": "a b"}], 0, "name", "is not a column name"),
        ([{"name": 'a"b'}], 0, "name", "is not a column name"),
        ([{"name": "a.b"}], 0, "name", "is not a column name"),
        ([{"name": "1a"}], 0, "name", "is not a column name"),
        ([{"name": ""}], 0, "name", "is not a column name"),
        ([{"name": "a" * 129}], 0, "name", "is not a column name"),
        ([{"name": "a", "primaryKey": True, "required": False}], 0, "required", "is required"),
        ([{"name": "a", "primaryKeyPosition": 1}], 0, "primaryKeyPosition", "primaryKey is not true"),
        ([{"name": "a", "partitionKeyPosition": 1}], 0, "partitionKeyPosition", "partitioned is not true"),
        (
            [
                {"name": "a", "primaryKey": True, "primaryKeyPosition": 1},
                {"name": "b", "primaryKey": True, "primaryKeyPosition": 1},
            ],
            1,
            "primaryKeyPosition",
            "the position 1 is taken already, in line",
        ),
        (
            [{"name": "a", "primaryKey": True, "primaryKeyPosition": 1}, {"name": "b", "primaryKey": True}],
            1,
            "primaryKey",
            "primaryKeyPosition is missing",
        ),
        (
            [{"name": "a", "primaryKey": True, "primaryKeyPosition": 2}],
            0,
            "primaryKeyPosition",
            "is not one of 1 to 1",
        ),
        (
            [{"name": "a", "partitioned": True, "partitionKeyPosition": 0}],
            0,
            "partitionKeyPosition",
            "is not one of",
        ),
        (
            [{"name": "a", "primaryKey": True, "physicalType": "list<string>", "logicalType": "array"}],
            0,
            "primaryKey",
            "cannot be in a primary key",
        ),
        (
            [{"name": "a", "partitioned": True, "physicalType": "binary"}],
            0,
            "partitioned",
            "cannot be partitioned",
        ),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_wrong_with_columns(
    contract, columns: list[dict[str, Any]], index: int, key: str, reason: str
) -> None:
    found = reasons(with_columns(contract, *columns))

    assert [path for path, _ in found] == [f"$.schema[0].properties[{index}].{key}"]
    assert reason in found[0][1]


def keys(contract, *columns: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parsed = read(with_columns(contract, *columns))
    assert parsed.problems == ()
    result = parsed.declarations[0].contract
    assert result is not None
    return result.primary_key, result.partition_by


def test_keys_follow_their_positions_or_else_the_order_of_the_columns(contract) -> None:
    key = {"primaryKey": True, "partitioned": True}

    assert keys(contract, {"name": "a"} | key, {"name": "b"} | key) == (("a", "b"), ("a", "b"))
    assert keys(
        contract,
        {"name": "a", "primaryKeyPosition": 2, "partitionKeyPosition": -1} | key,
        {"name": "b", "primaryKeyPosition": 1} | key,
        {"name": "c", "primaryKeyPosition": -1},
    ) == (("b", "a"), ("a", "b"))


def test_names_of_other_scripts_and_underscores_are_columns(contract) -> None:
    assert reasons(with_columns(contract, {"name": "größe"}, {"name": "_x"}, {"name": "日付"})) == []


def test_raw_takes_the_names_of_a_delivered_header_and_needs_no_types(contract) -> None:
    data = contract("raw.flights")
    data["schema"][0]["properties"] = [{"name": "Flight No."}, {"name": "1 / a"}]
    parsed = read(data)

    assert parsed.problems == ()
    assert parsed.declarations[0].contract is not None
    assert [str(column.type) for column in parsed.declarations[0].contract.columns] == ["string", "string"]


@pytest.mark.parametrize("name", [" a", "a\u0000", "a\nb", "", "x" * 129])
def test_raw_takes_no_unprintable_names(contract, name: str) -> None:
    found = reasons(with_columns(contract, {"name": name}, dataset="raw.flights"))

    assert found
    assert all("is not a column name" in reason or "not allowed" in reason for _, reason in found)


def test_raw_may_leave_its_columns_open(contract) -> None:
    data = contract("raw.flights")
    del data["schema"][0]["properties"]

    assert reasons(data) == []


def test_measures_and_dimensions_are_no_columns(contract) -> None:
    parsed = read(with_columns(contract, {"name": "a"}, {"name": "sum a", "semanticType": "measure"}))

    assert parsed.problems == ()
    assert parsed.declarations[0].contract is not None
    assert [column.name for column in parsed.declarations[0].contract.columns] == ["a"]


@pytest.mark.parametrize("classification", ["restricted", "PII", "confidential", "sensitive"])
def test_restricted_columns_lie_where_few_read(contract, classification: str) -> None:
    def found(zone: Zone) -> list[tuple[str, str]]:
        return reasons(contract(f"{zone}.flights", classification=classification))

    assert {zone for zone in Zone if not found(zone)} == {Zone.RAW, Zone.PREPROCESSED, Zone.SENSITIVE}
    [(path, reason)] = found(Zone.GOLD)
    assert path == "$.schema[0].properties[1].classification"
    assert "does not belong in gold: restricted columns lie in raw, preprocessed, sensitive" in reason


@pytest.mark.parametrize(
    "team",
    [
        [{"username": "ada", "role": "Owner"}],
        [
            {"username": "old", "role": "owner", "dateOut": "2020-01-31"},
            {"username": "ada", "role": "data_owner"},
        ],
        {"members": [{"username": "eve", "role": "engineer"}, {"username": "ada", "role": "Data Owner"}]},
    ],
    ids=["3.0", "3.0 with one who left", "3.1"],
)
def test_the_owner_is_found_in_both_forms_of_team(contract, team: Any) -> None:
    parsed = read(contract() | {"team": team})

    assert parsed.problems == ()
    assert parsed.declarations[0].contract is not None
    assert parsed.declarations[0].contract.owner == "ada"
    assert parsed.declarations[0].contract.steward is None
    assert parsed.declarations[0].contract.stewards == ()


def test_stewards_are_those_who_have_not_left_in_order(contract) -> None:
    members = [
        {"username": "ada", "role": "owner"},
        {"username": "old", "role": "steward", "dateOut": "2020-01-31"},
        {"username": "grace", "role": "Data Steward"},
        {"username": "ben", "role": "steward"},
        {"username": "grace", "role": "steward"},
    ]
    found = read(contract() | {"team": {"members": members}}).declarations[0].contract

    assert found is not None
    assert found.stewards == ("grace", "ben")
    assert found.steward == "grace"


@pytest.mark.parametrize(
    ("team", "reason"),
    [
        ([], "nobody owns this"),
        ({"name": "flights"}, "nobody owns this"),
        ({"members": [{"username": "ada", "role": "steward"}]}, "nobody owns this"),
        ([{"username": "ada", "role": "owner", "dateOut": "2999-01-01"}], "name who follows"),
    ],
)
def test_somebody_owns_it(contract, team: Any, reason: str) -> None:
    found = reasons(contract() | {"team": team})

    assert [path for path, _ in found] == ["$.team"]
    assert reason in found[0][1]


def test_problems_of_the_standard_and_of_ours_come_together_in_the_order_of_the_file(contract) -> None:
    data = contract("clean.flights", logicalType="integer", required="yes", classification="pii")
    parsed = read(data | {"colour": "red"})

    assert [problem.path.rpartition(".")[2] for problem in parsed.problems] == [
        "required",
        "classification",
        "colour",
    ]
    assert [problem.line for problem in parsed.problems] == sorted(p.line for p in parsed.problems)


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_no_contract_ends_in_anything_but_contracts_or_problems(contract, data: st.DataObject) -> None:
    whole = contract(
        logicalType="object",
        properties=[{"name": "x", "logicalType": "array", "items": {"logicalType": "date"}}],
        quality=[{"type": "library", "metric": "nullValues", "mustBe": 0}],
        primaryKey=True,
        primaryKeyPosition=1,
    )
    target: Any = whole
    while True:
        key = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        if not isinstance(target[key], dict | list) or not target[key] or data.draw(st.booleans()):
            break
        target = target[key]
    target[key] = data.draw(ANYTHING)

    parsed = read(whole)

    assert parsed.problems or all(entry.contract is not None for entry in parsed.declarations)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ({"logicalType": "object", "properties": [FIELD]}, "properties[0]"),
        ({"logicalType": "array", "items": FIELD}, "items"),
        (
            {"logicalType": "array", "items": {"logicalType": "object", "properties": [FIELD]}},
            "items.properties[0]",
        ),
    ],
)
def test_rules_that_would_never_be_run_are_refused(contract, kind: dict[str, Any], path: str) -> None:
    [(where, reason)] = reasons(contract(**kind))

    assert where == f"$.schema[0].properties[1].{path}.quality"
    assert "are not run" in reason
