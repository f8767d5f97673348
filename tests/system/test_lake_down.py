"""A lake that cannot be written: an S3 server that knows other keys, a disk that is full."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from dataclasses import replace

import boto3
import pytest
from airflow.sdk import DAG

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.execution import Status
from airflow_gov.operators import GoldOperator, PreprocessOperator, RawIngestOperator, promote
from airflow_gov.sensors import QualityGateSensor
from airflow_gov.transform.engine import DuckEngine
from support.contracts import table
from support.governed import (
    executions_of,
    name,
    nothing_was_published,
    published,
    refusal_of,
    rows_of,
)
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

FLIGHTS = "carrier,flights\nAA,1\nUA,2\n"
WRONG_SECRET = "a-key-that-the-server-does-not-know"


@pytest.fixture
def flights(home):
    home.contract(
        {"name": "raw flights", "physicalName": "raw.flights"},
        table("preprocessed.flights", carrier="string", flights="integer"),
        table("clean.numbers", number="integer", text="string"),
        table("gold.numbers", number="integer", text="string"),
    )
    return home


def raw_dag(dag_id, source):
    with DAG(dag_id, schedule=None) as dag:
        RawIngestOperator(task_id="load", dataset="raw.flights", source=source)
    return dag


def typed_dag(dag_id, source):
    with DAG(dag_id, schedule=None) as dag:
        raw = promote(RawIngestOperator, group_id="raw", dataset="raw.flights", source=source)
        promote(PreprocessOperator, group_id="typed", source=raw.output, target="preprocessed.flights")
    return dag


@pytest.fixture
def strict_s3(s3, monkeypatch):
    """The S3 server while it checks who asks; gives it with keys that it knows."""
    iam = client(s3, "iam")
    user = f"airflow-{os.urandom(4).hex()}"
    iam.create_user(UserName=user)
    rule = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=json.dumps(rule))
    made = iam.create_access_key(UserName=user)["AccessKey"]
    # moto lets this many requests pass unchecked.
    monkeypatch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0.0)
    return replace(s3, access_key=made["AccessKeyId"], secret_key=made["SecretAccessKey"])


def client(server, service):
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name=server.region,
    )


@pytest.fixture
def in_s3(flights, s3, monkeypatch):
    """The home's lake lies in a bucket; its keys are those of the Airflow connection `lake_aws`."""
    bucket = s3.bucket(f"lake-{os.urandom(4).hex()}")
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__WAREHOUSE", f"s3://{bucket}/lake")
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__AWS_CONN_ID", "lake_aws")
    return flights


def connect(monkeypatch, server):
    connection = {
        "conn_type": "aws",
        "login": server.access_key,
        "password": server.secret_key,
        "extra": {"endpoint_url": server.endpoint, "region_name": server.region},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKE_AWS", json.dumps(connection))


@pytest.mark.s3
def test_a_lake_in_s3_takes_its_keys_from_an_airflow_connection(in_s3, strict_s3, run, monkeypatch):
    connect(monkeypatch, strict_s3)
    finished = run(typed_dag("right_keys", in_s3.source("flights.csv", FLIGHTS)))
    assert finished.state == "success"
    records = executions_of(in_s3, finished)
    assert {record.status for tries in records.values() for record in tries} == {Status.SUCCESS}
    (target,) = [ref for ref in records["typed.load"][0].data if ref.dataset == "preprocessed.flights"]
    assert all(file.uri.startswith("s3://lake-") for file in target.files)
    assert strict_s3.secret_key not in repr(records)


@pytest.mark.s3
def test_wrong_keys_of_the_lake_are_refused_and_not_told(in_s3, strict_s3, run, monkeypatch):
    connect(monkeypatch, replace(strict_s3, secret_key=WRONG_SECRET))
    finished = run(raw_dag("wrong_keys", in_s3.source("flights.csv", FLIGHTS)))
    reason, message = refusal_of(in_s3, finished)
    assert reason == "lake_unavailable"
    assert "credentials" in message
    assert WRONG_SECRET not in message
    assert in_s3.governance.store.versions.current(name("raw.flights")) is None


@pytest.mark.s3
def test_wrong_keys_of_a_source_in_s3_are_refused(flights, strict_s3, run, monkeypatch):
    bucket = "lake-of-a-partner"
    client(strict_s3, "s3").create_bucket(Bucket=bucket)
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__AWS_CONN_ID", "lake_aws")
    connect(monkeypatch, replace(strict_s3, secret_key=WRONG_SECRET))
    finished = run(raw_dag("wrong_source_keys", f"s3://{bucket}/flights.csv"))
    reason, message = refusal_of(flights, finished)
    assert reason is not None
    assert f"s3://{bucket}/flights.csv" in message
    assert WRONG_SECRET not in message
    assert nothing_was_published(flights, "raw.flights")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 4 MB, and a way to make it larger."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def enlarge(disk):
    subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)


#: About 8 MB that do not compress.
MUCH = "SELECT number, md5(i || 'a') || md5(i || 'b') AS text FROM clean.numbers, range(150000) AS t(i)"


def gold_dag(dag_id, **load):
    with DAG(dag_id, schedule=None) as dag:
        loaded = GoldOperator(task_id="load", source="clean.numbers", target="gold.numbers", sql=MUCH, **load)
        QualityGateSensor(task_id="gate", candidate=loaded.output)
    return dag


def test_a_full_disk_fails_the_load_clearly_and_a_retry_with_room_succeeds(flights, small_disk, monkeypatch):
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__WAREHOUSE", str(small_disk / "lake"))
    published(flights, "clean.numbers", [{"number": 1, "text": "one"}])
    run = SteppedRun(gold_dag("full_disk", retries=1), "once")
    assert run.step("load") == "up_for_retry"
    (record,) = executions_of(flights, run)["load"]
    assert record.status is Status.UP_FOR_RETRY
    assert record.error_reason is not None, record.error_message
    assert "space" in record.error_message
    assert nothing_was_published(flights, "gold.numbers")
    # What was written of it is gone, so a reader's next small load still fits.
    written = [path for path in (small_disk / "lake").rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in written) < 100_000

    enlarge(small_disk)
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    assert len(rows_of(flights, "gold.numbers")) == 150_000


def test_a_full_disk_fails_every_time(flights, small_disk, tmp_path):
    """And never waits for ever, as DuckDB 2.0 by itself does in one of some dozens."""
    engine = DuckEngine(temp_folder=tmp_path / "spill")
    contract = flights.governance.contracts(flights.contracts).resolve(name("gold.numbers"))
    sql = "SELECT i AS number, md5(i || 'a') || md5(i || 'b') AS text FROM range(150000) AS t(i)"
    for attempt in range(25):
        folder = small_disk / str(attempt)
        folder.mkdir()
        with pytest.raises(GovernanceError, match="space"):
            engine.run_sql(sql, {}, contract, load_id="load", folder=folder)
        assert list(folder.iterdir()) == []


def test_a_full_disk_under_the_raw_objects_refuses_the_delivery(flights, small_disk, run, monkeypatch):
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__WAREHOUSE", str(small_disk / "lake"))
    file = flights.sources / "flights.csv"
    file.write_bytes(b"carrier,flights\n" + os.urandom(4_000_000).hex().encode() + b",1\n")
    finished = run(raw_dag("full_raw", str(file)))
    reason, message = refusal_of(flights, finished)
    assert reason is not None, message
    assert "space" in message
    assert nothing_was_published(flights, "raw.flights")
    assert list((small_disk / "lake").rglob("flights.csv*")) == []


def test_a_full_disk_under_the_store_refuses_and_the_record_waits(flights, small_disk, run, monkeypatch):
    published(flights, "clean.numbers", [{"number": 1, "text": "one"}])
    with monkeypatch.context() as patch:
        patch.setenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", f"sqlite:///{small_disk}/governance.db")
        with suppress(OSError), (small_disk / "filler").open("wb") as filler:
            while True:
                filler.write(bytes(65536))
        finished = run(gold_dag("full_store"))
        assert finished.state == "failed"
    assert flights.governance.spool.waiting() == 1
    assert not flights.governance.lake.exists(name("gold.numbers"))
    governance = flights.governance
    assert governance.spool.deliver(governance.store) == 1
    reason, message = refusal_of(flights, finished)
    assert reason == "store_unavailable"
    assert "governance.db" in message
