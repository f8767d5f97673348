"""Airflow's time-out of a task, which gets through also where Python drops it.

Airflow raises it once, from a signal's handler, in the middle of whatever the process does then. What is
raised in a finaliser or in the callback of a weak reference (SQLAlchemy has many) Python reports and discards
(``sys.unraisablehook``): the task would run on for ever. A query of DuckDB it ends with another error.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

log = logging.getLogger(__name__)

#: Seconds until a time-out that Python dropped is raised again.
_SOON = 0.05


class TaskTimeout:
    """The time-out of the task that runs in this thread, if it has one."""

    def __init__(self) -> None:
        self._raised: BaseException | None = None
        self._reporting = False

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """Raise it again when Python drops it, until this block ends; then handler and hook are put back.

        Does nothing but in the main thread, where Python handles signals, and with a handler to be heeded.
        """
        handler, told = signal.getsignal(signal.SIGALRM), sys.unraisablehook
        if threading.current_thread() is not threading.main_thread() or not callable(handler):
            yield
            return

        def handle(signum: int, frame: FrameType | None) -> None:
            if self._reporting:  # raised here, it would be dropped without another report
                signal.setitimer(signal.ITIMER_REAL, _SOON)
                return
            try:
                handler(signum, frame)
            except BaseException as error:
                self._raised = error
                raise

        def dropped(unraisable: sys.UnraisableHookArgs) -> None:
            self._reporting = True
            try:
                if self._raised is None or unraisable.exc_value is not self._raised:
                    told(unraisable)
                else:
                    signal.setitimer(signal.ITIMER_REAL, _SOON)
                    log.warning("The time-out came while Python tidied up; it is raised again.")
            finally:
                self._reporting = False

        try:
            signal.signal(signal.SIGALRM, handle)
            sys.unraisablehook = dropped
            yield
        finally:
            sys.unraisablehook = told
            signal.signal(signal.SIGALRM, handler)
            self._raised = None

    @contextmanager
    def told_as_it_is(self) -> Iterator[None]:
        """What DuckDB makes of it, an interrupted query, is the time-out again.

        :raises BaseException: what the time-out's handler raised.
        """
        try:
            yield
        except RuntimeError as error:
            raised = self._raised
            if raised is None or error is raised or "interrupted" not in str(error).lower():
                raise
            raise type(raised)(*raised.args) from error
