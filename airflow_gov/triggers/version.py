"""Waiting for published versions in the triggerer."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from airflow_gov.model.waits import VersionWait
from airflow_gov.model.zones import DatasetName
from airflow_gov.triggers.shared import SharedWaitTrigger


class VersionTrigger(SharedWaitTrigger):
    """Fires when a version of a dataset is published.

    :param dataset: the dataset.
    :param logical_date: ISO 8601; of the run that loaded it.
    :param newer_than: a version's number.
    :param since: ISO 8601; it is published later than this.
    :param passed: whether its verdict must have passed.
    :param poke_interval: seconds between two looks.
    """

    def __init__(
        self,
        *,
        dataset: str,
        logical_date: str | None = None,
        newer_than: int = 0,
        since: str | None = None,
        passed: bool = True,
        poke_interval: float,
    ) -> None:
        super().__init__(poke_interval=poke_interval)
        self.dataset = dataset
        self.logical_date = logical_date
        self.newer_than = newer_than
        self.since = since
        self.passed = passed

    @classmethod
    def of(cls, wait: VersionWait, *, poke_interval: float) -> VersionTrigger:
        """The trigger of a wait."""
        return cls(
            dataset=str(wait.dataset),
            logical_date=wait.logical_date.isoformat() if wait.logical_date else None,
            newer_than=wait.newer_than,
            since=wait.since.isoformat() if wait.since else None,
            passed=wait.passed,
            poke_interval=poke_interval,
        )

    def arguments(self) -> dict[str, Any]:
        """What it waits for, as it travels."""
        return {
            "dataset": self.dataset,
            "logical_date": self.logical_date,
            "newer_than": self.newer_than,
            "since": self.since,
            "passed": self.passed,
        }

    @cached_property
    def wait(self) -> VersionWait:
        """The version it waits for."""
        return VersionWait(
            dataset=DatasetName.parse(self.dataset),
            logical_date=datetime.fromisoformat(self.logical_date) if self.logical_date else None,
            newer_than=self.newer_than,
            since=datetime.fromisoformat(self.since) if self.since else None,
            passed=self.passed,
        )
