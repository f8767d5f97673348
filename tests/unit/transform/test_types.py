"""Column types to DuckDB's and Arrow's and back."""

from __future__ import annotations

import pyarrow as pa
import pytest

from airflow_gov.model.types import PRIMITIVES, parse_type
from airflow_gov.transform import from_duckdb_type, to_arrow_type, to_duckdb_type
from support.tables import duckdb_session

NESTED = [
    "decimal(38, 10)",
    "list<decimal(9, 2)>",
    'struct<a: int, b c: list<date>, "q": string>',
    "list<list<long>>",
]


@pytest.mark.parametrize("text", [*sorted(PRIMITIVES), *NESTED])
def test_types_come_back(text):
    kind = parse_type(text)
    with duckdb_session() as connection:
        relation = connection.sql(f"SELECT CAST(NULL AS {to_duckdb_type(kind)}) AS x")
        assert from_duckdb_type(relation.types[0]) == kind


@pytest.mark.parametrize("text", [*sorted(PRIMITIVES), *NESTED])
def test_duckdb_reads_arrows_type_as_its_own(text):
    kind = parse_type(text)
    table = pa.table({"x": pa.array([None], to_arrow_type(kind))})
    with duckdb_session() as connection:
        connection.register("t", table)
        assert from_duckdb_type(connection.sql("SELECT x FROM t").types[0]) == kind
        connection.unregister("t")


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("1::UTINYINT", "int"),
        ("1::UINTEGER", "long"),
        ("1::HUGEINT", "string"),
        ("'a'::ENUM ('a')", "string"),
        ("MAP {'a': 1}", "string"),
        ("now()::TIMESTAMP_NS", "timestamp"),
        ("[1]::INT[1]", "list<int>"),
        ("NULL", "string"),
    ],
)
def test_types_without_a_word_become_the_nearest(sql, text):
    with duckdb_session() as connection:
        assert from_duckdb_type(connection.sql(f"SELECT {sql} AS x").types[0]) == parse_type(text)
