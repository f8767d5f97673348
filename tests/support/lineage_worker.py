"""A Dag whose gates and checks pass and fail, run with OpenLineage configured; a process of its own, as the
configuration counts from the moment Airflow is imported."""

from __future__ import annotations

import json
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


def report_link(task_id: str) -> str:
    """What Airflow answers its UI for the button of the last run, from what it keeps of the Dag."""
    from airflow.models.dagrun import DagRun
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.settings import Session

    with Session() as session:
        dag = SerializedDagModel.get_dag("lineage", session=session)
        run = session.query(DagRun).filter_by(dag_id="lineage").order_by(DagRun.id.desc()).first()
        task_instance = run.get_task_instance(task_id, session=session)
        return dag.get_task(task_id).get_extra_links(task_instance, "Quality report")


def main() -> None:
    """Run the Dag over a source file; the last line printed is its state and its links, as JSON."""
    from support.steps import register

    dag = make_dag(sys.argv[1])
    register(dag)
    state = dag.test().state
    links = {task_id: report_link(task_id) for task_id in ("gate_good", "gate_bad", "check_bad")}
    print(json.dumps({"state": state, "links": links}))


if __name__ == "__main__":
    main()
