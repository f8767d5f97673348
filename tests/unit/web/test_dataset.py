"""The pages of datasets and of executions."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.contracts import parse_contract
from airflow_gov.model.classification import Agreement, Classification, Evidence, Proposal
from airflow_gov.model.execution import Status
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.store import Store
from support import lineage_graphs, records, reports

from .cells import Cells
from .conftest import reading

SECTIONS = ("schema", "versions", "lineage", "quality", "executions", "files")


@pytest.fixture(scope="module")
def client(shop_app: FastAPI) -> TestClient:
    return reading(shop_app)


def plain(client: TestClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_a_page_and_json(client: TestClient, section: str) -> None:
    page = client.get(f"/datasets/gold.revenue_by_day/{section}")
    assert page.status_code == 200
    assert page.text.count('aria-current="page"') == 2
    about = plain(client, f"datasets/gold.revenue_by_day/{section}")
    assert about["about"]["entry"]["dataset"] == "gold.revenue_by_day"
    assert about["section"] == section
    assert about[section]


@pytest.mark.parametrize("path", ["clean.orders", "clean.orders/lineage", "d1", "d1/lineage"])
def test_every_link_of_ours_leads_somewhere(client: TestClient, path: str) -> None:
    page = client.get(f"/datasets/{path}")
    page = client.get(str(page.url.join(page.headers["Location"]))) if page.is_redirect else page
    ours = {str(page.url.join(link)) for link in Cells(page.text).links if "../dags/" not in link}
    found = {link: client.get(link).status_code for link in ours if "/assets" not in link}
    assert len(found) > 6
    assert set(found.values()) <= {200, 307}


CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.0.0
status: active
schema:
- name: flights
  physicalName: clean.flights
  properties:
  - {name: flight, logicalType: string, physicalType: string, required: true, description: Its <number>}
  - {name: mail, logicalType: string, physicalType: string, classification: restricted, tags: ['pii:email']}
"""


def test_the_schema_tells_meaning_sensitivity_and_rules(reader: TestClient, store: Store) -> None:
    store.contracts.put(parse_contract(CONTRACT, records.FLIGHTS))
    rules = (RuleResult("flight_is_there", True, ("flight",)), RuleResult("row_count", False))
    store.verdicts.record(records.verdict("newest", results=rules, checked_at=records.T0))
    text = reader.get("/datasets/clean.flights").text
    (_, flight, mail) = Cells(text).rows
    assert flight[:4] == ["flight required", "string", "Its <number>", "–"]
    assert mail == ["mail", "string", "–", "restricted pii:email", "–"]
    assert Cells(text).items == ["flight_is_there", "row_count"]
    assert "personal data" in text


SEEN = Proposal("flight", "pii:phone", 0.9, Agreement.PROPOSED, Evidence(values=10, matching=9))


def test_what_a_scan_saw_and_the_contract_does_not_say_is_shown_by_the_column(
    reader: TestClient, store: Store
) -> None:
    contract = parse_contract(CONTRACT, records.FLIGHTS)
    store.contracts.put(contract)
    inside = replace(SEEN, column="mail.<b>", tag="pii:name")
    agreed = replace(SEEN, column="mail", tag="pii:email", agreement=Agreement.AGREES)
    found = (SEEN, agreed, inside)
    store.classifications.put(
        Classification(records.FLIGHTS, 1, 1, contract.hash, 10, 10, 2, records.T0, found)
    )
    text = reader.get("/datasets/clean.flights").text
    (_, flight, mail) = Cells(text).rows
    assert flight[3] == "– looks like pii:phone"
    assert mail[3] == "restricted pii:email mail.<b> looks like pii:name"
    assert "9 of 10 sampled values match" in text
    columns = plain(reader, "datasets/clean.flights")["schema"]["columns"]
    assert [[each["tag"] for each in column["seen"]] for column in columns] == [["pii:phone"], ["pii:name"]]
    tagged = CONTRACT.replace("description: Its <number>", "tags: ['pii:phone']")
    store.contracts.put(parse_contract(tagged, records.FLIGHTS))
    assert "looks like pii:phone" not in reader.get("/datasets/clean.flights").text


def test_without_a_contract_that_names_columns_those_last_written_are_shown(
    reader: TestClient, store: Store
) -> None:
    store.executions.finish(records.finished())
    told = plain(reader, "datasets/clean.flights")["schema"]
    assert told["told_by"] == "execution"
    assert [(each["name"], each["type"]) for each in told["columns"]] == [
        ("flight", "string"),
        ("delay", "long"),
    ]


def test_versions_mark_rollbacks_and_what_they_took_back(reader: TestClient, store: Store) -> None:
    first = store.versions.get(records.FLIGHTS, 1)
    assert first
    store.versions.record(
        records.version(4, kind=VersionKind.ROLLBACK, snapshot_id=first.snapshot_id, load_ids=())
    )
    rows = Cells(reader.get("/datasets/clean.flights/versions").text).rows[1:]
    assert [row[0] for row in rows] == [
        "v4 current back to v1",
        "v3 taken back by v4",
        "v2 taken back by v4",
        "v1",
    ]
    told = plain(reader, "datasets/clean.flights/versions")["versions"]["versions"]
    assert [(each["back_to"], each["taken_back_by"]) for each in told] == [
        (1, None),
        (None, 4),
        (None, 4),
        (None, None),
    ]


def test_lists_go_on_where_a_page_ends(reader: TestClient, store: Store) -> None:
    with store.transaction():
        for number in range(4, 60):
            store.versions.record(records.version(number, load_ids=()))
        for each in reports.history(60):
            store.verdicts.record(each)
        for number in range(60):
            store.executions.finish(
                records.finished(f"e{number:02d}", start=records.T0.replace(minute=number % 7))
            )
    for section, expected in (("versions", 59), ("quality", 60), ("executions", 60)):
        seen, after = set(), None
        for _ in range(5):
            query = f"?after={after}" if after else ""
            shown = plain(reader, f"datasets/clean.flights/{section}{query}")[section]
            page = reader.get(f"/datasets/clean.flights/{section}{query}")
            (rows,) = (shown[name] for name in ("versions", "verdicts", "uses") if name in shown)
            assert len(Cells(page.text).rows) == len(rows) + 1
            assert not seen & {str(each) for each in rows}
            seen |= {str(each) for each in rows}
            after = shown["next"]
            if after is None:
                break
            assert f"?after={after}" in Cells(page.text).links
        assert len(seen) == expected


def test_quality_draws_a_trend_in_words_too(reader: TestClient, store: Store) -> None:
    broken = (RuleResult("a", True), RuleResult("b", False))
    for number in range(3):
        store.verdicts.record(
            records.verdict(f"w{number}", results=broken, checked_at=records.T0.replace(minute=number + 1))
        )
    text = reader.get("/datasets/clean.flights/quality").text
    assert 'aria-label="The last 4 verdicts: 0 passed, 4 failed"' in text
    assert text.count("<rect") == 4
    assert 'height="20"' in text, "half of the rules held"


def test_files_are_those_the_current_version_is_built_from(reader: TestClient, store: Store) -> None:
    store.executions.finish(records.finished("e1"))
    for number in (4, 5):
        wanted = records.load(f"new-{number}", "e1", write_mode=WriteMode.OVERWRITE)
        store.loads.begin(wanted, lease=timedelta(minutes=1), is_alive=None)
        store.loads.candidate(wanted)
        store.versions.record(records.version(number, load_ids=(f"new-{number}",)))
    told = plain(reader, "datasets/clean.flights/files")["files"]
    assert [(each["uri"], each["version"]) for each in told["page"]["files"]] == [
        ("s3://lake/2.parquet", 5),
        ("s3://lake/clean/flights/1.parquet", 5),
    ]
    assert "these pages do not ask the lake" in reader.get("/datasets/clean.flights/files").text


def test_lineage_lists_what_is_one_step_away(client: TestClient) -> None:
    told = plain(client, "datasets/gold.customer_value/lineage")["lineage"]
    assert [each["dataset"]["name"] for each in told["downstream"]]
    text = client.get("/datasets/gold.customer_value/lineage").text
    assert "work.<wbr>ana_churn" in text
    assert "features/customer_features" in text
    assert "SPARK" in text


def test_a_number_of_the_graph_leads_to_the_governed_dataset(client: TestClient) -> None:
    node = plain(client, "datasets/clean.orders/lineage")["lineage"]["node"]
    for path in (f"/datasets/{node}", f"/datasets/{node}/versions"):
        response = client.get(path)
        assert response.status_code == 307
        assert client.get(str(response.url.join(response.headers["Location"]))).status_code == 200
    response = client.get(f"/api/v1/datasets/{node}/lineage")
    assert client.get(str(response.url.join(response.headers["Location"]))).json()["section"] == "lineage"


def test_a_dataset_from_outside_tells_what_its_events_told(client: TestClient) -> None:
    (found,) = plain(client, "catalogue?q=customer_features")["outside"]
    node = f"d{found['dataset_id']}"
    runs = client.get(f"/datasets/{node}/executions").text
    assert "customer_features" in runs
    assert plain(client, f"datasets/{node}/executions")["executions"]["runs"]
    assert plain(client, f"datasets/{node}/lineage")["lineage"]["upstream"]
    for section in ("quality", "files", "nonsense"):
        assert client.get(f"/datasets/{node}/{section}").status_code == 404


def test_what_lineage_alone_calls_governed_has_a_page_as_well(reader: TestClient, store: Store) -> None:
    """Events of another installation, or a store that was made anew."""
    lineage_graphs.fill_lineage(store)
    found = plain(reader, "catalogue?q=customer_value")["outside"]
    assert len(found) == 1
    assert "known from lineage only" in reader.get("/datasets/gold.customer_value").text
    for name in ("gold.customer_value", f"d{found[0]['dataset_id']}"):
        assert plain(reader, f"datasets/{name}/lineage")["lineage"]["upstream"]
    assert reader.get("/datasets/gold.nothing").status_code == 404
    assert reader.get("/datasets/gold.customer_value/quality").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/clean.nothing",
        "/datasets/clean.orders/nonsense",
        "/datasets/d0",
        "/datasets/d99999",
        "/datasets/d9999999999999999999999",
        "/datasets/<script>alert(1)<%2Fscript>",
        "/datasets/clean.orders%00",
        "/datasets/..%2f..%2fetc",
        "/executions/none",
        "/executions/<script>alert(1)<%2Fscript>",
        "/executions/a%00b",
    ],
)
def test_what_there_is_not_is_not_found_and_not_echoed_raw(client: TestClient, path: str) -> None:
    for address in (path, f"/api/v1{path}"):
        response = client.get(address)
        assert response.status_code == 404
        assert "<script>alert" not in response.text


@pytest.mark.parametrize("section", ["versions", "executions", "files"])
def test_a_page_that_begins_nowhere_is_refused(client: TestClient, section: str) -> None:
    huge = {"executions": ["2026-01-01", 1], "files": [10**30, "x", 1, 1]}.get(section, [10**30])
    odd = (json.dumps(huge), "[" * 20_000)
    cursors = [urlsafe_b64encode(text.encode()).decode().rstrip("=") for text in odd]
    for after in ("x", "%00", "-1", "9" * 30, "'; --", *cursors):
        response = client.get(f"/api/v1/datasets/clean.orders/{section}?after={after}")
        assert response.status_code == 422, (section, after)


def secret_execution(task_id: str = "payroll") -> str:
    (task,) = (
        each
        for each in lineage_graphs.tasks()
        if (each.dag_id, each.task_id) == (lineage_graphs.SECRET_DAG, task_id)
    )
    return lineage_graphs.execution_id(task, 1)


def test_an_execution_begins_with_its_sentence_and_tells_everything(reader: TestClient, store: Store) -> None:
    store.executions.finish(
        records.finished(
            status=Status.FAILED,
            error_type="ValueError",
            error_message="<b>bad</b> value",
            meaning="Flights <i>without</i> cancelled ones.",
        )
    )
    text = reader.get("/executions/e1").text
    assert "<h1>SQL to Iceberg</h1>" in text
    for told in (
        "Flights &lt;i&gt;without&lt;/i&gt; cancelled ones.",
        "&lt;b&gt;bad&lt;/b&gt; value",
        "ValueError",
        "s3://lake/clean/flights/1.parquet",
        "9007199254740993",
        "crm.public.people",
        "reader",
        "worker-1",
        "10.0.0.7",
        "i-0abc",
        "LocalExecutor",
        "https://example.org/dags.git",
        "0" * 40,
        "ab" * 32,
        "SELECT 1",
        "[1, 2.5, null]",
        "ops",
        "0190",
        "3.3.2",
        "2026-03-01",
    ):
        assert told in text, told
    links = Cells(text).links
    run = "../../dags/flights/runs/scheduled__2026-03-01"
    assert {"../../dags/flights", run, f"{run}/tasks/clean", f"{run}/tasks/clean?try_number=1"} <= set(links)
    assert "../datasets/clean.flights" in links
    assert plain(reader, "executions/e1")["data"][0]["dataset"] == "preprocessed.flights"


def test_ids_with_odd_characters_are_escaped_in_links(reader: TestClient, store: Store) -> None:
    odd = "a b/c?d#e&\"'<ü>"
    store.executions.finish(records.finished(dag_id=odd, run_id=odd, task_id=odd, map_index=3))
    links = Cells(reader.get("/executions/e1").text).links
    escaped = "a%20b%2Fc%3Fd%23e%26%22%27%3C%C3%BC%3E"
    assert f"../../dags/{escaped}/runs/{escaped}/tasks/{escaped}/mapped/3" in links


@pytest.fixture(scope="module")
def shopper(shop_app: FastAPI) -> TestClient:
    return reading(shop_app, "shopper")


class TestLimited:
    """Somebody who may read all Dags of the shop but one."""

    def test_an_execution_of_a_hidden_dag_is_answered_as_one_there_is_not(
        self, shopper: TestClient, client: TestClient
    ) -> None:
        path = f"/executions/{secret_execution()}"
        assert client.get(path).status_code == 200
        for address in (path, f"/api/v1{path}"):
            there, nowhere = shopper.get(address), shopper.get(address[:-3] + "000")
            assert (there.status_code, there.text) == (404, nowhere.text)

    def test_neither_the_dag_nor_its_executions_appear_anywhere(
        self, shopper: TestClient, client: TestClient
    ) -> None:
        hidden = (lineage_graphs.SECRET_DAG, secret_execution("payroll"), secret_execution("salaries"))
        told = {path: client.get(path).text for path in self.pages(client)}
        for path in told:
            text = shopper.get(path).text
            assert not [name for name in hidden if name in text], path
        assert sum(lineage_graphs.SECRET_DAG in text for text in told.values()) > 8, "the others see it"

    @staticmethod
    def pages(client: TestClient) -> list[str]:
        datasets = ("clean.salaries", "gold.payroll", "clean.stores", "clean.orders")
        found = client.get("/api/v1/catalogue?zone=outside").json()["outside"]
        paths = [f"datasets/{name}/{section}" for name in datasets for section in (*SECTIONS, "verdicts")]
        paths += [
            f"datasets/d{each['dataset_id']}/{section}"
            for each in found
            for section in ("schema", "versions", "lineage", "executions")
        ]
        verdicts = [plain(client, f"datasets/{name}")["about"]["entry"]["verdict_id"] for name in datasets]
        paths += [f"verdicts/{each}" for each in verdicts]
        reported = [f"/verdicts/{each}/report" for each in verdicts]
        paths += ["overview", "catalogue", "zones"]
        return [f"/{path}" for path in paths] + [f"/api/v1/{path}" for path in paths] + reported

    def test_counts_do_not_tell_of_it(self, shopper: TestClient, client: TestClient) -> None:
        for dataset in ("clean.salaries", "clean.stores"):
            seen = plain(shopper, f"datasets/{dataset}/executions")["executions"]
            everything = plain(client, f"datasets/{dataset}/executions")["executions"]
            hidden = [
                each for each in everything["uses"] if each["by"]["dag_id"] == lineage_graphs.SECRET_DAG
            ]
            assert hidden
            assert len(seen["uses"]) == len(everything["uses"]) - len(hidden)
            assert seen["next"] is None

    def test_what_lies_behind_it_is_no_neighbour(self, shopper: TestClient, client: TestClient) -> None:
        path = "datasets/clean.stores/lineage"
        assert "gold.<wbr>payroll" in client.get(f"/{path}").text
        assert "payroll" not in shopper.get(f"/{path}").text
        assert plain(shopper, "datasets/gold.payroll/lineage")["lineage"]["upstream"] == []

    def test_a_verdict_is_told_without_the_execution_that_gave_it(
        self, shopper: TestClient, client: TestClient
    ) -> None:
        (entry,) = plain(client, "catalogue?q=gold.payroll")["entries"]
        assert plain(client, f"verdicts/{entry['verdict_id']}")["execution_id"]
        assert plain(shopper, f"verdicts/{entry['verdict_id']}")["execution_id"] is None
