"""A Dag of Airflow's own operators, run with OpenLineage configured; a process of its own, as the
configuration counts from the moment Airflow is imported."""

from __future__ import annotations


def main() -> None:
    from airflow import sdk
    from airflow.providers.standard.operators.python import PythonOperator

    from support.steps import register

    def fail() -> None:
        raise ValueError("on purpose")

    with sdk.DAG("transported", schedule=None) as dag:
        tasks = [
            PythonOperator(task_id=f"task_{number}", python_callable=fail if number == 3 else print)
            for number in range(4)
        ]
        sdk.chain(*tasks)
    register(dag)
    print(dag.test().state)


if __name__ == "__main__":
    main()
