"""Bad input at the operators: refused with what, where and what to do, and nothing is published."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.sdk import DAG

from airflow_gov.model.loads import LoadState
from airflow_gov.operators import CleanOperator, PreprocessOperator, RawIngestOperator, promote
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import name, nothing_was_published, published, refusal_of, rows_of

pytestmark = pytest.mark.airflow

GOOD = "carrier,flights\nAA,1\nUA,2\n"


@pytest.fixture
def flights(home):
    home.contract(
        {"name": "raw flights", "physicalName": "raw.flights"},
        table("preprocessed.flights", carrier="string", flights="integer"),
        table("clean.flights", carrier="string", flights="integer"),
    )
    return home


def parquet(**columns):
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def raw_dag(dag_id, source):
    with DAG(dag_id, schedule=None) as dag:
        RawIngestOperator(task_id="load", dataset="raw.flights", source=str(source))
    return dag


def typed_dag(dag_id, source, *, gated=False, **reading):
    with DAG(dag_id, schedule=None) as dag:
        raw = promote(RawIngestOperator, dataset="raw.flights", source=str(source))
        load = PreprocessOperator(task_id="load", source=raw.output, target="preprocessed.flights", **reading)
        if gated:
            QualityGateSensor(task_id="gate", candidate=load.output)
    return dag


def clean_dag(dag_id, **load):
    with DAG(dag_id, schedule=None) as dag:
        CleanOperator(task_id="load", **{"source": "preprocessed.flights", "target": "clean.flights", **load})
    return dag


def nothing_was_written(home, finished, dataset):
    """Neither a version nor a candidate that a gate could find."""
    loads = home.governance.store.loads.of_run(name(dataset), finished.dag_id, finished.run_id)
    return nothing_was_published(home, dataset) and all(load.state is LoadState.FAILED for load in loads)


@pytest.mark.parametrize(
    ("dag_id", "source", "reason", "told"),
    [
        ("missing_file", "nowhere.csv", "source_missing", "nowhere.csv does not exist"),
        ("empty_file", "empty.csv", "source_empty", "empty.csv is empty"),
        ("no_match", "*.json", "source_missing", "*.json matches no file"),
        ("folder", "", "source_missing", "name its files"),
    ],
)
def test_a_delivery_that_is_not_there_is_refused(flights, run, dag_id, source, reason, told):
    flights.source("empty.csv", "")
    finished = run(raw_dag(dag_id, flights.sources / source))
    found, message = refusal_of(flights, finished)
    assert found == reason
    assert told in message
    assert str(flights.sources) in message
    assert nothing_was_written(flights, finished, "raw.flights")


def test_one_empty_file_among_others_refuses_all_of_them(flights, run):
    flights.source("a.csv", GOOD)
    flights.source("b.csv", "")
    finished = run(raw_dag("one_empty", flights.sources / "*.csv"))
    reason, message = refusal_of(flights, finished)
    assert reason == "source_empty"
    assert "b.csv" in message
    assert nothing_was_written(flights, finished, "raw.flights")


MANY = "carrier,flights\n" + "".join(f"C{number},{number}\n" for number in range(5_000))
FILES = {
    "latin_1": (
        "f.csv",
        "carrier,flights\nAA,1\nZürich,2\n".encode("latin-1"),
        "source_malformed",
        "encoding",
    ),
    "header_only": ("f.csv", b"carrier,flights\n", "source_empty", "f.csv"),
    "duplicate_columns": ("f.csv", b"carrier,flights,flights\nAA,1,2\n", "source_malformed", "flights"),
    "unnamed_column": ("f.csv", b"carrier,,flights\nAA,x,1\n", "source_malformed", "f.csv"),
    "missing_column": ("f.csv", b"carrier\nAA\n", "schema_mismatch", "flights"),
    "undeclared_column": ("f.csv", b"carrier,flights,captain\nAA,1,x\n", "schema_mismatch", "captain"),
    "no_row_parses": ("f.csv", b"carrier,flights\nAA,many\nUA,few\n", "source_malformed", "flights"),
    "truncated_gzip": ("f.csv.gz", gzip.compress(MANY.encode())[:-200], "source_malformed", "f.csv.gz"),
    "truncated_parquet": (
        "f.parquet",
        parquet(carrier=["AA"] * 500, flights=list(range(500)))[:-40],
        "source_malformed",
        "f.parquet",
    ),
    "unknown_format": ("f.bin", bytes(range(256)), "format_unsupported", "source_format"),
    "broken_json": ("f.json", b'[{"carrier": "AA", "flights": 1}, {"carr', "source_malformed", "f.json"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_cannot_be_read_is_refused_and_named(flights, run, case):
    file, content, reason, told = FILES[case]
    (flights.sources / file).write_bytes(content)
    finished = run(typed_dag(case, flights.sources / file))
    found, message = refusal_of(flights, finished)
    assert found == reason, message
    assert told in message
    assert file in message
    assert nothing_was_written(flights, finished, "preprocessed.flights")
    # What was refused leaves no quarantine either, and the bytes stay as they were delivered.
    assert not flights.governance.lake.exists(name("preprocessed.flights").quarantine)
    assert len(rows_of(flights, "raw.flights")) == 1


def test_a_wrong_encoding_is_told_with_its_line(flights, run):
    file = flights.sources / "f.csv"
    file.write_bytes("carrier,flights\nAA,1\nUA,2\nZürich,3\n".encode("latin-1"))
    _, message = refusal_of(flights, run(typed_dag("which_line", file)))
    assert "line 4" in message
    assert (
        run(typed_dag("told_encoding", file, gated=True, read_options={"encoding": "latin-1"})).state
        == "success"
    )
    assert rows_of(flights, "preprocessed.flights") == [("AA", 1), ("UA", 2), ("Zürich", 3)]


@pytest.mark.parametrize(
    ("dag_id", "text"),
    [
        ("byte_order_mark", "\ufeffcarrier,flights\nAA,1\nUA,2\n"),
        ("crlf", "carrier,flights\r\nAA,1\r\nUA,2\r\n"),
        ("semicolons", "carrier;flights\nAA;1\nUA;2\n"),
        ("tabs", "carrier\tflights\nAA\t1\nUA\t2\n"),
        ("quotes", 'carrier,flights\n"AA","1"\n"UA",2\n'),
        ("no_last_line_end", "flights,carrier\n1,AA\n2,UA"),
    ],
)
def test_what_only_looks_odd_is_read_right(flights, run, dag_id, text):
    file = flights.sources / "f.csv"
    file.write_bytes(text.encode())
    assert run(typed_dag(dag_id, file, gated=True)).state == "success"
    assert rows_of(flights, "preprocessed.flights") == [("AA", 1), ("UA", 2)]


def test_a_quoted_line_break_is_text_and_a_ragged_row_is_set_aside(flights, run):
    file = flights.source("f.csv", 'carrier,flights\n"A\nA",1\nUA,2,3\nDL\nWN,4\n')
    assert run(typed_dag("ragged", file, gated=True)).state == "success"
    assert rows_of(flights, "preprocessed.flights") == [("A\nA", 1), ("WN", 4)]
    aside = rows_of(flights, "preprocessed.flights__quarantine")
    assert [(row[0], row[1]) for row in aside] == [("f.csv", 4), ("f.csv", 5)]


@pytest.mark.parametrize(
    ("dag_id", "reading", "reason", "told"),
    [
        ("unknown_option", {"read_options": {"seperator": ";"}}, "parameter_invalid", "seperator"),
        ("unknown_encoding", {"read_options": {"encoding": "klingon"}}, "parameter_invalid", "klingon"),
        ("unknown_kind", {"source_format": "docx"}, "format_unsupported", "docx"),
        ("unknown_mode", {"write_mode": "truncate"}, "parameter_invalid", "truncate"),
    ],
)
def test_options_that_do_not_exist_are_refused(flights, run, dag_id, reading, reason, told):
    file = flights.source("f.csv", GOOD)
    finished = run(typed_dag(dag_id, file, **reading))
    found, message = refusal_of(flights, finished)
    assert found == reason
    assert told in message
    assert nothing_was_written(flights, finished, "preprocessed.flights")


SQL = {
    "fails": ("SELECT carrier, flights / 'x' AS flights FROM preprocessed.flights", "sql_failed", "x"),
    "unknown_column": ("SELECT captain FROM preprocessed.flights", "sql_failed", "captain"),
    "no_rows": ("SELECT * FROM preprocessed.flights WHERE flights > 99", "result_empty", "allow_empty"),
    "undeclared_dataset": ("SELECT * FROM gold.secrets", "sql_refused", "gold.secrets"),
    "a_file": ("SELECT * FROM read_csv('/etc/passwd')", "sql_refused", "read_csv()"),
    "a_file_by_name": ("SELECT * FROM '/etc/passwd'", "sql_refused", "/etc/passwd"),
    "the_network": ("SELECT * FROM read_csv('http://127.0.0.1:9/f.csv')", "sql_refused", "read_csv()"),
    "two_statements": ("SELECT * FROM preprocessed.flights; SELECT 1", "sql_refused", "one SELECT"),
    "insert": ("INSERT INTO preprocessed.flights VALUES ('ZZ', 1)", "sql_refused", "SELECT"),
    "copy": ("COPY preprocessed.flights TO '/tmp/stolen.csv'", "sql_refused", "SELECT"),
    "attach": ("ATTACH '/tmp/other.db'", "sql_refused", "SELECT"),
    "settings": ("SET enable_external_access = true", "sql_refused", "SELECT"),
    "nothing": ("   ", "parameter_invalid", "sql is empty"),
    "no_sql": ("certainly not", "sql_failed", "line 1, column 1"),
    "undeclared_column": ("SELECT *, 1 AS extra FROM preprocessed.flights", "schema_mismatch", "extra"),
    "missing_column": ("SELECT carrier FROM preprocessed.flights", "schema_mismatch", "flights"),
    "wrong_type": ("SELECT carrier, 'many' AS flights FROM preprocessed.flights", "sql_failed", "flights"),
}


@pytest.mark.parametrize("case", SQL)
def test_sql_that_may_not_run_is_refused(flights, run, case):
    sql, reason, told = SQL[case]
    published(flights, "preprocessed.flights", [{"carrier": "AA", "flights": 1}])
    finished = run(clean_dag(f"sql_{case}", sql=sql))
    found, message = refusal_of(flights, finished)
    assert found == reason, message
    assert told in message
    # Values may be personal: an error tells none.
    assert "many" not in message
    assert nothing_was_written(flights, finished, "clean.flights")


NAMES = [
    "clean/flights",
    "clean.../flights",
    "clean.fl'ights",
    'clean."flights"',
    "clean.Flights",
    "clean." + "f" * 300,
    "cleanest.flights",
    "flights",
    "",
]


@pytest.mark.parametrize("dataset", NAMES, ids=range(len(NAMES)))
def test_a_name_that_is_no_dataset_is_refused(flights, run, dataset):
    sql = "SELECT * FROM preprocessed.flights"
    dag_id = f"name_{NAMES.index(dataset)}"
    with DAG(dag_id, schedule=None) as dag:
        CleanOperator(task_id="load", source="preprocessed.flights", target=dataset, sql=sql)
    reason, message = refusal_of(flights, run(dag))
    assert reason == "dataset_name_invalid"
    assert "is not a dataset name" in message
    assert len(message) < 500


def test_a_dataset_without_a_contract_is_refused(flights, run):
    published(flights, "preprocessed.flights", [{"carrier": "AA", "flights": 1}])
    sql = "SELECT * FROM preprocessed.flights"
    finished = run(clean_dag("no_contract", target="clean.flight", sql=sql))
    reason, message = refusal_of(flights, finished)
    assert reason == "contract_missing"
    assert "clean.flights" in message  # the nearest name there is
    assert str(flights.contracts) in message
    assert nothing_was_published(flights, "clean.flight")


def test_a_source_that_was_never_loaded_is_refused(flights, run):
    reason, message = refusal_of(flights, run(clean_dag("never_loaded", sql="SELECT 1")))
    assert reason == "dataset_unknown"
    assert "preprocessed.flights" in message


def test_a_contract_with_an_unknown_type_is_refused_with_its_place(flights, run):
    published(flights, "preprocessed.flights", [{"carrier": "AA", "flights": 1}])
    flights.contract(table("clean.flights", carrier="text", flights="integer"), name="broken")
    (flights.contracts / "product.odcs.yaml").unlink()
    reason, message = refusal_of(
        flights, run(clean_dag("bad_type", sql="SELECT * FROM preprocessed.flights"))
    )
    assert reason == "contract_invalid"
    assert "broken.odcs.yaml" in message
    assert "text" in message
    assert nothing_was_published(flights, "clean.flights")
