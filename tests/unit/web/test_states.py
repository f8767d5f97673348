"""What every page does alike: its start, its files, and what it says when it cannot be shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.summary import DatasetSummary
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.web.zones import zones_view

from .conftest import reading


def test_the_zones_as_json(reader: TestClient) -> None:
    answer = reader.get("/api/v1/zones", params={"zone": "clean"}).json()
    assert [dataset["dataset"] for dataset in answer["datasets"]] == ["clean.airlines", "clean.flights"]
    flights = answer["datasets"][1]
    assert (flights["version"], flights["rows"], flights["passed"]) == (3, 327_346, False)
    assert flights["published_at"] == "2026-03-01T11:00:00.123456+00:00"
    assert [zone["zone"] for zone in answer["zones"]] == list(Zone)
    assert answer["selected"] == "clean"
    assert reader.get("/api/v1/zones", params={"zone": "none"}).status_code == 404


def test_head_answers_as_get_does(reader: TestClient) -> None:
    assert reader.head("/overview").status_code == 200
    assert reader.head("/overview").text == ""


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [("/", "overview"), ("/zones", "overview"), ("/zones?zone=gold", "catalogue?zone=gold")],
)
def test_older_addresses_lead_on_wherever_the_app_is_mounted(
    reader: TestClient, address: str, leads_to: str
) -> None:
    response = reader.get(address)
    assert response.status_code == 307
    assert response.headers["Location"] == leads_to


def test_static_files_are_asked_for_again_and_seldom_sent_again(reader: TestClient) -> None:
    first = reader.get("/static/governance.css")
    assert first.headers["Content-Type"].startswith("text/css")
    again = reader.get("/static/governance.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_pages_ask_only_for_files_that_exist(reader: TestClient) -> None:
    asked = set(re.findall(r'(?:src|href)="(static/[^"]+)"', reader.get("/overview").text))
    assert asked == {"static/host.js", "static/governance.css", "static/governance.svg"}
    assert {reader.get(f"/{name}").status_code for name in asked} == {200}


@pytest.fixture
def unreachable() -> Store:
    return Store("postgresql+psycopg2://gov:hunter2@127.0.0.1:1/governance", connect_timeout=1)


def test_a_store_that_is_down_is_a_banner_and_503(
    make_app: Callable[[Callable[[], Store]], FastAPI], unreachable: Store
) -> None:
    client = reading(make_app(lambda: unreachable))
    page = client.get("/overview")
    assert page.status_code == 503
    assert 'role="alert"' in page.text
    assert "The governance store cannot be read." in page.text
    assert "last read" not in page.text
    assert "hunter2" not in page.text
    answer = client.get("/api/v1/zones", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert answer.json()["reason"] == Reason.STORE_UNAVAILABLE
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_banner_says_when_the_store_was_last_read(
    make_app: Callable[[Callable[[], Store]], FastAPI], store: Store, unreachable: Store
) -> None:
    sources = [store, unreachable]
    client = reading(make_app(lambda: sources.pop(0)))
    assert client.get("/overview").status_code == 200
    assert "It was last read" in client.get("/overview").text


def test_an_old_schema_names_the_command(
    make_app: Callable[[Callable[[], Store]], FastAPI], store: Store
) -> None:
    store.downgrade("0001")
    store.dispose()
    response = reading(make_app(lambda: store)).get("/overview")
    assert response.status_code == 503
    assert "airflow-gov db upgrade" in response.text


def test_a_bad_configuration_is_told(make_app: Callable[[Callable[[], Store]], FastAPI]) -> None:
    def misconfigured() -> Store:
        raise GovernanceError(Reason.CONFIGURATION_INVALID, "AIRFLOW__AIRFLOW_GOV__THREADS: 'x' is …")

    response = reading(make_app(misconfigured)).get("/overview")
    assert response.status_code == 503
    assert "AIRFLOW__AIRFLOW_GOV__THREADS" in response.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_surprise_is_told_without_its_inside(
    make_app: Callable[[Callable[[], Store]], FastAPI], accept: str
) -> None:
    def broken() -> Store:
        raise RuntimeError("hunter2")

    response = reading(make_app(broken)).get("/overview", headers={"Accept": accept})
    assert response.status_code == 500
    assert "Airflow&#39;s API server" in response.text or "Airflow's API server" in response.text
    assert "hunter2" not in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_a_quarantine_is_a_number_of_its_dataset_and_no_dataset() -> None:
    quarantine = DatasetSummary(DatasetName.parse("clean.flights__quarantine"), versions=1, version=1, rows=3)
    view = zones_view([quarantine, DatasetSummary(DatasetName.parse("clean.flights"))])
    assert [str(summary.dataset) for summary in view.datasets] == ["clean.flights"]


def test_the_package_brings_its_files() -> None:
    import airflow_gov.web

    folder = Path(airflow_gov.web.__file__).parent
    names = {path.name for path in (folder / "static").iterdir()}
    assert names >= {"governance.css", "governance.svg", "host.js", "lineage"}
