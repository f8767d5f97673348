"""kill -9 at random moments of a hop, each followed by a retry.

Readers in another process look at the table all the time: they must never see a partial version. At the
end the rows are exact and no record stays "running".

    python benchmarks/kills.py [--kills 50] [--seed 1]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import lab
from airflow_gov.model.execution import Status
from airflow_gov.model.loads import WriteMode

ROWS = 20_000
COLUMNS = {"id": {"logicalType": "integer", "required": True}, "load": {"logicalType": "integer"}}


def seed(folder: str) -> None:
    """The source and the first version."""
    parts = lab.governance(Path(folder))
    source = lab.contract("preprocessed.numbers", {"id": {"logicalType": "integer"}})
    lab.hop(parts, source, f"SELECT i AS id FROM range({ROWS}) t(i)", key="seed")


def load(folder: str, number: int, try_number: int = 1) -> None:
    """One try of one load of the target, by the load's own key."""
    parts = lab.governance(Path(folder))
    lab.hop(
        parts,
        lab.contract("clean.numbers", COLUMNS),
        f"SELECT id, {number} AS load FROM preprocessed.numbers",
        source="preprocessed.numbers",
        key=f"load-{number}",
        run_id=f"run-{number}",
        try_number=try_number,
        write_mode=WriteMode.APPEND,
    )


def watch(folder: str, stop: Any, seen: Any) -> None:
    """Read the current version again and again; note every partial one."""
    parts = lab.governance(Path(folder))
    dataset = lab.DatasetName.parse("clean.numbers")
    while not stop.is_set():
        head = parts.lake.head(dataset)
        if head is not None:
            rows = parts.lake.scan(dataset, head).to_reader().read_all().num_rows
            seen["looks"] += 1
            if rows % ROWS:
                seen["partial"] += 1
        time.sleep(0.02)


def main() -> int:
    """Kill, retry, look."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as folder:
        run(context, seed, folder)
        started = time.perf_counter()
        run(context, load, folder, 0)
        whole = time.perf_counter() - started
        manager = context.Manager()
        stop, seen = context.Event(), manager.dict(looks=0, partial=0)
        watcher = context.Process(target=watch, args=(folder, stop, seen))
        watcher.start()
        killed = 0
        for number in range(1, arguments.kills + 1):
            victim = context.Process(target=load, args=(folder, number))
            victim.start()
            time.sleep(chance.uniform(0, whole))
            if victim.is_alive():
                os.kill(victim.pid, signal.SIGKILL)
                killed += 1
            victim.join()
            run(context, load, folder, number, 2)
        stop.set()
        watcher.join()
        return report(Path(folder), arguments.kills, killed, dict(seen))


def run(context: Any, work: Any, *arguments: Any) -> None:
    """To the end, in a process of its own."""
    process = context.Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{work.__name__}{arguments}: exit code {process.exitcode}")


def report(folder: Path, kills: int, killed: int, seen: dict[str, int]) -> int:
    """Say what is there; 1 if anything is wrong."""
    parts = lab.governance(folder)
    dataset = lab.DatasetName.parse("clean.numbers")
    rows = parts.lake.scan(dataset, parts.lake.head(dataset)).to_reader().read_all().num_rows
    running = parts.store.executions.list(status=Status.RUNNING, limit=1000)
    expected = ROWS * (kills + 1)
    print(f"{killed} of {kills} killed before they ended, each retried")
    print(f"{seen['looks']} looks by a reader, {seen['partial']} at a partial version")
    print(f"{rows:,} rows, expected {expected:,}")
    print(f"{len(running)} records still running")
    return int(bool(seen["partial"] or running or rows != expected))


if __name__ == "__main__":
    sys.exit(main())
