"""Two that touch the same load at the same moment: what one read is gone when it commits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_gov.lake import Lake
from airflow_gov.lake.candidates import CandidateWriter, Proposal
from airflow_gov.model.errors import CandidateStaleError
from airflow_gov.model.loads import Candidate
from support.lakes import Bench, rows_of


@pytest.fixture
def overtaken(bench: Bench, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Lets another process do something between a rebase's look at the table and its commit."""

    def when_committing(act: Callable[[Bench], object]) -> None:
        propose = CandidateWriter.propose
        todo = [act]

        def late(self: CandidateWriter, proposal: Proposal, table: object) -> Candidate:
            if todo and self is bench.lake._writer:
                todo.pop()(Bench(Lake(catalog_name="airflow_gov", properties=properties), bench.contract))
            return propose(self, proposal, table)

        monkeypatch.setattr(CandidateWriter, "propose", late)

    return when_committing


def test_a_rebase_takes_neither_files_that_were_discarded_nor_those_of_a_newer_try(
    bench: Bench, overtaken: Callable
) -> None:
    first = bench.write("one", rows_of(1))
    bench.load("two", rows_of(2))
    newer = []
    overtaken(lambda other: newer.append(other.write("one", rows_of(10))))
    with pytest.raises(CandidateStaleError, match="is gone"):
        bench.lake.rebase([first])
    bench.publish(*newer)
    assert bench.rows() == rows_of(2, 10)


def test_a_rebase_of_what_was_discarded_in_between_is_stale(bench: Bench, overtaken: Callable) -> None:
    first = bench.write("one", rows_of(1))
    bench.load("two", rows_of(2))
    overtaken(lambda other: other.lake.discard(first))
    with pytest.raises(CandidateStaleError, match="is gone"):
        bench.lake.rebase([first])


def test_two_gates_that_rebase_one_load_publish_it_once(bench: Bench, overtaken: Callable) -> None:
    first = bench.write("one", rows_of(1))
    bench.load("two", rows_of(2))
    overtaken(lambda other: other.publish(first))
    bench.publish(first)
    assert bench.rows() == rows_of(1, 2)
    assert len(bench.lake.versions(bench.dataset)) == 2


def test_discarding_an_old_try_spares_the_new_one_of_the_same_name(bench: Bench) -> None:
    old = bench.write("one", rows_of(1))
    bench.lake.discard(old)
    new = bench.write("one", rows_of(5))
    assert new.branch == old.branch
    bench.lake.discard(old)
    bench.publish(new)
    assert bench.rows() == rows_of(5)
