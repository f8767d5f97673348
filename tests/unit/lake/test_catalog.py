"""How the catalogue is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from airflow_gov.lake import Lake
from airflow_gov.lake.catalog import lake_properties
from support.lakes import Bench, rows_of


@pytest.mark.parametrize(
    "given", ["lake", "{cwd}/lake", "file://{cwd}/lake", "file:{cwd}/lake", "{cwd}/lake/"]
)
def test_a_local_warehouse_is_an_absolute_plain_path(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    properties = lake_properties({"uri": "sqlite:///c.db", "warehouse": given.format(cwd=tmp_path)})
    assert properties["warehouse"] == f"{tmp_path}/lake"
    assert properties["type"] == "sql"


def test_other_catalogues_properties_are_left_alone() -> None:
    properties = {"type": "rest", "uri": "https://catalog", "warehouse": "main"}
    assert lake_properties(properties).items() >= properties.items()


def test_sqlite_waits_for_other_writers_unless_told_how_long() -> None:
    assert lake_properties({"uri": "sqlite:///c.db"})["uri"] == "sqlite:///c.db?timeout=30"
    assert lake_properties({"uri": "sqlite:///c.db?timeout=1"})["uri"] == "sqlite:///c.db?timeout=1"


def test_a_warehouse_with_odd_letters_in_its_path_works(tmp_path: Path) -> None:
    folder = tmp_path / "a b#c?d%20é"
    lake = Lake(catalog_name="x", properties={"uri": f"sqlite:///{tmp_path}/c.db", "warehouse": str(folder)})
    bench = Bench(lake)
    bench.load("one", rows_of(1))
    bench.load("one", rows_of(2))
    assert bench.rows() == rows_of(2)
    lake.close()


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    Lake(
        catalog_name="x",
        properties={"uri": f"sqlite:///{tmp_path}/deep/c.db", "warehouse": f"{tmp_path}/lake"},
    )
    assert list(tmp_path.iterdir()) == []


def test_a_forked_child_opens_its_own_catalogue(bench: Bench) -> None:
    bench.load("one", rows_of(1))
    child = os.fork()
    if child == 0:
        os._exit(0 if bench.lake.head(bench.dataset) == bench.head() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    bench.load("two", rows_of(2))
    assert bench.rows() == rows_of(1, 2)


def test_a_closed_lake_opens_again(bench: Bench) -> None:
    bench.load("one", rows_of(1))
    bench.lake.close()
    assert bench.rows() == rows_of(1)
