"""Real tables over local Parquet files, contracts and an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.types import parse_type
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform import DuckEngine
from support.tables import ParquetTable, duckdb_session, parquet_table


@pytest.fixture
def engine(tmp_path: Path) -> DuckEngine:
    return DuckEngine(memory_limit="640MB", temp_folder=tmp_path / "spill")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "out"
    path.mkdir()
    return path


@pytest.fixture
def make_contract() -> Callable[..., Contract]:
    """``make_contract("gold.x", id="long", city="string", keys=("id",), restricted=("city",))``."""

    def make(
        name: str,
        *,
        keys: Sequence[str] = (),
        restricted: Sequence[str] = (),
        partitions: Sequence[str] = (),
        **columns: str,
    ) -> Contract:
        return Contract(
            dataset=DatasetName.parse(name),
            columns=tuple(
                Column(
                    column,
                    parse_type(kind),
                    primary_key=keys.index(column) + 1 if column in keys else None,
                    partition_key=partitions.index(column) + 1 if column in partitions else None,
                    classification="restricted" if column in restricted else None,
                )
                for column, kind in columns.items()
            ),
            hash="0" * 64,
            text="",
        )

    return make


@pytest.fixture
def make_table(tmp_path: Path) -> Callable[..., ParquetTable]:
    """``make_table("clean.x", "SELECT 1 AS id", id="long")`` writes what the SELECT gives."""

    def make(name: str, *selects: str, by_arrow: bool = False, **columns: str) -> ParquetTable:
        return parquet_table(tmp_path, name, selects, columns, by_arrow=by_arrow)

    return make


@pytest.fixture
def read_rows() -> Callable[[Path, str], list[tuple[object, ...]]]:
    """All rows of a folder's Parquet files, in the order asked for."""

    def read(folder: Path, select: str = "*") -> list[tuple[object, ...]]:
        with duckdb_session() as connection:
            connection.execute("SET TimeZone = 'UTC'").fetchall()
            source = f"read_parquet('{folder}/**/*.parquet', hive_partitioning=false)"
            return connection.execute(f"SELECT {select} FROM {source} ORDER BY ALL").fetchall()

    return read
