"""Checks of third parties as they should not be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from airflow_gov.audit.check import DatasetCheck, LakeCheck
from airflow_gov.model.findings import Observation, Severity
from airflow_gov.model.zones import Zone


class _Strange:
    id = "careless"
    title = "Careless"
    severity: Any = Severity.WARNING
    explanation = "A test wants it."
    remedy = "None."


class _OfLake(_Strange, LakeCheck):
    def observe(self, audited: Any) -> Iterator[Observation]:
        yield self.found("a thing", "It is there.", zone=Zone.GOLD)


class Nowhere(_OfLake):
    """Its zones are none."""

    looks_at = 5


class Mute(LakeCheck):
    """Says nothing about itself."""

    id = "careless"

    def observe(self, audited: Any) -> Iterator[Observation]:
        yield self.found("a thing", "It is there.")


class Wordy(_OfLake):
    """Says how bad it is in a word of its own."""

    severity = "error"


class Named(_OfLake):
    """Has an id that is a page's address and more."""

    id = "<b>/../x"


class Usurping(_OfLake):
    """Has the id of what is said about checks."""

    id = "check-failed"


class Demanding(_OfLake):
    """Cannot be made without being told something."""

    def __init__(self, most: int) -> None:
        self.most = most


class Unmakable(_OfLake):
    """Cannot be made at all."""

    def __init__(self) -> None:
        raise KeyError("HOME_OF_CARELESS")


class Planless(_OfLake):
    """Cannot say what it looked at."""

    @property
    def plan(self) -> str:
        raise ZeroDivisionError


class OfLake(_OfLake):
    """Is as it should be."""


class OfDatasets(_Strange, DatasetCheck):
    """What `OfLake` became in the next version of its package."""

    def observe(self, audited: Any) -> Iterator[Observation]:
        return
        yield


class Zoneless(_Strange, DatasetCheck):
    """Says until when it stands without saying where that is the time."""

    def observe(self, audited: Any) -> Iterator[Observation]:
        return
        yield

    def token(self, audited: Any) -> str:
        return "always"

    def stands_until(self, audited: Any) -> datetime:
        return datetime(2100, 1, 1)  # noqa: DTZ001 - that is what is careless


class Endless(_OfLake):
    """Is stopped in the middle of a query by what is raised when a signal comes: DuckDB makes this of it."""

    def observe(self, audited: Any) -> Iterator[Observation]:
        raise RuntimeError("Query interrupted")
        yield
