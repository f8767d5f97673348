"""Loads that are published together: each keeps its rows, whatever came of the others in the meantime."""

from __future__ import annotations

import itertools
from datetime import timedelta

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


class TestAGateThatMergedAndDied:
    """It left one branch that carries several loads; then one of them runs again."""

    def test_a_load_written_again_takes_the_place_of_the_merged_one(self, bench: Bench) -> None:
        first, second = bench.write("a", rows_of(1)), bench.write("b", rows_of(2))
        bench.lake.rebase([first, second])
        again = bench.write("a", rows_of(1, value="again"))
        bench.publish(again, second)
        assert bench.rows() == in_order([*rows_of(1, value="again"), *rows_of(2)])
        assert _branches(bench) == set()

    def test_also_when_it_is_another_write_mode_now(self, bench: Bench) -> None:
        bench.load("zero", rows_of(1))
        first, second = bench.write("a", rows_of(1, 5)), bench.write("b", rows_of(2))
        bench.lake.rebase([first, second])
        again = bench.write("a", rows_of(1, value="again"), WriteMode.UPSERT)
        bench.publish(second, again)
        assert bench.rows() == in_order([*rows_of(1, value="again"), *rows_of(2)])

    def test_the_merged_branch_goes_when_the_last_of_its_loads_is_proposed_elsewhere(
        self, bench: Bench
    ) -> None:
        waiting = [bench.write(name, rows_of(n)) for n, name in enumerate("ab")]
        merged = bench.lake.rebase(waiting)
        bench.publish(waiting[0])
        assert merged.branch in _branches(bench)
        bench.publish(waiting[1])
        assert _branches(bench) == set()
        assert bench.rows() == rows_of(0, 1)

    def test_it_goes_when_all_of_its_loads_were_written_again(self, bench: Bench) -> None:
        bench.lake.rebase([bench.write(name, rows_of(n)) for n, name in enumerate("ab")])
        bench.publish(*(bench.write(name, rows_of(n, value="again")) for n, name in enumerate("ab")))
        assert bench.rows() == rows_of(0, 1, value="again")
        assert _branches(bench) == set()

    def test_removing_the_merged_branch_spares_files_that_were_published_from_it(self, bench: Bench) -> None:
        waiting = [bench.write(name, rows_of(n)) for n, name in enumerate("ab")]
        bench.lake.rebase(waiting)
        bench.publish(waiting[0])
        report = bench.lake.maintain(bench.dataset, grace=timedelta(0), candidate_days=0)
        assert len(report.branches) == 1
        assert bench.rows() == rows_of(0)


def _branches(bench: Bench) -> set[str]:
    refs = bench.lake._catalog.load(bench.dataset).refs()
    return {name for name in refs if name.startswith("candidate-")}
