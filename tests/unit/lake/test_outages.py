"""Outages and wrong credentials: one kind of error, naming where and no secret."""

from __future__ import annotations

import io
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from airflow_gov.lake import Lake
from airflow_gov.lake.errors import outages_named, without_secrets
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from support.lakes import Bench, contract, rows_of

SECRET = "s3cr3t-Passw0rd"


def refused(use: Callable[[Lake], object], properties: dict[str, str]) -> str:
    with pytest.raises(GovernanceError) as error:
        use(Lake(catalog_name="airflow_gov", properties=properties))
    assert error.value.reason is Reason.LAKE_UNAVAILABLE
    assert SECRET not in str(error.value)
    assert SECRET not in repr(error.value.attributes)
    return str(error.value)


def write(lake: Lake) -> None:
    Bench(lake).load("one", rows_of(1))


def put(lake: Lake) -> None:
    lake.raw.put(DatasetName.parse("raw.flights"), "load", "f.csv", io.BytesIO(b"x"))


@pytest.fixture
def nobody() -> str:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def test_a_catalogue_that_cannot_be_reached_is_named_without_its_password(nobody: str) -> None:
    told = refused(
        lambda lake: lake.prepare(contract()),
        {"uri": f"postgresql+psycopg2://gov:{SECRET}@{nobody}/catalog", "warehouse": "/nowhere"},
    )
    assert nobody in told


def test_a_catalogue_over_http_that_cannot_be_reached_is_named_without_its_password(nobody: str) -> None:
    told = refused(
        lambda lake: lake.prepare(contract()),
        {"type": "rest", "uri": f"http://gov:{SECRET}@{nobody}", "warehouse": "/nowhere"},
    )
    assert nobody in told


@pytest.mark.parametrize("error", [requests.exceptions.ChunkedEncodingError, requests.exceptions.InvalidURL])
def test_what_requests_raises_is_an_outage(error: type[Exception]) -> None:
    with pytest.raises(GovernanceError, match="http://catalog"), outages_named({"uri": "http://catalog"}):
        raise error("broken")


@pytest.mark.parametrize("loaded", [None, ModuleType("requests.exceptions")], ids=["not", "half"])
def test_where_requests_is_not_loaded_its_errors_are_not_looked_for(
    loaded: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "requests.exceptions", loaded)
    with pytest.raises(GovernanceError), outages_named({"uri": "sqlite://"}):
        raise OSError("AWS Error NETWORK_CONNECTION")
    with pytest.raises(FileNotFoundError), outages_named({"uri": "sqlite://"}):
        raise FileNotFoundError("a file of ours")


@pytest.mark.parametrize("use", [write, put])
def test_storage_that_cannot_be_reached_is_named(
    use: Callable[[Lake], None], nobody: str, tmp_path: Path
) -> None:
    told = refused(
        use,
        {
            "uri": f"sqlite:///{tmp_path}/c.db",
            "warehouse": "s3://some-bucket/lake",
            "s3.endpoint": f"http://{nobody}",
            "s3.access-key-id": "key",
            "s3.secret-access-key": SECRET,
            "s3.region": "us-east-1",
        },
    )
    assert "some-bucket" in told
    assert nobody in told


@pytest.mark.s3
@pytest.mark.parametrize("use", [write, put])
@pytest.mark.parametrize("bucket", ["locked", "no-such-bucket"])
def test_wrong_credentials_and_missing_buckets_are_told(
    use: Callable[[Lake], None], bucket: str, s3: Any, tmp_path: Path
) -> None:
    import urllib.request

    def allowed_without_authentication(count: float) -> None:
        headers = {"Content-Type": "text/plain"}
        address = f"{s3.endpoint}/moto-api/reset-auth"
        urllib.request.urlopen(urllib.request.Request(address, str(count).encode(), headers)).read()

    if bucket == "locked":
        s3.bucket(bucket)
        allowed_without_authentication(0)
    try:
        told = refused(
            use,
            {
                "uri": f"sqlite:///{tmp_path}/c.db",
                "warehouse": f"s3://{bucket}/lake",
                **s3.properties,
                "s3.secret-access-key": SECRET,
            },
        )
    finally:
        allowed_without_authentication(float("inf"))
    assert bucket in told
    assert s3.endpoint in told


def test_a_corrupt_catalogue_file_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_bytes(b"not a database" * 1000)
    told = refused(
        lambda lake: lake.prepare(contract()),
        {"uri": f"sqlite:///{tmp_path}/c.db", "warehouse": str(tmp_path / "lake")},
    )
    assert "not a database" in told


def test_secrets_of_properties_are_cut_out_wherever_they_stand() -> None:
    properties = {
        "uri": f"postgresql://u:{SECRET}@h/d",
        "s3.secret-access-key": "other-secret",
        "token": "t0ken",
    }
    text = f"could not use postgresql://u:{SECRET}@h/d with other-secret and t0ken, {SECRET}"
    assert without_secrets(text, properties) == "could not use postgresql://h/d with *** and ***, ***"
