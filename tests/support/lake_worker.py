"""One of several processes that use one lake at the same moment; run by the lake's tests."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from airflow_gov.lake import Lake
from support.lakes import Bench, contract, rows_of


def publish(bench: Bench, worker: int, loads: int) -> None:
    for number in range(loads):
        bench.load(f"{worker}-{number}", rows_of(worker * 100 + number))


def stall_while_writing(bench: Bench, worker: int, loads: int) -> None:
    """Publish for ever, until killed."""
    number = 0
    while True:
        bench.load(f"{worker}-{number}", rows_of(*range(number * 10, number * 10 + 10)))
        print(number, flush=True)
        number += 1


def main() -> None:
    what, properties, folder, worker, loads = sys.argv[1:]
    lake = Lake(catalog_name="airflow_gov", properties=json.loads(properties))
    start = Path(folder) / "start"
    Path(folder, f"ready-{worker}").touch()
    while not start.exists():
        time.sleep(0.005)
    globals()[what](Bench(lake, contract()), int(worker), int(loads))
    lake.close()


def command(what: str, properties: dict[str, str], folder: Path, worker: int, loads: int) -> list[str]:
    """How to run one worker; it waits until there is a file `start` in the folder."""
    return [sys.executable, __file__, what, json.dumps(properties), str(folder), str(worker), str(loads)]


def together(
    what: str, properties: dict[str, str], folder: Path, *, workers: int, loads: int = 0
) -> list[str]:
    """Run workers that begin at the same moment; what each said. Fails when one of them fails."""
    folder.mkdir(exist_ok=True)
    running = [
        subprocess.Popen(
            command(what, properties, folder, worker, loads),
            stderr=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(Path(__file__).parents[1])},
        )
        for worker in range(workers)
    ]
    while len(list(folder.glob("ready-*"))) < workers and all(each.poll() is None for each in running):
        time.sleep(0.01)
    (folder / "start").touch()
    for each in running:
        _, told = each.communicate(timeout=240)
        assert each.returncode == 0, told


if __name__ == "__main__":
    main()
