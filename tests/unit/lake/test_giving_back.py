"""An upsert that runs again with fewer keys leaves what it would have left the first time."""

from __future__ import annotations

from datetime import timedelta

from airflow_gov.model.loads import WriteMode
from support.lakes import Bench, contract, in_order, rows_of

UPSERT = WriteMode.UPSERT


def test_rows_from_before_the_load_come_back_and_those_it_inserted_go(bench: Bench) -> None:
    bench.load("zero", rows_of(0, 1, 2, 3, value="old"))
    bench.load("up", rows_of(0, 1, 2, 3, 4, value="new"), UPSERT)
    again = bench.load("up", rows_of(0, 1, value="again"), UPSERT)
    assert bench.rows() == in_order([*rows_of(0, 1, value="again"), *rows_of(2, 3, value="old")])
    assert bench.rows(load="zero") == rows_of(2, 3, value="old")
    assert (again.counts.updated, again.counts.inserted, again.counts.deleted) == (2, 0, 1)


def test_also_with_no_key_left_across_partitions_and_after_a_rebase(bench: Bench) -> None:
    bench = bench.over(contract(partition_by="part"))
    bench.load("zero", [*rows_of(1, 2), *rows_of(3, part="b")])
    bench.load("up", [*rows_of(1, 3, value="new"), *rows_of(9, part="b")], UPSERT)
    empty = bench.write("up", [], UPSERT)
    bench.load("between", rows_of(7))
    bench.publish(empty)
    assert bench.rows() == in_order([*rows_of(1, 2, 7), *rows_of(3, part="b")])


def test_each_run_looks_past_the_runs_before_it(bench: Bench) -> None:
    bench.load("zero", rows_of(1, 2, value="old"))
    for keys in ((1, 2), (1, 2), (1,), ()):
        bench.load("up", rows_of(*keys, value="new"), UPSERT)
    assert bench.rows() == rows_of(1, 2, value="old")


def test_what_another_load_ran_again_without_does_not_come_back(bench: Bench) -> None:
    bench.load("zero", rows_of(1, 2))
    bench.load("up", rows_of(1, 2, value="new"), UPSERT)
    bench.load("zero", rows_of(5))
    bench.load("up", [], UPSERT)
    assert bench.rows() == rows_of(5)


def test_nothing_is_lost_when_the_version_that_would_tell_is_gone(bench: Bench) -> None:
    bench.load("zero", rows_of(1, 2, value="old"))
    bench.load("up", rows_of(1, 2, value="new"), UPSERT)
    bench.lake.maintain(bench.dataset, keep_versions=1, grace=timedelta(0), compact=False)
    bench.load("up", rows_of(1, value="again"), UPSERT)
    assert bench.rows() == in_order([*rows_of(1, value="again"), *rows_of(2, value="new")])
