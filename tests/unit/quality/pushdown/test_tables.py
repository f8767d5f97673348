"""Tables as a whole, other datasets, and users' own SELECTs."""

from __future__ import annotations

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.pushdown import NotPushedDownError, Relation, evaluate
from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.pushdown.queries import datasets_of

COLUMNS = ["i", "f", "far", "b", "s", "day", "d", "ts", "tz", "n", "t", "none", "parts", "huge"]
ELSE = DatasetName.parse("clean.other")


@pytest.mark.parametrize(
    ("expectation", "arguments", "success", "value"),
    [
        ("expect_table_column_count_to_equal", {"value": 14}, True, 14),
        ("expect_table_column_count_to_be_between", {"max_value": 13}, False, 14),
        ("expect_table_columns_to_match_ordered_list", {"column_list": COLUMNS}, True, COLUMNS),
        ("expect_table_columns_to_match_ordered_list", {"column_list": COLUMNS[::-1]}, False, COLUMNS),
        ("expect_table_columns_to_match_set", {"column_set": COLUMNS[::-1]}, True, sorted(COLUMNS)),
        ("expect_table_columns_to_match_set", {"column_set": ["i"]}, False, sorted(COLUMNS)),
        (
            "expect_table_columns_to_match_set",
            {"column_set": ["i"], "exact_match": False},
            True,
            sorted(COLUMNS),
        ),
        ("expect_column_to_exist", {"column": "i"}, True, None),
        ("expect_column_to_exist", {"column": "lost"}, False, None),
        ("expect_column_to_exist", {"column": "f", "column_index": 1}, True, None),
        ("expect_column_to_exist", {"column": "f", "column_index": 99}, False, None),
    ],
)
def test_columns_are_told_without_data(judged, expectation, arguments, success, value):
    found = judged(expectation, **arguments)
    assert (found.success, found.value, found.metadata) == (success, value, True)


def test_rows_are_counted(judged):
    assert judged("expect_table_row_count_to_equal", value=5).success
    found = judged("expect_table_row_count_to_be_between", condition="i = 1", min_value=3)
    assert (found.success, found.value, found.rows, found.metadata) == (False, 2, 2, False)
    with pytest.raises(GovernanceError, match="greater"):
        judged("expect_table_row_count_to_be_between", min_value=3, max_value=2)


def test_rows_of_another_dataset(judged):
    found = judged("expect_table_row_count_to_equal_other_table", other_table_name="clean.other")
    assert (found.success, found.value) == (False, {"self": 5, "other": 3})
    same = judged("expect_table_row_count_to_equal_other_table", "i >= 1", other_table_name="clean.other")
    assert same.success
    with pytest.raises(GovernanceError, match=r"clean\.lost"):
        judged("expect_table_row_count_to_equal_other_table", other_table_name="clean.lost")


@pytest.mark.parametrize(
    ("query", "condition", "rows"),
    [
        ("SELECT * FROM {batch} WHERE i > 5", None, 0),
        ("SELECT * FROM {batch} WHERE i > 0;\n", None, 3),
        ("SELECT * FROM {batch} AS x -- and a comment", "i = 1", 2),
        ("WITH x AS (SELECT i FROM {batch}) SELECT i FROM x GROUP BY i HAVING count(*) > 1", None, 1),
        ("SELECT * FROM {batch} a JOIN {batch} b USING (i)", "i = 1", 4),
        ("SELECT * FROM {batch} WHERE '{{' || s = chr(123) || 'a'", None, 2),
    ],
)
def test_rows_that_a_select_finds(judged, query, condition, rows):
    found = judged("unexpected_rows_expectation", condition, unexpected_rows_query=query)
    assert (found.success, found.value, found.unexpected) == (rows == 0, rows, rows)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * FROM read_text('/etc/hostname')", Reason.SQL_REFUSED),
        ("SELECT * FROM clean.secret", Reason.SQL_REFUSED),
        ("SELECT _load_id FROM {batch}", Reason.SQL_FAILED),
        ("SELECT lost FROM {batch}", Reason.SQL_FAILED),
        ("SELECT 1); DELETE FROM {batch}; --", Reason.RULE_INVALID),
        ("SELECT '{'", Reason.RULE_INVALID),
        ("SELECT * FROM {table}", Reason.RULE_INVALID),
    ],
)
def test_a_select_reaches_nothing_else(judged, query, reason):
    with pytest.raises(GovernanceError) as raised:
        judged("unexpected_rows_expectation", unexpected_rows_query=query)
    assert raised.value.reason == reason


def compared(judged, base, comparison, mostly=1.0):
    return judged(
        "expect_query_results_to_match_comparison",
        base_query=base,
        comparison_data_source_name="clean.other",
        comparison_query=comparison,
        mostly=mostly,
    )


def test_results_of_two_selects(judged):
    same = compared(judged, "SELECT 2.0 AS a FROM {batch} LIMIT 2", "SELECT a FROM clean.other WHERE a = 2")
    assert (same.success, same.value, same.unexpected) == (True, None, 0)
    values = "SELECT * FROM (VALUES (1, 'x'), (2, 'y'), (2, 'y'), (3, NULL)) AS v(a, b)"
    other = compared(judged, values, "SELECT a, b FROM clean.other")
    assert (other.success, other.unexpected) == (False, 2)
    assert compared(judged, values, "SELECT a, b FROM clean.other", mostly=0.5).success
    nothing = compared(judged, "SELECT 1 WHERE false", "SELECT a FROM clean.other WHERE false")
    assert (nothing.success, nothing.unexpected) == (True, 0)
    text = compared(judged, "SELECT '1' AS a", "SELECT 1 AS a")
    assert text.unexpected == 1


def test_results_that_are_not_compared(judged):
    for base in ("SELECT [1] AS a", "SELECT * FROM range(10001)"):
        with pytest.raises(GovernanceError) as raised:
            compared(judged, base, "SELECT a FROM clean.other")
        assert raised.value.reason == Reason.RULE_FAILED


def test_a_users_select_needs_a_fence(engine, make_table):
    with engine.query_tables({"t": make_table("SELECT 1 AS i, 'l' AS _load_id", i="int")}) as session:
        plan = pushed_down()["unexpected_rows_expectation"](
            Relation("t", {}), unexpected_rows_query="SELECT 1"
        )
        found = evaluate(session, {"rule": plan})["rule"]
    assert isinstance(found, NotPushedDownError)


def test_which_datasets_are_read():
    assert datasets_of(
        "expect_query_results_to_match_comparison", {"comparison_data_source_name": "clean.other"}
    ) == (ELSE,)
    assert datasets_of(
        "expect_table_row_count_to_equal_other_table", {"other_table_name": "clean.other"}
    ) == (ELSE,)
    assert datasets_of("expect_column_to_exist", {"column": "i"}) == ()
