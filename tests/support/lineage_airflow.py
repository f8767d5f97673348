"""A program: tells an Airflow of the Dags of the shop and of their runs, as far as its pages show them.

It needs AIRFLOW_HOME. Its tasks do nothing: what they did is told by tests/support/lineage_graphs.py.
"""

from __future__ import annotations

from datetime import UTC, datetime

TASKS = {
    "clean_shop": ("orders", "customers", "sessions"),
    "gold_shop": ("revenue_by_day", "return_rate"),
    "idle": ("nothing",),
}


def main() -> None:
    """Register the Dags; of each but the idle one two days have run."""
    from airflow import settings
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import DAG, DagRunState
    from airflow.serialization.serialized_objects import DagSerialization
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    from support.lineage_graphs import run_name
    from support.steps import register

    for dag_id, names in TASKS.items():
        with DAG(dag_id, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)) as dag:
            for name in names:
                EmptyOperator(task_id=name)
        register(dag)
        scheduled = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        for day in (1, 2) if dag_id != "idle" else ():
            at = datetime(2026, 3, day, 6, tzinfo=UTC)
            scheduled.create_dagrun(
                run_id=run_name(day),
                logical_date=at,
                data_interval=(at, at),
                run_after=at,
                run_type=DagRunType.SCHEDULED,
                state=DagRunState.SUCCESS,
                triggered_by=DagRunTriggeredByType.TEST,
                start_date=at,
                session=settings.Session(),
            )
            settings.Session().commit()


if __name__ == "__main__":
    main()
