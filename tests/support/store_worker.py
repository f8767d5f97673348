"""One of several processes that use one store at the same moment; run by the store's tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from airflow_gov.model.errors import LoadInProgressError
from airflow_gov.store import Spool, Store
from support import records


def create(store: Store, worker: str) -> None:
    store.log.append(records.entry(actor=worker))


def upgrade(store: Store, worker: str) -> None:
    store.upgrade()


def write(store: Store, worker: str) -> None:
    for number in range(15):
        execution_id = f"{worker}-{number}"
        store.executions.start(records.execution(execution_id))
        store.log.append(records.entry(actor=worker, details={"number": number}))
        store.executions.finish(records.finished(execution_id))


def begin(store: Store, worker: str) -> None:
    store.executions.start(records.execution(worker, task_id=f"task {worker}"))
    for number in range(10):
        try:
            store.loads.begin(records.load(f"l{number}", worker), lease=timedelta(minutes=5))
            print(f"won l{number}")
        except LoadInProgressError:
            print(f"lost l{number}")


def spool(store: Store, worker: str) -> None:
    """Puts until it is killed; says what is surely kept."""
    waiting = Spool(Path(os.environ["SPOOL"]))
    for number in range(100_000):
        waiting.put_execution(records.finished(f"{worker}-{number}"))
        print(number, flush=True)


def deliver(store: Store, worker: str) -> None:
    print(Spool(Path(os.environ["SPOOL"])).deliver(store))


JOBS = {job.__name__: job for job in (create, upgrade, write, begin, spool, deliver)}


def launch(job: str, url: str, worker: str, start: Path, **environment: str) -> subprocess.Popen[str]:
    """Start a process that does a job once the file `start` is there."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, __file__, job, url, worker, str(start)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def together(job: str, url: str, count: int, folder: Path, **environment: str) -> list[str]:
    """What each of so many processes printed that did the job at the same moment; all must succeed."""
    start = folder / f"start-{job}"
    workers = [launch(job, url, f"w{number}", start, **environment) for number in range(count)]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    start.touch()
    ended = [worker.communicate(timeout=120) for worker in workers]
    failed = [error for worker, (_, error) in zip(workers, ended, strict=True) if worker.returncode]
    assert not failed, failed[0]
    return [output for output, _ in ended]


if __name__ == "__main__":
    job, url, worker, start = sys.argv[1:]
    store = Store(url)
    print("ready", flush=True)
    while not Path(start).exists():
        time.sleep(0.001)
    JOBS[job](store, worker)
    store.dispose()
