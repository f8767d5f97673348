"""Rows that break rules are set aside, the others are published."""

from __future__ import annotations

import json

import pytest

from airflow_gov.flow import quarantining
from airflow_gov.flow.sources import published_head
from airflow_gov.model.errors import CandidateStaleError, GovernanceError, Reason
from airflow_gov.model.loads import LoadState, WriteMode
from airflow_gov.model.verdicts import Ruling
from airflow_gov.transform import QUARANTINE_COLUMNS
from support.gates import FLIGHTS, delays

MIXED = delays(1, -2, 3, -4)
HALF = {"on_failure": "quarantine", "quarantine_limit": "50%"}


def _keys(rows):
    return sorted(json.loads(row["content"])["flight"] for row in rows)


def test_good_rows_are_published_and_bad_ones_kept_with_rule_and_load(gates):
    load = gates.load(MIXED)
    (publication,) = gates.gate(load, **HALF)
    assert gates.flights == [1, 3]
    assert (publication.ruling, publication.quarantined, publication.version.rows) == (Ruling.PASSED, 2, 2)
    assert publication.verdict.passed
    assert _keys(gates.aside) == [2, 4]
    assert {row["reason"] for row in gates.aside} == {"no negative delays"}
    assert {row["_load_id"] for row in gates.aside} == {f"{load.load_id}-gate"}
    assert json.loads(gates.aside[0]["content"])["delay"] < 0


def test_the_record_and_the_log_tell_how_many(gates):
    load = gates.load(MIXED)
    gates.gate(load, **HALF)
    assert gates.now(load).counts.quarantined == 2
    assert gates.governance.store.versions.summaries()[0].quarantined == 2
    (act,) = gates.acts("quarantine")
    assert (act.actor, act.details["rows"], act.details["of"]) == ("ana", 2, 4)
    gate = gates.governance.store.executions.list(task_id="gate")[0]
    (aside,) = [data for data in gate.data if data.role == "quarantine"]
    assert (aside.dataset, aside.rows, gate.counts.quarantined) == (str(FLIGHTS.quarantine), 2, 2)


def test_the_report_shows_them_without_classified_values(gates):
    gates.gate(gates.load(MIXED), **HALF)
    failed = gates.governance.store.verdicts.list(FLIGHTS)[-1]
    html = gates.governance.store.reports.get(failed.verdict_id)
    assert "no negative delays" in html
    assert "-4" in html
    assert "secret" not in html


def test_a_load_that_keeps_its_contract_loses_nothing(gates):
    (publication,) = gates.gate(gates.load(delays(1, 2)), **HALF)
    assert (publication.quarantined, gates.aside) == (0, [])


@pytest.mark.parametrize("limit", ["49%", 1])
def test_too_many_make_it_a_failure_that_says_where_they_are(gates, limit):
    load = gates.load(MIXED)
    with pytest.raises(GovernanceError, match="more than quarantine_limit") as caught:
        gates.gate(load, on_failure="quarantine", quarantine_limit=limit)
    assert caught.value.reason is Reason.VERDICT_FAILED
    assert "2 of 4 rows" in str(caught.value)
    assert "clean.flights__quarantine" in str(caught.value)
    assert _keys(gates.aside) == [2, 4]
    assert gates.now(load).state is LoadState.CANDIDATE
    assert gates.flights == []


def test_the_same_candidate_passes_a_gate_with_a_higher_limit(gates):
    load = gates.load(MIXED)
    with pytest.raises(GovernanceError):
        gates.gate(load, on_failure="quarantine", quarantine_limit=0)
    gates.gate(load, **HALF)
    assert (gates.flights, _keys(gates.aside)) == ([1, 3], [2, 4])


@pytest.mark.parametrize("on_failure", ["warn", "review"])
def test_rows_that_another_gate_publishes_after_all_are_not_in_quarantine_too(gates, on_failure):
    load, other = gates.load(MIXED), gates.load(delays(-7, first=9))
    for each in (load, other):
        with pytest.raises(GovernanceError, match=r"more than quarantine_limit|nothing is left"):
            gates.gate(each, on_failure="quarantine", quarantine_limit=1)
    gates.gate(load, on_failure=on_failure)
    assert gates.flights == [1, 2, 3, 4]
    assert _keys(gates.aside) == [9]


def test_those_that_were_set_aside_before_the_candidate_became_what_it_is_stay_there(gates, monkeypatch):
    load = gates.load(MIXED)
    with monkeypatch.context() as patched:
        patched.setattr("airflow_gov.flow.gating.MAX_REBASES", 1)
        with pytest.raises(CandidateStaleError):
            gates.gate(load, **HALF)
    gates.gate(load, on_failure="warn")
    assert (gates.flights, _keys(gates.aside)) == ([1, 3], [2, 4])


def test_nothing_but_bad_rows_is_nothing_to_publish(gates):
    gates.published(delays(1), mode=WriteMode.OVERWRITE)
    with pytest.raises(GovernanceError, match="nothing is left"):
        gates.gate(
            gates.load(delays(-1, -2), mode=WriteMode.OVERWRITE),
            on_failure="quarantine",
            quarantine_limit=None,
        )
    assert gates.flights == [1]


def test_a_rule_that_is_not_about_rows_refuses(gates):
    gates.promise(
        quality=[{"name": "enough", "type": "library", "metric": "rowCount", "mustBeGreaterThan": 9}]
    )
    load = gates.load(delays(1, 2))
    with pytest.raises(GovernanceError, match="no rows can be set aside for enough") as caught:
        gates.gate(load, **HALF)
    assert caught.value.reason is Reason.VERDICT_FAILED
    assert gates.now(load).state is LoadState.CANDIDATE


def test_rows_that_a_preprocess_operator_set_aside_survive(gates):
    load = gates.load(MIXED)
    lake = gates.governance.lake
    with lake.stage(FLIGHTS.quarantine, load.load_id) as staging:
        staging.write_rows(QUARANTINE_COLUMNS, [{"file": "a.csv", "line": 7, "reason": "no number"}])
        lake.quarantine(FLIGHTS, staging, load.load_id, QUARANTINE_COLUMNS)
    gates.gate(load, **HALF)
    assert sorted(row["line"] for row in gates.aside) == [0, 0, 7]


def test_a_load_that_runs_again_takes_its_rows_back(gates):
    gates.gate(gates.load(MIXED, key="daily"), **HALF)
    gates.gate(gates.load(delays(1, -2, 3, 4), key="daily"), **HALF)
    assert (gates.flights, _keys(gates.aside)) == ([1, 3, 4], [2])
    gates.gate(gates.load(delays(1, 2, 3, 4), key="daily"), **HALF)
    assert (gates.flights, gates.aside) == ([1, 2, 3, 4], [])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (WriteMode.APPEND, [1, 3, 10, 11]),
        (WriteMode.OVERWRITE, [1, 3]),
        (WriteMode.UPSERT, [1, 3, 10, 11]),
        (WriteMode.OVERWRITE_PARTITION, [1, 3, 11]),
    ],
)
def test_every_write_mode_does_what_it_does(gates, mode, expected):
    gates.promise(partitioned=True)
    before = [*delays(5, first=10), *delays(5, first=11, day="tue")]
    gates.published(before)
    rows = [*MIXED[:2], *MIXED[2:]]
    gates.gate(gates.load(rows, mode=mode), **HALF)
    assert gates.flights == expected
    assert _keys(gates.aside) == [2, 4]


def test_of_loads_that_publish_in_one_commit_each_loses_its_own(gates):
    loads = [gates.load(delays(1, -2)), gates.load(delays(3, 4, first=3)), gates.load(delays(-5, 6, first=5))]
    (publication,) = gates.gate(*loads, **HALF)
    assert gates.flights == [1, 3, 4, 6]
    assert {row["_load_id"]: _keys([row]) for row in gates.aside} == {
        f"{loads[0].load_id}-gate": [2],
        f"{loads[2].load_id}-gate": [5],
    }
    assert set(publication.load_ids) == {load.load_id for load in loads}
    assert publication.quarantined == 2
    assert [gates.now(load).counts.quarantined for load in loads] == [1, None, 1]


def test_rows_whose_key_is_published_already_are_bad_rows(gates):
    gates.published(delays(1, 2))
    gates.gate(gates.load(delays(7, 8, first=2)), **HALF)
    assert (gates.flights, _keys(gates.aside)) == ([1, 2, 3], [2])


def test_main_that_moves_under_it_is_seen(gates, monkeypatch):
    gates.published(delays(1))
    load = gates.load(delays(-2, 3, 4, first=2))
    separated = quarantining._separated

    def meanwhile(*args, **kwargs):
        monkeypatch.setattr(quarantining, "_separated", separated)
        part = separated(*args, **kwargs)
        gates.published(delays(9, first=4))
        return part

    monkeypatch.setattr(quarantining, "_separated", meanwhile)
    (publication,) = gates.gate(load, on_failure="quarantine", quarantine_limit=None)
    # The key that was published meanwhile was set aside the second time, beside what went the first.
    assert gates.flights == [1, 3, 4]
    assert _keys(gates.aside) == [2, 4]
    assert (publication.quarantined, gates.now(load).counts.quarantined) == (2, 2)
    assert sorted(row["_load_id"] for row in gates.aside) == [
        f"{load.load_id}-gate",
        f"{load.load_id}-gate-2",
    ]


def test_an_overwrite_does_not_take_away_what_was_published_under_it(gates, monkeypatch):
    gates.published(delays(1))
    load = gates.load(MIXED, mode=WriteMode.OVERWRITE)
    separated = quarantining._separated

    def meanwhile(*args, **kwargs):
        monkeypatch.setattr(quarantining, "_separated", separated)
        part = separated(*args, **kwargs)
        gates.published(delays(9, first=9))
        return part

    monkeypatch.setattr(quarantining, "_separated", meanwhile)
    with pytest.raises(CandidateStaleError, match="overwrites everything"):
        gates.gate(load, **HALF)
    assert gates.flights == [1, 9]


class Killed(BaseException):
    pass


@pytest.mark.parametrize(
    ("step", "mode"),
    [
        ("_to_quarantine", WriteMode.APPEND),
        ("_write_kept", WriteMode.OVERWRITE),
        ("record_candidate", WriteMode.APPEND),
        ("_discard", WriteMode.OVERWRITE),
    ],
)
def test_a_gate_killed_in_between_is_made_good_by_its_next_try(gates, monkeypatch, step, mode):
    load = gates.load(MIXED, mode=mode)
    does = getattr(quarantining, step)

    def does_and_dies(*args, **kwargs):
        does(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(quarantining, step, does_and_dies)
        with pytest.raises(Killed):
            gates.gate(load, **HALF)
    assert gates.flights == []
    (publication,) = gates.gate(load, **HALF)
    assert (gates.flights, _keys(gates.aside)) == ([1, 3], [2, 4])
    assert (publication.quarantined, gates.now(load).counts.quarantined) == (2, 2)
    assert published_head(gates.governance, FLIGHTS).version == 1


def test_loads_that_publish_together_are_not_separated(gates):
    load = gates.load(MIXED, group="split")
    with pytest.raises(GovernanceError, match="publishes together with others") as caught:
        gates.gate(load, **HALF)
    assert caught.value.reason is Reason.PARAMETER_INVALID
    assert gates.now(load).state is LoadState.CANDIDATE


def test_a_load_that_is_taken_over_meanwhile_keeps_what_its_new_try_wrote(gates, monkeypatch):
    load = gates.load(MIXED, key="one")
    write = quarantining._write_kept

    def too_late(*args, **kwargs):
        written = write(*args, **kwargs)
        monkeypatch.setattr(quarantining, "_write_kept", write)
        gates.load(delays(7, first=7), key="one")
        return written

    monkeypatch.setattr(quarantining, "_write_kept", too_late)
    with pytest.raises(GovernanceError) as caught:
        gates.gate(load, **HALF)
    assert caught.value.reason in (Reason.LOAD_IN_PROGRESS, Reason.CANDIDATE_STALE)
    gates.gate(load)
    assert gates.flights == [7]
