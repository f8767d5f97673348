"""Events over HTTP: who may send them, what is answered, and what never gets in."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from airflow_gov.lineage.event_text import MAX_BYTES
from airflow_gov.lineage.tokens import create_token, revoke_token
from airflow_gov.store import Store
from airflow_gov.web import create_app
from airflow_gov.web.security import HEADERS
from support.outside_events import bad_event, run_event
from support.records import Clock

ONE, BATCH = "/api/v1/lineage", "/api/v1/lineage/batch"


def nobody() -> NoReturn:
    """Airflow lets no one in here: what works, works with a token of ours."""
    raise HTTPException(401, "Not authenticated")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store with its tables, to be copied."""
    file = tmp_path_factory.mktemp("made") / "governance.db"
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.dispose()
    return file


@pytest.fixture
def empty_store(tmp_path: Path, made: Path) -> Iterator[Store]:
    shutil.copy(made, tmp_path / "governance.db")
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    yield store
    store.dispose()


@pytest.fixture
def app(empty_store: Store, clock: Clock) -> FastAPI:
    return create_app(store=lambda: empty_store, viewer=nobody, clock=clock, own_namespace="default")


@pytest.fixture
def token(empty_store: Store, clock: Clock) -> str:
    """Of a producer that may tell of the namespace ``spark``."""
    return _token(empty_store, clock)


def _token(store: Store, clock: Clock, *namespaces: str) -> str:
    _, text = create_token(
        store,
        "spark",
        namespaces or ("spark",),
        expires_in=timedelta(days=1),
        own_namespace="default",
        actor="ana",
        at=clock(),
    )
    return text


@pytest.fixture
def client(app: FastAPI, token: str) -> Iterator[TestClient]:
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(app, raise_server_exceptions=False, follow_redirects=False, headers=headers) as made:
        yield made


def jobs(store: Store) -> list[str]:
    return [json.loads(event.body)["job"]["name"] for event in store.lineage.events(limit=1_000)]


def post(client: TestClient, path: str, body: bytes, **headers: str) -> Any:
    return client.post(path, content=body, headers={"Content-Type": "application/json", **headers})


# --- one event ------------------------------------------------------------------------------------------


def test_an_event_is_created_once(client, empty_store):
    assert (answer := client.post(ONE, json=run_event(1))).status_code == 201
    assert answer.json() == {"status": "created"}
    assert (answer := client.post(ONE, json=run_event(1))).status_code == 200
    assert answer.json() == {"status": "duplicate"}
    assert jobs(empty_store) == ["sales.load"]


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken_however_it_is_called(client, kind):
    answer = client.post(ONE, content=json.dumps(run_event(1)), headers={"Content-Type": kind})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        (json.dumps(bad_event(1)).encode(), "$.job.name", "missing"),
        (b"", "$", "not JSON"),
        (b"not JSON", "$", "not JSON"),
        (b"[]", "$", "an object"),
        (json.dumps([run_event(1)]).encode(), "$", "an object"),
        (b'"text"', "$", "an object"),
        (b"\xff", "$", "UTF-8"),
        (b"[" * 100_000, "$", "deeper"),
        (b'{"a": 1, "a": 2}', "$", "more than once"),
    ],
    ids=range(9),
)
def test_a_bad_event_is_answered_with_its_path_and_kept(client, empty_store, body, path, says):
    answer = post(client, ONE, body)
    assert answer.status_code == 422
    assert answer.json()["path"] == path
    assert says in answer.json()["detail"]
    (letter,) = empty_store.lineage.dead_letters(10)
    assert (letter.path, letter.reason, letter.body) == (path, answer.json()["detail"], body[: 64 * 1024])
    assert jobs(empty_store) == []


@pytest.mark.parametrize("namespace", ["default", "flink", "spark2"])
def test_a_namespace_that_is_not_the_tokens_is_forbidden(client, empty_store, namespace):
    answer = client.post(ONE, json=run_event(1, namespace=namespace))
    assert answer.status_code == 403
    assert answer.json()["path"] == "$.job.namespace"
    assert jobs(empty_store) == []


def test_nobody_tells_of_our_own_jobs_whatever_their_token_says(app, empty_store, clock):
    everything = {"Authorization": f"Bearer {_token(empty_store, clock, '*')}"}
    with TestClient(app, headers=everything) as client:
        assert client.post(ONE, json=run_event(1, namespace="default")).status_code == 403
        assert client.post(ONE, json=run_event(1, namespace="elsewhere")).status_code == 201


def test_an_answer_has_the_headers_of_every_answer(client):
    answer = client.post(ONE, json=run_event(1))
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


# --- who sends ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [ONE, BATCH])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer agov_000000000000_" + "A" * 43},
        {"Authorization": "Basic {token}"},
        {"Authorization": "{token}"},
        {"Authorization": "Bearer {token}x"},
        {"Cookie": "_token={token}"},
        {"X-Api-Key": "{token}"},
    ],
)
def test_without_a_valid_token_nothing_is_read(app, empty_store, token, path, headers):
    sent = {name: value.format(token=token) for name, value in headers.items()}
    with TestClient(app, raise_server_exceptions=False, headers=sent) as client:
        answer = client.post(path, json=run_event(1))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "spark" not in answer.text
    assert empty_store.lineage.dead_letters(10) == []


def test_an_expired_or_revoked_token_is_refused(client, empty_store, clock):
    assert client.post(ONE, json=run_event(1)).status_code == 201
    clock.move(days=1)
    assert client.post(ONE, json=run_event(2)).status_code == 401
    clock.move(days=-1)
    assert client.post(ONE, json=run_event(3)).status_code == 201
    revoke_token(empty_store, "spark", actor="ana", at=clock())
    assert client.post(ONE, json=run_event(4)).status_code == 401


def test_the_use_of_a_token_is_noted(client, empty_store, clock):
    for minutes in (0, 0.5, 2):
        clock.move(minutes=minutes)
        client.post(ONE, json=run_event(1))
    assert empty_store.tokens.list()[0].last_used_at == clock()


@pytest.mark.parametrize("path", ["/", "/api/v1/zones", "/api/v1/nothing", "/static/host.js"])
def test_a_token_opens_nothing_else(client, path):
    assert client.get(path).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", [ONE, BATCH])
def test_events_are_posted_and_nothing_else(client, path, method):
    assert client.request(method, path).status_code in (401, 404, 405)


# --- how it is sent -------------------------------------------------------------------------------------


def test_a_compressed_event_is_taken(client, empty_store):
    body = json.dumps(run_event(1)).encode()
    assert post(client, ONE, gzip.compress(body), **{"Content-Encoding": "gzip"}).status_code == 201
    parts = gzip.compress(body[:50]) + gzip.compress(body[50:])
    assert post(client, ONE, parts, **{"Content-Encoding": "gzip"}).status_code == 200
    assert jobs(empty_store) == ["sales.load"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(b"x" * (MAX_BYTES + 1)), 413),
        (b"".join(gzip.compress(b"x" * 1_000_000) for _ in range(11)), 413),
        (gzip.compress(json.dumps(run_event(1)).encode())[:-9], 422),
        (gzip.compress(b"") * 101, 422),
        (b"no gzip", 422),
        (b"", 422),
    ],
    ids=["bomb", "bomb in parts", "cut short", "many parts", "not compressed", "nothing"],
)
def test_a_compressed_body_that_is_none_is_refused(client, empty_store, body, status):
    assert post(client, ONE, body, **{"Content-Encoding": "gzip"}).status_code == status
    assert jobs(empty_store) == []


@pytest.mark.parametrize("size", [MAX_BYTES + 1, MAX_BYTES * 3])
@pytest.mark.parametrize("told", [True, False])
def test_a_body_that_is_too_large_is_refused_as_soon_as_that_is_known(client, size, told):
    pieces = [b"x" * 100_000] * (size // 100_000 + 1)
    # Without its length told before, the body comes in chunks.
    content: Any = b"".join(pieces) if told else iter(pieces)
    answer = client.post(ONE, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip, gzip"},
    ],
)
def test_another_kind_of_body_is_refused(client, headers):
    assert client.post(ONE, content=json.dumps(run_event(1)), headers=headers).status_code == 415


def test_the_largest_event_is_taken(client):
    plain = run_event(1)
    plain["run"]["facets"]["large"] = {"text": "x" * (MAX_BYTES - len(json.dumps(plain)) - 100)}
    assert client.post(ONE, json=plain).status_code == 201


# --- many events ----------------------------------------------------------------------------------------


def test_a_batch_takes_the_good_events_and_tells_of_the_others(client, empty_store):
    good = [json.dumps(run_event(number, name=f"job-{number}")) for number in range(3)]
    foreign = json.dumps(run_event(9, namespace="flink"))
    elements = [good[0], json.dumps(bad_event(1)), good[1], '{"a": NaN}', foreign, good[2], good[0]]
    answer = post(client, BATCH, f"[{', '.join(elements)}]".encode())
    assert answer.status_code == 200
    told = answer.json()
    assert told["status"] == "partial_success"
    assert told["summary"] == {"received": 7, "successful": 4, "duplicates": 1, "failed": 3}
    assert [(failed["index"], failed["path"]) for failed in told["failed_events"]] == [
        (1, "$.job.name"),
        (3, "$.a"),
        (4, "$.job.namespace"),
    ]
    assert sorted(jobs(empty_store)) == ["job-0", "job-1", "job-2"]
    assert len(empty_store.lineage.dead_letters(10)) == 3


@pytest.mark.parametrize(
    ("events", "status", "word"),
    [
        ([], 200, "success"),
        ([run_event(1), run_event(2)], 200, "success"),
        ([bad_event(1), run_event(2)], 200, "partial_success"),
        ([bad_event(1), bad_event(2)], 422, "failure"),
        ([run_event(1, namespace="flink")], 403, "failure"),
        ([run_event(1, namespace="flink"), bad_event(2)], 422, "failure"),
    ],
)
def test_a_batch_is_answered_by_what_became_of_it(client, events, status, word):
    answer = client.post(BATCH, json=events)
    assert (answer.status_code, answer.json()["status"]) == (status, word)


@pytest.mark.parametrize("body", [json.dumps(run_event(1)).encode(), b"null", b"[{}", b"\xff", b""])
def test_a_batch_that_is_no_list_is_refused_and_kept(client, empty_store, body):
    answer = post(client, BATCH, body)
    assert answer.status_code == 422
    assert answer.json()["path"] == "$"
    assert jobs(empty_store) == []
    (letter,) = empty_store.lineage.dead_letters(10)
    assert letter.body == body


def test_an_event_nested_without_end_leaves_its_batch_alone(client, empty_store):
    body = f"[{json.dumps(run_event(1))}, {'[' * 50_000}{']' * 50_000}, {json.dumps(run_event(2))}]"
    answer = post(client, BATCH, body.encode())
    assert answer.json()["summary"]["successful"] == 2
    assert [failed["index"] for failed in answer.json()["failed_events"]] == [1]
    assert len(jobs(empty_store)) == 2


# --- when the store is down -----------------------------------------------------------------------------


def test_a_store_that_is_down_is_a_reason_to_try_again(token, clock, tmp_path):
    (tmp_path / "file").write_text("no folder")
    gone = Store(f"sqlite:///{tmp_path}/file/store.db")
    app = create_app(store=lambda: gone, viewer=nobody, clock=clock)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.post(ONE, json=run_event(1), headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
