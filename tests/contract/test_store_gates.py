"""What the governance store keeps of gates and stewards, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState
from airflow_gov.model.verdicts import Decision, Review, ReviewState, RuleResult, Ruling, Waiver
from airflow_gov.store import Store
from support import records
from support.records import FLIGHTS, GOLD, T0, Clock

HOUR = timedelta(hours=1)


def decision(ruling: Ruling = Ruling.PASSED, **changes: Any) -> Decision:
    given = Decision(FLIGHTS, 1001, "c1", "v1", ruling, T0, execution_id="e1")
    return replace(given, **changes)


def waiver(waiver_id: str = "w1", **changes: Any) -> Waiver:
    given = Waiver(
        waiver_id=waiver_id,
        dataset=FLIGHTS,
        load_ids=("l1", "l2"),
        contract_hash="c1",
        verdict_id="v1",
        rules=("no negative delays", "required(flight)"),
        reason="the airport confirmed it",
        steward="ben",
        granted_by="cli: ben on host7",
        granted_at=T0,
        expires_at=T0 + HOUR,
    )
    return replace(given, **changes)


def review(review_id: str = "r1", **changes: Any) -> Review:
    given = Review(review_id, FLIGHTS, 2, 1002, "v2", opened_at=T0, deadline=T0 + HOUR)
    return replace(given, **changes)


class TestVerdicts:
    def test_all_that_a_rule_tells_reads_back(self, store: Store) -> None:
        whole = RuleResult(
            rule="delays in range",
            passed=False,
            columns=("delay",),
            expected="between 0 and 100",
            observed="3 rows outside",
            failed_rows=3,
            severity="error",
            engine="python",
            check="expect_column_values_to_be_between",
            dimension="validity",
            description="Größe ✓",
            value={"min": -1.5, "list": [1, None, "x"], "nan": "nan"},
            rows=9_007_199_254_740_993,
            missing=4,
            examples=({"flight": "UA1", "day": "2026-03-01"}, {"flight": None, "day": 7}),
        )
        given = records.verdict(results=(whole, RuleResult("row_count", True)), load_ids=("l1", "l2"))
        store.verdicts.record(given)
        assert store.verdicts.get("v1") == given

    def test_rules_that_were_recorded_before_tell_nothing_more(self, store: Store, store_url: str) -> None:
        store.verdicts.record(records.verdict())
        store.downgrade("0002")
        engine = sqlalchemy.create_engine(store_url)
        with engine.connect() as connection:
            count = connection.execute(text("SELECT count(*) FROM gov_verdict_rule")).scalar()
        engine.dispose()
        assert count == len(records.verdict().results)
        store.upgrade()
        assert store.verdicts.get("v1") == records.verdict()


class TestDecisions:
    def test_the_newest_counts_and_all_are_kept(self, store: Store) -> None:
        refused = decision(Ruling.REFUSED)
        waived = decision(Ruling.WAIVED, waiver_id="w1", decided_at=T0 + HOUR)
        for each in (refused, waived):
            store.decisions.record(each)
        assert store.decisions.for_snapshot(FLIGHTS, 1001) == waived
        assert store.decisions.list(FLIGHTS) == [waived, refused]
        assert store.decisions.for_snapshot(GOLD, 1001) is None
        assert store.decisions.for_snapshot(FLIGHTS, 1002) is None

    def test_a_later_refusal_does_not_undo_what_let_it_be_published(self, store: Store) -> None:
        store.decisions.record(decision(Ruling.WARNED))
        store.decisions.record(decision(Ruling.REFUSED, decided_at=T0 + HOUR, execution_id="e2"))
        found = store.decisions.for_snapshot(FLIGHTS, 1001, publishing=True)
        assert found is not None
        assert found.ruling is Ruling.WARNED

    def test_what_passed_before_decisions_were_kept_and_is_no_version_yet_was_let_through(
        self, store: Store
    ) -> None:
        bad = RuleResult("row_count", False)
        for number, (snapshot_id, dataset, results) in enumerate(
            [
                (1001, FLIGHTS, ()),
                (1002, FLIGHTS, ()),
                (1002, FLIGHTS, ()),
                (1002, FLIGHTS, (bad,)),
                (1003, FLIGHTS, (bad,)),
                (1002, GOLD, ()),
            ],
            1,
        ):
            changes = {"snapshot_id": snapshot_id, "dataset": dataset, "results": results}
            checked_at = T0 + number * HOUR
            store.verdicts.record(records.verdict(f"v{number}", checked_at=checked_at, **changes))
        store.verdicts.record(records.verdict("v0", snapshot_id=1002, results=(), checked_at=T0 + 3 * HOUR))
        store.versions.record(records.version(1))
        store.downgrade("0002")
        store.upgrade()
        expected = decision(snapshot_id=1002, verdict_id="v3", decided_at=T0 + 3 * HOUR)
        assert store.decisions.list(FLIGHTS) == [expected]
        assert store.decisions.for_snapshot(FLIGHTS, 1002, publishing=True) == expected
        assert [each.verdict_id for each in store.decisions.list(GOLD)] == ["v6"]

    def test_a_snapshot_that_was_only_refused_has_none_that_publishes(self, store: Store) -> None:
        store.decisions.record(decision(Ruling.REFUSED))
        assert store.decisions.for_snapshot(FLIGHTS, 1001, publishing=True) is None

    def test_said_again_by_the_same_execution_it_is_one_fact(self, store: Store) -> None:
        for seconds in (0, 5):
            store.decisions.record(decision(decided_at=T0 + timedelta(seconds=seconds)))
        assert store.decisions.list(FLIGHTS) == [decision()]
        store.decisions.record(decision(execution_id="e2"))
        assert len(store.decisions.list(FLIGHTS)) == 2


class TestWaivers:
    def test_reads_back_whole(self, store: Store) -> None:
        store.waivers.record(waiver())
        assert store.waivers.get("w1") == waiver()
        assert store.waivers.get("nobody") is None

    def test_it_does_not_change(self, store: Store) -> None:
        store.waivers.record(waiver())
        store.waivers.record(waiver(expires_at=T0 + 9 * HOUR))
        assert store.waivers.get("w1") == waiver()

    @pytest.mark.parametrize(
        ("asked", "holds"),
        [
            ({}, True),
            ({"load_ids": ("l2", "l1")}, True),
            ({"load_ids": ("l1",)}, False),
            ({"load_ids": ("l1", "l2", "l3")}, False),
            ({"contract_hash": "c2"}, False),
            ({"dataset": GOLD}, False),
            ({"now": T0 + HOUR}, False),
            ({"now": T0 + HOUR - timedelta(microseconds=1)}, True),
        ],
    )
    def test_it_holds_for_what_it_was_granted_until_it_expires(
        self, store: Store, asked: dict[str, Any], holds: bool
    ) -> None:
        store.waivers.record(waiver())
        wanted = {"dataset": FLIGHTS, "load_ids": ("l1", "l2"), "contract_hash": "c1", "now": T0, **asked}
        assert store.waivers.valid(**wanted) == ([waiver()] if holds else [])

    def test_listed_newest_first(self, store: Store) -> None:
        other = waiver("w2", dataset=GOLD, granted_at=T0 + HOUR)
        for each in (waiver(), other):
            store.waivers.record(each)
        assert store.waivers.list() == [other, waiver()]
        assert store.waivers.list(FLIGHTS) == [waiver()]
        assert store.waivers.list(limit=1) == [other]


def _decide(store: Store, state: ReviewState = ReviewState.CONFIRMED, steward: str | None = "ben") -> Review:
    return store.reviews.decide("r1", state, steward, "cli: ben on host7", "looked at it", T0 + HOUR)


class TestReviews:
    def test_opened_again_it_stays_as_it_is(self, store: Store) -> None:
        assert store.reviews.open(review())
        decided = _decide(store)
        assert not store.reviews.open(review(deadline=T0 + 9 * HOUR))
        assert store.reviews.get("r1") == decided
        assert store.reviews.for_snapshot(FLIGHTS, 1002) == decided

    def test_it_tells_who_decided_what_when_and_why(self, store: Store) -> None:
        store.reviews.open(review())
        assert _decide(store) == review(
            state=ReviewState.CONFIRMED,
            steward="ben",
            decided_by="cli: ben on host7",
            decided_at=T0 + HOUR,
            reason="looked at it",
        )

    @pytest.mark.parametrize("second", [ReviewState.CONFIRMED, ReviewState.REJECTED, ReviewState.OVERDUE])
    def test_it_is_decided_once(self, store: Store, second: ReviewState) -> None:
        store.reviews.open(review())
        decided = _decide(store)
        with pytest.raises(GovernanceError, match="confirmed already by ben") as caught:
            _decide(store, second)
        assert caught.value.reason is Reason.PARAMETER_INVALID
        assert store.reviews.get("r1") == decided

    def test_of_two_at_once_one_wins(self, store: Store) -> None:
        store.reviews.open(review())
        outcomes: list[object] = []
        together = threading.Barrier(2)

        def decide(state: ReviewState) -> None:
            together.wait()
            try:
                outcomes.append(_decide(store, state).state)
            except GovernanceError as error:
                outcomes.append(error.reason)

        threads = [
            threading.Thread(target=decide, args=(state,))
            for state in (ReviewState.CONFIRMED, ReviewState.REJECTED)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(outcomes) == 2
        assert Reason.PARAMETER_INVALID in outcomes
        kept = store.reviews.get("r1")
        assert kept is not None
        assert kept.state in outcomes

    def test_an_unknown_one_is_refused(self, store: Store) -> None:
        with pytest.raises(GovernanceError, match="no review 'r1'"):
            _decide(store)

    def test_due_are_those_whose_deadline_passed_and_nobody_decided(self, store: Store) -> None:
        late, later = review(), review("r2", dataset=GOLD, deadline=T0 + 2 * HOUR)
        for each in (later, late):
            store.reviews.open(each)
        assert store.reviews.due(T0 + HOUR - timedelta(seconds=1)) == []
        assert store.reviews.due(T0 + HOUR) == [late]
        assert store.reviews.due(T0 + 3 * HOUR) == [late, later]
        assert store.reviews.due(T0 + 3 * HOUR, GOLD) == [later]
        _decide(store)
        assert store.reviews.due(T0 + 3 * HOUR, FLIGHTS) == []

    @pytest.mark.parametrize("state", [ReviewState.REJECTED, ReviewState.OVERDUE])
    def test_what_was_not_taken_back_yet_stays_due_until_it_is(
        self, store: Store, state: ReviewState
    ) -> None:
        store.reviews.open(review())
        decided = _decide(store, state, None)
        assert store.reviews.due(T0) == [decided]
        assert store.reviews.settle("r1")
        assert not store.reviews.settle("r1")
        assert store.reviews.due(T0 + 9 * HOUR) == []

    def test_listed_by_dataset_and_state_newest_first(self, store: Store) -> None:
        other = review("r2", opened_at=T0 + HOUR, snapshot_id=1003, version=3)
        for each in (review(), other):
            store.reviews.open(each)
        decided = _decide(store)
        assert store.reviews.list() == [other, decided]
        assert store.reviews.list(FLIGHTS, ReviewState.OPEN) == [other]
        assert store.reviews.list(GOLD) == []
        assert store.reviews.list(limit=1) == [other]


class TestReports:
    def test_the_last_page_of_a_verdict_is_kept(self, store: Store) -> None:
        store.verdicts.record(records.verdict())
        assert store.reports.get("v1") is None
        for html in ("<p>first</p>", "<p>Größe ✓</p>"):
            store.reports.put("v1", html, T0)
        assert store.reports.get("v1") == "<p>Größe ✓</p>"

    def test_of_a_verdict_that_is_not_recorded_there_is_none(self, store: Store) -> None:
        with pytest.raises(GovernanceError):
            store.reports.put("nothing", "<p>page</p>", T0)


class TestSuites:
    def test_the_files_a_contract_names_are_kept_with_it(self, store: Store) -> None:
        named = records.contract("of suites", suites={"suites/b.json": "{}", "suites/a.json": '{"x": "ü"}'})
        store.contracts.put(named)
        assert store.contracts.suites(named.hash) == named.suites
        assert store.contracts.suites("unknown") == {}

    def test_two_datasets_of_one_file_share_them(self, store: Store) -> None:
        for dataset in (FLIGHTS, GOLD):
            store.contracts.put(records.contract("shared", dataset=dataset, suites={"a.json": "{}"}))
        assert store.contracts.suites(records.contract("shared").hash) == {"a.json": "{}"}


class TestWaitingLoads:
    def test_candidates_of_all_runs_newest_first(self, store: Store, clock: Clock) -> None:
        for load_id, dataset in (("l1", FLIGHTS), ("l2", GOLD), ("l3", FLIGHTS)):
            begun = store.loads.begin(records.load(load_id, dataset=dataset), lease=HOUR)
            store.loads.candidate(begun)
            clock.move(seconds=1)
        store.loads.begin(records.load("l4"), lease=HOUR)
        store.loads.published(FLIGHTS, ["l1"])
        assert [load.load_id for load in store.loads.waiting()] == ["l3", "l2"]
        assert [load.load_id for load in store.loads.waiting(FLIGHTS)] == ["l3"]
        assert [load.load_id for load in store.loads.waiting(limit=1)] == ["l3"]
        assert all(load.state is LoadState.CANDIDATE for load in store.loads.waiting())
