"""Structure rules on snapshots and loads."""

from __future__ import annotations

import pytest

from airflow_gov.quality import check
from support.subjects import subject

TYPES = {"id": "long", "city": "string"}


def results(found):
    return {(result.rule, *result.columns): result for result in found}


def test_a_candidate_that_keeps_its_contract(engine, make_table, make_contract):
    table = make_table("SELECT range AS id, 'c' || range AS city, 'l' AS _load_id FROM range(1000)", **TYPES)
    contract = make_contract(TYPES, required=("id", "city"), unique=("city",), keys=("id",))
    found = check(subject(contract, table, table), engine)
    assert [(result.rule, result.columns) for result in found] == [
        ("columns", ("id", "city")),
        ("row_count", ()),
        ("required", ("id",)),
        ("required", ("city",)),
        ("unique", ("city",)),
        ("primary_key", ("id",)),
    ]
    assert all(result.passed and result.severity == "error" and result.engine == "duckdb" for result in found)
    assert results(found)[("row_count",)].observed == "1,000 rows"


@pytest.mark.parametrize(
    ("schema", "previous", "told"),
    [
        ({"id": "long"}, None, "city is missing"),
        ({**TYPES, "more": "date"}, None, "more is not in the contract"),
        ({"id": "int", "city": "string"}, None, "id is int, not long"),
        (TYPES, [("id", "long"), ("old", "date")], "old of the published version is gone"),
        (TYPES, [("id", "long"), ("_load_id", "string")], None),
    ],
)
def test_columns_and_types(engine, make_table, make_contract, schema, previous, told):
    table = make_table("SELECT 1 AS id, 'a' AS city, 'l' AS _load_id", **schema)
    found = check(subject(make_contract(TYPES), table, table, previous_schema=previous), engine)
    assert found[0].passed is (told is None)
    assert found[0].observed == (told or "as expected")


def test_rules_about_columns_that_are_missing_are_left_out(engine, make_table, make_contract):
    table = make_table("SELECT 1 AS id, 'l' AS _load_id", id="long")
    contract = make_contract(TYPES, required=("id", "city"), unique=("city",), keys=("id", "city"))
    found = check(subject(contract, table, table), engine)
    assert [(result.rule, result.passed) for result in found] == [
        ("columns", False),
        ("row_count", True),
        ("required", True),
    ]


def test_required_is_about_the_loads_rows(engine, make_table, make_contract):
    rows = """SELECT CASE WHEN range % 4 = 0 THEN NULL ELSE range END AS id, 'c' AS city,
        CASE WHEN range < 10 THEN 'old' ELSE 'new' END AS _load_id FROM range(20)"""
    table = make_table(rows, **TYPES)
    contract = make_contract(TYPES, required=("id",))
    result = results(check(subject(contract, table, table.load("new", 10)), engine))[("required", "id")]
    assert (result.passed, result.failed_rows, result.observed) == (False, 2, "2 nulls")
    only_whole = make_table(rows.replace("range % 4 = 0", "range < 5"), **TYPES)
    assert all(r.passed for r in check(subject(contract, only_whole, only_whole.load("new", 10)), engine))


def test_no_rows_and_other_rows_than_the_metadata_says(engine, make_table, make_contract):
    empty = make_table("SELECT 1::BIGINT AS id, 'a' AS city, 'l' AS _load_id WHERE false", **TYPES)
    contract = make_contract(TYPES, unique=("city",), keys=("id",))
    found = results(check(subject(contract, empty, empty), engine))
    assert (found[("row_count",)].passed, found[("row_count",)].observed) == (False, "0 rows")
    assert found[("primary_key", "id")].passed
    table = make_table("SELECT 1 AS id, 'a' AS city, 'l' AS _load_id", **TYPES)
    lying = table.load("l", 2)
    assert not results(check(subject(contract, table, lying), engine))[("row_count",)].passed


KEYS = {
    "whole numbers close together": ("long", "range"),
    "negative whole numbers": ("int", "(range - 5_000)::INT"),
    "whole numbers far apart": ("long", "range * 9_000_000_000_000"),
    "the largest and the smallest": (
        "long",
        "CASE range WHEN 0 THEN -9223372036854775808 ELSE 9223372036854775807 - range END",
    ),
    "texts": ("string", "'c' || range"),
    "dates": ("date", "DATE '0001-01-01' + range::INT"),
    "decimals": ("decimal(38, 2)", "(range / 100)::DECIMAL(38, 2)"),
    "lists": ("list<long>", "[range]"),
    "truths": ("boolean", "range > 0"),
}


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("repeated", [0, 3])
def test_unique_columns_of_every_kind(engine, make_table, make_contract, kind, repeated):
    name, value = KEYS[kind]
    rows = 2 if kind == "truths" else 10_000
    select = f"SELECT {value} AS id, 'c' AS city, 'l' AS _load_id FROM range({rows})"
    again = f"SELECT {value} AS id, 'c' AS city, 'm' AS _load_id FROM range(1, 2), range({repeated}) u(x)"
    nulls = "SELECT NULL AS id, 'c' AS city, 'n' AS _load_id FROM range(4)"
    table = make_table(f"{select} UNION ALL {again} UNION ALL {nulls}", id=name, city="string")
    contract = make_contract({"id": name, "city": "string"}, unique=("id",))
    result = results(check(subject(contract, table, table), engine))[("unique", "id")]
    assert (result.passed, result.failed_rows) == (not repeated, repeated)
    key = make_contract({"id": name, "city": "string"}, keys=("id",))
    result = results(check(subject(key, table, table), engine))[("primary_key", "id")]
    assert (result.passed, result.failed_rows) == (False, repeated + 4)
    assert "4 rows without a key" in result.observed


@pytest.mark.parametrize("repeated", [0, 2])
@pytest.mark.parametrize("nulls", [0, 3])
def test_keys_of_several_columns(engine, make_table, make_contract, repeated, nulls):
    select = "SELECT range // 100 AS a, 'b' || range % 100 AS b, 'l' AS _load_id FROM range(10_000)"
    again = f"SELECT 0 AS a, 'b7' AS b, 'm' AS _load_id FROM range({repeated})"
    missing = f"SELECT CASE range WHEN 0 THEN 1 END AS a, NULL AS b, 'n' AS _load_id FROM range({nulls})"
    columns = {"a": "long", "b": "string"}
    table = make_table(f"{select} UNION ALL {again} UNION ALL {missing}", **columns)
    found = results(check(subject(make_contract(columns, keys=("b", "a")), table, table), engine))
    result = found[("primary_key", "b", "a")]
    assert result.passed is (not repeated and not nulls)
    assert result.failed_rows == repeated + nulls


def test_a_key_that_another_load_has_is_seen_in_the_snapshot(engine, make_table, make_contract):
    table = make_table(
        "SELECT range AS id, 'c' AS city, 'old' AS _load_id FROM range(10)",
        "SELECT range + 9 AS id, 'c' AS city, 'new' AS _load_id FROM range(10)",
        **TYPES,
    )
    found = results(check(subject(make_contract(TYPES, keys=("id",)), table, table.load("new", 10)), engine))
    assert found[("primary_key", "id")].failed_rows == 1
    assert found[("row_count",)].observed == "10 rows"


def test_observations_tell_counts_and_no_values(engine, make_table, make_contract):
    table = make_table("SELECT 7 AS id, 'private' AS city, 'l' AS _load_id FROM range(2)", **TYPES)
    contract = make_contract(TYPES, unique=("city",), keys=("id", "city"))
    texts = [result.observed + result.expected for result in check(subject(contract, table, table), engine)]
    assert not any("private" in text for text in texts)


def test_files_from_before_a_schema_change_count_as_nulls(engine, make_table, make_contract):
    table = make_table(
        "SELECT 1::INT AS id, 'l' AS _load_id",
        "SELECT 5000000000 AS id, 'x' AS city, 'l' AS _load_id",
        **TYPES,
    )
    contract = make_contract(TYPES, required=("id", "city"), keys=("id",))
    found = results(check(subject(contract, table, table), engine))
    assert found[("required", "city")].failed_rows == 1
    assert found[("required", "id")].passed
    assert found[("primary_key", "id")].passed
