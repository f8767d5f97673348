"""A try that lost its load while it was at work, and the try that took the load over."""

from __future__ import annotations

import pytest

from airflow_gov.lake import Staging
from airflow_gov.model.errors import CandidateStaleError, LoadInProgressError
from airflow_gov.model.loads import Candidate, WriteMode
from support.lakes import Bench, load_id, rows_of


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.load("zero", rows_of(0))
    return bench


def test_the_late_one_leaves_its_successors_candidate_alone(bench: Bench) -> None:
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        successor = bench.write("one", rows_of(2), **{"execution-id": "second"})
        late = _commit(bench, staging, 1, execution="first")
    assert late.branch != successor.branch
    bench.publish(successor)
    assert bench.rows() == rows_of(0, 2)


def test_its_rows_are_not_published_in_place_of_the_candidate_a_gate_asked_for(bench: Bench) -> None:
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        successor = bench.write("one", rows_of(2))
        _commit(bench, staging, 1)
    bench.lake.discard(successor)
    with pytest.raises(CandidateStaleError, match="is gone"):
        bench.lake.rebase([successor])


def test_a_publication_of_another_try_is_not_taken_for_that_of_a_candidate(bench: Bench) -> None:
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        successor = bench.write("one", rows_of(2))
        late = _commit(bench, staging, 1)
    bench.publish(successor)
    bench.lake.discard(late)
    with pytest.raises(CandidateStaleError, match="is gone"):
        bench.lake.rebase([late])


def test_what_a_try_wrote_itself_it_replaces(bench: Bench) -> None:
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        _commit(bench, staging, 1, execution="first")
        again = _commit(bench, staging, 2, execution="first")
    assert set(bench.lake._catalog.load(bench.dataset).refs()) == {"main", "v1", again.branch}
    bench.publish(again)
    assert bench.rows() == rows_of(0, 2)


def test_when_its_files_are_gone_it_writes_no_empty_candidate(bench: Bench) -> None:
    with bench.lake.stage(bench.dataset, load_id("one")) as staging:
        successor = bench.write("one", rows_of(2))
        with pytest.raises(LoadInProgressError, match="another try of it took over"):
            bench.lake.write_candidate(
                bench.contract, staging, load_id=staging.load_id, write_mode=WriteMode.OVERWRITE
            )
    bench.publish(successor)
    assert bench.rows() == rows_of(0, 2)


def _commit(bench: Bench, staging: Staging, number: int, *, execution: str | None = None) -> Candidate:
    staging.folder.mkdir(parents=True, exist_ok=True)  # for S3 each try has a folder of its own
    staging.write_rows(bench.contract.columns, [{"number": number, "part": "a", "value": "x"}])
    return bench.lake.write_candidate(
        bench.contract,
        staging,
        load_id=staging.load_id,
        write_mode=WriteMode.APPEND,
        properties={"airflow-gov.execution-id": execution} if execution else {},
    )
