"""A table made by a Python function, and a steward who is asked where it breaks a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import DAG, task

from airflow_gov.operators import QualityCheckOperator, StewardApprovalOperator
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
    candidate = fleet()
    check = QualityCheckOperator(task_id="check", candidate=candidate, on_failure="warn")
    # Asks in Airflow's Required Actions if the check failed, else nobody; the answer lets the gate publish.
    ask = StewardApprovalOperator(task_id="ask", candidate=candidate)
    gate = QualityGateSensor(task_id="gate", candidate=candidate)
    check >> ask >> gate
