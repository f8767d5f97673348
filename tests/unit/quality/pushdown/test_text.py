"""Expectations about text: lengths, LIKE, JSON, dates, regular expressions."""

from __future__ import annotations

import random
import re
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.sql_text import literal
from airflow_gov.quality.pushdown import NotPushedDownError
from airflow_gov.quality.pushdown.regexes import translate
from support.expectations import both, push_down

TEXTS = pa.table(
    {
        "s": ["a", "ä1", None, "10", "a'b\n", "🤦🏼‍♂️ x", "", "٣", "AB", "a\nb"],
        "i": pa.array([1, -22, None, 333, 0, 10, 7, 8, 9, 10**15], pa.int64()),
        "b": pa.array([True, False, None] + [True] * 7),
        "d": pa.array([date(2020, 1, 1), None] * 5),
        "m": pa.array([Decimal("1.10"), Decimal("-0.05"), None] + [Decimal("10")] * 7, pa.decimal128(10, 2)),
        "f": pa.array([1.0, 1e16, None, 0.1, float("inf"), float("nan"), -0.0, 1e-7, 123456.789, 1e22]),
    }
)


@pytest.mark.parametrize("column", ["s", "i", "b", "d", "m"])
@pytest.mark.parametrize(
    ("expectation", "kwargs"),
    [
        ("expect_column_value_lengths_to_equal", {"value": 2}),
        ("expect_column_value_lengths_to_equal", {"value": 1.5}),
        ("expect_column_value_lengths_to_be_between", {"min_value": 2, "max_value": 4}),
        (
            "expect_column_value_lengths_to_be_between",
            {"min_value": 1.9, "max_value": 10, "strict_min": True, "strict_max": True, "mostly": 0.5},
        ),
        ("expect_column_values_to_match_regex", {"regex": r"^\w+$"}),
    ],
    ids=str,
)
def test_text_of_every_type(column, expectation, kwargs):
    result = both(expectation, {"column": column, **kwargs}, TEXTS.select([column]))
    assert result.agree(), result


@pytest.mark.parametrize(
    "regex",
    ["a", "^a$", r"\d", r"\w\b", r"[^\W\d]", "(?i)ab$", r"\s", "a.b", "(?s)a.b", r"(?<!1)0", "", r"^\S*\Z"],
)
def test_a_regular_expression_means_what_python_means(regex):
    for expectation in ("expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"):
        result = both(expectation, {"column": "s", "regex": regex}, TEXTS.select(["s"]))
        assert result.agree(), result


def test_numbers_are_searched_as_python_writes_them():
    result = both(
        "expect_column_values_to_match_regex", {"column": "f", "regex": r"\.\d$"}, TEXTS.select(["f"])
    )
    assert result.agree()
    assert result.pushed.python


@pytest.mark.parametrize("match_on", ["any", "all"])
def test_lists_of_regular_expressions(match_on):
    given = {"column": "s", "regex_list": ["a", r"\d", "b$"]}
    assert both("expect_column_values_to_match_regex_list", {**given, "match_on": match_on}, TEXTS).agree()
    assert both("expect_column_values_to_not_match_regex_list", given, TEXTS).agree()


#: Expressions that RE2 is given, beside those that Python alone can judge.
TRANSLATED = [
    "",
    "(?x) a b # c",
    *[
        r"a",
        r"^a",
        r"a$",
        r"^a$",
        r"\Aa\Z",
        r"a.b",
        r"(?s)a.b",
        r"(?i)aB",
        r"(?i)k",
        r"(?i)[a-c]x",
        r"(?i)[^a]",
        r"(?i)s",
        r"(?i:a)b",
        r"(?-i:a)",
        r"K",
        r"\d+",
        r"\D",
        r"\w+\s\w",
        r"\W",
        r"\S+$",
        r"\bfoo\b",
        r"\Bo",
        r"[\d_]+x",
        r"[^\d]",
        r"[^\W\d]",
        r"[\D]",
        r"[\s\S]",
        r"[^\s]",
        r"(?a)\d\w\s\b",
        r"(?a:\d)",
        r"[\w\-.]+@[\w.]+\.\w{2,4}$",
        r"a{2,3}b",
        r"a{0}",
        r"a*?b",
        r"x*",
        r"(a|b)+c",
        r"(?:ab|a)(?:c|bcd)$",
        r"a|b$|^c",
        r"(a$)|b",
        r"(^a|b)c",
        r"\.",
        r"\x41",
        r"\u00e9",
        r"[é-ü]",
        r"é",
        r"[^é]",
        r"\n",
        r"a\n$",
        r"$",
        r"^$",
        r"^\s*$",
        r"\0",
        r"[\x00-\x1f]",
        r"[]a]",
        r"[^]a]",
        r"[a\]]",
        r"\\",
        r"[\\]",
        r"(?P<n>a)b",
        r"(foo|bar)?baz",
        r"()",
        r"(|a)b",
    ],
]
LEFT_TO_PYTHON = [
    r"(?i)é",
    r"a$b",
    r"(?m)^a",
    r"(a)\1",
    r"(?=a)b",
    r"(?<!a)b",
    r"a{1001}",
    r"(?:a{40}){40}",
    r"(?P<n>a)(?P=n)",
    r"a++b",
    r"(?>a)b",
    r"(?i)ſ",
    r"\ud800",
    r"(a)?(?(1)b|c)",
]


@pytest.fixture(scope="module")
def searched():
    """Texts that bring out differences, and a session that has them."""
    import duckdb

    letters = [*"aAbBcCxkKsSfo0129_ .@-\\\n\t\v\f\r\x00\x1c\x1f\x85\u00a0éü٣\u212a\u017f\u2028\U0001f926"]
    chance = random.Random(1)
    texts = ["", "a\n", "\n", "a\nb", "foo\n", "x@y.com", "foo bar", "baz"]
    texts += ["".join(chance.choices([*letters, "foo", "ab"], k=chance.randint(1, 6))) for _ in range(3000)]
    with duckdb.connect() as connection:
        connection.register("searched", pa.table({"n": range(len(texts)), "s": texts}))
        yield connection, texts


@pytest.mark.parametrize("regex", TRANSLATED)
def test_a_translated_expression_finds_the_same(searched, regex):
    connection, texts = searched
    translated, compiled = translate(regex), re.compile(regex)
    of_ascii = "strlen(s) = length(s)" if translated.ascii_only else "true"
    found = connection.execute(
        f"SELECT n, regexp_matches(s, {literal(translated.text)}) FROM searched WHERE {of_ascii}"
    ).fetchall()
    assert len(found) > 500
    assert [texts[n] for n, matches in found if matches != (compiled.search(texts[n]) is not None)] == []


@pytest.mark.parametrize("regex", LEFT_TO_PYTHON)
def test_what_has_no_equal_is_left_to_python(regex):
    re.compile(regex)
    assert translate(regex) is None


LIKE = pa.table({"s": ["abc", "aBc", "a%c", "a_c", "a\\c", "äc", None, "", "a\nc", "x"]})


@pytest.mark.parametrize(
    ("pattern", "escape", "matching"),
    [
        ("abc", None, {"abc"}),
        ("a%", None, {"abc", "aBc", "a%c", "a_c", "a\\c", "a\nc"}),
        ("a_c", None, {"abc", "aBc", "a%c", "a_c", "a\\c", "a\nc"}),
        ("_c", None, {"äc"}),
        ("%", None, {"abc", "aBc", "a%c", "a_c", "a\\c", "äc", "", "a\nc", "x"}),
        ("", None, {""}),
        (r"a\%c", None, {"a%c"}),
        (r"a\_c", None, {"a_c"}),
        (r"a\\c", None, {"a\\c"}),
        (r"\a\bc", None, {"abc"}),
        ("a!%c", "!", {"a%c"}),
        (r"a\c", "!", {"a\\c"}),
        ("aé_c", "é", {"a_c"}),
    ],
)
def test_like_is_that_of_postgresql(pattern, escape, matching):
    given = {"column": "s", "like_pattern": pattern, "escape": escape}
    found, broken = push_down("expect_column_values_to_match_like_pattern", given, LIKE)
    texts = LIKE["s"].to_pylist()
    assert {
        text for text, wrong in zip(texts, broken, strict=True) if text is not None and not wrong
    } == matching
    assert (found.missing, found.unexpected, found.python) == (1, 9 - len(matching), False)
    opposite, _ = push_down("expect_column_values_to_not_match_like_pattern", given, LIKE)
    assert opposite.unexpected == len(matching)


@pytest.mark.parametrize(("match_on", "unexpected"), [("any", 4), ("all", 6)])
def test_lists_of_like_patterns(match_on, unexpected):
    given = {"column": "s", "like_pattern_list": ["a%", "%c"], "mostly": 0.5}
    table = pa.table({"s": ["ac", "abc", "ab", "bc", "x", "y", "z", "", None]})
    found, _ = push_down(
        "expect_column_values_to_match_like_pattern_list", {**given, "match_on": match_on}, table
    )
    assert (found.unexpected, found.success) == (unexpected, match_on == "any")
    found, _ = push_down("expect_column_values_to_not_match_like_pattern_list", given, table)
    assert found.unexpected == 4


DOCUMENTS = pa.table(
    {
        "s": [
            *('{"a": 1}', "[1,]", "NaN", "1", "", None, "{", '"\\ud800"', "-Infinity", "01", " 7 "),
            *("[" * 5000, "9" * 5000),
        ],
        "x": pa.array([b"1", b"{", None, b"\xff", *[b"null"] * 9]),
        "i": range(13),
    }
)  # fmt: skip


@pytest.mark.parametrize("column", ["s", "x", "i"])
def test_json_is_what_python_parses(column):
    result = both("expect_column_values_to_be_json_parseable", {"column": column}, DOCUMENTS.select([column]))
    assert result.agree(), result


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def test_json_schemas():
    table = pa.table({"s": ['{"a": 1}', '{"a": "1"}', "[]", None, '{"a": 1.0, "b": 2}']})
    assert both(
        "expect_column_values_to_match_json_schema", {"column": "s", "json_schema": SCHEMA}, table
    ).agree()
    wrong = pa.table({"s": ["secret"], "n": [1]})
    result = both("expect_column_values_to_match_json_schema", {"column": "s", "json_schema": SCHEMA}, wrong)
    assert result.agree()  # both end with an error
    assert result.pushed.reason is Reason.SQL_FAILED
    assert "JSONDecodeError" in str(result.pushed)
    assert "secret" not in str(result.pushed)


def test_a_value_outside_the_condition_is_not_judged():
    table = pa.table({"s": ["no JSON", "1"], "n": [1, 2]})
    given = {"column": "s", "json_schema": {"type": "integer"}}
    assert both("expect_column_values_to_match_json_schema", given, table, condition="n > 1").agree()


@pytest.mark.parametrize(
    ("expectation", "kwargs"),
    [
        ("expect_column_values_to_be_dateutil_parseable", {}),
        ("expect_column_values_to_match_strftime_format", {"strftime_format": "%Y-%m-%d"}),
        ("expect_column_values_to_match_strftime_format", {"strftime_format": "%d.%m.%y %H:%M:%S.%f"}),
    ],
    ids=str,
)
def test_dates_as_text(expectation, kwargs):
    texts = [
        "2020-01-01",
        "1.1.20 5:06:07.8",
        None,
        "Jan 5th 2021",
        "soon",
        "",
        "2020-02-30",
        "99999999999999",
        "٣",
    ]
    assert both(expectation, {"column": "s", **kwargs}, pa.table({"s": texts})).agree()


@pytest.mark.parametrize(
    ("expectation", "kwargs", "told"),
    [
        ("expect_column_values_to_match_regex", {"regex": "a("}, "'a(' does not compile"),
        ("expect_column_values_to_match_regex_list", {"regex_list": []}, "is empty"),
        ("expect_column_values_to_match_like_pattern", {"like_pattern": "a\\"}, "ends in its escape"),
        (
            "expect_column_values_to_match_like_pattern",
            {"like_pattern": "a", "escape": "!!"},
            "one character",
        ),
        ("expect_column_values_to_match_like_pattern_list", {"like_pattern_list": []}, "is empty"),
        ("expect_column_values_to_match_strftime_format", {"strftime_format": "%D"}, "does not read"),
        ("expect_column_values_to_match_json_schema", {"json_schema": {"type": "integr"}}, "no JSON schema"),
        ("expect_column_value_lengths_to_be_between", {}, "give one of them"),
    ],
    ids=str,
)
def test_wrong_arguments_are_told_before_anything_is_read(expectation, kwargs, told):
    found, _ = push_down(expectation, {"column": "s", **kwargs}, TEXTS.slice(0, 0))
    assert isinstance(found, GovernanceError)
    assert found.reason is Reason.RULE_INVALID
    assert told in str(found)


def test_what_looks_at_text_only_refuses_other_columns():
    for expectation, kwargs in (
        ("expect_column_values_to_be_dateutil_parseable", {}),
        ("expect_column_values_to_match_like_pattern", {"like_pattern": "1%"}),
    ):
        found, _ = push_down(expectation, {"column": "i", **kwargs}, TEXTS)
        assert found.reason is Reason.RULE_INVALID
        assert "i is long, not text" in str(found)


def test_types_that_sql_writes_otherwise_are_left_to_great_expectations():
    table = pa.table({"t": pa.array([0], pa.timestamp("us")), "g": pa.array([0.1], pa.float32())})
    for column in table.column_names:
        found, _ = push_down("expect_column_value_lengths_to_equal", {"column": column, "value": 1}, table)
        assert isinstance(found, NotPushedDownError)
