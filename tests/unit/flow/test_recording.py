"""The one mechanism that records executions: whatever happens, and when the store is down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from airflow_gov.flow.recording import Outcome, recorded
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Actor, Execution, Git, Host, Status, TaskRun
from airflow_gov.model.loads import RowCounts
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings


class Clock:
    """Each look is a second later."""

    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def governance(tmp_path):
    return Governance(Settings.load({"AIRFLOW_HOME": str(tmp_path)}), clock=Clock())


def opening(governance, execution_id="e1", try_number=1):
    return Execution(
        execution_id=execution_id,
        task=TaskRun("dag", "run", "task", try_number=try_number),
        operator="CleanOperator",
        action="Something",
        status=Status.RUNNING,
        start=governance.clock(),
        actor=Actor("ada"),
        host=Host("worker"),
        git=Git(missing="test"),
    )


def test_success_is_recorded_with_what_the_work_added(governance):
    with recorded(governance, opening(governance)) as recording:
        recording.action = "SQL, Iceberg to Iceberg"
        recording.counts = RowCounts(read=3, written=2)
        recording.set_code("SELECT 1")
    record = governance.store.executions.get("e1")
    assert (record.status, record.action, record.counts.written) == (
        Status.SUCCESS,
        "SQL, Iceberg to Iceberg",
        2,
    )
    assert record.duration > 0
    assert record.code_hash == "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5"


def test_any_exception_is_recorded_and_raised_again(governance):
    with pytest.raises(KeyboardInterrupt), recorded(governance, opening(governance)):
        raise KeyboardInterrupt
    assert governance.store.executions.get("e1").status is Status.FAILED


def test_an_error_of_ours_keeps_its_reason_and_secrets_are_masked(governance):
    def redact(text):
        return text.replace("hunter2", "***")

    with pytest.raises(GovernanceError), recorded(governance, opening(governance), redact=redact):
        raise GovernanceError(Reason.SQL_FAILED, "password hunter2 is wrong")
    record = governance.store.executions.get("e1")
    assert (record.error_reason, record.error_message) == ("sql_failed", "password *** is wrong")


def test_a_deferral_is_a_state_and_its_seconds_count_without_the_wait(governance):
    with (
        pytest.raises(StopIteration),
        recorded(governance, opening(governance), classify=lambda _: Outcome(Status.DEFERRED)),
    ):
        raise StopIteration
    deferred = governance.store.executions.get("e1")
    assert (deferred.status, deferred.end) == (Status.DEFERRED, None)
    governance.clock.now += timedelta(hours=1)
    with recorded(governance, opening(governance)):
        pass
    resumed = governance.store.executions.get("e1")
    assert resumed.status is Status.SUCCESS
    assert resumed.start == deferred.start
    assert deferred.duration < resumed.duration < 60


def test_the_next_try_closes_the_record_of_one_that_was_killed(governance):
    governance.store.executions.start(opening(governance, "e1"))
    with recorded(governance, opening(governance, "e2", try_number=2)):
        pass
    killed = governance.store.executions.get("e1")
    assert killed.status is Status.LOST
    assert "try 2 took over" in killed.error_message


def test_the_work_goes_on_while_the_store_is_down_and_the_record_comes_later(tmp_path):
    home = {"AIRFLOW_HOME": str(tmp_path)}
    nowhere = "postgresql://ada:hunter2@127.0.0.1:1/governance"
    down = Governance(Settings.load(home), store_url=nowhere)
    with recorded(down, opening(down)) as recording:
        recording.counts = RowCounts(written=1)
    assert down.spool.waiting() == 1

    up = Governance(Settings.load(home))
    with recorded(up, replace(opening(up), execution_id="e2")):
        pass
    assert up.spool.waiting() == 0
    assert up.store.executions.get("e1").counts.written == 1
