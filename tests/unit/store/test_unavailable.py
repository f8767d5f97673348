"""A store that cannot be used says so, soon, and without its password."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from airflow_gov.model.errors import GovernanceError, Reason, StoreUnavailableError
from airflow_gov.store import Store
from support import records


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        yield server.getsockname()[1]


def _all_texts(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts.append(f"{error!r} {error}")
        error = error.__cause__
    return "\n".join(texts)


def test_a_server_that_does_not_answer(silent_port: int) -> None:
    store = Store(f"postgresql://ana:hunter2@127.0.0.1:{silent_port}/gov", connect_timeout=1)
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=f"127.0.0.1:{silent_port}/gov") as caught:
        store.executions.start(records.execution())
    assert time.monotonic() - began < 10
    assert caught.value.reason is Reason.STORE_UNAVAILABLE
    assert "hunter2" not in _all_texts(caught.value)


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = Store(f"postgres://ana:hunter2@127.0.0.1:{port}/gov")
    for use in (store.ping, store.upgrade, store.schema_status, store.transaction().__enter__):
        with pytest.raises(StoreUnavailableError, match="Check that the server runs") as caught:
            use()
        assert "hunter2" not in _all_texts(caught.value)


@pytest.mark.postgres
def test_a_database_that_is_not_there_and_a_user_that_is_not(postgres_database: Callable[[], str]) -> None:
    address = sqlalchemy.make_url(postgres_database())
    for change in ({"database": "nowhere"}, {"username": "nobody"}):
        url = address.set(**change).render_as_string(hide_password=False)
        with pytest.raises(StoreUnavailableError):
            Store(url).ping()


@pytest.mark.postgres
def test_a_connection_that_the_server_closed_is_opened_anew(postgres_database: Callable[[], str]) -> None:
    url = postgres_database()
    store = Store(url)
    store.upgrade()
    store.log.append(records.entry())
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with sqlalchemy.create_engine(url).connect() as connection:
        ended = connection.execute(sqlalchemy.text(f"SELECT pg_terminate_backend(pid) {others}")).all()
    assert ended
    assert store.log.append(records.entry()).sequence == 2
    store.dispose()


def test_another_program_that_holds_the_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/gov.db", lock_timeout=0.3)
    store.upgrade()
    other = sqlite3.connect(tmp_path / "gov.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="database is locked"):
        store.log.append(records.entry())
    assert time.monotonic() - began < 5
    assert store.log.list() == []
    other.execute("ROLLBACK")
    assert store.log.append(records.entry()).sequence == 1


@pytest.mark.postgres
def test_another_session_that_holds_the_row(postgres_database: Callable[[], str]) -> None:
    url = postgres_database()
    store = Store(url, lock_timeout=0.3)
    store.upgrade()
    store.executions.start(records.execution())
    with sqlalchemy.create_engine(url).connect() as other:
        other.execute(sqlalchemy.text("SELECT * FROM gov_execution FOR UPDATE"))
        with pytest.raises(StoreUnavailableError, match="lock timeout"):
            store.executions.finish(records.finished())
    store.executions.finish(records.finished())
    assert store.executions.get("e1") == records.finished()
    store.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "gov.db").write_text("these are the minutes of a meeting" * 100)
    store = Store(f"sqlite:///{tmp_path}/gov.db")
    for use in (store.ping, store.upgrade):
        with pytest.raises(StoreUnavailableError, match="file is not a database"):
            use()
    assert (tmp_path / "gov.db").read_text().startswith("these are")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="Check that the file and its folder"):
        Store(f"sqlite:///{tmp_path}/file/gov.db").ping()


def test_a_driver_that_is_not_installed() -> None:
    with pytest.raises(GovernanceError, match=r"pip install 'airflow-gov\[postgres\]'") as caught:
        Store("postgresql+pg8000://ana:hunter2@h/d").ping()
    assert caught.value.reason is Reason.DEPENDENCY_MISSING
    assert "hunter2" not in _all_texts(caught.value)
