"""A steward lets a candidate through that breaks rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.flow.checking import check_dataset
from airflow_gov.flow.waiving import waive
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import WriteMode
from airflow_gov.model.verdicts import Ruling
from support.gates import FLIGHTS, STEWARD, delays

BAD = delays(1, -2)


def _waive(gates, **changes):
    given = {
        "steward": STEWARD,
        "granted_by": "cli: grace on host7",
        "reason": "the airport confirmed it",
        "expires_at": gates.clock.now + timedelta(days=2),
    }
    return waive(gates.governance, FLIGHTS, **{**given, **changes})


def _refused(gates, *loads, **options):
    with pytest.raises(GovernanceError) as caught:
        gates.gate(*loads, **options)
    assert caught.value.reason is Reason.VERDICT_FAILED
    return gates.governance.store.verdicts.list(FLIGHTS)[0]


def test_the_gate_publishes_what_is_waived_and_says_by_whom(gates):
    load = gates.load(BAD)
    verdict = _refused(gates, load)
    waiver = _waive(gates)
    assert (waiver.verdict_id, waiver.rules, waiver.load_ids) == (
        verdict.verdict_id,
        ("no negative delays",),
        (load.load_id,),
    )
    (publication,) = gates.gate(load)
    assert (publication.ruling, publication.waiver_id) == (Ruling.WAIVED, waiver.waiver_id)
    assert gates.flights == [1, 2]
    decisions = gates.governance.store.decisions.list(FLIGHTS)
    assert [decision.ruling for decision in decisions] == [Ruling.WAIVED, Ruling.REFUSED]
    assert decisions[0].waiver_id == waiver.waiver_id
    (act,) = gates.acts("waive")
    assert (act.actor, act.details["reason"], act.details["granted_by"]) == (
        STEWARD,
        "the airport confirmed it",
        "cli: grace on host7",
    )
    assert gates.acts("publish")[0].details["waiver"] == waiver.waiver_id


def test_it_holds_after_a_rebase(gates):
    load = gates.load(BAD)
    _refused(gates, load)
    _waive(gates)
    gates.published(delays(5, first=9))
    (publication,) = gates.gate(load)
    assert publication.ruling is Ruling.WAIVED
    assert gates.flights == [1, 2, 9]


def test_it_does_not_hold_for_other_rows_of_the_same_load(gates):
    _refused(gates, gates.load(BAD, key="daily"))
    _waive(gates)
    _refused(gates, gates.load(delays(-1, -2, -3), key="daily"))


def test_nor_for_loads_beside_it(gates):
    load = gates.load(BAD)
    _refused(gates, load)
    _waive(gates)
    _refused(gates, load, gates.load(delays(3, first=3)))


def test_nor_for_a_rule_that_it_does_not_name(gates):
    load = gates.load(delays(-1, None))
    _refused(gates, load)
    waiver = _waive(gates, rules=["no negative delays"])
    assert waiver.rules == ("no negative delays",)
    _refused(gates, load)
    assert set(_waive(gates).rules) == {"required(delay)", "no negative delays"}
    assert gates.gate(load)[0].ruling is Ruling.WAIVED


def test_a_rule_of_one_column_is_not_that_of_another(gates):
    load = gates.load(delays(None, 2))
    verdict = _refused(gates, load)
    assert _waive(gates, rules=["required"]).rules == ("required(delay)",)
    other = replace(
        gates.governance.store.waivers.list(FLIGHTS)[0], waiver_id="w", rules=("required(flight)",)
    )
    gates.governance.store.waivers.record(other)
    assert [result.columns for result in verdict.blocking] == [("delay",)]
    assert gates.gate(load)[0].waiver_id != "w"


def test_an_expired_one_does_not_hold(gates):
    load = gates.load(BAD)
    _refused(gates, load)
    _waive(gates, expires_at=gates.clock.now + timedelta(hours=1))
    gates.clock.move(hours=1)
    _refused(gates, load)


def test_nor_one_under_another_contract(gates):
    _refused(gates, gates.load(BAD, key="daily"))
    _waive(gates)
    gates.promise(version="1.1.0")
    _refused(gates, gates.load(BAD, key="daily"))


@pytest.mark.parametrize(
    ("changes", "reason", "said"),
    [
        ({"steward": "eve@example.com"}, Reason.STEWARD_REQUIRED, "no steward of clean.flights"),
        ({"reason": " "}, Reason.PARAMETER_INVALID, "Say why"),
        ({"rules": ["unheard of"]}, Reason.PARAMETER_INVALID, "what blocks is: no negative delays"),
        ({"rules": []}, Reason.PARAMETER_INVALID, "no rule does not block"),
        ({"verdict_id": "unheard of"}, Reason.PARAMETER_INVALID, "no verdict 'unheard of'"),
    ],
)
def test_what_is_not_a_stewards_word_is_refused(gates, changes, reason, said):
    load = gates.load(BAD)
    _refused(gates, load)
    with pytest.raises(GovernanceError, match=said) as caught:
        _waive(gates, **changes)
    assert caught.value.reason is reason
    assert gates.governance.store.waivers.list() == []


@pytest.mark.parametrize("delta", [timedelta(0), timedelta(days=-1)])
def test_so_is_one_that_expired_before_it_was_granted(gates, delta):
    _refused(gates, gates.load(BAD))
    with pytest.raises(GovernanceError, match="in the future"):
        _waive(gates, expires_at=gates.clock.now + delta)
    with pytest.raises(GovernanceError, match="in a time zone"):
        _waive(gates, expires_at=(gates.clock.now + timedelta(days=1)).replace(tzinfo=None))


def test_without_a_steward_nobody_waives(gates):
    gates.promise(stewards=[])
    _refused(gates, gates.load(BAD))
    with pytest.raises(GovernanceError, match="no steward") as caught:
        _waive(gates)
    assert caught.value.reason is Reason.STEWARD_REQUIRED


def test_nobody_makes_themselves_a_steward_by_a_load(gates):
    gates.published(delays(5, first=9))
    gates.promise(stewards=["eve@example.com"], version="1.1.0")
    load = gates.load(BAD)
    _refused(gates, load)
    for steward in ("eve@example.com", STEWARD):
        with pytest.raises(GovernanceError, match="Nobody is a steward") as caught:
            _waive(gates, steward=steward)
        assert caught.value.reason is Reason.STEWARD_REQUIRED


def test_nor_on_another_load_that_waits(gates):
    load = gates.load(BAD)
    verdict = _refused(gates, load)
    gates.promise(stewards=["eve@example.com"], version="1.1.0")
    gates.load(delays(1, first=9))
    with pytest.raises(GovernanceError, match=r"'eve@example\.com' is no steward"):
        _waive(gates, steward="eve@example.com", verdict_id=verdict.verdict_id)
    assert _waive(gates, verdict_id=verdict.verdict_id).steward == STEWARD


def test_there_is_nothing_to_waive_where_nothing_failed(gates):
    load = gates.load(delays(1))
    with gates.execution() as recording:
        passed = check_dataset(gates.governance, recording, FLIGHTS, load=load)
    for verdict_id in (None, passed.verdict_id):
        with pytest.raises(GovernanceError, match="Nothing to waive"):
            _waive(gates, verdict_id=verdict_id)


def test_nor_where_it_was_published_after_all(gates):
    load = gates.load(BAD)
    verdict = _refused(gates, load)
    gates.gate(load, on_failure="warn")
    with pytest.raises(GovernanceError, match="no candidate any more"):
        _waive(gates, verdict_id=verdict.verdict_id)


def test_the_verdict_on_an_older_snapshot_is_refused_and_the_newer_named(gates):
    load = gates.load(delays(1, -2, first=1))
    old = _refused(gates, load)
    gates.published(delays(5, first=9))
    new = _refused(gates, load)
    assert old.snapshot_id != new.snapshot_id
    with pytest.raises(GovernanceError, match=f"verdict {new.verdict_id} of snapshot {new.snapshot_id} is"):
        _waive(gates, verdict_id=old.verdict_id)
    assert _waive(gates, verdict_id=new.verdict_id).verdict_id == new.verdict_id


def test_so_is_the_verdict_on_rows_that_were_written_again(gates):
    old = _refused(gates, gates.load(BAD, key="daily"))
    gates.load(BAD, key="daily")
    with pytest.raises(GovernanceError, match="written again"):
        _waive(gates, verdict_id=old.verdict_id)


def test_the_newest_of_several_candidates_is_meant(gates):
    _refused(gates, gates.load(BAD))
    load = gates.load(delays(-7, first=7))
    _refused(gates, load)
    assert _waive(gates).load_ids == (load.load_id,)


def test_waived_it_may_be_gone_back_to_when_a_later_review_is_rejected(gates):
    from airflow_gov.flow.reviewing import reject

    load = gates.load(BAD, mode=WriteMode.OVERWRITE)
    _refused(gates, load)
    _waive(gates)
    gates.gate(load)
    review = gates.reviewed(delays(-1, first=3))
    reject(gates.governance, review.review_id, steward=STEWARD, decided_by="cli: grace", reason="wrong")
    assert gates.flights == [1, 2]
