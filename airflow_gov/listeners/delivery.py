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

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

_TRANSPORT = "airflow_gov.lineage.transport"


@hookimpl
def on_starting() -> None:
    """Import in the scheduler what the tasks that are forked from it will need."""
    if is_configured():
        _import_transport()


@hookimpl(tryfirst=True)
def on_task_instance_running() -> None:
    """Find out in the task's own process where events go."""
    if not is_configured():
        return
    try:
        _import_transport()
        from airflow_gov.lineage.transport import installation

        installation.prepare()
    except Exception:
        log.warning(
            "Lineage events may wait in the spool: where the store is cannot be found.", exc_info=True
        )


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


def _import_transport() -> None:
    from airflow_gov.lineage import ingesting, transport
    from airflow_gov.store import Store

    log.debug("%s, %s and %s are there", Store.__name__, ingesting.__name__, transport.__name__)
