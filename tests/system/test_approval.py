"""Stewards decide in Airflow's Required Actions: waivers before, reviews after publishing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.sdk import DAG
from fastapi import HTTPException

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadKey
from airflow_gov.model.verdicts import ReviewState
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators import QualityCheckOperator, ReviewDeadlineOperator, StewardApprovalOperator
from airflow_gov.runtime import utc_now
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import candidate, execution_of, published, rows_of, versions_of
from support.hitl import question, respond
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

KEY = "the load"
LOAD = {"dataset": "gold.totals", "load_id": LoadKey((KEY,)).load_id}
GOOD = [{"carrier": "AA", "flights": 1}]
BAD = [{"carrier": "AA", "flights": 1}, {"carrier": None, "flights": 2}]
COLUMNS = table("gold.totals", carrier={"logicalType": "string", "required": True}, flights="integer")
NAME = DatasetName.parse("gold.totals")
ADA, BEN = "ada@example.com", "ben@example.com"


@pytest.fixture
def totals(home):
    home.contract(COLUMNS, stewards=[ADA, BEN])
    return home


def approval_dag(dag_id, **approval):
    with DAG(dag_id, schedule=None) as dag:
        check = QualityCheckOperator(task_id="check", candidate=LOAD, on_failure="warn")
        ask = StewardApprovalOperator(task_id="ask", candidate=LOAD, **approval)
        gate = QualityGateSensor(task_id="gate", candidate=LOAD)
        check >> ask >> gate
    return dag


def review_dag(dag_id, **approval):
    with DAG(dag_id, schedule=None) as dag:
        gate = QualityGateSensor(task_id="gate", candidate=LOAD, on_failure="review")
        gate >> StewardApprovalOperator(task_id="ask", candidate=LOAD, **approval)
    return dag


def asked(totals, dag, rows=BAD):
    """A run that waits for a steward."""
    candidate(totals, "gold.totals", rows, key=KEY)
    run = SteppedRun(dag, "once")
    for task_id in dag.task_dict:
        if task_id == "ask":
            break
        assert run.step(task_id) == "success"
    return run, run.step("ask")


def rows(totals):
    """How many rows readers see."""
    return totals.governance.lake.scan(NAME, totals.governance.lake.head(NAME)).rows


def output_of(run, task_id="ask"):
    return run.task_instance(task_id).xcom_pull(task_ids=task_id)


def test_a_steward_lets_a_candidate_through_and_the_gate_publishes_it(totals):
    run, state = asked(totals, approval_dag("waived"))
    assert state == "awaiting_input"
    shown = question(run, "ask")
    assert {user["id"] for user in shown.assignees} == {ADA, BEN}
    assert "gold.totals" in shown.subject
    assert "required(carrier)" in shown.body
    waiting = execution_of(totals, run, "ask")
    assert (waiting.status, waiting.end) == (Status.DEFERRED, None)

    respond(run, "ask", BEN, "Approve", reason="A new airline has no code yet.", expires_in_days=2)
    assert run.step("ask", resumed=True) == "success"
    (waiver,) = totals.governance.store.waivers.list(NAME)
    assert (waiver.steward, waiver.granted_by) == (BEN, f"airflow: {BEN}")
    assert waiver.reason == "A new airline has no code yet."
    assert timedelta(days=1) < waiver.expires_at - utc_now() < timedelta(days=2)
    answer = output_of(run)
    assert (answer["approved"], answer["steward"], answer["waivers"]) == (True, BEN, [waiver.waiver_id])
    assert execution_of(totals, run, "ask").status is Status.SUCCESS

    assert run.step("gate") == "success"
    assert output_of(run, "gate")["verdict"] == "waived"
    assert rows(totals) == 2


def test_nobody_is_asked_when_the_rules_hold(totals):
    run, state = asked(totals, approval_dag("held"), GOOD)
    assert state == "success"
    assert output_of(run)["approved"] is None
    assert run.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == [("AA", 1)]


def test_after_a_gate_that_failed(totals):
    with DAG("after", schedule=None) as dag:
        gate = QualityGateSensor(task_id="gate", candidate=LOAD)
        ask = StewardApprovalOperator(task_id="ask", candidate=LOAD, trigger_rule="all_done")
        gate >> ask >> QualityGateSensor(task_id="again", candidate=LOAD)
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = SteppedRun(dag, "once")
    assert run.step("gate") == "failed"
    assert run.step("ask") == "awaiting_input"
    respond(run, "ask", ADA, "Approve", reason="Known.", expires_in_days=30)
    assert run.step("ask", resumed=True) == "success"
    assert run.step("again") == "success"
    assert versions_of(totals, "gold.totals") == [1]


def test_a_rejection_fails_the_task_and_nothing_is_published(totals):
    run, _ = asked(totals, approval_dag("rejected", retries=3))
    respond(run, "ask", ADA, "Reject", reason="Ask the airline.", expires_in_days=30)
    assert run.step("ask", resumed=True) == "failed"
    assert f"{ADA} rejected gold.totals: Ask the airline." in execution_of(totals, run, "ask").error_message
    assert run.step("gate") == "failed"
    assert versions_of(totals, "gold.totals") == []


def test_nobody_else_may_respond(totals):
    run, _ = asked(totals, approval_dag("strangers"))
    with pytest.raises(HTTPException) as refused:
        respond(run, "ask", "eve@example.com", "Approve", reason="Why not?", expires_in_days=30)
    assert refused.value.status_code == 403
    assert str(run.task_instance("ask").state) == "awaiting_input"


def test_where_all_are_administrators_a_stranger_is_refused_by_us(totals, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    run, _ = asked(totals, approval_dag("all_admins", retries=3))
    respond(run, "ask", "eve@example.com", "Approve", reason="Why not?", expires_in_days=30)
    assert run.step("ask", resumed=True) == "failed"
    record = execution_of(totals, run, "ask")
    assert record.error_reason == "steward_required"
    assert "eve@example.com" in record.error_message
    assert totals.governance.store.waivers.list() == []


def test_users_whom_airflow_numbers_are_known_by_their_numbers(totals):
    run, _ = asked(totals, approval_dag("numbered", users={ADA: "7"}))
    assert {user["id"] for user in question(run, "ask").assignees} == {"7", BEN}
    respond(run, "ask", "7", "Approve", reason="Known.", expires_in_days=30)
    assert run.step("ask", resumed=True) == "success"
    assert output_of(run)["steward"] == ADA


def test_without_a_reason_it_asks_again(totals):
    run, _ = asked(totals, approval_dag("why"))
    respond(run, "ask", ADA, "Approve", reason="  ", expires_in_days=30)
    assert run.step("ask", resumed=True) == "awaiting_input"
    assert "Without a reason you will be asked again." in question(run, "ask").body
    respond(run, "ask", ADA, "Approve", reason="Known.", expires_in_days=30)
    assert run.step("ask", resumed=True) == "success"


def test_without_a_steward_nobody_can_be_asked(totals):
    totals.contract(COLUMNS)
    run, state = asked(totals, approval_dag("nobody", retries=3))
    assert state == "failed"
    assert execution_of(totals, run, "ask").error_reason == "steward_required"


@pytest.mark.parametrize(("option", "state"), [("Approve", "confirmed"), ("Reject", "rejected")])
def test_a_review_is_confirmed_or_rolled_back(totals, option, state):
    published(totals, "gold.totals", GOOD)
    run, waiting = asked(totals, review_dag(f"review_{state}"))
    assert waiting == "awaiting_input"
    assert "it is rolled back" in question(run, "ask").body
    assert rows(totals) == 2
    respond(run, "ask", ADA, option, reason="Looked at it.", expires_in_days=30)
    assert run.step("ask", resumed=True) == ("success" if state == "confirmed" else "failed")
    (review,) = totals.governance.store.reviews.list(NAME)
    assert (review.state, review.steward, review.reason) == (ReviewState(state), ADA, "Looked at it.")
    assert rows(totals) == (2 if state == "confirmed" else 1)


def test_a_review_that_nobody_answers_is_rolled_back_when_the_time_is_up(totals):
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    totals.contract(
        COLUMNS, stewards=[ADA], sla=[{"property": "reviewDeadline", "value": 0.001, "unit": "s"}]
    )
    published(totals, "gold.totals", GOOD)
    run, _ = asked(totals, review_dag("forgotten", response_timeout=timedelta(seconds=0.01)))
    scheduler = SchedulerJobRunner(Job())
    while run.task_instance("ask").state == "awaiting_input":
        scheduler.check_awaiting_input_timeouts(session=run.session)
        run.session.commit()
    assert run.step("ask", resumed=True) == "failed"
    assert rows(totals) == 1
    assert rows_of(totals, "gold.totals") == [("AA", 1)]


def test_deadlines_are_seen_to_on_a_schedule(totals):
    totals.contract(
        COLUMNS, stewards=[ADA], sla=[{"property": "reviewDeadline", "value": 0.001, "unit": "s"}]
    )
    published(totals, "gold.totals", GOOD)
    with DAG("hourly", schedule=None) as dag:
        QualityGateSensor(task_id="gate", candidate=LOAD, on_failure="review")
        ReviewDeadlineOperator(task_id="deadlines")
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = SteppedRun(dag, "once")
    assert run.step("gate") == "success"
    assert run.step("deadlines") == "success"
    (taken_back,) = output_of(run, "deadlines")
    assert (taken_back["dataset"], taken_back["version"], taken_back["state"]) == (
        "gold.totals",
        2,
        "overdue",
    )
    assert rows_of(totals, "gold.totals") == [("AA", 1)]
