"""One mapped task per airline; all their loads are published together in one version."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import GoldOperator
from airflow_gov.sensors import QualityGateSensor

CARRIERS = ["9E", "AA", "AS", "B6", "DL", "EV", "F9", "FL", "HA", "MQ", "OO", "UA", "US", "VX", "WN", "YV"]

with DAG("carrier_routes", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    routes = GoldOperator.partial(
        task_id="routes",
        source="clean.flights",
        target="gold.carrier_routes",
        sql="sql/carrier_routes.sql",
        write_mode="append",
        # What a run adds for an airline replaces what the run before added for it.
        load_key="carrier_routes {{ params.carrier }}",
    ).expand(params=[{"carrier": carrier} for carrier in CARRIERS])
    routes >> QualityGateSensor(task_id="gate", dataset="gold.carrier_routes")
