"""Dags that use every operator and pass through every state, run with OpenLineage configured; a process of
its own, as the configuration counts from the moment Airflow is imported."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from support.contracts import table

if TYPE_CHECKING:
    from airflow.sdk import DAG

#: In a query: it must be in no event.
LITERAL = "Hogsmeade"
#: Airflow masks it wherever it stands; and it is a word of many names.
PASSWORD = "people"

KEY = {"logicalType": "integer", "required": True, "primaryKey": True, "primaryKeyPosition": 1}
TOKEN = {"logicalType": "string", "required": True, "unique": True}
EMAIL = {
    "logicalType": "string",
    "classification": "restricted",
    "tags": ["pii:email"],
    "description": "Where to write to.",
}
CONTRACTS: list[dict[str, Any]] = [
    {"name": "raw people", "physicalName": "raw.people"},
    {"name": "raw orders", "physicalName": "raw.orders"},
    {**table("preprocessed.people", id=KEY, email=EMAIL, city="string"), "description": "Who buys."},
    table("sensitive.people", id_token=TOKEN, email=EMAIL),
    table("clean.people", id_token=TOKEN, email_token="string", city="string"),
    table("gold.cities", city="string", people="integer"),
    table("gold.parts", city="string", people="integer"),
    table("work.never", city="string", people="integer"),
]
COUNTED = f"SELECT city, count(*) AS people FROM clean.people WHERE city <> '{LITERAL}' GROUP BY city"


def pipeline(source: str) -> DAG:
    """Every operator and every sensor once, on good data but for one row that is set aside."""
    from airflow import sdk

    from airflow_gov.operators import (
        GoldOperator,
        MaintenanceOperator,
        PreprocessOperator,
        QualityCheckOperator,
        RawIngestOperator,
        ReviewDeadlineOperator,
        SensitiveSplitOperator,
        StewardApprovalOperator,
        promote,
    )
    from airflow_gov.sensors import DatasetFreshnessSensor, PublishedVersionSensor

    with sdk.DAG("told", schedule=None, tags=["team:sales"]) as dag:
        raw = promote(RawIngestOperator, group_id="raw", dataset="raw.people", source=source)
        typed = promote(PreprocessOperator, group_id="typed", source=raw.output, target="preprocessed.people")
        split = promote(
            SensitiveSplitOperator,
            group_id="split",
            source=typed.output,
            sensitive_target="sensitive.people",
            target="clean.people",
            key_conn_id="tokens",
        )
        cities = promote(
            GoldOperator, group_id="cities", source="clean.people", target="gold.cities", sql=COUNTED
        )
        table_of_orders = RawIngestOperator(
            task_id="orders", dataset="raw.orders", source_conn_id="shop", table="orders"
        )
        query = RawIngestOperator(
            task_id="query",
            dataset="raw.orders",
            source_conn_id="shop",
            sql=f"SELECT o.id FROM orders o JOIN buyers b ON b.id = o.buyer WHERE b.city <> '{LITERAL}'",
            load_key="query",
        )
        after = [
            QualityCheckOperator(task_id="check", dataset="gold.cities"),
            StewardApprovalOperator(task_id="ask", dataset="gold.cities"),
            PublishedVersionSensor(task_id="version", dataset="gold.cities"),
            DatasetFreshnessSensor(task_id="fresh", dataset="gold.cities", max_age="1 h"),
            MaintenanceOperator(task_id="maintain", dataset="gold.cities"),
            ReviewDeadlineOperator(task_id="deadlines", dataset="gold.cities"),
        ]
        table_of_orders >> query
        split >> cities >> after
    return dag


def states() -> DAG:
    """Tasks that are tried again, deferred, cleared, skipped, and that fail."""
    from airflow import sdk

    from airflow_gov.operators import WorkOperator
    from airflow_gov.sensors import PublishedVersionSensor, QualityGateSensor

    tries: list[int] = []

    def flaky(people: pa.Table) -> pa.Table:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError(f"the first try, logged in with {PASSWORD}")
        return people.select(["city"]).append_column("people", [[1] * people.num_rows])

    def skipped(people: pa.Table) -> pa.Table:
        from airflow.sdk.exceptions import AirflowSkipException

        raise AirflowSkipException("nothing new")

    with sdk.DAG("states", schedule=None) as dag:
        WorkOperator(task_id="tried", source="clean.people", target="work.never", transform=flaky, retries=1)
        WorkOperator(task_id="skipped", source="clean.people", target="work.never", transform=skipped)
        WorkOperator(
            task_id="failed",
            source="clean.people",
            target="work.never",
            sql=f"SELECT city, CAST(city || '{LITERAL}' AS INTEGER) AS people FROM clean.people",
        )
        QualityGateSensor(task_id="deferred", dataset="work.never", deferrable=True)
        PublishedVersionSensor(task_id="timed_out", dataset="gold.never", timeout=0, poke_interval=1)
    return dag


def mapped() -> DAG:
    """A mapped task and the gate of all its loads."""
    from airflow import sdk

    from airflow_gov.operators import GoldOperator
    from airflow_gov.sensors import QualityGateSensor

    def part(people: pa.Table, *, city: str) -> pa.Table:
        return pa.table({"city": [city], "people": [people.num_rows]})

    with sdk.DAG("mapped", schedule=None) as dag:
        parts = GoldOperator.partial(
            task_id="parts",
            source="clean.people",
            target="gold.parts",
            transform=part,
            write_mode="append",
        ).expand(arguments=[{"city": "Paris"}, {"city": "Rome"}])
        parts >> QualityGateSensor(task_id="gate", dataset="gold.parts")
    return dag


def main() -> None:
    """Run them; prints what became of each as JSON."""
    from airflow.sdk.log import mask_secret

    from support.steps import SteppedRun, register

    mask_secret(PASSWORD)
    became: dict[str, Any] = {}
    for dag in (pipeline(sys.argv[1]), mapped()):
        register(dag)
        became[dag.dag_id] = str(dag.test().state)
    run = SteppedRun(states(), "stepped")
    became["gate before its candidate"] = run.step("deferred")
    became["first try"] = run.step("tried")
    became["second try"] = run.step("tried")
    became["gate with its candidate"] = run.step("deferred", resumed=True)
    for task_id in ("skipped", "failed", "timed_out"):
        became[task_id] = run.step(task_id)
    run.clear("tried")
    became["cleared"] = run.step("tried")
    print("became", json.dumps(became))


if __name__ == "__main__":
    main()
