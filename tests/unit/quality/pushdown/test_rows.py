"""Expectations about several columns of a row, and about types: DuckDB and Great Expectations agree."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.types import PRIMITIVES, parse_type
from airflow_gov.quality.pushdown import NotPushedDownError, Relation, evaluate
from airflow_gov.quality.pushdown.column_types import is_named
from airflow_gov.quality.pushdown.expectations import pushed_down
from support.expectations import both, push_down, reference

nan, inf = float("nan"), float("inf")
START = date(2020, 1, 1)
A, B = [1, 2, 3, None, None, 5], [1, 1, 4, None, 4, None]


def days(numbers):
    return [None if each is None else START + timedelta(days=each) for each in numbers]


def midnights(numbers):
    return [each and datetime.combine(each, time()) for each in days(numbers)]


def texts(numbers):
    return [None if each is None else f"ä{each}" for each in numbers]


def decimals(numbers):
    return [None if each is None else Decimal(each) for each in numbers]


#: Two columns of each type, with missing values in one and in both; the same numbers in every type.
PAIRS = {
    "float": (pa.float64(), A, B),
    "text": (pa.string(), texts(A), texts(B)),
    "date": (pa.date32(), days(A), days(B)),
    "timestamp": (pa.timestamp("us"), midnights(A), midnights(B)),
    "zoned": (pa.timestamp("us", "UTC"), midnights(A), midnights(B)),
    "decimal": (pa.decimal128(5, 1), decimals(A), decimals(B)),
    "nan": (pa.float64(), [nan, 1, inf, nan, -inf, 0.1], [nan, nan, inf, None, inf, 0.1]),
    "whole": (pa.int64(), [1, 2, 3, 2**60], [1, 1, 4, 2**60 + 1]),
    "boolean": (pa.bool_(), [True, False, True], [True, True, False]),
    "empty": (pa.float64(), [], []),
}


#: Which rows are not looked at is tried on columns of which both, one or none have values.
WITH_MISSING = ("float", "text", "date", "decimal")


def cases(all_missing, any_missing, never):
    """Pairs, each with what decides which rows are not looked at."""
    others = [(name, all_missing) for name in PAIRS if name not in WITH_MISSING]
    return [
        (name, ignored) for name in WITH_MISSING for ignored in (all_missing, any_missing, never)
    ] + others


def pair(name):
    kind, a, b = PAIRS[name]
    return pa.table({"a": pa.array(a, kind), "b": pa.array(b, kind)})


@pytest.mark.parametrize(
    ("name", "ignored"), cases("both_values_are_missing", "either_value_is_missing", "neither")
)
def test_pairs(name, ignored):
    given = {"column_A": "a", "column_B": "b", "ignore_row_if": ignored}
    pairs = [[1, 1], [None, 4], [5, None], ["ä2", "ä1"], [START, START + timedelta(days=1)]]
    for expectation, kwargs in (
        ("expect_column_pair_values_to_be_equal", {"mostly": 0.2}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"or_equal": True}),
        ("expect_column_pair_values_to_be_in_set", {"value_pairs_set": pairs}),
    ):
        result = both(expectation, {**given, **kwargs}, pair(name))
        assert result.agree(), (expectation, result)


@pytest.mark.parametrize(
    ("name", "ignored"), cases("all_values_are_missing", "any_value_is_missing", "never")
)
def test_rows_of_several_columns(name, ignored):
    given = {"column_list": ["a", "b"], "ignore_row_if": ignored}
    for expectation in (
        "expect_compound_columns_to_be_unique",
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
    ):
        result = both(expectation, given, pair(name))
        assert result.agree(), (expectation, result)
    if name in ("float", "text", "decimal", "nan", "whole", "boolean"):
        assert both("expect_multicolumn_sum_to_equal", {**given, "sum_total": 3}, pair(name)).agree()


@pytest.mark.parametrize("ignored", ["all_values_are_missing", "any_value_is_missing", "never"])
def test_keys_of_three_columns(ignored):
    table = pa.table(
        {
            "a": pa.array([1, 1, 1, None, None, None, 2], pa.int64()),
            "b": ["x", "x", None, None, None, "y", "x"],
            "f": [0.0, -0.0, nan, None, nan, 1.0, 0.0],
        }
    )
    given = {"column_list": ["a", "b", "f"], "ignore_row_if": ignored, "mostly": 0.5}
    assert both("expect_compound_columns_to_be_unique", given, table).agree()


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (pa.array([1, 2, 3]), pa.array([1.0, 2.5, 3.0])),
        (pa.array([1, 0, 3]), pa.array([True, False, True])),
        (pa.array([1, 2, 3]), pa.array(decimals([1, 3, 2]), pa.decimal128(5, 1))),
        (pa.array([0.1, 0.5]), pa.array([0.1, 0.5], pa.float32())),
        (pa.array(midnights([1, 2]), pa.timestamp("us")), pa.array(days([1, 3]))),
        (pa.array([1, 2]), pa.array(["1", "2"])),
        (pa.array(midnights([1]), pa.timestamp("us")), pa.array(midnights([1]), pa.timestamp("us", "UTC"))),
    ],
    ids=lambda column: str(column.type),
)
def test_columns_of_two_types(a, b):
    table = pa.table({"a": a, "b": b})
    for expectation in (
        "expect_column_pair_values_to_be_equal",
        "expect_column_pair_values_a_to_be_greater_than_b",
    ):
        assert both(expectation, {"column_A": "a", "column_B": "b"}, table).agree()
    for expectation in (
        "expect_multicolumn_values_to_be_equal",
        "expect_select_column_values_to_be_unique_within_record",
    ):
        assert both(expectation, {"column_list": ["a", "b"]}, table).agree()


def test_a_missing_whole_number_is_wrong_as_a_missing_float_is():
    """Great Expectations ends with an error there: pandas does not say whether <NA> is true."""
    table = pa.table({"a": pa.array(A, pa.int64()), "b": pa.array(B, pa.int64())})
    given = {"column_A": "a", "column_B": "b", "ignore_row_if": "neither"}
    result = both("expect_column_pair_values_to_be_equal", given, table)
    assert "NA is ambiguous" in str(result.reference)
    as_floats = table.cast(pa.schema([("a", pa.float64()), ("b", pa.float64())]))
    assert (
        result.pushed.unexpected
        == reference("expect_column_pair_values_to_be_equal", given, as_floats).unexpected
    )


@pytest.mark.parametrize("total", [3, 0.30000000000000004, 2.5, inf, 10**30])
def test_sums(total):
    table = pa.table(
        {
            "x": [0.1, 1.0, inf, 1e30],
            "y": [0.2, 2.0, 1.0, 0.0],
            "i": [1, 2, -2, 2**62],
            "j": [2, 1, 1, 2**62],
            "m": pa.array([Decimal(text) for text in ("0.10", "1.50", "-2", "7")], pa.decimal128(10, 2)),
            "n": pa.array([Decimal(text) for text in ("0.2", "1.0", "1", "-7")], pa.decimal128(5, 1)),
        }
    )
    for columns in (["x", "y"], ["i", "j"], ["m", "n"], ["i", "m"], ["x", "i"]):
        result = both("expect_multicolumn_sum_to_equal", {"column_list": columns, "sum_total": total}, table)
        assert result.agree(), (columns, result)


@pytest.mark.parametrize(
    ("expectation", "kwargs", "told"),
    [
        ("expect_compound_columns_to_be_unique", {"column_list": ["i"]}, "fewer than two"),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["i", "s"], "sum_total": 1}, "not all numbers"),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "i", "column_B": "s"},
            "i is long, s is",
        ),
    ],
)
def test_wrong_columns_are_told(expectation, kwargs, told):
    found, _ = push_down(expectation, kwargs, pa.table({"i": [1], "s": ["a"]}))
    assert isinstance(found, GovernanceError)
    assert found.reason is Reason.RULE_INVALID
    assert told in str(found)


#: Names that Great Expectations' pandas, SQL and Spark engines take, and those of Iceberg and Arrow.
TYPES = {
    "boolean": "bool boolean BOOLEAN BooleanType",
    "int": "int int32 Int32Dtype INTEGER IntegerType",
    "long": "int long int64 INT64 Int64Dtype BIGINT LongType",
    "float": "float float32 REAL FloatType",
    "double": "float float64 double DOUBLE_PRECISION DoubleType",
    "decimal(10, 2)": "decimal numeric DECIMAL(10,2) NUMERIC decimal128(10,2) DecimalType object",
    "date": "date DATE date32[day] DateType object",
    "timestamp": "timestamp datetime64[ns] DATETIME timestamp[us] TIMESTAMP",
    "timestamptz": "timestamptz TIMESTAMPTZ DatetimeTZDtype",
    "string": "str string VARCHAR VARCHAR(20) TEXT StringType utf8",
    "binary": "bytes binary BLOB BYTEA",
    "list<long>": "list array list<long>",
    "struct<a: long>": "struct dict struct<a:long>",
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_goes_by_all_its_names(kind):
    relation = Relation("t", {"x": parse_type(kind)})
    for name in TYPES[kind].split(" "):
        for expectation, kwargs in (
            ("expect_column_values_to_be_of_type", {"type_": name}),
            ("expect_column_type_to_be", {"type_": name}),
            ("expect_column_values_to_be_in_type_list", {"type_list": ["Nonsense", name]}),
        ):
            found = evaluate(None, {"rule": pushed_down()[expectation](relation, column="x", **kwargs)})[
                "rule"
            ]
            assert found.success, (expectation, name)
            assert found.metadata


def test_other_types_names_are_not_its_own():
    for name in PRIMITIVES:
        others = [each for each in PRIMITIVES if each != name and is_named(parse_type(name), each)]
        # "float" is what Python calls a double, and "int" a whole number of any width.
        assert others == {"long": ["int"], "double": ["float"]}.get(name, [])
    assert not is_named(parse_type("decimal(10, 2)"), "decimal(10, 3)")


@pytest.mark.parametrize("name", ["int", "str", "float64", "bool", "datetime64[ns]"])
def test_types_of_pandas(name):
    table = pa.table({"i": [1], "s": ["a"], "f": [0.5], "b": [True], "t": pa.array([0], pa.timestamp("us"))})
    for column in table.column_names:
        given = {"column": column, "type_": name}
        result = both("expect_column_values_to_be_of_type", given, table)
        assert (result.pushed.success, result.pushed.value) == (
            result.reference.success,
            result.reference.value,
        )


def test_a_name_that_is_nobodys_is_told():
    relation = Relation("t", {"x": parse_type("long")})
    with pytest.raises(GovernanceError, match="'intt' is no type: x is long") as raised:
        pushed_down()["expect_column_type_to_be"](relation, column="x", type_="intt")
    assert raised.value.reason is Reason.RULE_INVALID


def test_what_sql_would_round_is_left_to_great_expectations():
    table = pa.table({"f": [0.1], "g": pa.array([0.1], pa.float32()), "m": pa.array([Decimal("0.1")])})
    for expectation, kwargs in (
        ("expect_column_pair_values_to_be_equal", {"column_A": "f", "column_B": "m"}),
        ("expect_multicolumn_sum_to_equal", {"column_list": ["g", "g"], "sum_total": 0.2}),
    ):
        found, _ = push_down(expectation, kwargs, table)
        assert isinstance(found, NotPushedDownError)
