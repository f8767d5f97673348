"""Producers outside this Airflow send events with OpenLineage's own client, over a real socket."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest
import requests
import uvicorn
from fastapi import FastAPI, HTTPException
from openlineage.client import OpenLineageClient

from airflow_gov.lineage.tokens import create_token
from airflow_gov.store import Store
from airflow_gov.web import create_app
from support.emitting_worker import event
from support.outside_events import bad_event, run_event

_CLIENTS, _EVENTS = 10, 20


def nobody() -> NoReturn:
    raise HTTPException(401, "Not authenticated")


@pytest.fixture
def server(store: Store) -> Iterator[str]:
    """The address of the application under uvicorn, mounted as Airflow mounts it."""
    airflow = FastAPI()
    airflow.mount("/airflow-gov", create_app(store=lambda: store, viewer=nobody, own_namespace="airflow"))

    @airflow.get("/beat")
    async def beat() -> str:
        return "alive"

    running = uvicorn.Server(uvicorn.Config(airflow, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join(30)


@pytest.fixture
def token(store: Store) -> str:
    _, text = create_token(
        store,
        "dbt",
        ["default", "spark"],
        expires_in=timedelta(days=1),
        own_namespace="airflow",
        actor="ana",
        at=datetime.now(UTC),
    )
    return text


def client(server: str, token: str, **options: Any) -> OpenLineageClient:
    transport = {
        "type": "http",
        "url": server,
        "endpoint": "airflow-gov/api/v1/lineage",
        "auth": {"type": "api_key", "apiKey": token},
        **options,
    }
    return OpenLineageClient(config={"transport": transport})


def names(store: Store) -> Counter[str]:
    return Counter(json.loads(each.body)["job"]["name"] for each in store.lineage.events(limit=10_000))


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}], ids=["plain", "gzip"])
def test_the_standard_transport_is_taken(server, token, store, options):
    sender = client(server, token, **options)
    for number in range(3):
        sender.emit(event("outside", number))
    sender.emit(event("outside", 0))
    assert names(store) == Counter(f"outside-{number}" for number in range(3))


def test_the_standard_transport_hears_that_it_is_refused(server, store):
    with pytest.raises(requests.HTTPError, match="401"):
        client(server, "agov_nobody", retry={"total": 0}).emit(event("outside", 1))
    assert names(store) == Counter()


def test_ten_clients_at_once_lose_nothing_and_the_server_stays_awake(server, token, store):
    """Good events, bad ones and batches together; every one is answered, and others are served meanwhile."""
    done = threading.Event()

    def send(sender: int) -> list[int]:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {token}"
            return [_send(session, server, sender, number) for number in range(_EVENTS)]

    with ThreadPoolExecutor(_CLIENTS + 1) as pool:
        beats = pool.submit(_beat, server, done)
        answers = Counter(answer for sent in pool.map(send, range(_CLIENTS)) for answer in sent)
        done.set()
        assert beats.result() > 0
    tenth = _CLIENTS * _EVENTS // 10
    assert answers == {201: 8 * tenth, 422: tenth, 200: tenth}
    assert names(store) == Counter(
        f"{sender}-{number}" for sender in range(_CLIENTS) for number in range(_EVENTS) if number % 10 != 8
    )
    assert len(store.lineage.dead_letters(1_000)) == 2 * tenth


def _send(session: requests.Session, server: str, sender: int, number: int) -> int:
    """Of ten events one is bad, and one comes in a batch with a bad one."""
    url = f"{server}/airflow-gov/api/v1/lineage"
    body: Any = run_event(sender * _EVENTS + number, name=f"{sender}-{number}")
    if number % 10 == 8:
        body = bad_event(number)
    if number % 10 == 9:
        url, body = f"{url}/batch", [body, bad_event(number)]
    return session.post(url, json=body, timeout=60).status_code


def _beat(server: str, done: threading.Event) -> int:
    """Ask for something else all the time; gives how often it was answered."""
    count = 0
    while not done.wait(0.05):
        assert requests.get(f"{server}/beat", timeout=10).json() == "alive"
        count += 1
    return count
