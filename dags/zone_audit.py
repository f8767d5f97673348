"""Looks every day whether the zones of the lake are as they should be, and says what slipped past."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import ZoneAuditOperator

with DAG("zone_audit", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    ZoneAuditOperator(task_id="audit", fail_on="critical")
