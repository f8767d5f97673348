"""A thousand gates wait: together in a triggerer, each for itself there, and as classic sensors.

Real: Airflow's own runner of triggers with its event loop, the store (SQLite) and its statements. Simulated:
the clock of the classic sensors, whose looks come one after the other in one process that has everything
imported; a thousand workers, their memory and their imports are left out, which flatters them.

    python benchmarks/waiting.py [--gates 1000] [--seconds 60] [--interval 10]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lab
from airflow_gov.flow.finding import find_loads
from airflow_gov.model.loads import Load, LoadKey, LoadState, WriteMode
from airflow_gov.model.zones import DatasetName


@dataclass
class Cost:
    """What waiting took: statements, and seconds of processor."""

    statements: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.statements:>8,} {self.seconds * 1000:>10,.0f} ms"


@contextmanager
def counted() -> Any:
    """The SELECTs of loads in a block, in a list of one."""
    from sqlalchemy import Engine, event

    count = [0]

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        count[0] += "gov_load" in statement

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield count
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def loads(gates: int) -> list[dict[str, str]]:
    """What the gates wait for: loads of 50 datasets, all of which are being written."""
    return [
        {"dataset": f"clean.table_{number % 50}", "load_id": LoadKey((str(number),)).load_id}
        for number in range(gates)
    ]


def fill(parts: Any, gates: int) -> None:
    """A store in which all of them are being written."""
    with parts.store.transaction():
        for number, each in enumerate(loads(gates)):
            load = Load(
                dataset=DatasetName.parse(each["dataset"]),
                load_id=each["load_id"],
                load_key=(str(number),),
                dag_id="bench",
                run_id=str(number),
                task_id="load",
                map_index=-1,
                execution_id=str(number),
                write_mode=WriteMode.OVERWRITE,
                state=LoadState.WRITING,
                contract_hash="c",
            )
            parts.store.loads.begin(load, lease=timedelta(hours=1))


async def triggerer(gates: int, seconds: float, interval: float, *, shared: bool) -> Cost:
    """All of them in one event loop, as Airflow's triggerer runs it."""
    from airflow.jobs.triggerer_job_runner import TriggerRunner

    from airflow_gov.triggers.candidate import CandidateTrigger

    class Alone(CandidateTrigger):
        """The same without sharing: each looks for itself."""

        def shared_stream_key(self) -> Any:
            return ("alone", self.outputs[0]["load_id"])

    kind = CandidateTrigger if shared else Alone
    runner = TriggerRunner()
    tasks = []
    with counted() as statements:
        for number, output in enumerate(loads(gates)):
            trigger = kind(outputs=[output], dataset=None, dag_id="b", run_id="r", poke_interval=interval)
            runner.triggers[number] = {"task": None, "is_watcher": False, "name": str(number), "events": 0}
            tasks.append(asyncio.create_task(runner.run_trigger(number, trigger)))
        await asyncio.sleep(min(1.0, interval / 10) + interval / 2)  # the first look, which opens the store
        statements[0], began = 0, time.process_time()
        await asyncio.sleep(seconds)
        cost = Cost(statements[0], time.process_time() - began)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return cost


def classic(folder: Path, gates: int, looks: int) -> Cost:
    """Each a sensor in a worker, which looks by itself: simulated, see above."""
    homes = [lab.governance(folder) for _ in range(gates)]
    wanted = loads(gates)
    for home, output in zip(homes, wanted, strict=True):
        find_loads(home, outputs=[output])  # opens its store
    with counted() as statements:
        began = time.process_time()
        for _ in range(looks):
            for home, output in zip(homes, wanted, strict=True):
                find_loads(home, outputs=[output])
        return Cost(statements[0], time.process_time() - began)


def main() -> int:
    """Run all three and print what each costs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--gates", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--interval", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as name:
        folder = Path(name)
        parts = lab.governance(folder)
        fill(parts, arguments.gates)
        os.environ["AIRFLOW_HOME"] = name
        os.environ["AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN"] = f"sqlite:///{folder}/governance.db"
        os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "WARNING"
        how = (arguments.gates, arguments.seconds, arguments.interval)
        looks = max(1, round(arguments.seconds / arguments.interval))
        together = asyncio.run(triggerer(*how, shared=True))
        alone = asyncio.run(triggerer(*how, shared=False))
        sensors = classic(folder, arguments.gates, looks)
    print(
        f"{arguments.gates:,} gates wait {arguments.seconds:g} s, each looks every {arguments.interval:g} s"
    )
    print(f"{'':<44}{'slots':>6} {'queries':>8} {'processor':>13}")
    print(f"{'deferred gates, one triggerer':<44}{0:>6} {together}")
    print(f"{'the same, each with a query of its own':<44}{0:>6} {alone}")
    print(f"{'classic sensors (simulated)':<44}{arguments.gates:>6,} {sensors}")
    for name, other in (("A query each", alone), ("Classic sensors", sensors)):
        print(
            f"{name}: {other.statements / max(1, together.statements):,.0f} times the queries, "
            f"{other.seconds / together.seconds:.1f} times the processor."
        )
    print(f"The triggerer is busy {together.seconds / arguments.seconds:.2%} of one processor with them.")
    return 0 if 0 < together.statements <= looks + 1 else 1


if __name__ == "__main__":
    sys.exit(main())
