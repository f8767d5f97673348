"""Airflow's time-out of a task, which gets through wherever it comes.

Airflow raises it once, from a signal's handler, in the middle of whatever the process does then. Python drops
what is raised in a finaliser or in the callback of a weak reference (SQLAlchemy has many), a library may
swallow it, and DuckDB makes an interrupted query of it: a task whose time-out was lost would run on for ever.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

log = logging.getLogger(__name__)

#: Seconds until a time-out that Python dropped is raised again.
_SOON = 0.05
#: Seconds until one is raised again after which the task still runs: what it leaves behind is to be tidied
#: up meanwhile.
_LATER = 60.0


class TaskTimeout:
    """The time-out of the task that runs in this thread, if it has one.

    :param raised: what its handler raised; None: it has not come.
    """

    def __init__(self) -> None:
        self.raised: BaseException | None = None

    @contextmanager
    def told_as_it_is(self) -> Iterator[None]:
        """An error after the time-out came is its consequence, as an interrupted query is: tell the time-out.

        :raises BaseException: what the time-out's handler raised.
        """
        try:
            yield
        except Exception as error:
            if self.raised is not None:
                raise self.raised from error
            raise


@contextmanager
def heeded_timeout() -> Iterator[TaskTimeout]:
    """Raise a time-out that is set now again, until this block ends.

    Nothing is done where none is set, or elsewhere than in the main thread, where Python handles signals.
    """
    timeout = TaskTimeout()
    handler = signal.getsignal(signal.SIGALRM)
    if (
        threading.current_thread() is not threading.main_thread()
        or not callable(handler)
        or not signal.getitimer(signal.ITIMER_REAL)[0]
    ):
        yield timeout
        return
    told = sys.unraisablehook

    def dropped(unraisable: sys.UnraisableHookArgs) -> None:
        if unraisable.exc_value is not None and unraisable.exc_value is timeout.raised:
            signal.setitimer(signal.ITIMER_REAL, _SOON)
        else:
            told(unraisable)

    signal.signal(signal.SIGALRM, _raising_again(timeout, handler))
    sys.unraisablehook = dropped
    try:
        yield timeout
    finally:
        sys.unraisablehook = told
        signal.signal(signal.SIGALRM, handler)


def _raising_again(
    timeout: TaskTimeout, handler: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    def handle(signum: int, frame: FrameType | None) -> None:
        if timeout.raised is not None:
            log.warning("The time-out was lost; it is raised again.")
        signal.setitimer(signal.ITIMER_REAL, _LATER)
        try:
            handler(signum, frame)
        except BaseException as error:
            timeout.raised = error
            raise

    return handle
