"""Great Expectations itself: streamed or at once, with the same result, and without showing values."""

from __future__ import annotations

import datetime as dt
import decimal
import logging
import math
import sys

import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.pushdown import Observation
from airflow_gov.quality.reference import evaluate_reference
from airflow_gov.quality.reference.domains import ROW_LOCAL

NAN = math.nan
ROWS = {
    "x": [3, None, 5, 2**53 + 1, 7, None, None, 1],
    "y": [3, 4, None, 2, 8, 6, None, 1],
    "f": pa.array([1.5, NAN, None, math.inf, -1.0, 2.0, 0.0, 4.0]),
    "s": ["a", "", None, "ä\n", "2020-01-01", None, '{"a": 1}', "'"],
    "j": [None, '{"a": 1}', "[]", None, "3", "{}", None, None],
    "d": pa.array([decimal.Decimal("1.10"), None, *[decimal.Decimal(n) / 4 for n in range(6)]]),
}
#: Arguments with which each row-local expectation has rows that hold and rows that do not.
ARGUMENTS = {
    "expect_column_pair_values_a_to_be_greater_than_b": {
        "column_A": "x",
        "column_B": "y",
        "or_equal": True,
        "ignore_row_if": "either_value_is_missing",
    },
    "expect_column_pair_values_to_be_equal": {
        "column_A": "x",
        "column_B": "y",
        "ignore_row_if": "either_value_is_missing",
    },
    "expect_column_pair_values_to_be_in_set": {
        "column_A": "x",
        "column_B": "y",
        "value_pairs_set": [(3, 3), (7, 8)],
        "ignore_row_if": "either_value_is_missing",
    },
    "expect_column_value_lengths_to_be_between": {"column": "s", "min_value": 1, "max_value": 2},
    "expect_column_value_lengths_to_equal": {"column": "s", "value": 1},
    "expect_column_values_to_be_between": {"column": "f", "min_value": 0, "max_value": 2, "strict_min": True},
    "expect_column_values_to_be_dateutil_parseable": {"column": "s"},
    "expect_column_values_to_be_in_set": {"column": "x", "value_set": [3, 2**53 + 1]},
    "expect_column_values_to_be_json_parseable": {"column": "s"},
    "expect_column_values_to_be_null": {"column": "x"},
    "expect_column_values_to_match_json_schema": {"column": "j", "json_schema": {"type": "object"}},
    "expect_column_values_to_match_regex": {"column": "s", "regex": "^[a-zä]$"},
    "expect_column_values_to_match_regex_list": {"column": "s", "regex_list": ["^a", "ä"]},
    "expect_column_values_to_match_strftime_format": {"column": "s", "strftime_format": "%Y-%m-%d"},
    "expect_column_values_to_not_be_in_set": {"column": "d", "value_set": [1.25, 0]},
    "expect_column_values_to_not_be_null": {"column": "f"},
    "expect_column_values_to_not_match_regex": {"column": "s", "regex": "a"},
    "expect_column_values_to_not_match_regex_list": {"column": "s", "regex_list": ["a", "'"]},
    "expect_multicolumn_sum_to_equal": {
        "column_list": ["x", "y"],
        "sum_total": 6,
        "ignore_row_if": "any_value_is_missing",
    },
    "expect_multicolumn_values_to_be_equal": {
        "column_list": ["x", "y"],
        "ignore_row_if": "any_value_is_missing",
    },
    "expect_select_column_values_to_be_unique_within_record": {
        "column_list": ["x", "y"],
        "ignore_row_if": "any_value_is_missing",
    },
}


def test_every_row_local_expectation_is_looked_at_here():
    assert set(ARGUMENTS) == ROW_LOCAL


@pytest.mark.parametrize("mostly", [1.0, 0.5])
def test_counts_of_batches_add_up_to_the_counts_of_all_rows(rule, evaluate, mostly):
    rules = [rule(name, name=name, mostly=mostly, **arguments) for name, arguments in ARGUMENTS.items()]
    whole = evaluate(rules, ROWS)
    for name, found in whole.items():
        assert isinstance(found, Observation), (name, found)
        assert 0 < found.unexpected < found.rows == 8, name
    for rows in (1, 3):
        assert evaluate(rules, ROWS, batch_rows=rows) == whole


def test_nothing_at_all_holds(rule, evaluate):
    table = pa.table(ROWS).slice(0, 0)
    found = evaluate([rule(name, name=name, **each) for name, each in ARGUMENTS.items()], table)
    assert {name: each.success for name, each in found.items()} == dict.fromkeys(ARGUMENTS, True)


def test_whole_columns_are_looked_at_at_once(rule, evaluate):
    rules = [
        rule("expect_column_values_to_be_unique", name="unique", column="x"),
        rule("expect_column_values_to_be_increasing", name="increasing", column="y"),
        rule("expect_column_max_to_be_between", name="max", column="x", min_value=1),
        rule(
            "expect_column_quantile_values_to_be_between",
            name="quantiles",
            column="y",
            quantile_ranges={"quantiles": [0.5], "value_ranges": [[1, 9]]},
        ),
    ]
    found = evaluate(rules, {"x": [1, 2, None, 1], "y": [1, 2, 3, 2]}, batch_rows=1)
    assert (found["unique"].success, found["unique"].unexpected, found["unique"].missing) == (False, 2, 1)
    assert found["increasing"].unexpected == 1
    assert (found["max"].success, found["max"].value) == (True, 2)
    assert found["quantiles"].value == {"quantiles": [0.5], "values": [2]}


def test_a_condition_that_looks_at_more_than_its_row_gets_all_rows(rule, evaluate):
    def above(condition):
        return rule(
            "expect_column_values_to_be_in_set",
            column="x",
            value_set=[4],
            row_condition=condition,
            condition_parser="pandas",
        )

    rows = {"x": [1, 2, 3, 4], "y": [1, 1, 1, 0]}
    assert evaluate([above("x > x.mean()")], rows, batch_rows=1)["rule"].rows == 2
    assert evaluate([above("x > 1 and y == 1")], rows, batch_rows=1)["rule"].rows == 2


def test_what_does_not_fit_into_memory_is_refused_not_guessed(rule, evaluate):
    rows = {"x": list(range(10_000))}
    unique = rule("expect_column_values_to_be_unique", name="unique", column="x")
    local = rule("expect_column_values_to_be_in_set", name="local", column="x", value_set=[1])
    found = evaluate([unique, local], rows, memory_bytes=100_000, batch_rows=1_000)
    assert found["local"].unexpected == 9_999
    assert found["unique"].reason is Reason.RULE_FAILED
    assert "expect_column_values_to_be_unique looks at all rows of x at once" in str(found["unique"])


def test_an_error_is_neither_a_pass_nor_a_failure(rule, evaluate):
    rules = [
        rule("expect_column_values_to_be_dateutil_parseable", name="numbers", column="x"),
        rule("expect_column_max_to_be_between", name="lost", column="nowhere", min_value=1),
        rule("expect_column_max_to_be_between", name="wrong", column="x", least=1),
        rule("expect_column_values_to_be_in_set", name="good", column="x", value_set=[1]),
    ]
    found = evaluate(rules, {"x": [1, 1]})
    assert list(found) == ["numbers", "lost", "wrong", "good"]
    assert found["good"].success
    for name, told in (
        ("numbers", "must be of type string"),
        ("lost", '"nowhere" in BatchData does not exist'),
    ):
        assert isinstance(found[name], GovernanceError)
        assert found[name].reason is Reason.RULE_FAILED
        assert f"The rule {name} could not be evaluated" in str(found[name])
        assert told in str(found[name])
    assert found["wrong"].reason is Reason.RULE_INVALID


def test_values_of_classified_columns_are_nowhere(rule, evaluate, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    rules = [
        rule("expect_column_most_common_value_to_be_in_set", name="common", column="s", value_set=["b"]),
        rule("expect_column_values_to_be_in_set", name="set", column="s", value_set=["a"]),
        rule("expect_column_distinct_values_to_equal_set", name="distinct", column="s", value_set=["a"]),
        rule("expect_column_values_to_match_json_schema", name="raises", column="s", json_schema={}),
    ]
    found = evaluate(rules, {"s": ["geheim", "secret-7", None]}, classified=("s",))
    assert (found["common"].success, found["common"].value) == (False, None)
    assert found["set"].unexpected == 2
    assert isinstance(found["raises"], GovernanceError)
    output = "".join(capfd.readouterr())
    for told in (repr(found), caplog.text, output):
        assert "geheim" not in told
        assert "secret-7" not in told
    assert "Calculating" not in output


def test_a_loads_rows_are_those_of_the_load(rule, make_table, make_contract):
    table = make_table(*(f"SELECT {n} AS x, 'load{n}' AS _load_id" for n in (1, 2)), x="long")
    found = evaluate_reference(
        [rule("expect_column_values_to_be_in_set", column="x", value_set=[2])],
        table.load("load2", 1),
        make_contract({"x": "long"}),
    )
    assert (found["rule"].success, found["rule"].rows) == (True, 1)


def test_nothing_is_written_and_nobody_is_called(rule, evaluate):
    evaluate([rule("expect_column_values_to_be_unique", column="x")], {"x": [1]})  # all is imported
    heard = []
    watching = [True]

    def hook(event, arguments):
        if watching and (
            event in ("socket.connect", "socket.getaddrinfo", "os.mkdir", "subprocess.Popen")
            or (event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"))
        ):
            heard.append((event, arguments))

    sys.addaudithook(hook)
    evaluate(
        [
            rule("expect_column_values_to_be_unique", column="x"),
            rule("expect_column_values_to_be_in_set", name="two", column="x", value_set=[2]),
        ],
        {"x": [1, 2]},
    )
    watching.clear()
    assert heard == []


def test_without_rules_nothing_is_needed(evaluate, monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations.expectations.core", None)
    assert evaluate([], {"x": [1]}) == {}


def test_times_and_texts_mean_what_they_say(rule, evaluate):
    day = dt.datetime.fromisoformat("2024-02-29T12:00:00")
    rows = {
        "t": pa.array([day, None, dt.datetime.fromisoformat("0001-01-01")], pa.timestamp("us")),
        "z": pa.array([day, None, day], pa.timestamp("us", "UTC")),
        "s": ["1", "²", "x\n"],
    }
    bounds = {"min_value": "2024-01-01T00:00:00", "max_value": "2024-12-31T00:00:00"}
    zoned = {name: f"{each}+00:00" for name, each in bounds.items()}
    rules = [
        rule("expect_column_values_to_be_between", name="t", column="t", **bounds),
        rule("expect_column_values_to_be_between", name="z", column="z", **zoned),
        rule("expect_column_values_to_match_regex", name="s", column="s", regex=r"(?<!y)^\w$"),
    ]
    found = evaluate(rules, rows)
    assert (found["t"].unexpected, found["t"].missing) == (1, 1)
    assert found["z"].success
    assert found["s"].success  # as Python's re: ² is a word, $ is before the last newline too
