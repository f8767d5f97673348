"""The file index of a raw dataset: one row for each object that was delivered."""

from __future__ import annotations

from airflow_gov.model.contract import Column
from airflow_gov.model.types import List, Primitive

_TEXTS = List(Primitive("string"))

#: Columns of the Iceberg table of every raw dataset, ``_load_id`` aside. A raw dataset's contract
#: describes what is inside the files; this table says which files there are.
RAW_INDEX_COLUMNS: tuple[Column, ...] = (
    Column("file", Primitive("string"), required=True, description="The file's name as delivered."),
    Column("uri", Primitive("string"), required=True, description="Where its bytes lie in the lake."),
    Column("size", Primitive("long"), required=True, description="Bytes."),
    Column("sha256", Primitive("string"), required=True, description="SHA-256 of the bytes, hexadecimal."),
    Column("source", Primitive("string"), description="Where it was delivered from."),
    Column("media_type", Primitive("string"), description="Its format, e.g. csv."),
    Column("columns", _TEXTS, description="Names of its columns in order, where it has columns."),
    Column("types", _TEXTS, description="Types of its columns, inferred from a sample."),
    Column("delivered_at", Primitive("timestamptz"), required=True, description="When it was delivered."),
)
