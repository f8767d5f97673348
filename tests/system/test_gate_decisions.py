"""What a gate makes of a candidate that breaks rules, and whom it tells."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import uuid4

import pytest
from airflow.sdk import DAG

from airflow_gov import dataset
from airflow_gov.model.loads import LoadKey
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators import GoldOperator, promote
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import candidate, execution_of, published, rows_of, table_of, versions_of
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

NAME = DatasetName.parse("gold.totals")
KEY = "the load"
LOAD = {"dataset": "gold.totals", "load_id": LoadKey((KEY,)).load_id}
ROWS = [{"carrier": f"A{number}", "flights": number} for number in range(9)]
BAD = [*ROWS, {"carrier": None, "flights": 9}]
COLUMNS = table("gold.totals", carrier={"logicalType": "string", "required": True}, flights="integer")


@pytest.fixture
def totals(home):
    home.contract(
        COLUMNS,
        table("clean.totals", carrier="string", flights="integer"),
        stewards=["ada@example.com"],
    )
    return home


def gate_run(dag_id, **gate):
    with DAG(dag_id, schedule=None) as dag:
        # Of a task's output the gate knows the asset by itself; Airflow wants to know it beforehand.
        outlets = [dataset("gold.totals").asset]
        QualityGateSensor(task_id="gate", outlets=outlets, **{"candidate": LOAD, "retries": 2, **gate})
    return SteppedRun(dag, uuid4().hex)


def told(run):
    """What the asset's consumers are told."""
    from airflow.models.asset import AssetEvent

    (event,) = run.session.query(AssetEvent).filter_by(source_run_id=run.run_id).all()
    return event.extra


def output_of(run):
    return run.task_instance("gate").xcom_pull(task_ids="gate")


def test_a_candidate_that_keeps_its_contract(totals):
    candidate(totals, "gold.totals", ROWS, key=KEY)
    run = gate_run("kept")
    assert run.step("gate") == "success"
    extra = told(run)
    verdict = totals.governance.store.verdicts.get(extra["verdict_id"])
    assert (extra["verdict"], extra["version"], extra["rows"]) == ("passed", 1, 9)
    assert (extra["rules"], extra["failed"]) == (len(verdict.results), 0)
    assert (extra["quarantined"], extra["republished"]) == (0, False)
    assert output_of(run)["verdict"] == "passed"


@pytest.mark.parametrize("soft_fail", [True, False])
def test_a_candidate_that_breaks_rules_fails_the_task_for_good(totals, soft_fail):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = gate_run(f"broken_{soft_fail}", soft_fail=soft_fail)
    assert run.step("gate") == "failed"
    message = execution_of(totals, run, "gate").error_message
    assert "required(carrier): expected no nulls, observed 1" in message
    assert versions_of(totals, "gold.totals") == []


def test_rows_that_break_rules_are_set_aside_and_the_others_published(totals):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = gate_run("aside", on_failure="quarantine", quarantine_limit="10%")
    assert run.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == [(f"A{number}", number) for number in range(9)]
    (aside,) = table_of(totals.governance, str(NAME.quarantine)).to_pylist()
    assert "required" in aside["reason"]
    assert json.loads(aside["content"])["flights"] == 9
    assert (told(run)["rows"], told(run)["quarantined"]) == (9, 1)
    assert execution_of(totals, run, "gate").counts.quarantined == 1


@pytest.mark.parametrize("limit", [0, "5%"])
def test_too_many_rows_to_set_aside_fail_the_gate_after_all(totals, limit):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = gate_run("too_many", on_failure="quarantine", quarantine_limit=limit)
    assert run.step("gate") == "failed"
    assert "gold.totals__quarantine" in execution_of(totals, run, "gate").error_message
    assert versions_of(totals, "gold.totals") == []


def test_a_warning_publishes_and_tells(totals):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = gate_run("warned", on_failure="{{ 'warn' }}")
    assert run.step("gate") == "success"
    assert (told(run)["verdict"], told(run)["failed"], told(run)["rows"]) == ("warned", 1, 10)


def test_a_review_publishes_and_tells_until_when_it_must_be_confirmed(totals):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = gate_run("reviewed", on_failure="review")
    assert run.step("gate") == "success"
    (review,) = totals.governance.store.reviews.list(NAME)
    extra = told(run)
    assert (extra["verdict"], extra["review_id"]) == ("review", review.review_id)
    assert datetime.fromisoformat(extra["review_deadline"]) == review.deadline


def test_a_contract_that_changed_since_the_candidate_was_written_is_refused(totals):
    candidate(totals, "gold.totals", ROWS, key=KEY)
    totals.contract({**COLUMNS, "description": "Another one."}, stewards=["ada@example.com"])
    run = gate_run("changed")
    assert run.step("gate") == "failed"
    assert execution_of(totals, run, "gate").error_reason == "contract_changed"


def test_a_dataset_that_the_contracts_of_the_dag_do_not_know_is_published_under_its_own(totals, tmp_path):
    candidate(totals, "gold.totals", ROWS, key=KEY)
    run = gate_run("elsewhere", contracts_folder=str(tmp_path / "nowhere"))
    assert run.step("gate") == "success"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on_failure": "ignore"}, "fail, quarantine, warn, review"),
        ({"quarantine_limit": "10 percent"}, "quarantine_limit"),
        ({"candidate": None}, "either candidate="),
        ({"dataset": "gold.totals"}, "either candidate="),
        ({"candidate": 3}, "candidate is int"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_waited_for(totals, arguments, message):
    run = gate_run(f"wrong_{len(message)}_{len(arguments)}", timeout=60, **arguments)
    assert run.step("gate") == "failed"
    record = execution_of(totals, run, "gate")
    assert record.error_reason == "parameter_invalid"
    assert message in record.error_message


def test_promote_hands_options_to_its_gate(totals, run):
    published(totals, "clean.totals", BAD)
    with DAG("promoted", schedule=None) as dag:
        promote(
            GoldOperator,
            source="clean.totals",
            target="gold.totals",
            sql="SELECT * FROM clean.totals",
            gate={"on_failure": "quarantine"},
        )
    assert run(dag).state == "success"
    assert len(rows_of(totals, "gold.totals")) == 9
