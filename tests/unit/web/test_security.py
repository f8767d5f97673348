"""Nobody sees anything without authentication, and no page can be turned against its reader."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from itertools import product

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import BaseRoute, Route

from airflow_gov.store import Store
from support import records
from support.published import DATASETS

from .conftest import reading

#: An address for every route, and some for none.
PATHS = (
    "/",
    "/overview",
    "/zones",
    "/zones?zone=gold",
    "/zones?zone=nonsense",
    "/zones/",
    "/catalogue",
    "/catalogue?q=flights",
    "/catalogue?gap=unused",
    "/lineage",
    "/lineage?dag_id=flights",
    "/datasets/clean.flights",
    "/datasets/clean.flights/versions",
    "/datasets/clean.nothing",
    "/datasets/clean.flights/propose?tag=x",
    "/datasets/clean.flights/propose.patch?tag=x",
    "/datasets/d1",
    "/executions/e1",
    "/executions/none",
    "/verdicts/verdict-clean.flights/report",
    "/verdicts/none/report",
    "/verdicts/..%2f..%2fzones/report",
    "/api/v1/overview",
    "/api/v1/zones",
    "/api/v1/catalogue",
    "/api/v1/catalogue/gaps",
    "/api/v1/nothing",
    "/audits",
    "/audits?state=open",
    "/audits/findings/0123",
    "/audits/findings/0123/acknowledge",
    "/audits/runs/a1/report",
    "/api/v1/audits",
    "/api/v1/audits/findings",
    "/api/v1/audits/findings/0123",
    "/api/v1/audits/findings/0123/acknowledge",
    "/api/v1/datasets/clean.flights",
    "/api/v1/datasets/clean.flights/files",
    "/api/v1/datasets/clean.flights/propose?tag=x",
    "/api/v1/datasets/clean.flights/verdicts",
    "/api/v1/executions/e1",
    "/api/v1/lineage/graph?focus=dag:flights",
    "/api/v1/lineage/datasets/d1",
    "/api/v1/verdicts/verdict-clean.flights",
    "/static/host.js",
    "/static/searching.js",
    "/static/copying.js",
    "/static/governance.css",
    "/static/governance.svg",
    "/static/nothing.js",
    "/static/../app.py",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/docs/oauth2-redirect",
    "/nothing/at/all",
    "//zones",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
READING = {"GET", "HEAD"}
#: The routes that take something in: with a token of ours, which no browser sends by itself.
TAKING_IN = {"/api/v1/lineage", "/api/v1/lineage/batch"}
#: The routes that change something for a person: tests/unit/web/test_acknowledging.py.
ACKNOWLEDGING = {f"{api}/audits/findings/{{key}}/acknowledge" for api in ("", "/api/v1")}
CATCH_ALL = "/{path:path}"


def routes_of(app: FastAPI) -> dict[str, set[str]]:
    """The methods that each address takes."""
    found: dict[str, set[str]] = {}
    for route in _flat(app.routes):
        found.setdefault(route.path, set()).update(route.methods or ())
    return found


def _flat(routes: Sequence[BaseRoute]) -> Iterator[Route]:
    for route in routes:
        inner = getattr(route, "routes", None)
        if inner:
            yield from _flat(inner)
        else:
            assert isinstance(route, Route), f"{route!r} is of a kind this test does not know"
            yield route


@pytest.mark.parametrize("path", PATHS)
def test_strangers_get_401_everywhere(stranger: TestClient, path: str) -> None:
    for method, accept in product(METHODS, ("text/html", "*/*")):
        response = stranger.request(method, path, headers={"Accept": accept})
        assert response.status_code == 401, method
        assert not [name for name, *_ in DATASETS if name in response.text]
        assert response.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'self'" in response.headers["Content-Security-Policy"]


def test_strangers_get_401_on_every_route_there_is(app: FastAPI, stranger: TestClient) -> None:
    found = routes_of(app)
    assert len(found) > 25
    for path in found:
        address = re.sub(r"\{[^}]*\}", "d1", path)
        for method in METHODS:
            assert stranger.request(method, address).status_code == 401, (method, path)


def test_nothing_but_lineage_and_acknowledgements_can_change_anything(app: FastAPI) -> None:
    taking = {path for path, methods in routes_of(app).items() if methods - READING}
    assert taking == {*TAKING_IN, *ACKNOWLEDGING, CATCH_ALL}


@pytest.mark.parametrize("path", [path for path in PATHS if path.startswith("/")])
def test_other_methods_find_nothing(reader: TestClient, path: str) -> None:
    for method in sorted({*METHODS} - READING):
        expected = 403 if method == "POST" and path.endswith("/acknowledge") else 404
        assert reader.request(method, path).status_code == expected, method


@pytest.mark.parametrize("path", sorted(TAKING_IN))
def test_a_session_of_airflow_sends_no_lineage(
    make_app: Callable[[Callable[[], Store]], FastAPI], store: Store, path: str
) -> None:
    """Whatever another site makes a browser send: its cookie and its token of Airflow's are none of ours."""
    reader = reading(make_app(lambda: store))
    for headers in ({}, {"Cookie": "_token=reader"}, {"Authorization": "Bearer reader"}):
        assert reader.post(path, json={}, headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["Bearer wrong", "Bearer", "Basic cmVhZGVy", "reader"])
def test_a_wrong_token_is_a_stranger(stranger: TestClient, token: str) -> None:
    assert stranger.get("/overview", headers={"Authorization": token}).status_code == 401


def test_who_may_not_read_assets_is_told_so_without_names(stranger: TestClient) -> None:
    headers = {"Authorization": "Bearer stranger-with-account", "Accept": "text/html"}
    response = stranger.get("/overview", headers=headers)
    assert response.status_code == 403
    assert "Your role in Airflow does not include reading assets" in response.text
    assert not [name for name, *_ in DATASETS if name in response.text]


@pytest.mark.parametrize(
    "path", ["/overview", "/catalogue", "/api/v1/catalogue", "/static/host.js", "/nothing", "/"]
)
def test_every_answer_carries_the_headers(reader: TestClient, path: str) -> None:
    headers = reader.get(path).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["frame-ancestors"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    expected = "private, no-cache" if path.startswith("/static/") else "no-store"
    assert headers["Cache-Control"] == expected


class _Inline(HTMLParser):
    """Collects what a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self._inside = tag if tag in ("script", "style") and "src" not in names else None
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
        self.found += [
            f"{tag} {value}" for value in names.values() if (value or "").startswith("javascript:")
        ]

    def handle_data(self, data: str) -> None:
        if self._inside and data.strip():
            self.found.append(f"<{self._inside}>{data}")
        self._inside = None


PAGES = (
    "/overview",
    "/catalogue",
    "/catalogue?q=nothing-like-it",
    "/datasets/clean.flights",
    *(
        f"/datasets/clean.flights/{each}"
        for each in ("versions", "lineage", "quality", "executions", "files")
    ),
    "/executions/e1",
    "/audits",
    "/nothing",
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_nothing_inline(reader: TestClient, store: Store, path: str) -> None:
    store.executions.finish(records.finished())
    parser = _Inline()
    parser.feed(reader.get(path).text)
    assert parser.found == []


def test_the_page_for_strangers_runs_only_what_its_policy_names_by_hash(stranger: TestClient) -> None:
    response = stranger.get("/overview", headers={"Accept": "text/html"})
    policy = response.headers["Content-Security-Policy"]
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", response.text)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "Session ended" in response.text


def test_names_from_contracts_are_escaped(reader: TestClient) -> None:
    text = reader.get("/catalogue").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text


@pytest.mark.parametrize(
    "zone", ["<script>alert(1)</script>", "gold' OR 1=1", "../..", "", "GOLD"], ids=range(5)
)
def test_a_zone_that_is_none_is_not_found_and_not_echoed_raw(reader: TestClient, zone: str) -> None:
    response = reader.get("/zones", params={"zone": zone})
    assert response.status_code == 404
    assert "<script>alert" not in response.text


@pytest.mark.parametrize("path", ["/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd"])
def test_static_files_end_at_their_folder(reader: TestClient, path: str) -> None:
    assert reader.get(path).status_code == 404
