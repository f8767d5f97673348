"""A governance store that is down: nothing is published, nobody is left guessing, no record is lost."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pyarrow as pa
import pytest
import sqlalchemy
from airflow.sdk import DAG

from airflow_gov.model.execution import Status
from airflow_gov.model.loads import LoadKey, LoadState
from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import QualityGateSensor
from airflow_gov.store import Store
from support.contracts import table
from support.governed import (
    candidate,
    execution_of,
    executions_of,
    name,
    nothing_was_published,
    published,
    rows_of,
)
from support.steps import SteppedRun

pytestmark = [pytest.mark.airflow, pytest.mark.postgres]

ROWS = [{"carrier": "AA", "flights": 1}, {"carrier": "UA", "flights": 2}]
COPY = "SELECT * FROM clean.totals"
OPTION = "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN"
#: Nothing listens on the discard port.
CLOSED = "postgresql+psycopg2://ada:open-sesame@127.0.0.1:9/governance"


class Switch:
    """A store in PostgreSQL that can be taken away from everybody and given back."""

    def __init__(self, url):
        address = sqlalchemy.make_url(url)
        self.database = address.database
        self._server = sqlalchemy.create_engine(
            address.set(database="postgres"), isolation_level="AUTOCOMMIT"
        )

    def down(self):
        self._allow("false")
        with self._server.connect() as connection:
            connection.execute(
                sqlalchemy.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :database"
                ),
                {"database": self.database},
            )

    def up(self):
        self._allow("true")

    def _allow(self, allowed):
        with self._server.connect() as connection:
            connection.execute(
                sqlalchemy.text(f"ALTER DATABASE {self.database} WITH ALLOW_CONNECTIONS {allowed}")
            )

    def close(self):
        self._server.dispose()


@pytest.fixture
def totals(home):
    home.contract(
        table("clean.totals", carrier="string", flights="integer"),
        table("gold.totals", carrier="string", flights="integer"),
    )
    return home


@pytest.fixture
def switch(totals, postgres_database, monkeypatch):
    """The home's store lies in PostgreSQL, and there is something to read."""
    url = postgres_database()
    store = Store(url)
    store.upgrade()
    store.dispose()
    monkeypatch.setenv(OPTION, url)
    published(totals, "clean.totals", ROWS)
    switch = Switch(url)
    yield switch
    switch.close()


def gold_dag(dag_id, **load):
    with DAG(dag_id, schedule=None) as dag:
        loaded = GoldOperator(
            task_id="load", **{"source": "clean.totals", "target": "gold.totals", "sql": COPY, **load}
        )
        QualityGateSensor(task_id="gate", candidate=loaded.output)
    return dag


@contextmanager
def store_at(monkeypatch, url):
    """Settings say that the store is there, for a while."""
    with monkeypatch.context() as patch:
        patch.setenv(OPTION, url)
        yield


def test_a_store_that_is_down_before_the_task_refuses_and_the_record_arrives_later(totals, run, monkeypatch):
    published(totals, "clean.totals", ROWS)
    with store_at(monkeypatch, CLOSED):
        finished = run(gold_dag("down_before"))
        assert totals.governance.spool.waiting() == 1
    assert finished.state == "failed"
    assert executions_of(totals, finished) == {}
    assert not totals.governance.lake.exists(name("gold.totals"))

    # The next task of any Dag delivers it.
    assert run(gold_dag("up_again")).state == "success"
    assert totals.governance.spool.waiting() == 0
    record = execution_of(totals, finished, "load")
    assert (record.status, record.error_reason) == (Status.FAILED, "store_unavailable")
    assert "127.0.0.1:9" in record.error_message
    assert "Check that the server runs" in record.error_message
    assert "open-sesame" not in record.error_message
    assert record.task.task_id == "load"
    assert record.end >= record.start


def test_a_store_that_is_no_database_refuses_and_the_record_waits(totals, run, monkeypatch):
    published(totals, "clean.totals", ROWS)
    broken = totals.folder / "broken.db"
    broken.write_bytes(b"this was a database once" * 200)
    with store_at(monkeypatch, f"sqlite:///{broken}"):
        assert run(gold_dag("broken_file")).state == "failed"
        assert totals.governance.spool.waiting() == 1
    assert not totals.governance.lake.exists(name("gold.totals"))


def test_a_store_without_tables_says_which_command_to_run(totals, run, postgres_database, monkeypatch):
    published(totals, "clean.totals", ROWS)
    with store_at(monkeypatch, postgres_database()):
        finished = run(gold_dag("no_tables"))
    assert finished.state == "failed"
    assert not totals.governance.lake.exists(name("gold.totals"))
    assert run(gold_dag("tables")).state == "success"
    record = execution_of(totals, finished, "load")
    assert record.error_reason == "store_schema"
    assert "airflow-gov db upgrade" in record.error_message


def test_a_store_that_goes_down_while_a_candidate_is_written(totals, switch):
    outages = [switch.down]

    def interrupted(totals: pa.Table) -> pa.Table:
        if outages:
            outages.pop()()
        return totals

    run = SteppedRun(gold_dag("down_within", sql=None, transform=interrupted, retries=1), "once")
    assert run.step("load") == "up_for_retry"
    switch.up()
    assert totals.governance.spool.waiting() == 1
    assert nothing_was_published(totals, "gold.totals")
    assert totals.governance.store.loads.candidates(name("gold.totals"), run.dag_id, run.run_id) == []

    # The lease of the first try has not run out, but its record, delivered now, says that it ended.
    assert run.step("load") == "success"
    first, second = executions_of(totals, run)["load"]
    assert (first.status, first.error_reason) == (Status.UP_FOR_RETRY, "store_unavailable")
    assert second.status is Status.SUCCESS
    assert run.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == [("AA", 1), ("UA", 2)]


def test_a_store_that_is_down_after_the_candidate_keeps_the_gate_from_publishing(totals, switch):
    run = SteppedRun(gold_dag("down_at_gate"), "once")
    assert run.step("load") == "success"
    switch.down()
    assert run.step("gate") == "failed"
    switch.up()
    assert nothing_was_published(totals, "gold.totals")
    (load,) = totals.governance.store.loads.of_run(name("gold.totals"), run.dag_id, run.run_id)
    assert load.state is LoadState.CANDIDATE

    run.clear("gate")
    assert run.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == [("AA", 1), ("UA", 2)]
    first, second = executions_of(totals, run)["gate"]
    assert (first.status, first.error_reason) == (Status.FAILED, "store_unavailable")
    assert second.status is Status.SUCCESS


def test_a_deferred_gate_outlasts_an_outage(totals, switch, run):
    awaited = {"dataset": "gold.totals", "load_id": LoadKey(("awaited",)).load_id}

    def outage():
        store, limit = totals.governance.store, time.monotonic() + 120
        while not store.executions.list(task_id="gate", status=Status.DEFERRED):
            assert time.monotonic() < limit
            time.sleep(0.02)
        store.dispose()
        switch.down()
        time.sleep(0.4)
        switch.up()
        candidate(totals, "gold.totals", ROWS, key="awaited")

    other = threading.Thread(target=outage)
    other.start()
    with DAG("outlasting", schedule=None) as dag:
        QualityGateSensor(task_id="gate", candidate=awaited, deferrable=True, poke_interval=0.1)
    finished = run(dag)
    other.join()
    assert finished.state == "success"
    assert rows_of(totals, "gold.totals") == [("AA", 1), ("UA", 2)]


def test_records_of_several_outages_arrive_in_their_order(totals, run, monkeypatch):
    published(totals, "clean.totals", ROWS)
    with store_at(monkeypatch, CLOSED):
        down = [run(gold_dag(f"outage_{number}")) for number in (1, 2, 3)]
        assert totals.governance.spool.waiting() == 3
    assert run(gold_dag("after_outages")).state == "success"
    records = [execution_of(totals, finished, "load") for finished in down]
    assert [record.status for record in records] == [Status.FAILED] * 3
    assert records[0].start < records[1].start < records[2].start
    assert totals.governance.spool.waiting() == 0
