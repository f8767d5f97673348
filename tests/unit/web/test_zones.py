"""What the zones page and its JSON say."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.summary import DatasetSummary
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.web.zones import zones_view
from support import records

from .conftest import reading


class _Text(HTMLParser):
    """The cells of the table, row by row, and the tiles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tiles: list[str] = []
        self._into: list[str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self._into = self.rows[-1]
        if tag == "li":
            self.tiles.append("")
            self._into = self.tiles

    def handle_data(self, data: str) -> None:
        if self._into:
            self._into[-1] = " ".join(f"{self._into[-1]} {data}".split())

    def handle_endtag(self, tag: str) -> None:
        if tag in ("tr", "li"):
            self._into = None


def test_the_table_has_a_row_per_dataset_in_the_order_of_the_zones(reader: TestClient) -> None:
    head, *rows = _Text(reader.get("/zones").text).rows
    assert head == ["Dataset", "Version", "Rows", "Size", "Last gate", "Published", "Owner"]
    assert ["".join(row[0].split()) for row in rows] == [
        "raw.flights",
        "preprocessed.flights",
        "clean.airlines",
        "clean.flights",
        "gold.delays",
        "gold.punctuality",
        "sensitive.passengers",
        "work.scratch",
    ]


def test_a_row_says_what_is_published_and_how_the_gate_went(reader: TestClient) -> None:
    rows = {"".join(row[0].split()): row[1:] for row in _Text(reader.get("/zones").text).rows}
    when = "2026-03-01 11:00 UTC"
    assert rows["raw.flights"] == ["v2", "1", "31 MB", f"Passed {when}", when, "Flight operations"]
    assert rows["clean.flights"] == [
        "v3", "327,346", "9.1 MB", f"Failed {when}", when, "Flight operations",
    ]  # fmt: skip
    assert rows["gold.delays"] == ["none yet", "–", "–", f"Failed {when}", "never", "none named"]
    assert rows["work.scratch"] == ["none yet", "–", "–", "Not checked", "never", "Ana"]


def test_rows_set_aside_are_named_beside_the_rows(reader: TestClient) -> None:
    rows = {"".join(row[0].split()): row[2] for row in _Text(reader.get("/zones").text).rows}
    assert rows["preprocessed.flights"] == "336,776 12 set aside"
    assert rows["clean.flights"] == "327,346"


def test_the_tiles_count_per_zone(reader: TestClient) -> None:
    tiles = _Text(reader.get("/zones").text).tiles
    assert [tile.split()[0] for tile in tiles] == list(Zone)
    clean = tiles[list(Zone).index(Zone.CLEAN)]
    assert "2 datasets" in clean
    assert "4 versions · 327,362 rows" in clean
    assert "1 passed 1 failed" in clean
    assert "Published 2026-03-01 11:00 UTC" in clean


def test_a_zone_narrows_the_table_and_not_the_tiles(reader: TestClient) -> None:
    page = _Text(reader.get("/zones?zone=gold").text)
    assert ["".join(row[0].split()) for row in page.rows[1:]] == ["gold.delays", "gold.punctuality"]
    assert "2 datasets" in page.tiles[list(Zone).index(Zone.CLEAN)]


def test_json_says_the_same(reader: TestClient) -> None:
    answer = reader.get("/api/v1/zones", params={"zone": "clean"}).json()
    assert [dataset["dataset"] for dataset in answer["datasets"]] == ["clean.airlines", "clean.flights"]
    flights = answer["datasets"][1]
    assert (flights["version"], flights["rows"], flights["passed"]) == (3, 327_346, False)
    assert flights["published_at"] == "2026-03-01T11:00:00.123456+00:00"
    assert [zone["zone"] for zone in answer["zones"]] == list(Zone)
    assert answer["selected"] == "clean"


def test_head_answers_as_get_does(reader: TestClient) -> None:
    assert reader.head("/zones").status_code == 200
    assert reader.head("/zones").text == ""


def test_the_start_leads_to_the_zones_wherever_the_app_is_mounted(reader: TestClient) -> None:
    response = reader.get("/")
    assert response.status_code == 307
    assert response.headers["Location"] == "zones"


def test_static_files_are_asked_for_again_and_seldom_sent_again(reader: TestClient) -> None:
    first = reader.get("/static/governance.css")
    assert first.headers["Content-Type"].startswith("text/css")
    again = reader.get("/static/governance.css", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_pages_ask_only_for_files_that_exist(reader: TestClient) -> None:
    asked = set(re.findall(r'(?:src|href)="(static/[^"]+)"', reader.get("/zones").text))
    assert asked == {"static/host.js", "static/governance.css", "static/governance.svg"}
    assert {reader.get(f"/{name}").status_code for name in asked} == {200}


def test_an_empty_lake_says_so_and_what_comes_next(
    make_app: Callable[[Callable[[], Store]], FastAPI], empty_store: Store
) -> None:
    response = reading(make_app(lambda: empty_store)).get("/zones")
    assert response.status_code == 200
    assert "No datasets yet." in response.text
    assert "RawIngestOperator" in response.text
    assert 'href="../dags"' in response.text


def test_an_empty_zone_is_not_an_empty_lake(
    make_app: Callable[[Callable[[], Store]], FastAPI], empty_store: Store
) -> None:
    empty_store.contracts.put(records.contract(dataset=DatasetName.parse("gold.x")))
    text = reading(make_app(lambda: empty_store)).get("/zones?zone=raw").text
    assert "No dataset lies in raw yet." in text
    assert "No datasets yet." not in text


@pytest.fixture
def unreachable() -> Store:
    return Store("postgresql+psycopg2://gov:hunter2@127.0.0.1:1/governance", connect_timeout=1)


def test_a_store_that_is_down_is_a_banner_and_503(
    make_app: Callable[[Callable[[], Store]], FastAPI], unreachable: Store
) -> None:
    client = reading(make_app(lambda: unreachable))
    page = client.get("/zones")
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
    assert client.get("/zones").status_code == 200
    assert "It was last read" in client.get("/zones").text


def test_an_old_schema_names_the_command(
    make_app: Callable[[Callable[[], Store]], FastAPI], store: Store
) -> None:
    store.downgrade("0001")
    store.dispose()
    response = reading(make_app(lambda: store)).get("/zones")
    assert response.status_code == 503
    assert "airflow-gov db upgrade" in response.text


def test_a_bad_configuration_is_told(make_app: Callable[[Callable[[], Store]], FastAPI]) -> None:
    def misconfigured() -> Store:
        raise GovernanceError(Reason.CONFIGURATION_INVALID, "AIRFLOW__AIRFLOW_GOV__THREADS: 'x' is …")

    response = reading(make_app(misconfigured)).get("/zones")
    assert response.status_code == 503
    assert "AIRFLOW__AIRFLOW_GOV__THREADS" in response.text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_surprise_is_told_without_its_inside(
    make_app: Callable[[Callable[[], Store]], FastAPI], accept: str
) -> None:
    def broken() -> Store:
        raise RuntimeError("hunter2")

    response = reading(make_app(broken)).get("/zones", headers={"Accept": accept})
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
    assert {path.name for path in (folder / "static").iterdir()} == {
        "governance.css",
        "governance.svg",
        "host.js",
    }
