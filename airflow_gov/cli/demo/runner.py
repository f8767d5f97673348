"""Runs the example Dags in Airflow. A process of its own: the command itself never imports Airflow.

Every task goes through Airflow's task runner and execution API (``dag.test()``), its runs are kept in
Airflow's database, and what it says goes into one log file a Dag. What happens is told as JSON lines.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: All runs are of this date, so that running the demo again replaces what it did before.
LOGICAL_DATE = datetime(2014, 1, 1, tzinfo=UTC)
BUNDLE = "dags-folder"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the runner is to do.

    :param dags: Dag ids in the order in which they run.
    :param unpause: Dags that Airflow may start by itself afterwards.
    :param sources: the folder that the Dags' Variable ``source_folder`` names.
    :param database: the SQLite file behind the connection ``fleet_db``.
    :param logs: where the logs go, one file a Dag.
    """

    dags: tuple[str, ...]
    unpause: tuple[str, ...]
    sources: str
    database: str
    logs: str

    def to_json(self) -> str:
        """As the runner takes it on its command line."""
        return json.dumps(asdict(self))


@dataclass(slots=True)
class _Teller:
    """Tells what happens, and remembers why tasks of the current Dag failed."""

    stream: IO[str]
    dag_id: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    def tell(self, event: str, **facts: Any) -> None:
        self.stream.write(json.dumps({"event": event, **facts}, default=str) + "\n")
        self.stream.flush()

    def task(self, task_instance: Any, state: str, error: object = None) -> None:
        mapped = f"[{task_instance.map_index}]" if (task_instance.map_index or -1) >= 0 else ""
        name = f"{task_instance.task_id}{mapped}"
        if error is not None:
            self.errors[name] = f"{type(error).__name__}: {error}"
        self.tell("task", dag=self.dag_id, task=name, state=state)


def main(events: int, plan: Plan) -> int:
    """Run the Dags and tell about it.

    :param events: the file descriptor that events are written to.
    :param plan: what to run.
    :returns: 0 when every Dag succeeded.
    """
    with os.fdopen(events, "w", encoding="utf-8") as stream:
        teller = _Teller(stream)
        _prepare_airflow(plan)
        bag = _load_dags(plan)
        if bag.import_errors:
            for file, error in bag.import_errors.items():
                teller.tell("import_error", file=file, error=error)
            return 1
        _listen(teller)
        teller.tell("ready")
        # A Dag reads what those before it published: the first that fails is the last that runs.
        return 0 if all(_run(bag.dags[dag_id], plan, teller) for dag_id in plan.dags) else 1


def _prepare_airflow(plan: Plan) -> None:
    from airflow.models import Connection, Variable
    from airflow.utils import db
    from airflow.utils.session import create_session
    from sqlalchemy import select

    db.initdb()
    Variable.set("source_folder", plan.sources)
    with create_session() as session:
        known = set(session.scalars(select(Connection.conn_id)))
        for connection in (
            Connection(conn_id="fleet_db", conn_type="sqlite", host=plan.database),
            Connection(conn_id="token_key", conn_type="generic", password=secrets.token_urlsafe(32)),
        ):
            if connection.conn_id not in known:
                session.add(connection)


def _load_dags(plan: Plan) -> Any:
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import update

    manager: Any = DagBundlesManager()  # type: ignore[no-untyped-call] # Airflow's
    manager.sync_bundles_to_db()
    bundle = manager.get_bundle(BUNDLE)
    bundle.initialize()
    bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=BUNDLE)
    sync_bag_to_db(bag, BUNDLE, None)
    with create_session() as session:
        session.execute(update(DagModel).where(DagModel.dag_id.in_(plan.unpause)).values(is_paused=False))
    return bag


def _listen(teller: _Teller) -> None:
    from airflow.listeners import hookimpl
    from airflow.sdk.listener import get_listener_manager

    class Listener:
        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            teller.task(task_instance, "success")

        @hookimpl
        def on_task_instance_skipped(self, task_instance: Any) -> None:
            teller.task(task_instance, "skipped")

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: object) -> None:
            teller.task(task_instance, "failed", error)

    get_listener_manager().add_listener(Listener())  # type: ignore[no-untyped-call] # Airflow's


def _run(dag: Any, plan: Plan, teller: _Teller) -> bool:
    teller.dag_id, teller.errors = dag.dag_id, {}
    teller.tell("dag_started", dag=dag.dag_id, tasks=len(dag.task_dict))
    started = time.monotonic()
    log = Path(plan.logs) / f"{dag.dag_id}.log"
    with _output_to(log):
        run = dag.test(run_after=LOGICAL_DATE, logical_date=LOGICAL_DATE)
        states = [instance.state for instance in run.get_task_instances()]
    teller.tell(
        "dag_finished",
        dag=dag.dag_id,
        state=run.state,
        run_id=run.run_id,
        tasks=len(states),
        seconds=round(time.monotonic() - started, 1),
        errors=teller.errors,
        log=log,
    )
    return bool(run.state == "success")


@contextmanager
def _output_to(path: Path) -> Iterator[None]:
    """Send what this process says, at the level of file descriptors, into a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for saved, descriptor in zip(kept, (1, 2), strict=True):
            os.dup2(saved, descriptor)
            os.close(saved)


if __name__ == "__main__":
    values = json.loads(sys.argv[2])
    for name in ("dags", "unpause"):
        values[name] = tuple(values[name])
    sys.exit(main(int(sys.argv[1]), Plan(**values)))
