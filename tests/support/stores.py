"""Stores that are ready to be used: copies of one whose schema was made once in this process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from airflow_gov.store import Store


def ready(file: Path) -> str:
    """Put an empty store into a file that is not there yet; gives its URL."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(_made_once(), file)
    return f"sqlite:///{file}"


def made(url: str) -> str:
    """Make the tables of a store; gives its URL."""
    store = Store(url)
    store.upgrade()
    store.dispose()
    return url


@cache
def _made_once() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="airflow-gov-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made(f"sqlite:///{folder}/governance.db")
    return folder / "governance.db"
