"""The record's status, whatever happens to a task, and what of its parameters is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

from airflow_gov.model.execution import Status
from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import QualityGateSensor
from support import records as complete
from support.contracts import table
from support.governed import execution_of, executions_of, name, nothing_was_published, published, rows_of
from support.killed import MARKER, RUN_ID, killed_dag
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

ROWS = [{"carrier": "AA", "flights": 1}, {"carrier": "UA", "flights": 2}]
COPY = "SELECT * FROM clean.totals"
SECRET = "pa55-word-of-the-source"
#: A time-out that :func:`time_out` brings forward.
LONG = timedelta(hours=1)


@pytest.fixture
def totals(home):
    home.contract(
        table("clean.totals", carrier="string", flights="integer"),
        table("gold.totals", carrier="string", flights="integer"),
    )
    published(home, "clean.totals", ROWS)
    return home


def gold_dag(dag_id, **load):
    with DAG(dag_id, schedule=None) as dag:
        loaded = GoldOperator(task_id="load", source="clean.totals", target="gold.totals", **load)
        QualityGateSensor(task_id="gate", candidate=loaded.output)
    return dag


def test_success(totals, run):
    finished = run(gold_dag("succeeds", sql=COPY, doc_md="Totals for the board."))
    record = execution_of(totals, finished, "load")
    assert record.status is Status.SUCCESS
    assert (record.error_type, record.error_message) == (None, None)
    assert record.meaning == "Totals for the board."
    assert record.task.dag_id == "succeeds"
    assert record.actor.triggered_by == "dag_test"


def test_a_task_that_fails_without_retries(totals, run):
    def broken(totals: pa.Table) -> pa.Table:
        raise ZeroDivisionError("seats of an empty plane")

    finished = run(gold_dag("fails", transform=broken))
    assert finished.state == "failed"
    record = execution_of(totals, finished, "load")
    assert record.status is Status.FAILED
    assert "seats of an empty plane" in record.error_message
    assert record.end >= record.start
    # The gate never ran, so it has no record.
    assert list(executions_of(totals, finished)) == ["load"]
    assert nothing_was_published(totals, "gold.totals")


def test_a_task_that_succeeds_in_its_second_try(totals, run):
    tries = []

    def flaky(totals: pa.Table) -> pa.Table:
        tries.append(len(tries) + 1)
        if len(tries) == 1:
            raise ConnectionError("the first try")
        return totals

    finished = run(gold_dag("retries", transform=flaky, retries=1, retry_delay=timedelta(0)))
    assert finished.state == "success"
    first, second = executions_of(totals, finished)["load"]
    assert (first.task.try_number, first.status) == (1, Status.UP_FOR_RETRY)
    assert "the first try" in first.error_message
    assert (second.task.try_number, second.status) == (2, Status.SUCCESS)
    assert first.execution_id != second.execution_id
    assert rows_of(totals, "gold.totals") == [("AA", 1), ("UA", 2)]


def test_the_last_try_that_fails_is_failed(totals, run):
    def broken(totals: pa.Table) -> pa.Table:
        raise ConnectionError("every try")

    finished = run(gold_dag("exhausted", transform=broken, retries=1, retry_delay=timedelta(0)))
    assert finished.state == "failed"
    tries = executions_of(totals, finished)["load"]
    assert [each.status for each in tries] == [Status.UP_FOR_RETRY, Status.FAILED]


def test_what_another_try_cannot_mend_is_not_tried_again(totals, run):
    finished = run(gold_dag("final", sql="DROP TABLE clean.totals", retries=3))
    assert finished.state == "failed"
    record = execution_of(totals, finished, "load")
    assert (record.status, record.error_reason) == (Status.FAILED, "sql_refused")


def test_a_function_that_skips(totals, run):
    def nothing_new(totals: pa.Table) -> pa.Table:
        raise AirflowSkipException("no new flights today")

    finished = run(gold_dag("skips", transform=nothing_new))
    assert finished.get_task_instance("load").state == "skipped"
    assert finished.get_task_instance("gate").state == "skipped"
    record = execution_of(totals, finished, "load")
    assert (record.status, record.error_type) == (Status.SKIPPED, None)
    assert nothing_was_published(totals, "gold.totals")


def test_a_decorated_function_that_skips(totals, run):
    @task.zone(source="clean.totals", target="gold.totals")
    def load(totals: pa.Table) -> pa.Table:
        raise AirflowSkipException("no new flights today")

    with DAG("skips_too", schedule=None) as dag:
        QualityGateSensor(task_id="gate", candidate=load())
    finished = run(dag)
    assert finished.get_task_instance("load").state == "skipped"
    assert execution_of(totals, finished, "load").status is Status.SKIPPED


def time_out():
    """Let the time-out of the running task come in a moment."""
    signal.setitimer(signal.ITIMER_REAL, 0.1)


def assert_timed_out(totals, finished):
    """The load of a finished run did, and left nothing."""
    record = execution_of(totals, finished, "load")
    assert finished.state == "failed"
    assert (record.status, record.error_type) == (Status.FAILED, "AirflowTaskTimeout")
    assert nothing_was_published(totals, "gold.totals")


def test_a_function_that_takes_too_long(totals, run):
    def slow(totals: pa.Table) -> pa.Table:
        time_out()
        time.sleep(60)
        return totals

    finished = run(gold_dag("slow", transform=slow, execution_timeout=LONG))
    assert_timed_out(totals, finished)


def test_a_time_out_that_comes_while_python_tidies_up(totals, run):
    """There Python drops what is raised; the task would run on."""

    class Thing:
        pass

    def tidy(_: object) -> None:
        time_out()
        time.sleep(60)

    def slow(totals: pa.Table) -> pa.Table:
        thing = Thing()
        kept = weakref.ref(thing, tidy)
        del thing
        assert kept() is None
        time.sleep(60)
        return totals

    finished = run(gold_dag("tidying", transform=slow, execution_timeout=LONG))
    assert_timed_out(totals, finished)


def test_a_query_that_takes_too_long(totals, run):
    ended = threading.Event()

    def watch():
        """The query runs in a thread of its own."""
        while not ended.wait(0.05):
            if any(thread.name == "airflow-gov-duckdb" for thread in threading.enumerate()):
                ended.wait(0.2)
                time_out()
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    pairs = "SELECT count(*) FROM range(10000000) a, range(10000000) b"
    endless = f"SELECT carrier, ({pairs}) AS flights FROM clean.totals"
    try:
        finished = run(gold_dag("endless", sql=endless, execution_timeout=LONG))
    finally:
        ended.set()
        watcher.join()
    assert_timed_out(totals, finished)


def test_a_mapped_task_has_a_record_each_and_only_the_broken_one_fails(totals, run):
    def one(totals: pa.Table, *, carrier: str) -> pa.Table:
        if carrier == "AA":
            raise ValueError("no flights of AA")
        return totals.filter(pa.compute.field("carrier") == carrier)

    with DAG("mapped_failure", schedule=None) as dag:
        loads = GoldOperator.partial(
            task_id="load", source="clean.totals", target="gold.totals", transform=one, write_mode="append"
        ).expand(arguments=[{"carrier": "UA"}, {"carrier": "AA"}])
        loads >> QualityGateSensor(task_id="gate", dataset="gold.totals")
    finished = run(dag)
    assert finished.state == "failed"
    first, second = executions_of(totals, finished)["load"]
    assert (first.task.map_index, first.status) == (0, Status.SUCCESS)
    assert (second.task.map_index, second.status) == (1, Status.FAILED)
    assert first.parameters["arguments"] == {"carrier": "UA"}
    assert "no flights of AA" in second.error_message
    # The gate needs all of them, so nothing of the run is published.
    assert finished.get_task_instance("gate").state == "upstream_failed"
    assert nothing_was_published(totals, "gold.totals")


def test_a_killed_task_is_closed_when_its_dag_run_ends(totals):
    """The Dag-run listener, as the scheduler calls it, with the scheduler's own Dag run."""
    from airflow.listeners.listener import get_listener_manager

    run = left_open(totals, "run_ends")
    get_listener_manager().hook.on_dag_run_failed(dag_run=run.dag_run, msg="the run ended")
    closed = execution_of(totals, run, "load")
    assert closed.status is Status.LOST
    assert closed.end is not None
    assert "killed" in closed.error_message


def test_a_killed_task_is_closed_when_the_scheduler_gives_it_up(totals):
    run = left_open(totals, "given_up")
    ti = run.task_instance("load")
    ti.state, ti.try_number = "running", 1
    run.session.commit()
    ti.handle_failure(error="no heartbeat", session=run.session)
    run.session.commit()
    assert run.task_instance("load").state == "failed"
    assert execution_of(totals, run, "load").status is Status.LOST


def test_a_try_killed_with_kill_9_is_closed_by_the_next_try_which_takes_its_load_over(
    totals, tmp_path, monkeypatch
):
    monkeypatch.setenv(MARKER, str(tmp_path / "killed"))
    dead = subprocess.run(
        [sys.executable, "-m", "support.killed"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    run = SteppedRun(killed_dag(), RUN_ID, made=True)
    assert run.task_instance("load").state == "running"
    (open_record,) = executions_of(totals, run)["load"]
    assert open_record.status is Status.RUNNING

    run.lose("load")
    assert run.step("load") == "success"
    first, second = executions_of(totals, run)["load"]
    assert (first.execution_id, first.status) == (open_record.execution_id, Status.LOST)
    assert "try 2 took over" in first.error_message
    assert (second.task.try_number, second.status) == (2, Status.SUCCESS)
    assert run.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == [("AA", 1), ("UA", 2)]


def test_the_listener_leaves_finished_records_and_other_runs_alone(totals):
    from airflow.listeners.listener import get_listener_manager

    other = left_open(totals, "other_run")
    run = SteppedRun(gold_dag("finished_run", sql=COPY), "once")
    assert run.step("load") == "success"
    finished = execution_of(totals, run, "load")
    get_listener_manager().hook.on_dag_run_success(dag_run=run.dag_run, msg="the run ended")
    assert execution_of(totals, run, "load") == finished
    assert execution_of(totals, other, "load").status is Status.RUNNING


def left_open(home, dag_id):
    """A run whose task's record stayed as its killed process left it."""
    run = SteppedRun(gold_dag(dag_id, sql=COPY), "once")
    task_run = complete.task_run(dag_id=dag_id, run_id="once", task_id="load", map_index=-1)
    home.governance.store.executions.start(complete.execution(f"killed in {dag_id}", task=task_run))
    return run


def test_secrets_are_kept_in_no_record(totals, run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_DB", f"postgresql://ada:{SECRET}@db.example.com/flights")

    def keep(totals: pa.Table, *, dsn: str, limit: int) -> pa.Table:
        assert SECRET in dsn
        return totals.slice(0, limit)

    arguments = {"dsn": "{{ conn.source_db.get_uri() }} {{ conn.source_db.password }}", "limit": 1}
    finished = run(gold_dag("secretive", transform=keep, arguments=arguments))
    assert finished.state == "success"
    record = execution_of(totals, finished, "load")
    assert record.parameters["arguments"]["limit"] == 1
    assert "***" in record.parameters["arguments"]["dsn"]
    assert not kept(totals, SECRET)


def test_secrets_in_sql_and_in_errors_are_masked(totals, run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SOURCE_DB", f"postgresql://ada:{SECRET}@db.example.com/flights")
    sql = "SELECT error('login as {{ conn.source_db.password }}') AS carrier, 1 AS flights FROM clean.totals"
    failed = execution_of(totals, run(gold_dag("leaking", sql=sql)), "load")
    assert failed.error_reason == "sql_failed"
    sql = "SELECT * FROM clean.totals WHERE carrier <> '{{ conn.source_db.password }}'"
    succeeded = execution_of(totals, run(gold_dag("joining", sql=sql)), "load")
    assert succeeded.status is Status.SUCCESS
    assert all("***" in record.parameters["sql"] for record in (failed, succeeded))
    assert not kept(totals, SECRET)


def test_secrets_in_a_delivery_url_are_not_kept(home, run):
    from airflow_gov.operators import RawIngestOperator

    home.contract({"name": "raw flights", "physicalName": "raw.flights"})
    with DAG("signed", schedule=None) as dag:
        RawIngestOperator(
            task_id="load",
            dataset="raw.flights",
            source=f"http://ada:{SECRET}@127.0.0.1:9/flights.csv?signature={SECRET}",
        )
    finished = run(dag)
    record = execution_of(home, finished, "load")
    assert (record.status, record.error_reason) == (Status.FAILED, "source_missing")
    assert record.parameters["source"] == "http://127.0.0.1:9/flights.csv"
    assert not kept(home, SECRET)


def kept(home, secret):
    """The files of the store and the lake that have it: records, loads, snapshots, everything."""
    files = [path for path in (home.folder / "state").rglob("*") if path.is_file()]
    assert any(path.name == "governance.db" for path in files)
    return [path for path in files if secret.encode() in path.read_bytes()]


def test_params_are_kept_as_they_were_for_this_run(totals, run):
    dag = gold_dag("with_params", sql=COPY + " WHERE carrier = '{{ params.carrier }}'")
    dag.params["carrier"] = "AA"
    finished = run(dag, run_conf={"carrier": "UA"})
    assert finished.state == "success"
    record = execution_of(totals, finished, "load")
    assert record.parameters["params"] == {"carrier": "UA"}
    assert record.code == "SELECT * FROM clean.totals WHERE carrier = 'UA'"
    assert rows_of(totals, "gold.totals") == [("UA", 2)]
    assert totals.governance.store.versions.current(name("gold.totals")).rows == 1


def test_credentials_in_urls_are_kept_in_no_parameter(totals, run):
    """Those that no connection and no masker of Airflow's knows."""

    def keep(totals: pa.Table, *, places: dict[str, list[str]], note: str) -> pa.Table:
        return totals

    address = f"https://ada:{SECRET}@files.example.com/a.csv?signature={SECRET}"
    arguments = {"places": {"of": [address, "s3://bucket/a"]}, "note": f"as http://ada:{SECRET}@host/ says"}
    record = execution_of(totals, run(gold_dag("addressed", transform=keep, arguments=arguments)), "load")
    assert record.parameters["arguments"] == {
        "places": {"of": ["https://files.example.com/a.csv", "s3://bucket/a"]},
        "note": "as http://host/ says",
    }
    assert not kept(totals, SECRET)
