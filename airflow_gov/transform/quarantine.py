"""Rows that were set aside: which, where they came from, and why."""

from __future__ import annotations

from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive

#: Columns of a quarantine table, ``_load_id`` aside.
QUARANTINE_COLUMNS: tuple[Column, ...] = (
    Column("file", Primitive("string"), required=True, description="The file the row came from."),
    Column(
        "line",
        Primitive("long"),
        required=True,
        description="Where in it: the line in text files, from 1; the row in others and in JSON arrays.",
    ),
    Column("column", Primitive("string"), description="The first column that could not be read, if one."),
    Column("reason", Primitive("string"), required=True, description="Why it was set aside."),
    Column("content", Primitive("string"), description="The row as delivered."),
)
