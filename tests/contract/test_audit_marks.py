"""Marks change with what they are of, whoever changed it, and with nothing else."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from airflow_gov.lake.remote_stamps import RemoteStamps
from airflow_gov.lake.s3 import s3_client
from airflow_gov.lake.stamps import file_stamp, folder_stamp
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.verdicts import Ruling
from airflow_gov.store import Store
from support import records, reports
from support.records import FLIGHTS, GOLD, T0, Clock


@pytest.fixture
def recorded(store: Store) -> Store:
    """A version of flights with its verdict, its load and its execution; a version of gold without any."""
    execution = records.finished()
    store.executions.finish(execution)
    load = records.load(dataset=FLIGHTS, execution_id=execution.execution_id)
    store.loads.begin(load, lease=timedelta(minutes=5))
    verdict = records.verdict(dataset=FLIGHTS)
    store.verdicts.record(verdict)
    store.versions.record(
        records.version(1, dataset=FLIGHTS, verdict_id=verdict.verdict_id, load_ids=(load.load_id,))
    )
    store.versions.record(records.version(1, dataset=GOLD, verdict_id=None, load_ids=()))
    return store


def marks(store: Store, kind: str) -> dict[str, str]:
    found: dict[str, str] = getattr(store.audits.marks, kind)()
    return found


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("verdicts", "DELETE FROM gov_verdict_rule"),
        ("verdicts", "UPDATE gov_verdict_rule SET passed = NOT passed"),
        ("verdicts", "UPDATE gov_version SET verdict_id = 'forged' WHERE dataset = 'clean.flights'"),
        ("verdicts", "UPDATE gov_version SET contract_hash = 'forged' WHERE dataset = 'clean.flights'"),
        ("verdicts", "UPDATE gov_verdict SET snapshot_id = 4711"),
        ("verdicts", "UPDATE gov_verdict SET dataset = 'clean.forged'"),
        ("verdicts", "UPDATE gov_verdict SET contract_hash = 'forged'"),
        ("verdicts", "UPDATE gov_verdict SET rows = rows + 1"),
        ("records", "UPDATE gov_version SET rows = rows + 1 WHERE dataset = 'clean.flights'"),
        ("records", "UPDATE gov_execution SET host_name = ''"),
        ("records", "UPDATE gov_execution SET status = 'lost'"),
        ("records", "UPDATE gov_column_set SET type = 'forged'"),
        ("records", "DELETE FROM gov_load"),
        ("records", "DELETE FROM gov_execution_data"),
    ],
)
def test_what_is_tampered_with_changes_the_mark_of_its_dataset_alone(
    recorded: Store, store_url: str, kind: str, statement: str
) -> None:
    before = marks(recorded, kind)
    assert marks(recorded, kind) == before
    engine = sqlalchemy.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
    after = marks(recorded, kind)
    assert after["clean.flights"] != before["clean.flights"]
    assert after[str(GOLD)] == before[str(GOLD)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE gov_version SET verdict_id = 'forged' WHERE dataset = 'clean.flights' AND version = 1",
        "UPDATE gov_version SET rows = rows + 1 WHERE dataset = 'clean.flights' AND version = 1",
        "DELETE FROM gov_decision",
    ],
)
@pytest.mark.parametrize(
    ("kind", "place"), [("rollback", "snapshot_id"), ("maintenance", "parent_snapshot_id")]
)
def test_what_a_version_rests_on_changes_its_mark(
    recorded: Store, store_url: str, kind: str, place: str, statement: str
) -> None:
    first = recorded.versions.get(FLIGHTS, 1)
    assert first is not None
    changes: dict[str, Any] = {"snapshot_id": 99, place: first.snapshot_id}
    later = records.version(
        2, dataset=FLIGHTS, kind=VersionKind(kind), verdict_id=None, load_ids=(), **changes
    )
    recorded.versions.record(later)
    recorded.decisions.record(reports.decision(Ruling.WARNED, dataset=FLIGHTS, snapshot_id=first.snapshot_id))
    before = marks(recorded, "verdicts")
    engine = sqlalchemy.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()
    after = marks(recorded, "verdicts")
    assert after["clean.flights"] != before["clean.flights"]
    assert after[str(GOLD)] == before[str(GOLD)]


def test_a_new_version_has_other_marks(recorded: Store) -> None:
    before = marks(recorded, "records"), marks(recorded, "verdicts")
    recorded.versions.record(records.version(2, dataset=GOLD, verdict_id=None, load_ids=(), snapshot_id=77))
    after = marks(recorded, "records"), marks(recorded, "verdicts")
    assert all(now[str(GOLD)] != then[str(GOLD)] for now, then in zip(after, before, strict=True))


def test_loads_are_being_written_while_their_lease_holds(recorded: Store, clock: Clock) -> None:
    assert list(recorded.audits.marks.being_written()) == ["clean.flights"]
    clock.move(minutes=6)
    assert recorded.audits.marks.being_written() == {}


def test_a_file_is_known_by_its_size_and_age(tmp_path: Path) -> None:
    file = tmp_path / "a"
    assert file_stamp(str(file)) == "FileNotFoundError"
    file.write_text("a")
    first = file_stamp(f"file://{file}")
    assert first == file_stamp(str(file))
    file.write_text("ab")
    assert file_stamp(str(file)) != first
    assert file_stamp("s3://bucket/a") is None


def test_folders_are_known_by_their_files_and_when_the_next_is_old_enough(tmp_path: Path) -> None:
    metadata = tmp_path / "metadata" / "1.json"
    metadata.parent.mkdir()
    metadata.write_text("{}")
    os.utime(metadata, (T0.timestamp(), T0.timestamp()))
    (tmp_path / "data" / "part=1").mkdir(parents=True)
    (tmp_path / "beside").write_text("no file of the table")

    def stamp(before: datetime = T0 + timedelta(days=1)) -> tuple[str, datetime | None]:
        found = folder_stamp(str(metadata), before)
        assert found is not None
        return found.digest, found.youngest

    first = stamp()
    assert first == stamp()
    assert first[1] is None
    youngest = stamp(T0 - timedelta(days=1))[1]
    assert youngest is not None
    assert abs(youngest - T0) < timedelta(seconds=1)
    (tmp_path / "data" / "part=1" / "b.parquet").write_text("b")
    second = stamp()
    assert second[0] != first[0]
    assert second[1] is not None
    assert second[1] > T0 + timedelta(days=1)
    assert folder_stamp("s3://bucket/metadata/1.json", T0) is None
    assert folder_stamp(str(tmp_path / "elsewhere.json"), T0) is None


@pytest.fixture
def bucket(s3: Any) -> Iterator[tuple[Any, str, RemoteStamps]]:
    """A client, a bucket with a table and an object beside it, and their stamps."""
    client = s3_client(s3.properties)
    name = s3.bucket(f"stamps-{uuid.uuid4().hex[:8]}")
    for key in ("metadata/1.json", "data/part=1/ü #.parquet", "beside/object.csv"):
        client.put_object(Bucket=name, Key=f"lake/raw/flights/{key}", Body=b"1")
    yield client, name, RemoteStamps(s3.properties)
    client.close()


@pytest.mark.s3
@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("key", "file_changes", "folder_changes"),
    [
        ("metadata/1.json", True, True),
        ("metadata/2.json", False, True),
        ("data/part=1/ü #.parquet", False, True),
        ("staging/x", False, True),
        ("beside/object.csv", False, False),
    ],
)
def test_tables_in_s3_are_known_by_their_listing(
    bucket: tuple[Any, str, RemoteStamps],
    key: str,
    *,
    file_changes: bool,
    folder_changes: bool,
    at_once: bool,
) -> None:
    client, name, stamps = bucket
    location = f"s3://{name}/lake/raw/flights/metadata/1.json"

    def told() -> tuple[str | None, str]:
        stamps.look([location, "/a/metadata/b.json"] if at_once else [])
        folder = stamps.folder_stamp(location, T0)
        assert folder is not None
        return stamps.file_stamp(location), folder.digest

    first = told()
    assert first == told()
    client.put_object(Bucket=name, Key=f"lake/raw/flights/{key}", Body=b"22")
    second = told()
    assert (second[0] != first[0], second[1] != first[1]) == (file_changes, folder_changes)


@pytest.mark.s3
def test_in_s3_it_is_known_when_the_next_file_is_old_enough_and_that_metadata_is_gone(
    bucket: tuple[Any, str, RemoteStamps],
) -> None:
    client, name, stamps = bucket
    location = f"s3://{name}/lake/raw/flights/metadata/1.json"
    now = datetime.now(UTC)
    young = stamps.folder_stamp(location, now - timedelta(days=1))
    old = stamps.folder_stamp(location, now + timedelta(days=1))
    assert young is not None
    assert young.youngest is not None
    assert abs(young.youngest - now) < timedelta(hours=1)
    assert old is not None
    assert old.youngest is None
    client.delete_object(Bucket=name, Key="lake/raw/flights/metadata/1.json")
    stamps.look([])
    assert stamps.file_stamp(location) == "FileNotFoundError"
    assert stamps.file_stamp("gs://bucket/metadata/1.json") is None
    assert stamps.folder_stamp("gs://bucket/metadata/1.json", now) is None
