"""A finding is acknowledged from its page or by a program, by those who may, and by no other site."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from airflow_gov.model.findings import FindingState
from airflow_gov.store import Store
from airflow_gov.web.forms import Forms
from support import records
from support.audited import GONE, HOSTILE, SMALL, STUCK

from .conftest import reading

PAGE = f"/audits/findings/{SMALL}"
FORM, API = f"{PAGE}/acknowledge", f"/api/v1{PAGE}/acknowledge"
SAID = {"reason": "archived next month", "duration": "30d"}


@pytest.fixture
def store(audited_store: Store) -> Store:
    return audited_store


@pytest.fixture
def app(audited_app: FastAPI) -> FastAPI:
    return audited_app


@pytest.fixture
def steward(app: FastAPI) -> TestClient:
    return reading(app, "steward")


def state(store: Store) -> FindingState:
    finding = store.audits.findings.get(SMALL)
    assert finding is not None
    return finding.state


def token(client: TestClient, page: str = PAGE) -> str:
    (found,) = re.findall(r'name="token" value="([^"]*)"', client.get(page).text)
    return str(found)


def send(client: TestClient, **changes: Any) -> Response:
    """The form, as a browser sends it from its page."""
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver", **changes.pop("headers", {})}
    fields = {"token": token(client), **SAID, **changes}
    return client.post(FORM, data=fields, headers={k: v for k, v in headers.items() if v is not None})


def test_a_form_acknowledges_and_the_log_says_who(
    steward: TestClient, store: Store, clock: records.Clock
) -> None:
    answer = send(steward, reason="line one\r\nline two ")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"../{SMALL}")
    finding = store.audits.findings.get(SMALL)
    assert finding is not None
    known = finding.acknowledgement
    assert known is not None
    assert (known.by, known.reason) == ("steward", "line one\nline two")
    assert known.expires_at == clock.now + timedelta(days=30)
    (entry,) = store.log.list(action="finding.acknowledged")
    assert (entry.actor, entry.details["finding"]) == ("steward", SMALL)
    assert "steward lets it be until" in steward.get(PAGE).text


def test_a_program_acknowledges_with_json(steward: TestClient, store: Store) -> None:
    answer = steward.post(API, json=SAID)
    assert (answer.status_code, answer.json()["state"]) == (200, "acknowledged")
    assert answer.json()["acknowledgement"]["by"] == "steward"


def test_who_may_not_is_told_so(reader: TestClient, steward: TestClient, store: Store) -> None:
    assert '<form class="propose"' not in reader.get(PAGE).text
    for answer in (
        reader.post(FORM, data={"token": token(steward), **SAID}),
        reader.post(API, json=SAID),
    ):
        assert answer.status_code == 403
        assert "creating events of assets" in answer.text
    assert state(store) is FindingState.NEW


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": None, "Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": None, "Origin": "http://testserver:81"},
        {"Sec-Fetch-Site": None, "Origin": "null"},
        {"Sec-Fetch-Site": None, "Origin": "http://[broken"},
    ],
    ids=str,
)
def test_another_site_is_refused_even_with_a_token(
    steward: TestClient, store: Store, headers: dict[str, str | None]
) -> None:
    answer = send(steward, headers=headers)
    assert (answer.status_code, state(store)) == (403, FindingState.NEW)
    assert "does not come from a page of this Airflow" in answer.text
    sent = {name: value for name, value in headers.items() if value is not None}
    assert steward.post(API, json=SAID, headers=sent).status_code == 403
    assert state(store) is FindingState.NEW


@pytest.mark.parametrize("site", ["same-origin", None])
def test_ones_own_page_passes_also_without_the_newer_header(
    steward: TestClient, store: Store, site: str | None
) -> None:
    assert send(steward, headers={"Sec-Fetch-Site": site}).status_code == 303
    assert state(store) is FindingState.ACKNOWLEDGED


def test_a_proxy_may_ask_for_another_host(store: Store, clock: records.Clock) -> None:
    from airflow_gov.web import create_app

    from .conftest import viewer

    forms = Forms(hosts=lambda: {"airflow.example:8443"})
    steward = reading(create_app(store=lambda: store, viewer=viewer, clock=clock, forms=forms), "steward")
    answer = send(steward, headers={"Sec-Fetch-Site": None, "Origin": "https://Airflow.example:8443"})
    assert answer.status_code == 303


def test_a_token_is_of_one_person_for_one_finding_and_not_for_long(
    app: FastAPI, steward: TestClient, store: Store, clock: records.Clock
) -> None:
    other, of_another = token(reading(app, "<b>eve")), token(steward, f"/audits/findings/{STUCK}")
    mine = token(steward)
    until, _, signed = mine.partition(".")
    for wrong in (
        "", ".", "x", other, of_another, f"{until}.", f"{int(until) + 1}.{signed}", f"²{mine}",
        f"{'9' * 5000}.{signed}", f"{until}.é",
    ):  # fmt: skip
        answer = send(steward, token=wrong)
        assert (answer.status_code, state(store)) == (403, FindingState.NEW), wrong
        assert "load the page again" in answer.text
    clock.move(hours=13)
    assert send(steward, token=mine).status_code == 403
    assert send(steward).status_code == 303


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": "  "}, "Say why"),
        ({"reason": "x" * 2001}, "Say why"),
        ({"duration": ""}, "for how long"),
        ({"duration": "soon<img>"}, "for how long"),
        ({"duration": "-1d"}, "for how long"),
        ({"duration": "400d"}, "within 366 days"),
        ({"duration": "9" * 40 + "d"}, "for how long"),
    ],
    ids=str,
)
def test_a_form_that_is_not_understood_comes_back(
    steward: TestClient, store: Store, changes: dict[str, str], told: str
) -> None:
    answer = send(steward, **changes)
    assert (answer.status_code, state(store)) == (422, FindingState.NEW)
    assert told in answer.text
    assert "<img>" not in answer.text
    assert "It is not acknowledged." in answer.text
    assert steward.post(API, json=SAID | changes).status_code == 422
    assert store.log.list(action="finding.acknowledged") == []


def test_what_was_written_is_still_there(steward: TestClient) -> None:
    answer = send(steward, reason=HOSTILE, duration="500d")
    assert "&lt;img src=x" in answer.text
    assert "<img" not in answer.text


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"[]", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[" * 20_000, "application/json", 422),
        (b"\xff", "application/json", 422),
        (b'{"reason": 1, "duration": "1d"}', "application/json", 422),
        (b'{"reason": "x", "duration": {"a": 1}}', "application/json", 422),
        (b'{"reason": "x", "duration": null}', "application/json", 422),
        (b"reason=x&duration=1d", "application/x-www-form-urlencoded", 415),
        (b'{"reason": "x", "duration": "1d"}', "text/plain", 415),
        (b'{"reason": "x", "duration": "1d"}', "", 415),
        (b"x" * 40_000, "application/json", 413),
    ],
)
def test_a_program_that_sends_something_else_is_refused(
    steward: TestClient, store: Store, body: bytes, kind: str, status: int
) -> None:
    answer = steward.post(API, content=body, headers={"Content-Type": kind, "Accept": "*/*"})
    assert (answer.status_code, state(store)) == (status, FindingState.NEW)


def test_a_form_of_another_kind_is_refused(steward: TestClient, store: Store) -> None:
    assert steward.post(FORM, json=SAID).status_code == 415
    assert steward.post(FORM, data={f"f{number}": "x" for number in range(50)}).status_code == 422
    assert state(store) is FindingState.NEW


def test_what_does_not_exist_for_them_is_not_there_to_acknowledge(app: FastAPI, store: Store) -> None:
    limited = reading(app, "limited-steward")
    for key in (STUCK, "0123", SMALL[:8]):
        assert limited.post(f"/api/v1/audits/findings/{key}/acknowledge", json=SAID).status_code == 404
    assert limited.post(API, json=SAID).status_code == 200


def test_what_is_fixed_is_not_acknowledged(steward: TestClient) -> None:
    assert '<form class="propose"' not in steward.get(f"/audits/findings/{GONE}").text
    answer = steward.post(f"/api/v1/audits/findings/{GONE}/acknowledge", json=SAID)
    assert (answer.status_code, "is fixed" in answer.text) == (422, True)


def test_a_name_is_shown_as_it_is(app: FastAPI) -> None:
    eve = reading(app, "<b>eve")
    assert send(eve).status_code == 303
    assert "&lt;b&gt;eve lets it be" in eve.get(PAGE).text
