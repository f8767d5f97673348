"""Names of datasets in OpenLineage."""

from __future__ import annotations

import pytest

from airflow_gov.lineage.naming import catalogue_names, table_address
from airflow_gov.model.zones import DatasetName

FLIGHTS = DatasetName.parse("clean.flights")


@pytest.mark.parametrize(
    ("location", "address"),
    [
        ("/lake/clean/flights", ("file", "/lake/clean/flights")),
        ("/lake/clean/flights/", ("file", "/lake/clean/flights")),
        ("file:///lake/a#b c/flights", ("file", "/lake/a#b c/flights")),
        ("file:/lake/flights", ("file", "/lake/flights")),
        ("s3://bucket/lake/clean/flights", ("s3://bucket", "lake/clean/flights")),
        ("s3a://bucket/lake/clean/flights/", ("s3://bucket", "lake/clean/flights")),
        ("s3://bucket", ("s3://bucket", "/")),
        ("gs://bucket/flights", ("gs://bucket", "flights")),
        (
            "abfss://lake@account.dfs.core.windows.net/flights",
            ("abfss://lake@account.dfs.core.windows.net", "flights"),
        ),
    ],
)
def test_a_table_is_named_by_where_its_files_lie(location: str, address: tuple[str, str]) -> None:
    assert table_address(location) == address


@pytest.mark.parametrize(
    ("uri", "namespace"),
    [
        ("sqlite:////home/airflow/catalog.db", "sqlite:////home/airflow/catalog.db"),
        ("postgresql+psycopg2://gov:hunter2@db:5432/lake?password=hunter2", "postgresql://db:5432/lake"),
        ("postgresql://gov:p@ss:hunter2@db/lake", "postgresql://db/lake"),
        ("https://user:hunter2@catalog.example.com/api/", "https://catalog.example.com/api"),
        ("thrift://metastore:9083", "hive://metastore:9083"),
    ],
)
def test_a_catalogues_name_has_no_credentials(uri: str, namespace: str) -> None:
    theirs, ours = catalogue_names(FLIGHTS, {"uri": uri, "token": "hunter2"})
    assert theirs == {"namespace": namespace, "name": "clean.flights", "type": "TABLE"}
    assert ours == {"namespace": "airflow-gov", "name": "clean.flights", "type": "TABLE"}


def test_a_catalogue_without_an_address_leaves_our_own_name() -> None:
    assert [each["namespace"] for each in catalogue_names(FLIGHTS, {"type": "glue"})] == ["airflow-gov"]
