"""One execution's record, as a person reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_gov.cli import output
from airflow_gov.model.serde import to_plain

if TYPE_CHECKING:
    from airflow_gov.model.execution import DataRef, Execution, Git


def print_execution(execution: Execution) -> None:
    """The atomic sentence first, then everything that is known."""
    output.console().print(output.printable(execution.action or execution.operator), style="bold")
    if execution.meaning:
        output.console().print(output.printable(execution.meaning.strip()))
    output.console().print()
    output.print_facts(_result(execution))
    _section("Task", _task(execution))
    _section("Who and where", _who(execution))
    _section("Code", {**_git(execution.git), **execution.versions})
    for data in execution.data:
        _section(_data_heading(data), _data(data))
    _section("Parameters as executed", {key: _text(value) for key, value in execution.parameters.items()})
    if execution.code:
        output.print_heading(f"What ran (SHA-256 {execution.code_hash})")
        output.console().print(output.printable(execution.code.strip()))


def task_name(execution: Execution) -> str:
    """The task, its place among mapped ones, and its try if it is not the first."""
    task = execution.task
    mapped = f"[{task.map_index}]" if task.map_index >= 0 else ""
    return f"{task.task_id}{mapped}" + (f" try {task.try_number}" if task.try_number > 1 else "")


def _section(heading: str, facts: dict[str, Any]) -> None:
    if any(value not in (None, "", (), [], {}) for value in facts.values()):
        output.print_heading(heading)
        output.print_facts(facts)


def _result(execution: Execution) -> dict[str, Any]:
    counts = execution.counts
    return {
        "status": output.status(execution.status),
        "error": ": ".join(
            part for part in (execution.error_type, execution.error_message) if part is not None
        ),
        "error reason": execution.error_reason,
        "started": execution.start,
        "ended": execution.end,
        "seconds of work": execution.duration,
        "rows read": counts.read,
        "rows written": counts.written,
        "rows inserted": counts.inserted,
        "rows updated": counts.updated,
        "rows deleted": counts.deleted,
        "rows quarantined": counts.quarantined,
        "written": output.size(execution.bytes_written),
    }


def _task(execution: Execution) -> dict[str, Any]:
    task = execution.task
    return {
        "dag": task.dag_id,
        "run": task.run_id,
        "task": task.task_id,
        "map index": task.map_index if task.map_index >= 0 else None,
        "try": task.try_number,
        "logical date": task.logical_date,
        "data interval from": task.data_interval_start,
        "data interval to": task.data_interval_end,
        "partition key": task.partition_key,
        "operator": execution.operator,
        "execution": execution.execution_id,
        "OpenLineage run": execution.openlineage_run_id,
    }


def _who(execution: Execution) -> dict[str, Any]:
    actor, host = execution.actor, execution.host
    return {
        "operating system user": actor.os_user,
        "triggered by": actor.triggered_by,
        "owner": actor.owner,
        "team": actor.team,
        "host": host.name,
        "address": host.ip,
        "process": str(host.pid) if host.pid else None,
        "instance": host.instance,
        "executor": host.executor,
    }


def _git(git: Git) -> dict[str, Any]:
    return {
        "repository": git.repository,
        "commit": git.commit,
        "branch": git.branch,
        "tag": git.tag,
        "uncommitted changes": git.dirty,
        "file": git.path,
        "learnt from": git.source if git.source != "none" else None,
        "no git because": git.missing,
    }


def _data_heading(data: DataRef) -> str:
    return f"{data.role.value.capitalize()}: {data.dataset or _outside(data)}"


def _outside(data: DataRef) -> str:
    if data.database is not None:
        return (
            ".".join(part for part in (data.database.get("database"), data.database.get("table")) if part)
            or "a database"
        )
    return "outside files"


def _data(data: DataRef) -> dict[str, Any]:
    return {
        "version": data.version,
        "snapshot": str(data.snapshot_id) if data.snapshot_id is not None else None,
        "load": data.load_id,
        "rows": data.rows,
        **{f"database {key}": value for key, value in (data.database or {}).items() if value is not None},
        "files": [f"{file.uri} ({output.size(file.size)})" for file in data.files],
        "columns": ", ".join(f"{column.name} {column.type}" for column in data.columns),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(to_plain(value), ensure_ascii=False)
