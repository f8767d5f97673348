"""What audits say of main while somebody moves it and has not said so yet, and when that is too long ago."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.flow.rollback import rollback
from airflow_gov.model.findings import FindingsWanted
from airflow_gov.model.loads import VersionKind
from support.gates import FLIGHTS, STEWARD, delays

CHECKS = ("main-moved", "version-without-verdict")


class StoppedError(BaseException):
    """The process ends here."""


@pytest.fixture
def lake(gates):
    """Six versions, by the clock of the machine, as the storage has no other."""
    gates.clock.now = datetime.now(UTC)
    for number in range(6):
        gates.published(delays(5, first=number))
    return gates


def publish(gates):
    gates.published(delays(7, first=9))


def go_back(gates):
    rollback(gates.governance, FLIGHTS, 1, reason="a test", actor=STEWARD)


def join_files(gates):
    assert maintain(gates.governance, FLIGHTS, Upkeep(grace_hours=0)).compacted_to is not None


def stopped(gates, monkeypatch, move):
    """Move main, and stop when the store is about to hear of it."""
    store, lake = gates.governance.store, gates.governance.lake
    current = store.versions.current(FLIGHTS)

    def stop(*_arguments):
        raise StoppedError

    with monkeypatch.context() as patched, suppress(StoppedError):
        patched.setattr(type(store.versions), "record", stop)
        move(gates)
    assert lake.head(FLIGHTS) != current.snapshot_id
    assert store.versions.current(FLIGHTS) == current


def found(audits, **request):
    audits(*CHECKS, **request)
    return [finding.check for finding in audits.governance.store.audits.findings.each(FindingsWanted())]


@pytest.mark.parametrize("move", [publish, go_back, join_files])
def test_who_moves_main_has_a_while_to_say_so_before_it_is_held_against_anybody(
    lake, audits, monkeypatch, move
):
    assert found(audits) == []
    stopped(lake, monkeypatch, move)
    assert found(audits) == []
    assert found(audits, full=True) == []
    lake.clock.move(hours=2)
    assert found(audits) == ["main-moved"]
    if move is publish:
        assert found(audits, repair=("main-moved",)) == []
        assert lake.governance.store.versions.current(FLIGHTS).kind is VersionKind.PUBLISH


def test_a_clock_that_was_set_back_gives_nobody_more_time(lake, audits, monkeypatch):
    stopped(lake, monkeypatch, publish)
    lake.clock.move(hours=-2)
    assert found(audits) == ["main-moved"]
