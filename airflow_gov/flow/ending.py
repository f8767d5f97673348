"""How an execution ended: its record, and what the log tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.flow.restricted import RestrictedRead, restricted_reads
from airflow_gov.model.execution import Role
from airflow_gov.model.loads import LogEntry

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.execution import Actor, DataRef, Execution, Status, TaskRun
    from airflow_gov.runtime import Governance
    from airflow_gov.store import Store

#: The acts: a try ended and said so; somebody else closed its record; it read restricted columns.
FINISHED, LOST, READ = "execution.finished", "execution.lost", "read.restricted"


def record_end(governance: Governance, execution: Execution) -> None:
    """Record how a try ended or paused; once it has ended the log tells of it, and of what it read.

    Told again, as by a spool that was delivered twice, it changes nothing.
    """
    store, finished = governance.store, execution.status.finished
    reads = restricted_reads(governance, execution) if finished else ()
    with store.transaction():
        store.executions.finish(execution)
        if finished and store.log.append_once(_finished(execution)) is not None:
            for read in reads:
                store.log.append(_read(execution, read))


def close_lost(store: Store, *, status: Status, message: str, end: datetime, actor: str, **which: Any) -> int:
    """Close the records of tries that can no longer close themselves, and tell the log.

    :param actor: who found them.
    :param which: as :meth:`~airflow_gov.store.executions.Executions.reconcile` takes it.
    :returns: how many were closed.
    """
    with store.transaction():
        closed = store.executions.reconcile(status=status, message=message, end=end, **which)
        for execution_id, task in closed.items():
            details = {"status": status.value, "run": task.run_id, "try": task.try_number, "why": message}
            store.log.append(LogEntry(LOST, task_subject(task), actor, end, details, execution_id))
    return len(closed)


def task_subject(task: TaskRun) -> str:
    """A task as the log names it: ``dag.task``, with the index of a mapped one."""
    return f"{task.dag_id}.{task.task_id}" + (f"[{task.map_index}]" if task.map_index >= 0 else "")


def _finished(execution: Execution) -> LogEntry:
    task = execution.task
    details: dict[str, Any] = {
        "status": execution.status.value,
        "action": execution.action,
        "operator": execution.operator,
        "run": task.run_id,
        "try": task.try_number,
        "os_user": execution.actor.os_user,
        "code": execution.code_hash,
        "commit": execution.git.commit,
        "error": execution.error_reason or execution.error_type,
        "read": [_data(data) for data in execution.data if data.role is Role.SOURCE],
        "written": [_data(data) for data in execution.data if data.role is Role.TARGET],
        "quarantined": [_data(data) for data in execution.data if data.role is Role.QUARANTINE],
    }
    told = {name: value for name, value in details.items() if value not in (None, [])}
    at = execution.end or execution.start
    return LogEntry(FINISHED, task_subject(task), _who(execution.actor), at, told, execution.execution_id)


def _data(data: DataRef) -> dict[str, Any]:
    """What was read or written, in short: the record has the rest."""
    facts = {
        "dataset": data.dataset,
        "version": data.version,
        "snapshot": data.snapshot_id,
        "load": data.load_id,
        "rows": data.rows,
        "files": len(data.files) or None,
        "database": dict(data.database) if data.database else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _read(execution: Execution, read: RestrictedRead) -> LogEntry:
    actor = execution.actor
    details = {
        "columns": list(read.columns),
        "task": task_subject(execution.task),
        "run": execution.task.run_id,
        "triggered_by": actor.triggered_by,
        "os_user": actor.os_user,
        **_data(read.data),
    }
    at = execution.end or execution.start
    return LogEntry(READ, str(read.dataset), _who(actor), at, details, execution.execution_id)


def _who(actor: Actor) -> str:
    return actor.triggered_by or actor.os_user
