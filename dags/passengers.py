"""Passengers: personal data goes to the sensitive zone, everyone else reads keyed tokens."""

from __future__ import annotations

from airflow.sdk import DAG

from airflow_gov.operators import (
    PreprocessOperator,
    RawIngestOperator,
    SensitiveSplitOperator,
    promote,
)

FOLDER = "{{ var.value.get('source_folder', '/data') }}"

# The contract names this team: its scheduled runs may read what is restricted.
TAGS = ["airflow-gov", "team:Customer data"]

with DAG("passengers", schedule="@daily", catchup=False, tags=TAGS, doc_md=__doc__):
    raw = promote(RawIngestOperator, dataset="raw.passengers", source=f"{FOLDER}/passengers.csv")
    typed = promote(PreprocessOperator, source=raw.output, target="preprocessed.passengers")
    promote(
        SensitiveSplitOperator,
        source=typed.output,
        sensitive_target="sensitive.passengers",
        target="clean.passengers",
        key_conn_id="token_key",
    )
