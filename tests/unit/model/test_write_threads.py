"""DuckDB writes in the threads of the query: in others it may wait for ever when a disk is full."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from airflow_gov.lake.rewriting import Rewriter
from airflow_gov.model.write_threads import in_query_threads
from airflow_gov.transform.session import Limits, open_session

SETTING = "SELECT current_setting('async_threads')"


@pytest.mark.parametrize(
    ("version", "options"),
    [
        ("1.4.4", {}),
        ("2.0.0", {"async_threads": 0}),
        ("2.1.0.dev12", {"async_threads": 0}),
        ("10.0.0", {"async_threads": 0}),
        ("unknown", {}),
    ],
)
def test_the_option_is_for_those_that_know_it(version: str, options: dict[str, int]) -> None:
    assert in_query_threads(version) == options


def test_the_duckdb_that_is_here_takes_it() -> None:
    with duckdb.connect(":memory:", config=dict(in_query_threads(duckdb.__version__))) as connection:
        assert connection.execute(SETTING).fetchall() == [(0,)]


def test_what_writes_is_opened_so(tmp_path: Path) -> None:
    with open_session(Limits("640MB", temp_folder=tmp_path)) as connection:
        assert connection.execute(SETTING).fetchall() == [(0,)]
    with Rewriter("640MB", 1, tmp_path, 1_000_000).open() as session:
        assert session._connection.execute(SETTING).fetchall() == [(0,)]
