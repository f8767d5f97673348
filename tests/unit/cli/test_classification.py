"""`airflow-gov catalog classify` and `airflow-gov catalog sensitivity`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.model.column_lineage import Subtype
from support.personal import Home, contract, tell


@pytest.fixture
def lake(home: Path) -> Iterator[Home]:
    made = Home(home)
    rows = [{"mail": f"secret-{n}@example.com", "ref\x1b[31m": "x"} for n in range(5)]
    made.publish("gold.sales", {"mail": {"classification": "public"}, "ref\x1b[31m": {}}, rows)
    made.publish("gold.empty", {"note": {}}, [])
    made.publish("clean.people", {"photo": {"logicalType": "string", "physicalType": "binary"}}, [])
    yield made
    made.close()


def test_proposals_are_shown_with_their_reasons_and_without_values(
    lake: Home, call: Callable[..., Any]
) -> None:
    answer = call("catalog", "classify", "gold.sales")
    assert answer.code == 0
    assert "gold.sales, version 1: 5 of 5 rows, 2 columns" in answer.out
    (line,) = (line for line in answer.out.splitlines() if "pii:email" in line)
    assert "contradicts" in line
    assert "its name says 'mail'; 5 of 5 sampled values match; type string" in line
    assert "secret" not in answer.out
    assert "\x1b" not in answer.out
    hint = "As a patch of the contract: airflow-gov catalog propose gold.sales --column mail --tag pii:email"
    assert answer.err.strip() == hint


def test_a_zone_is_scanned_and_told_to_machines(lake: Home, call: Callable[..., Any]) -> None:
    answer = call("catalog", "classify", "--zone", "gold", "--sample", "3", "--json")
    told = json.loads(answer.out)
    assert [(each["dataset"], each["sampled"]) for each in told["scans"]] == [
        ("gold.empty", 0),
        ("gold.sales", 3),
    ]
    (proposal,) = told["scans"][1]["proposals"]
    assert (proposal["tag"], proposal["agreement"], proposal["evidence"]["matching"]) == (
        "pii:email",
        "contradicts",
        3,
    )
    assert told["failed"] == {}
    assert "secret" not in answer.out


def test_what_was_not_looked_into_is_said(lake: Home, call: Callable[..., Any]) -> None:
    answer = call("catalog", "classify", "clean.people")
    assert "photo: binary: its bytes are not looked into" in answer.out
    assert "nothing looks personal" in answer.err


def test_one_that_cannot_be_scanned_does_not_keep_the_others(lake: Home, call: Callable[..., Any]) -> None:
    answer = call("catalog", "classify", "gold.nothing", "gold.sales")
    assert answer.code == 1
    assert "gold.nothing was not scanned: gold.nothing has no published version" in answer.err
    assert "pii:email" in answer.out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 2),
        (("gold.sales", "--zone", "gold"), 2),
        (("--zone", "nowhere"), 2),
        (("gold.sales", "--sample", "0"), 2),
        (("nonsense",), 1),
    ],
)
def test_wrong_usage_is_told(
    lake: Home, call: Callable[..., Any], arguments: tuple[str, ...], code: int
) -> None:
    answer = call("catalog", "classify", *arguments)
    assert answer.code == code
    assert answer.err


def test_the_recognisers_are_measured(home: Path, call: Callable[..., Any]) -> None:
    told = json.loads(call("catalog", "classify", "--evaluate", "--json").out)
    assert list(told) == ["tuned", "held out"]
    assert all(part["scores"]["all"]["precision"] > 0.9 for part in told.values())
    assert all(len(part["mistakes"]) < 10 for part in told.values())


def test_what_a_column_inherits_is_shown(lake: Home, call: Callable[..., Any]) -> None:
    columns = {"mail": {"tags": ["pii:email"]}}
    lake.store.contracts.put(contract("sensitive.people", columns))
    tell(lake.store, [("sensitive.people.mail", "gold.sales.mail", Subtype.IDENTITY, False)])
    answer = call("catalog", "sensitivity", "gold.sales")
    assert "sensitive.people.mail → gold.sales.mail" in answer.out
    (told,) = json.loads(call("catalog", "sensitivity", "gold.sales.mail", "--json").out)
    assert (told["classification"], told["masked"]) == ("public", [])
    assert told["inherited"] == [
        {
            "tag": "pii:email",
            "origin": "sensitive.people.mail",
            "steps": ["sensitive.people.mail", "gold.sales.mail"],
        }
    ]
    assert call("catalog", "sensitivity", "gold.sales.nothing").code == 1
