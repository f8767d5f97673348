"""Candidates as local Parquet files, contracts, and the embedded engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.types import parse_type
from airflow_gov.model.zones import DatasetName
from airflow_gov.transform import DuckEngine
from support.tables import ParquetTable, parquet_table


@pytest.fixture
def engine(tmp_path: Path) -> DuckEngine:
    return DuckEngine(memory_limit="640MB", temp_folder=tmp_path / "spill")


@pytest.fixture(params=["local", "arrow"])
def make_table(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., ParquetTable]:
    """``make_table("SELECT 1 AS id", id="long")``."""

    def make(*selects: str, dataset: str = "clean.flights", **columns: str) -> ParquetTable:
        return parquet_table(tmp_path, dataset, selects, columns, by_arrow=request.param == "arrow")

    return make


@pytest.fixture
def make_contract() -> Callable[..., Contract]:
    """``make_contract({"id": "long"}, required=("id",), unique=(), keys=())``."""

    def make(
        columns: dict[str, str],
        *,
        required: Sequence[str] = (),
        unique: Sequence[str] = (),
        keys: Sequence[str] = (),
        dataset: str = "clean.flights",
    ) -> Contract:
        def column(name: str, kind: str) -> Column:
            facts: dict[str, Any] = {"required": name in required, "unique": name in unique}
            return Column(
                name, parse_type(kind), primary_key=keys.index(name) + 1 if name in keys else None, **facts
            )

        return Contract(
            DatasetName.parse(dataset), tuple(column(*item) for item in columns.items()), "0" * 64, ""
        )

    return make
