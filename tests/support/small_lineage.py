"""Single events of lineage as tests need them: a job that read some datasets and wrote others."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_gov.model.column_lineage import Subtype, Transformation
from airflow_gov.model.lineage import (
    ColumnEdge,
    ColumnFacts,
    DatasetFacts,
    EventKind,
    JobFacts,
    LineageEvent,
    Named,
    Projection,
    RunFacts,
    RunState,
    Touch,
)

T0 = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
#: source dataset, source column, target dataset, target column, and how.
Edge = tuple[str, str, str, str, Subtype, bool]


def named(name: str) -> Named:
    return Named("s3://lake", name)


def told(
    job: str,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    edges: Sequence[Edge] = (),
    *,
    dag_id: str | None = None,
    minute: int = 0,
    state: RunState = RunState.COMPLETE,
    columns: Sequence[str] = (),
    version: str | None = None,
    **run: Any,
) -> Projection:
    """One event of a run of a job."""
    at = T0 + timedelta(minutes=minute)
    run_id = run.pop("run_id", None) or str(uuid.uuid5(uuid.NAMESPACE_URL, f"{dag_id}/{job}/{minute}"))
    key = hashlib.sha256(f"{run_id}/{state}/{at}".encode()).hexdigest()
    name = Named("default", f"{dag_id}.{job}" if dag_id else job)
    schema = tuple(ColumnFacts(each, "string", position=place) for place, each in enumerate(columns)) or None
    return Projection(
        LineageEvent(EventKind.RUN, key, at, state, run_id, name, {"run": {"runId": run_id}}),
        JobFacts(name, dag_id=dag_id, task_id=job if dag_id else None),
        RunFacts(run_id, state, at, **run),
        datasets=(
            *(DatasetFacts(named(each)) for each in inputs),
            *(DatasetFacts(named(each), columns=schema) for each in outputs),
        ),
        touches=(
            *(Touch(named(each), False) for each in inputs),
            *(Touch(named(each), True, version) for each in outputs),
        ),
        column_edges=tuple(
            ColumnEdge(named(source), column, named(target), target_column, (Transformation(how, masked),))
            for source, column, target, target_column, how, masked in edges
        ),
    )
