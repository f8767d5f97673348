"""Aircraft inspections out of the fleet department's database."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import CleanOperator, PreprocessOperator, RawIngestOperator, promote

with DAG("inspections", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    raw = promote(
        RawIngestOperator,
        dataset="raw.inspections",
        source_conn_id="fleet_db",
        table="inspections",
    )
    typed = promote(PreprocessOperator, source=raw.output, target="preprocessed.inspections")
    promote(
        CleanOperator,
        source=typed.output,
        target="clean.inspections",
        sql="sql/clean_inspections.sql",
    )
