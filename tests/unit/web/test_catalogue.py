"""The catalogue's page and its JSON."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records

from .cells import Cells
from .conftest import reading


def names(page: str) -> list[str]:
    return Cells(page).names


def test_a_row_per_dataset_in_the_order_of_the_zones(reader: TestClient) -> None:
    text = reader.get("/catalogue").text
    assert Cells(text).rows[0] == ["Dataset", "Version", "Rows", "Size", "Last gate", "Published", "Owner"]
    assert names(text) == [
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
    rows = Cells(reader.get("/catalogue").text).by_name
    when = "2026-03-01 11:00 UTC"
    assert rows["raw.flights"] == ["v2", "1", "31 MB", f"Passed {when}", when, "Flight operations"]
    assert rows["clean.flights"] == [
        "v3", "327,346", "9.1 MB", f"Failed {when}", when, "Flight operations",
    ]  # fmt: skip
    assert rows["gold.delays"] == ["none yet", "–", "–", f"Failed {when}", "never", "none named"]
    assert rows["work.scratch"] == ["none yet", "–", "–", "Not checked", "never", "Ana"]
    assert rows["preprocessed.flights"][1].startswith("336,776")
    assert rows["preprocessed.flights"][1].endswith("12 set aside")


def test_search_and_filters_narrow_it_and_stay_in_its_addresses(reader: TestClient) -> None:
    text = reader.get("/catalogue?q=flights&zone=clean").text
    assert names(text) == ["clean.flights"]
    assert '<input type="hidden" name="zone" value="clean">' in text
    assert 'value="flights"' in text
    links = Cells(text).links
    assert "catalogue?q=flights&zone=raw" in links
    assert "catalogue?q=flights" in links, "a filter that is set is taken away by its own link"
    assert "catalogue?q=flights&zone=clean&verdict=failed" in links


def test_nothing_that_fits_is_not_an_empty_lake(reader: TestClient) -> None:
    text = reader.get("/catalogue?q=there+is+no+such").text
    assert "Nothing fits." in text
    assert "No datasets yet." not in text


def test_what_is_looked_for_is_shown_literally(reader: TestClient) -> None:
    attack = "\"><script>alert(1)</script>&'"
    text = reader.get("/catalogue", params={"q": attack, "owner": attack, "tag": attack}).text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_names_and_descriptions_from_contracts_are_shown_literally(reader: TestClient, store: Store) -> None:
    attack = "<img src=x onerror=alert(1)> \N{RIGHT-TO-LEFT OVERRIDE} 'quoted' \"twice\" ẞ 🛫"
    store.contracts.put(
        records.contract(
            "attack",
            dataset=DatasetName.parse("gold.attacked"),
            description=attack,
            owner=attack,
            tags=(attack,),
            columns=(Column("c", Primitive("string"), tags=("pii:" + attack,)),),
        )
    )
    for path in ("/catalogue", "/catalogue?q=attacked", "/datasets/gold.attacked"):
        text = reader.get(path).text
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
        assert "ẞ 🛫" in text


def test_an_unknown_filter_is_refused_and_not_echoed(reader: TestClient) -> None:
    for query in ("zone=<script>alert(1)</script>", "verdict=none", "gap=none", "after=%00", "zone=GOLD"):
        response = reader.get(f"/catalogue?{query}")
        assert response.status_code == 422, query
        assert "<script>alert" not in response.text
        answer = reader.get(f"/api/v1/catalogue?{query}", headers={"Accept": "application/json"})
        assert (answer.status_code, answer.json()["reason"]) == (422, "parameter_invalid")


def test_gaps_are_filters_with_counts_and_keep_their_days(reader: TestClient, store: Store) -> None:
    text = reader.get("/catalogue?gap=unowned").text
    assert names(text) == ["gold.delays", "gold.punctuality"]
    links = Cells(text).links
    assert "catalogue?gap=undocumented" in links
    assert '<input type="hidden" name="gap" value="unowned">' in text
    answer = reader.get("/api/v1/catalogue?gap=unread&unused_days=0").json()
    assert {each["value"]: each["count"] for each in answer["facets"]["gap"]} == {
        "undocumented": 8,
        "unowned": 2,
        "unused": 6,
        "unread": 6,
    }
    assert "unused_days=7" in "".join(Cells(reader.get("/catalogue?q=flights&unused_days=7").text).links)
    for days in ("-1", "99999999"):
        assert reader.get(f"/catalogue?gap=unused&unused_days={days}").status_code == 200


def test_gaps_in_json_say_what_is_missing_page_by_page(reader: TestClient, store: Store) -> None:
    columns = (Column("a", Primitive("string")), Column("b", Primitive("string"), description="Told."))
    dataset = DatasetName.parse("gold.half")
    store.contracts.put(records.contract("half", dataset=dataset, description="Told.", columns=columns))
    first = reader.get("/api/v1/catalogue/gaps?gap=undocumented&zone=gold&limit=2").json()
    assert [each["dataset"] for each in first["datasets"]] == ["gold.delays", "gold.half"]
    assert (first["datasets"][1]["undescribed"], first["datasets"][1]["described"]) == (["a"], True)
    after = {"gap": "undocumented", "zone": "gold", "after": first["next"]}
    second = reader.get("/api/v1/catalogue/gaps", params=after).json()
    assert [each["dataset"] for each in second["datasets"]] == ["gold.punctuality"]
    assert (second["next"], second["total"]) == (None, 3)


def test_json_is_paged_and_says_the_same(reader: TestClient) -> None:
    first = reader.get("/api/v1/catalogue", params={"limit": 5}).json()
    assert (len(first["entries"]), first["total"]) == (5, 8)
    second = reader.get("/api/v1/catalogue", params={"limit": 5, "after": first["next"]}).json()
    assert [each["dataset"] for each in second["entries"]] == [
        "gold.punctuality",
        "sensitive.passengers",
        "work.scratch",
    ]
    assert second["next"] is None
    assert {each["value"]: each["count"] for each in first["facets"]["zone"]}["clean"] == 2
    assert len(reader.get("/api/v1/catalogue", params={"limit": -1}).json()["entries"]) == 1


def test_datasets_that_only_lineage_knows_have_a_badge_and_a_page(shop_app: FastAPI) -> None:
    client = reading(shop_app)
    text = client.get("/catalogue?zone=outside").text
    assert names(text) == [
        "shop.public.orders",
        "features/customer_features",
        "crm/customers.csv",
        "salaries",
    ]
    assert text.count("outside</span>") == 4
    links = [link for link in Cells(text).links if link.startswith("datasets/")]
    assert [client.get(f"/{link}").status_code for link in links] == [200] * 4


def test_what_only_a_hidden_dag_reads_outside_is_hidden_and_not_counted(shop_app: FastAPI) -> None:
    everything = reading(shop_app).get("/api/v1/catalogue").json()
    limited = reading(shop_app, "shopper").get("/api/v1/catalogue").json()
    assert limited["total"] == everything["total"] - 1
    zones = {each["value"]: each["count"] for each in limited["facets"]["zone"]}
    assert zones["outside"] == 3
    assert "sap://hr" not in str(limited)
