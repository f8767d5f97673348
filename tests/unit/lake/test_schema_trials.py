"""A schema change that was written and never published can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_gov.model.contract import Column
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.types import parse_type
from support.lakes import NUMBER, PART, VALUE, Bench, contract, rows_of

MORE = Column("more", parse_type("date"))


@pytest.fixture
def tried(bench: Bench) -> Bench:
    """The new contract; a candidate was written under it and failed its gate."""
    bench.load("one", rows_of(1))
    tried = bench.over(contract(columns=[NUMBER, PART, VALUE, MORE]))
    tried.lake.discard(tried.write("two", rows_of(2)))
    return tried


def _columns(bench: Bench, snapshot_id: int) -> list[str]:
    return [name for name, _ in bench.lake.scan(bench.dataset, snapshot_id).schema]


OLD = ["number", "part", "value", "_load_id"]


def test_the_old_contract_is_taken_again_and_publishes_its_own_columns(bench: Bench, tried: Bench) -> None:
    published = bench.load("three", rows_of(3))
    assert bench.rows() == rows_of(1, 3)
    assert _columns(bench, published.snapshot_id) == OLD


def test_the_new_one_can_be_tried_again_and_then_stays(bench: Bench, tried: Bench) -> None:
    bench.load("three", rows_of(3))
    published = tried.load("two", rows_of(2))
    assert _columns(tried, published.snapshot_id) == [*OLD, "more"]
    scan = tried.lake.scan(tried.dataset, published.snapshot_id)
    assert scan.local_paths is not None, "the column is the one it was, so files are read by name"
    assert tried.rows() == rows_of(1, 2, 3)
    with pytest.raises(GovernanceError, match="more: in the table, not in the contract") as refused:
        bench.lake.prepare(bench.contract)
    assert refused.value.reason is Reason.SCHEMA_CHANGE_REFUSED


def test_a_wider_type_that_was_never_published_is_taken_back_too(bench: Bench) -> None:
    narrow = bench.over(contract(columns=[replace(NUMBER, type=parse_type("int")), PART, VALUE]))
    narrow.load("one", rows_of(1))
    bench.lake.prepare(bench.contract)
    published = narrow.load("two", rows_of(2))
    assert dict(bench.lake.scan(bench.dataset, published.snapshot_id).schema)["number"] == "int"


def test_a_candidate_in_flight_keeps_its_columns_when_it_is_rebased(bench: Bench) -> None:
    bench.load("one", rows_of(1))
    flying = bench.write("two", rows_of(2))
    bench.load("three", rows_of(3))
    wide = bench.over(contract(columns=[NUMBER, PART, VALUE, MORE]))
    wide.write("four", rows_of(4))
    rebased = bench.lake.rebase([flying])
    assert rebased.snapshot_id != flying.snapshot_id
    assert _columns(bench, rebased.snapshot_id) == OLD
    assert bench.rows(rebased.snapshot_id) == rows_of(1, 2, 3)
