"""A Dag whose gates and checks pass and fail, run with OpenLineage configured; a process of its own, as the
configuration counts from the moment Airflow is imported."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import DAG


def make_dag(source: str) -> DAG:
    """The same flights under two contracts: one they keep, one they do not."""
    from airflow import sdk

    from airflow_gov.operators import PreprocessOperator, QualityCheckOperator, RawIngestOperator
    from airflow_gov.sensors import QualityGateSensor

    with sdk.DAG("lineage", schedule=None) as dag:
        delivered = RawIngestOperator(task_id="ingest", dataset="raw.flights", source=source)
        raw = QualityGateSensor(task_id="gate_raw", candidate=delivered.output)
        good, bad = (
            PreprocessOperator(task_id=name, source=raw.output, target=f"preprocessed.{name}").output
            for name in ("good", "bad")
        )
        QualityGateSensor(task_id="gate_good", candidate=good)
        check = QualityCheckOperator(task_id="check_bad", candidate=bad, on_failure="warn")
        check >> QualityGateSensor(task_id="gate_bad", candidate=bad)
    return dag


def main() -> None:
    from support.steps import register

    dag = make_dag(sys.argv[1])
    register(dag)
    print(dag.test().state)


if __name__ == "__main__":
    main()
