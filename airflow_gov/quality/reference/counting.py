"""Counts of batches added up, and what they mean together."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_gov.quality.pushdown import Observation


@dataclass
class Counts:
    """What a map expectation counted so far.

    :param mostly: share, 0 to 1, of the rows with a value that must not be unexpected.
    """

    mostly: float
    rows: int = 0
    missing: int | None = None
    unexpected: int = 0

    def add(self, batch: Observation) -> None:
        """Add a batch's counts."""
        self.rows += batch.rows or 0
        self.unexpected += batch.unexpected or 0
        if batch.missing is not None:
            self.missing = (self.missing or 0) + batch.missing

    def observation(self) -> Observation:
        """The whole, judged as Great Expectations judges it: without rows to look at it holds."""
        values = self.rows - (self.missing or 0)
        success = values == 0 or (values - self.unexpected) / values >= self.mostly
        return Observation(success, rows=self.rows, missing=self.missing, unexpected=self.unexpected)
