"""Any sequence of loads, retries, publications and maintenance leaves what a simple ledger says."""

from __future__ import annotations

import tempfile
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_gov.lake import Lake
from airflow_gov.model.loads import WriteMode
from support.lakes import Bench, Ledger, contract

_row = st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", None]), st.sampled_from(["x", "y"]))
_rows = st.lists(_row, max_size=4, unique_by=lambda row: row[0])
_step = st.one_of(
    st.tuples(
        st.just("load"),
        st.sampled_from(["one", "two", "three"]),
        _rows,
        st.sampled_from(list(WriteMode)),
        st.booleans(),
    ),
    st.tuples(st.just("maintain")),
)


@given(steps=st.lists(_step, min_size=1, max_size=7), partitioned=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_table_is_what_the_ledger_says(steps: list[tuple], partitioned: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(
            catalog_name="airflow_gov",
            properties={"uri": f"sqlite:///{folder}/c.db", "warehouse": f"{folder}/lake"},
        )
        bench = Bench(lake, contract(partition_by="part" if partitioned else None))
        bench.lake.prepare(bench.contract)
        ledger = Ledger()
        for step in steps:
            _take(bench, ledger, step, partitioned)
            assert bench.rows_and_loads() == ledger.rows
        lake.close()


def _take(bench: Bench, ledger: Ledger, step: tuple, partitioned: bool) -> None:
    if step[0] == "maintain":
        bench.lake.maintain(bench.dataset, keep_versions=1, grace=timedelta(0))
        ledger.forget()
        return
    _, name, rows, mode, retried = step
    if mode is WriteMode.OVERWRITE_PARTITION and not partitioned:
        mode = WriteMode.APPEND
    if retried:
        bench.write(name, rows, mode)  # a try that was killed before its gate ran
    bench.load(name, rows, mode)
    ledger.apply(name, rows, mode)
