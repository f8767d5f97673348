"""Starts the runner and follows it: which Dag is at work, which task has ended, what failed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Protocol

from airflow_gov.cli.demo.runner import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from airflow_gov.cli.demo.home import DemoHome

#: In the order in which they run: each reads only what those before it published.
DAGS = (
    "reference",
    "flights",
    "passengers",
    "inspections",
    "carrier_routes",
    "fleet",
    "punctuality_report",
    "quality",
    "reviews",
    "maintenance",
    "zone_audit",
)
#: Airflow starts it by itself when a version is published; everything else waits to be started.
CONSUMERS = ("punctuality_report",)
_PATIENCE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class DagResult:
    """How one example Dag ended.

    :param dag: its id.
    :param state: Airflow's state of the run.
    :param tasks: task instances, mapped ones counted one by one.
    :param seconds: wall time.
    :param errors: what failed, by task.
    :param log: what it said.
    """

    dag: str
    state: str
    tasks: int
    seconds: float
    errors: dict[str, str]
    log: str

    @property
    def succeeded(self) -> bool:
        """Whether every task succeeded."""
        return self.state == "success"


@dataclass(slots=True)
class Outcome:
    """How the demo went.

    :param dags: the Dags that ended.
    :param problem: why it stopped before all Dags ran, if it did.
    """

    dags: list[DagResult] = field(default_factory=list)
    problem: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether every Dag ran and succeeded."""
        return self.problem is None and all(result.succeeded for result in self.dags)


class Watcher(Protocol):
    """Is told what happens."""

    def dag_started(self, dag: str, tasks: int) -> None: ...

    def task_ended(self, dag: str, task: str, state: str) -> None: ...

    def dag_ended(self, result: DagResult) -> None: ...


def run_dags(home: DemoHome, watcher: Watcher) -> Outcome:
    """Run the example Dags in the demo's Airflow, one after the other, until one fails.

    :param home: the demo's home.
    :param watcher: is told what happens.
    """
    plan = Plan(
        dags=DAGS,
        unpause=CONSUMERS,
        sources=str(home.sources),
        database=str(home.sources / "fleet.db"),
        logs=str(home.logs),
    )
    outcome = Outcome()
    log = home.logs / "airflow.log"
    with _runner(plan, home, log) as (process, events):
        for line in events:
            _follow(json.loads(line), outcome, watcher)
        process.wait()
    if outcome.succeeded and len(outcome.dags) < len(DAGS):
        outcome.problem = f"Airflow ended early with exit code {process.returncode}; it said why in {log}"
    return outcome


@contextmanager
def _runner(plan: Plan, home: DemoHome, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], IO[str]]]:
    """The runner's process and the stream of its events; it ends with this block."""
    reading, writing = os.pipe()
    with log.open("wb") as output, os.fdopen(reading, encoding="utf-8") as events:
        try:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, our module
                [sys.executable, "-m", "airflow_gov.cli.demo.runner", str(writing), plan.to_json()],
                env=home.environment(),
                cwd=home.folder,
                pass_fds=[writing],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        finally:
            os.close(writing)
        try:
            yield process, events
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that this command started, gently first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _follow(event: dict[str, Any], outcome: Outcome, watcher: Watcher) -> None:
    match event.pop("event"):
        case "import_error":
            outcome.problem = f"the Dag file {event['file']} cannot be imported: {event['error']}"
        case "dag_started":
            watcher.dag_started(event["dag"], event["tasks"])
        case "task":
            watcher.task_ended(event["dag"], event["task"], event["state"])
        case "dag_finished":
            del event["run_id"]
            result = DagResult(**event)
            outcome.dags.append(result)
            watcher.dag_ended(result)
