"""Loads that are published together: each keeps its rows, whatever came of the others in the meantime."""

from __future__ import annotations

import itertools

import pytest

from airflow_gov.model.loads import WriteMode
from support.lakes import Bench, contract, in_order, rows_of

_MODES = (WriteMode.APPEND, WriteMode.OVERWRITE, WriteMode.OVERWRITE_PARTITION)


@pytest.mark.parametrize("modes", list(itertools.product(_MODES, repeat=2)))
def test_loads_that_are_merged_overwrite_what_was_there_and_not_each_other(
    bench: Bench, modes: tuple[WriteMode, WriteMode]
) -> None:
    bench = bench.over(contract(partition_by="part"))
    bench.load("zero", [*rows_of(0), *rows_of(9, part="untouched")])
    bench.publish(*(bench.write(f"map-{n}", rows_of(n), mode) for n, mode in enumerate(modes, start=1)))
    expected = rows_of(1, 2)
    if WriteMode.OVERWRITE not in modes:
        expected += rows_of(9, part="untouched")
    if set(modes) == {WriteMode.APPEND}:
        expected += rows_of(0)
    assert bench.rows() == in_order(expected)


def test_an_overwrite_beside_an_upsert_takes_what_the_upsert_left_of_older_files(bench: Bench) -> None:
    bench.load("zero", rows_of(1, 2, 3))
    upsert = bench.write("up", rows_of(2, value="up"), WriteMode.UPSERT)
    bench.publish(upsert, bench.write("all", rows_of(7), WriteMode.OVERWRITE))
    assert bench.rows() == in_order([*rows_of(2, value="up"), *rows_of(7)])


def test_loads_merged_again_replace_what_they_brought_and_nothing_is_doubled(bench: Bench) -> None:
    for value in ("first", "again"):
        bench.publish(
            *(bench.write(f"map-{n}", rows_of(n, value=value), WriteMode.OVERWRITE) for n in range(3))
        )
    assert bench.rows() == rows_of(0, 1, 2, value="again")
