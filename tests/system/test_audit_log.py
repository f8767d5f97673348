"""What a real Airflow leaves in the audit log, from the contract to the anchor in the lake."""

from __future__ import annotations

import pytest
from airflow.sdk import DAG

from airflow_gov.flow.anchoring import verify_log
from airflow_gov.flow.environment import os_user
from airflow_gov.operators import CleanOperator, MaintenanceOperator
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import execution_of, published

pytestmark = pytest.mark.airflow

RESTRICTED = {"logicalType": "string", "classification": "restricted"}


def test_every_act_of_a_run_is_told_and_anchored(home, run):
    identity = {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1}
    home.contract(
        table("preprocessed.people", id=identity, email=RESTRICTED), table("clean.people", id=identity)
    )
    published(home, "preprocessed.people", [{"id": 1, "email": "patient@example.com"}])
    with DAG("people", schedule=None) as dag:
        load = CleanOperator(
            task_id="load",
            source="preprocessed.people",
            target="clean.people",
            sql="SELECT id FROM preprocessed.people",
        )
        gate = QualityGateSensor(task_id="gate", candidate=load.output)
        gate >> MaintenanceOperator(task_id="maintain", dataset="clean.people")
    finished = run(dag)
    assert finished.state == "success"

    entries = {entry.execution_id: [] for entry in home.governance.store.log.list()}
    for entry in reversed(home.governance.store.log.list()):
        entries[entry.execution_id].append((entry.action, entry.subject))
    tasks = {name: entries[execution_of(home, finished, name).execution_id] for name in ("load", "gate")}
    assert tasks == {
        "load": [
            ("contract.changed", "clean.people"),
            ("execution.finished", "people.load"),
            ("read.restricted", "preprocessed.people"),
        ],
        "gate": [("publish", "clean.people"), ("execution.finished", "people.gate")],
    }
    (read,) = home.governance.store.log.list(action="read.restricted")
    assert (read.details["columns"], read.details["os_user"]) == (["email"], os_user())
    assert "patient@example.com" not in str(home.governance.store.log.list())

    checked = verify_log(home.governance)
    (maintained,) = home.governance.store.log.list(action="maintenance")
    assert (checked.ok, checked.anchors, checked.anchored) == (True, 1, maintained.sequence)
