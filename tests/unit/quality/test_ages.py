"""The newest moment in a column."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_gov.quality.ages import newest_moment

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "values", "newest"),
    [
        ("timestamp", "TIMESTAMP '2026-03-01 12:00'), (TIMESTAMP '2026-02-28 23:00'), (NULL", NOON),
        ("timestamptz", "TIMESTAMPTZ '2026-03-01 07:00-05'), (NULL", NOON),
        ("date", "DATE '2026-03-01'), (DATE '2026-01-01'", NOON.replace(hour=0)),
        ("timestamp", "CAST(NULL AS TIMESTAMP)", None),
        ("timestamp", "TIMESTAMP '2026-03-01 12:00:00.123456'", NOON.replace(microsecond=123456)),
    ],
)
def test_the_greatest_value_is_a_moment_in_utc(make_table, engine, kind, values, newest):
    table = make_table(f"SELECT seen, '' AS _load_id FROM (VALUES ({values})) t(seen)", seen=kind)
    assert newest_moment(table, "seen", engine) == newest


def test_an_empty_table_has_none(make_table, engine):
    table = make_table("SELECT DATE '2026-03-01' AS seen, '' AS _load_id WHERE false", seen="date")
    assert newest_moment(table, "seen", engine) is None


def test_names_may_need_quotes(make_table, engine):
    table = make_table(
        'SELECT DATE \'2026-03-01\' AS "last ""seen""", \'\' AS _load_id', **{'last "seen"': "date"}
    )
    assert newest_moment(table, 'last "seen"', engine) == NOON.replace(hour=0)
