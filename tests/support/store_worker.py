"""One of several processes that use one store at the same moment; run by the store's tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow_gov.model.errors import LoadInProgressError
from airflow_gov.model.execution import Execution
from airflow_gov.model.lineage import Origin
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Spool, Store
from support import open_lineage, records


def create(store: Store, worker: str) -> None:
    store.log.append(records.entry(actor=worker))


def upgrade(store: Store, worker: str) -> None:
    store.upgrade()


def write(store: Store, worker: str) -> None:
    for number in range(15):
        execution_id = f"{worker}-{number}"
        store.executions.start(records.execution(execution_id))
        store.log.append(records.entry(actor=worker, details={"number": number}))
        store.versions.record(records.version(number + 1, dataset=DatasetName.parse(f"work.{worker}")))
        store.executions.finish(records.finished(execution_id))


def begin(store: Store, worker: str) -> None:
    """Takes every load it can; deciding takes long, so that decisions overlap unless they take turns."""

    def is_alive(holder: Execution) -> bool:
        time.sleep(0.02)
        return holder.execution_id != "dead"

    store.executions.start(records.execution(worker, task_id=f"task {worker}"))
    for number in range(10):
        try:
            load = records.load(f"l{number}", worker)
            store.loads.begin(load, lease=timedelta(minutes=5), is_alive=is_alive)
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


def tell(store: Store, worker: str) -> None:
    """Tells of the same jobs and datasets as the others, in another order, and of some of the same runs."""
    numbers = [(each * 3 + int(worker[1:])) % 10 for each in range(10)]
    for number in numbers:
        job, name = f"job {number % 5}", f"{worker} {number}"
        made = open_lineage.dataset(
            f"d{number}",
            aliases=[("hive", f"t{number}")],
            columns=["x", "y"],
            made_of={"x": [f"d{(number + each) % 10}.x" for each in (1, 2)]},
        )
        _tell(store, open_lineage.run_event(name, "START", number, job=job, parent="one"))
        _tell(store, open_lineage.run_event(name, "COMPLETE", 100, job=job, parent="one", outputs=[made]))
    for number in range(5):
        same = (f"same {number}", "job")
        _tell(
            store,
            open_lineage.run_event(same[0], "START", number, job=same[1]),
            open_lineage.run_event(same[0], "COMPLETE", 50, job=same[1], inputs=["shared"], outputs=["d0"]),
        )


def _tell(store: Store, *events: dict[str, Any]) -> None:
    projections = open_lineage.projected(*events)
    store.lineage.record(projections, origin=Origin.TRANSPORT, at=open_lineage.at(0))


JOBS = {job.__name__: job for job in (create, upgrade, write, begin, spool, deliver, tell)}


def launch(job: str, url: str, folder: Path, *workers: str, **environment: str) -> subprocess.Popen[str]:
    """Start a job: in one process, or in one process for each of several workers."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, __file__, job, url, str(folder), *workers],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def together(job: str, url: str, count: int, folder: Path, **environment: str) -> list[str]:
    """What each of so many processes printed that did the job at the same moment; all must succeed."""
    workers = [f"w{number}" for number in range(count)]
    leader = launch(job, url, folder, *workers, **environment)
    _, errors = leader.communicate(timeout=120)
    assert leader.returncode == 0, errors
    return [(folder / f"{worker}.out").read_text() for worker in workers]


def _run(job: str, url: str, worker: str) -> None:
    store = Store(url)
    JOBS[job](store, worker)
    store.dispose()


def _fork(job: str, url: str, worker: str, folder: Path, begin: float) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        with (folder / f"{worker}.out").open("w") as out, redirect_stdout(out):
            time.sleep(max(0.0, begin - time.monotonic()))
            _run(job, url, worker)
        code = 0
    except Exception:  # noqa: BLE001 - the parent reads it from stderr
        traceback.print_exc()
    finally:
        os._exit(code)


def _main(job: str, url: str, folder: str, *workers: str) -> int:
    if len(workers) == 1:
        _run(job, url, workers[0])
        return 0
    # Forked after all imports, so that they truly begin together.
    begin = time.monotonic() + 0.3
    children = [_fork(job, url, worker, Path(folder), begin) for worker in workers]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
