"""Keys of rows that broke a rule: which rows to look at, without showing what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_gov.model.sql_text import identifier
from airflow_gov.model.verdicts import MAX_EXAMPLES
from airflow_gov.quality.suites.telling import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.quality.rules import Query
    from airflow_gov.quality.subject import Subject


def key_columns(subject: Subject) -> tuple[str, ...]:
    """The columns of the primary key that are in the table and may be shown."""
    there = {name for name, _ in subject.candidate.schema}
    columns = [subject.contract.column(name) for name in subject.contract.primary_key]
    return tuple(
        each.name for each in columns if each is not None and each.name in there and not each.classified
    )


def examples_of(query: Query, table: str, broken: str, subject: Subject) -> tuple[Mapping[str, Any], ...]:
    """The first keys of rows that broke a rule, in their order.

    :param table: the table's name in the session.
    :param broken: an SQL expression, true for those rows.
    :returns: at most :data:`MAX_EXAMPLES`; none where the contract has no key that may be shown.
    """
    names = key_columns(subject)
    if not names:
        return ()
    listed = ", ".join(map(identifier, names))
    rows = query(
        f"SELECT {listed} FROM {identifier(table)} WHERE {broken} ORDER BY {listed} LIMIT {MAX_EXAMPLES}"
    )
    return tuple({name: plain(value) for name, value in zip(names, row, strict=True)} for row in rows)
