"""Before OpenLineage's provider forks a child for an event: what each child would have to find out again.

Where the governance store is, and the modules that write to it. Without it every event of every task would
ask Airflow for the connection and import the store anew. Runs in the scheduler, whose tasks inherit it, and
in the task's own process; does nothing where the transport of this package is not configured.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

_TRANSPORT = "airflow_gov.lineage.transport"

#: Tasks that this process has run.
_tasks = 0


@hookimpl
def on_starting(component: Any) -> None:
    """Have the scheduler know what the tasks need that are forked from it."""
    if getattr(component, "job_type", None) == "SchedulerJob" and is_configured():
        _prepare(rehearse=True)


@hookimpl(tryfirst=True)
def on_task_instance_running() -> None:
    """Find out in the task's own process where events go."""
    global _tasks
    if is_configured():
        _tasks += 1
        # A process that runs a second task will run more of them.
        _prepare(rehearse=_tasks == 2)


def deliver_waiting(time_limit: float) -> None:
    """Deliver lineage events that wait on this machine; for processes that end, or start, something.

    :param time_limit: seconds.
    """
    if is_configured():
        from airflow_gov.lineage.transport import installation

        installation.delivery().deliver_for_a_moment(time_limit)


@cache
def is_configured() -> bool:
    """Whether OpenLineage's client uses our transport, alone or beside others."""
    from airflow.providers.openlineage import conf

    try:
        if conf.is_disabled():
            return False
        file = conf.config_path()
        said = [str(conf.transport()), Path(file).read_text(encoding="utf-8") if file else ""]
    except Exception:
        log.debug("OpenLineage's configuration cannot be read", exc_info=True)
        return False
    said += [value for name, value in os.environ.items() if name.startswith("OPENLINEAGE__TRANSPORT")]
    return any(_TRANSPORT in each for each in said)


def _prepare(*, rehearse: bool) -> None:
    try:
        from airflow_gov.lineage import ingesting
        from airflow_gov.lineage.transport import installation
        from airflow_gov.store import Store

        log.debug("%s and %s are imported", Store.__name__, ingesting.__name__)
        installation.prepare()
        if rehearse:
            installation.rehearse()
    except Exception:
        log.warning("Lineage events may wait in the spool: the store cannot be found.", exc_info=True)
