"""The newest moment in a column of a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow_gov.model.sql_text import identifier

if TYPE_CHECKING:
    from airflow_gov.model.tables import SourceTable
    from airflow_gov.quality.rules import QueryEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def newest_moment(table: SourceTable, column: str, engine: QueryEngine) -> datetime | None:
    """The greatest value of a column of dates or times; None when it has none.

    Without a zone it is taken as UTC, and a day begins at midnight.
    """
    name = identifier(column)
    with engine.query_tables({"data": table}) as query:
        ((microseconds,),) = query(f"SELECT epoch_us(max({name})) FROM data WHERE isfinite({name})")
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
