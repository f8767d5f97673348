"""Before OpenLineage is told that one of our tasks starts: its record as known then.

Runs in the task's own process, before the OpenLineage provider forks a child, or starts a thread, for each
of its events. What is looked up here, these find done, and so does the task, which needs it anyway.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)


@hookimpl(tryfirst=True)
def on_task_instance_running(task_instance: Any) -> None:
    """Give a task of ours its opening record, where OpenLineage is configured."""
    task: Any = getattr(task_instance, "task", None)
    if not hasattr(task, "take_down"):
        return
    try:
        from airflow_gov.operators import starting  # noqa: F401 - for the child
        from airflow_gov.operators.recording import opening_execution
        from airflow_gov.operators.telling import openlineage_listens
        from airflow_gov.runtime import utc_now

        if openlineage_listens():
            context = task_instance.get_template_context()
            task.opening = opening_execution(task, context, task.intention, utc_now())
    except Exception:
        log.warning("OpenLineage is told less of this task's start.", exc_info=True)
