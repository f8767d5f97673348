"""What columns sum up to: observed values, bounds, sets of different values, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import stdev

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.pushdown import NotPushedDownError

NOON = datetime.fromisoformat("2020-01-01T12:00:00.000001")
INFINITE = float("inf")


@pytest.mark.parametrize(
    ("expectation", "column", "value"),
    [
        ("max", "i", 2),
        ("max", "f", 2.5),
        ("max", "far", INFINITE),
        ("max", "b", True),
        ("max", "s", "é"),
        ("max", "d", "2020-01-02"),
        ("max", "ts", "2020-01-02T12:00:00.000001"),
        ("max", "tz", "2020-01-02T12:00:00.000001+00:00"),
        ("max", "n", 2.25),
        ("max", "t", "03:00:00"),
        ("min", "t", "01:00:00"),
        ("min", "i", -7),
        ("min", "s", "Z"),
        ("mean", "i", -0.75),
        ("mean", "f", 1.0),
        ("mean", "b", 0.75),
        ("mean", "n", -1.385),
        ("mean", "ts", "2020-01-01T18:00:00.000001"),
        ("mean", "tz", "2020-01-01T18:00:00.000001+00:00"),
        ("median", "i", 1.0),
        ("median", "n", 1.1),
        ("median", "ts", "2020-01-01T12:00:00.000001"),
        ("stdev", "i", stdev([1, 1, 2, -7])),
        ("stdev", "n", stdev([1.10, 1.10, 2.25, -9.99])),
        ("sum", "i", -3),
        ("sum", "n", -5.54),
        ("sum", "b", 3),
        ("sum", "none", 0),
        ("sum", "far", INFINITE),
        ("sum", "huge", 2**64 - 1),
        ("unique_value_count", "i", 3),
        ("unique_value_count", "f", 3),
        ("unique_value_count", "none", 0),
        ("proportion_of_unique_values", "i", 0.75),
        ("proportion_of_unique_values", "none", 0),
        ("proportion_of_non_null_values", "i", 0.8),
        ("proportion_of_non_null_values", "f", 0.6),
    ],
)
def test_what_a_column_sums_up_to(judged, expectation, column, value):
    found = judged(f"expect_column_{expectation}_to_be_between", column=column)
    assert found.success
    assert found.rows == 5
    assert found.value == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("expectation", "column"),
    [
        ("max", "none"),
        ("min", "none"),
        ("mean", "none"),
        ("median", "none"),
        ("stdev", "none"),
        ("stdev", "far"),
    ],
)
def test_no_value_lies_nowhere(judged, expectation, column):
    found = judged(f"expect_column_{expectation}_to_be_between", column=column)
    assert (found.success, found.value) == (False, None)


def test_one_value_has_no_deviation_and_rows_may_be_none(judged):
    one = judged("expect_column_stdev_to_be_between", condition="i = 2", column="i", min_value=0)
    assert (one.success, one.value, one.rows) == (False, None, 1)
    nothing = judged("expect_column_max_to_be_between", condition="false", column="i", min_value=0)
    assert (nothing.success, nothing.value, nothing.rows) == (False, None, 0)
    unique = judged("expect_column_proportion_of_unique_values_to_be_between", condition="false", column="i")
    assert (unique.success, unique.value) == (True, 0)


@pytest.mark.parametrize(
    ("column", "bounds", "success"),
    [
        ("i", {"min_value": 2, "max_value": 2}, True),
        ("i", {"min_value": 2, "strict_min": True}, False),
        ("i", {"max_value": 2, "strict_max": True}, False),
        ("i", {"max_value": 1.5}, False),
        ("n", {"max_value": 2.25}, True),
        ("n", {"max_value": 2.2499999}, False),
        ("far", {"max_value": INFINITE}, True),
        ("far", {"max_value": INFINITE, "strict_max": True}, False),
        ("b", {"min_value": 1}, True),
        ("d", {"min_value": "2020-01-02", "max_value": date(2020, 1, 2)}, True),
        ("d", {"max_value": "2020-01-01"}, False),
        ("ts", {"min_value": "2020-01-02T12:00:00", "max_value": NOON + timedelta(days=1)}, True),
        ("tz", {"max_value": "2020-01-02T14:00:00.000001+02:00"}, True),
        ("tz", {"max_value": "2020-01-02T13:59:59+02:00"}, False),
        ("day", {"min_value": "2020-01-05"}, True),
        ("day", {"max_value": "2020-01-04T23:00:00"}, False),
    ],
)
def test_bounds(judged, column, bounds, success):
    assert judged("expect_column_max_to_be_between", column=column, **bounds).success is success


@pytest.mark.parametrize(
    ("expectation", "arguments", "words"),
    [
        ("max", {"column": "ts", "min_value": "2020-01-01"}, "a date"),
        ("max", {"column": "tz", "min_value": "2020-01-01T00:00:00"}, "timestamp"),
        ("max", {"column": "ts", "min_value": "2020-01-01T00:00:00Z"}, "time zone"),
        ("max", {"column": "s", "min_value": 1}, "a number"),
        ("max", {"column": "i", "min_value": "tomorrow"}, "tomorrow"),
        ("max", {"column": "lost"}, "no column 'lost'"),
        ("mean", {"column": "s"}, "not a number"),
        ("sum", {"column": "ts"}, "not a number"),
        ("stdev", {"column": "d"}, "not a number"),
        ("unique_value_count", {"column": "i", "min_value": "2020-01-01"}, "a date"),
    ],
)
def test_what_cannot_be_compared_is_refused(judged, expectation, arguments, words):
    with pytest.raises(GovernanceError, match=words) as raised:
        judged(f"expect_column_{expectation}_to_be_between", **arguments)
    assert raised.value.reason == Reason.RULE_INVALID


@pytest.mark.parametrize("expectation", ["max", "unique_value_count", "proportion_of_unique_values"])
def test_lists_are_left_to_great_expectations(judged, expectation):
    with pytest.raises(NotPushedDownError):
        judged(f"expect_column_{expectation}_to_be_between", column="parts")


@pytest.mark.parametrize(
    ("column", "elements", "outside", "lacking"),
    [
        ("i", [1, 2, -7], 0, 0),
        ("i", [1.0, True, "2"], 2, 1),
        ("f", [1, 2.5, -0.5, None], 0, 1),
        ("b", [1], 1, 0),
        ("s", ["a", "é", "Z", "b", "b"], 0, 1),
        ("d", ["2020-01-01", "2 Jan 2020", date(1999, 12, 31), "no date"], 0, 1),
        ("ts", ["2020-01-01 12:00:00.000001", "2020-01-02"], 1, 1),
        ("tz", ["2020-01-01 12:00:00.000001+00:00"], 1, 0),
        ("n", [1.1, 2.25, -9.99], 2, 2),
        ("n", [Decimal("1.1")], 2, 0),
        ("none", [1, "1"], 0, 2),
    ],
)
def test_different_values_and_a_set(judged, column, elements, outside, lacking):
    among = judged("expect_column_distinct_values_to_be_in_set", column=column, value_set=elements)
    assert (among.success, among.value, among.unexpected) == (outside == 0, None, outside)
    contained = judged("expect_column_distinct_values_to_contain_set", column=column, value_set=elements)
    assert (contained.success, contained.unexpected) == (lacking == 0, None)
    equal = judged("expect_column_distinct_values_to_equal_set", column=column, value_set=elements)
    assert (equal.success, equal.unexpected) == (outside == lacking == 0, outside)


def test_sets_that_make_no_sense(judged):
    for elements in ([], [[1]]):
        with pytest.raises(GovernanceError, match="value_set"):
            judged("expect_column_distinct_values_to_be_in_set", column="i", value_set=elements)


@pytest.mark.parametrize(
    ("column", "elements", "ties_okay", "success", "value"),
    [
        ("i", [1], None, True, [1]),
        ("i", [2, 3], None, False, [1]),
        ("s", ["a"], None, True, ["a"]),
        ("f", [1.0], None, False, [-0.5, 1.0, 2.5]),
        ("f", [1.0], True, True, [-0.5, 1.0, 2.5]),
        ("f", [9], True, False, [-0.5, 1.0, 2.5]),
        ("d", ["2020-01-01"], None, False, ["2020-01-01"]),
        ("d", [date(2020, 1, 1)], None, True, ["2020-01-01"]),
        ("ts", ["2020-01-01T12:00:00.000001"], None, False, ["2020-01-01T12:00:00.000001"]),
        ("none", [1], True, False, []),
    ],
)
def test_the_most_common_value(judged, column, elements, ties_okay, success, value):
    found = judged(
        "expect_column_most_common_value_to_be_in_set",
        column=column,
        value_set=elements,
        ties_okay=ties_okay,
    )
    assert (found.success, found.value) == (success, value)
