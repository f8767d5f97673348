"""The application over a real store, guarded by an authentication that knows one token."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import FastAPI, Header, HTTPException
from fastapi.testclient import TestClient

from airflow_gov.store import Store
from airflow_gov.web import create_app
from support import published, records

TOKENS = {"Bearer reader": 200, "Bearer stranger-with-account": 403}


def authenticate(authorization: Annotated[str | None, Header()] = None) -> None:
    """As Airflow's: 401 without a valid token, 403 for those who may not."""
    status = TOKENS.get(authorization or "", 401)
    if status != 200:
        raise HTTPException(status, "Not authenticated" if status == 401 else "Forbidden")


@pytest.fixture
def clock() -> records.Clock:
    return records.Clock()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    yield store
    store.dispose()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file, to be copied."""
    file = tmp_path_factory.mktemp("filled") / "governance.db"
    store = Store(f"sqlite:///{file}")
    published.fill(store, records.T0)
    store.dispose()
    return file


@pytest.fixture
def store(tmp_path: Path, filled: Path) -> Iterator[Store]:
    shutil.copy(filled, tmp_path / "governance.db")
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    yield store
    store.dispose()


@pytest.fixture
def make_app(clock: records.Clock) -> Callable[[Callable[[], Store]], FastAPI]:
    return lambda source: create_app(store=source, authenticate=authenticate, clock=clock)


@pytest.fixture
def app(make_app: Callable[[Callable[[], Store]], FastAPI], store: Store) -> FastAPI:
    return make_app(lambda: store)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def reader(app: FastAPI) -> TestClient:
    return reading(app)


def reading(app: FastAPI) -> TestClient:
    headers = {"Authorization": "Bearer reader", "Accept": "text/html"}
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False, headers=headers)
