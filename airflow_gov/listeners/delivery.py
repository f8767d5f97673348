"""Around the events that OpenLineage's provider tells of a task: where they go, and their delivery.

The provider forks a child for each event and waits for it. Here, in the task's own process, is found out
once where the governance store is; here is delivered what the child left in the spool, which is cheaper than
in a child; and the scheduler learns all that before it forks its tasks. With ``execute_in_thread`` a thread
takes the child's place, and delivers by itself. Does nothing where the transport of this package is not
configured.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

_TRANSPORT = "airflow_gov.lineage.transport"

#: Whether this process runs a task, and knows where the task's events go.
_finds_store = False


@hookimpl
def on_starting(component: Any) -> None:
    """Have the scheduler know what the tasks need that are forked from it."""
    if getattr(component, "job_type", None) == "SchedulerJob" and is_configured():
        _prepare(rehearse=True)


@hookimpl(wrapper=True, tryfirst=True)
def on_task_instance_running() -> Generator[None, Any, Any]:
    """Find out where this task's events go, and deliver that of its start."""
    global _finds_store
    _finds_store = is_configured() and _prepare()
    return (yield from _around_children())


@hookimpl(wrapper=True, tryfirst=True)
def on_task_instance_success() -> Generator[None, Any, Any]:
    """Deliver the event of a task's end."""
    return (yield from _around_children())


@hookimpl(wrapper=True, tryfirst=True)
def on_task_instance_failed() -> Generator[None, Any, Any]:
    """Deliver the event of a task's failure."""
    return (yield from _around_children())


@hookimpl(wrapper=True, tryfirst=True)
def on_task_instance_skipped() -> Generator[None, Any, Any]:
    """Deliver the event of a task that was skipped."""
    return (yield from _around_children())


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


def _around_children() -> Generator[None, Any, Any]:
    """Around what forks a child for an event; elsewhere than in a task's own process nothing is done."""
    if not _finds_store:
        return (yield)
    from airflow_gov.lineage.transport import installation

    try:
        with installation.leaving():
            return (yield)
    finally:
        _deliver_left()


def _deliver_left() -> None:
    from airflow_gov.lineage.transport import installation

    try:
        installation.deliver_left()
    except Exception:
        # Whatever happens to an event, it must not happen to the task.
        log.warning("Lineage events wait in the spool.", exc_info=True)


def _prepare(*, rehearse: bool = False) -> bool:
    try:
        from airflow_gov.lineage.transport import installation

        installation.prepare()
        if rehearse:
            # Not within the time that the store has: it may take longer on a busy machine, and never hangs.
            from airflow_gov.lineage import ingesting
            from airflow_gov.store import Store

            log.debug("%s and %s are imported", Store.__name__, ingesting.__name__)
            installation.rehearse()
    except Exception:
        log.warning("Lineage events may wait in the spool: the store cannot be found.", exc_info=True)
        return False
    return True
