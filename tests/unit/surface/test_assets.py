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


def test_openlineage_gets_a_namespace_and_a_name():
    converters = ProvidersManager().asset_to_openlineage_converters
    named = converters["airflow-gov"](dataset("gold.delays").asset, None)
    assert (named.namespace, named.name) == ("airflow-gov", "gold.delays")
