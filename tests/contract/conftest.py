"""The backends every contract suite runs over."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.lake import Lake
from airflow_gov.store import Store
from support import stores
from support.lakes import Bench
from support.records import Clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """The kind of database that the store is in."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The URL of a database without tables: of a file that is not there yet, or of a server."""
    if database == "sqlite":
        return f"sqlite:///{tmp_path}/home/airflow_gov/governance.db"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


@pytest.fixture
def new_store(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of a new store that is ready to be used, as often as it is called."""
    if database == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_store")
        return make
    numbers = itertools.count()
    return lambda: stores.ready(tmp_path / f"store-{next(numbers)}.db")


@pytest.fixture
def store_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The URL of a store that is ready to be used."""
    if database == "sqlite":
        return stores.ready(tmp_path / "home/airflow_gov/governance.db")
    make: Callable[[], str] = request.getfixturevalue("postgres_store")
    return make()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str, clock: Any) -> Iterator[Store]:
    made = Store(store_url, clock=clock)
    yield made
    made.dispose()


_ON_SQLITE, _ON_POSTGRESQL = "sqlite", "postgresql"
_IN_A_FOLDER, _IN_S3 = "folder", "s3"


@pytest.fixture(
    # Each catalogue and each storage once, which takes half as long as all four: PyIceberg reaches them by
    # parts that do not know each other.
    params=[
        (_ON_SQLITE, _IN_A_FOLDER),
        pytest.param((_ON_POSTGRESQL, _IN_S3), marks=[pytest.mark.postgres, pytest.mark.s3]),
    ],
    ids="-".join,
)
def lake_properties(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """A SQL catalogue with its warehouse, each in the two places it may be."""
    catalogue, storage = request.param
    uri = f"sqlite:///{tmp_path}/home/airflow_gov/catalog.db"
    if catalogue == _ON_POSTGRESQL:
        uri = request.getfixturevalue("postgres_database")()
    if storage == _IN_A_FOLDER:
        return {"uri": uri, "warehouse": str(tmp_path / "lake")}
    server = request.getfixturevalue("s3")
    bucket = server.bucket(f"lake-{uuid.uuid4().hex[:8]}")
    return {"uri": uri, "warehouse": f"s3://{bucket}/lake", **server.properties}


@pytest.fixture
def lake(lake_properties: dict[str, str]) -> Iterator[Lake]:
    made = Lake(catalog_name="airflow_gov", properties=lake_properties)
    yield made
    made.close()


@pytest.fixture
def bench(lake: Lake) -> Bench:
    return Bench(lake)
