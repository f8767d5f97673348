"""The page of the Lineage tab: for whoever is logged in, and empty until its script runs."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize(
    "query", ["?dag_id=flights", "", "?dag_id=%3Cscript%3E&dataset=%22%3E", "?dag_id={DAG_ID}"]
)
def test_it_shows_nothing_of_its_address(reader: TestClient, query: str) -> None:
    page = reader.get(f"/lineage{query}")
    assert page.status_code == 200
    assert "flights" not in page.text
    assert page.text.count("<script") == 2
    assert '<div id="lineage"></div>' in page.text


def test_its_theme_is_there_before_anything_is_painted(reader: TestClient) -> None:
    head = reader.get("/lineage").text.partition("</head>")[0]
    host = head.index('<script src="static/host.js"></script>')
    assert host < head.index('rel="stylesheet"')
    assert "async" not in head
    assert "defer" not in head


def test_whatever_it_loads_is_there(reader: TestClient) -> None:
    text = reader.get("/lineage?dag_id=flights").text
    loaded = re.findall(r'(?:src|href)="(static/[^"]+)"', text)
    assert len(loaded) == 5
    assert {path: reader.get(f"/{path}").status_code for path in loaded} == dict.fromkeys(loaded, 200)


def test_strangers_get_neither_the_page_nor_its_script(stranger: TestClient) -> None:
    assert stranger.get("/lineage?dag_id=flights").status_code == 401
    assert stranger.get("/static/lineage/lineage.js").status_code == 401
