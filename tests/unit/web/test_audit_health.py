"""Maturity and health as a page and as JSON."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.store import Store
from support import records
from support.audited import HOSTILE, SMALL, STRAY

from .conftest import reading


def test_before_the_first_audit_nothing_is_known(app: FastAPI, store: Store) -> None:
    client = reading(app)
    assert "No audit has finished yet" in client.get("/audits/health").text
    assert client.get("/api/v1/audits/health").json()["level"] is None


def test_level_and_zones_are_told_with_what_to_mend_first(audited_app: FastAPI, audited_store: Store) -> None:
    audited_store.contracts.put(records.contract())
    client = reading(audited_app)
    page = client.get("/audits/health").text
    for fact in ("The lake is a puddle", "To be a pond it lacks", "audits?zone=clean&amp;state=open"):
        assert fact in page
    for key in (SMALL, STRAY):
        assert f"../audits/findings/{key}" in page
    assert HOSTILE not in page
    assert "Open findings of no zone lower its health, too: 1 error." in page
    told = client.get("/api/v1/audits/health").json()
    assert [(zone["zone"], zone["steps"][0]["key"]) for zone in told["zones"]] == [
        ("raw", STRAY),
        ("clean", SMALL),
    ]
    assert 'href="audits/health"' in client.get("/audits").text


def test_who_may_not_read_every_dag_sees_numbers_alone(audited_app: FastAPI) -> None:
    client = TestClient(audited_app, headers={"Authorization": "Bearer limited"})
    page = client.get("/audits/health").text
    assert "Health of 100" in page
    assert "900 files" not in page
    told = client.get("/api/v1/audits/health").json()
    assert [zone["steps"] for zone in told["zones"]] == [[], []]
    assert [zone["findings"] for zone in told["zones"]] == [{}, {}]
    assert told["elsewhere"] == {}
    assert "Open findings" not in page
