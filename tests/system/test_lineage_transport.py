"""The transport where Airflow uses it: in children forked, or threads started, for the events of a task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_gov.lineage.delivering import Delivery, event_spool
from airflow_gov.settings import Settings
from airflow_gov.store import Store

pytestmark = pytest.mark.airflow

OURS = {"type": "airflow_gov.lineage.transport.GovernanceTransport"}


def run(home, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the Dag with OpenLineage on."""
    return subprocess.run(
        [sys.executable, "-m", "support.transport_worker"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def told(store: Store) -> list[tuple[str, str]]:
    events = [json.loads(event.body) for event in store.lineage.events(limit=1_000)]
    return sorted((event["job"]["name"], event["eventType"]) for event in events)


@pytest.mark.parametrize("in_thread", [False, True], ids=["forked", "in a thread"])
def test_every_event_arrives_where_airflows_connection_says(home, tmp_path, in_thread) -> None:
    """Kept in a secrets backend that only Airflow can read, beside another transport, and nothing else."""
    elsewhere = Store(f"sqlite:///{tmp_path}/elsewhere.db")
    elsewhere.upgrade()
    secrets = tmp_path / "connections.json"
    parts = {
        "conn_type": "airflow_gov",
        "schema": f"{tmp_path}/elsewhere.db",
        "extra": {"drivername": "sqlite"},
    }
    secrets.write_text(json.dumps({"airflow_gov_default": parts}))
    file = {"type": "file", "log_file_path": str(tmp_path / "events.jsonl"), "append": True}
    ran = run(
        home,
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(
            {"type": "composite", "transports": {"a": OURS, "b": file}}
        ),
        AIRFLOW__OPENLINEAGE__EXECUTE_IN_THREAD=str(in_thread),
        AIRFLOW__SECRETS__BACKEND="airflow.secrets.local_filesystem.LocalFilesystemBackend",
        AIRFLOW__SECRETS__BACKEND_KWARGS=json.dumps({"connections_file_path": str(secrets)}),
    )
    assert "failed" in ran.stdout.splitlines(), ran.stdout[-3000:] + ran.stderr[-3000:]
    # On a busy machine an event may take too long: then it waits.
    Delivery(event_spool(Settings.load()), store=lambda: elsewhere, own_namespace="default").deliver(
        time_limit=60
    )
    others = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text("utf-8").splitlines()]
    assert told(elsewhere) == sorted((event["job"]["name"], event["eventType"]) for event in others)
    assert ("transported.task_3", "FAIL") in told(elsewhere)
    assert len(told(elsewhere)) >= 8
    assert elsewhere.lineage.dead_letters() == []
    assert told(home.governance.store) == []
    elsewhere.dispose()


def test_a_dag_runs_on_without_a_store_and_its_events_wait(home) -> None:
    ran = run(
        home,
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps(OURS),
        AIRFLOW_CONN_AIRFLOW_GOV_DEFAULT="airflow-gov://nobody@127.0.0.1:9/nothing",
    )
    assert "failed" in ran.stdout.splitlines(), ran.stdout[-3000:] + ran.stderr[-3000:]
    spool = event_spool(Settings.load())
    assert spool.waiting().events >= 8
    assert spool.waiting().lost == 0
    store = home.governance.store
    Delivery(spool, store=lambda: store, own_namespace="default").deliver(time_limit=60)
    assert ("transported.task_3", "FAIL") in told(store)
