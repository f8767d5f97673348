"""`airflow-gov datasets` and `airflow-gov zones`: what they read."""

from __future__ import annotations

import json

from airflow_gov.contracts import parse_contract

from .conftest import CONTRACT, SALES

NAME = "gold.sales_per_region_and_calendar_quarter_restated"


def test_list(call, history) -> None:
    answer = call("datasets", "list")
    assert answer.code == 0
    line = next(line for line in answer.out.splitlines() if NAME in line)
    assert line.split() == [
        NAME,
        "2",
        "3,000",
        "7",
        "2.0",
        "kB",
        "passed",
        "2026-01-31",
        "12:02:00Z",
        "ines@example.com",
        "tomasz@example.com",
    ]


def test_list_of_one_zone(call, history) -> None:
    assert len(json.loads(call("datasets", "list", "--zone", "gold", "--json").out)) == 1
    assert json.loads(call("datasets", "list", "--zone", "raw", "--json").out) == []


def test_zones_by_the_words_of_the_installation(call, history, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__ZONE_ALIASES", '{"production": "gold"}')
    assert len(json.loads(call("datasets", "list", "--zone", "production", "--json").out)) == 1
    assert call("datasets", "versions", NAME.replace("gold", "production")).code == 0


def test_a_contract_by_the_words_of_the_installation(call, history, monkeypatch) -> None:
    aliases = {"production": "gold"}
    text = CONTRACT.replace(str(SALES), str(SALES).replace("gold", "production"))
    history.contracts.put(parse_contract(text, SALES, aliases=aliases))
    history.dispose()
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__ZONE_ALIASES", json.dumps(aliases))
    answer = call("datasets", "show", NAME)
    assert answer.code == 0, answer.err
    assert "Sales per region." in answer.out
    assert "buyer" in call("catalog", "show", NAME).out


def test_a_zone_that_does_not_exist(call, history) -> None:
    answer = call("datasets", "list", "--zone", "silver")
    assert answer.code == 2
    assert "preprocessed" in answer.err


def test_show(call, history) -> None:
    answer = call("datasets", "show", NAME)
    assert answer.code == 0
    assert answer.out.splitlines()[:2] == [NAME, "Sales per region."]
    for fact in (
        "ines@example.com",
        "tomasz@example.com",
        "Current version: 2",
        "primary key 1, required",
        "restricted",
        "pii:name",
        "primary_key",
        "none twice",
        "9007199254740995",
    ):
        assert fact in answer.out


def test_show_as_one_document(call, history) -> None:
    shown = json.loads(call("datasets", "show", NAME, "--json").out)
    assert shown["summary"]["quarantined"] == 7
    assert shown["current"]["snapshot_id"] == 9_007_199_254_740_995
    assert shown["verdict"]["results"][0]["rule"] == "primary_key"
    assert [column["name"] for column in shown["contract"]["columns"]] == ["region", "buyer"]


def test_versions_newest_first(call, history) -> None:
    found = json.loads(call("datasets", "versions", NAME, "--json").out)
    assert [(each["version"], each["current"]) for each in found] == [(2, True), (1, False)]
    lines = [
        line.split() for line in call("datasets", "versions", NAME).out.splitlines() if " publish " in line
    ]
    assert [line[0] for line in lines] == ["2", "1"]
    assert len(json.loads(call("datasets", "versions", NAME, "--json", "--limit", "1").out)) == 1


def test_an_unknown_dataset_names_its_neighbours(call, history) -> None:
    answer = call("datasets", "versions", "gold.sales_per_region_and_calendar_quarter")
    assert answer.code == 1
    assert NAME in answer.err


def test_a_name_that_is_none(call, history) -> None:
    assert call("datasets", "show", "../etc/passwd").code == 1


def test_zones(call, history) -> None:
    answer = call("zones")
    assert answer.code == 0
    gold = next(line for line in answer.out.splitlines() if line.startswith("gold"))
    assert "what consumers read" in gold
    assert "3,000" in gold
    shown = json.loads(call("zones", "--json").out)
    assert list(shown["zones"]) == ["raw", "preprocessed", "clean", "gold", "sensitive", "work"]
    assert shown["zones"]["gold"]["rows"] == 3_000
    assert shown["zones"]["gold"]["quarantined"] == 7
    assert shown["zones"]["raw"]["datasets"] == 0
