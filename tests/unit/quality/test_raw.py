"""Rules of raw datasets, over the index of their files."""

from __future__ import annotations

import pytest

from airflow_gov import quality
from support.subjects import subject

INDEX = {"file": "string", "uri": "string", "size": "long", "columns": "list<string>"}


def index(*files):
    values = ", ".join(
        f"('{file}', 'file:///lake/{file}', {size}, {columns})" for file, size, columns in files
    )
    return f"SELECT *, 'l' AS _load_id FROM (VALUES {values}) t(file, uri, size, columns)"


@pytest.fixture
def check(engine, make_table, make_contract):
    def check(select, columns, **options):
        table = make_table(select, dataset="raw.flights", **INDEX)
        contract = make_contract(columns, dataset="raw.flights")
        found = quality.check(subject(contract, table, **options), engine)
        return {result.rule: result for result in found}

    return check


def test_files_that_are_as_the_contract_says(check):
    found = check(
        index(("a.csv", 10, "['id', 'x']"), ("b.csv", 5, "['x', 'id', 'more']")), {"id": "long"}, exists=bool
    )
    assert {rule: result.passed for rule, result in found.items()} == {
        "row_count": True,
        "size": True,
        "exists": True,
        "columns": True,
    }
    assert found["row_count"].observed == "2 files"


def test_missing_and_empty_files_and_headers_without_a_column(check):
    files = [(f"{number}.csv", 0 if number < 7 else 1, "['x']") for number in range(8)]
    found = check(index(*files), {"id": "long", "x": "long"}, exists=lambda uri: not uri.endswith("/3.csv"))
    assert (found["size"].passed, found["size"].failed_rows) == (False, 7)
    assert found["size"].observed == "empty: 0.csv; 1.csv; 2.csv; 3.csv; 4.csv and 2 more"
    assert (found["exists"].passed, found["exists"].observed) == (False, "missing: 3.csv")
    assert (found["columns"].passed, found["columns"].failed_rows) == (False, 8)
    assert found["columns"].observed.startswith("0.csv lacks id; 1.csv lacks id")


def test_a_load_without_files_fails(check):
    found = check(index(("a.csv", 1, "['x']")) + " WHERE false", {})
    assert not found["row_count"].passed
    assert "exists" not in found
    assert "columns" not in found


def test_files_without_columns_have_no_header_to_compare(check):
    found = check(index(("photo.jpg", 10, "[]::VARCHAR[]"), ("x.bin", 10, "NULL")), {"id": "long"})
    assert found["columns"].passed
