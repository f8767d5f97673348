"""The sensitive split in real Airflow: equal tokens, both sides or none, and a key that stays secret."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
import secrets
from pathlib import Path

import pytest
from airflow.sdk import DAG

from airflow_gov.model.execution import Role, Status
from airflow_gov.model.loads import LoadState
from airflow_gov.operators import SensitiveSplitOperator
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import (
    execution_of,
    name,
    nothing_was_published,
    published,
    refusal_of,
    rows_of,
    versions_of,
)
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

KEY = "thirty-two-random-bytes-are-best"
RESTRICTED = {"logicalType": "string", "classification": "restricted"}
PASSENGERS = [
    {"id": 1, "full_name": "Ada Lovelace", "email": "ada@example.com", "fare": 120},
    {"id": 2, "full_name": "Grace Hopper", "email": None, "fare": 80},
    {"id": 3, "full_name": "Zoë Ångström", "email": "zoe@example.com", "fare": 95},
]


def token(value, key=KEY):
    if value is None:
        return None
    return hmac.new(key.encode(), str(value).encode(), hashlib.sha256).hexdigest()


def write_contracts(home, *, token_required=False):
    identity = {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1}
    home.contract(
        table("preprocessed.passengers", id=identity, full_name=RESTRICTED, email=RESTRICTED, fare="integer"),
        table(
            "sensitive.passengers",
            id_token={"logicalType": "string", "required": True, "unique": True},
            full_name=RESTRICTED,
            email=RESTRICTED,
        ),
        table(
            "clean.passengers",
            id_token={"logicalType": "string", "required": True, "unique": True},
            email_token={"logicalType": "string", "required": token_required},
            fare="integer",
        ),
    )


@pytest.fixture
def passengers(home, monkeypatch):
    write_contracts(home)
    published(home, "preprocessed.passengers", PASSENGERS)
    monkeypatch.setenv("AIRFLOW_CONN_TOKENS", json.dumps({"conn_type": "generic", "password": KEY}))
    monkeypatch.setenv("AIRFLOW_VAR_TOKEN_KEY", KEY)
    return home


def split_dag(dag_id, **options):
    with DAG(dag_id, schedule=None) as dag:
        load = SensitiveSplitOperator(
            task_id="load",
            source="preprocessed.passengers",
            sensitive_target="sensitive.passengers",
            target="clean.passengers",
            **(options or {"key_conn_id": "tokens"}),
        )
        QualityGateSensor(task_id="gate", candidate=load.output)
    return dag


def nothing_of_either_side(home):
    return all(nothing_was_published(home, side) for side in ("sensitive.passengers", "clean.passengers"))


@pytest.mark.parametrize("option", [{"key_conn_id": "tokens"}, {"key_variable": "token_key"}])
def test_both_sides_carry_the_hmac_of_the_key(passengers, run, option):
    assert run(split_dag(f"split_by_{next(iter(option))}", **option)).state == "success"
    assert rows_of(passengers, "sensitive.passengers") == sorted(
        (token(row["id"]), row["full_name"], row["email"]) for row in PASSENGERS
    )
    assert rows_of(passengers, "clean.passengers") == sorted(
        (token(row["id"]), token(row["email"]), row["fare"]) for row in PASSENGERS
    )


def test_one_gate_publishes_both_sides_together_and_says_so(passengers, run):
    finished = run(split_dag("together"))
    output = finished.get_task_instance("gate").xcom_pull(task_ids="gate")
    assert (output["dataset"], output["version"]) == ("clean.passengers", 1)
    assert output["sensitive"]["dataset"] == "sensitive.passengers"
    assert output["sensitive"]["load_id"] == output["load_id"]
    gate = execution_of(passengers, finished, "gate")
    assert {ref.dataset for ref in gate.data} == {"clean.passengers", "sensitive.passengers"}
    load = execution_of(passengers, finished, "load")
    assert [ref.dataset for ref in load.data if ref.role is Role.TARGET] == [
        "sensitive.passengers",
        "clean.passengers",
    ]
    assert (load.counts.read, load.counts.written) == (3, 6)


def test_a_side_that_breaks_its_contract_keeps_the_other_from_being_published(passengers, run):
    write_contracts(passengers, token_required=True)
    finished = run(split_dag("one_side_fails"))
    reason, message = refusal_of(passengers, finished, "gate")
    assert reason == "verdict_failed"
    assert "clean.passengers: required(email_token)" in message
    assert nothing_of_either_side(passengers)
    store = passengers.governance.store
    loads = [
        store.loads.of_run(name(side), finished.dag_id, finished.run_id)[0]
        for side in ("clean.passengers", "sensitive.passengers")
    ]
    assert [load.state for load in loads] == [LoadState.CANDIDATE, LoadState.CANDIDATE]


def test_a_gate_on_one_side_takes_the_other_along(passengers, run):
    with DAG("one_named", schedule=None) as dag:
        load = SensitiveSplitOperator(
            task_id="load",
            source="preprocessed.passengers",
            sensitive_target="sensitive.passengers",
            target="clean.passengers",
            key_conn_id="tokens",
        )
        load >> QualityGateSensor(task_id="gate", dataset="sensitive.passengers")
    assert run(dag).state == "success"
    assert versions_of(passengers, "clean.passengers") == [1]
    assert versions_of(passengers, "sensitive.passengers") == [1]


def test_splitting_again_replaces_both_sides(passengers):
    run = SteppedRun(split_dag("split_again"), "once")
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    run.clear("load")
    assert run.step("load") == "success"
    run.clear("gate")
    assert run.step("gate") == "success"
    assert len(rows_of(passengers, "clean.passengers")) == len(PASSENGERS)
    assert len(rows_of(passengers, "sensitive.passengers")) == len(PASSENGERS)


@pytest.mark.parametrize(
    ("dag_id", "password", "told"),
    [("short", "fifteen-bytes-x", "15 bytes"), ("empty", "", "0 bytes")],
)
def test_a_key_that_could_be_guessed_is_refused(passengers, run, monkeypatch, dag_id, password, told):
    monkeypatch.setenv("AIRFLOW_CONN_TOKENS", json.dumps({"conn_type": "generic", "password": password}))
    reason, message = refusal_of(passengers, run(split_dag(f"{dag_id}_key")))
    assert reason == "key_invalid"
    assert told in message
    assert nothing_of_either_side(passengers)


@pytest.mark.parametrize(
    ("dag_id", "options", "told"),
    [
        ("no_connection", {"key_conn_id": "nowhere"}, "nowhere"),
        ("no_variable", {"key_variable": "nowhere"}, "nowhere"),
    ],
)
def test_a_key_that_is_not_there_is_refused_by_name(passengers, run, dag_id, options, told):
    finished = run(split_dag(dag_id, **options))
    assert finished.state == "failed"
    record = execution_of(passengers, finished, "load")
    assert record.status is Status.FAILED
    assert told in record.error_message
    assert nothing_of_either_side(passengers)


@pytest.mark.parametrize(
    ("dag_id", "options"),
    [("no_key", {"write_mode": "overwrite"}), ("two_keys", {"key_conn_id": "a", "key_variable": "b"})],
)
def test_exactly_one_place_of_the_key_is_named(passengers, run, dag_id, options):
    reason, message = refusal_of(passengers, run(split_dag(dag_id, **options)))
    assert reason == "parameter_invalid"
    assert "key_conn_id=" in message
    assert "key_variable=" in message


def test_the_key_is_in_no_record_no_log_and_no_xcom(passengers, run, monkeypatch, caplog, capfd):
    # Made here: Airflow keeps the text of a Dag's file, which is this one.
    secret = secrets.token_hex(24)
    monkeypatch.setenv("AIRFLOW_CONN_TOKENS", json.dumps({"conn_type": "generic", "password": secret}))
    caplog.set_level(logging.DEBUG)
    finished = run(split_dag("secretive_split"))
    assert finished.state == "success"
    assert rows_of(passengers, "clean.passengers")[0][0] in {token(row["id"], secret) for row in PASSENGERS}
    logged = caplog.text + "".join(capfd.readouterr())
    assert "sensitive.passengers" in logged
    kept = [path for path in (passengers.folder / "state").rglob("*") if path.is_file()]
    kept += list(Path(os.environ["AIRFLOW_HOME"]).glob("airflow.db*"))
    assert {"governance.db", "airflow.db"} <= {path.name for path in kept}
    padded = bytes(byte ^ 0x36 for byte in secret.encode())
    for form in (secret.encode(), secret.encode().hex().encode(), padded.hex().encode()):
        assert form not in logged.encode()
        assert [path for path in kept if form in path.read_bytes()] == []


def test_a_restricted_column_does_not_reach_the_other_side(passengers, run):
    identity = {"logicalType": "integer", "primaryKey": True, "primaryKeyPosition": 1}
    passengers.contract(
        table("preprocessed.passengers", id=identity, full_name=RESTRICTED, email=RESTRICTED, fare="integer"),
        table("sensitive.passengers", id_token="string", full_name=RESTRICTED, email=RESTRICTED),
        table("clean.passengers", id_token="string", full_name="string", fare="integer"),
    )
    reason, message = refusal_of(passengers, run(split_dag("leaking_split")))
    assert reason == "contract_invalid"
    assert "full_name: restricted in preprocessed.passengers" in message
    assert nothing_of_either_side(passengers)


@pytest.mark.parametrize(
    ("dag_id", "sides"),
    [
        ("swapped", {"sensitive_target": "clean.passengers", "target": "sensitive.passengers"}),
        ("both_sensitive", {"sensitive_target": "sensitive.passengers", "target": "sensitive.passengers"}),
        ("both_open", {"sensitive_target": "clean.passengers", "target": "clean.passengers"}),
    ],
)
def test_only_the_sensitive_side_is_in_the_sensitive_zone(passengers, run, dag_id, sides):
    with DAG(dag_id, schedule=None) as dag:
        SensitiveSplitOperator(
            task_id="load", source="preprocessed.passengers", key_conn_id="tokens", **sides
        )
    reason, message = refusal_of(passengers, run(dag))
    assert reason == "hop_refused"
    assert "in the sensitive zone" in message
    assert nothing_of_either_side(passengers)
