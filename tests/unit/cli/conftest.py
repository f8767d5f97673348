"""An Airflow home whose store holds a small history, and the command run against it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_gov.cli.main import run
from airflow_gov.contracts import parse_contract
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
    RowCounts,
    Version,
    VersionKind,
    WriteMode,
)
from airflow_gov.model.verdicts import RuleResult, Verdict
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import stores

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SALES = DatasetName.parse("gold.sales_per_region_and_calendar_quarter_restated")
ORDERS = DatasetName.parse("clean.orders")

CONTRACT = f"""\
apiVersion: v3.1.0
kind: DataContract
id: sales
version: 1.2.0
team:
  name: Sales
  members:
    - {{username: ines@example.com, role: owner}}
    - {{username: tomasz@example.com, role: steward}}
schema:
  - name: sales
    physicalName: {SALES}
    description: Sales per region.
    properties:
      - name: region
        logicalType: string
        primaryKey: true
        primaryKeyPosition: 1
        required: true
        description: Where.
      - {{name: buyer, logicalType: string, classification: restricted, tags: ["pii:name"]}}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """AIRFLOW_HOME; nothing of this machine's own Airflow is seen."""
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "airflow"
    monkeypatch.setenv("AIRFLOW_HOME", str(folder))
    return folder


@dataclass
class Answer:
    """What a call of the command said."""

    code: int
    out: str
    err: str


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run the command in this process."""

    def call(*arguments: str) -> Answer:
        capfd.readouterr()
        code = run(arguments)
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


def execution(number: int, **changes: object) -> Execution:
    base = Execution(
        execution_id=f"01a1fbb4-74cd-781a-8361-aca08592800{number}",
        task=TaskRun("sales", "scheduled__2026-01-31", "gold_sales.load", logical_date=NOON),
        operator="GoldOperator",
        action="SQL, Iceberg to Iceberg",
        status=Status.SUCCESS,
        start=NOON + timedelta(minutes=number),
        end=NOON + timedelta(minutes=number, seconds=2),
        duration=2.0,
        actor=Actor("airflow", triggered_by="ines", owner="sales"),
        host=Host("worker-1", "10.0.0.7", 4711, executor="LocalExecutor"),
        git=Git("https://git.example.com/dags.git", "c" * 40, "main", "v7", dirty=False, source="checkout"),
        meaning="Sales for the board.",
        parameters={"target": str(SALES), "key": "***"},
        code="SELECT region FROM clean.orders",
        code_hash="ab" * 32,
        data=(
            DataRef(Role.SOURCE, str(ORDERS), 11, 3, rows=336_776),
            DataRef(
                Role.TARGET,
                str(SALES),
                22,
                files=(FileRef(f"file:///lake/gold/{SALES.name}/data/part-0.parquet", 2_048, 5),),
                columns=(ColumnInfo("region", "string"),),
                rows=5,
            ),
        ),
        counts=RowCounts(read=336_776, written=5, inserted=5),
        bytes_written=2_048,
        versions={"python": "3.11.7"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def version(number: int, rows: int = 5) -> Version:
    return Version(
        dataset=SALES,
        version=number,
        snapshot_id=9_007_199_254_740_993 + number,
        tag=f"v{number}",
        kind=VersionKind.PUBLISH,
        load_ids=(f"{number:016x}",),
        verdict_id=f"verdict-{number}",
        contract_hash=parse_contract(CONTRACT, SALES).hash,
        execution_id=execution(1).execution_id,
        rows=rows,
        size=2_048,
        files=1,
        parent_snapshot_id=None,
        published_at=NOON + timedelta(minutes=number),
    )


def verdict(number: int, *, passed: bool = True) -> Verdict:
    return Verdict(
        verdict_id=f"verdict-{number}",
        dataset=SALES,
        snapshot_id=9_007_199_254_740_993 + number,
        contract_hash=parse_contract(CONTRACT, SALES).hash,
        results=(RuleResult("primary_key", passed, ("region",), "no key twice", "none twice", 0),),
        rows=5,
        checked_at=NOON + timedelta(minutes=number),
    )


@pytest.fixture
def history(home: Path) -> Store:
    """Two versions of a gold dataset, made by four executions."""
    store = Store(stores.ready(home / "airflow_gov" / "governance.db"))
    store.contracts.put(parse_contract(CONTRACT, SALES))
    for number, changes in enumerate(
        (
            {},
            {
                "status": Status.FAILED,
                "error_type": "GovernanceError",
                "error_message": "no such column: regoin",
            },
            {
                "task": TaskRun("orders", "manual__1", "clean_orders.load", map_index=3, try_number=2),
                "data": (),
            },
            {"action": "\x1b[31mCSV\x07 to Iceberg"},
        ),
        start=1,
    ):
        store.executions.finish(execution(number, **changes))
    load = Load(
        SALES,
        f"{2:016x}",
        ("sales",),
        "sales",
        "scheduled__2026-01-31",
        "gold_sales.load",
        -1,
        execution(1).execution_id,
        WriteMode.OVERWRITE,
        LoadState.WRITING,
        parse_contract(CONTRACT, SALES).hash,
    )
    store.loads.begin(load, lease=timedelta(minutes=1), is_alive=None)
    store.loads.candidate(
        replace(
            load,
            state=LoadState.CANDIDATE,
            base_snapshot_id=1,
            candidate_snapshot_id=version(2).snapshot_id,
            counts=RowCounts(written=1_500, quarantined=7),
        )
    )
    for number in (1, 2):
        store.verdicts.record(verdict(number))
        store.versions.record(version(number, rows=1_500 * number))
    store.loads.published(SALES, [load.load_id])
    store.dispose()
    return store
