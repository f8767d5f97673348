"""A raw dataset's index beside its objects, in a folder and in S3."""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from botocore.exceptions import EndpointConnectionError

from airflow_gov.lake import Lake, Sampling
from airflow_gov.lake.tables import TableShape, prepare
from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.raw import RAW_INDEX_COLUMNS
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.transform import to_arrow_type

FLIGHTS = DatasetName.parse("raw.flights")
LOAD = "0123456789abcdef"
T0 = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    warehouse = {"warehouse": str(tmp_path / "lake #1")}
    if request.param == "s3":
        server = request.getfixturevalue("s3")
        bucket = server.bucket(f"raw-{uuid.uuid4().hex[:8]}")
        warehouse = {"warehouse": f"s3://{bucket}/lake", **server.properties}
    made = Lake(catalog_name="airflow_gov", properties={"uri": f"sqlite:///{tmp_path}/c.db", **warehouse})
    yield made
    made.close()


def deliver(lake: Lake, *names: str, load: str = LOAD) -> list[str]:
    """Objects, and their rows in main's index."""
    rows = []
    for position, name in enumerate(names):
        content = f"{name} of {load}".encode()
        kept = lake.raw.put(FLIGHTS, load, name, io.BytesIO(content))
        moment = T0 + timedelta(minutes=position)
        rows.append(_row(kept.uri, kept.size, str(kept.sha256), load, moment))
    index(lake, rows)
    return [str(row["uri"]) for row in rows]


def index(lake: Lake, rows: list[dict[str, object]]) -> None:
    columns = [pa.field(column.name, to_arrow_type(column.type)) for column in RAW_INDEX_COLUMNS]
    table = prepare(lake._catalog, TableShape(FLIGHTS, RAW_INDEX_COLUMNS))
    table.append(pa.Table.from_pylist(rows, pa.schema([*columns, pa.field(LOAD_ID_COLUMN, pa.string())])))


def _row(uri: str, size: int, sha256: str, load: str, moment: datetime) -> dict[str, object]:
    row = dict.fromkeys(column.name for column in RAW_INDEX_COLUMNS)
    name = uri.rsplit("/", 1)[-1]
    return row | {
        "file": name,
        "uri": uri,
        "size": size,
        "sha256": sha256,
        "delivered_at": moment,
        LOAD_ID_COLUMN: load,
    }


def overwrite(lake: Lake, uri: str, content: bytes) -> None:
    path = lake.raw.local_path(uri)
    if path is not None:
        path.write_bytes(content)
        return
    with lake._catalog.io.new_output(uri).create(overwrite=True) as stream:
        stream.write(content)


def test_an_index_that_is_right_differs_in_nothing(lake: Lake) -> None:
    uris = deliver(lake, "a.csv", "b #1?.csv", "ü 'c\".csv")
    with lake.compare_raw(FLIGHTS) as raw:
        assert (raw.indexed, raw.listed) == (3, 3)
        assert list(raw.missing()) == []
        assert list(raw.unknown()) == []
        assert list(raw.resized()) == []
        sampled = list(raw.sample(Sampling(days=0)))
        assert sorted(each.uri for each in sampled) == sorted(uris)
        assert all(actual == each.sha256 for each, actual in raw.hashed(sampled))


def test_its_database_writes_in_the_threads_of_the_query(lake: Lake) -> None:
    """In others DuckDB 2.0 may wait for ever when a disk is full."""
    deliver(lake, "a.csv")
    with lake.compare_raw(FLIGHTS) as raw:
        assert raw._connection.execute("SELECT current_setting('async_threads')").fetchall() == [(0,)]


def test_what_is_missing_unknown_or_of_another_size_is_told(lake: Lake) -> None:
    gone, longer, _ = deliver(lake, "gone.csv", "longer.csv", "same.csv")
    lake.raw.delete(gone)
    overwrite(lake, longer, b"much longer than it was")
    stray = lake.raw.put(FLIGHTS, "fedcba9876543210", "stray.csv", io.BytesIO(b"stray")).uri
    with lake.compare_raw(FLIGHTS) as raw:
        assert [(each.uri, each.load_id) for each in raw.missing()] == [(gone, LOAD)]
        assert [(each.uri, each.size, each.load_id) for each in raw.unknown()] == [
            (stray, 5, "fedcba9876543210")
        ]
        assert [(each.uri, size) for each, size in raw.resized()] == [(longer, 23)]


def test_other_bytes_of_the_same_size_are_found_by_their_hash(lake: Lake) -> None:
    first, second = deliver(lake, "a.csv", "b.csv")
    overwrite(lake, first, b"X.csv of " + LOAD.encode())
    with lake.compare_raw(FLIGHTS) as raw:
        assert list(raw.resized()) == []
        hashed = {
            each.uri: actual == each.sha256 for each, actual in raw.hashed(raw.sample(Sampling(days=0)))
        }
    assert hashed == {first: False, second: True}


def test_an_object_that_is_deleted_between_list_and_read_has_no_hash(lake: Lake) -> None:
    (uri,) = deliver(lake, "a.csv")
    with lake.compare_raw(FLIGHTS) as raw:
        lake.raw.delete(uri)
        assert [actual for _, actual in raw.hashed(raw.sample(Sampling(days=0)))] == [None]


def test_an_object_that_is_indexed_elsewhere_is_looked_for_there(lake: Lake) -> None:
    other = lake.raw.put(DatasetName.parse("raw.moved"), LOAD, "a.csv", io.BytesIO(b"a")).uri
    digest = hashlib.sha256(b"a").hexdigest()
    index(lake, [_row(other, 1, digest, LOAD, T0), _row(f"{other}.gone", 1, digest, LOAD, T0)])
    with lake.compare_raw(FLIGHTS) as raw:
        assert [each.uri for each in raw.missing()] == [f"{other}.gone"]
        assert dict(raw.hashed(raw.sample(Sampling(days=0)))) == {
            each: digest if each.uri == other else None for each in raw.sample(Sampling(days=0))
        }


def test_in_so_many_days_every_object_is_read_and_the_newest_each_time(lake: Lake) -> None:
    uris = deliver(lake, *(f"f{number:02}.csv" for number in range(40)))

    def read(plan: Sampling) -> set[str]:
        return {each.uri for each in raw.sample(plan)}

    with lake.compare_raw(FLIGHTS) as raw:
        audits = [T0 + timedelta(hours=hours) for hours in (0, 1, 1.5, 20, 47, 71, 95, 120)]
        looks = [read(Sampling(5, 2, now, before)) for before, now in itertools.pairwise(audits)]
        assert set().union(*looks) == set(uris)
        assert all({uris[-1], uris[-2]} <= look for look in looks)
        assert looks[1] == {uris[-1], uris[-2]}
        assert max(map(len, looks)) < 30
        whole = Sampling(5, 0, T0 + timedelta(days=9), T0)
        assert read(whole) == set(uris)
        again = Sampling(5, 0, T0 + timedelta(days=5), T0 + timedelta(days=4))
        assert read(again) == read(Sampling(5, 0, T0, None)) == read(Sampling(5, 0, T0, audits[-1]))
        assert set(uris[:3]) <= {each.uri for each in raw.sample(again, also=uris[:3])}


def test_a_dataset_without_table_has_objects_that_nobody_indexed(lake: Lake) -> None:
    uri = lake.raw.put(FLIGHTS, LOAD, "a.csv", io.BytesIO(b"a")).uri
    with lake.compare_raw(FLIGHTS) as raw:
        assert (raw.indexed, [each.uri for each in raw.unknown()]) == (0, [uri])
    assert lake.tables.in_zone(Zone.RAW) == ["flights/"]
    with lake.compare_raw(DatasetName.parse("raw.nothing")) as raw:
        assert (raw.indexed, raw.listed) == (0, 0)


def test_a_name_that_is_no_text_is_told_all_the_same(lake: Lake) -> None:
    (uri,) = deliver(lake, "a.csv")
    path = lake.raw.local_path(uri)
    if path is None:
        pytest.skip("S3 has no such names")
    os.close(os.open(os.fsencode(path.parent) + b"/\xff.csv", os.O_CREAT))
    with lake.compare_raw(FLIGHTS) as raw:
        assert [each.uri for each in raw.unknown()] == [uri.replace("a.csv", "?.csv")]


def test_sampling_says_what_it_does() -> None:
    assert str(Sampling(0)) == "every object is read"
    assert str(Sampling(30, 100)) == (
        "every object is read at least once in 30 days, an audit reads what became due since the one before; "
        "the newest 100 in every audit"
    )


class _TimeIsUpError(BaseException):
    """As a task's time-out is raised: wherever its process is."""


@pytest.mark.parametrize("lake", ["folder"], indirect=True)
@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (_TimeIsUpError("enough"), _TimeIsUpError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (EndpointConnectionError(endpoint_url="http://storage"), GovernanceError),
        (OSError(5, "Input/output error"), OSError),
    ],
    ids=["time-out", "Ctrl-C", "outage", "disk"],
)
def test_what_breaks_a_listing_off_is_not_taken_for_a_lack_of_memory(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, raised: BaseException, told: type[BaseException]
) -> None:
    deliver(lake, "a.csv")
    scan, broken = os.scandir, iter([raised])

    def scandir(path: int | str) -> object:
        for error in broken:
            raise error
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(told), lake.compare_raw(FLIGHTS):
        pass
