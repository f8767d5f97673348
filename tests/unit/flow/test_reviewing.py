"""Published now, confirmed later; what nobody confirms in time is taken back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from airflow_gov.flow import publishing, reviewing
from airflow_gov.flow.reviewing import confirm, enforce_deadlines, reject
from airflow_gov.flow.rollback import rollback
from airflow_gov.flow.sources import SourceSpec, published_head, resolve
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState, VersionKind, WriteMode
from airflow_gov.model.verdicts import ReviewState, Ruling
from airflow_gov.model.zones import DatasetName
from support.gates import FLIGHTS, STEWARD, delays

GOLD = DatasetName.parse("gold.flights")
WHO = {"steward": STEWARD, "decided_by": "cli: grace on host7"}


def _confirm(gates, review, **changes):
    return confirm(gates.governance, review.review_id, **{**WHO, "reason": "looked at it", **changes})


def _reject(gates, review, **changes):
    return reject(gates.governance, review.review_id, **{**WHO, "reason": "wrong sign", **changes})


def _overdue(gates):
    return enforce_deadlines(gates.governance, actor="ops")


def _review(gates, review):
    return gates.governance.store.reviews.get(review.review_id)


def test_it_is_published_at_once_with_a_review_of_two_days(gates):
    (publication,) = gates.gate(gates.load(delays(-1)), on_failure="review")
    review = publication.review
    assert gates.flights == [1]
    assert publication.ruling is Ruling.REVIEW
    assert (review.version, review.state, review.verdict_id) == (
        1,
        ReviewState.OPEN,
        publication.verdict.verdict_id,
    )
    assert review.deadline - review.opened_at == timedelta(days=2)
    (act,) = gates.acts("review.opened")
    assert (act.actor, act.details["version"]) == ("ana", 1)


@pytest.mark.parametrize(
    ("sla", "period"),
    [
        ({"property": "reviewDeadline", "value": 4, "unit": "h"}, timedelta(hours=4)),
        ({"property": "review", "value": "1.5", "unit": "days"}, timedelta(hours=36)),
        ({"property": "reviewDeadline", "value": 3}, timedelta(days=3)),
        ({"property": "latency", "value": 1, "unit": "d"}, timedelta(days=2)),
    ],
)
def test_the_contract_says_how_long_a_steward_has(gates, sla, period):
    gates.promise(sla=[sla])
    review = gates.reviewed(delays(-1))
    assert review.deadline - review.opened_at == period


@pytest.mark.parametrize("value", [0, -1, "soon", 1e9])
def test_a_deadline_that_is_none_is_said_before_anything_is_published(gates, value):
    gates.promise(sla=[{"property": "reviewDeadline", "value": value, "unit": "d"}])
    load = gates.load(delays(-1))
    with pytest.raises(GovernanceError, match="review's deadline") as caught:
        gates.gate(load, on_failure="review")
    assert caught.value.reason is Reason.CONTRACT_INVALID
    assert gates.now(load).state is LoadState.CANDIDATE


def test_without_a_steward_there_is_no_review_also_of_good_rows(gates):
    gates.promise(stewards=[])
    load = gates.load(delays(1))
    with pytest.raises(GovernanceError, match="no steward") as caught:
        gates.gate(load, on_failure="review")
    assert caught.value.reason is Reason.STEWARD_REQUIRED
    assert gates.flights == []


def test_what_a_steward_confirms_stays(gates):
    review = gates.reviewed(delays(-1))
    confirmed = _confirm(gates, review)
    assert (confirmed.state, confirmed.steward, confirmed.reason) == (
        ReviewState.CONFIRMED,
        STEWARD,
        "looked at it",
    )
    gates.clock.move(days=9)
    assert _overdue(gates) == []
    assert gates.flights == [1]
    (act,) = gates.acts("review.confirmed")
    assert (act.actor, act.details["decided_by"]) == (STEWARD, "cli: grace on host7")


def test_what_a_steward_rejects_goes_at_once(gates):
    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    assert _reject(gates, review).state is ReviewState.REJECTED
    assert gates.flights == [1]
    current = published_head(gates.governance, FLIGHTS)
    assert (current.kind, current.version) == (VersionKind.ROLLBACK, 3)
    (decided,) = gates.acts("review.decided")
    assert (decided.actor, decided.details["state"]) == (STEWARD, "rejected")
    (act,) = gates.acts("review.rejected")
    assert (act.details["gone"], act.details["current"], act.details["reason"]) == ([2], 3, "wrong sign")


@pytest.mark.parametrize("decide", [_confirm, _reject])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"steward": "eve@example.com"}, Reason.STEWARD_REQUIRED),
        ({"reason": "  "}, Reason.PARAMETER_INVALID),
    ],
)
def test_only_a_steward_decides_and_says_why(gates, decide, changes, reason):
    review = gates.reviewed(delays(-1))
    with pytest.raises(GovernanceError) as caught:
        decide(gates, review, **changes)
    assert caught.value.reason is reason
    assert _review(gates, review).state is ReviewState.OPEN


HEIDI = "heidi@example.com"


@pytest.mark.parametrize("decide", [_confirm, _reject])
def test_a_load_that_no_gate_let_through_makes_nobody_a_steward(gates, decide):
    review = gates.reviewed(delays(-1))
    gates.promise(stewards=[HEIDI], version="1.1.0")
    gates.load(delays(2, first=2))
    with pytest.raises(GovernanceError, match=r"names grace@example\.com") as caught:
        decide(gates, review, steward=HEIDI)
    assert caught.value.reason is Reason.STEWARD_REQUIRED
    assert decide(gates, review).steward == STEWARD


def test_who_is_no_steward_by_the_current_version_any_more_does_not_decide_on_an_earlier_one(gates):
    gates.promise(stewards=[STEWARD, HEIDI])
    review = gates.reviewed(delays(-1))
    gates.promise(stewards=[HEIDI, "ivan@example.com"], version="1.1.0")
    gates.gate(gates.load(delays(2, first=2)), on_failure="warn")
    for nobody in (STEWARD, "ivan@example.com"):
        with pytest.raises(GovernanceError, match=r"names heidi@example\.com\.") as caught:
            _confirm(gates, review, steward=nobody)
        assert caught.value.reason is Reason.STEWARD_REQUIRED
    assert _confirm(gates, review, steward=HEIDI).state is ReviewState.CONFIRMED


def test_where_the_two_contracts_have_none_in_common_nobody_decides(gates):
    review = gates.reviewed(delays(-1))
    gates.promise(stewards=[HEIDI], version="1.1.0")
    gates.gate(gates.load(delays(2, first=2)), on_failure="warn")
    for nobody in (STEWARD, HEIDI):
        with pytest.raises(GovernanceError, match="Nobody is a steward") as caught:
            _confirm(gates, review, steward=nobody)
        assert caught.value.reason is Reason.STEWARD_REQUIRED


def test_a_review_is_decided_once(gates):
    review = gates.reviewed(delays(-1))
    _confirm(gates, review)
    with pytest.raises(GovernanceError, match="confirmed already by grace"):
        _reject(gates, review)
    assert gates.flights == [1]


def test_an_unknown_review_is_refused(gates):
    with pytest.raises(GovernanceError, match="no review 'x'"):
        confirm(gates.governance, "x", **WHO, reason="why not")


class TestDeadline:
    def test_unconfirmed_then_it_goes_back_to_the_last_confirmed_version(self, gates):
        gates.published(delays(5))
        review = gates.reviewed(delays(-1, first=2))
        gates.clock.now = review.deadline - timedelta(seconds=1)
        assert _overdue(gates) == []
        assert gates.flights == [1, 2]
        gates.clock.now = review.deadline
        (overdue,) = _overdue(gates)
        assert (overdue.state, overdue.steward) == (ReviewState.OVERDUE, None)
        assert gates.flights == [1]
        assert _overdue(gates) == []
        (act,) = gates.acts("review.overdue")
        assert (act.actor, act.details["gone"]) == ("ops", [2])

    def test_too_late_to_confirm_is_too_late(self, gates):
        gates.published(delays(5))
        review = gates.reviewed(delays(-1, first=2))
        gates.clock.move(days=3)
        with pytest.raises(GovernanceError, match="overdue already"):
            _confirm(gates, review)
        assert gates.flights == [1]

    def test_versions_that_were_built_upon_it_go_too(self, gates):
        gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        for number in (3, 4):
            gates.gate(gates.load(delays(number, first=number)), on_failure="warn")
        gates.clock.move(days=3)
        _overdue(gates)
        assert gates.flights == [1]
        assert gates.acts("review.overdue")[0].details["gone"] == [2, 3, 4]

    def test_what_replaced_all_its_rows_stays(self, gates):
        gates.published(delays(5), mode=WriteMode.OVERWRITE)
        review = gates.reviewed(delays(-1), mode=WriteMode.OVERWRITE)
        gates.published(delays(6, 7), mode=WriteMode.OVERWRITE)
        gates.clock.move(days=3)
        (overdue,) = _overdue(gates)
        assert (overdue.review_id, overdue.state) == (review.review_id, ReviewState.OVERDUE)
        assert gates.flights == [1, 2]
        assert len(gates.governance.store.versions.list(FLIGHTS)) == 3

    def test_how_a_load_is_written_today_says_nothing_of_what_it_did_when_it_was_published(self, gates):
        gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        later = gates.load(delays(7, first=3), key="daily")
        gates.gate(later, on_failure="warn")
        gates.load(delays(7, first=3), key="daily", mode=WriteMode.OVERWRITE)
        gates.clock.move(days=3)
        _overdue(gates)
        assert gates.flights == [1]

    def test_a_maintained_version_replaced_nothing(self, gates):
        from airflow_gov.flow.maintenance import Upkeep, maintain

        gates.promise(partitioned=True)
        gates.published(delays(5))
        rows = [*delays(-1, first=2), *delays(3, first=3, day="tue")]
        review = gates.reviewed(rows, mode=WriteMode.OVERWRITE)
        gates.gate(*(gates.load(delays(5, first=number)) for number in (4, 5, 6)), on_failure="warn")
        maintain(gates.governance, FLIGHTS, Upkeep(grace_hours=0))
        _reject(gates, review)
        assert gates.flights == [1]

    def test_it_goes_back_past_many_versions(self, gates, monkeypatch):
        from airflow_gov.flow import ancestry

        monkeypatch.setattr(ancestry, "_PAGE", 2)
        gates.published(delays(5))
        review = gates.reviewed(delays(-1, first=2))
        for number in range(3, 7):
            gates.gate(gates.load(delays(number, first=number)), on_failure="warn")
        _reject(gates, review)
        assert gates.flights == [1]

    def test_an_earlier_version_that_waits_for_its_own_review_is_not_gone_back_to(self, gates):
        gates.published(delays(5))
        first = gates.reviewed(delays(-1, first=2))
        gates.clock.move(hours=1)
        second = gates.reviewed(delays(-1, first=3))
        _reject(gates, second)
        assert gates.flights == [1]
        assert _review(gates, first).state is ReviewState.OPEN

    def test_a_confirmed_one_is(self, gates):
        gates.published(delays(5))
        _confirm(gates, gates.reviewed(delays(-1, first=2)))
        _reject(gates, gates.reviewed(delays(-1, first=3)))
        assert gates.flights == [1, 2]

    def test_a_maintained_version_is_what_it_was_made_of(self, gates):
        from airflow_gov.flow.maintenance import Upkeep, maintain

        gates.gate(*(gates.load(delays(5, first=number)) for number in (1, 3, 4)))
        gates.reviewed(delays(-1, first=2))
        maintain(gates.governance, FLIGHTS, Upkeep(grace_hours=0))
        assert published_head(gates.governance, FLIGHTS).kind is VersionKind.MAINTENANCE
        gates.clock.move(days=3)
        _overdue(gates)
        assert gates.flights == [1, 3, 4]

    @pytest.mark.parametrize("before", [True, False])
    def test_maintenance_keeps_what_it_goes_back_to(self, gates, before):
        from airflow_gov.flow.maintenance import Upkeep, maintain

        thrifty = Upkeep(keep_versions=1, keep_days=0, grace_hours=0)
        gates.clock.now = datetime.now(UTC)
        if before:
            gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        gates.gate(gates.load(delays(7, first=3)), on_failure="warn")
        gates.clock.move(days=1)
        maintain(gates.governance, FLIGHTS, thrifty)
        assert len(gates.flights) == 2 + before
        gates.clock.move(days=1)
        maintain(gates.governance, FLIGHTS, thrifty)
        assert gates.flights == ([1] if before else [])

    def test_where_nothing_was_before_nothing_is_left(self, gates):
        load = gates.load(delays(-1))
        gates.gate(load, on_failure="review")
        gates.clock.move(days=3)
        _overdue(gates)
        assert gates.flights == []
        current = published_head(gates.governance, FLIGHTS)
        assert (current.version, current.kind, current.rows) == (2, VersionKind.ROLLBACK, 0)
        with pytest.raises(GovernanceError, match="rolled back") as caught:
            resolve(gates.governance, [SourceSpec(FLIGHTS, load.load_id)], GOLD)
        assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
        gates.published(delays(5))
        assert gates.flights == [1]

    @pytest.mark.parametrize("named", [True, False])
    def test_whoever_reads_a_source_finds_it_taken_back(self, gates, named):
        gates.published(delays(5))
        load = gates.load(delays(-1, first=2))
        gates.gate(load, on_failure="review")
        gates.clock.move(days=3)
        if named:
            with pytest.raises(GovernanceError, match="rolled back"):
                resolve(gates.governance, [SourceSpec(FLIGHTS, load.load_id)], GOLD)
        else:
            (ref,) = resolve(gates.governance, [SourceSpec(FLIGHTS)], GOLD)
            assert ref.version == 3
        assert gates.flights == [1]

    def test_so_does_the_next_gate(self, gates):
        gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        gates.clock.move(days=3)
        gates.published(delays(6, first=3))
        assert gates.flights == [1, 3]

    def test_its_loads_gate_cannot_publish_it_again(self, gates):
        load = gates.load(delays(-1))
        gates.gate(load, on_failure="review")
        gates.clock.move(days=3)
        with pytest.raises(GovernanceError, match="rolled back"):
            gates.gate(load, on_failure="review")

    def test_nor_can_a_rollback(self, gates):
        gates.published(delays(5))
        _reject(gates, gates.reviewed(delays(-1, first=2)))
        gates.published(delays(6, first=3))
        with pytest.raises(GovernanceError, match=r"review is rejected \(wrong sign\)") as caught:
            rollback(gates.governance, FLIGHTS, 2, reason="once more", actor="ada")
        assert caught.value.reason is Reason.PUBLISH_REFUSED
        assert gates.flights == [1, 3]

    def test_one_dataset_is_looked_at_when_one_is_asked_for(self, gates):
        gates.reviewed(delays(-1))
        gates.clock.move(days=3)
        assert enforce_deadlines(gates.governance, dataset=GOLD, actor="ops") == []
        assert len(enforce_deadlines(gates.governance, dataset=FLIGHTS, actor="ops")) == 1


class Killed(BaseException):
    pass


class TestInterrupted:
    @pytest.mark.parametrize(
        ("decide", "step", "when"),
        [
            (_reject, "_roll_back", "before"),
            (_reject, "restore", "after"),
            (lambda gates, _: _overdue(gates), "restore", "before"),
            (lambda gates, _: _overdue(gates), "_roll_back", "after"),
        ],
    )
    def test_whoever_looks_next_finishes_it(self, gates, monkeypatch, decide, step, when):
        gates.published(delays(5))
        review = gates.reviewed(delays(-1, first=2))
        if decide is not _reject:
            gates.clock.move(days=3)
        does = getattr(reviewing, step)

        def dies(*args, **kwargs):
            if when == "after":
                does(*args, **kwargs)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(reviewing, step, dies)
            with pytest.raises(Killed):
                decide(gates, review)
        assert _review(gates, review).state is not ReviewState.OPEN
        assert published_head(gates.governance, FLIGHTS).rows == 1
        assert gates.flights == [1]
        assert gates.governance.store.reviews.due(gates.clock.now + timedelta(days=9)) == []

    def test_of_two_at_once_one_takes_it_back_and_both_are_content(self, gates):
        gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        gates.clock.move(days=3)
        together, failures = threading.Barrier(3), []

        def look():
            governance = gates.another()
            together.wait()
            try:
                enforce_deadlines(governance, actor="ops")
            except Exception as error:  # noqa: BLE001 - told by the test
                failures.append(error)
            finally:
                governance.close()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert gates.flights == [1]
        assert [each.kind for each in gates.governance.store.versions.list(FLIGHTS)][:1] == [
            VersionKind.ROLLBACK
        ]
        assert len(gates.governance.store.versions.list(FLIGHTS)) == 3
        assert len(gates.acts("review.overdue")) == 1

    def test_a_publication_that_comes_between_is_taken_back_with_it(self, gates, monkeypatch):
        gates.published(delays(5))
        gates.reviewed(delays(-1, first=2))
        load = gates.load(delays(6, first=3))
        restore = reviewing.restore

        def meanwhile(*args, **kwargs):
            monkeypatch.setattr(reviewing, "restore", restore)
            with monkeypatch.context() as patched:
                # This gate looked for reviews just before there was one to act on.
                patched.setattr(publishing, "enforce_deadlines", lambda *_, **__: [])
                gates.gate(load, on_failure="warn")
            return restore(*args, **kwargs)

        monkeypatch.setattr(reviewing, "restore", meanwhile)
        (review,) = gates.governance.store.reviews.list(FLIGHTS)
        _reject(gates, review)
        assert gates.flights == [1]
        assert gates.acts("review.rejected")[0].details["gone"] == [2, 3]

    def test_what_cannot_be_taken_back_cannot_be_read_until_it_is_replaced(self, gates, monkeypatch):
        def gone(governance, dataset):
            raise GovernanceError(Reason.VERSION_UNKNOWN, "maintenance removed it")

        monkeypatch.setattr(reviewing, "before_the_first", gone)
        gates.reviewed(delays(-1))
        gates.clock.move(days=3)
        with pytest.raises(GovernanceError, match="could not be taken back") as caught:
            published_head(gates.governance, FLIGHTS)
        assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
        gates.published(delays(4), mode=WriteMode.OVERWRITE)
        assert published_head(gates.governance, FLIGHTS).rows == 1
