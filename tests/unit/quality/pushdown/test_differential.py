"""Random rules on random tables: DuckDB and Great Expectations say the same."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.transform.checking import QuerySession
from airflow_gov.transform.session import Limits, add_named_tables, open_session
from support.agreement import FOR_SQL_ONLY
from support.differing import difference
from support.expectations import ArrowTable
from support.random_arguments import ARGUMENTS, arguments, columns_in
from support.random_tables import tables

#: More for a hunt, and others each time: AIRFLOW_GOV_EXAMPLES=2000.
EXAMPLES = int(os.environ.get("AIRFLOW_GOV_EXAMPLES", "0"))

#: Judged in other tests: by more than one table or a user's SQL, and by types, which pandas has others of.
ELSEWHERE = FOR_SQL_ONLY | {
    "expect_column_type_to_be",
    "expect_column_values_to_be_in_type_list",
    "expect_column_values_to_be_of_type",
    "expect_query_results_to_match_comparison",
}


@pytest.fixture(scope="module")
def session_with():
    """One DuckDB for all examples, which takes the table of each."""
    with open_session(Limits("640MB", threads=1)) as connection:

        def give(table):
            connection.execute("DROP VIEW IF EXISTS t")
            add_named_tables(connection, {"t": ArrowTable(table)})
            return QuerySession(connection, 1 << 20)

        yield give


@pytest.mark.parametrize("expectation", sorted(ARGUMENTS))
@settings(
    max_examples=EXAMPLES or 6,
    derandomize=not EXAMPLES,
    phases=[Phase.generate] + [Phase.shrink] * bool(EXAMPLES),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_both_engines_say_the_same(expectation, session_with, data):
    given_arguments = data.draw(arguments(expectation))
    table = data.draw(tables(columns_in(given_arguments)))
    assert difference(session_with(table), expectation, given_arguments, table) is None


def test_every_expectation_that_is_pushed_down_is_looked_at():
    assert set(pushed_down()) == set(ARGUMENTS) | ELSEWHERE
