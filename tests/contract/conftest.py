"""The backends every contract suite runs over."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.lake import Lake
from airflow_gov.store import Store
from support.lakes import Bench
from support.records import Clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables: of a file that is not there yet, or of a server."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/home/airflow_gov/governance.db"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


@pytest.fixture
def store_url(empty_database: str) -> str:
    """The URL of a store that is ready to be used."""
    store = Store(empty_database)
    store.upgrade()
    store.dispose()
    return empty_database


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Any) -> Iterator[Store]:
    made = Store(store_url, clock=clock)
    yield made
    made.dispose()


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def lake_properties(request: pytest.FixtureRequest, empty_database: str, tmp_path: Path) -> dict[str, str]:
    """A SQL catalogue in each database, with its warehouse in a folder or in S3."""
    if request.param == "folder":
        return {"uri": empty_database, "warehouse": str(tmp_path / "lake")}
    server = request.getfixturevalue("s3")
    bucket = server.bucket(f"lake-{uuid.uuid4().hex[:8]}")
    return {"uri": empty_database, "warehouse": f"s3://{bucket}/lake", **server.properties}


@pytest.fixture
def lake(lake_properties: dict[str, str]) -> Iterator[Lake]:
    made = Lake(catalog_name="airflow_gov", properties=lake_properties)
    yield made
    made.close()


@pytest.fixture
def bench(lake: Lake) -> Bench:
    return Bench(lake)
