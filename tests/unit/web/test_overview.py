"""The page Governance opens with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.model.intake import DeadLetter
from airflow_gov.model.lineage import Origin
from airflow_gov.model.verdicts import Review
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from support import lineage_graphs, records

from .cells import Cells
from .conftest import reading

FLIGHTS = DatasetName.parse("clean.flights")


def test_the_tiles_count_per_zone_and_lead_into_the_catalogue(reader: TestClient) -> None:
    page = Cells(reader.get("/overview").text)
    tiles = page.items[: len(Zone)]
    assert [
        tile.split("landing")[0].split()[0][: len(zone)] for tile, zone in zip(tiles, Zone, strict=True)
    ] == [*Zone]
    clean = tiles[list(Zone).index(Zone.CLEAN)]
    assert "2 datasets" in clean
    assert "4 versions · 327,362 rows" in clean
    assert "1 passed" in clean
    assert "1 failed" in clean
    assert "Published 2026-03-01 11:00 UTC" in clean
    assert {f"catalogue?zone={zone}" for zone in Zone} <= set(page.links)


def test_it_names_what_asks_for_attention(reader: TestClient, store: Store, clock: records.Clock) -> None:
    now = clock()
    store.reviews.open(Review("r1", FLIGHTS, 3, 7, "verdict-clean.flights", now, now + timedelta(days=2)))
    sla = ({"property": "freshness", "value": 30, "unit": "m"},)
    store.contracts.put(records.contract("late", dataset=DatasetName.parse("clean.airlines"), sla=sla))
    store.lineage.bury(
        [DeadLetter(received_at=now, origin=Origin.HTTP, token_id="t", path="$", reason="?", body=b"{}")]
    )
    text = reader.get("/overview").text
    items = Cells(text).items[len(Zone) :]
    assert [item for item in items if item.startswith("clean. airlines due")]
    assert [item for item in items if item.startswith("clean. flights v3 In review to be confirmed")]
    assert [item for item in items if item.startswith("gold. delays Failed")]
    assert "No lineage event has come in yet." in text
    assert "GovernanceTransport" in text
    assert "1</data> refused" in text


def test_nothing_to_do_is_said(
    make_app: Callable[[Callable[[], Store]], FastAPI], empty_store: Store
) -> None:
    empty_store.contracts.put(records.contract())
    text = reading(make_app(lambda: empty_store)).get("/overview").text
    for words in (
        "No dataset&#39;s last gate failed.",
        "Nothing waits for a steward.",
        "No dataset is older than its contract promises.",
        "Nothing is published yet.",
    ):
        assert words in text or words.replace("&#39;", "'") in text


def test_an_empty_lake_says_so_and_what_comes_next(
    make_app: Callable[[Callable[[], Store]], FastAPI], empty_store: Store
) -> None:
    client = reading(make_app(lambda: empty_store))
    for path in ("/overview", "/catalogue"):
        response = client.get(path)
        assert response.status_code == 200
        assert "No datasets yet." in response.text
        assert "RawIngestOperator" in response.text
        assert 'href="../dags"' in response.text


def test_publications_name_their_task_to_those_who_may_read_its_dag(shop_app: FastAPI) -> None:
    everything = reading(shop_app).get("/overview").text
    limited = reading(shop_app, "shopper").get("/overview").text
    assert "gold.<wbr>payroll" in everything
    assert "gold.<wbr>payroll" in limited
    assert f"{lineage_graphs.SECRET_DAG}.<wbr>payroll" in everything
    assert lineage_graphs.SECRET_DAG not in limited


def test_json_says_the_same(reader: TestClient) -> None:
    answer = reader.get("/api/v1/overview").json()
    assert [zone["zone"] for zone in answer["zones"]] == list(Zone)
    assert [each["dataset"] for each in answer["failed"]] == ["clean.flights", "gold.delays"]
    assert answer["recent"][0]["entry"]["version"] == 1
    assert answer["lineage"] == {"last_event_at": None, "dead_letters": 0}
