"""How many statements a call takes, and that none of them reads a whole table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from airflow_gov.model.execution import Status
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records, stores
from support.records import FLIGHTS, T0

LEASE = timedelta(seconds=60)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(stores.ready(tmp_path / "gov.db"))
    store.ping()
    return store


class Recorder:
    """The statements a store executed, with their parameters."""

    def __init__(self, store: Store) -> None:
        self.seen: list[tuple[str, Any]] = []
        event.listen(store._database.engine, "before_cursor_execute", self._remember)

    def _remember(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        self.seen.append((statement, parameters[0] if many else parameters))

    def during(self, call: Callable[[], Any]) -> list[tuple[str, Any]]:
        self.seen.clear()
        call()
        return list(self.seen)


@pytest.fixture
def recorder(store: Store) -> Iterator[Recorder]:
    return Recorder(store)


def test_the_schema_is_looked_at_once(store: Store, recorder: Recorder) -> None:
    assert len(recorder.during(store.ping)) == 1
    assert len(recorder.during(lambda: store.versions.list(FLIGHTS))) == 1


def test_all_datasets_are_summarised_in_one_statement(store: Store, recorder: Recorder) -> None:
    for number in range(40):
        dataset = DatasetName.parse(f"clean.d{number}")
        store.versions.record(records.version(dataset=dataset))
        store.verdicts.record(records.verdict(f"v{number}", dataset=dataset))
    assert len(recorder.during(store.versions.summaries)) == 1


def test_a_contract_that_is_known_costs_one_read(store: Store, recorder: Recorder) -> None:
    store.contracts.put(records.contract())
    statements = recorder.during(lambda: store.contracts.put(records.contract()))
    assert [statement.split()[0] for statement, _ in statements] == ["SELECT"]


CALLS: dict[str, Callable[[Store], Any]] = {
    "executions.start": lambda s: s.executions.start(records.execution()),
    "executions.finish": lambda s: s.executions.finish(records.finished()),
    "executions.get": lambda s: s.executions.get("e1"),
    "executions.list": lambda s: s.executions.list(),
    "executions.list by dag": lambda s: s.executions.list(dag_id="flights", since=T0),
    "executions.list by run": lambda s: s.executions.list(run_id="scheduled__2026-03-01"),
    "executions.list by task": lambda s: s.executions.list(task_id="clean"),
    "executions.list by dataset": lambda s: s.executions.list(dataset=FLIGHTS),
    "executions.list by status": lambda s: s.executions.list(status=Status.RUNNING),
    "executions.reconcile": lambda s: s.executions.reconcile(
        dag_id="flights", run_id="r", status=Status.LOST, message="", end=T0
    ),
    "loads.begin": lambda s: s.loads.begin(records.load(), lease=LEASE),
    "loads.renew": lambda s: s.loads.renew(FLIGHTS, "l1", "e1", LEASE),
    "loads.candidate": lambda s: s.loads.candidate(records.load()),
    "loads.published": lambda s: s.loads.published(FLIGHTS, ["l1", "l2"]),
    "loads.get": lambda s: s.loads.get(FLIGHTS, "l1"),
    "loads.candidates": lambda s: s.loads.candidates(FLIGHTS, "flights", "r"),
    "loads.group": lambda s: s.loads.group("g"),
    "versions.record": lambda s: s.versions.record(records.version(2)),
    "versions.current": lambda s: s.versions.current(FLIGHTS),
    "versions.get": lambda s: s.versions.get(FLIGHTS, 1),
    "versions.by_snapshot": lambda s: s.versions.by_snapshot(FLIGHTS, 1001),
    "versions.for_load": lambda s: s.versions.for_load(FLIGHTS, "l1"),
    "versions.list": lambda s: s.versions.list(FLIGHTS),
    "versions.summaries": lambda s: s.versions.summaries(),
    "verdicts.record": lambda s: s.verdicts.record(records.verdict("v2")),
    "verdicts.get": lambda s: s.verdicts.get("v1"),
    "verdicts.for_snapshot": lambda s: s.verdicts.for_snapshot(FLIGHTS, 1001, "c1"),
    "verdicts.list": lambda s: s.verdicts.list(FLIGHTS),
    "contracts.put": lambda s: s.contracts.put(records.contract("new")),
    "contracts.text": lambda s: s.contracts.text("h"),
    "contracts.latest": lambda s: s.contracts.latest(FLIGHTS),
    "log.append": lambda s: s.log.append(records.entry()),
    "log.list": lambda s: s.log.list(),
    "log.list by subject": lambda s: s.log.list(subject="clean.flights"),
    "log.list by action": lambda s: s.log.list(action="publish"),
    "log.list since": lambda s: s.log.list(since=T0),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_call_reads_a_table_without_an_index(store: Store, recorder: Recorder, name: str) -> None:
    _fill(store)
    statements = recorder.during(lambda: CALLS[name](store))
    assert statements
    plans = [step for statement, parameters in statements for step in _plan(store, statement, parameters)]
    assert [step for step in plans if step.startswith("SCAN gov_") and " INDEX " not in step] == []


def _fill(store: Store) -> None:
    store.executions.finish(records.finished())
    store.loads.begin(records.load(), lease=LEASE)
    store.versions.record(records.version())
    store.verdicts.record(records.verdict())
    store.contracts.put(records.contract())
    store.log.append(records.entry())


def _plan(store: Store, statement: str, parameters: Any) -> list[str]:
    if statement.startswith(("BEGIN", "PRAGMA")):
        return []
    with store._database.read() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return [row[3] for row in rows]
