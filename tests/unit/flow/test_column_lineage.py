"""Every task that writes notes which columns its columns come from, whatever they are made by."""

from __future__ import annotations

import json
import logging
import sqlite3

import ibis
import pandas as pd
import pytest

from airflow_gov.contracts import parse_contract
from airflow_gov.flow import observing
from airflow_gov.flow.deliveries import DatabaseSource
from airflow_gov.flow.ingesting import Ingestion, ingest
from airflow_gov.flow.preprocessing import Preprocessing, preprocess
from airflow_gov.flow.raw_lineage import database_lineage
from airflow_gov.flow.sources import SourceSpec
from airflow_gov.flow.splitting import Split, split
from airflow_gov.flow.transforming import Transformation, transform
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import LoadKey
from airflow_gov.model.zones import DatasetName
from support.contracts import table
from support.gates import FLIGHTS, delays
from support.lineage_corpus import shown

SOURCE = (SourceSpec(FLIGHTS),)


def contract_of(name: str, **columns):
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": name,
        "version": "1.0.0",
        "status": "active",
        "schema": [table(name, **columns)],
    }
    return parse_contract(json.dumps(document), DatasetName.parse(name))


@pytest.fixture
def flights(gates):
    gates.published(delays(1, 2, 3))
    return gates


@pytest.fixture
def transformed(flights):
    """Runs a transformation of flights into gold.days; gives its lineage as text."""
    contract = contract_of("gold.days", day="string", total="number")

    def run(**job):
        with flights.execution() as recording:
            transform(
                flights.governance, recording, Transformation(contract, SOURCE, LoadKey(("days",)), **job)
            )
        (dataset,) = recording.column_lineage
        assert dataset == contract.dataset
        return recording.column_lineage[dataset]

    return run


DAYS = {
    "day": ["clean.flights.day:I"],
    "total": ["clean.flights.delay:A"],
    "rows": ["clean.flights.day:G"],
}


def test_of_sql_it_is_followed(transformed):
    lineage = transformed(sql="SELECT day, sum(delay) AS total FROM clean.flights GROUP BY day")
    assert shown(lineage) == DAYS
    assert lineage.complete


def test_the_types_of_the_contract_change_nothing(transformed):
    lineage = transformed(sql="SELECT 3 AS total, day FROM clean.flights")
    assert shown(lineage) == {"day": ["clean.flights.day:I"], "total": [], "rows": []}


def test_of_ibis_it_is_followed(transformed):
    def days(flights: ibis.Table) -> ibis.Table:
        return flights.group_by("day").aggregate(total=flights.delay.sum())

    assert shown(transformed(function=days)) == DAYS


def of_pandas(flights: pd.DataFrame) -> pd.DataFrame:
    return flights.groupby("day", as_index=False).agg(total=("delay", "sum"))


def test_of_other_python_functions_it_is_not_known(transformed):
    lineage = transformed(function=of_pandas)
    assert not lineage.columns
    assert lineage.gaps == ("Python callable",)


def test_of_other_python_functions_it_is_as_declared(transformed):
    lineage = transformed(
        function=of_pandas,
        column_lineage={
            "day": [{"column": "clean.flights.day", "transformation": "identity"}],
            "total": [{"column": "clean.flights.delay", "transformation": "AGGREGATION"}],
            "*": [{"column": "clean.flights.day", "transformation": "GROUP_BY"}],
        },
    )
    assert shown(lineage) == DAYS
    assert lineage.complete


def test_what_is_declared_wrongly_is_refused_before_anything_is_written(flights, transformed):
    with pytest.raises(GovernanceError) as raised:
        transformed(function=of_pandas, column_lineage={"total": ["clean.flights._load_id"]})
    assert raised.value.reason is Reason.PARAMETER_INVALID
    assert "clean.flights has no column '_load_id'" in str(raised.value)
    assert not flights.governance.lake.exists(DatasetName.parse("gold.days"))


def test_of_sql_it_is_not_declared(transformed):
    with pytest.raises(GovernanceError, match="column_lineage= is for transform="):
        transformed(sql="SELECT 1", column_lineage={"total": []})


def test_a_split_marks_its_tokens(flights):
    sensitive = contract_of("sensitive.people", flight_token="string", email="string")
    other = contract_of("clean.plain", flight_token="string", day="string", email_token="string")
    with flights.execution() as recording:
        job = Split(*SOURCE, flights.contract, sensitive, other, LoadKey(("split",)), b"k" * 32)
        split(flights.governance, recording, job)
    lineage = recording.column_lineage
    assert shown(lineage[sensitive.dataset]) == {
        "flight_token": ["clean.flights.flight:T!"],
        "email": ["clean.flights.email:I"],
        "rows": [],
    }
    assert shown(lineage[other.dataset]) == {
        "flight_token": ["clean.flights.flight:T!"],
        "day": ["clean.flights.day:I"],
        "email_token": ["clean.flights.email:T!"],
        "rows": [],
    }


@pytest.fixture
def landed(gates, tmp_path):
    """Brings a file or a database query into raw.planes; gives its lineage."""
    contract = contract_of("raw.planes", tail="string", built="string")

    def land(*, publish=False, **source):
        with gates.execution() as recording:
            candidate = ingest(
                gates.governance, recording, Ingestion(contract, LoadKey(("planes",)), **source)
            )
        if publish:
            gates.gate(gates.governance.store.loads.get(contract.dataset, candidate.load_ids[0]))
        return recording.column_lineage[contract.dataset]

    return land


def test_files_have_their_columns_in_raw_and_renamed_ones_in_tables(gates, landed, tmp_path):
    path = tmp_path / "planes.csv"
    path.write_text("tail,built,note\nN1,2001,x\nN2,2002,y\n")
    lineage = landed(source=str(path), publish=True)
    assert shown(lineage) == {"tail": [f"{path}.tail:I"], "built": [f"{path}.built:I"], "rows": []}
    assert not lineage.complete

    planes = contract_of("preprocessed.planes", tail_number="string", built="integer")
    job = Preprocessing(
        planes,
        (SourceSpec(DatasetName.parse("raw.planes")),),
        LoadKey(("typed",)),
        options={"columns": {"tail": "tail_number", "note": None}},
    )
    with gates.execution() as recording:
        preprocess(gates.governance, recording, job)
    lineage = recording.column_lineage[planes.dataset]
    assert shown(lineage) == {
        "tail_number": ["raw.planes.tail:I"],
        "built": ["raw.planes.built:I"],
        "rows": [],
    }
    assert lineage.complete


def test_a_first_line_that_is_no_header_is_not_told(landed, tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("ada@example.com,secret\ngrace@example.com,hidden\n")
    assert "secret" not in str(landed(source=str(path)))


def sqlite_source(path, sql, **identity):
    known = {"conn_id": "db", "dialect": "sqlite", "host": str(path), **identity}
    return DatabaseSource(lambda: sqlite3.connect(path), sql, known, "planes")


@pytest.fixture
def database(tmp_path):
    path = tmp_path / "planes.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE fleet (tail TEXT, year INTEGER, owner TEXT)")
        connection.execute("INSERT INTO fleet VALUES ('N1', 2001, 'ada')")
    return path


def test_a_database_query_is_followed_to_its_tables(landed, database):
    sql = "SELECT tail, CAST(year AS TEXT) AS built FROM fleet WHERE owner <> ''"
    lineage = landed(database=sqlite_source(database, sql))
    assert shown(lineage) == {
        "tail": [f"sqlite://{database}/fleet.tail:I"],
        "built": [f"sqlite://{database}/fleet.year:T"],
        "rows": [f"sqlite://{database}/fleet.owner:F"],
    }


def test_a_database_table_is_copied(landed, database):
    lineage = landed(database=sqlite_source(database, "SELECT * FROM fleet", table="fleet"))
    assert shown(lineage)["owner"] == [f"sqlite://{database}/fleet.owner:I"]
    assert lineage.complete


def test_tables_of_a_server_are_named_as_openlineage_does():
    identity = {"dialect": "postgres", "host": "db", "database": "shop"}
    source = DatabaseSource(lambda: None, "SELECT o.id FROM sales.orders o", identity, "orders")
    assert shown(database_lineage(source, ["id"]))["id"] == ["postgres://db:5432/shop.sales.orders.id:I"]


def test_what_cannot_be_followed_fails_nothing(flights, caplog):
    def broken():
        raise ValueError("ada@example.com")

    with flights.execution() as recording, caplog.at_level(logging.DEBUG):
        observing.note_lineage(recording, FLIGHTS, broken)
    assert not recording.column_lineage[FLIGHTS].complete
    assert "ada@example.com" not in caplog.text
