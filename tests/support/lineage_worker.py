"""A Dag whose gates and checks pass and fail, run with OpenLineage configured; a process of its own, as the
configuration counts from the moment Airflow is imported."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

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


def report_link(dag: DAG, run: Any, task_id: str) -> str:
    """What Airflow answers its UI for the button of a task, from the Dag as it is when it was serialized."""
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.settings import Session

    serialized = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
    with Session() as session:
        task_instance = run.get_task_instance(task_id, session=session)
        return serialized.get_task(task_id).get_extra_links(task_instance, "Quality report")


def main() -> None:
    """Run the Dag over a source file; a line among those of the log is its state and its links, as JSON."""
    from support.steps import register

    dag = make_dag(sys.argv[1])
    register(dag)
    run = dag.test()
    links = {task_id: report_link(dag, run, task_id) for task_id in ("gate_good", "gate_bad", "check_bad")}
    print(json.dumps({"state": run.state, "links": links}))


if __name__ == "__main__":
    main()
