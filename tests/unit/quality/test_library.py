"""The metrics of the standard's library: what each counts, every operator, rows and percent."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_gov.model.contract import LOAD_ID_COLUMN
from support.subjects import suite_results, with_rules


@pytest.fixture
def table(make_table):
    """``table("VALUES (1), (NULL)", x="long")``."""

    def make(rows: str, **columns: str):
        select = f"SELECT *, 'l' AS {LOAD_ID_COLUMN} FROM ({rows}) v({', '.join(columns)})"
        return make_table(select, **columns)

    return make


@pytest.fixture
def measured(table, make_contract, engine):
    """What a metric of one column gives on its values."""

    def measure(metric: str, kind: str, values: str, unit: str = "rows", **arguments: Any) -> Any:
        rule = {"metric": metric, "unit": unit, "mustBe": -1, "arguments": arguments}
        contract = with_rules(make_contract({"x": kind}), rule, column="x")
        (result,) = suite_results(contract, table(values, x=kind), engine).values()
        return result.value

    return measure


NULLS = "VALUES (1), (NULL), (3), (NULL)"
WORDS = "VALUES ('a'), (''), (NULL), ('N/A'), ('n/a'), (' a')"


@pytest.mark.parametrize(
    ("metric", "kind", "values", "arguments", "count"),
    [
        ("nullValues", "long", NULLS, {}, 2),
        ("nullValues", "double", "VALUES (1.0), (NULL), ('nan'::DOUBLE)", {}, 2),
        ("nullValues", "list<long>", "VALUES ([1]), (NULL), ([NULL])", {}, 1),
        ("missingValues", "string", WORDS, {"missingValues": [None, "", "N/A"]}, 3),
        ("missingValues", "string", WORDS, {"missingValues": ["", "N/A"]}, 2),
        ("missingValues", "long", NULLS, {"missingValues": ["", "N/A", 3, 1.5, 10**30]}, 1),
        ("missingValues", "long", NULLS, {"missingValues": [None, "1"]}, 3),
        ("missingValues", "double", "VALUES (-1.0), (NULL), (0.1)", {"missingValues": [-1, "0.1"]}, 2),
        ("missingValues", "decimal(10, 2)", "VALUES (1.20), (1.23)", {"missingValues": [1.2, 1.231]}, 1),
        ("missingValues", "date", "VALUES (DATE '1900-01-01')", {"missingValues": ["1900-01-01", ""]}, 1),
        (
            "missingValues",
            "timestamptz",
            "VALUES (TIMESTAMPTZ '1900-01-01 00:00:00+00'), (TIMESTAMPTZ '1900-01-01 02:00:00+00')",
            {"missingValues": ["1900-01-01", "1900-01-01T03:00+01:00", "1900-01-01 00:00:00.0000001"]},
            2,
        ),
        ("missingValues", "date", "VALUES (DATE '2024-01-01')", {"missingValues": ["2024-W01-1"]}, 1),
        ("missingValues", "boolean", "VALUES (true), (false)", {"missingValues": [False]}, 1),
        ("invalidValues", "string", WORDS, {"validValues": ["a", ""]}, 3),
        ("invalidValues", "string", WORDS, {"validValues": [None, "a", ""]}, 3),
        ("invalidValues", "string", WORDS, {"pattern": "^[a-zA-Z/]*$"}, 1),
        ("invalidValues", "string", WORDS, {"pattern": "a"}, 2),
        ("invalidValues", "string", "VALUES ('straße'), ('日本')", {"pattern": r"^\w+$"}, 0),
        ("invalidValues", "string", WORDS, {"validValues": ["a", "n/a"], "pattern": "^.$"}, 4),
        ("invalidValues", "long", NULLS, {"validValues": [1, "2"]}, 1),
        ("invalidValues", "float", "VALUES (0.1::FLOAT), (0.2::FLOAT)", {"validValues": [0.1]}, 1),
        ("duplicateValues", "long", "VALUES (1), (1), (1), (2), (NULL), (NULL)", {}, 2),
        ("duplicateValues", "string", "VALUES ('a'), ('b'), ('a'), (NULL)", {}, 1),
        ("duplicateValues", "double", "VALUES (1.0), ('nan'::DOUBLE), ('nan'::DOUBLE), (1.0)", {}, 1),
    ],
)
def test_what_a_metric_counts(measured, metric, kind, values, arguments, count) -> None:
    assert measured(metric, kind, values, **arguments) == count


@pytest.mark.parametrize(
    ("rows", "percent"), [("VALUES (1), (NULL), (2), (3)", 25), ("SELECT 1 WHERE false", 0)]
)
def test_percent_is_of_all_rows_and_without_rows_nothing_is_wrong(measured, rows, percent) -> None:
    assert measured("nullValues", "long", rows, "percent") == percent


@pytest.mark.parametrize(
    ("operator", "holds", "fails"),
    [
        ("mustBe", [2], [1, 3]),
        ("mustNotBe", [1, 3], [2]),
        ("mustBeGreaterThan", [1, 1.5], [2, 3]),
        ("mustBeGreaterOrEqualTo", [1, 2], [3]),
        ("mustBeLessThan", [3], [2, 1]),
        ("mustBeLessOrEqualTo", [2, 3], [1]),
        ("mustBeBetween", [[1, 3], [1.5, 2.5]], [[2, 3], [1, 2], [5, 9]]),
        ("mustNotBeBetween", [[2, 3], [1, 2], [5, 9]], [[1, 3]]),
    ],
)
@pytest.mark.parametrize("column", [None, "x"])
def test_every_operator(table, make_contract, engine, operator, holds, fails, column) -> None:
    metric = "rowCount" if column is None else "nullValues"
    values = "VALUES (1), (2)" if column is None else "VALUES (NULL), (2), (NULL)"
    rules = [{"metric": metric, operator: limit} for limit in (*holds, *fails)]
    contract = with_rules(make_contract({"x": "long"}), *rules, column=column)

    found = suite_results(contract, table(values, x="long"), engine)

    assert [result.passed for result in found.values()] == [True] * len(holds) + [False] * len(fails)


def test_rows_repeat_what_several_columns_have_together(table, make_contract, engine) -> None:
    rule = {"metric": "duplicateValues", "arguments": {"properties": ["a", "b"]}, "mustBe": 0}
    contract = with_rules(make_contract({"id": "long", "a": "string", "b": "long"}, keys=("id",)), rule)
    rows = "VALUES (1, 'x', 1), (2, 'x', 1), (3, 'x', 2), (4, NULL, 1), (5, NULL, 1)"

    result = suite_results(contract, table(rows, id="long", a="string", b="long"), engine)[
        "duplicateValues(a, b)"
    ]

    assert (result.passed, result.value, result.failed_rows, result.rows) == (False, 1, 1, 5)
    assert result.columns == ("a", "b")
    assert result.examples == ({"id": 1}, {"id": 2}), "nobody knows which of them is the right one"


def test_a_result_says_what_was_expected_and_observed(table, make_contract, engine) -> None:
    rule = {
        "metric": "nullValues",
        "mustBeLessThan": 1,
        "unit": "percent",
        "severity": "warning",
        "dimension": "completeness",
        "description": "Delays are known.",
    }
    contract = with_rules(make_contract({"id": "long", "x": "long"}, keys=("id",)), rule, column="x")
    rows = "SELECT i, CASE WHEN i > 30 THEN i END FROM range(1, 1201) t(i)"

    (result,) = suite_results(contract, table(rows, id="long", x="long"), engine).values()

    assert (result.rule, result.check, result.passed, result.blocks) == (
        "nullValues(x)",
        "nullValues",
        False,
        False,
    )
    assert result.expected == "null values: less than 1 percent"
    assert result.observed == "30 of 1,200 rows (2.5 %)"
    assert (result.value, result.failed_rows, result.rows, result.engine) == (2.5, 30, 1200, "duckdb")
    assert (result.dimension, result.description) == ("completeness", "Delays are known.")
    assert [each["id"] for each in result.examples] == list(range(1, 21))
