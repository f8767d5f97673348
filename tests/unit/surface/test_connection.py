"""The store's address from an Airflow connection, with Airflow's own parser as the measure."""

from __future__ import annotations

import json

import pytest
from airflow.sdk import Connection

from airflow_gov.model.connection import StoreConnection
from airflow_gov.model.errors import GovernanceError, Reason

URIS = {
    "airflow-gov://ada:secret@db.example.com:5432/gov": (
        "postgresql+psycopg2://ada:secret@db.example.com:5432/gov"
    ),
    "airflow-gov://ada:p%40ss%2Fw%3Ard@db/gov?sslmode=verify-full": (
        "postgresql+psycopg2://ada:p%40ss%2Fw%3Ard@db/gov?sslmode=verify-full"
    ),
    "airflow-gov://db/gov": "postgresql+psycopg2://db/gov",
    "airflow-gov://ada@[::1]:5433/gov": "postgresql+psycopg2://ada@[::1]:5433/gov",
    "airflow-gov://db/gov?drivername=postgresql%2Bpsycopg": "postgresql+psycopg://db/gov",
    "airflow-gov://ada@/gov?host=%2Frun%2Fpg": "postgresql+psycopg2://ada@/gov?host=%2Frun%2Fpg",
    "airflow-gov:///%2Fvar%2Fgov.db?drivername=sqlite": "sqlite:////var/gov.db",
    "postgres://ada:secret@db/gov": "postgresql+psycopg2://ada:secret@db/gov",
    "postgresql://ada:secret@db/gov": "postgresql+psycopg2://ada:secret@db/gov",
    "sqlite:///%2Fvar%2Fgov.db": "sqlite:////var/gov.db",
    'airflow-gov://db/gov?__extra__={"sslmode":+"require",+"drivername":+"postgresql"}': (
        "postgresql+psycopg2://db/gov?sslmode=require"
    ),
}


@pytest.mark.parametrize(("uri", "url"), URIS.items())
def test_a_uri_says_where_the_store_is(uri: str, url: str) -> None:
    assert StoreConnection.parse(uri).url() == url


@pytest.mark.parametrize("uri", [uri for uri in URIS if "[" not in uri])
def test_a_uri_is_read_as_airflow_reads_it(uri: str) -> None:
    airflow = Connection.from_uri(uri, conn_id="airflow_gov_default")
    ours = StoreConnection.parse(uri)
    assert ours.conn_type.replace("-", "_") in (airflow.conn_type, "postgresql")
    for part in ("host", "login", "password", "port", "schema"):
        assert (getattr(ours, part) or None) == (getattr(airflow, part) or None), part
    assert ours.extra == airflow.extra_dejson


@pytest.mark.parametrize("extra", [{"sslmode": "require"}, json.dumps({"sslmode": "require"})])
def test_json_says_the_same(extra: object) -> None:
    text = json.dumps(
        {
            "conn_type": "airflow_gov",
            "host": "db",
            "login": "a@b",
            "password": "s/ü",
            "port": "5432",
            "schema": "gov",
            "extra": extra,
        }
    )
    expected = "postgresql+psycopg2://a%40b:s%2F%C3%BC@db:5432/gov?sslmode=require"
    assert StoreConnection.parse(text).url() == expected


def test_empty_form_fields_are_no_parameters() -> None:
    connection = StoreConnection("airflow_gov", host="db", schema="gov", extra={"sslmode": "", "x": None})
    assert connection.url() == "postgresql+psycopg2://db/gov"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hunter2", "neither an Airflow connection URI nor JSON"),
        ("airflow-gov://u:hunter2@db:port/gov", "neither an Airflow connection URI nor JSON"),
        ('{"password": "hunter2"', "neither an Airflow connection URI nor JSON"),
        ('{"port": "hunter2"}', "neither an Airflow connection URI nor JSON"),
        ('{"extra": "hunter2"}', "neither an Airflow connection URI nor JSON"),
        ("airflow-gov://u:hunter2@", "its Host and its Database have to be filled in"),
        ("airflow-gov://u:hunter2@db", "its Host and its Database have to be filled in"),
        ("airflow_gov://u:hunter2@db/gov", "writes its type with a hyphen, airflow-gov://"),
        ("airflow-gov:///gov.db?drivername=sqlite", "absolute path"),
        ("mysql://u:hunter2@db/gov", "'mysql' is no database the store knows"),
        ("airflow-gov://u:hunter2@db/gov?drivername=oracle", "'oracle' is no database the store knows"),
    ],
)
def test_what_does_not_say_where_is_refused_without_the_password(text: str, problem: str) -> None:
    with pytest.raises(GovernanceError, match=problem) as caught:
        StoreConnection.parse(text).url()
    assert caught.value.reason is Reason.CONFIGURATION_INVALID
    assert "airflow_gov_default" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_password_stays_out_of_the_repr() -> None:
    assert "hunter2" not in repr(StoreConnection.parse("airflow-gov://u:hunter2@db/gov?password=hunter2"))
