"""Sensors that wait for what other Dags publish: a version, fresh data."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from airflow.sdk import DAG

from airflow_gov.flow.rollback import rollback
from airflow_gov.model.execution import Status
from airflow_gov.model.zones import DatasetName
from airflow_gov.sensors import DatasetFreshnessSensor, PublishedVersionSensor
from support.contracts import table
from support.governed import execution_of, published
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ROWS = [{"carrier": "UA", "seen": DAY}]
COLUMNS = table("gold.totals", carrier="string", seen="timestamp")
TOTALS = DatasetName.parse("gold.totals")


@pytest.fixture
def totals(home):
    home.contract(COLUMNS)
    return home


def one_task(dag_id, sensor, **arguments):
    with DAG(dag_id, schedule=None) as dag:
        sensor(task_id="wait", dataset="gold.totals", **{"poke_interval": 0.05, "timeout": 20, **arguments})
    return dag


def output_of(finished):
    return finished.get_task_instance("wait").xcom_pull(task_ids="wait")


class Publishing(threading.Thread):
    """Publishes a version once the sensor's record says that it waits in the triggerer."""

    def __init__(self, home, **options):
        super().__init__()
        self.home, self.options = home, options
        self.waited = False

    def run(self):
        store, limit = self.home.governance.store, time.monotonic() + 120
        while not self.waited and time.monotonic() < limit:
            time.sleep(0.02)
            self.waited = bool(store.executions.list(task_id="wait", status=Status.DEFERRED))
        published(self.home, "gold.totals", ROWS, **self.options)


def test_a_deferred_sensor_resumes_when_another_dag_publishes(totals, run):
    published(totals, "gold.totals", ROWS)
    other = Publishing(totals)
    other.start()
    finished = run(one_task("newer", PublishedVersionSensor, newer_than=1, deferrable=True))
    other.join()
    assert other.waited
    assert finished.state == "success"
    version = totals.governance.store.versions.current(TOTALS)
    assert output_of(finished) == {"dataset": "gold.totals", "version": 2, "snapshot": version.snapshot_id}
    record = execution_of(totals, finished, "wait")
    assert (record.status, record.action) == (Status.SUCCESS, "Find gold.totals version 2")
    assert [(each.role, each.dataset, each.version) for each in record.data] == [("source", "gold.totals", 2)]


def test_the_version_of_a_logical_date_is_found_whoever_loaded_it(totals, run):
    published(totals, "gold.totals", ROWS, logical_date=DAY)
    published(totals, "gold.totals", ROWS, logical_date=DAY + timedelta(days=1))
    dag = one_task("dated", PublishedVersionSensor, logical_date="{{ logical_date }}")
    finished = run(dag, logical_date=DAY)
    assert finished.state == "success"
    assert output_of(finished)["version"] == 1


@pytest.mark.parametrize(
    "conditions",
    [
        {"newer_than": 1},
        {"newer_than": "{{ 1 }}"},
        {"newer_than": datetime(2100, 1, 1, tzinfo=UTC)},
        {"newer_than": "2100-01-01T00:00:00"},
        {"logical_date": DAY},
    ],
)
def test_it_waits_while_nothing_meets_the_conditions(totals, conditions):
    published(totals, "gold.totals", ROWS, logical_date=DAY + timedelta(days=1))
    dag = one_task("unmet", PublishedVersionSensor, mode="reschedule", **conditions)
    assert SteppedRun(dag, uuid4().hex).step("wait") == "up_for_reschedule"


def test_a_version_that_was_taken_back_is_not_found(totals):
    published(totals, "gold.totals", ROWS)
    published(totals, "gold.totals", ROWS)
    rollback(totals.governance, TOTALS, 1, reason="wrong", actor="ada")
    dag = one_task("taken_back", PublishedVersionSensor, mode="reschedule", newer_than=1)
    assert SteppedRun(dag, "once").step("wait") == "up_for_reschedule"


@pytest.mark.parametrize(
    ("sensor", "arguments", "reason", "message"),
    [
        (PublishedVersionSensor, {"verdict": "good"}, "parameter_invalid", "passed, any"),
        (PublishedVersionSensor, {"logical_date": "soon"}, "parameter_invalid", "no date and time"),
        (PublishedVersionSensor, {"logical_date": "{{ none }}"}, "parameter_invalid", "by hand"),
        (PublishedVersionSensor, {"newer_than": "v3"}, "parameter_invalid", "newer_than 'v3'"),
        (DatasetFreshnessSensor, {"max_age": "a while"}, "parameter_invalid", "no duration"),
        (DatasetFreshnessSensor, {}, "parameter_invalid", "slaProperties"),
        (DatasetFreshnessSensor, {"max_age": "1 h", "column": "carrier"}, "parameter_invalid", "is string"),
        (DatasetFreshnessSensor, {"max_age": "1 h", "column": "colour"}, "parameter_invalid", "not there"),
    ],
)
def test_what_cannot_be_waited_for_is_refused_at_once(totals, sensor, arguments, reason, message):
    published(totals, "gold.totals", ROWS)
    run = SteppedRun(one_task("refused", sensor, retries=2, **arguments), uuid4().hex)
    assert run.step("wait") == "failed"
    record = execution_of(totals, run, "wait")
    assert record.error_reason == reason
    assert message in record.error_message


def test_fresh_is_what_was_published_lately(totals):
    published(totals, "gold.totals", ROWS)
    run = SteppedRun(one_task("fresh", DatasetFreshnessSensor, max_age="1 h"), "once")
    assert run.step("wait") == "success"
    told = run.task_instance("wait").xcom_pull(task_ids="wait")
    assert told["version"] == 1
    assert 0 <= told["age_seconds"] < 3600


def test_the_age_of_the_data_itself_may_be_what_counts(totals):
    published(totals, "gold.totals", ROWS)
    dag = one_task("old", DatasetFreshnessSensor, max_age="1 h", column="seen", mode="reschedule")
    assert SteppedRun(dag, "once").step("wait") == "up_for_reschedule"
    ages = {"max_age": timedelta(days=365 * 200), "column": "seen"}
    run = SteppedRun(one_task("older", DatasetFreshnessSensor, **ages), "once")
    assert run.step("wait") == "success"
    assert run.task_instance("wait").xcom_pull(task_ids="wait")["as_of"] == DAY.isoformat()


def test_how_old_it_may_be_stands_in_the_contract(totals):
    totals.contract(
        COLUMNS,
        sla=[{"property": "latency", "value": 1, "unit": "h"}],
    )
    published(totals, "gold.totals", ROWS)
    run = SteppedRun(one_task("agreed", DatasetFreshnessSensor, column="seen", mode="reschedule"), "once")
    assert run.step("wait") == "up_for_reschedule"
    totals.contract(
        COLUMNS,
        sla=[{"property": "freshness", "value": 200, "unit": "y"}],
    )
    assert run.step("wait", resumed=True) == "success"


def test_stale_data_is_waited_for_in_the_triggerer_until_the_next_version(totals, run):
    other = Publishing(totals)
    other.start()
    finished = run(one_task("stale", DatasetFreshnessSensor, max_age=3600, deferrable=True))
    other.join()
    assert other.waited
    assert finished.state == "success"
    assert output_of(finished)["version"] == 1


def test_names_of_datasets_may_be_aliases(totals, monkeypatch):
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__ZONE_ALIASES", '{"production": "gold"}')
    published(totals, "gold.totals", ROWS)
    with DAG("aliased", schedule=None) as dag:
        PublishedVersionSensor(task_id="wait", dataset="production.totals")
    assert SteppedRun(dag, "once").step("wait") == "success"
