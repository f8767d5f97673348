"""Checks without publishing: of candidates, of what readers see now, of earlier versions."""

from __future__ import annotations

from uuid import uuid4

import pytest
from airflow.sdk import DAG

from airflow_gov.model.execution import Role, Status
from airflow_gov.model.loads import LoadKey
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators import QualityCheckOperator
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import candidate, execution_of, published, versions_of
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

NAME = DatasetName.parse("gold.totals")
KEY = "the load"
LOAD = {"dataset": "gold.totals", "load_id": LoadKey((KEY,)).load_id}
GOOD = [{"carrier": "AA", "flights": 1}]
BAD = [{"carrier": None, "flights": 2}]


@pytest.fixture
def totals(home):
    home.contract(
        table("gold.totals", carrier={"logicalType": "string", "required": True}, flights="integer")
    )
    return home


def check_run(dag_id, *, then_gate=False, **arguments):
    with DAG(dag_id, schedule=None) as dag:
        check = QualityCheckOperator(task_id="check", retries=2, **arguments)
        if then_gate:
            check >> QualityGateSensor(task_id="gate", candidate=arguments["candidate"])
    return SteppedRun(dag, uuid4().hex)


def output_of(run):
    return run.task_instance("check").xcom_pull(task_ids="check")


def test_a_candidate_that_breaks_rules_fails_the_task_for_good_and_stays(totals):
    written = candidate(totals, "gold.totals", BAD, key=KEY)
    run = check_run("broken", candidate=LOAD)
    assert run.step("check") == "failed"
    record = execution_of(totals, run, "check")
    assert (record.status, record.error_reason) == (Status.FAILED, "verdict_failed")
    assert "required(carrier)" in record.error_message
    assert totals.governance.store.loads.get(NAME, LOAD["load_id"]).state == written.state
    assert versions_of(totals, "gold.totals") == []


def test_only_warning_returns_a_summary_of_the_verdict(totals):
    candidate(totals, "gold.totals", BAD, key=KEY)
    run = check_run("warned", candidate=LOAD, on_failure="warn")
    assert run.step("check") == "success"
    told = output_of(run)
    verdict = totals.governance.store.verdicts.get(told["verdict"])
    assert told == {
        "dataset": "gold.totals",
        "version": None,
        "snapshot": verdict.snapshot_id,
        "verdict": verdict.verdict_id,
        "passed": False,
        "rules": len(verdict.results),
        "failed": ["required"],
    }


def test_the_gate_finds_the_verdict_of_the_check(totals):
    candidate(totals, "gold.totals", GOOD, key=KEY)
    run = check_run("beforehand", candidate=LOAD, then_gate=True)
    assert run.step("check") == "success"
    assert versions_of(totals, "gold.totals") == []
    assert run.step("gate") == "success"
    assert totals.governance.store.versions.current(NAME).verdict_id == output_of(run)["verdict"]


def test_what_readers_see_is_checked_on_a_schedule(totals):
    published(totals, "gold.totals", GOOD)
    published(totals, "gold.totals", [*GOOD, *GOOD])
    run = check_run("now", dataset="gold.totals")
    assert run.step("check") == "success"
    assert (output_of(run)["version"], output_of(run)["passed"]) == (2, True)
    record = execution_of(totals, run, "check")
    assert record.action == "Check gold.totals"
    assert [(each.role, each.dataset, each.version) for each in record.data] == [
        (Role.SOURCE, "gold.totals", 2)
    ]
    run = check_run("before", dataset="gold.totals", version="{{ 1 }}")
    assert run.step("check") == "success"
    assert output_of(run)["version"] == 1


@pytest.mark.parametrize(
    ("arguments", "reason", "message"),
    [
        ({"dataset": "gold.totals", "on_failure": "review"}, "parameter_invalid", "fail, warn"),
        ({"dataset": "gold.totals", "version": "first"}, "parameter_invalid", "'first'"),
        ({"dataset": "gold.totals", "version": 9}, "version_unknown", "9"),
        ({"candidate": LOAD, "version": 1}, "parameter_invalid", "goes with dataset="),
        ({"candidate": "gold.totals"}, "parameter_invalid", "str"),
        ({}, "parameter_invalid", "either candidate="),
        ({"candidate": LOAD}, "source_missing", "no candidate yet"),
        ({"dataset": "gold.other"}, "dataset_unknown", "does not exist"),
    ],
)
def test_what_cannot_be_checked_is_refused(totals, arguments, reason, message):
    published(totals, "gold.totals", GOOD)
    run = check_run(f"refused_{reason}_{len(message)}", **arguments)
    assert run.step("check") in ("failed", "up_for_retry")
    record = execution_of(totals, run, "check")
    assert record.error_reason == reason
    assert message in record.error_message
