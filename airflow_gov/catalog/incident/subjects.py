"""A person's rows: how many lie in each place, and which loads brought them. The key itself is never told."""

from __future__ import annotations

import json
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
        if not (column.strip() and equals and value and _is_text(value)):
            raise GovernanceError(
                Reason.PARAMETER_INVALID,
                "The key of a person is written COLUMN=VALUE in UTF-8, e.g. "
                "clean.customers.email=ana@example.com.",
            )
        return cls(column.strip(), value)

    def __repr__(self) -> str:
        return f"SubjectKey({self.column!r}, …)"


def _is_text(value: str) -> bool:
    """Whether a database can compare it: bytes that are no UTF-8 come as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


@dataclass(frozen=True, slots=True)
class SubjectRows:
    """What lies of a person in one place.

    :param rows: rows of the current version; None where they cannot be counted.
    :param load_ids: the loads that brought them, at most 100.
    :param why: why they cannot be counted, or what was counted.
    """

    rows: int | None
    load_ids: tuple[str, ...] = ()
    why: str | None = None


def count(governance: Governance, dataset: DatasetName, columns: Sequence[str], value: str) -> SubjectRows:
    """Count a person's rows in the current version of a dataset, or in a quarantine.

    :param columns: columns that may hold the key, each compared as text. A quarantine keeps whole rows as
        text: there those count that contain the key.
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
    compared = _contains if dataset.is_quarantine else _equals
    wanted = " OR ".join(compared(column, value) for column in present)
    load = identifier(LOAD_ID_COLUMN) if LOAD_ID_COLUMN in kinds else "NULL"
    with governance.engine.query_tables({"data": scan}) as query:
        found = query(f"SELECT {load}, count(*) FROM data WHERE {wanted} GROUP BY ALL ORDER BY ALL")  # noqa: S608 - quoted
    loads = tuple(load_id for load_id, _ in found if load_id is not None)
    why = "rows set aside whose text contains the key" if dataset.is_quarantine else None
    return SubjectRows(sum(rows for _, rows in found), loads[:_MOST_LOADS], why)


def _equals(column: str, value: str) -> str:
    return f"CAST({identifier(column)} AS VARCHAR) = {literal(value)}"


def _contains(column: str, value: str) -> str:
    """Rows lie there as they were delivered, or as JSON."""
    forms = {value, json.dumps(value, ensure_ascii=False)[1:-1]}
    return " OR ".join(f"contains({identifier(column)}, {literal(form)})" for form in sorted(forms))
