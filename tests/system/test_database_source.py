"""Databases as sources, through Airflow connections: a SQLite file as an Airflow connection names it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing

import pytest
from airflow.sdk import DAG

from airflow_gov.model.execution import Role, Status
from airflow_gov.operators import PreprocessOperator, RawIngestOperator, promote
from support.contracts import table
from support.governed import execution_of, nothing_was_published, refusal_of, rows_of, table_of
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow


@pytest.fixture
def fleet(home, monkeypatch):
    """A database of planes, an Airflow connection to it, contracts for what it delivers."""
    file = home.sources / "fleet.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE planes (tailnum TEXT, seats INTEGER, range_km REAL)")
        connection.executemany(
            "INSERT INTO planes VALUES (?, ?, ?)",
            [("N10156", 55, 2873.5), ("N102UW", 182, None), ('Ñ1\n,"', 182, 0.1)],
        )
        connection.execute("CREATE TABLE retired (tailnum TEXT)")
    monkeypatch.setenv("AIRFLOW_CONN_FLEET", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    home.contract(
        {"name": "raw planes", "physicalName": "raw.planes"},
        table("preprocessed.planes", tailnum="string", seats="integer", range_km="number"),
    )
    return home


def ingest_dag(dag_id, **source):
    with DAG(dag_id, schedule=None) as dag:
        promote(RawIngestOperator, group_id="planes", dataset="raw.planes", source_conn_id="fleet", **source)
    return dag


def delivered(home):
    """The rows of the object that the raw dataset's newest version indexes."""
    governance = home.governance
    (entry,) = table_of(governance, "raw.planes").to_pylist()
    with governance.lake.raw.open(entry["uri"]) as stream:
        return entry, [json.loads(line) for line in gzip.decompress(stream.read()).splitlines()]


def test_a_table_is_delivered_with_its_columns_and_where_it_came_from(fleet, run):
    finished = run(ingest_dag("whole_table", table="planes"))
    assert finished.state == "success"
    entry, rows = delivered(fleet)
    assert rows == [
        {"tailnum": "N10156", "seats": 55, "range_km": 2873.5},
        {"tailnum": "N102UW", "seats": 182, "range_km": None},
        {"tailnum": 'Ñ1\n,"', "seats": 182, "range_km": 0.1},
    ]
    assert entry["file"] == "planes.ndjson.gz"
    assert entry["columns"] == ["tailnum", "seats", "range_km"]
    record = execution_of(fleet, finished, "planes.load")
    source, *targets = record.data
    assert (source.role, source.rows) == (Role.SOURCE, 3)
    assert source.database["conn_id"] == "fleet"
    assert source.database["table"] == "planes"
    assert source.database["database"].endswith("fleet.db")
    assert [column.name for column in source.columns] == ["tailnum", "seats", "range_km"]
    assert {(target.role, target.dataset) for target in targets} == {(Role.TARGET, "raw.planes")}
    assert (record.counts.read, record.counts.written) == (3, 1)
    assert record.action == "Database query to raw objects"


def test_a_query_is_delivered_and_its_text_recorded(fleet, run):
    sql = "SELECT tailnum, seats * {{ params.decks }} AS seats FROM planes WHERE seats > 100 ORDER BY 1"
    dag = ingest_dag("query", sql=sql)
    dag.params["decks"] = 2
    finished = run(dag)
    assert finished.state == "success"
    entry, rows = delivered(fleet)
    assert rows == [{"tailnum": "N102UW", "seats": 364}, {"tailnum": 'Ñ1\n,"', "seats": 364}]
    assert entry["columns"] == ["tailnum", "seats"]
    record = execution_of(fleet, finished, "planes.load")
    assert record.code == "SELECT tailnum, seats * 2 AS seats FROM planes WHERE seats > 100 ORDER BY 1"
    assert record.code_hash
    assert record.data[0].database["table"] is None


def test_what_a_database_delivers_is_typed_by_the_contract(fleet, run):
    with DAG("database_to_table", schedule=None) as dag:
        raw = promote(RawIngestOperator, dataset="raw.planes", source_conn_id="fleet", table="planes")
        promote(PreprocessOperator, source=raw.output, target="preprocessed.planes")
    assert run(dag).state == "success"
    assert rows_of(fleet, "preprocessed.planes") == [
        ("N10156", 55, 2873.5),
        ("N102UW", 182, None),
        ('Ñ1\n,"', 182, 0.1),
    ]


def test_delivering_again_keeps_one_delivery(fleet):
    run = SteppedRun(ingest_dag("delivered_again", table="planes"), "once")
    assert [run.step("planes.load"), run.step("planes.gate")] == ["success", "success"]
    run.clear("planes.load")
    run.clear("planes.gate")
    assert [run.step("planes.load"), run.step("planes.gate")] == ["success", "success"]
    assert table_of(fleet.governance, "raw.planes").num_rows == 1


@pytest.mark.parametrize(
    ("dag_id", "source", "reason", "told"),
    [
        ("injected", {"table": "planes; DROP TABLE planes"}, "parameter_invalid", "is not a table name"),
        ("quoted", {"table": 'planes" --'}, "parameter_invalid", "is not a table name"),
        ("no_such_table", {"table": "ships"}, "sql_failed", "no such table: ships"),
        ("empty_table", {"table": "retired"}, "source_empty", "no rows"),
        ("no_rows", {"sql": "SELECT * FROM planes WHERE seats > 999"}, "source_empty", "no rows"),
        ("bad_sql", {"sql": "SELEKT 1"}, "sql_failed", "SELEKT"),
        ("twice", {"sql": "SELECT seats, seats FROM planes"}, "source_malformed", "seats twice"),
        ("both", {"table": "planes", "sql": "SELECT 1"}, "parameter_invalid", "table= or sql="),
        ("neither", {}, "parameter_invalid", "table= or sql="),
        ("no_result", {"sql": "CREATE TABLE IF NOT EXISTS planes (a)"}, "source_empty", "no rows"),
    ],
)
def test_what_cannot_be_delivered_is_refused(fleet, run, dag_id, source, reason, told):
    finished = run(ingest_dag(f"refused_{dag_id}", **source))
    found, message = refusal_of(fleet, finished, "planes.load")
    assert found == reason, message
    assert told in message
    assert nothing_was_published(fleet, "raw.planes")


def test_the_source_is_left_as_it_was(fleet, run):
    run(ingest_dag("injection", table="planes; DROP TABLE planes"))
    with closing(sqlite3.connect(fleet.sources / "fleet.db")) as connection:
        assert connection.execute("SELECT count(*) FROM planes").fetchone() == (3,)


def test_a_connection_that_does_not_exist_is_named(fleet, run):
    with DAG("no_connection_to_db", schedule=None) as dag:
        RawIngestOperator(task_id="load", dataset="raw.planes", source_conn_id="nowhere", table="planes")
    finished = run(dag)
    assert finished.state == "failed"
    record = execution_of(fleet, finished, "load")
    assert record.status is Status.FAILED
    assert "nowhere" in record.error_message


def test_a_database_that_cannot_be_opened_is_named_by_its_connection(fleet, run, monkeypatch):
    nowhere = {"conn_type": "sqlite", "host": "/no/such/folder/fleet.db"}
    monkeypatch.setenv("AIRFLOW_CONN_FLEET", json.dumps(nowhere))
    reason, message = refusal_of(fleet, run(ingest_dag("unreachable", table="planes")), "planes.load")
    assert reason is not None, message
    assert "fleet" in message
    assert nothing_was_published(fleet, "raw.planes")


def test_a_connection_that_is_no_database_is_refused(fleet, run, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_WEBSITE", "http://example.com")
    with DAG("no_database", schedule=None) as dag:
        RawIngestOperator(task_id="load", dataset="raw.planes", source_conn_id="website", table="planes")
    reason, message = refusal_of(fleet, run(dag))
    assert reason in ("parameter_invalid", "dependency_missing")
    assert "website" in message
