"""Waits for another Dag's flights; one mapped task per airline, all their loads published in one version."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import PublishedVersionSensor, QualityGateSensor

CARRIERS = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]

with DAG("carrier_routes", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    # With logical_date="{{ logical_date }}" it would wait for the flights of its own day.
    flights = PublishedVersionSensor(task_id="flights", dataset="clean.flights", deferrable=True)
    routes = GoldOperator.partial(
        task_id="routes",
        source="clean.flights",
        target="gold.carrier_routes",
        sql="sql/carrier_routes.sql",
        write_mode="append",
        # What a run adds for an airline replaces what the run before added for it.
        load_key="carrier_routes {{ params.carrier }}",
    ).expand(params=[{"carrier": carrier} for carrier in CARRIERS])
    flights >> routes >> QualityGateSensor(task_id="gate", dataset="gold.carrier_routes")
