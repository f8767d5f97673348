"""Executions, loads, versions and verdicts as tests need them: complete, and changed where it matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_gov.model.contract import Contract
from airflow_gov.model.execution import (
    Actor,
    ColumnInfo,
    DataRef,
    Execution,
    Git,
    Host,
    Role,
    Status,
    TaskRun,
)
from airflow_gov.model.loads import (
    FileRef,
    Load,
    LoadState,
    LogEntry,
    RowCounts,
    SourceRef,
    Version,
    VersionKind,
    WriteMode,
)
from airflow_gov.model.verdicts import RuleResult, Verdict
from airflow_gov.model.zones import DatasetName

T0 = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
FLIGHTS = DatasetName.parse("clean.flights")
GOLD = DatasetName.parse("gold.punctuality")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = T0) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def task_run(**changes: Any) -> TaskRun:
    run = TaskRun(
        dag_id="flights",
        run_id="scheduled__2026-03-01",
        task_id="clean",
        try_number=1,
        logical_date=T0,
        data_interval_start=T0 - timedelta(days=1),
        data_interval_end=T0,
        partition_key="2026-03-01",
    )
    return replace(run, **changes)


def execution(execution_id: str = "e1", **changes: Any) -> Execution:
    """A running execution with every field that is known at the start."""
    task = {
        name: changes.pop(name)
        for name in ("dag_id", "run_id", "task_id", "map_index", "try_number")
        if name in changes
    }
    record = Execution(
        execution_id=execution_id,
        task=task_run(**task),
        operator="CleanOperator",
        action="SQL to Iceberg",
        meaning="Flights without cancelled ones.",
        status=Status.RUNNING,
        start=T0,
        actor=Actor(os_user="airflow", triggered_by="ana", owner="data", team="ops"),
        host=Host(name="worker-1", ip="10.0.0.7", pid=4711, instance="i-0abc", executor="LocalExecutor"),
        git=Git("https://example.org/dags.git", "0" * 40, "main", "v1", False, "dags/flights.py", "checkout"),
        parameters={"sql": "SELECT 1", "limits": [1, 2.5, None], "nested": {"z": 1, "a": True}},
        code="SELECT 1",
        code_hash="ab" * 32,
        versions={"python": "3.11", "airflow": "3.3.2"},
        openlineage_run_id="0190",
    )
    return replace(record, **changes)


def data() -> tuple[DataRef, ...]:
    """What an execution reads and writes: a dataset, a database table, files, a quarantine."""
    columns = (ColumnInfo("flight", "string"), ColumnInfo("delay", "long"))
    files = (
        FileRef("s3://lake/clean/flights/1.parquet", 10, 5),
        FileRef("s3://lake/2.parquet", 7, 2, "c" * 64),
    )
    table = {"conn_id": "crm", "database": "crm", "schema": "public", "table": "people", "user": "reader"}
    return (
        DataRef(Role.SOURCE, "preprocessed.flights", 9_007_199_254_740_993, 3, columns=columns, rows=8),
        DataRef(Role.SOURCE, database=table),
        DataRef(Role.TARGET, "clean.flights", 12, None, "l1", files, columns, 7),
        DataRef(Role.QUARANTINE, "clean.flights__quarantine", columns=(ColumnInfo("line", "long"),), rows=1),
    )


def finished(execution_id: str = "e1", **changes: Any) -> Execution:
    """The same execution when all is done."""
    end = {
        "status": Status.SUCCESS,
        "end": T0 + timedelta(seconds=9),
        "duration": 8.5,
        "data": data(),
        "counts": RowCounts(read=8, written=7, inserted=7, quarantined=1),
        "bytes_written": 17,
    }
    return execution(execution_id, **{**end, **changes})


def load(load_id: str = "l1", execution_id: str = "e1", **changes: Any) -> Load:
    wanted = Load(
        dataset=FLIGHTS,
        load_id=load_id,
        load_key=("flights", "scheduled__2026-03-01", "clean", "-1"),
        dag_id="flights",
        run_id="scheduled__2026-03-01",
        task_id="clean",
        map_index=-1,
        execution_id=execution_id,
        write_mode=WriteMode.OVERWRITE,
        state=LoadState.WRITING,
        contract_hash="c1",
        sources=(SourceRef(DatasetName.parse("preprocessed.flights"), 100, version=3),),
    )
    return replace(wanted, **changes)


def version(number: int = 1, **changes: Any) -> Version:
    recorded = Version(
        dataset=FLIGHTS,
        version=number,
        snapshot_id=1000 + number,
        tag=f"v{number}",
        kind=VersionKind.PUBLISH,
        load_ids=(f"l{number}",),
        verdict_id=f"v{number}",
        contract_hash="c1",
        execution_id="e1",
        rows=10 * number,
        size=100 * number,
        files=number,
        parent_snapshot_id=1000 + number - 1,
        published_at=T0 + timedelta(minutes=number),
    )
    return replace(recorded, **changes)


def verdict(verdict_id: str = "v1", **changes: Any) -> Verdict:
    given = Verdict(
        verdict_id=verdict_id,
        dataset=FLIGHTS,
        snapshot_id=1001,
        contract_hash="c1",
        results=(
            RuleResult("required", True, ("flight",), "no nulls", "0 nulls", 0),
            RuleResult("row_count", False, (), "> 100", "10", None, "warning", "duckdb"),
        ),
        rows=10,
        checked_at=T0,
        execution_id="e1",
    )
    return replace(given, **changes)


def contract(text: str = "kind: DataContract", **changes: Any) -> Contract:
    kept = Contract(
        dataset=FLIGHTS,
        columns=(),
        hash=f"hash of {text}",
        text=text,
        path="contracts/flights.odcs.yaml",
        contract_id="flights",
        version="1.0.0",
        owner="Ana",
        stewards=("Ben",),
    )
    return replace(kept, **changes)


def entry(action: str = "publish", **changes: Any) -> LogEntry:
    act = LogEntry(action, "clean.flights", "ana", T0, {"version": 1, "why": ["a", None]}, "e1")
    return replace(act, **changes)
