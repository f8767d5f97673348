"""Publishing two datasets without a commit over both: in order, taken back on failure, made good later."""

from __future__ import annotations

import pytest

from airflow_gov.lake.publishing import Publication, publish, publish_in_order
from airflow_gov.model.errors import CandidateStaleError
from support.lakes import Bench, contract, rows_of


@pytest.fixture
def other(bench: Bench) -> Bench:
    return bench.over(contract("sensitive.numbers"))


def candidates(bench: Bench, other: Bench) -> list[Publication]:
    return [
        Publication(bench.write("one", rows_of(1)), "v1"),
        Publication(other.write("one", rows_of(2)), "v1"),
    ]


def test_both_are_published(bench: Bench, other: Bench) -> None:
    assert publish_in_order(bench.lake._catalog, candidates(bench, other)) == ["v1", "v1"]
    assert (bench.rows(), other.rows()) == (rows_of(1), rows_of(2))


def test_the_first_is_taken_back_when_the_second_is_stale(bench: Bench, other: Bench) -> None:
    pair = candidates(bench, other)
    other.load("in between", rows_of(3))
    with pytest.raises(CandidateStaleError):
        publish_in_order(bench.lake._catalog, pair)
    assert (bench.rows(), other.rows()) == ([], rows_of(3))
    assert bench.lake.versions(bench.dataset) == {}
    bench.publish(pair[0].candidate)
    other.publish(pair[1].candidate)
    assert (bench.rows(), other.rows()) == (rows_of(1), rows_of(2, 3))


def test_a_process_killed_in_between_is_made_good_by_the_next(bench: Bench, other: Bench) -> None:
    pair = candidates(bench, other)
    publish(bench.lake._catalog, pair[0])
    assert publish_in_order(bench.lake._catalog, pair) == ["v1", "v1"]
    assert (bench.rows(), other.rows()) == (rows_of(1), rows_of(2))


def test_what_others_built_on_is_not_taken_back(bench: Bench, other: Bench) -> None:
    pair = candidates(bench, other)
    publish(bench.lake._catalog, pair[0])
    bench.load("further", rows_of(9))
    other.load("in between", rows_of(3))
    with pytest.raises(CandidateStaleError):
        publish_in_order(bench.lake._catalog, pair)
    assert bench.rows() == rows_of(1, 9)
