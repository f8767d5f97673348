"""Anchors of the log in a folder and in S3: written once, listed in order, and nothing else counts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.lake import Lake
from airflow_gov.model.errors import GovernanceError, Reason
from support.records import T0

ONE, OTHER = "1" * 64, "2" * 64


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def properties(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    uri = f"sqlite:///{tmp_path}/catalog.db"
    if request.param == "folder":
        return {"uri": uri, "warehouse": str(tmp_path / "lake # 1")}
    server = request.getfixturevalue("s3")
    bucket = server.bucket(f"anchors-{uuid.uuid4().hex[:8]}")
    return {"uri": uri, "warehouse": f"s3://{bucket}/lake", **server.properties}


@pytest.fixture
def lake(properties: dict[str, str]) -> Iterator[Lake]:
    made = Lake(catalog_name="airflow_gov", properties=properties)
    yield made
    made.close()


def content(lake: Lake, uri: str) -> dict[str, Any]:
    with lake.raw.open(uri) as stream:
        told: dict[str, Any] = json.load(stream)
    return told


def test_anchors_are_listed_in_the_order_of_the_log(lake: Lake) -> None:
    assert lake.anchors.list() == []
    for sequence in (120, 7, 100_000):
        lake.anchors.write(sequence, ONE, T0)
    found = lake.anchors.list()
    assert [anchor.sequence for anchor in found] == [7, 120, 100_000]
    assert {anchor.hash for anchor in found} == {ONE}
    assert all("/lake" in anchor.uri and "/_airflow_gov/log/" in anchor.uri for anchor in found)


def test_an_anchor_says_in_itself_what_it_holds(lake: Lake) -> None:
    written = lake.anchors.write(7, ONE, T0)
    assert written.uri.endswith(f"/_airflow_gov/log/00000000000000000007-{ONE}.json")
    assert content(lake, written.uri) == {
        "format": "airflow-gov log 1",
        "sequence": 7,
        "hash": ONE,
        "at": "2026-03-01T12:00:00.123456Z",
    }


def test_an_anchor_is_written_once(lake: Lake) -> None:
    first = lake.anchors.write(7, ONE, T0)
    again = lake.anchors.write(7, ONE, T0.replace(year=2027))
    assert again.uri == first.uri
    assert content(lake, first.uri)["at"].startswith("2026")
    lake.anchors.write(7, OTHER, T0)
    assert [anchor.hash for anchor in lake.anchors.list()] in ([ONE, OTHER], [OTHER, ONE])


def test_other_objects_beside_them_are_no_anchors(lake: Lake, properties: dict[str, str]) -> None:
    lake.anchors.write(7, ONE, T0)
    if properties["warehouse"].startswith("s3://"):
        return
    folder = Path(properties["warehouse"]) / "_airflow_gov" / "log"
    for name in ("notes.txt", f"7-{ONE}.json", f"{8:020d}-{ONE}.json.part", f"{9:020d}-{ONE[:9]}.json"):
        (folder / name).write_text("{}")
    assert [anchor.sequence for anchor in lake.anchors.list()] == [7]


def test_a_warehouse_that_is_no_place_is_named(tmp_path: Path) -> None:
    lake = Lake(
        catalog_name="airflow_gov", properties={"type": "rest", "uri": "http://x", "warehouse": "prod"}
    )
    assert lake.anchors.list() == []
    with pytest.raises(GovernanceError, match="'prod' is no folder") as refused:
        lake.anchors.write(7, ONE, T0)
    assert refused.value.reason is Reason.CONFIGURATION_INVALID
