"""What is kept of a version: how much it is."""

from __future__ import annotations

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.checks.records import RecordContradicts
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.model.zones import DatasetName
from support.healthy_lake import DELIVERY, HealthyLake

RAW = DatasetName.parse("raw.bookings")


@pytest.fixture
def lake(tmp_path):
    lake = HealthyLake.make(tmp_path / "home")
    yield lake
    lake.close()


def amount(lake: HealthyLake) -> tuple[int, int, int]:
    version = lake.governance.store.versions.current(RAW)
    return version.rows, version.size, version.files


def contradictions(lake: HealthyLake) -> list[str]:
    audited = AuditedLake(lake.governance).dataset(RAW)
    return [each.part for each in RecordContradicts().observe(audited)]


def test_a_version_of_raw_is_as_large_as_the_objects_that_were_delivered(lake):
    first = len(DELIVERY.encode())
    assert amount(lake) == (1, first, 1)
    (lake.folder / "bookings.csv").write_text(f"{DELIVERY}5,guest5@example.com,fr,2026-01-05\n")
    lake.deliver()
    assert amount(lake) == (2, 2 * first + 35, 2)
    lake.clock.move(seconds=1)
    maintain(lake.governance, RAW, Upkeep(keep_versions=1, keep_days=0, grace_hours=0))
    assert amount(lake) == (2, 2 * first + 35, 2)
    assert contradictions(lake) == []


def test_another_size_in_the_store_contradicts_the_objects(lake):
    lake.sql("UPDATE gov_version SET size = size + 1 WHERE dataset = 'raw.bookings'")
    assert contradictions(lake) == ["v1 size"]


def test_the_size_of_its_table_as_it_was_once_recorded_contradicts_nothing(lake):
    snapshot = lake.governance.lake.snapshots(RAW)[-1]
    lake.sql(
        "UPDATE gov_version SET size = :size, files = :files WHERE dataset = 'raw.bookings'",
        size=snapshot.size,
        files=snapshot.files,
    )
    assert snapshot.size != len(DELIVERY.encode())
    assert contradictions(lake) == []
