"""Expectations about the values of one column: DuckDB and Great Expectations count the same."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.pushdown import NotPushedDownError
from airflow_gov.transform import DuckEngine
from support.expectations import ArrowTable, both, counts, judge_in, push_down, reference

nan, inf = float("nan"), float("inf")
BIG = 2**53 + 1
NEW_YEAR, NOON, LONG_AGO = (
    datetime.fromisoformat(text) for text in ("2020-01-01", "2020-01-01T12:00", "1900-01-01T05:00")
)

#: A column of every type, with missing values.
TABLE = pa.table(
    {
        "i": pa.array([1, 2, None, 4, 4, BIG], pa.int64()),
        "n": pa.array([1, -5, None, 4, 4, 0], pa.int32()),
        "f": pa.array([1.0, nan, None, inf, -0.0, 0.0], pa.float64()),
        "g": pa.array([1.0, 0.1, None, -inf, 2.5, nan], pa.float32()),
        "s": pa.array(["a", "ä", None, "10", "a'b", "🤦🏼‍♂️ x"], pa.string()),
        "b": pa.array([True, False, None, True, True, False], pa.bool_()),
        "d": pa.array([date(2020, 1, 1), None, date(1900, 1, 1), date(2020, 1, 1), date(2024, 2, 29), None]),
        "t": pa.array(
            [NEW_YEAR, None, LONG_AGO, NOON + timedelta(microseconds=1), None, None],
            pa.timestamp("us"),
        ),
        "z": pa.array(
            [NEW_YEAR, None, LONG_AGO, NOON, None, None],
            pa.timestamp("us", "UTC"),
        ),
        "m": pa.array(
            [None if each is None else Decimal(each) for each in ("1.10", "0.10", None, "10", "1.10", "-3")],
            pa.decimal128(10, 2),
        ),
        "c": pa.array([time(1), None, time(2, 0, 0, 5), time(1), time(4), None], pa.time64("us")),
        "x": pa.array([b"a", None, b"\xff", b"b", b"b", b""], pa.binary()),
        "e": pa.array([None] * 6, pa.string()),
        "h": pa.array([None] * 6, pa.float64()),
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def session():
    with DuckEngine(memory_limit="640MB").query_tables({"t": ArrowTable(TABLE)}) as opened:
        yield opened


def differences(session, expectation, kwargs, columns=None):
    """Where the engines do not agree on a column; what one of them cannot judge is no difference."""
    found = []
    for column in columns or TABLE.column_names:
        pushed, broken = judge_in(session, expectation, {"column": column, **kwargs}, TABLE)
        if isinstance(pushed, NotPushedDownError):
            continue
        judged = reference(expectation, {"column": column, **kwargs}, TABLE.select([column]))
        ours, theirs = counts(pushed), counts(judged)
        if ours != theirs or (broken is not None and sum(broken) != ours["unexpected"]):
            found.append((column, pushed, theirs))
    return found


@pytest.mark.parametrize(
    ("columns", "kwargs"),
    [
        ("infgbm", {"min_value": 1}),
        ("infgbm", {"min_value": 1, "max_value": 2.5, "strict_max": True}),
        ("fgm", {"min_value": 1.1, "strict_min": True}),
        ("fgm", {"max_value": 0.1}),
        ("fgm", {"min_value": 0.1, "max_value": 0.1}),
        ("ifbsxc", {"min_value": BIG}),
        ("infm", {"min_value": 2**70}),
        ("infm", {"max_value": -(2**70)}),
        ("ifgm", {"max_value": inf, "strict_max": True}),
        ("ifgm", {"min_value": -inf, "strict_min": True, "mostly": 0.5}),
        ("ifb", {"min_value": True, "mostly": 0.8}),
        ("if", {"min_value": "1e0"}),
        ("dtzi", {"min_value": "2020-01-01"}),
        ("d", {"max_value": date(2020, 1, 1), "strict_max": True}),
        ("tzd", {"min_value": "2020-01-01 12:00:00.000001"}),
        ("t", {"min_value": NOON, "strict_min": True}),
        ("ztd", {"min_value": "2020-01-01T00:00:00Z"}),
        ("z", {"max_value": "2020-01-01T07:00+07:00"}),
        ("z", {"min_value": NEW_YEAR.replace(tzinfo=timezone(timedelta(hours=-3)))}),
        ("i", {"min_value": 2, "max_value": 1}),
        ("i", {"min_value": "yesterday"}),
        ("i", {}),
    ],
    ids=str,
)
def test_between(session, columns, kwargs):
    assert differences(session, "expect_column_values_to_be_between", kwargs, columns) == []


@pytest.mark.parametrize(
    ("columns", "value_set"),
    [
        ("infgbmsd", [1]),
        ("infgbm", [1.0, 4]),
        ("infb", [True, 1.5]),
        ("infb", [0, False]),
        ("fgm", [0.1, 1.1]),
        ("ifm", [Decimal("1.10"), 10]),
        ("se", ["a", "ä", "a'b", "🤦🏼‍♂️ x", "A"]),
        ("sib", ["1", 1]),
        ("mif", ["10"]),
        ("sift", [None, nan]),
        ("fgim", [inf]),
        ("ist", []),
        ("if", [BIG]),
        ("ifm", [2**70, -0.0]),
        ("dtzs", ["2020-01-01"]),
        ("tz", ["2020-01-01T00:00:00Z", "Jan 1 2020"]),
        ("dtz", [date(2020, 1, 1)]),
        ("tdz", [NEW_YEAR, NOON + timedelta(microseconds=1)]),
        ("zt", [NEW_YEAR.replace(tzinfo=UTC)]),
        ("c", [time(1), time(2, 0, 0, 5)]),
        ("xs", [b"b", b"\xff"]),
        ("i", [1, 2, 3, 4, 5, 6]),
        ("s", ["a", "b", "c", "d", "e", "10"]),
    ],
    ids=str,
)
def test_sets(session, columns, value_set):
    given = {"value_set": value_set, "mostly": 0.4}
    assert differences(session, "expect_column_values_to_be_in_set", given, columns) == []
    assert differences(session, "expect_column_values_to_not_be_in_set", given, columns) == []


@pytest.mark.parametrize(
    ("expectation", "kwargs"),
    [
        ("expect_column_values_to_be_unique", {}),
        ("expect_column_values_to_be_unique", {"mostly": 0.5}),
        ("expect_column_values_to_be_null", {"mostly": 0.1}),
        ("expect_column_values_to_not_be_null", {"mostly": 0.8}),
    ],
)
def test_unique_and_missing_values(session, expectation, kwargs):
    assert differences(session, expectation, kwargs) == []


@pytest.mark.parametrize("strictly", [True, False, None])
@pytest.mark.parametrize("order", ["increasing", "decreasing"])
def test_order(session, order, strictly):
    columns = [name for name in TABLE.column_names if name != "e"]
    assert differences(session, f"expect_column_values_to_be_{order}", {"strictly": strictly}, columns) == []


@pytest.mark.parametrize("rows", [[inf, inf, 1.0, nan, 1.0, -inf, -inf], [3, 2, None, 2, 1], [], [5]])
@pytest.mark.parametrize("strictly", [True, False])
def test_order_of_infinities_and_few_rows(rows, strictly):
    table = pa.table({"x": pa.array(rows, pa.float64())})
    for order in ("increasing", "decreasing"):
        assert both(
            f"expect_column_values_to_be_{order}", {"column": "x", "strictly": strictly}, table
        ).agree()


def test_order_is_that_of_the_files(tmp_path):
    shuffled = list(range(50_000))
    shuffled[40_000], shuffled[40_001] = shuffled[40_001], shuffled[40_000]
    table = pa.table({"x": shuffled})
    (found, _) = push_down("expect_column_values_to_be_increasing", {"column": "x"}, table)
    assert (found.success, found.unexpected, found.broken) == (False, 1, None)


@pytest.mark.parametrize(
    ("share", "success"), [(2 / 3, True), (0.6666666666666666, True), (0.66666666666666674, False), (0, True)]
)
def test_mostly_is_compared_as_great_expectations_does(share, success):
    result = both("expect_column_values_to_be_in_set", {"column": "x", "value_set": [1, 2], "mostly": share},
                  pa.table({"x": [1, 2, 3]}))  # fmt: skip
    assert result.agree()
    assert result.pushed.success is success


SPREAD = pa.table(
    {
        "i": pa.array([1, 2, 3, None, 4, 100], pa.int64()),
        "f": pa.array([0.1, 0.2, nan, 0.3, 55.5, -7.25], pa.float64()),
        "k": pa.array([2.5] * 6, pa.float64()),
        "o": pa.array([None, None, 7.0, None, None, None], pa.float64()),
        "u": pa.array([1.0, inf, 2.0, 3.0, 4.0, -inf], pa.float64()),
        "b": pa.array([True, False, None, True, True, True], pa.bool_()),
    }
)


@pytest.mark.parametrize("column", SPREAD.column_names)
@pytest.mark.parametrize(
    ("expectation", "kwargs"),
    [
        ("expect_column_value_z_scores_to_be_less_than", {"threshold": 1, "double_sided": True}),
        ("expect_column_value_z_scores_to_be_less_than", {"threshold": -0.4, "double_sided": False}),
        ("expect_column_value_z_scores_to_be_less_than", {"threshold": -0.4, "double_sided": True}),
        ("expect_column_values_to_not_be_outliers", {}),
        ("expect_column_values_to_not_be_outliers", {"multiplier": 0.25}),
        ("expect_column_values_to_not_be_outliers", {"method": "std", "multiplier": 1}),
        ("expect_column_values_to_not_be_outliers", {"method": "std", "multiplier": 0}),
        ("expect_column_values_to_not_be_outliers", {"multiplier": -1}),
    ],
    ids=str,
)
def test_values_far_from_the_others(expectation, kwargs, column):
    result = both(expectation, {"column": column, **kwargs}, SPREAD)
    assert result.agree(), result


def test_empty_columns():
    table = pa.table({"f": pa.array([], pa.float64()), "s": pa.array([], pa.string())})
    for expectation, kwargs in (
        ("expect_column_values_to_be_between", {"min_value": 1}),
        ("expect_column_values_to_be_unique", {}),
        ("expect_column_values_to_not_be_null", {}),
        ("expect_column_values_to_not_be_outliers", {}),
        ("expect_column_value_z_scores_to_be_less_than", {"threshold": 1, "double_sided": True}),
        ("expect_column_values_to_be_increasing", {}),
    ):
        assert both(expectation, {"column": "f", **kwargs}, table).agree()
    assert both("expect_column_values_to_match_regex", {"column": "s", "regex": "a"}, table).agree()


def test_a_condition_selects_the_rows():
    table = pa.table({"x": [1, 1, 2, 3, 3], "y": [1, 2, 3, 4, 5]})
    for expectation, kwargs in (
        ("expect_column_values_to_be_unique", {}),
        ("expect_column_values_to_be_between", {"max_value": 2}),
        ("expect_column_values_to_be_increasing", {"strictly": True}),
    ):
        assert both(expectation, {"column": "x", **kwargs}, table, condition="y > 1").agree()


def test_uuids_lists_and_structs():
    keys = pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=1).bytes, None], pa.uuid())
    table = pa.table({"u": keys, "l": [[1, 2], None, [1, 2]], "r": [{"a": 1}, {"a": 2}, None]})
    for column, repeated in (("u", 2), ("l", 2), ("r", 0)):
        found, broken = push_down("expect_column_values_to_be_unique", {"column": column}, table)
        assert (found.missing, found.unexpected, sum(broken)) == (1, repeated, repeated)
    found, _ = push_down("expect_column_values_to_be_in_set", {"column": "l", "value_set": [[1, 2]]}, table)
    assert isinstance(found, NotPushedDownError)


@pytest.mark.parametrize(
    ("column", "kwargs", "told"),
    [
        ("s", {"min_value": 1}, "s is string, which cannot be compared with a number"),
        ("t", {"min_value": "2020-01-01"}, "cannot be compared with a date"),
        ("z", {"min_value": "2020-01-01T00:00:00"}, "cannot be compared with a timestamp"),
        ("i", {"min_value": "soon"}, "write a number, a date"),
        ("i", {"min_value": "2020-02-31"}, "write a number, a date"),
        ("i", {}, "give one of them"),
        ("i", {"min_value": 2, "max_value": 1}, "is greater than max_value"),
    ],
)
def test_wrong_bounds_are_told_before_anything_is_read(column, kwargs, told):
    found, _ = push_down(
        "expect_column_values_to_be_between", {"column": column, **kwargs}, TABLE.slice(0, 0)
    )
    assert isinstance(found, GovernanceError)
    assert found.reason is Reason.RULE_INVALID
    assert told in str(found)
