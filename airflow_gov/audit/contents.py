"""What is in a version, as a hash that does not depend on the order of rows and columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance


class Content:
    """The content of a version; it is read when it is first compared with another of the same form.

    :param governance: lake and engine.
    :param dataset: whose version.
    :param snapshot_id: its snapshot.
    """

    def __init__(self, governance: Governance, dataset: DatasetName, snapshot_id: int) -> None:
        self._governance = governance
        self._scan = governance.lake.scan(dataset, snapshot_id)
        self._columns = [each for each in self._scan.schema if each[0] != LOAD_ID_COLUMN]
        self._hashes: _Hashes | None = None

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return self._scan.rows

    def is_like(self, other: Content) -> bool:
        """Whether there are the same rows in it, whatever the columns are called and however they lie."""
        if not self._columns or self._form != other._form:
            return False
        return self._hashed() == other._hashed()

    @property
    def _form(self) -> tuple[int, Counter[str]]:
        return self.rows, Counter(kind for _, kind in self._columns)

    def _hashed(self) -> _Hashes:
        if self._hashes is None:
            with self._governance.engine.query_tables({"data": self._scan}) as query:
                names = [identifier(name) for name, _ in self._columns]
                sums = ", ".join(f"sum(hash({name}))" for name in names)
                (found,) = query(f"SELECT {sums} FROM data")  # noqa: S608 - names only, and quoted
                kinds = [kind for _, kind in self._columns]
                ordered = sorted(zip(kinds, found, names, strict=True), key=lambda each: each[:2])
                row = ", ".join(name for _, _, name in ordered)
                ((together,),) = query(f"SELECT sum(hash({row})) FROM data")  # noqa: S608 - names only, and quoted
            columns = tuple((kind, int(each)) for kind, each, _ in ordered)
            self._hashes = _Hashes(columns, int(together))
        return self._hashes


@dataclass(frozen=True, slots=True)
class _Hashes:
    """Sums of hashes: of each column by type and sum, and of the rows with the columns in that order."""

    columns: tuple[tuple[str, int], ...]
    rows: int


def content_of(governance: Governance, dataset: DatasetName, snapshot_id: int | None) -> Content | None:
    """The content of a version; None where there is nothing to compare.

    :raises GovernanceError: ``DATASET_UNKNOWN``, ``VERSION_UNKNOWN``.
    """
    return None if snapshot_id is None else Content(governance, dataset, snapshot_id)


def same_columns(
    governance: Governance, dataset: DatasetName, snapshot_id: int, columns: Sequence[str]
) -> list[tuple[str, str]]:
    """Of some columns those that have the values of an earlier one of them in every row, with that one.

    :raises GovernanceError: ``DATASET_UNKNOWN``, ``VERSION_UNKNOWN``.
    """
    scan = governance.lake.scan(dataset, snapshot_id)
    kinds = dict(scan.schema)
    there = [name for name in columns if name in kinds]
    pairs = [
        (one, other)
        for place, other in enumerate(there)
        for one in there[:place]
        if kinds[one] == kinds[other]
    ]
    if not pairs or not scan.rows:
        return []
    differing = ", ".join(
        f"count(*) FILTER ({identifier(one)} IS DISTINCT FROM {identifier(other)})" for one, other in pairs
    )
    with governance.engine.query_tables({"data": scan}) as query:
        (counts,) = query(f"SELECT {differing} FROM data")  # noqa: S608 - names only, and quoted
    found: dict[str, str] = {}
    for (one, other), differ in zip(pairs, counts, strict=True):
        if not differ:
            found.setdefault(other, one)
    return [(one, other) for other, one in found.items()]
