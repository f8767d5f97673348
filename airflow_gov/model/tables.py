"""A table of the lake as those see it who only read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from airflow_gov.model.zones import DatasetName


class SourceTable(Protocol):
    """One snapshot of a dataset, or one load of it. The lake's scans are such tables."""

    @property
    def dataset(self) -> DatasetName:
        """The dataset."""

    @property
    def load_id(self) -> str | None:
        """Only the rows of this load, or None for all of them."""

    @property
    def schema(self) -> Sequence[tuple[str, str]]:
        """Names of the columns in order, with their types as :mod:`airflow_gov.model.types` writes them."""

    @property
    def rows(self) -> int:
        """Rows in it."""

    @property
    def local_paths(self) -> Sequence[str] | None:
        """Its Parquet files where they are local and need no more than a projection, else None."""

    def to_dataset(self) -> Any:
        """The same as a ``pyarrow.dataset.Dataset``."""
