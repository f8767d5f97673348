"""Governed homes as system tests need them: datasets published at once, and what then lies where."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from airflow_gov.flow.loading import LoadRequest, open_load, write_candidate
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.recording import recorded
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.execution import Status
from airflow_gov.model.loads import FileRef, LoadKey, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import utc_now
from airflow_gov.transform import Written, to_arrow_type
from support import records as complete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.execution import Execution
    from airflow_gov.model.loads import Load
    from airflow_gov.runtime import Governance


def name(text: str) -> DatasetName:
    """A dataset's name."""
    return DatasetName.parse(text)


def candidate(
    home: Any,
    dataset: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str | None = None,
    write_mode: WriteMode = WriteMode.OVERWRITE,
    publishing: bool = False,
    **task: Any,
) -> Load:
    """Write a candidate as an operator does, without Airflow.

    :param key: the load's key.
    :param publishing: publish it at once, as a gate does.
    :param task: of which task run it is, where that matters (``dag_id``, ``run_id``, ``task_id``).
    """
    governance = home.governance
    contract = governance.contracts(home.contracts).resolve(name(dataset))
    request = LoadRequest(contract, LoadKey((key or uuid.uuid4().hex,)), write_mode)
    opening = complete.execution(
        uuid.uuid4().hex,
        start=utc_now(),
        task=complete.task_run(**{"dag_id": "seed", "run_id": uuid.uuid4().hex, "task_id": "load", **task}),
    )
    try:
        with recorded(governance, opening) as recording:
            with open_load(governance, recording, request) as load:
                write_candidate(
                    governance,
                    recording,
                    contract,
                    load,
                    lambda folder: _write(contract, rows, load.load_id, folder),
                )
            written: Load = governance.store.loads.get(load.dataset, load.load_id)
            if publishing:
                publish(governance, recording, [written])
        return written
    finally:
        governance.close()


def published(home: Any, dataset: str, rows: Sequence[Mapping[str, Any]], **options: Any) -> Load:
    """Make these rows the current version of a dataset, as an operator and its gate do."""
    return candidate(home, dataset, rows, publishing=True, **options)


def _write(contract: Contract, rows: Sequence[Mapping[str, Any]], load_id: str, folder: Path) -> Written:
    schema = pa.schema(
        [
            *(pa.field(column.name, to_arrow_type(column.type)) for column in contract.columns),
            pa.field(LOAD_ID_COLUMN, pa.string()),
        ]
    )
    path = folder / "rows.parquet"
    pq.write_table(pa.Table.from_pylist([{**row, LOAD_ID_COLUMN: load_id} for row in rows], schema), path)
    return Written(
        rows=len(rows),
        rows_read=len(rows),
        files=(FileRef(str(path), path.stat().st_size, len(rows)),),
        columns=(),
    )


def rows_of(home: Any, dataset: str) -> list[tuple[Any, ...]]:
    """The published rows, sorted, without the load ids."""
    table = table_of(home.governance, dataset).drop_columns([LOAD_ID_COLUMN])
    return sorted(tuple(row.values()) for row in table.to_pylist())


def table_of(governance: Governance, dataset: str) -> pa.Table:
    """The table as readers see it."""
    head = governance.lake.head(name(dataset))
    return governance.lake.scan(name(dataset), head).to_reader().read_all()


def versions_of(home: Any, dataset: str) -> list[int]:
    """The numbers of the published versions, oldest first."""
    return [version.version for version in reversed(home.governance.store.versions.list(name(dataset)))]


def executions_of(home: Any, finished: Any) -> dict[str, list[Execution]]:
    """The records of a Dag run: of each task its tries and mapped instances in their order."""
    listed = home.governance.store.executions.list(dag_id=finished.dag_id, run_id=finished.run_id)
    found: dict[str, list[Execution]] = {}
    for execution in sorted(listed, key=lambda each: (each.task.map_index, each.task.try_number)):
        found.setdefault(execution.task.task_id, []).append(execution)
    return found


def execution_of(home: Any, finished: Any, task_id: str) -> Execution:
    """The one record of a task in a Dag run."""
    (execution,) = executions_of(home, finished)[task_id]
    return execution


def refusal_of(home: Any, finished: Any, task_id: str = "load") -> tuple[str | None, str]:
    """Why a task of a failed run was refused, as its record says: reason and message."""
    assert finished.state == "failed", finished.state
    execution = execution_of(home, finished, task_id)
    assert execution.status is Status.FAILED, execution.status
    return execution.error_reason, execution.error_message or ""


def nothing_was_published(home: Any, dataset: str) -> bool:
    """Whether readers of a dataset see no row: no version, and no row on main."""
    governance = home.governance
    head = governance.lake.head(name(dataset))
    empty = head is None or governance.lake.scan(name(dataset), head).rows == 0
    return empty and governance.store.versions.current(name(dataset)) is None
