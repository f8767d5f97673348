"""The embedded SQLite store: makes itself, at first use, once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_gov.model.errors import StoreSchemaError
from airflow_gov.store import Store
from airflow_gov.store.schema import REVISIONS
from support import records
from support.store_worker import together


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "folders" / "gov.db"


def test_a_missing_file_is_made_with_its_folders(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    assert not path.exists()
    assert store.schema_status().current is None
    assert not path.parent.exists()
    assert store.log.append(records.entry()).sequence == 1
    assert store.schema_status().ok


@pytest.mark.parametrize("begun", ["", "PRAGMA journal_mode = WAL"])
def test_an_empty_file_is_filled_also_when_its_making_was_cut_short(path: Path, begun: str) -> None:
    path.parent.mkdir(parents=True)
    sqlite3.connect(path).execute(begun).close()
    path.touch()
    Store(f"sqlite:///{path}").ping()


def test_one_that_was_emptied_on_purpose_is_not_filled_by_itself(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    store.downgrade("base")
    with pytest.raises(StoreSchemaError, match="db upgrade"):
        store.ping()


def test_it_has_a_write_ahead_log_and_foreign_keys(path: Path) -> None:
    store = Store(f"sqlite:///{path}")
    store.upgrade(REVISIONS[0])
    store.upgrade()
    with store._database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_many_processes_that_use_it_first_make_it_once(path: Path, tmp_path: Path) -> None:
    together("create", f"sqlite:///{path}", 12, tmp_path)
    entries = Store(f"sqlite:///{path}").log.list()
    assert [entry.sequence for entry in entries] == list(range(12, 0, -1))
    assert {entry.actor for entry in entries} == {f"w{number}" for number in range(12)}


def test_using_a_store_imports_nothing_heavy(path: Path) -> None:
    Store(f"sqlite:///{path}").upgrade()
    heavy = "airflow alembic duckdb pandas pyarrow pyiceberg numpy"
    program = (
        "import sys; from airflow_gov.store import Store; "
        f"Store('sqlite:///{path}').versions.summaries(); "
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_embedded_file_is_its_owners_alone(tmp_path):
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    store.ping()
    assert (tmp_path / "governance.db").stat().st_mode & 0o777 == 0o600
