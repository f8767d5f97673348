"""Airlines, airports, planes and weather, from delivered CSV files to clean tables."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import CleanOperator, PreprocessOperator, RawIngestOperator, promote

FOLDER = "{{ var.value.get('source_folder', '/data') }}"

with DAG("reference", schedule="@daily", catchup=False, tags=["airflow-gov"], doc_md=__doc__):
    for name in ("airlines", "airports", "planes", "weather"):
        raw = promote(RawIngestOperator, dataset=f"raw.{name}", source=f"{FOLDER}/{name}.csv")
        typed = promote(
            PreprocessOperator,
            source=raw.output,
            target=f"preprocessed.{name}",
            read_options={"null": "NA"},
        )
        promote(
            CleanOperator,
            source=typed.output,
            target=f"clean.{name}",
            sql=f"sql/clean_{name}.sql",
        )
