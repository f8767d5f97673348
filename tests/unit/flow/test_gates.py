"""What a gate decides on a candidate, and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from airflow_gov.flow.deciding import GateOptions, QuarantineLimit
from airflow_gov.flow.sources import published_head
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState, VersionKind, WriteMode
from airflow_gov.model.verdicts import Ruling
from support.gates import FLIGHTS, STEWARD, delays

GOOD, BAD = delays(1, 2, 3), delays(1, -2, -3)


def test_what_keeps_its_contract_is_published_and_the_decision_recorded(gates):
    (publication,) = gates.gate(gates.load(GOOD))
    assert (publication.ruling, publication.republished, publication.quarantined) == (Ruling.PASSED, False, 0)
    assert gates.flights == [1, 2, 3]
    decision = gates.governance.store.decisions.for_snapshot(FLIGHTS, publication.version.snapshot_id)
    assert (decision.ruling, decision.verdict_id) == (Ruling.PASSED, publication.verdict.verdict_id)
    assert publication.verdict.load_ids == publication.load_ids


def test_what_does_not_is_refused_with_rule_numbers_and_keys(gates):
    load = gates.load(BAD)
    with pytest.raises(GovernanceError) as caught:
        gates.gate(load)
    assert caught.value.reason is Reason.VERDICT_FAILED
    for fact in ("clean.flights: no negative delays", "2 rows", "flight=2; flight=3"):
        assert fact in str(caught.value)
    assert "secret" not in str(caught.value)
    assert gates.now(load).state is LoadState.CANDIDATE
    assert gates.flights == []
    (verdict,) = gates.governance.store.verdicts.list(FLIGHTS)
    assert caught.value.attributes["verdicts"] == [verdict.verdict_id]
    decision = gates.governance.store.decisions.for_snapshot(FLIGHTS, verdict.snapshot_id)
    assert decision.ruling is Ruling.REFUSED
    (act,) = gates.acts("publish.refused")
    assert (act.actor, act.details["verdict"]) == ("ana", verdict.verdict_id)


def test_a_gate_that_warns_publishes_and_says_so(gates):
    (publication,) = gates.gate(gates.load(BAD), on_failure="warn")
    assert publication.ruling is Ruling.WARNED
    assert not publication.verdict.passed
    assert gates.flights == [1, 2, 3]
    (act,) = gates.acts("publish")
    assert act.details["ruling"] == "warned"


def test_the_second_gate_on_a_candidate_says_that_it_is_published(gates):
    load = gates.load(BAD)
    (first,) = gates.gate(load, on_failure="warn")
    (second,) = gates.gate(load)
    assert (second.republished, second.version, second.ruling) == (True, first.version, Ruling.WARNED)
    assert len(gates.acts("publish")) == 1


def test_a_gate_that_found_the_candidate_before_another_published_it_says_the_same(gates):
    load = gates.load(BAD)
    stale = gates.now(load)
    gates.gate(load, on_failure="warn")
    gates.now = lambda _load: stale
    (second,) = gates.gate(load)
    assert (second.republished, second.ruling) == (True, Ruling.WARNED)
    assert len(gates.governance.store.versions.list(FLIGHTS)) == 1


def test_of_two_at_once_one_publishes_and_both_say_the_same_version(gates):
    load = gates.load(GOOD)
    together, told = threading.Barrier(2), []

    def run():
        governance = gates.another()
        together.wait()
        try:
            told.extend(gates.gate(load, governance=governance))
        finally:
            governance.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.version.version for each in told] == [1, 1]
    assert sorted(each.republished for each in told) == [False, True]
    assert len(gates.acts("publish")) == 1
    assert gates.flights == [1, 2, 3]


def test_a_contract_that_changed_after_the_load_is_said_and_the_candidate_stays(gates):
    load = gates.load(GOOD)
    with pytest.raises(GovernanceError, match="changed after load") as caught:
        gates.gate(load, contract_hashes=lambda _: "f" * 64)
    assert caught.value.reason is Reason.CONTRACT_CHANGED
    assert gates.now(load).state is LoadState.CANDIDATE
    (publication,) = gates.gate(load, contract_hashes=lambda _: load.contract_hash)
    assert publication.version.version == 1


@pytest.mark.parametrize("turned", [False, True])
def test_loads_under_different_contracts_are_not_judged_by_one_of_them(gates, turned):
    strict = gates.load(BAD, key="one")
    gates.clock.move(seconds=1)
    gates.promise(quality=[], version="0.9.0")
    weak = gates.load(delays(4, first=4))
    both = (weak, strict) if turned else (strict, weak)
    with pytest.raises(GovernanceError, match=f"Run the task of load {strict.load_id} again") as caught:
        gates.gate(*both)
    assert caught.value.reason is Reason.CONTRACT_CHANGED
    assert all(load.load_id in str(caught.value) for load in both)
    assert gates.flights == []
    assert {gates.now(load).state for load in both} == {LoadState.CANDIDATE}
    (publication,) = gates.gate(gates.load(BAD, key="one"), weak)
    assert publication.version.rows == 4


def test_a_dag_without_a_contract_at_hand_takes_the_loads_word(gates):
    (publication,) = gates.gate(gates.load(GOOD), contract_hashes=lambda _: None)
    assert publication.version.version == 1


def test_a_candidate_that_was_discarded_is_said_to_be_gone(gates):
    load = gates.load(GOOD, key="one")
    stale = gates.now(load)
    gates.load(GOOD, key="one")
    gates.now = lambda _load: stale
    with pytest.raises(GovernanceError, match="Run the task that writes it again") as caught:
        gates.gate(load)
    assert caught.value.reason is Reason.CANDIDATE_STALE


def test_one_discarded_while_it_is_checked_too(gates, monkeypatch):
    from airflow_gov.flow import judging

    load, look = gates.load(GOOD, key="one"), judging.subject_of

    def look_too_late(*args, **kwargs):
        subject = look(*args, **kwargs)
        subject.candidate.rows  # noqa: B018 - planned already
        monkeypatch.setattr(judging, "subject_of", look)
        gates.load(GOOD, key="one")
        return subject

    monkeypatch.setattr(judging, "subject_of", look_too_late)
    with pytest.raises(GovernanceError, match="discarded while it was checked") as caught:
        gates.gate(load)
    assert caught.value.reason is Reason.CANDIDATE_STALE


def _commit_around_the_gates(gates, load):
    candidate = gates.now(load)
    gates.governance.lake.rollback(
        FLIGHTS,
        to_snapshot_id=candidate.candidate_snapshot_id,
        expected_head=gates.governance.lake.head(FLIGHTS),
        tag=gates.governance.lake.next_tag(FLIGHTS),
    )


@pytest.mark.parametrize("decided", ["never", "checked", "refused"])
def test_a_main_that_moved_around_the_gates_is_no_source_and_no_base(gates, decided):
    from airflow_gov.flow.checking import check_dataset

    load = gates.load(GOOD if decided == "checked" else BAD)
    if decided == "refused":
        with pytest.raises(GovernanceError):
            gates.gate(load)
    if decided == "checked":
        with gates.execution() as recording:
            assert check_dataset(gates.governance, recording, FLIGHTS, load=gates.now(load)).passed
    _commit_around_the_gates(gates, load)
    with pytest.raises(GovernanceError) as caught:
        published_head(gates.governance, FLIGHTS)
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
    with pytest.raises(GovernanceError, match="around the gates") as caught:
        gates.gate(gates.load(delays(5, first=9)))
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED


@pytest.mark.parametrize("tagged", [False, True])
def test_a_main_set_back_to_a_version_that_was_rejected_is_no_source_and_no_base(gates, tagged):
    from airflow_gov.flow.reviewing import reject
    from airflow_gov.flow.rollback import rollback

    gates.published(delays(5))
    review = gates.reviewed(delays(-1, first=2))
    reject(gates.governance, review.review_id, steward=STEWARD, decided_by="cli", reason="wrong sign")
    load = gates.load(delays(6, first=3))
    gates.set_back(review.snapshot_id, tagged=tagged)
    with pytest.raises(GovernanceError, match=r"rollback clean\.flights 3") as caught:
        published_head(gates.governance, FLIGHTS)
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
    with pytest.raises(GovernanceError, match="around the gates") as caught:
        gates.gate(load, on_failure="warn")
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
    rollback(gates.governance, FLIGHTS, 3, reason="set back by hand", actor="ada")
    gates.gate(load)
    assert gates.flights == [1, 3]


@pytest.mark.parametrize("tagged", [False, True])
def test_an_earlier_version_is_a_source_where_a_rollback_put_main_there(gates, tagged):
    first = gates.published(delays(5))
    gates.published(delays(6, first=2))
    gates.set_back(first.version.snapshot_id, tagged=tagged)
    if tagged:
        assert published_head(gates.governance, FLIGHTS).version == 1
    else:
        with pytest.raises(GovernanceError, match="no gate and no rollback"):
            published_head(gates.governance, FLIGHTS)


def test_a_reader_that_is_overtaken_by_a_gate_reads_what_it_published(gates, monkeypatch):
    gates.published(delays(5))
    load, lake = gates.load(delays(6, first=2)), gates.governance.lake
    head = lake.head

    def overtaken(dataset):
        monkeypatch.setattr(type(lake), "head", lambda _lake, dataset: head(dataset))
        before = head(dataset)
        gates.gate(load)
        return before

    monkeypatch.setattr(type(lake), "head", lambda _lake, dataset: overtaken(dataset))
    assert published_head(gates.governance, FLIGHTS).version == 2


def _killed_before_the_store_knows(gates, monkeypatch, load, **options):
    """A gate that dies between the lake's commit and the store's record."""
    from airflow_gov.flow import gating

    class Killed(BaseException):
        pass

    def die(*_args):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(gating, "record_publication", die)
        with pytest.raises(Killed):
            gates.gate(load, **options)
    candidate = gates.governance.lake.head(FLIGHTS)
    assert gates.governance.store.versions.by_snapshot(FLIGHTS, candidate) is None


@pytest.mark.parametrize(
    ("rows", "on_failure", "ruling"),
    [(GOOD, "fail", Ruling.PASSED), (BAD, "warn", Ruling.WARNED), (BAD, "review", Ruling.REVIEW)],
)
def test_a_gate_killed_after_its_commit_is_made_good_by_the_next_reader(
    gates, monkeypatch, rows, on_failure, ruling
):
    load = gates.load(rows)
    _killed_before_the_store_knows(gates, monkeypatch, load, on_failure=on_failure)
    version = published_head(gates.governance, FLIGHTS)
    assert (version.version, version.load_ids) == (1, (load.load_id,))
    assert gates.now(load).state is LoadState.PUBLISHED
    reviews = gates.governance.store.reviews.list(FLIGHTS)
    assert [review.version for review in reviews] == ([1] if ruling is Ruling.REVIEW else [])
    (again,) = gates.gate(load, on_failure=on_failure)
    assert (again.republished, again.ruling, again.version.version) == (True, ruling, 1)
    assert len(gates.governance.store.reviews.list(FLIGHTS)) == len(reviews)


@pytest.mark.parametrize("keep_versions", [1, 20])
def test_or_by_maintenance_which_leaves_its_verdict_and_its_review(gates, monkeypatch, keep_versions):
    from airflow_gov.flow.maintenance import Upkeep, maintain

    gates.clock.now = datetime.now(UTC)
    gates.gate(*(gates.load(delays(5, first=number)) for number in range(2, 7)))
    load = gates.load(delays(-1))
    _killed_before_the_store_knows(gates, monkeypatch, load, on_failure="review")
    upkeep = Upkeep(keep_versions=keep_versions, keep_days=0, grace_hours=0)
    assert maintain(gates.governance, FLIGHTS, upkeep).compacted_to is not None
    version = published_head(gates.governance, FLIGHTS)
    assert (version.version, version.kind) == (3, VersionKind.MAINTENANCE)
    assert not gates.governance.store.verdicts.get(version.verdict_id).passed
    (review,) = gates.governance.store.reviews.list(FLIGHTS)
    assert (review.version, review.deadline > gates.clock.now) == (2, True)
    gates.clock.move(days=3)
    assert published_head(gates.governance, FLIGHTS).kind is VersionKind.ROLLBACK
    assert gates.flights == [2, 3, 4, 5, 6]


def test_maintenance_does_not_make_a_version_of_what_was_set_back_around_the_gates(gates, caplog):
    from airflow_gov.flow.maintenance import Upkeep, maintain

    first = gates.gate(*(gates.load(delays(5, first=number)) for number in range(1, 6)))[0]
    gates.published(delays(6, first=9))
    gates.set_back(first.version.snapshot_id)
    assert maintain(gates.governance, FLIGHTS, Upkeep(grace_hours=0)).compacted_to is None
    assert "not compacted" in caplog.text
    assert gates.governance.store.versions.current(FLIGHTS).version == 2


def test_or_by_whoever_sees_to_deadlines(gates, monkeypatch):
    from airflow_gov.flow.reviewing import enforce_deadlines

    gates.published(delays(5))
    load = gates.load(delays(-1, first=2))
    _killed_before_the_store_knows(gates, monkeypatch, load, on_failure="review")
    assert enforce_deadlines(gates.governance, actor="ops") == []
    (review,) = gates.governance.store.reviews.list(FLIGHTS)
    assert (review.version, gates.governance.store.decisions.unrecorded()) == (2, [])
    gates.clock.move(days=3)
    assert [each.version for each in enforce_deadlines(gates.governance, actor="ops")] == [2]
    assert gates.flights == [1]


def test_also_when_its_deadline_has_passed_by_then(gates, monkeypatch):
    from airflow_gov.flow.reviewing import enforce_deadlines

    gates.published(delays(5))
    load = gates.load(delays(-1, first=2))
    _killed_before_the_store_knows(gates, monkeypatch, load, on_failure="review")
    gates.clock.move(days=3)
    assert [each.version for each in enforce_deadlines(gates.governance, actor="ops")] == [2]
    assert gates.flights == [1]


def test_or_by_its_own_next_try(gates, monkeypatch):
    load = gates.load(BAD)
    _killed_before_the_store_knows(gates, monkeypatch, load, on_failure="review")
    (publication,) = gates.gate(load, on_failure="review")
    assert publication.version.version == 1
    assert publication.review.version == 1
    assert len(gates.governance.store.versions.list(FLIGHTS)) == 1


def test_after_a_rebase_the_new_snapshot_has_a_verdict_of_its_own(gates):
    first, second = gates.load(GOOD), gates.load(delays(4, first=4))
    gates.gate(first)
    (publication,) = gates.gate(second)
    verdicts = gates.governance.store.verdicts.list(FLIGHTS)
    assert verdicts[0] == publication.verdict
    assert publication.verdict.snapshot_id == publication.version.snapshot_id
    assert publication.verdict.rows == 4


def test_a_key_that_another_load_published_meanwhile_is_found_after_the_rebase(gates):
    first, second = gates.load(GOOD), gates.load(delays(7, first=3))
    gates.gate(first)
    with pytest.raises(GovernanceError, match="primary_key"):
        gates.gate(second)
    assert gates.flights == [1, 2, 3]


def test_of_rows_that_came_along_unchanged_the_rebase_takes_the_results_over(gates):
    gates.promise(quality=[_SUM_IS_ODD])
    load = gates.load(delays(1, 1, first=9))
    with pytest.raises(GovernanceError, match="sum is odd"):
        gates.gate(load)
    before = gates.governance.store.verdicts.list(FLIGHTS)[0]
    gates.published(delays(3, first=1))
    (publication,) = gates.gate(load)
    taken = [result for result in publication.verdict.results if result.rule in ("row_count", "required")]
    assert taken == [result for result in before.results if result.rule in ("row_count", "required")]


_SUM_IS_ODD = {
    "name": "sum is odd",
    "type": "sql",
    "query": "SELECT sum(delay) % 2 FROM clean.flights",
    "mustBe": 1,
}


def test_a_verdict_is_taken_again_where_nothing_but_the_snapshot_counts(gates):
    load = gates.load(BAD)
    for _ in range(2):
        with pytest.raises(GovernanceError):
            gates.gate(load)
    assert len(gates.governance.store.verdicts.list(FLIGHTS)) == 1


def test_and_made_anew_where_the_time_counts(gates):
    gates.promise(quality=[_SUM_IS_ODD])
    load = gates.load(delays(2, 2))
    for _ in range(2):
        with pytest.raises(GovernanceError):
            gates.gate(load)
    assert len(gates.governance.store.verdicts.list(FLIGHTS)) == 2


def test_rules_see_how_many_rows_the_versions_before_had(gates):
    gates.promise(quality=[_VOLUME])
    for number in range(3):
        gates.published(delays(*range(10)), mode=WriteMode.OVERWRITE, key=str(number))
    with pytest.raises(GovernanceError, match="steady volume"):
        gates.gate(gates.load(delays(1), mode=WriteMode.OVERWRITE))
    assert len(gates.flights) == 10


_VOLUME = {
    "name": "steady volume",
    "type": "custom",
    "engine": "airflow-gov",
    "implementation": {"check": "volume", "minHistory": 3, "maxChange": "20%"},
}


def test_a_report_is_kept_of_every_verdict_that_shows_no_classified_value(gates):
    with pytest.raises(GovernanceError):
        gates.gate(gates.load(BAD))
    (verdict,) = gates.governance.store.verdicts.list(FLIGHTS)
    html = gates.governance.store.reports.get(verdict.verdict_id)
    assert "no negative delays" in html
    assert "refused" in html.lower()
    assert "secret" not in html


def test_a_report_that_cannot_be_made_stops_nothing(gates, monkeypatch, caplog):
    import airflow_gov.quality.report as report

    def fail(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr(report, "render_report", fail)
    (publication,) = gates.gate(gates.load(GOOD))
    assert publication.version.version == 1
    assert gates.governance.store.reports.get(publication.verdict.verdict_id) is None
    assert "cannot be made" in caplog.text


def test_rules_that_are_pushed_down_do_not_import_great_expectations(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from support.gates import Gates, delays\n"
        "gates = Gates(pathlib.Path(sys.argv[1]))\n"
        "gates.gate(gates.load(delays(1, -2)), on_failure='quarantine', quarantine_limit='50%')\n"
        "print(gates.flights, sorted({'airflow', 'great_expectations'} & set(sys.modules)))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": "tests"},
        check=False,
    )
    assert answer.stdout.splitlines()[-1:] == ["[1] []"], answer.stderr


@pytest.mark.parametrize(
    "options",
    [
        {"on_failure": "ignore"},
        *({"quarantine_limit": limit} for limit in ("10 rows", -1, "101%", 0.5, True, "")),
    ],
)
def test_options_that_mean_nothing_are_refused(options):
    with pytest.raises(GovernanceError) as caught:
        GateOptions(**options)
    assert caught.value.reason is Reason.PARAMETER_INVALID


@pytest.mark.parametrize(
    ("limit", "aside", "exceeded"),
    [
        ("10%", 10, False),
        ("10%", 11, True),
        (" 2.5 % ", 3, True),
        ("0%", 1, True),
        ("100%", 100, False),
        (5, 5, False),
        ("5", 6, True),
        (5.0, 6, True),
        (0, 1, True),
        (None, 100, False),
    ],
)
def test_limits_are_rows_or_a_share_of_them(limit, aside, exceeded):
    assert QuarantineLimit.parse(limit).exceeded(aside, 100) is exceeded
