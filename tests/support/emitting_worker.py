"""A process that emits OpenLineage events with the real client, as Airflow's tasks do; run by tests.

Says the number of each event once the client has returned.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import sys
import time
import uuid
from collections.abc import Callable
from typing import IO, Any

TRANSPORT = {"type": "airflow_gov.lineage.transport.GovernanceTransport"}


def event(name: str, number: int, state: str = "COMPLETE") -> Any:
    from openlineage.client.event_v2 import Job, OutputDataset, Run, RunEvent, RunState

    return RunEvent(
        eventType=RunState[state],
        eventTime=f"2026-01-31T12:00:00.{number:06}Z",
        run=Run(runId=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{name}-{number}"))),
        job=Job(namespace="default", name=f"{name}-{number}"),
        producer="https://example.com/airflow",
        outputs=[OutputDataset(namespace="s3://lake", name=name)],
    )


def client() -> Any:
    from openlineage.client import OpenLineageClient

    return OpenLineageClient(config={"transport": dict(TRANSPORT)})


def prepare() -> None:
    """Import what children would have to import one by one."""
    for needed in ("openlineage.client", "airflow_gov.lineage.ingesting", "airflow_gov.store"):
        importlib.import_module(needed)


def emit(name: str, count: int) -> None:
    """Emit in this process."""
    sender = client()
    for number in range(count):
        sender.emit(event(name, number))
        print(number, flush=True)


def fork(name: str, count: int) -> None:
    """Emit each event in a child of its own, with a client of its own."""
    prepare()
    for number in range(count):
        _emit_in_child(event(name, number))
        print(number, flush=True)


def _emit_in_child(told: Any) -> None:
    child = os.fork()
    if child == 0:
        try:
            client().emit(told)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def task(name: str, count: int) -> None:
    """So many tasks, each with a child for its start and one for its end, which are left to this process.

    Says what it is going to do next, and does it when a line comes in.
    """
    from airflow_gov.lineage import delivering, transport

    # On a busy machine an event may take longer than a task waits for it.
    delivering.TIME_LIMIT = transport.TIME_LIMIT = 60.0
    installation = transport.installation
    installation.prepare()
    for number in range(count):
        for state in ("START", "COMPLETE"):
            with installation.leaving():
                _emit_in_child(event(f"{name}-{state}", number, state))
            print("deliver", flush=True)
            sys.stdin.readline()
            installation.deliver_left()
            print("delivered", flush=True)


def killed(name: str, count: int) -> None:
    """So many senders at once, killed at any moment, several times; says which events they were promised."""
    prepare()
    chance = random.Random(name)
    for trial in range(count):
        senders = [
            _sender(f"{name}{trial}{letter}", each)
            for letter, each in (("a", emit), ("b", emit), ("c", fork))
        ]
        first = [promised.readline().strip() for _, promised, _ in senders]
        for (sender, promised, prefix), number in zip(senders, first, strict=True):
            time.sleep(chance.random() * 0.15)
            os.killpg(sender, signal.SIGKILL)
            os.waitpid(sender, 0)
            numbers = [number, *promised.read().split("\n")[:-1]]
            print(*(f"{prefix}-{number}" for number in numbers), sep="\n", flush=True)


def _sender(name: str, send: Callable[[str, int], None]) -> tuple[int, IO[str], str]:
    """A process group of its own that emits until it is killed."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.dup2(into, 1)
        os.close(out)
        try:
            send(name, 10**6)
        finally:
            os._exit(1)
    os.close(into)
    with contextlib.suppress(PermissionError):
        os.setpgid(child, child)
    return child, os.fdopen(out), name


if __name__ == "__main__":
    {"emit": emit, "fork": fork, "killed": killed, "task": task}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
