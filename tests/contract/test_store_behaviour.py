"""What the governance store does, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import create_engine

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import DataRef, Role, Status
from airflow_gov.model.loads import LoadState, RowCounts, VersionKind, WriteMode
from airflow_gov.model.summary import DatasetSummary
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from airflow_gov.store.tables import version as version_table
from support import records
from support.records import FLIGHTS, GOLD, T0, Clock

LEASE = timedelta(seconds=120)


class TestExecutions:
    def test_a_finished_execution_reads_back_whole(self, store: Store) -> None:
        store.executions.start(records.execution())
        store.executions.finish(records.finished())
        assert store.executions.get("e1") == records.finished()

    def test_a_failed_execution_keeps_its_error(self, store: Store) -> None:
        failed = records.finished(
            status=Status.FAILED,
            error_type="GovernanceError",
            error_message="line one\nline two",
            error_reason=Reason.SQL_FAILED,
        )
        store.executions.finish(failed)
        assert store.executions.get("e1") == failed

    def test_unknown_is_none(self, store: Store) -> None:
        assert store.executions.get("nobody") is None

    def test_finish_records_a_try_whose_start_never_arrived(self, store: Store) -> None:
        store.executions.finish(records.finished("late"))
        assert store.executions.get("late") == records.finished("late")

    def test_a_deferred_try_goes_on_with_its_first_start_its_work_and_its_data(self, store: Store) -> None:
        store.executions.start(records.execution())
        store.executions.finish(records.finished(status=Status.DEFERRED, duration=1.5))
        resumed = store.executions.start(records.execution(start=T0 + timedelta(hours=1)))
        assert (resumed.start, resumed.duration) == (T0, 1.5)
        kept = store.executions.get("e1")
        assert kept is not None
        assert (kept.status, kept.start, kept.data) == (Status.RUNNING, T0, records.data())

    def test_the_earliest_start_stays_whatever_arrives_later(self, store: Store) -> None:
        store.executions.start(records.execution(start=T0 + timedelta(hours=1)))
        store.executions.start(records.execution(start=T0))
        kept = store.executions.get("e1")
        assert kept is not None
        assert kept.start == T0

    @pytest.mark.parametrize("late", [Status.RUNNING, Status.DEFERRED])
    def test_a_late_record_does_not_open_a_finished_one(self, store: Store, late: Status) -> None:
        store.executions.finish(records.finished())
        answer = store.executions.finish(records.execution(status=late))
        assert store.executions.get("e1") == records.finished() == answer

    def test_what_the_process_itself_says_replaces_what_was_guessed(self, store: Store) -> None:
        store.executions.start(records.execution())
        _reconcile(store, status=Status.LOST)
        store.executions.finish(records.finished())
        assert store.executions.get("e1") == records.finished()

    def test_finishing_again_replaces_the_data(self, store: Store) -> None:
        store.executions.finish(records.finished())
        less = records.finished(data=(DataRef(Role.SOURCE, "raw.flights", 1),))
        store.executions.finish(less)
        assert store.executions.get("e1") == less

    def test_times_of_other_zones_read_as_the_same_moment(self, store: Store) -> None:
        tokyo = T0.astimezone(timezone(timedelta(hours=9)))
        store.executions.start(records.execution(start=tokyo))
        kept = store.executions.get("e1")
        assert kept is not None
        assert kept.start == T0
        assert kept.start.utcoffset() == timedelta(0)

    def test_a_time_without_a_zone_is_refused(self, store: Store) -> None:
        with pytest.raises(GovernanceError, match="no time zone") as caught:
            store.executions.start(records.execution(start=datetime(2026, 3, 1)))  # noqa: DTZ001
        assert caught.value.reason is Reason.STORE_REFUSED

    def test_text_that_a_database_would_refuse_is_kept_readable(self, store: Store) -> None:
        odd = records.execution(
            code="a\x00b\udc80c",
            meaning="Größe ✓ 😀 ' \" % :x \\",
            parameters={"nul": "\x00", "lone": "\udc80", "nan": float("nan"), "inf": [float("-inf")]},
        )
        store.executions.start(odd)
        kept = store.executions.get("e1")
        assert kept is not None
        assert kept.code == "a�b�c"
        assert kept.meaning == odd.meaning
        assert kept.parameters == {"nul": "\x00", "lone": "\udc80", "nan": "nan", "inf": ["-inf"]}

    def test_parameters_keep_their_order(self, store: Store) -> None:
        store.executions.start(records.execution(parameters={"z": 1, "a": {"y": 1, "b": 2}}))
        kept = store.executions.get("e1")
        assert kept is not None
        assert list(kept.parameters) == ["z", "a"]
        assert list(kept.parameters["a"]) == ["y", "b"]

    def test_a_number_that_does_not_fit_is_refused_and_nothing_is_kept(self, store: Store) -> None:
        with pytest.raises(GovernanceError) as caught:
            store.executions.finish(records.finished(bytes_written=2**63))
        assert caught.value.reason is Reason.STORE_REFUSED
        assert store.executions.get("e1") is None


class TestListOfExecutions:
    @pytest.fixture(autouse=True)
    def _some(self, store: Store) -> None:
        for number in range(6):
            store.executions.start(
                records.execution(
                    f"e{number}",
                    start=T0 + timedelta(minutes=number),
                    dag_id=f"dag{number % 2}",
                    run_id=f"run{number % 3}",
                    task_id=f"task{number}",
                    data=(DataRef(Role.TARGET, f"clean.d{number}"),),
                )
            )
        store.executions.finish(records.finished("e5", start=T0 + timedelta(minutes=5), dag_id="dag1"))

    @pytest.mark.parametrize(
        ("chosen", "expected"),
        [
            ({}, ["e5", "e4", "e3", "e2", "e1", "e0"]),
            ({"limit": 2}, ["e5", "e4"]),
            ({"dag_id": "dag0"}, ["e4", "e2", "e0"]),
            ({"run_id": "run1"}, ["e4", "e1"]),
            ({"task_id": "task3"}, ["e3"]),
            ({"status": Status.SUCCESS}, ["e5"]),
            ({"since": T0 + timedelta(minutes=4)}, ["e5", "e4"]),
            ({"dataset": DatasetName.parse("clean.d2")}, ["e2"]),
            ({"dataset": "preprocessed.flights"}, ["e5"]),
            ({"dag_id": "dag0", "run_id": "run1", "status": Status.RUNNING}, ["e4"]),
            ({"dag_id": "dag9"}, []),
            ({"limit": 0}, []),
        ],
    )
    def test_newest_first_and_only_what_was_asked_for(
        self, store: Store, chosen: dict[str, object], expected: list[str]
    ) -> None:
        found = store.executions.list(**chosen)  # type: ignore[arg-type]
        assert [execution.execution_id for execution in found] == expected

    def test_each_has_its_own_data(self, store: Store) -> None:
        found = {execution.execution_id: execution.data for execution in store.executions.list()}
        assert found["e5"] == records.data()
        assert found["e2"] == (DataRef(Role.TARGET, "clean.d2"),)

    def test_data_can_be_left_out(self, store: Store) -> None:
        assert [execution.data for execution in store.executions.list(data=False, limit=1)] == [()]


def _reconcile(store: Store, status: Status = Status.FAILED, **which: object) -> int:
    asked = {"dag_id": "flights", "run_id": "scheduled__2026-03-01", **which}
    end = T0 + timedelta(hours=2)
    return len(store.executions.reconcile(status=status, message="killed", end=end, **asked))  # type: ignore[arg-type]


class TestReconcile:
    @pytest.mark.parametrize("status", [Status.RUNNING, Status.DEFERRED, Status.UP_FOR_RESCHEDULE])
    def test_closes_what_is_unfinished(self, store: Store, status: Status) -> None:
        store.executions.finish(records.execution(status=status))
        assert _reconcile(store) == 1
        kept = store.executions.get("e1")
        assert kept is not None
        assert (kept.status, kept.error_message) == (Status.FAILED, "killed")
        assert kept.end == T0 + timedelta(hours=2)

    def test_leaves_finished_ones_as_they_are(self, store: Store) -> None:
        store.executions.finish(records.finished())
        assert _reconcile(store) == 0
        assert store.executions.get("e1") == records.finished()

    def test_touches_only_the_run_task_instance_and_tries_it_was_asked_for(self, store: Store) -> None:
        others = {
            "other dag": {"dag_id": "other"},
            "other run": {"run_id": "other"},
            "other task": {"task_id": "other"},
            "other index": {"map_index": 7},
            "same try": {"try_number": 3},
        }
        for name, change in others.items():
            store.executions.start(records.execution(name, **{"map_index": 4, "try_number": 2, **change}))
        store.executions.start(records.execution("mine", map_index=4, try_number=2))
        assert _reconcile(store, task_id="clean", map_index=4, before_try=3) == 1
        running = {execution.execution_id for execution in store.executions.list(status=Status.RUNNING)}
        assert running == set(others)


class TestContracts:
    def test_a_contract_is_new_once(self, store: Store) -> None:
        contract = records.contract()
        assert store.contracts.put(contract) is True
        assert store.contracts.put(contract) is False
        assert store.contracts.text(contract.hash) == contract.text
        assert store.contracts.latest(FLIGHTS) == (contract.hash, contract.text, contract.path)

    def test_nothing_is_known_of_others(self, store: Store) -> None:
        assert store.contracts.text("0") is None
        assert store.contracts.latest(GOLD) is None

    def test_one_file_may_serve_several_datasets(self, store: Store) -> None:
        assert store.contracts.put(records.contract()) is True
        assert store.contracts.put(records.contract(dataset=GOLD)) is True

    def test_latest_is_the_one_last_in_use_also_after_going_back(self, store: Store, clock: Clock) -> None:
        old, new = records.contract("old"), records.contract("new", owner="Cleo")
        for contract, is_new in ((old, True), (new, True), (old, False)):
            clock.move(minutes=1)
            assert store.contracts.put(contract) is is_new
            latest = store.contracts.latest(FLIGHTS)
            assert latest is not None
            assert latest[0] == contract.hash


class TestVerdicts:
    def test_reads_back_whole(self, store: Store) -> None:
        store.verdicts.record(records.verdict())
        assert store.verdicts.get("v1") == records.verdict()
        assert store.verdicts.get("v2") is None

    def test_a_verdict_does_not_change(self, store: Store) -> None:
        store.verdicts.record(records.verdict())
        store.verdicts.record(records.verdict(results=(), rows=99))
        assert store.verdicts.get("v1") == records.verdict()

    def test_for_snapshot_is_the_newest_on_that_snapshot_and_contract(self, store: Store) -> None:
        later = T0 + timedelta(hours=1)
        for verdict in (
            records.verdict("a"),
            records.verdict("b", checked_at=later),
            records.verdict("c", contract_hash="c2", checked_at=later + timedelta(hours=1)),
            records.verdict("d", snapshot_id=2, checked_at=later + timedelta(hours=2)),
            records.verdict("e", dataset=GOLD, checked_at=later + timedelta(hours=3)),
        ):
            store.verdicts.record(verdict)
        newest, of_contract = (store.verdicts.for_snapshot(FLIGHTS, 1001, h) for h in (None, "c1"))
        assert newest is not None
        assert newest.verdict_id == "c"
        assert of_contract is not None
        assert of_contract.verdict_id == "b"
        assert store.verdicts.for_snapshot(FLIGHTS, 1001, "c9") is None
        assert [verdict.verdict_id for verdict in store.verdicts.list(FLIGHTS)] == ["d", "c", "b", "a"]
        assert [verdict.verdict_id for verdict in store.verdicts.list(FLIGHTS, 1)] == ["d"]


class TestVersions:
    def test_reads_back_whole_and_is_current(self, store: Store) -> None:
        recorded = store.versions.record(records.version())
        assert recorded == replace(records.version(), current=True)
        assert store.versions.current(FLIGHTS) == recorded
        assert store.versions.get(FLIGHTS, 1) == recorded
        assert store.versions.by_snapshot(FLIGHTS, 1001) == recorded
        assert store.versions.for_load(FLIGHTS, "l1") == recorded

    def test_unknown_is_none(self, store: Store) -> None:
        store.versions.record(records.version())
        assert store.versions.current(GOLD) is None
        assert store.versions.get(FLIGHTS, 2) is None
        assert store.versions.by_snapshot(FLIGHTS, 2) is None
        assert store.versions.for_load(FLIGHTS, "l2") is None
        assert store.versions.list(GOLD) == []

    def test_the_next_one_becomes_current(self, store: Store) -> None:
        store.versions.record(records.version(1))
        store.versions.record(records.version(2, load_ids=("l2", "l1")))
        found = store.versions.list(FLIGHTS)
        assert [(v.version, v.current, v.load_ids) for v in found] == [
            (2, True, ("l2", "l1")),
            (1, False, ("l1",)),
        ]
        newest = store.versions.for_load(FLIGHTS, "l1")
        assert newest is not None
        assert newest.version == 2
        assert [v.version for v in store.versions.list(FLIGHTS, limit=1)] == [2]

    def test_recording_again_changes_nothing(self, store: Store) -> None:
        first = store.versions.record(records.version(1))
        assert store.versions.record(records.version(1, rows=99, load_ids=())) == first
        assert store.versions.record(records.version(7, snapshot_id=1001)) == first
        assert len(store.versions.list(FLIGHTS)) == 1

    def test_one_that_was_recorded_late_does_not_become_current(self, store: Store) -> None:
        store.versions.record(records.version(1))
        store.versions.record(records.version(3))
        assert store.versions.record(records.version(2)).current is False
        current = store.versions.current(FLIGHTS)
        assert current is not None
        assert current.version == 3

    def test_a_rollback_takes_back_what_came_after_the_version_it_went_to(self, store: Store) -> None:
        for number in (1, 2, 3, 5, 7):
            store.versions.record(records.version(number))
        assert store.versions.taken_back(FLIGHTS, 3) is None
        store.versions.record(records.version(4, snapshot_id=1001, kind=VersionKind.ROLLBACK))
        assert [store.versions.taken_back(FLIGHTS, number) for number in (1, 2, 3, 4, 5)] == [
            None,
            (4, 1),
            (4, 1),
            None,
            None,
        ]
        store.versions.record(records.version(6, snapshot_id=1001, kind=VersionKind.ROLLBACK))
        assert [store.versions.taken_back(FLIGHTS, number) for number in (1, 3, 4, 5, 7)] == [
            None,
            (6, 1),
            (6, 1),
            (6, 1),
            None,
        ]
        store.versions.record(records.version(8, snapshot_id=999, kind=VersionKind.ROLLBACK))
        assert [store.versions.taken_back(FLIGHTS, number) for number in (1, 7, 8)] == [(8, 0), (8, 0), None]
        assert store.versions.taken_back(GOLD, 1) is None

    def test_that_costs_little_also_after_many_versions(self, store: Store, store_url: str) -> None:
        many = 3000
        rows = [
            {
                **{column.name: getattr(records.version(number), column.name) for column in version_table.c},
                "dataset": str(FLIGHTS),
                "kind": VersionKind.PUBLISH if number % 5 else VersionKind.ROLLBACK,
                "snapshot_id": 1000 + number - (number % 5 == 0),
            }
            for number in range(1, many + 1)
        ]
        engine = create_engine(store_url)
        with engine.begin() as connection:
            connection.execute(version_table.insert(), rows)
        engine.dispose()
        assert store.versions.taken_back(FLIGHTS, 1) is None

        def seconds(act: Callable[[], object]) -> float:
            start = time.perf_counter()
            act()
            return time.perf_counter() - start

        whole = min(seconds(lambda: store.versions.list(FLIGHTS, many)) for _ in range(3))
        assert min(seconds(lambda: store.versions.taken_back(FLIGHTS, 1)) for _ in range(3)) < whole / 3

    def test_what_brought_a_snapshot_is_no_rollback(self, store: Store) -> None:
        first = store.versions.record(records.version(1))
        store.versions.record(records.version(2, snapshot_id=1001, kind=VersionKind.ROLLBACK))
        assert store.versions.brought(FLIGHTS, 1001) == replace(first, current=False)
        assert store.versions.brought(FLIGHTS, 999) is None
        assert [each.version for each in store.versions.list(FLIGHTS, before=2)] == [1]

    def test_a_rollback_is_a_version_of_its_own_with_the_old_snapshot(self, store: Store) -> None:
        for number in (1, 2):
            store.versions.record(records.version(number))
        back = records.version(3, snapshot_id=1001, kind=VersionKind.ROLLBACK, load_ids=())
        assert store.versions.record(back) == replace(back, current=True)
        assert store.versions.record(back) == replace(back, current=True)
        assert [v.version for v in store.versions.list(FLIGHTS) if v.current] == [3]
        newest = store.versions.by_snapshot(FLIGHTS, 1001)
        assert newest is not None
        assert newest.version == 3

    def test_a_number_that_stands_for_another_snapshot_is_refused(self, store: Store) -> None:
        store.versions.record(records.version(1))
        with pytest.raises(GovernanceError, match=r"snapshot 1001.*snapshot 5") as caught:
            store.versions.record(records.version(1, snapshot_id=5))
        assert caught.value.reason is Reason.STORE_REFUSED

    def test_datasets_do_not_mix(self, store: Store) -> None:
        store.versions.record(records.version(1))
        store.versions.record(records.version(1, dataset=GOLD, snapshot_id=1001))
        assert [v.dataset for v in store.versions.list(GOLD)] == [GOLD]


class TestLoads:
    def test_a_new_load_is_being_written(self, store: Store) -> None:
        begun = store.loads.begin(records.load(), lease=LEASE)
        assert begun == replace(records.load(), updated_at=T0)
        assert store.loads.get(FLIGHTS, "l1") == begun
        assert store.loads.get(GOLD, "l1") is None

    def test_candidate_then_published(self, store: Store, clock: Clock) -> None:
        load = store.loads.begin(records.load(), lease=LEASE)
        clock.move(seconds=5)
        written = replace(
            load, base_snapshot_id=7, candidate_snapshot_id=8, counts=RowCounts(8, 7, 4, 2, 1, 1)
        )
        store.loads.candidate(written)
        assert store.loads.get(FLIGHTS, "l1") == replace(
            written, state=LoadState.CANDIDATE, updated_at=clock.now
        )
        store.loads.published(FLIGHTS, ["l1"])
        published = store.loads.get(FLIGHTS, "l1")
        assert published is not None
        assert published.state is LoadState.PUBLISHED

    def test_a_rebase_records_the_candidate_again(self, store: Store) -> None:
        load = store.loads.begin(records.load(), lease=LEASE)
        store.loads.candidate(replace(load, candidate_snapshot_id=8))
        store.loads.candidate(replace(load, candidate_snapshot_id=9))
        kept = store.loads.get(FLIGHTS, "l1")
        assert kept is not None
        assert kept.candidate_snapshot_id == 9

    def test_fail(self, store: Store) -> None:
        store.loads.begin(records.load(), lease=LEASE)
        store.loads.fail(FLIGHTS, "l1", "somebody else")
        assert _state(store) is LoadState.WRITING
        store.loads.fail(FLIGHTS, "l1", "e1")
        assert _state(store) is LoadState.FAILED

    def test_published_leaves_a_load_alone_that_is_being_written_anew(self, store: Store) -> None:
        store.loads.candidate(store.loads.begin(records.load(), lease=LEASE))
        store.loads.begin(records.load(execution_id="e2"), lease=LEASE)
        store.loads.published(FLIGHTS, ["l1", "unknown"])
        assert _state(store) is LoadState.WRITING

    def test_candidates_of_a_run_in_the_order_of_mapped_tasks(self, store: Store) -> None:
        for index in (10, 9, 2):
            load = records.load(f"l{index}", map_index=index)
            store.loads.candidate(store.loads.begin(load, lease=LEASE))
        store.loads.begin(records.load("writing", map_index=1), lease=LEASE)
        for other in ({"run_id": "other"}, {"dag_id": "other"}, {"dataset": GOLD}):
            load = records.load(f"of {other}", **other)
            store.loads.candidate(store.loads.begin(load, lease=LEASE))
        found = store.loads.candidates(FLIGHTS, "flights", "scheduled__2026-03-01")
        assert [load.load_id for load in found] == ["l2", "l9", "l10"]
        found = store.loads.of_run(FLIGHTS, "flights", "scheduled__2026-03-01")
        assert [load.load_id for load in found] == ["writing", "l2", "l9", "l10"]

    def test_group(self, store: Store) -> None:
        for dataset, load_id in ((GOLD, "b"), (FLIGHTS, "a")):
            store.loads.begin(records.load(load_id, dataset=dataset, group="split"), lease=LEASE)
        store.loads.begin(records.load("c"), lease=LEASE)
        assert [load.load_id for load in store.loads.group("split")] == ["a", "b"]
        assert store.loads.group("other") == []


def _state(store: Store) -> LoadState:
    load = store.loads.get(FLIGHTS, "l1")
    assert load is not None
    return load.state


class TestLeases:
    def _hold(self, store: Store, **changes: object) -> None:
        store.executions.start(records.execution("holder", **{"task_id": "other", **changes}))
        store.loads.begin(records.load(execution_id="holder"), lease=LEASE)
        store.executions.start(records.execution("next", try_number=2))

    def test_the_same_load_twice_at_once_is_refused(self, store: Store) -> None:
        self._hold(store)
        with pytest.raises(GovernanceError, match=r"being written by .* on worker-1") as caught:
            store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=lambda _: True)
        assert caught.value.reason is Reason.LOAD_IN_PROGRESS
        assert caught.value.attributes["execution_id"] == "holder"
        kept = store.loads.get(FLIGHTS, "l1")
        assert kept is not None
        assert kept.execution_id == "holder"

    def test_another_load_or_dataset_is_free(self, store: Store) -> None:
        self._hold(store)
        store.loads.begin(records.load("l2", execution_id="next"), lease=LEASE)
        store.loads.begin(records.load(execution_id="next", dataset=GOLD), lease=LEASE)

    def test_its_holder_may_begin_again(self, store: Store) -> None:
        self._hold(store)
        assert store.loads.begin(records.load(execution_id="holder"), lease=LEASE).execution_id == "holder"

    def test_a_lease_runs_out(self, store: Store, clock: Clock) -> None:
        self._hold(store)
        clock.move(seconds=119)
        with pytest.raises(GovernanceError):
            store.loads.begin(records.load(execution_id="next"), lease=LEASE)
        clock.move(seconds=1)
        assert store.loads.begin(records.load(execution_id="next"), lease=LEASE).execution_id == "next"

    def test_a_renewed_lease_holds(self, store: Store, clock: Clock) -> None:
        self._hold(store)
        clock.move(seconds=100)
        assert store.loads.renew(FLIGHTS, "l1", "holder", LEASE) is True
        clock.move(seconds=100)
        with pytest.raises(GovernanceError):
            store.loads.begin(records.load(execution_id="next"), lease=LEASE)

    def test_a_dead_holder_is_replaced_and_is_asked_for_by_its_record(self, store: Store) -> None:
        self._hold(store)
        asked = []

        def is_alive(execution: object) -> bool:
            asked.append(execution)
            return False

        store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=is_alive)
        assert asked == [records.execution("holder", task_id="other")]

    def test_an_earlier_try_of_the_same_task_is_replaced(self, store: Store) -> None:
        self._hold(store, task_id="clean", try_number=1)
        begun = store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=lambda _: True)
        assert begun.execution_id == "next"

    @pytest.mark.parametrize(
        "holder", [{"task_id": "clean", "try_number": 2}, {"task_id": "clean", "map_index": 3}]
    )
    def test_a_later_try_or_another_instance_is_not(self, store: Store, holder: dict[str, object]) -> None:
        self._hold(store, **holder)
        with pytest.raises(GovernanceError):
            store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=lambda _: True)

    def test_a_holder_whose_record_is_finished_is_replaced(self, store: Store) -> None:
        self._hold(store)
        store.executions.finish(records.finished("holder", status=Status.FAILED, task_id="other"))
        begun = store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=lambda _: True)
        assert begun.execution_id == "next"

    def test_a_holder_without_a_record_holds_for_its_lease(self, store: Store) -> None:
        store.loads.begin(records.load(execution_id="spooled"), lease=LEASE)
        with pytest.raises(GovernanceError):
            store.loads.begin(records.load(execution_id="next"), lease=LEASE, is_alive=lambda _: False)

    def test_who_was_replaced_is_told_when_it_renews_or_hands_in(self, store: Store, clock: Clock) -> None:
        self._hold(store)
        clock.move(seconds=200)
        store.loads.begin(records.load(execution_id="next"), lease=LEASE)
        assert store.loads.renew(FLIGHTS, "l1", "holder", LEASE) is False
        with pytest.raises(GovernanceError, match="no longer held") as caught:
            store.loads.candidate(records.load(execution_id="holder", candidate_snapshot_id=1))
        assert caught.value.reason is Reason.LOAD_IN_PROGRESS
        store.loads.fail(FLIGHTS, "l1", "holder")
        assert _state(store) is LoadState.WRITING


class TestPinnedSources:
    newer = tuple(replace(source, snapshot_id=200) for source in records.load().sources)

    def _again(self, store: Store, **changes: object) -> tuple[object, ...]:
        load = records.load(execution_id="e2", **{"sources": self.newer, **changes})
        begun = store.loads.begin(load, lease=LEASE)
        kept = store.loads.get(FLIGHTS, "l1")
        assert kept == begun
        return begun.sources

    def test_a_retry_reads_what_the_first_try_read(self, store: Store) -> None:
        store.loads.begin(records.load(), lease=LEASE)
        store.loads.fail(FLIGHTS, "l1", "e1")
        assert self._again(store) == records.load().sources

    def test_also_when_a_candidate_was_written(self, store: Store) -> None:
        store.loads.candidate(store.loads.begin(records.load(), lease=LEASE))
        assert self._again(store) == records.load().sources
        kept = store.loads.get(FLIGHTS, "l1")
        assert kept is not None
        assert kept.candidate_snapshot_id is None

    def test_after_publication_it_reads_anew(self, store: Store) -> None:
        store.loads.candidate(store.loads.begin(records.load(), lease=LEASE))
        store.loads.published(FLIGHTS, ["l1"])
        assert self._again(store) == self.newer

    def test_a_try_that_reads_other_datasets_reads_anew(self, store: Store) -> None:
        store.loads.begin(records.load(), lease=LEASE)
        store.loads.fail(FLIGHTS, "l1", "e1")
        other = (*self.newer, replace(self.newer[0], dataset=DatasetName.parse("clean.airlines")))
        assert self._again(store, sources=other) == other


class TestLog:
    def test_entries_get_their_places_in_order(self, store: Store) -> None:
        places = [store.log.append(records.entry(str(n))).sequence for n in range(3)]
        assert places == [1, 2, 3]
        assert [entry.action for entry in store.log.list()] == ["2", "1", "0"]
        newest = store.log.list()[0]
        chained = {"previous_hash": newest.previous_hash, "hash": newest.hash}
        assert newest == replace(records.entry("2"), sequence=3, **chained)

    def test_list_chooses(self, store: Store) -> None:
        store.log.append(records.entry("publish", subject="a"))
        store.log.append(records.entry("rollback", subject="b", at=T0 + timedelta(hours=1)))
        store.log.append(records.entry("publish", subject="b", at=T0 + timedelta(hours=2)))

        def places(**chosen: object) -> list[int | None]:
            return [entry.sequence for entry in store.log.list(**chosen)]  # type: ignore[arg-type]

        assert places(subject="b") == [3, 2]
        assert places(action="publish") == [3, 1]
        assert places(action="publish", subject="b") == [3]
        assert places(since=T0 + timedelta(hours=1)) == [3, 2]
        assert places(limit=1) == [3]

    def test_a_transaction_that_fails_leaves_no_gap(self, store: Store) -> None:
        store.log.append(records.entry())
        _fail_after(store, lambda: store.log.append(records.entry()))
        assert store.log.append(records.entry()).sequence == 2


def _fail_after(store: Store, write: Callable[[], object]) -> None:
    with suppress(ZeroDivisionError), store.transaction():
        write()
        raise ZeroDivisionError


class TestTransaction:
    def test_everything_or_nothing(self, store: Store) -> None:
        def write() -> None:
            store.versions.record(records.version())
            with store.transaction():
                store.log.append(records.entry())

        _fail_after(store, write)
        assert store.versions.current(FLIGHTS) is None
        assert store.log.list() == []

    def test_sees_what_it_wrote_itself_and_keeps_it(self, store: Store) -> None:
        with store.transaction():
            store.loads.candidate(store.loads.begin(records.load(), lease=LEASE))
            store.versions.record(records.version())
            store.loads.published(FLIGHTS, ["l1"])
            assert store.versions.current(FLIGHTS) is not None
        assert _state(store) is LoadState.PUBLISHED


class TestSummaries:
    def test_an_empty_store_knows_none(self, store: Store) -> None:
        assert store.versions.summaries() == []

    def test_a_dataset_at_a_glance(self, store: Store, clock: Clock) -> None:
        store.contracts.put(records.contract("old", owner="Old"))
        clock.move(minutes=1)
        store.contracts.put(records.contract())
        for number, quarantined in ((1, 5), (2, 3)):
            load = store.loads.begin(records.load(f"l{number}"), lease=LEASE)
            store.loads.candidate(replace(load, counts=RowCounts(quarantined=quarantined)))
            store.versions.record(records.version(number))
        compacted = records.version(3, kind=VersionKind.MAINTENANCE, load_ids=())
        store.versions.record(compacted)
        store.verdicts.record(records.verdict("old"))
        failed = replace(records.verdict().results[0], passed=False)
        store.verdicts.record(
            records.verdict("new", snapshot_id=77, results=(failed,), checked_at=T0 + timedelta(hours=1))
        )
        assert store.versions.summaries() == [
            DatasetSummary(
                dataset=FLIGHTS,
                versions=3,
                version=3,
                snapshot_id=1003,
                rows=30,
                size=300,
                files=3,
                published_at=compacted.published_at,
                quarantined=3,
                passed=False,
                checked_at=T0 + timedelta(hours=1),
                verdict_id="new",
                owner="Ana",
                steward="Ben",
            )
        ]

    def test_every_dataset_heard_of_in_the_order_of_zones(self, store: Store) -> None:
        raw = DatasetName.parse("raw.flights")
        store.versions.record(records.version(dataset=GOLD))
        store.contracts.put(records.contract())
        store.loads.begin(records.load(dataset=raw, write_mode=WriteMode.APPEND), lease=LEASE)
        assert store.versions.summaries()[:2] == [
            DatasetSummary(raw),
            DatasetSummary(FLIGHTS, owner="Ana", steward="Ben"),
        ]
        assert [(s.dataset, s.versions) for s in store.versions.summaries()[2:]] == [(GOLD, 1)]
