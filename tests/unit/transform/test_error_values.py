"""Values of the data stay out of messages and tracebacks: they may be anybody's address."""

from __future__ import annotations

import traceback

import pytest

from airflow_gov.model.errors import GovernanceError

SOURCE = "SELECT 'alice@example.com' AS email, '2024-99-99' AS day, 'l' AS _load_id"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT CAST(email AS BIGINT) AS x FROM clean.people",
        "SELECT email AS x FROM clean.people",
        "SELECT year(strptime(email, '%Y-%m-%d')) AS x FROM clean.people",
        "SELECT CAST(day AS DATE) - DATE '2024-01-01' AS x FROM clean.people",
    ],
)
def test_a_value_that_does_not_convert_is_not_shown(engine, folder, make_table, make_contract, sql):
    table = make_table("clean.people", SOURCE, email="string", day="string")
    with pytest.raises(GovernanceError) as refused:
        engine.run_sql(
            sql, {table.dataset: table}, make_contract("gold.x", x="long"), load_id="l", folder=folder
        )
    shown = "".join(traceback.format_exception(refused.value))
    assert "alice" not in shown
    assert "2024-99-99" not in shown
