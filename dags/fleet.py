"""A table made by a Python function: TaskFlow with @task.zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import DAG, task

from airflow_gov.sensors import QualityGateSensor

if TYPE_CHECKING:
    import pyarrow as pa


@task.zone(source="clean.planes", target="gold.fleet")
def fleet(planes: pa.Table) -> pa.Table:
    """How many aircraft and seats each manufacturer has in the air."""
    totals = planes.group_by("manufacturer").aggregate(
        [("tailnum", "count"), ("seats", "sum"), ("built", "mean")]
    )
    return totals.rename_columns(["manufacturer", "planes", "seats", "mean_year_built"])


with DAG("fleet", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    QualityGateSensor(task_id="gate", candidate=fleet())
