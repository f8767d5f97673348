"""Lineage followed beside the work it is about: the engine needs no Python while it runs."""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from airflow_gov.model.column_lineage import ColumnLineage

log = logging.getLogger(__name__)

#: Seconds a task waits for lineage that is still being followed when its work is done.
LONGEST_WAIT = 5.0


def aside(
    follow: Callable[[], ColumnLineage], *, longest_wait: float = LONGEST_WAIT
) -> Callable[[], ColumnLineage]:
    """Start following lineage in a thread.

    :param follow: does it; what it raises becomes lineage that is not complete.
    :param longest_wait: seconds that the result waits.
    :returns: gives the result; waits for it, but not for long.
    """
    found: list[ColumnLineage] = []

    def run() -> None:
        try:
            found.append(follow())
        except Exception as error:  # noqa: BLE001 - lineage is observed, and observation fails open
            log.debug("Column lineage could not be followed: %s", type(error).__name__)

    thread = threading.Thread(target=run, name="column-lineage", daemon=True)
    thread.start()

    def result() -> ColumnLineage:
        thread.join(timeout=longest_wait)
        if found:
            return found[0]
        why = "took too long to follow" if thread.is_alive() else "could not be followed"
        return incomplete(f"The column lineage {why}.")

    return result


def prepare() -> None:
    """Import what following SQL needs, which takes a while, in a thread and before it is needed."""
    name = "airflow_gov.transform.column_lineage.walk"
    threading.Thread(target=_import, args=(name,), name="column-lineage-import", daemon=True).start()


def _import(name: str) -> None:
    with suppress(Exception):  # who needs it will say so
        importlib.import_module(name)


def incomplete(why: str) -> ColumnLineage:
    """Column lineage of which nothing is known; a column without inputs would be one of constants.

    :param why: for people.
    """
    return ColumnLineage(complete=False, gaps=(why,))
