"""What everybody waits for, asked at once: the same on every backend."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from airflow_gov.flow.awaiting import settled
from airflow_gov.model.execution import Status
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.waits import CandidateWait, VersionWait
from airflow_gov.store import Store
from support import records
from support.records import FLIGHTS, GOLD, T0

LEASE = timedelta(minutes=2)
NAMED = CandidateWait(((FLIGHTS, "l1"),))
OF_RUN = CandidateWait((), FLIGHTS, "flights", "scheduled__2026-03-01")


def write(store: Store, load_id: str = "l1", *, done: bool = True, **changes):
    load = records.load(load_id, **changes)
    store.loads.begin(load, lease=LEASE)
    if done:
        store.loads.candidate(load)


def fail(store: Store, status: Status, load_id: str = "l1"):
    write(store, load_id, done=False)
    store.executions.finish(records.execution("e1", status=status))
    store.loads.fail(FLIGHTS, load_id, "e1")


def publish(store: Store, number: int, *, passed: bool = True, **changes):
    results = (records.RuleResult("row_count", passed, (), "> 0", "0"),)
    store.verdicts.record(records.verdict(f"v{number}", snapshot_id=1000 + number, results=results))
    store.versions.record(records.version(number, **changes))


@pytest.fixture
def statements():
    """The statements that any database was given."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


class TestLoads:
    @pytest.mark.parametrize("wait", [NAMED, OF_RUN])
    def test_nothing_is_there(self, store: Store, wait) -> None:
        write(store, dataset=GOLD)
        assert settled(store, [wait]) == set()

    @pytest.mark.parametrize("wait", [NAMED, OF_RUN])
    @pytest.mark.parametrize("done", [True, False])
    def test_a_load_is_waited_for_until_it_is_written(self, store: Store, wait, done) -> None:
        write(store, done=done)
        assert settled(store, [wait]) == ({wait} if done else set())

    @pytest.mark.parametrize("wait", [CandidateWait(((FLIGHTS, "l1"), (FLIGHTS, "l2"))), OF_RUN])
    def test_every_load_has_to_be_written(self, store: Store, wait) -> None:
        write(store, "l1")
        write(store, "l2", done=False)
        assert settled(store, [wait]) == set()
        write(store, "l2")
        assert settled(store, [wait]) == {wait}

    def test_a_load_that_never_began_is_waited_for(self, store: Store) -> None:
        write(store, "l1")
        assert settled(store, [CandidateWait(((FLIGHTS, "l1"), (FLIGHTS, "l2")))]) == set()

    @pytest.mark.parametrize("wait", [NAMED, OF_RUN])
    @pytest.mark.parametrize(
        ("status", "over"), [(Status.FAILED, True), (Status.LOST, True), (Status.UP_FOR_RETRY, False)]
    )
    def test_waiting_ends_when_a_task_failed_for_good(self, store: Store, wait, status, over) -> None:
        fail(store, status)
        assert settled(store, [wait]) == ({wait} if over else set())

    def test_thousands_are_answered_by_one_statement_each_with_its_own(
        self, store: Store, statements
    ) -> None:
        for number in range(5):
            write(store, f"l{number}", run_id=f"r{number}")
        named = [CandidateWait(((FLIGHTS, f"l{number}"),)) for number in range(1000)]
        of_runs = [CandidateWait((), FLIGHTS, "flights", f"r{number}") for number in range(1000)]
        statements.clear()
        assert settled(store, [*named, *of_runs]) == {*named[:5], *of_runs[:5]}
        assert len([each for each in statements if "gov_load" in each]) == 1


class TestVersions:
    def newest(self, store: Store, **conditions) -> int | None:
        wait = VersionWait(**{"dataset": FLIGHTS, **conditions})
        other = VersionWait(GOLD)
        found = store.waiting.versions([other, wait])
        assert other not in found
        return found.get(wait)

    def test_nothing_is_published(self, store: Store) -> None:
        assert self.newest(store) is None

    def test_the_newest_that_passed(self, store: Store) -> None:
        publish(store, 1)
        publish(store, 2)
        publish(store, 3, passed=False)
        assert self.newest(store) == 2
        assert self.newest(store, passed=False) == 3

    def test_newer_than_a_number(self, store: Store) -> None:
        publish(store, 1)
        assert self.newest(store, newer_than=1) is None
        publish(store, 2)
        assert self.newest(store, newer_than=1) == 2

    def test_newer_than_a_moment(self, store: Store) -> None:
        publish(store, 1)
        assert self.newest(store, since=T0) == 1
        assert self.newest(store, since=T0 + timedelta(minutes=1)) is None

    def test_of_a_logical_date(self, store: Store) -> None:
        for number, day in ((1, 0), (2, 1)):
            task = records.task_run(logical_date=T0 + timedelta(days=day), run_id=f"r{day}")
            store.executions.start(records.execution(f"e{number}", task=task))
            write(store, f"l{number}", execution_id=f"e{number}")
            publish(store, number)
        assert self.newest(store, logical_date=T0) == 1
        assert self.newest(store, logical_date=T0 + timedelta(days=1)) == 2
        assert self.newest(store, logical_date=T0, newer_than=1) is None
        assert self.newest(store, logical_date=T0 + timedelta(days=2)) is None

    def test_maintenance_brings_nothing_new(self, store: Store) -> None:
        publish(store, 1)
        publish(store, 2, kind=VersionKind.MAINTENANCE)
        assert self.newest(store, newer_than=1) is None

    def test_what_was_taken_back_does_not_count(self, store: Store) -> None:
        publish(store, 1)
        publish(store, 2)
        publish(store, 3, kind=VersionKind.ROLLBACK, snapshot_id=1001)
        assert self.newest(store) == 1
        assert self.newest(store, newer_than=1) is None
        publish(store, 4)
        assert self.newest(store, newer_than=1) == 4

    def test_nothing_counts_that_came_before_a_rollback_to_the_empty_table(self, store: Store) -> None:
        publish(store, 1)
        publish(store, 2)
        publish(store, 3, kind=VersionKind.ROLLBACK, snapshot_id=1000)
        assert self.newest(store) is None
        publish(store, 4)
        assert self.newest(store) == 4

    def test_many_are_answered_by_one_statement(self, store: Store, statements) -> None:
        publish(store, 1)
        waits = [VersionWait(FLIGHTS, newer_than=number) for number in range(500)]
        dated = [VersionWait(FLIGHTS, logical_date=T0 + timedelta(days=number)) for number in range(500)]
        statements.clear()
        assert settled(store, [*waits, *dated]) == {waits[0]}
        assert len([each for each in statements if "gov_version" in each]) == 1
