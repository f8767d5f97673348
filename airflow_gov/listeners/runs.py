"""Closes the records that a killed process left open, when its Dag run ends or Airflow gives it up.

Runs in the scheduler: bounded in time, no lake access, and it never fails anything (Airflow swallows a
listener's exceptions anyway).
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from airflow.listeners import hookimpl

from airflow_gov.listeners.delivery import deliver_waiting
from airflow_gov.model.execution import Status

log = logging.getLogger(__name__)

#: How long the scheduler waits for the store, in seconds.
TIME_LIMIT_SECONDS = 5.0
#: How much of that goes to lineage events that wait on this machine.
_DELIVERY_SECONDS = 2.0


@hookimpl
def on_dag_run_success(dag_run: Any) -> None:
    """Close what is left open in a run that ended well."""
    _reconcile(dag_run.dag_id, dag_run.run_id)


@hookimpl
def on_dag_run_failed(dag_run: Any) -> None:
    """Close what is left open in a run that failed."""
    _reconcile(dag_run.dag_id, dag_run.run_id)


@hookimpl
def on_task_instance_failed(task_instance: Any) -> None:
    """Close the record of a task whose process died; only the scheduler tells of it."""
    if type(task_instance).__name__ == "RuntimeTaskInstance":
        return  # the task's own process writes its own record
    _reconcile(
        task_instance.dag_id,
        task_instance.run_id,
        task_id=task_instance.task_id,
        map_index=task_instance.map_index,
    )


def _reconcile(dag_id: str, run_id: str, *, task_id: str | None = None, map_index: int | None = None) -> None:
    worker = threading.Thread(
        target=_close_open_records, args=(dag_id, run_id, task_id, map_index), daemon=True
    )
    worker.start()
    worker.join(TIME_LIMIT_SECONDS)
    if worker.is_alive():
        log.warning("The governance store is slow: records of %s %s are closed later.", dag_id, run_id)


def _close_open_records(dag_id: str, run_id: str, task_id: str | None, map_index: int | None) -> None:
    from airflow_gov.flow.ending import close_lost
    from airflow_gov.flow.environment import os_user
    from airflow_gov.hooks.governance import GovernanceHook
    from airflow_gov.runtime import utc_now

    try:
        store = GovernanceHook().get_conn()
        try:
            close_lost(
                store,
                dag_id=dag_id,
                run_id=run_id,
                task_id=task_id,
                map_index=map_index,
                status=Status.LOST,
                message="The process ended without a word (killed, out of memory, or its host went away).",
                end=utc_now(),
                actor=os_user(),
            )
        finally:
            store.dispose()
        deliver_waiting(_DELIVERY_SECONDS)
    except Exception:
        log.warning("Records of %s %s stay open for now.", dag_id, run_id, exc_info=True)
