"""What lies in a warehouse beside its zones, in a folder and in S3: counted, and nothing outside of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airflow_gov.lake import Lake
from airflow_gov.lake.beside import Beside
from airflow_gov.lake.s3 import s3_client

Put = Callable[[str, bytes], None]


@pytest.fixture(
    params=["folder", pytest.param("s3", marks=pytest.mark.s3), pytest.param("bucket", marks=pytest.mark.s3)]
)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Lake, Put]]:
    """A lake, and how something gets beside its warehouse's root."""
    if request.param == "folder":
        root = tmp_path / "all" / "lake #1"
        properties = {"warehouse": str(root), "uri": f"sqlite:///{root}/catalog.db"}

        def put(name: str, content: bytes) -> None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
    else:
        server = request.getfixturevalue("s3")
        bucket, prefix = server.bucket(f"beside-{uuid.uuid4().hex[:8]}"), "lake/" * (request.param == "s3")
        properties = {"warehouse": f"s3://{bucket}/{prefix}", "uri": f"sqlite:///{tmp_path}/catalog.db"}
        properties |= server.properties
        client = s3_client(properties)
        if prefix:
            client.put_object(Bucket=bucket, Key="elsewhere/a.csv", Body=b"x")
            client.put_object(Bucket=bucket, Key="lakes/a.csv", Body=b"x")

        def put(name: str, content: bytes) -> None:
            client.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=content)

    made = Lake(catalog_name="airflow_gov", properties=properties)
    yield made, put
    made.close()


def test_what_lies_beside_the_zones_is_counted_by_folder(place: tuple[Lake, Put]) -> None:
    lake, put = place
    assert lake.tables.beside_zones() == []
    for name in (
        "raw/a.csv",
        "gold/b/data/c.parquet",
        "_airflow_gov/log/1.json",
        "known/a.csv",
        "tmp/a/b.csv",
    ):
        put(name, b"x")
    put("dump/data/guests.parquet", b"xx")
    put("dump/metadata/v1.json", b"xxx")
    put("guests ä'.csv", b"xxxx")
    put("more.csv", b"x")
    assert lake.tables.beside_zones({"known"}) == [
        Beside("", 2, 5),
        Beside("dump", 2, 5),
        Beside("tmp", 1, 1),
    ]


def test_of_very_many_the_first_are_counted(place: tuple[Lake, Put], monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_gov.lake import beside

    lake, put = place
    monkeypatch.setattr(beside, "MOST_OBJECTS", 2)
    for number in range(3):
        put(f"dump/{number}", b"x")
    assert lake.tables.beside_zones() == [Beside("dump", 2, 2, counted=False)]


def test_of_very_many_folders_the_others_are_told_together(
    place: tuple[Lake, Put], monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_gov.lake import beside

    lake, put = place
    monkeypatch.setattr(beside, "MOST_FOLDERS", 1)
    for name in ("b", "c", "d"):
        put(f"{name}/x", b"xx")
    root = lake._catalog.properties["warehouse"]
    if root.startswith("/"):
        Path(root, "a").mkdir()
    assert lake.tables.beside_zones() == [Beside("b", 1, 2), Beside("c", 2, 4, folders=2)]
    monkeypatch.setattr(beside, "MOST_LOOKED_INTO", 1)
    (*_, others) = lake.tables.beside_zones()
    assert not others.counted


@pytest.mark.parametrize("place", ["folder"], indirect=True)
def test_only_the_catalogues_own_files_are_passed_over(place: tuple[Lake, Put]) -> None:
    lake, put = place
    for name in ("catalog.db-wal", "catalog.db.bak", "catalog.db_dump/a.csv"):
        put(name, b"x")
    assert lake.tables.beside_zones() == [Beside("", 1, 1), Beside("catalog.db_dump", 1, 1)]


@pytest.mark.parametrize("place", ["s3"], indirect=True)
def test_a_location_is_the_same_place_in_each_scheme_of_s3(place: tuple[Lake, Put]) -> None:
    lake, _ = place
    root = lake._catalog.properties["warehouse"].rstrip("/")
    assert lake.tables.folder_of(f"{root}/shop.db/t/metadata/v1.json") == "shop.db"
    assert lake.tables.folder_of(f"{root.replace('s3:', 's3a:')}/shop.db/t/metadata/v1.json") == "shop.db"
    assert lake.tables.folder_of(f"{root}2/shop.db/t/metadata/v1.json") is None
