"""Rules about time: freshness, volume against recorded row counts, columns against the published version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_gov.model.durations import read_duration
from support.subjects import NOW, suite_results, with_rules


def ours(check: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "custom", "engine": "airflow-gov", "implementation": {"check": check, **arguments}}


@pytest.fixture
def observed(make_contract, make_table, engine):
    """The result of one rule on a table of one column ``t``."""

    def observe(rule: dict[str, Any], kind: str = "long", values: str = "VALUES (1)", **facts: Any):
        contract = with_rules(make_contract({"t": kind}), rule)
        table = make_table(f"SELECT t, 'l' AS _load_id FROM ({values}) v(t)", t=kind)
        (result,) = suite_results(contract, table, engine, **facts).values()
        return result

    return observe


@pytest.mark.parametrize(
    ("kind", "values", "passed", "told"),
    [
        ("timestamptz", f"VALUES (TIMESTAMPTZ '{NOW - timedelta(hours=3)}')", True, "3 h old"),
        ("timestamptz", "VALUES (TIMESTAMPTZ '2024-03-01 08:59:59+02')", False, "5 h old"),
        ("timestamp", "VALUES (TIMESTAMP '2024-03-01 08:30:00'), (NULL)", True, "3 h 30 min old"),
        ("timestamp", "VALUES (TIMESTAMP '2024-03-01 07:00:00')", False, "5 h old"),
        ("date", "VALUES (DATE '2024-02-29')", False, "1 day 12 h old"),
        ("date", "VALUES (DATE '2024-03-01')", False, "12 h old"),
        ("timestamp", "VALUES (TIMESTAMP '2030-01-01'), (TIMESTAMP '2024-03-01 11:00:00')", True, "1 h old"),
        ("timestamp", "VALUES (TIMESTAMP '2030-01-01')", False, "no value up to now"),
        ("timestamp", "VALUES ('infinity'::TIMESTAMP)", False, "no value up to now"),
        ("date", "VALUES ('-infinity'::DATE)", False, "no value up to now"),
        ("date", "SELECT NULL::DATE WHERE false", False, "no value up to now"),
    ],
)
def test_freshness_is_the_age_of_the_newest_value_up_to_now(observed, kind, values, passed, told) -> None:
    result = observed(ours("freshness", column="t", maxAge="4h"), kind, values, allow_empty=True)

    assert (result.passed, result.engine, result.check) == (passed, "duckdb", "freshness")
    assert result.expected == "at most 4h old"
    assert result.observed.startswith(told)


@pytest.mark.parametrize(
    ("rows", "history", "arguments", "passed", "told"),
    [
        (1, [], {}, True, "too little history to compare with (0 of 5 versions)"),
        (1, [100] * 4, {}, True, "too little history to compare with (4 of 5 versions)"),
        (1, [100] * 4, {"minHistory": 4}, False, "97 to 103 are usual by the last 4 versions"),
        (103, [100] * 5, {}, True, "97 to 103 are usual"),
        (104, [100] * 5, {}, False, "97 to 103 are usual"),
        (120, [90, 100, 110, 95, 105], {}, True, "78 to 122 are usual"),
        (123, [90, 100, 110, 95, 105], {}, False, "78 to 122 are usual"),
        (103, [90, 100, 110, 95, 105], {"maxChange": "2%"}, False, "98 to 102 are usual"),
        (103, [90, 100, 110, 95, 105], {"maxChange": 0.05}, True, "95 to 105 are usual"),
        (112, [90, 100, 110, 95, 105], {"sensitivity": 1.5}, False, "89 to 111 are usual"),
        (5, [5, 5, 5, 900, 900, 900], {"window": 3, "minHistory": 3}, True, "2 to 8 are usual"),
        (3, [0] * 5, {}, True, "0 to 3 are usual"),
    ],
)
def test_volume_is_judged_by_the_median_of_recorded_row_counts(
    observed, rows, history, arguments, passed, told
) -> None:
    values = f"SELECT i FROM range({rows}) r(i)"

    result = observed(ours("volume", **arguments), values=values, row_counts=history)

    assert (result.passed, result.engine) == (passed, "metadata")
    assert result.observed.startswith(f"{rows} rows; ")
    assert told in result.observed


@pytest.mark.parametrize(
    ("rows", "history", "unbounded"),
    [(1, [4000, 1000, 6000, 2000, 8000], True), (1, [90, 100, 110, 95, 105], False), (3, [0] * 5, False)],
)
def test_a_volume_without_a_lower_bound_says_so(observed, rows, history, unbounded) -> None:
    values = f"SELECT i FROM range({rows}) r(i)"

    result = observed(ours("volume"), values=values, row_counts=history)

    assert result.passed is (unbounded or not any(history))
    assert ("no lower bound: the history is too unsteady" in result.expected) is unbounded


@pytest.mark.parametrize(
    ("previous", "allow", "passed", "told"),
    [
        (None, None, True, "no published version to compare with"),
        ({"t": "long"}, None, True, "the same columns"),
        ({}, None, False, "added: t"),
        ({}, ["added"], True, "added: t"),
        ({"t": "int", "u": "date"}, ["added"], False, "removed: u; changed: t (int → long)"),
        ({"t": "int", "u": "date"}, ["removed", "changed"], True, "removed: u; changed: t (int → long)"),
    ],
)
def test_drift_is_any_change_of_columns_that_is_not_allowed(observed, previous, allow, passed, told) -> None:
    schema = None if previous is None else [*previous.items(), ("_load_id", "string")]
    arguments = {} if allow is None else {"allow": allow}

    result = observed(ours("schemaDrift", **arguments), previous_schema=schema)

    assert (result.passed, result.observed, result.engine) == (passed, told, "metadata")


@pytest.mark.parametrize(
    ("written", "duration"),
    [
        ("24h", timedelta(hours=24)),
        ("90 min", timedelta(minutes=90)),
        ("7 days", timedelta(days=7)),
        ("1.5d", timedelta(hours=36)),
        ("P1DT2H", timedelta(hours=26)),
        ("PT30M", timedelta(minutes=30)),
        ("p2w", timedelta(weeks=2)),
        ((4, "d"), timedelta(days=4)),
        (("4", "hours"), timedelta(hours=4)),
        ((1, "y"), timedelta(days=365)),
    ],
)
def test_durations(written, duration) -> None:
    assert read_duration(*(written if isinstance(written, tuple) else (written,))) == duration


@pytest.mark.parametrize(
    "written", ["", "h", "4", "0d", "P", "PT", "-4h", "4 fortnights", None, 4, "9" * 400 + "d"]
)
def test_what_is_no_duration(written) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        read_duration(written)
