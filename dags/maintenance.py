"""Keeps the lake quick: fewer, larger files; old versions and unreachable files go."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import MaintenanceOperator

with DAG("maintenance", schedule="@weekly", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    MaintenanceOperator(task_id="maintain", keep_versions=10, keep_days=90)
