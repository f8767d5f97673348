"""Flights from New York City through all zones, to two gold tables that join them with other data."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import (
    CleanOperator,
    GoldOperator,
    PreprocessOperator,
    RawIngestOperator,
    promote,
)

FOLDER = "{{ var.value.get('source_folder', '/data') }}"

with DAG("flights", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    raw = promote(RawIngestOperator, dataset="raw.flights", source=f"{FOLDER}/flights.csv.zip")
    typed = promote(
        PreprocessOperator,
        source=raw.output,
        target="preprocessed.flights",
        read_options={"null": "NA"},
    )
    clean = promote(
        CleanOperator,
        source=typed.output,
        target="clean.flights",
        sql="sql/clean_flights.sql",
    )
    # A dataset's name reads its published version; another task's output reads what that task published.
    promote(
        GoldOperator,
        source=[clean.output, "clean.airlines"],
        target="gold.carrier_punctuality",
        sql="sql/carrier_punctuality.sql",
        doc_md="How punctual each airline was, month by month: the network planners' dashboard.",
    )
    promote(
        GoldOperator,
        source=[clean.output, "clean.weather"],
        target="gold.weather_delays",
        sql="sql/weather_delays.sql",
        doc_md="What rain, wind and poor visibility cost in departure delay at each airport.",
    )
