"""What the benchmarks share: a governed home, a hop without Airflow around it, measured processes."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
import resource
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from airflow_gov.contracts import parse_contract
from airflow_gov.flow.finding import find_loads
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.recording import recorded
from airflow_gov.flow.sources import SourceSpec
from airflow_gov.flow.transforming import Transformation, transform
from airflow_gov.model.contract import Contract
from airflow_gov.model.execution import Actor, Execution, Git, Host, Status, TaskRun
from airflow_gov.model.loads import LoadKey, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings


def governance(
    folder: Path, *, store: str | None = None, catalog: str | None = None, **options: str
) -> Governance:
    """A governed home in a folder; SQLite unless told otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    environ = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN": store or f"sqlite:///{folder}/governance.db",
        "AIRFLOW__AIRFLOW_GOV__CATALOG_PROPERTIES": json.dumps(
            {"type": "sql", "uri": catalog or f"sqlite:///{folder}/catalog.db"}
        ),
        "AIRFLOW__AIRFLOW_GOV__WAREHOUSE": str(folder / "lake"),
        **{f"AIRFLOW__AIRFLOW_GOV__{key.upper()}": value for key, value in options.items()},
    }
    return Governance(Settings.load(environ))


def contract(
    dataset: str, columns: dict[str, dict[str, Any]], *, quality: Sequence[dict[str, Any]] = ()
) -> Contract:
    """A contract of one dataset: column names with their ODCS properties, and its ODCS quality rules."""
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "name": dataset,
        "version": "1.0.0",
        "status": "active",
        "team": {"name": "Bench", "members": [{"username": "bench@example.com", "role": "owner"}]},
        "schema": [
            {
                "name": dataset.partition(".")[2],
                "physicalName": dataset,
                "properties": [{"name": name, **entry} for name, entry in columns.items()],
                "quality": list(quality),
            }
        ],
    }
    return parse_contract(json.dumps(document), DatasetName.parse(dataset))


def execution(task_id: str, run_id: str, try_number: int = 1) -> Execution:
    """The opening record of a task."""
    return Execution(
        execution_id=uuid4().hex,
        task=TaskRun("bench", run_id, task_id, try_number=try_number),
        operator="CleanOperator",
        action="SQL, Iceberg to Iceberg",
        status=Status.RUNNING,
        start=datetime.now(UTC),
        actor=Actor("bench"),
        host=Host(socket.gethostname(), pid=os.getpid()),
        git=Git(missing="benchmark"),
    )


def hop(
    parts: Governance,
    target: Contract,
    sql: str,
    *,
    source: str | None = None,
    run_id: str | None = None,
    key: str = "hop",
    write_mode: WriteMode = WriteMode.OVERWRITE,
    try_number: int = 1,
) -> None:
    """Read published, transform, write a candidate, check, publish, record: what two tasks do."""
    run_id = run_id or uuid4().hex
    sources = (SourceSpec(DatasetName.parse(source)),) if source else ()
    with recorded(parts, execution("load", run_id, try_number)) as recording:
        job = Transformation(target, sources, LoadKey((key,)), write_mode, sql=sql)
        candidate = transform(parts, recording, job)
    with recorded(parts, execution("gate", run_id, try_number)) as recording:
        output = {"dataset": str(candidate.dataset), "load_id": candidate.load_ids[0]}
        publish(parts, recording, find_loads(parts, outputs=[output]))


def measured(work: Callable[..., Any], *arguments: Any) -> tuple[float, int]:
    """Run in a process of its own, after the modules that ``work.imports`` names are there.

    :returns: seconds of the work alone, imports excluded; peak resident memory in bytes.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        answer = receiver.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} died with exit code {process.exitcode}") from None
    process.join()
    if process.exitcode:
        raise RuntimeError(f"{work.__name__}: {answer}")
    return answer


def _child(sender: Any, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    import traceback

    try:
        for module in getattr(work, "imports", ()):
            importlib.import_module(module)
        started = time.perf_counter()
        work(*arguments)
        seconds = time.perf_counter() - started
        sender.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))
    except BaseException:
        sender.send(traceback.format_exc())
        raise


@contextmanager
def stopwatch() -> Any:
    """Seconds of a block, in a list of one."""
    seconds = [0.0]
    started = time.perf_counter()
    try:
        yield seconds
    finally:
        seconds[0] = time.perf_counter() - started


def mib(size: int) -> str:
    """Bytes as MiB."""
    return f"{size / 2**20:,.0f} MiB"
