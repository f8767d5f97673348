"""A time-out ends a task also where Python drops what its handler raised, and is told as what it is."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.operators import timeouts
from airflow_gov.operators.timeouts import TaskTimeout


class TimeIsUpError(BaseException):
    """As Airflow's, no ``Exception``."""


def raise_it(*_: object) -> None:
    raise TimeIsUpError("enough")


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """A handler as Airflow sets it, and afterwards the tests' own time-out again."""
    handler, (left, interval) = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, raise_it)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


def time_out() -> None:
    """The task's time is up in a moment."""
    signal.setitimer(signal.ITIMER_REAL, 0.05)


class Thing:
    """Something that may be referred to weakly."""


def wait(_: object) -> None:
    """The callback of a weak reference, in which the time-out comes."""
    time_out()
    time.sleep(20)


def tidying() -> None:
    """Python tidies up, and meanwhile the time-out comes."""
    thing = Thing()
    kept = weakref.ref(thing, wait)
    del thing
    assert kept() is None


def test_a_time_out_that_python_drops_is_raised_again(caplog: pytest.LogCaptureFixture) -> None:
    def task() -> None:
        tidying()
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), TaskTimeout().heeded():
        task()
    assert caplog.text.count("it is raised again") == 1


def test_it_may_be_dropped_again(caplog: pytest.LogCaptureFixture) -> None:
    def task() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(timeouts, "_SOON", 20)  # it shall come when it is asked for
            tidying()
        tidying()
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), TaskTimeout().heeded():
        task()
    assert caplog.text.count("it is raised again") == 2


def test_one_that_comes_while_a_dropped_one_is_reported_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of what is raised in the report of what was dropped, there is no report."""
    monkeypatch.setattr(timeouts.log, "warning", lambda _: time.sleep(0.3))

    def task() -> None:
        tidying()
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), TaskTimeout().heeded():
        task()


class Broken:
    """Breaks when nobody has it any more."""

    def __del__(self) -> None:
        raise ValueError("in a finaliser")


def test_nor_is_one_that_comes_while_something_else_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def report(_: object) -> None:
        time_out()
        time.sleep(0.3)

    monkeypatch.setattr(sys, "unraisablehook", report)

    def task() -> None:
        Broken()
        time.sleep(20)

    with pytest.raises(TimeIsUpError, match="enough"), TaskTimeout().heeded():
        task()


def test_one_that_was_raised_comes_once() -> None:
    """What it left is tidied up in peace."""
    tidied = []

    def task() -> None:
        try:
            time_out()
            time.sleep(20)
        finally:
            time.sleep(0.3)
            tidied.append(True)

    with pytest.raises(TimeIsUpError, match="enough"), TaskTimeout().heeded():
        task()
    assert tidied == [True]


def interrupted(error: Exception) -> None:
    """As DuckDB ends a query into which the time-out came."""
    try:
        time_out()
        time.sleep(20)
    except TimeIsUpError:
        raise error from None


def test_an_interrupted_query_is_told_as_the_time_out() -> None:
    timeout, error = TaskTimeout(), RuntimeError("Query interrupted")
    with (
        pytest.raises(TimeIsUpError, match="enough") as caught,
        timeout.heeded(),
        timeout.told_as_it_is(),
    ):
        interrupted(error)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("no such thing"),
        AirflowSkipException("soft_fail"),
        GovernanceError(Reason.SQL_FAILED, "x"),
    ],
)
def test_other_errors_are_what_they_are(error: Exception) -> None:
    timeout = TaskTimeout()
    with pytest.raises(type(error)) as caught, timeout.heeded(), timeout.told_as_it_is():
        interrupted(error)
    assert caught.value is error


def test_a_query_that_somebody_else_interrupted_is_no_time_out() -> None:
    timeout, error = TaskTimeout(), RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError) as caught, timeout.heeded(), timeout.told_as_it_is():
        raise error
    assert caught.value is error


def test_what_else_python_drops_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_value))
    with TaskTimeout().heeded():
        Broken()
    assert [str(each) for each in told] == ["in a finaliser"]


@pytest.mark.parametrize("comes", [True, False])
def test_afterwards_all_is_as_it_was(comes: bool) -> None:
    hook = sys.unraisablehook
    with contextlib.suppress(TimeIsUpError), TaskTimeout().heeded():
        assert signal.getsignal(signal.SIGALRM) is not raise_it
        assert sys.unraisablehook is not hook
        if comes:
            time_out()
            time.sleep(20)
    assert signal.getsignal(signal.SIGALRM) is raise_it
    assert sys.unraisablehook is hook
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


@pytest.mark.parametrize("where", ["ignored", "a thread"])
def test_where_nothing_can_be_heeded_nothing_is_done(where: str) -> None:
    if where == "ignored":
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
    before, hook, seen = signal.getsignal(signal.SIGALRM), sys.unraisablehook, []

    def look() -> None:
        with TaskTimeout().heeded():
            seen.append((signal.getsignal(signal.SIGALRM), sys.unraisablehook))

    thread = threading.Thread(target=look)
    if where == "a thread":
        thread.start()
        thread.join()
    else:
        look()
    assert seen == [(before, hook)]
