"""The reports of verdicts, and verdicts as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.model.verdicts import Ruling
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records, reports

from .conftest import reading

REPORT = "/verdicts/verdict-clean.flights/report"
FLIGHTS = DatasetName.parse("clean.flights")


def test_a_report_is_served_as_it_was_made(reader: TestClient, store: Store) -> None:
    store.reports.put("verdict-clean.flights", "<!doctype html><p>as it was</p>", records.T0)
    response = reader.get(REPORT)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.text == "<!doctype html><p>as it was</p>"


def test_a_verdict_without_a_report_gets_one_now(reader: TestClient) -> None:
    text = reader.get(REPORT).text
    assert "<title>Failed: clean.flights – Quality report</title>" in text
    assert "This is the first verdict on this dataset." in text


def test_a_report_made_now_knows_decision_contract_and_past(reader: TestClient, store: Store) -> None:
    contract = records.contract("never a contract's text", dataset=FLIGHTS)
    store.contracts.put(contract)
    for each in reports.history(40):
        store.verdicts.record(replace(each, verdict_id=f"past-{each.verdict_id}", dataset=FLIGHTS))
    about = reports.verdict(verdict_id="now", contract_hash=contract.hash)
    store.verdicts.record(about)
    store.verdicts.record(replace(about, verdict_id="later", checked_at=about.checked_at + timedelta(days=1)))
    store.decisions.record(reports.decision(Ruling.WAIVED, verdict_id="now", waiver_id="waiver-7"))
    text = reader.get("/verdicts/now/report").text
    assert "Waived" in text
    assert "waiver-7" in text
    assert "The last 30 verdicts" in text
    assert "2026-03-02" not in text, "a later verdict is not part of the report"


def test_a_contract_that_cannot_be_read_hides_every_key(reader: TestClient, store: Store) -> None:
    store.verdicts.record(reports.verdict(verdict_id="now"))
    text = reader.get("/verdicts/now/report").text
    assert "delay_is_plausible" in text
    assert ">4711<" not in text
    assert "masked" in text


def test_a_report_can_do_nothing(reader: TestClient) -> None:
    headers = reader.get(REPORT).headers
    policy = headers["Content-Security-Policy"].split("; ")
    assert "sandbox" in policy, "no flag after it: nothing is allowed back"
    assert {"default-src 'none'", "form-action 'none'", "base-uri 'none'"} <= set(policy)
    assert not [part for part in policy if part.startswith("script-src")]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_head_answers_as_get_does(reader: TestClient) -> None:
    for path in (REPORT, "/api/v1/verdicts/verdict-clean.flights", "/api/v1/datasets/clean.flights/verdicts"):
        head = reader.head(path)
        assert (head.status_code, head.text) == (200, "")
        assert head.headers["Content-Security-Policy"] == reader.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "verdict_id",
    [
        "none",
        "..",
        "%2e%2e%2fzones",
        "a/b",
        "<script>alert(1)<%2Fscript>",
        "x" * 129,
        "' OR 1=1 --",
        "-x",
        "a%00b",
    ],
    ids=range(9),
)
@pytest.mark.parametrize("path", ["/verdicts/{}/report", "/api/v1/verdicts/{}"])
def test_a_verdict_that_is_none_is_not_found_and_not_echoed(
    reader: TestClient, path: str, verdict_id: str
) -> None:
    response = reader.get(path.format(verdict_id))
    assert response.status_code == 404
    assert "alert(1)" not in response.text


def test_the_page_that_says_so_finds_its_style_and_its_way_back(reader: TestClient) -> None:
    text = reader.get("/verdicts/none/report").text
    assert "There is no such verdict." in text
    assert 'href="../../static/governance.css"' in text
    assert 'href="../../overview"' in text


def test_a_verdict_as_json(reader: TestClient, store: Store) -> None:
    store.verdicts.record(reports.verdict(verdict_id="now"))
    store.decisions.record(reports.decision(verdict_id="now"))
    answer = reader.get("/api/v1/verdicts/now").json()
    assert (answer["verdict_id"], answer["dataset"], answer["passed"]) == ("now", "clean.flights", False)
    assert answer["failed"] == ["delay_is_plausible", "carriers_are_known"]
    assert answer["blocking"] == ["delay_is_plausible"]
    assert answer["rules"] == len(answer["results"]) == len(reports.RESULTS)
    assert answer["results"][5]["examples"] == [{"flight_id": key} for key in (4711, 4712, 90_017)]
    assert answer["decision"]["ruling"] == "refused"


def test_the_decision_on_another_verdict_is_not_told(reader: TestClient, store: Store) -> None:
    store.verdicts.record(reports.verdict(verdict_id="now"))
    store.decisions.record(reports.decision(verdict_id="another"))
    assert reader.get("/api/v1/verdicts/now").json()["decision"] is None


def test_the_verdicts_on_a_dataset_as_json(reader: TestClient, store: Store) -> None:
    for each in reports.history(6):
        store.verdicts.record(each)
    answer = reader.get("/api/v1/datasets/clean.flights/verdicts", params={"limit": 3}).json()
    assert answer["dataset"] == "clean.flights"
    assert [each["verdict_id"] for each in answer["verdicts"]] == [
        "verdict-clean.flights",
        "verdict-1",
        "verdict-2",
    ]
    assert "results" not in answer["verdicts"][0]
    assert reader.get("/api/v1/datasets/work.nothing/verdicts").json()["verdicts"] == []


@pytest.mark.parametrize("limit", [0, -1, 10**9])
def test_a_limit_beyond_reason_is_brought_back(reader: TestClient, limit: int) -> None:
    response = reader.get("/api/v1/datasets/clean.flights/verdicts", params={"limit": limit})
    assert response.status_code == 200
    assert len(response.json()["verdicts"]) == 1


@pytest.mark.parametrize("dataset", ["flights", "nowhere.flights", "clean.Flights", "clean."])
def test_a_dataset_that_is_none_is_not_found(reader: TestClient, dataset: str) -> None:
    assert reader.get(f"/api/v1/datasets/{dataset}/verdicts").status_code == 404


def test_the_catalogue_leads_to_the_newest_report(reader: TestClient) -> None:
    text = reader.get("/catalogue").text
    assert 'class="state failed" href="verdicts/verdict-clean.flights/report"' in text
    assert 'class="state passed" href="verdicts/verdict-raw.flights/report"' in text


def test_a_store_that_is_down_is_503(make_app: Callable[[Callable[[], Store]], FastAPI]) -> None:
    down = Store("postgresql+psycopg2://gov:hunter2@127.0.0.1:1/governance", connect_timeout=1)
    response = reading(make_app(lambda: down)).get(REPORT)
    assert response.status_code == 503
    assert "hunter2" not in response.text
    assert "sandbox" not in response.headers["Content-Security-Policy"]
