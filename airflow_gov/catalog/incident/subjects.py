"""A person's rows: how many lie in each place, and which loads brought them. The key itself is never told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.model.zones import DatasetName
    from airflow_gov.runtime import Governance

_MOST_LOADS = 100


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """Which person: the value of a column that names them. Printing it shows no value.

    :param column: the column, as ``lineage where-is`` takes it.
    :param value: as text.
    """

    column: str
    value: str

    @classmethod
    def parse(cls, text: str) -> SubjectKey:
        """Read ``COLUMN=VALUE``.

        :raises GovernanceError: ``PARAMETER_INVALID``, without repeating what was given.
        """
        column, equals, value = text.partition("=")
        if not (column.strip() and equals and value):
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                "The key of a person is written COLUMN=VALUE, e.g. clean.customers.email=ana@example.com.",
            )
        return cls(column.strip(), value)

    def __repr__(self) -> str:
        return f"SubjectKey({self.column!r}, …)"


@dataclass(frozen=True, slots=True)
class SubjectRows:
    """What lies of a person in one place.

    :param rows: rows of the current version; None where they cannot be counted.
    :param load_ids: the loads that brought them, at most 100.
    :param why: why they cannot be counted.
    """

    rows: int | None
    load_ids: tuple[str, ...] = ()
    why: str | None = None


def count(governance: Governance, dataset: DatasetName, columns: Sequence[str], value: str) -> SubjectRows:
    """Count a person's rows in the current version of a dataset.

    :param columns: columns that may hold the key, each compared as text.
    """
    try:
        head = governance.lake.head(dataset)
        if head is None:
            return SubjectRows(None, why="the dataset has no table")
        scan = governance.lake.scan(dataset, head)
    except GovernanceError as error:
        return SubjectRows(None, why=error.message)
    kinds = dict(scan.schema)
    present = [column for column in columns if column in kinds]
    if not present:
        return SubjectRows(None, why="the column is not in the table (any more)")
    wanted = " OR ".join(f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}" for column in present)
    load = identifier(LOAD_ID_COLUMN) if LOAD_ID_COLUMN in kinds else "NULL"
    with governance.engine.query_tables({"data": scan}) as query:
        found = query(f"SELECT {load}, count(*) FROM data WHERE {wanted} GROUP BY ALL ORDER BY ALL")  # noqa: S608 - quoted
    loads = tuple(load_id for load_id, _ in found if load_id is not None)
    return SubjectRows(sum(rows for _, rows in found), loads[:_MOST_LOADS])
