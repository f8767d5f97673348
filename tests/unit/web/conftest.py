"""The application over a real store, guarded by an authentication that knows one token."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import FastAPI, Header, HTTPException
from fastapi.testclient import TestClient

from airflow_gov.store import Store
from airflow_gov.web import create_app
from support import audited, lineage_graphs, published, records, stores

#: Which Dags whoever shows a token may read; None: every one.
READABLE: dict[str, frozenset[str] | None] = {
    "Bearer reader": None,
    "Bearer limited": frozenset({"flights"}),
    "Bearer without-dags": frozenset(),
    "Bearer shopper": lineage_graphs.OPEN_DAGS,
    "Bearer steward": None,
    "Bearer <b>eve": None,
    "Bearer limited-steward": frozenset({"flights"}),
}
#: Who may say what is to be done about datasets.
GOVERNING = {"steward", "<b>eve", "limited-steward"}


@dataclass(frozen=True)
class Person:
    """A viewer."""

    name: str
    dags: frozenset[str] | None
    governs: bool = False

    def may_govern(self) -> bool:
        return self.governs

    def may_read_dag(self, dag_id: str) -> bool:
        return self.dags is None or dag_id in self.dags

    def readable_dags(self) -> frozenset[str] | None:
        return self.dags


def viewer(authorization: Annotated[str | None, Header()] = None) -> Person:
    """As Airflow's: 401 without a valid token, 403 for those who may not."""
    if authorization == "Bearer stranger-with-account":
        raise HTTPException(403, "Forbidden")
    if authorization not in READABLE:
        raise HTTPException(401, "Not authenticated")
    name = authorization.removeprefix("Bearer ")
    return Person(name, READABLE[authorization], name in GOVERNING)


@pytest.fixture
def clock() -> records.Clock:
    return records.Clock()


@pytest.fixture
def empty_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(stores.ready(tmp_path / "governance.db"))
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


@pytest.fixture(scope="session")
def audited_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store's file with two audits in it, to be copied; they took two hours."""
    file, clock = tmp_path_factory.mktemp("audited") / "governance.db", records.Clock()
    store = Store(stores.ready(file), clock=clock)
    audited.fill(store, lambda: clock.move(hours=1))
    store.disconnect()
    store.dispose()
    return file


@dataclass
class Standing:
    """An application that is made once, over the store and by the clock of the test that runs.

    Not for what it remembers itself: where the store is that takes lineage in, and when it was last read.
    """

    store: Store | None = None
    clock: records.Clock | None = None

    @cached_property
    def _app(self) -> FastAPI:
        # Read when a request comes in: each test has its own.
        return create_app(store=lambda: self.store, viewer=viewer, clock=lambda: self.clock())  # type: ignore[misc,return-value]

    def over(self, store: Store, clock: records.Clock) -> FastAPI:
        """The application, from now on over this store and by this clock."""
        self.store, self.clock = store, clock
        return self._app


@pytest.fixture(scope="session")
def standing() -> Standing:
    return Standing()


@pytest.fixture(scope="session")
def standing_over_audits() -> Standing:
    return Standing()


@pytest.fixture
def audited_store(tmp_path: Path, audited_file: Path, clock: records.Clock) -> Iterator[Store]:
    shutil.copy(audited_file, tmp_path / "audited.db")
    clock.move(hours=2)
    store = Store(f"sqlite:///{tmp_path}/audited.db", clock=clock)
    yield store
    store.dispose()


@pytest.fixture
def audited_app(standing_over_audits: Standing, audited_store: Store, clock: records.Clock) -> FastAPI:
    return standing_over_audits.over(audited_store, clock)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store of a shop with a Dag that not everybody may read; tests only read it."""
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('shop')}/governance.db")
    lineage_graphs.fill(store)
    yield store
    store.dispose()


@pytest.fixture(scope="session")
def shop_app(shop: Store) -> FastAPI:
    return create_app(store=lambda: shop, viewer=viewer, clock=records.Clock())


@pytest.fixture
def make_app(clock: records.Clock) -> Callable[[Callable[[], Store]], FastAPI]:
    return lambda source: create_app(store=source, viewer=viewer, clock=clock)


@pytest.fixture
def app(standing: Standing, store: Store, clock: records.Clock) -> FastAPI:
    return standing.over(store, clock)


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture
def reader(app: FastAPI) -> TestClient:
    return reading(app)


@pytest.fixture
def limited(app: FastAPI) -> TestClient:
    """Somebody who may read the Dag ``flights`` and no other."""
    return reading(app, "limited")


def reading(app: FastAPI, name: str = "reader") -> TestClient:
    headers = {"Authorization": f"Bearer {name}", "Accept": "text/html"}
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False, headers=headers)
