"""One table of all types, and what an expectation observes on it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.pushdown import evaluate
from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.suites import relation_of
from airflow_gov.transform import DuckEngine
from support.expectations import ArrowTable

NOON = datetime.fromisoformat("2020-01-01T12:00:00.000001")
TABLE = pa.table(
    {
        "i": pa.array([1, 1, 2, None, -7], pa.int64()),
        "f": pa.array([1.0, float("nan"), 2.5, None, -0.5]),
        "far": pa.array([1.0, float("inf"), 2.5, None, float("nan")]),
        "b": pa.array([True, True, False, None, True]),
        "s": pa.array(["a", "é", "a", None, "Z"]),
        "day": pa.array(["2020-01-05", "2020-01-03", "2020-01-03", None, "2020-01-03"]),
        "d": pa.array([date(2020, 1, 1), date(2020, 1, 1), date(2020, 1, 2), None, date(1999, 12, 31)]),
        "ts": pa.array([NOON, NOON, NOON + timedelta(days=1), None, NOON], pa.timestamp("us")),
        "tz": pa.array([NOON, NOON, NOON + timedelta(days=1), None, NOON], pa.timestamp("us", "UTC")),
        "n": pa.array([Decimal("1.10"), Decimal("1.10"), Decimal("2.25"), None, Decimal("-9.99")]),
        "t": pa.array([time(1), time(2, 0, 0, 7), time(3), None, time(1)], pa.time64("us")),
        "none": pa.array([None] * 5, pa.float64()),
        "parts": pa.array([[1], [2], None, [], [1]]),
        "huge": pa.array([2**63 - 1, 2**63 - 1, None, None, 1], pa.int64()),
    }
)
OTHER = pa.table({"a": pa.array([1, 2, 2], pa.int64()), "b": pa.array(["x", "y", None])})
OWN, ELSE = DatasetName.parse("clean.table"), DatasetName.parse("clean.other")


@pytest.fixture(scope="module")
def judged():
    """``judged("expect_…", column=…)``: what one expectation observes, or the error it ends with."""
    engine = DuckEngine(memory_limit="640MB")
    table, other = ArrowTable(TABLE), ArrowTable(OTHER, str(ELSE))
    with (
        engine.query_tables({"t": table, "o": other}) as session,
        engine.query_datasets({OWN: table, ELSE: other}) as fenced,
    ):
        relation = relation_of(session, "t", table.schema, {str(ELSE): "o"}, dataset=str(OWN))

        def judge(expectation, condition=None, **arguments):
            rows = relation if condition is None else relation.where(condition)
            plan = pushed_down()[expectation](rows, **arguments)
            found = evaluate(session, {"rule": plan}, lambda sql, *_: fenced(sql))["rule"]
            if isinstance(found, Exception):
                raise found
            return found

        yield judge
