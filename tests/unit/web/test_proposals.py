"""Proposals in the pages, and who reads a dataset."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from airflow_gov.contracts import parse_contract
from airflow_gov.model.execution import ColumnInfo, DataRef, Role
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records

from .cells import Cells

DATASET = DatasetName.parse("clean.flights")
ATTACK = "</pre><script>alert(1)</script>\"'&<b>"
TEXT = """\
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 1.0.0
status: active
team:
  members:
    - {username: ana, role: owner}
schema:
  - name: flights
    physicalName: clean.flights
    properties:
      - name: carrier  # two letters
        logicalType: string
  - name: routes
    physicalName: clean.routes
    properties:
      - {name: origin, logicalType: string}
"""


@pytest.fixture(autouse=True)
def contract(store: Store) -> None:
    path = "/opt/airflow/dags/contracts/flights.odcs.yaml"
    store.contracts.put(parse_contract(TEXT, DATASET, path))


def shown(text: str) -> str:
    found = re.search(r'<pre id="patch"[^>]*>(.*?)</pre>', text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def test_fields_inside_columns_can_be_described_too(reader: TestClient, store: Store) -> None:
    field = "logicalType: object\n        properties:\n          - {name: email, logicalType: string}"
    text = TEXT.replace("logicalType: string\n  - name: routes", f"{field}\n  - name: routes")
    store.contracts.put(parse_contract(text, DATASET, "contracts/flights.odcs.yaml"))
    asked = {"column": "carrier.email", "tag": "pii:email"}
    told = reader.get("/datasets/clean.flights/propose", params=asked).text
    assert '<option value="carrier.email" selected>' in told
    assert '+          - {name: email, logicalType: string, tags: ["pii:email"]}' in shown(told)


def test_the_schema_offers_to_propose_and_changes_nothing(reader: TestClient, store: Store) -> None:
    text = reader.get("/datasets/clean.flights").text
    assert 'action="../datasets/clean.flights/propose" method="get"' in text
    assert '<option value="carrier">' in text
    asked = {"column": "carrier", "description": "The airline.", "owner": "", "tag": " "}
    answer = reader.get("/datasets/clean.flights/propose", params=asked)
    assert answer.status_code == 200
    patch = shown(answer.text)
    assert patch.startswith("--- a/contracts/flights.odcs.yaml\n+++ b/contracts/flights.odcs.yaml\n")
    assert "\n+        description: The airline.\n" in patch
    assert '<option value="carrier" selected>' in answer.text
    link = next(link for link in Cells(answer.text).links if "propose.patch" in link)
    download = reader.get(f"/datasets/clean.flights/{link.removeprefix('../../datasets/clean.flights/')}")
    assert download.text == patch
    assert download.headers["content-disposition"] == 'attachment; filename="clean.flights.patch"'
    told = reader.get("/api/v1/datasets/clean.flights/propose", params=asked).json()
    assert (told["text"], told["path"]) == (patch, "contracts/flights.odcs.yaml")
    latest = store.contracts.latest(DATASET)
    assert latest is not None
    assert latest[1] == TEXT


def test_whatever_is_proposed_is_shown_literally(reader: TestClient) -> None:
    asked = {"column": "carrier", "description": ATTACK + "\r\nnext", "tag": ATTACK, "owner": ATTACK}
    answer = reader.get("/datasets/clean.flights/propose", params=asked)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<b>" not in answer.text
    assert "clean.<wbr>routes" in answer.text, "whose owner changes too is told"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "\\nnext" in shown(answer.text)
    assert "\\r" not in shown(answer.text)


def test_what_makes_no_patch_says_why_and_keeps_the_form(reader: TestClient) -> None:
    for asked, why in (
        ({}, "Nothing is proposed"),
        ({"column": ATTACK, "description": "x"}, "no column"),
        ({"description": ATTACK}, "name the column"),
        ({"column": "carrier", "classification": "restricted"}, "would not be valid"),
        ({"column": "carrier", "description": "x" * 5000}, "1 to 2,000 characters"),
    ):
        answer = reader.get("/datasets/clean.flights/propose", params=asked)
        assert answer.status_code == 422
        assert why in answer.text
        assert "<script>alert" not in answer.text
        assert reader.get("/datasets/clean.flights/propose.patch", params=asked).status_code == 422
        assert reader.get("/api/v1/datasets/clean.flights/propose", params=asked).status_code == 422
    for name in ("clean.nothing", "nothing", "d1"):
        assert reader.get(f"/datasets/{name}/propose?tag=x").status_code == 404


def test_a_contract_that_cannot_be_read_makes_no_patch(reader: TestClient) -> None:
    answer = reader.get("/datasets/raw.flights/propose?tag=x")
    assert answer.status_code == 422
    assert "cannot be read" in answer.text


def test_who_reads_a_dataset_as_far_as_the_viewer_may_see(
    reader: TestClient, limited: TestClient, store: Store
) -> None:
    read = (DataRef(Role.SOURCE, "clean.flights", 1, 1, columns=(ColumnInfo("a", "string"),)),)
    store.executions.finish(records.finished("e1", data=read))
    for number in (2, 3):
        store.executions.finish(records.finished(f"e{number}", data=read, dag_id="secret"))
    bare = re.sub(r"<[^>]+>", "", reader.get("/datasets/clean.flights").text)
    assert "3 times by 2 tasks" in " ".join(bare.split())
    page = reader.get("/datasets/clean.flights/executions").text
    assert "Who reads it" in page
    assert "secret.<wbr>clean" in page
    about = reader.get("/api/v1/datasets/clean.flights").json()["about"]
    assert (about["usage"]["reads"], about["undescribed"]) == (3, ["carrier"])
    assert about["gaps"] == ["undocumented", "unowned"]
    narrow = limited.get("/datasets/clean.flights/executions").text
    assert "secret" not in narrow
    assert limited.get("/api/v1/datasets/clean.flights").json()["about"]["usage"]["reads"] == 1


def test_what_nobody_reads_is_marked(reader: TestClient, store: Store) -> None:
    late = replace(records.version(9), published_at=records.T0)
    store.versions.record(late)
    assert 'href="../catalogue?gap=unread"' in reader.get("/datasets/clean.flights").text
