"""A lake in a folder, with SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_gov.lake import Lake
from support.lakes import Bench


@pytest.fixture
def properties(tmp_path: Path) -> dict[str, str]:
    return {"uri": f"sqlite:///{tmp_path}/home/catalog.db", "warehouse": str(tmp_path / "lake")}


@pytest.fixture
def lake(properties: dict[str, str]) -> Iterator[Lake]:
    made = Lake(catalog_name="airflow_gov", properties=properties)
    yield made
    made.close()


@pytest.fixture
def bench(lake: Lake) -> Bench:
    return Bench(lake)
