"""Raw objects in a folder and in S3: written once, the same bytes twice are fine."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_gov.lake import Lake, RawObjects
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName

FLIGHTS = DatasetName.parse("raw.flights")
LOAD = "0123456789abcdef"
#: More than two parts of a multipart upload.
LARGE = b"0123456789abcdef" * (1 << 20) * 2 + b"the rest"


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "folder":
        return {"warehouse": str(tmp_path / "lake")}
    server = request.getfixturevalue("s3")
    return {"warehouse": f"s3://{server.bucket('raw-' + uuid.uuid4().hex[:8])}/lake", **server.properties}


@pytest.fixture
def raw(warehouse: dict[str, str], tmp_path: Path) -> Iterator[RawObjects]:
    lake = Lake(catalog_name="airflow_gov", properties={"uri": f"sqlite:///{tmp_path}/c.db", **warehouse})
    yield lake.raw
    lake.close()


def put(raw: RawObjects, content: bytes, name: str = "flights.csv") -> str:
    return raw.put(FLIGHTS, LOAD, name, io.BytesIO(content)).uri


@pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2\r\n", LARGE], ids=["empty", "small", "multipart"])
def test_bytes_come_back_as_delivered_with_their_hash_and_size(raw: RawObjects, content: bytes) -> None:
    kept = raw.put(FLIGHTS, LOAD, "flights.csv", io.BytesIO(content))
    assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert kept.uri.endswith(f"/lake/raw/flights/{LOAD}/flights.csv")
    assert kept.uri.startswith(("file:///", "s3://"))
    with raw.open(kept.uri) as stream:
        assert stream.read() == content
        stream.seek(len(content) // 2)
        assert stream.read() == content[len(content) // 2 :]


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "multipart"])
def test_the_same_bytes_again_are_fine_other_bytes_are_refused(raw: RawObjects, content: bytes) -> None:
    uri = put(raw, content)
    assert put(raw, content) == uri
    with pytest.raises(GovernanceError, match="never overwritten") as refused:
        put(raw, content[:-1] + b"!")
    assert refused.value.reason is Reason.OBJECT_EXISTS
    with raw.open(uri) as stream:
        assert stream.read() == content


@pytest.mark.parametrize("content", [b"small", LARGE], ids=["small", "multipart"])
def test_of_two_deliveries_at_once_the_first_to_finish_is_kept(raw: RawObjects, content: bytes) -> None:
    class Overtaken(io.BytesIO):
        """While this delivery is read, another one of the same name finishes."""

        def read(self, size: int | None = -1, /) -> bytes:
            chunk = super().read(size)
            if not chunk and not self.overtaken:
                self.overtaken = True
                put(raw, content)
            return chunk

        overtaken = False

    with pytest.raises(GovernanceError) as refused:
        raw.put(FLIGHTS, LOAD, "flights.csv", Overtaken(content[:-1] + b"!"))
    assert refused.value.reason is Reason.OBJECT_EXISTS
    with raw.open(put(raw, content)) as stream:
        assert stream.read() == content
    assert raw.put(FLIGHTS, LOAD, "flights.csv", Overtaken(content)).size == len(content)


def test_a_stream_that_breaks_leaves_nothing(raw: RawObjects, warehouse: dict[str, str]) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 20 << 20:
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        raw.put(FLIGHTS, LOAD, "flights.csv", Broken(LARGE))
    uri = put(raw, b"whole", "other.csv")
    assert not raw.exists(uri.replace("other.csv", "flights.csv"))
    if folder := raw.local_path(uri):
        assert [path.name for path in folder.parent.iterdir()] == ["other.csv"]


def test_names_with_odd_letters_stay_as_they_are(raw: RawObjects) -> None:
    name = "Flüge #1 (a+b) 100%?.csv"
    uri = put(raw, b"x", name)
    assert uri.endswith(f"/{name}")
    assert raw.exists(uri)
    with raw.open(uri) as stream:
        assert stream.read() == b"x"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "..\\x", "a\0b", "x" * 300])
def test_names_that_are_paths_are_refused(raw: RawObjects, name: str) -> None:
    with pytest.raises(GovernanceError) as refused:
        put(raw, b"x", name)
    assert refused.value.reason is Reason.PARAMETER_INVALID


def test_deleting_is_for_raw_objects_only_and_twice_is_fine(raw: RawObjects) -> None:
    uri = put(raw, b"x")
    raw.delete(uri)
    raw.delete(uri)
    assert not raw.exists(uri)
    with pytest.raises(GovernanceError) as missing:
        raw.open(uri)
    assert missing.value.reason is Reason.SOURCE_MISSING
    for other in (uri.replace("/raw/", "/clean/"), uri.replace(f"/{LOAD}/", "/../../clean/")):
        with pytest.raises(GovernanceError) as refused:
            raw.delete(other)
        assert refused.value.reason is Reason.PARAMETER_INVALID


def test_only_a_local_lake_has_paths(raw: RawObjects, warehouse: dict[str, str]) -> None:
    path = raw.local_path(put(raw, b"x"))
    if warehouse["warehouse"].startswith("s3://"):
        assert path is None
    else:
        assert path is not None
        assert path.read_bytes() == b"x"
