"""Versions and candidates checked without being published."""

from __future__ import annotations

import pytest

from airflow_gov.flow.checking import check_dataset
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadState
from support.gates import FLIGHTS, delays


def _check(gates, **what):
    gates.clock.move(seconds=1)
    with gates.execution(task_id="check") as recording:
        return check_dataset(gates.governance, recording, FLIGHTS, **what)


def test_the_current_version_is_checked_anew_each_time(gates):
    published = gates.published(delays(1))
    first, second = _check(gates), _check(gates)
    assert first.verdict_id != second.verdict_id
    assert {first.snapshot_id, second.snapshot_id} == {published.version.snapshot_id}
    assert (first.passed, first.load_ids) == (True, ())
    assert gates.governance.store.verdicts.list(FLIGHTS)[0] == second
    assert gates.governance.store.reports.get(second.verdict_id) is not None
    check = gates.governance.store.executions.list(task_id="check")[0]
    assert (check.action, check.counts.read, check.data[0].version) == ("Check clean.flights", 1, 1)


def test_a_failing_verdict_is_given_back_and_nothing_happens_to_the_version(gates):
    gates.gate(gates.load(delays(-1)), on_failure="warn")
    assert not _check(gates).passed
    assert gates.flights == [1]
    assert len(gates.governance.store.versions.list(FLIGHTS)) == 1


def test_an_older_version_can_be_named(gates):
    gates.published(delays(1))
    gates.published(delays(2, first=2))
    assert _check(gates, version=1).rows == 1
    assert _check(gates).rows == 2


def test_a_candidate_is_checked_and_stays_one(gates):
    load = gates.load(delays(-1))
    verdict = _check(gates, load=load)
    assert (verdict.passed, verdict.load_ids) == (False, (load.load_id,))
    assert gates.now(load).state is LoadState.CANDIDATE
    assert gates.governance.store.decisions.list(FLIGHTS) == []


def test_its_gate_takes_the_verdict_over(gates):
    load = gates.load(delays(1))
    verdict = _check(gates, load=load)
    assert gates.gate(load)[0].verdict == verdict


def test_a_published_load_is_its_version(gates):
    load = gates.load(delays(1))
    gates.gate(load)
    assert _check(gates, load=gates.now(load)).load_ids == ()


@pytest.mark.parametrize("version", [None, 7])
def test_what_is_not_there_cannot_be_checked(gates, version):
    if version is not None:
        gates.published(delays(1))
    with pytest.raises(GovernanceError) as caught:
        _check(gates, version=version)
    assert caught.value.reason is (Reason.DATASET_UNKNOWN if version is None else Reason.VERSION_UNKNOWN)


def test_nor_can_a_candidate_that_is_gone(gates):
    load = gates.load(delays(1), key="one")
    gates.load(delays(1), key="one")
    with pytest.raises(GovernanceError, match="is gone"):
        _check(gates, load=load)
