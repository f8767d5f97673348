"""Audits and what they found, as pages and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from airflow_gov.audit.reporting import keep_report
from airflow_gov.model.findings import Severity
from airflow_gov.store import Store
from support import audited, records, stores
from support.audited import GONE, HOSTILE, SMALL, STRAY, STUCK

from .cells import Cells
from .conftest import reading


@pytest.fixture
def store(tmp_path: Path, clock: records.Clock) -> Iterator[Store]:
    store = Store(stores.ready(tmp_path / "governance.db"), clock=clock)
    yield store
    store.dispose()


@pytest.fixture
def filled(audited_store: Store) -> Store:
    return audited_store


@pytest.fixture
def reader(audited_app: FastAPI) -> TestClient:
    return reading(audited_app)


def keys(client: TestClient, **asked: str) -> list[str]:
    answer = client.get("/api/v1/audits/findings", params=asked)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["total"] == len(told["findings"])
    return [each["key"] for each in told["findings"]]


def test_before_the_first_audit_that_is_said(app: FastAPI, store: Store) -> None:
    store.contracts.put(records.contract())
    client = reading(app)
    assert "No audit was ever made." in client.get("/audits").text
    assert "No audit has finished yet" in client.get("/overview").text
    assert client.get("/api/v1/audits").json() == {"audits": []}


def test_the_page_tells_audits_and_what_they_found(reader: TestClient) -> None:
    page = Cells(reader.get("/audits").text)
    findings, runs = page.rows[1:4], page.rows[5:]
    assert [row[1] for row in findings] == ["critical", "error", "warning"]
    assert findings[2][0].startswith("clean.flights has 900 files of 1 kB. small-files")
    assert {f"audits/findings/{key}" for key in (SMALL, STUCK, STRAY)} <= set(page.links)
    assert {"datasets/clean.flights", "audits/runs/second/report"} <= set(page.links)
    assert "audits/runs/first/report" not in page.links, "its report was not kept"
    assert [row[3:7] for row in runs] == [["2", "0", "1", "3"], ["2", "0", "0", "2"]]
    assert "1 check failed" in runs[0][1]


def test_the_trend_is_a_drawing_with_words(reader: TestClient) -> None:
    text = reader.get("/audits").text
    assert 'role="img" aria-label="Open findings after the last 2 audits, oldest first: 2 after' in text
    assert text.count('<rect class="serious"') == 2


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [STRAY, STUCK, SMALL]),
        ({"state": "open"}, [STRAY, STUCK, SMALL]),
        ({"state": "fixed"}, [GONE]),
        ({"state": "acknowledged"}, []),
        ({"severity": "error"}, [STRAY, STUCK]),
        ({"zone": "clean"}, [SMALL]),
        ({"check": "execution-stuck"}, [STUCK]),
        ({"dataset": "clean.flights"}, [SMALL]),
        ({"dataset": "clean.nothing"}, []),
        ({"q": "900 FILES"}, [SMALL]),
        ({"q": "%"}, []),
        ({"q": "DROP TABLE x;--"}, [STRAY]),
        ({"check": "small-files", "state": "fixed", "zone": "gold"}, [GONE]),
    ],
    ids=str,
)
def test_findings_are_filtered(reader: TestClient, asked: dict[str, str], found: list[str]) -> None:
    assert keys(reader, **asked) == found
    page = reader.get("/audits", params=asked)
    assert page.status_code == 200
    links = Cells(page.text).links
    assert [link.rpartition("/")[2] for link in links if link.startswith("audits/findings/")] == found


@pytest.mark.parametrize(
    "asked",
    [
        {"state": "new' OR 1=1 --"},
        {"severity": "<script>"},
        {"zone": "outside"},
        {"dataset": "no dataset; --"},
        {"after": "nonsense"},
    ],
    ids=str,
)
def test_a_filter_that_is_none_is_refused(reader: TestClient, asked: dict[str, str]) -> None:
    for path in ("/audits", "/api/v1/audits/findings"):
        answer = reader.get(path, params=asked)
        assert answer.status_code == 422, path
        assert "<script>" not in answer.text


def test_filters_can_be_taken_away_one_by_one(reader: TestClient) -> None:
    page = Cells(reader.get("/audits?severity=error&state=open&q=e").text)
    assert "audits?q=e&state=open" in page.links
    assert "audits?q=e&severity=error" in page.links
    facets = reader.get("/api/v1/audits/findings?severity=error").json()["facets"]
    assert facets["severity"] == {"critical": 1, "error": 2, "warning": 3}
    assert facets["state"] == {"new": 2}


def test_pages_follow_each_other(app: FastAPI, store: Store, clock: records.Clock) -> None:
    found = [audited.small(audited.DatasetName.parse(f"clean.t{number}")) for number in range(120)]
    audited.audit(store, "many", *found)
    client, seen, path = reading(app), set(), "/audits"
    for expected in (50, 50, 20):
        page = Cells(client.get(path).text)
        shown = {link for link in page.links if link.startswith("audits/findings/")}
        assert len(shown) == expected
        seen |= shown
        path = next((f"/{link}" for link in page.links if "after=" in link), "")
    assert (len(seen), path) == (120, "")


def test_a_finding_tells_what_it_means_and_its_life(reader: TestClient) -> None:
    text = reader.get(f"/audits/findings/{STUCK}").text
    for fact in ("Execution stuck in running", "Why it matters", "What to do", "--repair execution-stuck"):
        assert fact in text
    assert "an execution that runs for longer is stuck" in text, "what can be set"
    assert [row[1:3] for row in Cells(text).rows[1:]] == [["new", "error"]]
    told = reader.get(f"/api/v1/audits/findings/{GONE}").json()
    assert [each["state"] for each in told["history"]] == ["new", "fixed"]
    assert told["explained"]["remedy"]
    assert "<form" not in text, "a reader may not acknowledge"


def test_what_checks_wrote_is_text(reader: TestClient) -> None:
    for path in ("/audits", f"/audits/findings/{STRAY}", "/audits/runs/second/report"):
        text = reader.get(path).text
        assert "<img" not in text, path
        assert "&lt;img src=x" in text, path


def test_findings_that_are_none_are_not_found(reader: TestClient) -> None:
    for key in ("0123", SMALL[:8], f"{SMALL}'", "%", "..%2F"):
        for path in ("/audits/findings", "/api/v1/audits/findings"):
            assert reader.get(f"{path}/{key}").status_code == 404, key


def test_what_names_a_dag_is_for_those_who_may_read_it(audited_app: FastAPI, filled: Store) -> None:
    limited = reading(audited_app, "limited")
    assert keys(limited) == [STRAY, SMALL]
    for path in ("/audits", "/audits?q=secret", "/overview", "/api/v1/audits/findings", "/api/v1/audits"):
        assert "secret.t" not in limited.get(path).text, path
    assert limited.get("/api/v1/audits/findings").json()["facets"]["check"] == {"small-files": 1, "stale": 1}
    assert limited.get("/api/v1/overview").json()["audits"]["open"] == {"critical": 1, "warning": 1}
    for path in ("/audits/findings", "/api/v1/audits/findings"):
        assert limited.get(f"{path}/{STUCK}").status_code == 404
    # Nor in a number: what audits counted is more than they see.
    assert [row[3:7] for row in Cells(limited.get("/audits").text).rows[4:]] == [["–"] * 4] * 2
    assert [each["open"] for each in limited.get("/api/v1/audits").json()["audits"]] == [None, None]
    assert "<figure" not in limited.get("/audits").text


def test_who_reads_the_dag_sees_it(app: FastAPI, store: Store, clock: records.Clock) -> None:
    audited.fill(store, lambda: clock.move(hours=1), dag_id="flights")
    limited = reading(app, "limited")
    assert keys(limited) == [STRAY, STUCK, SMALL]
    assert [each["open"] for each in limited.get("/api/v1/audits").json()["audits"]] == [3, 2]


def test_tasks_are_named_to_those_who_may_read_every_dag(audited_app: FastAPI, filled: Store) -> None:
    filled.executions.finish(records.finished("e1", dag_id="secret"))
    path = f"/api/v1/audits/findings/{SMALL}"
    told = [reading(audited_app, name).get(path).json() for name in ("reader", "limited")]
    assert [set(each["finding"]["details"]) for each in told] == [
        {"files", "execution_id", "tasks"},
        {"files"},
    ]
    assert [each["by"] and each["by"]["dag_id"] for each in told] == ["secret", None]
    for page in ("/audits", f"/audits/findings/{SMALL}", "/api/v1/audits/findings"):
        assert "secret" not in reading(audited_app, "limited").get(page).text


def test_the_report_is_the_one_of_then_and_in_a_sandbox(
    reader: TestClient, filled: Store, clock: records.Clock
) -> None:
    run = filled.audits.get("second")
    assert run is not None
    keep_report(filled, run, clock.now)
    audited.audit(filled, "third", audited.small(audited.FLIGHTS, Severity.CRITICAL))
    answer = reader.get("/audits/runs/second/report")
    assert "secret.t is running for days." in answer.text
    assert "Maturity and health" in answer.text
    assert answer.headers["Content-Security-Policy"].startswith("sandbox;")
    assert reader.get("/audits/runs/third/report").status_code == 200, "the newest is made now"
    for audit_id in ("first", "nothing", "..%2F", "a" * 300):
        assert reader.get(f"/audits/runs/{audit_id}/report").status_code == 404


def test_a_report_for_who_may_not_read_every_dag_names_none(
    audited_app: FastAPI, filled: Store, clock: records.Clock
) -> None:
    limited = reading(audited_app, "limited")
    run = filled.audits.get("second")
    assert run is not None
    for keep in (False, True):
        if keep:
            keep_report(filled, run, clock.now)
        text = limited.get("/audits/runs/second/report").text
        assert "clean.flights has 900 files" in text
        assert "2 findings wait" in text
        assert "secret" not in text


def test_a_half_done_audit_is_never_shown_as_whole(
    reader: TestClient, filled: Store, clock: records.Clock
) -> None:
    audited.begin(filled, "half")
    filled.audits.observed("half", [audited.small(audited.DatasetName.parse("clean.half"))])
    text = reader.get("/audits").text
    assert "An audit runs since" in text
    assert "clean.half" not in text
    assert reader.get("/audits/runs/half/report").status_code == 404
    filled.audits.interrupt("half")
    text = reader.get("/audits").text
    assert "was broken off: nothing of it counts." in text
    assert "clean.half" not in text
    assert Cells(text).rows[5][3:7] == ["–"] * 4


def test_the_overview_names_what_is_open(
    make_app: Callable[[Callable[[], Store]], FastAPI], filled: Store
) -> None:
    filled.contracts.put(records.contract())
    client = reading(make_app(lambda: filled))
    text = client.get("/overview").text
    assert "3</data> findings wait</strong></a> for somebody" in text
    assert "audits?state=open&amp;severity=critical" in text
    assert client.get("/api/v1/overview").json()["audits"]["open"] == {
        "critical": 1,
        "error": 1,
        "warning": 1,
    }
    assert HOSTILE not in text


def test_what_was_acknowledged_and_has_expired_says_so(
    reader: TestClient, filled: Store, clock: records.Clock
) -> None:
    until = clock.now + timedelta(hours=1)
    filled.audits.findings.acknowledge(SMALL, by="grace", reason=HOSTILE, expires_at=until)
    assert "grace lets it be until" in reader.get(f"/audits/findings/{SMALL}").text
    clock.move(hours=2)
    text = reader.get(f"/audits/findings/{SMALL}").text
    assert "the next audit opens it again" in text
    assert "<img" not in text
