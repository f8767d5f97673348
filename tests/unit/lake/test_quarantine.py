"""Maintenance of a quarantine: it has no versions, and rows are put straight onto main."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from airflow_gov.lake import Lake, compaction
from airflow_gov.lake.commits import Draft
from support.lakes import NUMBER, PART, VALUE, Bench, contract, load_id

COLUMNS = [PART, VALUE, NUMBER]


@pytest.fixture
def aside(bench: Bench) -> Bench:
    aside = bench.over(contract("clean.numbers__quarantine", COLUMNS))
    for number in range(6):
        _put(aside, f"load-{number}", number)
    return aside


def _put(aside: Bench, load: str, *numbers: int) -> None:
    with aside.lake.stage(aside.dataset, load_id(load)) as staging:
        if numbers:
            staging.write_rows(COLUMNS, [{"number": number} for number in numbers])
        aside.lake.quarantine(aside.dataset, staging, load_id(load), COLUMNS)


def _numbers(aside: Bench) -> list[int]:
    return [row[0] for row in aside.rows()]


def test_small_files_are_joined_old_snapshots_and_their_files_go_and_no_version_appears(aside: Bench) -> None:
    before = aside.rows_and_loads()
    report = aside.lake.maintain(aside.dataset, keep_versions=1, grace=timedelta(0))
    assert (report.files_compacted, report.files_written, report.compacted_tag) == (6, 1, None)
    assert len(report.snapshots) >= 5
    assert aside.rows_and_loads() == before
    assert aside.lake.versions(aside.dataset) == {}
    report = aside.lake.maintain(aside.dataset, keep_versions=1, grace=timedelta(0))
    assert sum(path.endswith(".parquet") for path in report.files) == 6
    assert len(aside.lake.snapshots(aside.dataset)) == 1
    assert aside.rows_and_loads() == before


def test_a_loads_rows_are_replaced_after_they_were_joined(aside: Bench) -> None:
    aside.lake.maintain(aside.dataset, grace=timedelta(0))
    _put(aside, "load-2", 20)
    _put(aside, "load-3")
    assert _numbers(aside) == [0, 1, 4, 5, 20]


def test_rows_that_come_while_it_is_compacted_are_kept(
    aside: Bench, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _meanwhile(monkeypatch, properties, aside, lambda other: _put(other, "late", 9))
    assert aside.lake.maintain(aside.dataset, grace=timedelta(0)).compacted_to == aside.head()
    assert _numbers(aside) == [0, 1, 2, 3, 4, 5, 9]


def test_rows_that_are_replaced_while_it_is_compacted_do_not_come_back(
    aside: Bench, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _meanwhile(monkeypatch, properties, aside, lambda other: _put(other, "load-2", 20))
    aside.lake.maintain(aside.dataset, grace=timedelta(0))
    assert _numbers(aside) == [0, 1, 3, 4, 5, 20]


def test_a_compaction_while_rows_are_put_aside_doubles_and_loses_none(
    aside: Bench, properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Bench(Lake(catalog_name="airflow_gov", properties=properties), aside.contract)
    send, todo = Draft.send, [lambda: other.lake.maintain(other.dataset)]

    def late(self: Draft, *args: object) -> object:
        if todo:
            todo.pop()()
        return send(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Draft, "send", late)
    _put(aside, "load-2", 20)
    assert _numbers(aside) == [0, 1, 3, 4, 5, 20]
    assert aside.rows_and_loads()[-1][3] == load_id("load-2")


def _meanwhile(
    monkeypatch: pytest.MonkeyPatch,
    properties: dict[str, str],
    aside: Bench,
    act: Callable[[Bench], None],
) -> None:
    """Lets another process do something between a compaction's look at the table and its commit."""
    join, todo = compaction._join, [act]

    def late(*args: object) -> None:
        join(*args)  # type: ignore[arg-type]
        if todo:
            todo.pop()(Bench(Lake(catalog_name="airflow_gov", properties=properties), aside.contract))

    monkeypatch.setattr(compaction, "_join", late)
