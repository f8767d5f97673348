"""Names of data outside the lake."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_gov.lineage.outside import (
    MOST_FILES,
    as_kept,
    file_addresses,
    source_address,
    table_addresses,
    table_uri,
)
from airflow_gov.model.loads import FileRef

POSTGRES = {"dialect": "postgres", "host": "db", "database": "shop", "user": "reader"}


def identity(**changes: str | None) -> dict[str, str | None]:
    return {**POSTGRES, **changes}


@pytest.mark.parametrize(
    ("database", "address"),
    [
        (identity(table="orders"), ("postgres://db:5432", "shop.public.orders")),
        (identity(table="orders", schema="sales", port="6432"), ("postgres://db:6432", "shop.sales.orders")),
        (identity(table="Orders", schema="shop.Sales"), ("postgres://db:5432", "shop.sales.orders")),
        (identity(table="orders", host="DB"), ("postgres://db:5432", "shop.public.orders")),
        (identity(dialect="mysql", table="orders"), ("mysql://db:3306", "shop.orders")),
        (identity(dialect="mysql", schema="old", table="orders"), ("mysql://db:3306", "old.orders")),
        (identity(dialect="mssql", table="orders"), ("mssql://db:1433", "shop.dbo.orders")),
        (identity(dialect="snowflake", schema="s", table="t"), ("snowflake://db", "shop.S.T")),
        (identity(dialect="exasol", table="t"), ("exasol://db", "shop.t")),
        (
            identity(dialect="sqlite", host="/data/shop.db", database="/data/shop.db", table="orders"),
            ("sqlite:///data/shop.db", "orders"),
        ),
    ],
)
def test_a_table_of_a_database_has_its_systems_name(
    database: dict[str, str | None], address: tuple[str, str]
) -> None:
    assert table_addresses(database) == [address]
    assert source_address(table_uri(database)) == address


def test_a_table_of_another_database_is_not_one_of_this() -> None:
    found = table_addresses(identity(dialect="mssql"), "SELECT * FROM old.dbo.orders")
    assert found == [("mssql://db:1433", "old.dbo.orders")]
    assert source_address(table_uri(identity(dialect="mssql"), "old.dbo.orders")) == found[0]


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT * FROM orders o JOIN sales.buyers b ON o.buyer = b.id", ["public.orders", "sales.buyers"]),
        ("WITH a AS (SELECT * FROM orders) SELECT * FROM a, a AS again", ["public.orders"]),
        ("SELECT * FROM orders UNION ALL SELECT * FROM orders", ["public.orders"]),
        ("SELECT * FROM generate_series(1, 3) AS n, orders", ["public.orders"]),
        ('SELECT * FROM Orders JOIN "Sales"."Buyers" USING (id)', ["public.orders", "Sales.Buyers"]),
        ("SELECT 1", []),
        ("SELECT FROM WHERE (", []),
        (None, []),
    ],
)
def test_a_query_reads_the_tables_it_names(sql: str | None, names: list[str]) -> None:
    assert [each.name for each in table_addresses(identity(), sql)] == [f"shop.{name}" for name in names]


@pytest.mark.parametrize(
    ("dialect", "kept"),
    [
        ("postgres", 'SELECT id, "Name" FROM orders'),
        ("snowflake", 'SELECT ID, "Name" FROM ORDERS'),
        ("mysql", 'SELECT Id, "Name" FROM Orders'),
        ("exasol", 'SELECT Id, "Name" FROM Orders'),
        (None, 'SELECT Id, "Name" FROM Orders'),
    ],
)
def test_names_are_as_the_database_keeps_them(dialect: str | None, kept: str) -> None:
    assert as_kept('SELECT Id, "Name" FROM Orders', identity(dialect=dialect)) == kept


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/data/a b.csv", ("file", "/data/a b.csv")),
        ("file:///data/a.csv", ("file", "/data/a.csv")),
        ("s3://bucket/in/a.csv", ("s3://bucket", "in/a.csv")),
        ("s3a://bucket/in/a.csv", ("s3://bucket", "in/a.csv")),
        ("https://example.com/in/a.csv", ("https://example.com", "in/a.csv")),
        ("somewhere", None),
        ("", None),
    ],
)
def test_a_source_is_named_by_where_it_is(text: str, address: tuple[str, str] | None) -> None:
    assert source_address(text) == address


def files(number: int, folder: str = "s3://in/2024") -> list[FileRef]:
    return [FileRef(f"{folder}/{each}.csv", 10, 5) for each in range(number)]


def test_files_are_datasets() -> None:
    found: Any = dict(file_addresses(files(2)))
    assert [tuple(address) for address in found] == [("s3://in", "2024/0.csv"), ("s3://in", "2024/1.csv")]
    assert [len(each) for each in found.values()] == [1, 1]


def test_very_many_files_are_the_folders_they_lie_in() -> None:
    found = dict(file_addresses([*files(MOST_FILES), *files(1, "/data")]))
    assert {tuple(address): len(each) for address, each in found.items()} == {
        ("s3://in", "2024"): MOST_FILES,
        ("file", "/data"): 1,
    }
