"""What telling OpenLineage adds to a task: nobody listens, Airflow's provider alone, and with what we tell.

python benchmarks/emission.py [--tasks 25] [--json]

One process a configuration, all alive at once; they run one task each in turn, so that whatever else the
machine does hits all alike. What is told is the median, over the turns, of what a configuration's task took
more than that of the provider alone in the same turn: in a real Airflow, in wall time, its children included.

The provider forks a child for each of a task's two events and waits for it; that is its own cost and the
base of ours. Of what we add two figures count: until the task's end is known, for that is what whoever waits
for it waits longer (telling the start, and taking down what the end will tell); and in all, for the end is
told when Airflow knows of it already, and takes the worker's slot. Beside them the processors' time, which
is what it costs where other tasks run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OURS = {"type": "airflow_gov.lineage.transport.GovernanceTransport"}
SQL = "SELECT id, upper(name) AS name FROM clean.source"
#: A task under governance, and one of Airflow's own.
TASKS = ("governed", "python")
#: What is timed: until a task's end is known, all of it, the processors' time of all of it (children
#: included), and the listeners before the work alone and those after the end.
PARTS = ("known", "task", "cpu", "start", "end")


@dataclass(frozen=True)
class Configuration:
    """How a process is configured.

    :param name: for people.
    :param transport: of OpenLineage's client; None: OpenLineage is off.
    :param tells: whether our operators tell what they know.
    :param lost: where the store of lineage is not; our own store is where it always is.
    """

    name: str
    transport: str | None = None
    tells: bool = True
    lost: str | None = None


OFF = Configuration("off")
PROVIDER = Configuration("provider", "file", tells=False)
FILE = Configuration("file", "file")
STORE = Configuration("store up", "ours")
REFUSED = Configuration("store refuses", "ours", lost="refused")
SILENT = Configuration("store is silent", "ours", lost="silent")
CONFIGURATIONS = (OFF, PROVIDER, FILE, STORE, REFUSED, SILENT)


# --- one process ----------------------------------------------------------------------------------------


def make_dag(contracts: Path) -> Any:
    """The smallest governed hop, and a task that does nothing."""
    from airflow import sdk
    from airflow.providers.standard.operators.python import PythonOperator

    from airflow_gov.operators import GoldOperator

    with sdk.DAG("emission", schedule=None) as dag:
        GoldOperator(
            task_id="governed",
            source="clean.source",
            target="gold.target",
            sql=SQL,
            contracts_folder=str(contracts),
        )
        PythonOperator(task_id="python", python_callable=lambda: None)
    return dag


def register(dag: Any) -> None:
    """Tell Airflow of a Dag that lies in no file."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)


def make_run(dag: Any, run_id: str) -> Any:
    """A run of the Dag."""
    from airflow import settings
    from airflow.sdk import DagRunState, timezone
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    now, session = timezone.utcnow(), settings.Session()
    scheduled = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    run = scheduled.create_dagrun(
        run_id=run_id,
        logical_date=now,
        data_interval=(now, now),
        run_after=now,
        run_type=DagRunType.MANUAL,
        state=DagRunState.RUNNING,
        triggered_by=DagRunTriggeredByType.TEST,
        start_date=now,
        session=session,
    )
    session.commit()
    return run


class Stopwatch:
    """Times what Airflow's listeners take, all of them together, before a task's work and after it."""

    def __init__(self) -> None:
        from airflow.listeners import hookimpl
        from airflow.sdk.listener import get_listener_manager

        self.seconds: dict[str, float] = {}
        watch = self

        class Around:
            @hookimpl(wrapper=True, tryfirst=True)
            def on_task_instance_running(self) -> Any:
                return (yield from watch.timed("start"))

            @hookimpl(wrapper=True, tryfirst=True)
            def on_task_instance_success(self) -> Any:
                return (yield from watch.timed("end"))

            @hookimpl(wrapper=True, tryfirst=True)
            def before_stopping(self) -> Any:
                return (yield from watch.timed("end"))

        get_listener_manager().pm.register(Around())

    def timed(self, part: str) -> Any:
        """Around the listeners of one event."""
        started = time.perf_counter()
        result = yield
        self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - started
        return result


def cpu_seconds() -> float:
    """Processors' time of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def run_task(dag: Any, task_id: str, number: int, watch: Stopwatch) -> dict[str, float]:
    """Seconds of one task, by part."""
    from airflow import settings
    from airflow.sdk import TaskInstanceState
    from airflow.sdk.definitions.dag import _run_task

    run = make_run(dag, f"{task_id}-{number}")
    session = settings.Session()
    ti = run.get_task_instance(task_id, session=session)
    ti.state, ti.try_number = TaskInstanceState.SCHEDULED, 1
    session.commit()
    watch.seconds = {}
    started, worked = time.perf_counter(), cpu_seconds()
    _run_task(ti=ti, task=dag.task_dict[task_id])
    seconds, cpu = time.perf_counter() - started, cpu_seconds() - worked
    session.expire_all()
    state = str(run.get_task_instance(task_id, session=settings.Session()).state)
    if state != "success":
        raise SystemExit(f"{task_id}: {state}")
    return {"task": seconds, "known": seconds - watch.seconds["end"], "cpu": cpu, **watch.seconds}


def tell_nothing() -> None:
    """Leave the provider alone with its events, as with operators that know nothing of OpenLineage."""
    from airflow_gov.listeners import lineage
    from airflow_gov.operators.telling import TellsLineage

    for name in ("start", "complete", "failure"):
        delattr(TellsLineage, f"get_openlineage_facets_on_{name}")
    TellsLineage.take_down = lambda *_: None  # type: ignore[method-assign]
    del lineage.on_task_instance_running


def lose_store(url: str) -> None:
    """Lineage's events find no store there; the tasks' records do find theirs."""
    from airflow_gov.lineage.transport import Installation

    Installation.store_url = lambda *_: url  # type: ignore[method-assign]


def work(folder: Path, tells: bool, lost: str | None) -> None:
    """Run the task that each line of standard input names; seconds to standard output."""
    out = sys.stdout
    with redirect_stdout(sys.stderr):
        if not tells:
            tell_nothing()
        dag = make_dag(folder / "contracts")
        register(dag)
        if lost:
            lose_store(lost)
        watch = Stopwatch()
        for task_id in TASKS:
            run_task(dag, task_id, 0, watch)  # imports and tables
        print("ready", file=out, flush=True)
        for number, line in enumerate(sys.stdin, start=1):
            print(json.dumps(run_task(dag, line.strip(), number, watch)), file=out, flush=True)


# --- all of them ----------------------------------------------------------------------------------------


def seed(folder: Path) -> None:
    """A published dataset to read, and contracts."""
    import lab
    from airflow_gov.settings import Settings

    columns = {"id": {"logicalType": "integer"}, "name": {"logicalType": "string"}}
    contracts = {name: lab.contract(name, columns) for name in ("clean.source", "gold.target")}
    (folder / "contracts").mkdir()
    for name, contract in contracts.items():
        (folder / "contracts" / f"{name}.odcs.yaml").write_text(contract.text, "utf-8")
    typed = lab.contract("preprocessed.source", columns)
    parts = lab.Governance(Settings.load(environment(folder, OFF, None)))
    lab.hop(parts, typed, "SELECT 1 AS id, 'ada' AS name")
    lab.hop(
        parts, contracts["clean.source"], "SELECT * FROM preprocessed.source", source="preprocessed.source"
    )
    parts.close()


def environment(folder: Path, configuration: Configuration, address: str | None) -> dict[str, str]:
    """What makes a process work in a home of its own, configured as it is to be."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "OPENLINEAGE"))}
    options = {
        "SQL_ALCHEMY_CONN": f"sqlite:///{folder}/governance.db",
        "CATALOG_PROPERTIES": json.dumps({"type": "sql", "uri": f"sqlite:///{folder}/catalog.db"}),
        "WAREHOUSE": str(folder / "lake"),
        "SPOOL_FOLDER": str(folder / "spool"),
    }
    transports = {
        "file": {"type": "file", "log_file_path": f"{folder}/events.jsonl", "append": True},
        "ours": OURS,
    }
    told = (
        {}
        if configuration.transport is None
        else {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transports[configuration.transport])}
    )
    return {
        **kept,
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        **{f"AIRFLOW__AIRFLOW_GOV__{key}": value for key, value in options.items()},
        **told,
        **({"EMISSION_LOST": address} if address else {}),
        **({} if configuration.tells else {"EMISSION_TELLS": "no"}),
    }


@contextmanager
def process(
    folder: Path, configuration: Configuration, address: str | None
) -> Iterator[subprocess.Popen[str]]:
    """A process that runs tasks as it is told."""
    with (folder / "log").open("w") as log:
        started = subprocess.Popen(
            [sys.executable, __file__, "--work", str(folder)],
            env=environment(folder, configuration, address),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            yield started
        finally:
            started.kill()
            started.wait()


def answer(running: subprocess.Popen[str], question: str | None = None) -> str:
    """What a process says next."""
    assert running.stdin is not None
    assert running.stdout is not None
    if question is not None:
        print(question, file=running.stdin, flush=True)
    said = running.stdout.readline().strip()
    if not said:
        raise SystemExit(f"A process died; see the log in its folder ({running.args})")
    return said


#: Seconds of each task, in order: by kind, configuration, part.
Seconds = dict[str, dict[str, list[dict[str, float]]]]


def measure(root: Path, tasks: int) -> Seconds:
    """Run the tasks, in turn."""
    (root / "seed").mkdir()
    seeded = environment(root / "seed", OFF, None)
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=seeded, check=True, capture_output=True
    )
    silent = socket.create_server(("127.0.0.1", 0))
    lost = {
        "refused": "postgresql+psycopg2://gov@127.0.0.1:1/governance",
        "silent": f"postgresql+psycopg2://gov@127.0.0.1:{silent.getsockname()[1]}/governance",
    }
    seconds: Seconds = {kind: {} for kind in TASKS}
    with ExitStack() as stack:
        running = {}
        for configuration in CONFIGURATIONS:
            folder = root / configuration.name.replace(" ", "_")
            shutil.copytree(root / "seed", folder)
            seed(folder)
            address = lost.get(configuration.lost or "")
            running[configuration.name] = stack.enter_context(process(folder, configuration, address))
        for each in running.values():
            answer(each)
        for _ in range(tasks):
            for kind in TASKS:
                for name, each in running.items():
                    seconds[kind].setdefault(name, []).append(json.loads(answer(each, kind)))
    silent.close()
    return seconds


def median(took: list[dict[str, float]], part: str) -> float:
    """Milliseconds."""
    return statistics.median(each[part] for each in took) * 1000


def added(took: list[dict[str, float]], base: list[dict[str, float]], part: str) -> float:
    """Milliseconds that a configuration took more than another in the same turn, on the median."""
    return statistics.median(one[part] - other[part] for one, other in zip(took, base, strict=True)) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tasks", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, os.environ.get("EMISSION_TELLS") != "no", os.environ.get("EMISSION_LOST"))
        return
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as name:
        results = measure(Path(name), arguments.tasks)
    if arguments.json:
        print(json.dumps({kind: figures(found) for kind, found in results.items()}))
        return
    for kind, found in results.items():
        base = found[OFF.name]
        print(f"a {kind} task takes {median(base, 'task'):.0f} ms without OpenLineage")
        print(f"  {'':<18}{'until its end is known':>24}{'in all':>18}{'processors':>13}")
        print(f"  {'Airflow alone adds':<18}{told(found[PROVIDER.name], base)}; we add to it:")
        for configuration in CONFIGURATIONS[2:]:
            print(f"  {configuration.name:<18}{told(found[configuration.name], found[PROVIDER.name])}")


def told(took: list[dict[str, float]], base: list[dict[str, float]]) -> str:
    """What a configuration adds to another, and how many times as long a task takes."""
    known, in_all = (
        f"{added(took, base, part):+.1f} ms ({median(took, part) / median(base, part):.2f}x)"
        for part in ("known", "task")
    )
    return f"{known:>24}{in_all:>18}{added(took, base, 'cpu'):>+10.1f} ms"


def figures(found: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """Median milliseconds of each part by configuration, and what it adds to the provider alone."""
    return {
        name: {
            "took": {part: median(took, part) for part in PARTS},
            "added": {part: added(took, found[PROVIDER.name], part) for part in PARTS},
        }
        for name, took in found.items()
    }


if __name__ == "__main__":
    main()
