"""The graph of lineage as JSON: what is answered, to whom, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from airflow_gov.model.lineage import Origin
from airflow_gov.store import Store
from airflow_gov.web import create_app
from support import lineage_graphs as shops
from support.small_lineage import T0, told

ROOT = "/api/v1/lineage"
ZONE = {"raw", "preprocessed", "clean", "gold", "sensitive", "work", None}


class Person:
    """A viewer who may read the Dags that the request's header names; all without one."""

    name = "ana"

    def __init__(self, dags: frozenset[str] | None) -> None:
        self._dags = dags

    def may_read_dag(self, dag_id: str) -> bool:
        return self._dags is None or dag_id in self._dags

    def readable_dags(self) -> frozenset[str] | None:
        return self._dags


def app_of(store: Callable[[], Store], dags: frozenset[str] | None = None) -> FastAPI:
    return create_app(store=store, viewer=lambda: Person(dags))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """What tests write to it besides has names of its own."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('shop')}/governance.db")
    shops.fill(store)
    yield store
    store.dispose()


@pytest.fixture(scope="module")
def client(shop: Store) -> TestClient:
    return TestClient(app_of(lambda: shop))


@pytest.fixture(scope="module")
def narrow(shop: Store) -> TestClient:
    """Somebody who may not read the secret Dag."""
    return TestClient(app_of(lambda: shop, shops.OPEN_DAGS))


def get(client: TestClient, path: str, status: int = 200, **query: Any) -> Any:
    if "start" in query:
        query["from"] = query.pop("start")
    response = client.get(f"{ROOT}/{path}", params=query)
    assert response.status_code == status, response.text
    return response.json()


def test_the_graph_has_the_shape_that_the_page_is_made_for(client: TestClient) -> None:
    graph = get(client, "graph", focus="dag:gold_shop", up=1, down=1)
    assert graph.keys() == {
        "focus",
        "nodes",
        "edges",
        "shown",
        "total",
        "truncated",
        "running",
        "asOf",
        "empty",
        "lastEventAt",
    }
    datasets = [each for each in graph["nodes"] if each["type"] == "dataset"]
    jobs = [each for each in graph["nodes"] if each["type"] == "job"]
    for each in datasets:
        assert each.keys() == {
            "id", "type", "namespace", "name", "label", "governed", "zone", "version", "rows", "updatedAt",
            "verdict", "personal", "columns", "dropped", "up", "down",
        }  # fmt: skip
        assert each["id"][0] == "d"
        assert each["zone"] in ZONE
        assert 0 <= each["up"]["drawn"] <= each["up"]["all"]
    for each in jobs:
        assert each.keys() == {
            "id", "type", "namespace", "name", "label", "dagId", "taskId", "integration", "state", "runId",
            "dagRunId", "mapIndex", "tryNumber", "startedAt", "endedAt", "duration", "up", "down",
        }  # fmt: skip
        assert each["id"][0] == "j"
    ids = {each["id"] for each in graph["nodes"]}
    for edge in graph["edges"]:
        assert edge.keys() == {"id", "source", "target", "job", "until"}
        assert {edge["source"], edge["target"]} <= ids
        assert {edge["source"][0], edge["target"][0]} == {"d", "j"}
    assert len({each["id"] for each in graph["edges"]}) == len(graph["edges"])
    assert graph["lastEventAt"] == "2026-03-02T08:03:00+00:00"


def test_a_comparison_says_what_differs(client: TestClient) -> None:
    days = {"a": shops.run_name(1), "b": shops.run_name(2)}
    graph = get(client, "compare", focus="dag:gold_shop", up=0, down=0, **days)
    revenue = next(each for each in graph["nodes"] if each["label"] == "gold.revenue_by_day")
    assert (revenue["status"], revenue["changes"]) == ("changed", ["column + discount"])
    assert "added" in {each.get("status") for each in graph["edges"]}


def test_colons_and_slashes_in_ids_are_no_separators(shop: Store, client: TestClient) -> None:
    dag_id, task_id = "team:a/b", "load:x%"
    event = told(task_id, ["in"], ["out"], dag_id=dag_id, dag_run_id="manual__2026-03-01T06:00:00+00:00")
    shop.lineage.record([event], origin=Origin.TRANSPORT, at=T0)
    parts = [quote(each, safe="") for each in (dag_id, "manual__2026-03-01T06:00:00+00:00", task_id)]
    graph = get(client, "graph", focus=":".join(("ti", *parts, "-1")))
    assert {each["label"] for each in graph["nodes"]} == {"in", "out", f"{dag_id}.{task_id}"}


def test_columns_come_in_pages_with_their_meaning_and_sensitivity(client: TestClient) -> None:
    page = get(client, "columns", dataset="preprocessed.customers", limit=2)
    assert (page["total"], page["next"]) == (4, "name")
    assert [each["name"] for each in page["columns"]] == ["customer_id", "name"]
    name = page["columns"][1]
    assert name["id"].endswith(".name")
    assert name["tags"] == ["pii:name"]
    assert (name["classification"], name["personal"], name["down"]) == ("restricted", True, 1)
    rest = get(client, "columns", dataset="preprocessed.customers", limit=9, after=page["next"])
    assert [each["name"] for each in rest["columns"]] == ["mail", "city"]
    assert rest["next"] is None
    traced = get(client, "columns", dataset="preprocessed.customers", limit=3, first=["city", "mail"])
    assert [each["name"] for each in traced["columns"]] == ["mail", "city", "customer_id"]
    found = get(client, "columns", dataset="preprocessed.customers", q="MAI")
    assert [each["name"] for each in found["columns"]] == ["mail"]


def test_a_column_is_traced_both_ways(client: TestClient) -> None:
    column = get(client, "search", q="clean.customers.email_hash")["results"][0]
    trace = get(client, "trace", column=column["id"])
    labels = {each["id"]: each["label"] for each in trace["datasets"]}
    assert {(labels[each["dataset"]], each["name"]) for each in trace["columns"]} == {
        ("preprocessed.customers", "mail"),
        ("clean.customers", "email_hash"),
        ("gold.customer_value", "email_hash"),
        # What decided about the rows of gold.customer_value on the way.
        *((labels[each["dataset"]], each["name"]) for each in trace["columns"] if each["name"] == ""),
    }
    masked = next(each for each in trace["edges"] if each["target"] == column["id"])
    assert (masked["direct"], masked["masking"], masked["subtypes"]) == (True, True, ["TRANSFORMATION"])
    ids = {each["id"] for each in trace["columns"]}
    assert all({each["source"], each["target"]} <= ids for each in trace["edges"])


def test_search_finds_datasets_jobs_and_columns(client: TestClient) -> None:
    results = get(client, "search", q="Customer", limit=100)["results"]
    assert {each["type"] for each in results} == {"dataset", "job", "column"}
    column = next(each for each in results if each["type"] == "column")
    assert column["id"].startswith(f"{column['dataset']}.")
    assert get(client, "search", q="")["results"] == []


def test_runs_are_listed_newest_first(client: TestClient) -> None:
    runs = get(client, "runs", dag_id="gold_shop")["runs"]
    assert [each["dagRunId"] for each in runs] == [shops.run_name(2), shops.run_name(1)]
    assert [each["state"] for each in runs] == ["failed", "success"]
    earlier = get(client, "runs", dag_id="gold_shop", before=runs[0]["startedAt"], limit=1)["runs"]
    assert [each["dagRunId"] for each in earlier] == [shops.run_name(1)]


def test_the_panel_of_a_dataset_tells_all_of_it(client: TestClient) -> None:
    found = get(client, "datasets/gold.revenue_by_day")
    assert (found["label"], found["owner"], found["steward"]) == (
        "gold.revenue_by_day",
        "olga@example.com",
        ["stan@example.com"],
    )
    assert found["description"] == "gold.revenue_by_day of the shop."
    assert {each["kind"] for each in found["names"]} == {"own", "symlink"}
    assert found["files"] == "file:///lake/gold/revenue_by_day"
    assert [each["number"] for each in found["versions"]] == [2, 1]
    assert found["versions"][0]["run"]["dagRunId"] == shops.run_name(2)
    assert found["quality"][0]["passed"] is True
    assert found["executions"][0]["dagId"] == "gold_shop"
    assert found["links"] == {"page": "datasets/gold.revenue_by_day"}
    assert get(client, f"datasets/{found['id']}") == found


def test_the_panel_of_an_outside_dataset_takes_its_owner_from_its_facets(client: TestClient) -> None:
    result = get(client, "search", q="customer_features")["results"][0]
    found = get(client, f"datasets/{result['id']}")
    assert (found["owner"], found["governed"], found["links"]) == ("vendor:crm", None, {"page": None})


def test_the_panel_of_a_job_tells_its_runs_and_its_data(client: TestClient) -> None:
    job = next(
        each for each in get(client, "search", q="gold_shop.return_rate")["results"] if each["type"] == "job"
    )
    found = get(client, f"jobs/{job['id']}")
    assert (found["state"], found["label"]) == ("failed", "gold_shop.return_rate")
    assert [each["state"] for each in found["runs"]] == ["failed", "success"]
    assert [each["label"] for each in found["outputs"]] == ["gold.return_rate"]
    assert {each["label"] for each in found["inputs"]} == {"clean.returns", "clean.order_lines"}


@pytest.mark.parametrize(
    ("path", "query", "part"),
    [
        ("impact", {"column": "preprocessed.customers.mail"}, '"how":"masked"'),
        ("impact", {"dataset": "clean.orders"}, "gold.revenue_by_day"),
        ("origin", {"column": "gold.customer_value.value", "version": 1}, "vendor-drop"),
        ("where-is", {"column": "mail"}, '"masked":true'),
        ("where-is", {"tag": "pii:card"}, "sensitive.payments_cards"),
        ("row", {"dataset": "clean.orders", "load_id": shops.load_id("clean.orders", 2)}, '"loadId"'),
        ("versions/diff", {"dataset": "gold.revenue_by_day", "a": "1", "b": "2"}, "discount"),
        ("path", {"start": "raw.orders", "to": "gold.revenue_by_day"}, '"nodes":["d'),
    ],
)
def test_the_questions_are_answered(client: TestClient, path: str, query: dict[str, str], part: str) -> None:
    assert part in json.dumps(get(client, path, **query), separators=(",", ":"))


def test_every_format_is_exported_as_a_download(client: TestClient) -> None:
    texts = {}
    for name in ("openlineage", "graphml", "mermaid", "html"):
        response = client.get(f"{ROOT}/export", params={"focus": "dag:gold_shop", "format": name})
        assert response.status_code == 200
        assert response.headers["Content-Disposition"].startswith("attachment; filename=")
        texts[name] = response.text
    assert (
        "sandbox"
        in client.get(f"{ROOT}/export", params={"focus": "dag:gold_shop", "format": "html"}).headers[
            "Content-Security-Policy"
        ]
    )
    events = [json.loads(line) for line in texts["openlineage"].splitlines()]
    assert {"default"} <= {each["job"]["namespace"] for each in events}
    assert ET.fromstring(texts["graphml"]).tag.endswith("graphml")
    assert texts["mermaid"].startswith("flowchart LR\n")
    assert "<svg" in texts["html"]


SECRET = [
    ("graph", {"focus": "dag:hr_secret"}),
    ("graph", {"focus": f"run:hr_secret:{quote(shops.run_name(1), safe='')}"}),
    ("graph", {"focus": "task:hr_secret:payroll"}),
    ("graph", {"focus": "dataset:clean.salaries"}),
    ("columns", {"dataset": "clean.salaries"}),
    ("trace", {"column": "clean.salaries.salary"}),
    ("datasets/gold.payroll", {}),
    ("impact", {"dataset": "clean.salaries"}),
    ("impact", {"column": "clean.salaries.salary"}),
    ("origin", {"column": "gold.payroll.total"}),
    ("row", {"dataset": "clean.salaries", "load_id": shops.load_id("clean.salaries", 1)}),
    ("versions/diff", {"dataset": "gold.payroll", "a": "1", "b": "2"}),
    ("path", {"start": "clean.salaries", "to": "gold.payroll"}),
    ("compare", {"focus": "dag:hr_secret", "a": "1", "b": "2"}),
    ("export", {"focus": "dataset:clean.salaries", "format": "html"}),
]


@pytest.mark.parametrize(("path", "query"), SECRET)
def test_a_hidden_dag_is_not_found_without_a_name(
    client: TestClient, narrow: TestClient, path: str, query: dict[str, str]
) -> None:
    if "start" in query:
        query = {"from": query["start"], "to": query["to"]}
    assert client.get(f"{ROOT}/{path}", params=query).status_code == 200
    refused = narrow.get(f"{ROOT}/{path}", params=query)
    assert refused.status_code == 404
    asked = [*query.values(), path]
    assert not any(
        word in refused.text for word in ("hr_secret", "payroll", "salary") if word not in str(asked)
    )
    assert set(refused.json()) == {"detail", "reason"}


def test_the_ids_of_hidden_nodes_are_not_found(client: TestClient, narrow: TestClient) -> None:
    graph = get(client, "graph", focus="dag:hr_secret", up=0, down=0)
    for each in graph["nodes"]:
        if each["label"] == "clean.stores":
            continue
        path = f"{'datasets' if each['type'] == 'dataset' else 'jobs'}/{each['id']}"
        assert client.get(f"{ROOT}/{path}").status_code == 200
        missing = path.rstrip("0123456789") + "987654321"
        assert narrow.get(f"{ROOT}/{path}").status_code == 404
        assert narrow.get(f"{ROOT}/{path}").json() == narrow.get(f"{ROOT}/{missing}").json()


@pytest.mark.parametrize(
    ("path", "query", "parameter"),
    [
        ("graph", {}, "focus"),
        ("graph", {"focus": "nonsense"}, "focus"),
        ("graph", {"focus": "dag:"}, "focus"),
        ("graph", {"focus": "dag:a:b"}, "focus"),
        ("graph", {"focus": "ti:a:b:c:one"}, "focus"),
        ("graph", {"focus": "dag:" + "x" * 5000}, "focus"),
        ("graph", {"focus": "dag:gold_shop", "up": "-1"}, "up"),
        ("graph", {"focus": "dag:gold_shop", "down": "two"}, "down"),
        ("graph", {"focus": "dag:gold_shop", "up": "1e9"}, "up"),
        ("graph", {"focus": "dag:gold_shop", "limit": "0"}, "limit"),
        ("graph", {"focus": "dag:gold_shop", "as_of": "yesterday"}, "as_of"),
        ("graph", {"focus": "dag:gold_shop", "as_of": "0001-01-01T00:00:00+14:00"}, "as_of"),
        ("graph", {"focus": "dag:gold_shop", "expand": "d1:sideways"}, "expand"),
        ("graph", {"focus": "dag:gold_shop", "expand": "x1:up"}, "expand"),
        ("graph", {"focus": "dag:gold_shop", "expand": ",".join(["d1:up"] * 201)}, "expand"),
        ("compare", {"focus": "dataset:clean.orders", "a": "1", "b": "2"}, "focus"),
        ("compare", {"focus": "dag:gold_shop", "a": "1"}, "b"),
        ("columns", {"dataset": "clean.orders", "limit": "many"}, "limit"),
        ("columns", {"dataset": "clean.orders", "first": ["c"] * 501}, "first"),
        ("columns", {"dataset": "clean.orders", "first": ["c" * 4_001]}, "first"),
        ("trace", {}, "column"),
        ("path", {"start": "clean.orders"}, "to"),
        ("runs", {}, "dag_id"),
        ("runs", {"dag_id": "gold_shop", "before": "soon"}, "before"),
        ("where-is", {}, "column"),
        ("where-is", {"column": "a", "tag": "b"}, "column"),
        ("origin", {"column": "gold.revenue_by_day.day", "version": "0"}, "version"),
        ("export", {"focus": "dag:gold_shop", "format": "docx"}, "format"),
    ],
)
def test_bad_questions_are_refused_with_what_is_wrong(
    client: TestClient, path: str, query: dict[str, str], parameter: str
) -> None:
    refused = get(client, path, 422, **query)
    assert (refused["path"], refused["reason"]) == (parameter, "parameter_invalid")
    assert refused["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("graph", {"focus": "dataset:clean.nothing"}),
        ("graph", {"focus": "dataset:d99999"}),
        ("graph", {"focus": "dataset:d99999999999999999999999"}),
        ("graph", {"focus": "job:j99999"}),
        ("graph", {"focus": "dataset:'%3B DROP TABLE gov_lineage_dataset"}),
        ("columns", {"dataset": "<script>"}),
        ("columns", {"dataset": "\x00"}),
        ("trace", {"column": "clean.orders.nothing"}),
        ("trace", {"column": "d1.\ud7ff"}),
        ("trace", {"column": "nothing"}),
        ("trace", {"column": "a." * 1_900 + "b"}),
        ("where-is", {"column": "a." * 1_900 + "b"}),
        ("datasets/d0", {}),
        ("jobs/d1", {}),
        ("row", {"dataset": "clean.orders", "load_id": "nope"}),
        ("row", {"dataset": "no dataset", "load_id": "nope"}),
        ("versions/diff", {"dataset": "clean.orders", "a": "1", "b": "77"}),
        ("nothing", {}),
    ],
)
def test_what_there_is_none_of_is_not_found(client: TestClient, path: str, query: dict[str, str]) -> None:
    get(client, path, 404, **query)


def test_a_huge_depth_and_limit_are_all_there_is(client: TestClient) -> None:
    graph = get(client, "graph", focus="dag:gold_shop", up=10**15, down=10**15, limit=10**15)
    assert graph["truncated"] is False


def test_names_of_others_stay_text_in_every_export(shop: Store, client: TestClient) -> None:
    name = "</text><script>alert('1')</script>\"]--> \x1b[31m x; classDef"
    shop.lineage.record([told(name, ["a"], [name])], origin=Origin.HTTP, at=T0)
    focus = f"dataset:{quote(name, safe='')}"
    page = client.get(f"{ROOT}/export", params={"focus": focus, "format": "html"}).text
    assert "<script" not in page
    assert "&lt;/text&gt;&lt;script&gt;" in page
    mermaid = client.get(f"{ROOT}/export", params={"focus": focus, "format": "mermaid"}).text
    assert not any(letter in mermaid.replace("-->", "") for letter in "<>'\x1b")
    assert all(line.count('"') in (0, 2) for line in mermaid.splitlines())
    tree = ET.fromstring(client.get(f"{ROOT}/export", params={"focus": focus, "format": "graphml"}).text)
    namespace = "{http://graphml.graphdrawing.org/xmlns}"
    texts = {each.text for each in tree.iter(f"{namespace}data")}
    assert name.replace("\x1b", "\N{REPLACEMENT CHARACTER}") in texts
    keys = {each.get("id"): each.get("attr.type") for each in tree.iter(f"{namespace}key")}
    assert set(keys.values()) <= {"boolean", "int", "long", "float", "double", "string"}
    assert {each.get("key") for each in tree.iter(f"{namespace}data")} <= keys.keys()
    nodes = {each.get("id") for each in tree.iter(f"{namespace}node")}
    for edge in tree.iter(f"{namespace}edge"):
        assert {edge.get("source"), edge.get("target")} <= nodes


def test_strangers_are_told_nothing(shop: Store) -> None:
    def stranger() -> Person:
        raise HTTPException(401, "Not authenticated")

    client = TestClient(create_app(store=lambda: shop, viewer=stranger))
    for path, query in (("graph", {"focus": "dag:gold_shop"}), ("search", {"q": "a"}), ("nothing", {})):
        get(client, path, 401, **query)


def test_a_store_that_is_down_is_told_with_the_last_event(shop: Store) -> None:
    down = Store("postgresql+psycopg2://gov:hunter2@127.0.0.1:1/governance", connect_timeout=1)
    stores = [shop, down, down]
    client = TestClient(app_of(lambda: stores.pop(0)), raise_server_exceptions=False)
    last = get(client, "graph", focus="dag:gold_shop")["lastEventAt"]
    refused = get(client, "graph", 503, focus="dag:gold_shop")
    assert (refused["lastEventAt"], refused["reason"]) == (last, "store_unavailable")
    assert "hunter2" not in refused["detail"]


def test_the_routes_are_for_reading(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, f"{ROOT}/graph?focus=dag:gold_shop").status_code in (404, 405)
