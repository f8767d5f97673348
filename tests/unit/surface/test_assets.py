"""Datasets as Airflow assets."""

from __future__ import annotations

import pytest
from airflow.providers_manager import ProvidersManager
from airflow.sdk import Asset

from airflow_gov import dataset
from airflow_gov.model.errors import GovernanceError


def test_a_dataset_names_its_asset_and_uri():
    flights = dataset("clean.flights")
    assert (flights.name, flights.uri) == ("clean.flights", "airflow-gov://clean/flights")
    assert flights.asset == Asset(
        name="clean.flights", uri="airflow-gov://clean/flights", group="airflow-gov"
    )


@pytest.mark.parametrize(
    "name", ["flights", "silver.flights", "clean.../x", "clean.Flights", "clean." + "x" * 300]
)
def test_a_bad_name_is_refused_where_the_dag_is_written(name):
    with pytest.raises(GovernanceError, match="not a dataset name"):
        dataset(name)


def test_airflow_knows_our_scheme_and_refuses_a_uri_that_names_no_dataset():
    with pytest.raises(ValueError, match="not a dataset name"):
        Asset(name="odd", uri="airflow-gov://silver/flights")


def named_for_openlineage(asset):
    converters = ProvidersManager().asset_to_openlineage_converters
    return converters["airflow-gov"](asset, None)


def test_openlineage_calls_an_asset_what_the_tasks_that_write_it_call_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__WAREHOUSE", str(tmp_path))
    named = named_for_openlineage(dataset("gold.delays").asset)
    assert (named.namespace, named.name) == ("file", f"{tmp_path}/gold/delays")
    identifiers = named.facets["symlinks"]["identifiers"]
    assert ("airflow-gov", "gold.delays") in {(each["namespace"], each["name"]) for each in identifiers}


def test_openlineage_gets_our_own_name_where_the_catalogue_decides_about_folders(monkeypatch):
    rest = '{"type": "rest", "uri": "https://catalog.example.com"}'
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__CATALOG_PROPERTIES", rest)
    named = named_for_openlineage(dataset("gold.delays").asset)
    assert (named.namespace, named.name) == ("airflow-gov", "gold.delays")
