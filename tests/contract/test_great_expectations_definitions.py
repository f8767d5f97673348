"""Rules pushed down agree with Great Expectations over the test definitions that it publishes.

Each definition is judged three times on the same rows: pushed down to DuckDB, by Great Expectations'
pandas engine, and by what the definition says must come out. The definitions are Great Expectations' and
stay out of this repository: ``AIRFLOW_GOV_GX_TEST_DEFINITIONS`` names the folder.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from airflow_gov.quality.pushdown.expectations import pushed_down
from support.agreement import Difference, is_known, judge
from support.definitions import read

FOLDER = os.environ.get("AIRFLOW_GOV_GX_TEST_DEFINITIONS", "")
FILES = sorted(Path(FOLDER).rglob("*.json")) if FOLDER else []

pytestmark = pytest.mark.skipif(
    not FILES,
    reason="AIRFLOW_GOV_GX_TEST_DEFINITIONS names no folder with Great Expectations' test definitions",
)

#: Definitions of expectations that the installed version names in its code and cannot run.
GONE = {
    "expect_column_bootstrapped_ks_test_p_value_to_be_greater_than",
    "expect_column_chisquare_test_p_value_to_be_greater_than",
    "expect_column_pair_cramers_phi_value_to_be_less_than",
    "expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than",
}
#: It names no metric in the installed version: Great Expectations itself ends with an error.
WITHOUT_METRIC = {"expect_multicolumn_values_to_be_unique"}


class Explained(NamedTuple):
    """Why some differences are right.

    :param expectation: as a regular expression.
    :param about: what differs, as a regular expression; ``definition:`` before it where Great Expectations
        and its own definition do.
    :param titles: of the definitions, as a regular expression.
    """

    expectation: str
    about: str
    titles: str
    reason: str

    def covers(self, expectation: str, difference: Difference) -> bool:
        """Whether it explains a difference."""
        title = difference.case.partition(": ")[2]
        return all(
            re.fullmatch(pattern, text)
            for pattern, text in (
                (self.expectation, expectation),
                (self.about, difference.about),
                (self.titles, title),
            )
        )


EXPLAINED = (
    Explained(
        "expect_column_distinct_values_to_.*",
        "definition:observed_value",
        ".*",
        "the installed version counts the values outside the set and lacking in it, and lists none",
    ),
    Explained(
        "expect_column_distinct_values_to_be_in_set",
        "definition:success",
        "vacuously_true_universal_set",
        "the installed version refuses a missing value_set",
    ),
    Explained(
        "expect_column_stdev_to_be_between",
        "definition:success",
        "positive_test__exact_min_and_max_sqlalchemy",
        "the bounds are the deviation to the last digit, which is another in PostgreSQL than in pandas",
    ),
    Explained(
        "expect_column_value_lengths_to_equal",
        "definition:success",
        "positive_test_integer_length_1_postgres",
        "PostgreSQL has no length of a number, pandas has",
    ),
    Explained(
        "expect_column_values_to_match_strftime_format",
        "definition:success",
        "negative_test_input_already_datetimes",
        "the definition is for SQL engines, which do not have this expectation any more",
    ),
    Explained(
        "expect_column_values_to_be_(in_type_list|of_type)",
        "(definition:)?(success|observed_value|unexpected_count)",
        "(positive|negative)_test_string_.*|positive_test_pandas_strings|dtype_object_.*",
        "text is of the type str in pandas 3, of which Great Expectations knows less than of object",
    ),
    Explained(
        "unexpected_rows_expectation",
        "definition:observed_value",
        ".*",
        "the installed version gives the number of rows, the definition words about it",
    ),
)


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Counter[str]]:
    """Counts definitions; told when all are judged."""
    counted: Counter[str] = Counter()
    yield counted
    told = ", ".join(f"{number} {what}" for what, number in counted.items())
    capturing = request.config.pluginmanager.getplugin("capturemanager")
    with capturing.global_and_fixture_disabled():
        print(f"\nGreat Expectations' definitions: {told}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_say_the_same(path: Path, tally: Counter[str]) -> None:
    unexplained: list[Difference] = []
    needed = set()
    expectations = set()
    for dataset in read(path):
        expectations |= {case.expectation for case in dataset.cases}
        tally["of expectations that are gone"] += sum(case.expectation in GONE for case in dataset.cases)
        tally["on values no column can have"] += sum(case.needs_mixed for case in dataset.cases)
        for outcome in judge(dataset):
            differences = list(outcome.differences())
            tally["judged"] += 1
            tally["the same"] += not differences
            tally["explained"] += bool(differences)
            tally["left to Great Expectations"] += outcome.fell_back
            for difference in differences:
                reasons = [one for one in EXPLAINED if one.covers(outcome.case.expectation, difference)]
                needed.update(reasons)
                unexplained += [] if reasons else [difference]
    assert unexplained == []
    unneeded = [
        one.reason
        for one in EXPLAINED
        if one not in needed and any(re.fullmatch(one.expectation, name) for name in expectations)
    ]
    assert unneeded == []


def test_each_expectation_of_the_installed_version_is_pushed_down() -> None:
    from great_expectations.expectations import core
    from great_expectations.expectations.registry import list_registered_expectation_implementations
    from great_expectations.util import camel_to_snake

    own = {camel_to_snake(name) for name in vars(core) if re.match("(Expect|Unexpected)[A-Z]", name)}
    assert own - set(pushed_down()) == WITHOUT_METRIC
    assert set(pushed_down()) - set(list_registered_expectation_implementations()) == set()
    assert GONE & set(list_registered_expectation_implementations()) == set()


def test_definitions_that_do_not_count() -> None:
    cases = [case for path in FILES for dataset in read(path) for case in dataset.cases]
    assert {case.expectation for case in cases if not is_known(case) and not case.needs_mixed} == GONE
