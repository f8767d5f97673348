"""Exports with columns: what is in them, in the grammar of each format, and to whom."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from airflow_gov.lineage.exporting import Format
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.lineage import Origin
from airflow_gov.store import Store
from airflow_gov.web import create_app
from support import lineage_graphs as shops
from support.graphml import NAMESPACE, graphml_problems
from support.lineage_schemas import OPENLINEAGE, facet_problems, needs_the_schemas, problems
from support.small_lineage import T0, told

HOSTILE = "</td><script>alert('1')</script>\"]--> & ]]> \x1b\ufffe名前 %% end"
WIDE = 400


class Person:
    name = "ana"

    def __init__(self, dags: frozenset[str] | None) -> None:
        self._dags = dags

    def may_read_dag(self, dag_id: str) -> bool:
        return self._dags is None or dag_id in self._dags

    def readable_dags(self) -> frozenset[str] | None:
        return self._dags


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The shop; besides a dataset with many columns, and one whose names mean no good."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('shop')}/governance.db")
    shops.fill(store)
    edges = [("in", f"c{n}", "wide", f"c{n}", Subtype.IDENTITY, False) for n in range(WIDE)]
    evil = [("in", HOSTILE, HOSTILE, each, Subtype.FILTER, True) for each in (HOSTILE, "")]
    events = [told("widen", ["in"], ["wide"], edges), told(HOSTILE, ["in"], [HOSTILE], evil)]
    store.lineage.record(events, origin=Origin.IMPORT, at=T0)
    yield store
    store.dispose()


@cache
def client_of(store: Store, dags: frozenset[str] | None) -> TestClient:
    return TestClient(create_app(store=lambda: store, viewer=lambda: Person(dags)))


def exported(store: Store, wanted: str, *, dags: frozenset[str] | None = None, **query: Any) -> Any:
    client = client_of(store, dags)
    query = {"focus": "dag:gold_shop", "format": wanted, "columns": True, **query}
    response = client.get("/api/v1/lineage/export", params=query)
    assert response.status_code == 200, response.text
    return response


def of(name: str) -> str:
    return f"dataset:{quote(name, safe='')}"


def arrows(text: str) -> set[tuple[str, str, str]]:
    """What a GraphML document says of columns: source, target, how."""
    root = ET.fromstring(text)
    nodes = {each.get("id"): data(each) for each in root.iter(f"{{{NAMESPACE}}}node")}

    def name(key: str | None) -> str:
        column = nodes[key]
        return f"{nodes[column['n_dataset']]['n_label']}.{column['n_label']}"

    return {
        (name(edge.get("source")), name(edge.get("target")), data(edge)["e_how"])
        for edge in root.iter(f"{{{NAMESPACE}}}edge")
        if data(edge)["e_relation"] == "derives"
    }


def data(element: ET.Element) -> dict[str, str]:
    return {each.get("key", ""): each.text or "" for each in element if each.tag.endswith("}data")}


@pytest.mark.parametrize("columns", [False, True])
@pytest.mark.parametrize("focus", ["dag:gold_shop", "dag:clean_shop", of("wide"), of(HOSTILE)])
def test_graphml_keeps_to_its_grammar(shop: Store, focus: str, columns: bool) -> None:
    text = exported(shop, "graphml", focus=focus, columns=columns, up=9, down=9).text
    assert graphml_problems(text) == []
    assert bool(arrows(text)) is columns


def test_what_is_no_graphml_is_found_out(shop: Store) -> None:
    text = exported(shop, "graphml").text
    for before, after in (
        ('id="c0"', 'id="c1"'),
        ('id="c0"', 'id="c 0"'),
        (re.findall(r'source="c\d+"', text)[0], 'source="gone"'),
        ('edgedefault="directed"', 'edgedefault="yes"'),
        ('key="n_label"', 'key="e_how"'),
        ('key="n_label"', 'key="unknown"'),
        ('attr.type="long"', 'attr.type="number"'),
        (">true</data>", ">yes</data>"),
        ("</graphml>", "<key/></graphml>"),
        ('xmlns="http://graphml', 'xmlns="http://graph'),
    ):
        assert before in text
        assert graphml_problems(text.replace(before, after, 1)), f"{before} → {after}"


def test_graphml_says_what_comes_from_what_and_how(shop: Store) -> None:
    found = arrows(exported(shop, "graphml", focus=of("clean.customers"), up=1, down=0).text)
    assert (
        "preprocessed.customers.mail",
        "clean.customers.email_hash",
        "direct, masked, transformation",
    ) in found
    assert {target.rsplit(".", 1)[0] for _, target, _ in found} <= {
        "clean.customers",
        "sensitive.customers_identity",
    }


def test_a_past_moment_has_the_columns_of_then(shop: Store) -> None:
    now = arrows(exported(shop, "graphml", focus=of("gold.revenue_by_day")).text)
    day_one = shops.DAY_ONE.replace(hour=18).isoformat()
    then = arrows(exported(shop, "graphml", focus=of("gold.revenue_by_day"), as_of=day_one).text)
    assert then
    assert then != now


def test_the_page_has_a_table_of_columns(shop: Store) -> None:
    page = exported(shop, "html", focus=of("clean.customers")).text
    assert "<h2>Columns</h2>" in page
    assert "preprocessed.customers.mail (direct, masked, transformation)" in page
    assert "<h2>Columns</h2>" not in exported(shop, "html", columns=False).text
    evil = exported(shop, "html", focus=of(HOSTILE)).text
    assert "<script" not in evil
    assert evil.count("&lt;script&gt;alert(&#x27;1&#x27;)") > 3


def test_mermaid_frames_columns_by_their_datasets(shop: Store) -> None:
    lines = exported(shop, "mermaid", focus=of("clean.customers"), up=1, down=0).text.splitlines()
    assert lines.count("  end") + lines.count("    end") == sum("subgraph" in line for line in lines)
    assert any('["email#95;hash"]' in line or '["email_hash"]' in line for line in lines)
    assert any("-->|masked|" in line for line in lines)
    evil = exported(shop, "mermaid", focus=of(HOSTILE)).text
    assert all(line.count('"') in (0, 2) for line in evil.splitlines())
    assert "script>" not in evil


@pytest.mark.parametrize("wanted", ["mermaid", "graphml"])
def test_where_there_are_more_columns_than_a_format_holds_it_says_so(shop: Store, wanted: str) -> None:
    response = exported(shop, wanted, focus=of("wide"), up=1, down=0)
    holds = min(WIDE, Format(wanted).most_column_edges)
    said = "300 of 400 column edges" if wanted == "mermaid" else "400 column edges"
    assert said in response.text
    assert response.headers["X-Lineage-Columns"] == said
    edges = re.findall(r"^  c\d+ --> c\d+$", response.text, re.MULTILINE)
    drawn = len(edges if wanted == "mermaid" else arrows(response.text))
    assert drawn == holds


def job_events(text: str) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in text.splitlines()]
    return [event for event in events if "run" not in event]


def test_events_of_jobs_follow_those_of_runs(shop: Store) -> None:
    without = exported(shop, "openlineage", columns=False).text
    with_columns = exported(shop, "openlineage").text
    assert with_columns.startswith(without)
    told = {event["job"]["name"]: event for event in job_events(with_columns)}
    (output,) = told["gold_shop.revenue_by_day"]["outputs"]
    lineage = output["facets"]["columnLineage"]
    assert {"revenue", "day"} <= lineage["fields"].keys()
    assert {
        each["subtype"]
        for field in lineage["fields"]["revenue"]["inputFields"]
        for each in field["transformations"]
    } & {"AGGREGATION"}


@needs_the_schemas
@pytest.mark.parametrize("focus", ["dag:gold_shop", "dag:clean_shop", of(HOSTILE)])
def test_they_are_valid(shop: Store, focus: str) -> None:
    events = job_events(exported(shop, "openlineage", focus=focus, up=9).text)
    assert events
    for event in events:
        assert problems(f"{OPENLINEAGE}/JobEvent", event) == []
        for output in event["outputs"]:
            assert facet_problems(output["facets"]["columnLineage"]) == []


def test_whoever_takes_them_in_has_the_same_columns(shop: Store, tmp_path: Any) -> None:
    events = job_events(exported(shop, "openlineage", focus="dag:clean_shop", up=9, down=9).text)
    other = Store(f"sqlite:///{tmp_path}/other.db")
    other.upgrade()
    taken = Intake(lambda: other, own_namespace=None).take(events, origin=Origin.IMPORT)
    assert (taken.refused, len(events) > 5) == ((), True)
    job = next(event["job"] for event in events if event["job"]["name"] == "clean_shop.customers")
    focus = f"job:{quote(job['name'], safe='')}"
    here, there = (
        {
            (source.rpartition(".")[2], target.rpartition(".")[2], how)
            for source, target, how in arrows(exported(store, "graphml", focus=focus, up=1, down=1).text)
        }
        for store in (shop, other)
    )
    assert there
    assert here == there
    other.dispose()


@pytest.mark.parametrize("wanted", list(Format))
def test_columns_of_a_hidden_dag_are_not_told(shop: Store, wanted: str) -> None:
    query = {"focus": of("clean.stores"), "up": 9, "down": 9}
    assert "hr_secret" in exported(shop, wanted, **query).text
    assert "hr_secret" not in exported(shop, wanted, dags=shops.OPEN_DAGS, **query).text
