"""Is what readers see young enough, and does it still keep its contract?"""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import QualityCheckOperator
from airflow_gov.sensors import DatasetFreshnessSensor

with DAG("quality", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    for name in ("clean.flights", "gold.carrier_punctuality"):
        task = name.replace(".", "_")
        fresh = DatasetFreshnessSensor(
            task_id=f"{task}_fresh", dataset=name, max_age="25 h", deferrable=True, timeout=3600
        )
        fresh >> QualityCheckOperator(task_id=f"{task}_check", dataset=name)
