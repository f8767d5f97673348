"""A time-out ends a task also where Python, DuckDB or a library loses what its handler raised."""

from __future__ import annotations

import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from airflow_gov.operators import timeouts
from airflow_gov.operators.timeouts import heeded_timeout


class TimeIsUpError(BaseException):
    """As Airflow's, no ``Exception``."""


def raise_it(*_: object) -> None:
    raise TimeIsUpError("enough")


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    """A time-out as Airflow sets it, and afterwards the tests' own again."""
    handler, (left, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


class Thing:
    """Something that tidies up for a while when nobody has it any more."""


def tidying() -> None:
    """A weak reference's callback, in which the time-out comes."""
    came = threading.Event()

    def callback(_: object) -> None:
        came.set()
        end = time.monotonic() + 10
        while time.monotonic() < end:
            time.sleep(0.01)

    thing = Thing()
    kept = weakref.ref(thing, callback)
    del thing
    assert came.is_set()
    del kept


def test_a_time_out_that_python_drops_is_raised_again() -> None:
    def task() -> None:
        tidying()
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), heeded_timeout():
        task()


def test_one_that_is_swallowed_is_raised_again_when_there_was_time_to_tidy_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timeouts, "_LATER", 0.3)
    swallowed = []

    def task() -> None:
        try:
            time.sleep(20)
        except TimeIsUpError as error:
            swallowed.append(error)
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), heeded_timeout():
        task()
    assert len(swallowed) == 1


@pytest.mark.parametrize("error", [RuntimeError("Query interrupted"), OSError("the file is gone")])
def test_an_error_that_comes_of_it_is_told_as_the_time_out(error: Exception) -> None:
    def task() -> None:
        try:
            time.sleep(20)
        except TimeIsUpError:
            raise error from None

    with (
        pytest.raises(TimeIsUpError, match="enough") as caught,
        heeded_timeout() as timeout,
        timeout.told_as_it_is(),
    ):
        task()
    assert caught.value.__cause__ is error


def test_an_error_without_a_time_out_is_what_it_is() -> None:
    error = RuntimeError("Query interrupted")
    with (
        pytest.raises(RuntimeError) as caught,
        heeded_timeout() as timeout,
        timeout.told_as_it_is(),
    ):
        raise error
    assert caught.value is error


def test_what_else_python_drops_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_value))
    signal.setitimer(signal.ITIMER_REAL, 20)

    class Broken:
        def __del__(self) -> None:
            raise ValueError("in a finaliser")

    with heeded_timeout():
        Broken()
    assert [str(each) for each in told] == ["in a finaliser"]


def test_afterwards_all_is_as_it_was() -> None:
    hook = sys.unraisablehook
    signal.setitimer(signal.ITIMER_REAL, 20)
    with heeded_timeout():
        assert signal.getsignal(signal.SIGALRM) is not raise_it
        assert sys.unraisablehook is not hook
    assert signal.getsignal(signal.SIGALRM) is raise_it
    assert sys.unraisablehook is hook
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 0


@pytest.mark.parametrize("where", ["no time-out", "ignored", "a thread"])
def test_where_there_is_nothing_to_heed_nothing_is_done(where: str) -> None:
    signal.setitimer(signal.ITIMER_REAL, 20)
    if where == "no time-out":
        signal.setitimer(signal.ITIMER_REAL, 0)
    elif where == "ignored":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    before, hook, seen = signal.getsignal(signal.SIGALRM), sys.unraisablehook, []

    def look() -> None:
        with heeded_timeout() as timeout:
            seen.append((signal.getsignal(signal.SIGALRM), sys.unraisablehook, timeout.raised))

    thread = threading.Thread(target=look)
    if where == "a thread":
        thread.start()
        thread.join()
    else:
        look()
    assert seen == [(before, hook, None)]
