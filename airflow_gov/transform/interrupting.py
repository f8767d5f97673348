"""Long statements that a signal can end.

DuckDB runs a signal's handler while it works, but loses what the handler raises when that happens just
before the statement begins: seen with a timeout that was never raised, and a query that ran on. So the
statement runs in a thread of its own, and the main thread, where Python handles signals, waits for it.
"""

from __future__ import annotations

from concurrent.futures import Future, wait
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from duckdb import DuckDBPyConnection

T = TypeVar("T")

#: Seconds between two attempts to interrupt a statement.
_PATIENCE = 0.05


def execute(connection: DuckDBPyConnection, statement: str) -> list[Any]:
    """Run a statement and give its rows; see :func:`interruptible`."""
    return interruptible(connection, lambda: connection.execute(statement).fetchall())


def interruptible(connection: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Do long work on a connection; what a signal's handler raises meanwhile ends it and comes through.

    :param connection: what the work uses, and nothing else does at the time.
    :param work: what to do.
    """
    result: Future[T] = Future()

    def run() -> None:
        # False: a signal came while the thread was being started, and nobody waits for it.
        if result.set_running_or_notify_cancel():
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
                result.set_exception(error)

    try:
        Thread(target=run, name="airflow-gov-duckdb", daemon=True).start()
        return result.result()
    except BaseException:
        while not result.cancel() and not result.done():
            connection.interrupt()
            wait([result], timeout=_PATIENCE)
        raise
