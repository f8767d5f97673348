"""Gates that wait: in the triggerer without a slot, in a worker, until they give up."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from airflow.sdk import DAG

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadKey
from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import QualityGateSensor
from airflow_gov.triggers.candidate import CandidateTrigger
from support.contracts import table
from support.governed import candidate, execution_of, published, rows_of
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

ROWS = [{"carrier": "UA", "flights": 2}]
KEY = "of another Dag"
AWAITED = {"dataset": "gold.totals", "load_id": LoadKey((KEY,)).load_id}
LONG = 60.0


@pytest.fixture
def totals(home):
    home.contract(
        table("clean.totals", carrier="string", flights="integer"),
        table("gold.totals", carrier="string", flights="integer"),
    )
    return home


def gate_dag(dag_id, **gate):
    with DAG(dag_id, schedule=None) as dag:
        QualityGateSensor(task_id="gate", **{"poke_interval": 0.05, **gate})
    return dag


class Arrival(threading.Thread):
    """Writes the candidate once the gate's record says that it waits, and keeps that record."""

    def __init__(self, home, status, *, of_the_run=False, rows=ROWS):
        super().__init__()
        self.home, self.status, self.of_the_run, self.rows = home, status, of_the_run, rows
        self.waiting = None

    def run(self):
        store, limit = self.home.governance.store, time.monotonic() + 120
        while self.waiting is None and time.monotonic() < limit:
            time.sleep(0.02)
            self.waiting = next(iter(store.executions.list(task_id="gate", status=self.status)), None)
        task = self.waiting.task
        mine = {"dag_id": task.dag_id, "run_id": task.run_id} if self.of_the_run else {}
        with suppress(pa.ArrowException):
            candidate(self.home, "gold.totals", self.rows, key=KEY, **mine)


def test_a_deferred_gate_resumes_when_the_candidate_of_another_dag_arrives(totals, run):
    arrival = Arrival(totals, Status.DEFERRED)
    arrival.start()
    finished = run(gate_dag("deferred", candidate=AWAITED, deferrable=True))
    arrival.join()
    assert finished.state == "success"
    assert rows_of(totals, "gold.totals") == [("UA", 2)]
    record = execution_of(totals, finished, "gate")
    assert record.status is Status.SUCCESS
    assert record.execution_id == arrival.waiting.execution_id
    assert arrival.waiting.action == "Wait for a candidate"
    assert arrival.waiting.end is None
    # One record from the first start on; the time in the triggerer is no work.
    assert record.start == arrival.waiting.start
    assert record.start < record.end
    assert record.duration < (record.end - record.start).total_seconds()


def test_a_deferred_gate_on_a_dataset_waits_for_a_candidate_of_its_own_run(totals, run):
    published(totals, "gold.totals", [{"carrier": "AA", "flights": 1}])
    candidate(totals, "gold.totals", [{"carrier": "DL", "flights": 9}])
    arrival = Arrival(totals, Status.DEFERRED, of_the_run=True)
    arrival.start()
    finished = run(gate_dag("own_run", dataset="gold.totals", deferrable=True))
    arrival.join()
    assert finished.state == "success"
    assert rows_of(totals, "gold.totals") == [("UA", 2)]


def test_a_gate_with_a_candidate_does_not_defer(totals, run):
    candidate(totals, "gold.totals", ROWS, key=KEY)
    finished = run(gate_dag("at_once", candidate=AWAITED, deferrable=True, poke_interval=LONG))
    assert finished.state == "success"
    assert execution_of(totals, finished, "gate").action == "Check and publish gold.totals"


def test_a_gate_in_a_worker_waits_for_the_candidate(totals, run):
    arrival = Arrival(totals, Status.RUNNING)
    arrival.start()
    assert run(gate_dag("poking", candidate=AWAITED, timeout=120)).state == "success"
    arrival.join()
    assert rows_of(totals, "gold.totals") == [("UA", 2)]


@pytest.mark.parametrize(
    ("soft_fail", "state", "status"),
    [(False, "failed", Status.FAILED), (True, "skipped", Status.SKIPPED)],
)
def test_a_gate_in_a_worker_gives_up_after_its_timeout(totals, run, soft_fail, state, status):
    finished = run(gate_dag(f"late_{soft_fail}", candidate=AWAITED, timeout=0.2, soft_fail=soft_fail))
    assert finished.get_task_instance("gate").state == state
    record = execution_of(totals, finished, "gate")
    assert (record.status, record.action) == (status, "Wait for a candidate")
    assert record.end is not None


@pytest.mark.parametrize(
    ("soft_fail", "state", "status"),
    [(False, "failed", Status.FAILED), (True, "skipped", Status.SKIPPED)],
)
def test_a_deferred_gate_gives_up_when_the_scheduler_times_its_trigger_out(totals, soft_fail, state, status):
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    dag = gate_dag(
        f"trigger_{soft_fail}", candidate=AWAITED, deferrable=True, timeout=0.01, soft_fail=soft_fail
    )
    run = SteppedRun(dag, "once")
    assert run.step("gate") == "deferred"
    waiting = execution_of(totals, run, "gate")
    assert (waiting.status, waiting.end) == (Status.DEFERRED, None)
    time.sleep(0.02)
    SchedulerJobRunner(Job()).check_trigger_timeouts(session=run.session)
    run.session.commit()
    assert run.step("gate", resumed=True) == state
    record = execution_of(totals, run, "gate")
    assert (record.status, record.start) == (status, waiting.start)
    assert record.end is not None


def test_a_gate_that_reschedules_itself_frees_its_worker_in_between(totals):
    run = SteppedRun(gate_dag("slots", candidate=AWAITED, mode="reschedule"), "once")
    assert run.step("gate") == "up_for_reschedule"
    waiting = execution_of(totals, run, "gate")
    assert (waiting.status, waiting.end) == (Status.UP_FOR_RESCHEDULE, None)
    candidate(totals, "gold.totals", ROWS, key=KEY)
    assert run.step("gate", resumed=True) == "success"
    record = execution_of(totals, run, "gate")
    assert (record.status, record.start) == (Status.SUCCESS, waiting.start)


def test_a_gate_fails_at_once_when_the_task_it_waits_for_has_failed_for_good(totals, run):
    published(totals, "clean.totals", ROWS)
    with DAG("given_up", schedule=None) as dag:
        load = GoldOperator(
            task_id="load",
            source="clean.totals",
            target="gold.totals",
            sql="SELECT carrier, error('no') AS flights FROM clean.totals",
            load_key=KEY,
        )
        gate = QualityGateSensor(
            task_id="gate", candidate=AWAITED, timeout=LONG, poke_interval=1, trigger_rule="all_done"
        )
        load >> gate
    began = time.monotonic()
    finished = run(dag)
    assert finished.state == "failed"
    record = execution_of(totals, finished, "gate")
    assert record.error_reason == "source_missing"
    assert "task load failed" in record.error_message
    assert time.monotonic() - began < LONG / 4


def test_a_deferred_gate_fails_when_the_task_it_waits_for_fails_meanwhile(totals, run):
    arrival = Arrival(totals, Status.DEFERRED, rows=[{"carrier": "UA", "flights": "not a number"}])
    arrival.start()
    finished = run(gate_dag("hopeless", candidate=AWAITED, deferrable=True))
    arrival.join()
    assert finished.state == "failed"
    assert execution_of(totals, finished, "gate").error_reason == "source_missing"


def test_a_gate_waits_for_a_load_that_is_still_written_beside_a_finished_one(totals):
    run = SteppedRun(gate_dag("siblings", dataset="gold.totals", mode="reschedule"), "once")
    first = candidate(totals, "gold.totals", ROWS, dag_id="siblings", run_id="once")
    store = totals.governance.store
    slow = replace(first, load_id="5" * 16, task_id="slow", execution_id="slow")
    store.loads.begin(slow, lease=timedelta(minutes=1))
    assert run.step("gate") == "up_for_reschedule"
    assert store.versions.current(first.dataset) is None


def test_a_trigger_travels_as_json_and_carries_no_address(monkeypatch, totals):
    monkeypatch.setenv(
        "AIRFLOW_CONN_AIRFLOW_GOV_DEFAULT", "postgresql://ada:open-sesame@db.example.com/governance"
    )
    trigger = CandidateTrigger(
        outputs=[AWAITED], dataset=None, dag_id="flights", run_id="once", poke_interval=30.0
    )
    path, arguments = trigger.serialize()
    text = json.dumps(arguments)
    assert path == "airflow_gov.triggers.candidate.CandidateTrigger"
    assert "open-sesame" not in text
    assert "db.example.com" not in text
    assert CandidateTrigger(**json.loads(text)).serialize() == (path, arguments)


@pytest.mark.parametrize("deferrable", [True, False])
def test_what_is_refused_fails_also_where_waiting_may_be_skipped(totals, deferrable):
    dag = gate_dag(
        f"refused_{deferrable}", candidate=AWAITED, deferrable=deferrable, on_failure="shrug", soft_fail=True
    )
    run = SteppedRun(dag, "once")
    assert run.step("gate") == "failed"
    assert "shrug" in execution_of(totals, run, "gate").error_message


@pytest.mark.parametrize(("soft_fail", "state"), [(False, "failed"), (True, "skipped")])
def test_a_gate_that_is_woken_in_vain_waits_for_what_is_left_of_its_time(totals, soft_fail, state):
    dag = gate_dag(f"left_{soft_fail}", candidate=AWAITED, deferrable=True, timeout=1, soft_fail=soft_fail)
    run = SteppedRun(dag, "once")
    assert run.step("gate") == "deferred"
    time.sleep(1)
    assert run.step("gate", resumed=True) == state
