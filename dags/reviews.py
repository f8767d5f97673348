"""Rolls back what was published for review and not confirmed by its deadline."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import ReviewDeadlineOperator

with DAG("reviews", schedule="@hourly", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    ReviewDeadlineOperator(task_id="deadlines")
