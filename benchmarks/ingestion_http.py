"""Lineage over HTTP: what ten clients bring at once to one server, in processes of their own.

The server is uvicorn with our application mounted as Airflow mounts it, one worker. Each client keeps its
connection and sends the next event when the last is answered. Beside it, in the same run: the same requests
without a token, which the same route answers with 401 before it reads the store: what HTTP itself costs here.
Used by ``benchmarks/ingestion.py --http``.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow_gov.lineage.tokens import create_token
from airflow_gov.store import Store

CLIENTS = 10
#: What ten clients have to be served, in events a second.
GOAL = 500
ROUTE = "/airflow-gov/api/v1/lineage"
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Served:
    """What came of some requests.

    :param cpu: seconds of the server's processor for each request.
    """

    requests: int
    seconds: float
    cpu: float
    waits: list[float]
    statuses: frozenset[int]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def __str__(self) -> str:
        ordered = sorted(self.waits)
        return (
            f"{self.rate:>8,.0f} requests/s   answered in {1000 * statistics.median(ordered):6.1f} ms, "
            f"p95 {1000 * ordered[int(0.95 * len(ordered))]:6.1f} ms   "
            f"server's CPU {1000 * self.cpu:5.2f} ms each"
        )


def measure_http(url: str, make: Callable[[int, int], Any], total: int, batch: int) -> bool:
    """Print what ten clients are served.

    :param make: gives so many events, as JSON, of one client of ten.
    :param total: single events that are sent.
    :param batch: events of each request of the second kind.
    :returns: whether the goal is held.
    """
    store = Store(url)
    store.upgrade()
    week = timedelta(days=7)
    _, token = create_token(
        store, "bench", ["*"], expires_in=week, own_namespace="airflow", actor="bench", at=datetime.now(UTC)
    )
    store.dispose()
    each = total // CLIENTS
    events = [make(client, 3 * each + 50) for client in range(CLIENTS)]
    with serving(url) as server:
        served(server, [those[:50] for those in events], token)
        bare = served(server, [those[:each] for those in events], None)
        single = served(server, [those[50 : each + 50] for those in events], token)
        rest = [those[each + 50 :] for those in events]
        batches = [[_joined(those[n : n + batch]) for n in range(0, len(those), batch)] for those in rest]
        many = served(server, batches, token, "/batch")
    count = sum(len(those) for those in rest)
    rate = count / many.seconds
    print(f"  no token, nothing taken   {bare}")
    print(f"  one event a request       {single}   {single.rate / bare.rate:.0%} of that")
    print(f"  {batch} events a request     {many}   {rate:,.0f} events/s")
    good = bare.statuses == {401} and single.statuses == {201} and many.statuses == {200}
    if not good:
        raise RuntimeError(f"answered {bare.statuses}, {single.statuses}, {many.statuses}")
    print(f"  goal: {GOAL} events/s of single events: {'held' if single.rate >= GOAL else 'MISSED'}")
    return single.rate >= GOAL


def _joined(events: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


# --- the server -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """A server in a process of its own.

    :param stat: where the kernel says what the process has used.
    """

    port: int
    stat: Path

    def cpu(self) -> float:
        """Seconds of processor that it has used."""
        told = self.stat.read_text().rsplit(")", 1)[1].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(url: str) -> Iterator[Server]:
    """The application under uvicorn."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = _SPAWN.Process(target=_serve, args=(url, port), daemon=True)
    process.start()
    try:
        _await_port(port)
        yield Server(port, Path(f"/proc/{process.pid}/stat"))
    finally:
        process.terminate()
        process.join()


def _serve(url: str, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI, HTTPException

    from airflow_gov.web import create_app

    def nobody() -> None:
        raise HTTPException(401)

    store, airflow = Store(url), FastAPI()
    airflow.mount("/airflow-gov", create_app(store=lambda: store, viewer=nobody, own_namespace="airflow"))
    uvicorn.run(airflow, host="127.0.0.1", port=port, log_level="warning")


def _await_port(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the server did not begin to serve")


# --- the clients ----------------------------------------------------------------------------------------


def served(server: Server, bodies: list[list[bytes]], token: str | None, more: str = "") -> Served:
    """Have all of this sent, by a client each; what the clients need to begin is not counted."""
    pipes, processes = [], []
    for own in bodies:
        pipe, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=_send, args=(theirs, server.port, token, ROUTE + more), daemon=True)
        process.start()
        pipe.send(own)
        pipes.append(pipe)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()
    worked, began = server.cpu(), time.perf_counter()
    for pipe in pipes:
        pipe.send(None)
    answers = [pipe.recv() for pipe in pipes]
    seconds, worked = time.perf_counter() - began, server.cpu() - worked
    for process in processes:
        process.join()
    waits = [wait for each, _ in answers for wait in each]
    statuses = frozenset(status for _, each in answers for status in each)
    return Served(len(waits), seconds, worked / len(waits), waits, statuses)


def _send(pipe: Any, port: int, token: str | None, route: str) -> None:
    bodies = pipe.recv()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    pipe.send(None)
    pipe.recv()
    waits, statuses = [], set()
    for body in bodies:
        began = time.perf_counter()
        connection.request("POST", route, body, headers)
        answer = connection.getresponse()
        answer.read()
        waits.append(time.perf_counter() - began)
        statuses.add(answer.status)
    connection.close()
    pipe.send((waits, statuses))
