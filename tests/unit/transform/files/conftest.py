"""Reading files that a test writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_gov.transform import LocalFile
from support.tables import duckdb_session


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], LocalFile]:
    """``put("x.csv", "id\\n1\\n")`` delivers a file."""
    delivered = tmp_path / "delivered"
    delivered.mkdir()

    def put(name: str, content: str | bytes) -> LocalFile:
        path = delivered / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return LocalFile(path, name)

    return put


@pytest.fixture
def read(engine, tmp_path: Path) -> Callable[..., Any]:
    """``read(contract, file, …, null="NA")`` gives rows, rejects and the result."""

    def read(contract, *files: LocalFile, source_format: str | None = None, **options: Any) -> Any:
        folders = tmp_path / "typed", tmp_path / "aside"
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        try:
            result = engine.read_files(
                files,
                contract,
                source_format=source_format,
                options=options,
                load_id="l1",
                folder=folders[0],
                quarantine_folder=folders[1],
            )
        except Exception:
            assert not any(list(folder.iterdir()) for folder in folders)
            assert not list((tmp_path / "spill").glob("*"))
            raise
        return SimpleNamespace(
            result=result,
            rows=_rows(folders[0], "* EXCLUDE (_load_id)"),
            rejects=_rows(folders[1], 'line, "column", reason, content'),
            folders=folders,
        )

    return read


def _rows(folder: Path, select: str) -> list[tuple[Any, ...]]:
    if not list(folder.rglob("*.parquet")):
        return []
    with duckdb_session() as connection:
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        source = f"read_parquet('{folder}/**/*.parquet', hive_partitioning=false)"
        return connection.execute(f"SELECT {select} FROM {source} ORDER BY ALL").fetchall()
