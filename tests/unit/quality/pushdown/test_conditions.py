"""Row conditions: the rows that pandas selects in Great Expectations are those that SQL selects."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.pushdown import NotPushedDownError, Relation
from airflow_gov.quality.pushdown.conditions import to_sql
from airflow_gov.quality.reference.frames import frame_of
from support.agreement import relation_on
from support.definitions import Dataset
from support.expectations import validate

DAY = datetime.fromisoformat("2020-01-01")
TABLE = pa.table(
    {
        "i": pa.array([1, 1, 2, None], pa.int64()),
        "f": pa.array([1.0, float("nan"), 2.5, None]),
        "b": pa.array([True, True, False, None]),
        "s": pa.array(["a", "a", "b", None]),
        "d": pa.array([date(2020, 1, 1), date(2020, 1, 1), date(2020, 1, 2), None]),
        "ts": pa.array([DAY, DAY, DAY + timedelta(days=1), None], pa.timestamp("us")),
        "n": pa.array([Decimal("1.50"), Decimal("1.50"), Decimal("2.10"), None], pa.decimal128(10, 2)),
        "none": pa.array([None] * 4, pa.float64()),
        "with space": pa.array([1, 1, 2, None], pa.int32()),
        "it's": pa.array(["it's", '"', "\\", None]),
    }
)
VALUES = {
    "i": [1, 1.5, True, "1"],
    "f": [1.0, 2, "1"],
    "b": [True, 1, 0.5, "True"],
    "s": ["a", 1, ""],
    "d": ["2020-01-01"],
    "ts": ["2020-01-01", "2020-01-01T12:00:00"],
    "n": [1.5, 2, 2.1, "1.50"],
    "none": [1],
    "with space": [1],
}


@pytest.fixture(scope="module")
def relation():
    with relation_on(Dataset(TABLE, {}, [])) as opened:
        yield opened


def rows(opened, condition, parser=None):
    """How many rows SQL selects; an error where it ends with one."""
    session, relation = opened
    try:
        selected = to_sql(condition, parser, relation)
    except GovernanceError:
        return "an error"
    return session(f"SELECT count(*) FROM t WHERE {selected}")[0][0]


def rows_of_pandas(condition, parser=None):
    """The same by Great Expectations."""
    given = {"row_condition": condition} | ({"condition_parser": parser} if parser else {})
    result = validate("expect_table_row_count_to_equal", {"value": 1, **given}, frame_of(TABLE))
    return "an error" if isinstance(result, Exception) else int(result.result["observed_value"])


def compare(column, operator, parameter):
    return {"type": "comparison", "column": {"name": column}, "operator": operator, "parameter": parameter}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_comparisons_with_values_of_all_types(relation, operator):
    for column, values in VALUES.items():
        for value in values:
            condition = compare(column, operator, value)
            assert rows(relation, condition) == rows_of_pandas(condition), condition


@pytest.mark.filterwarnings("ignore")
def test_lists_and_missing_values(relation):
    lists = {column: [[each] for each in values] for column, values in VALUES.items()}
    conditions = [
        *(
            compare(name, how, each)
            for how in ("IN", "NOT_IN")
            for name, all_ in lists.items()
            for each in all_
        ),
        *(
            {"type": "nullity", "column": {"name": name}, "is_null": no}
            for name in VALUES
            for no in (True, False)
        ),
        compare("i", "IN", [1, 2, 3]),
        compare("s", "NOT_IN", []),
        {"type": "and", "conditions": [compare("i", "!=", 5), compare("s", "!=", "zz")]},
        {"type": "or", "conditions": [compare("i", "!=", 5), compare("s", "!=", "zz")]},
        {"type": "pass_through", "pass_through_filter": "i > 1"},
    ]
    for condition in conditions:
        assert rows(relation, condition) == rows_of_pandas(condition), condition


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "condition",
    [
        'col("i") > 1',
        'col("i")<=+1',
        'col("i") == 1e0',
        'col("f") > -1.5',
        'col("s") == "a"',
        "col(\"s\") != 'a'",
        'col("ts") >= date("2020-01-02")',
        'col("with space") == 1',
        'col("i").notNull()',
        'col("none").notnull()',
        'col("d") > "2020-01-01"',
        "col('i') > 1",
        'col("i").isNull()',
        "i > 1",
    ],
)
def test_the_language_of_great_expectations(relation, condition):
    for parser in ("great_expectations", "great_expectations__experimental__"):
        assert rows(relation, condition, parser) == rows_of_pandas(condition, parser)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "query",
    [
        "i > 1",
        "not (i > 1)",
        "not (f > 1)",
        "~(i > 1)",
        "i >= 1 & f >= 1",
        '(i > 1) | (s == "a")',
        "1 <= i < 2",
        "2 > i",
        "i in [1, 3]",
        "i not in [1]",
        "i == [1, 2]",
        's != ["a"]',
        "i.isnull()",
        "f.notna()",
        "`with space` > 1",
        "b",
        "not b",
        "b == True",
        '"a" == s',
        "i > -1",
        'i > 1 or s == "a" and f > 100',
        'ts > "2020-01-01"',
        'i > "1"',
        "`it's` == \"it's\"",
        "missing > 1",
        "i >",
    ],
)
def test_queries_of_pandas(relation, query):
    for parser in (None, "pandas"):
        assert rows(relation, query, parser) == rows_of_pandas(query, parser)


@pytest.mark.parametrize(
    "query",
    ["s.str.len() > 1", "i + 1 > 2", "i == f", "index > 2", "s == None", "i in (1, 2)", "@x > 1", "f(i) > 1"],
)
def test_what_only_pandas_reads(query):
    columns = dict.fromkeys(TABLE.column_names)
    with pytest.raises((NotPushedDownError, GovernanceError)) as raised:
        to_sql(query, "pandas", Relation("t", columns))
    if not query.startswith("@"):
        assert isinstance(raised.value, NotPushedDownError)


@pytest.mark.parametrize(
    ("condition", "parser", "words"),
    [
        ("i > 1", "spark", "spark"),
        # Great Expectations reads the first comparison and drops the rest without a word.
        ('col("i") > 1 and col("f") > 1', "great_expectations", "is none"),
        ({"type": "comparison", "column": {"name": "i"}, "operator": "~", "parameter": 1}, None, "~"),
        (compare("i", "IN", "abc"), None, "no list"),
        (compare("i", "==", None), None, "missing"),
        ({"type": "and", "conditions": []}, None, "conditions"),
        ({"type": "or", "conditions": [compare("i", "==", 1)] * 101}, None, "100"),
        ({"what": 1}, None, "no condition"),
        (compare("nothing", "==", 1), None, "nothing"),
    ],
)
def test_what_is_no_condition(relation, condition, parser, words):
    with pytest.raises(GovernanceError, match=words) as raised:
        to_sql(condition, parser, relation[1])
    assert raised.value.reason == Reason.RULE_INVALID
