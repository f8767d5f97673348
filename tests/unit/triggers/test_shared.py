"""Waiting in a triggerer: everybody together, whatever comes in between."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from airflow.jobs.triggerer_job_runner import TriggerRunner
from sqlalchemy import Engine, event

from airflow_gov.store import Store
from airflow_gov.store.schema import HEAD
from airflow_gov.triggers import shared
from airflow_gov.triggers.candidate import CandidateTrigger
from airflow_gov.triggers.version import VersionTrigger
from support import records, stores
from support.records import FLIGHTS

INTERVAL = 0.2


@pytest.fixture
def store_file(tmp_path):
    return tmp_path / "governance.db"


@pytest.fixture
def store(store_file, monkeypatch):
    """The store that a hook of this process finds."""
    url = stores.ready(store_file)
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", url)
    store = Store(url)
    store.ping()
    yield store
    store.dispose()


@pytest.fixture
def questions():
    """How often any store was asked for what somebody waits for."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if "json_each" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def candidate_trigger(number: int, interval: float = INTERVAL) -> CandidateTrigger:
    outputs = [{"dataset": "clean.flights", "load_id": f"l{number}"}]
    return CandidateTrigger(outputs=outputs, dataset=None, dag_id="d", run_id="r", poke_interval=interval)


def version_trigger(newer_than: int) -> VersionTrigger:
    return VersionTrigger(dataset="clean.flights", newer_than=newer_than, poke_interval=INTERVAL)


def write(store: Store, number: int) -> None:
    load = records.load(f"l{number}", run_id=f"r{number}")
    store.loads.begin(load, lease=timedelta(minutes=1))
    store.loads.candidate(load)


async def asked(questions: list[str], times: int) -> None:
    """Until the store was asked so often."""
    async with asyncio.timeout(20):
        while len(questions) < times:
            await asyncio.sleep(0.01)


class Triggerer:
    """Airflow's own runner of triggers, without the process around it."""

    def __init__(self, triggers):
        self.runner = TriggerRunner()
        self.tasks = {}
        for number, trigger in enumerate(triggers):
            self.runner.triggers[number] = {
                "task": None,
                "is_watcher": False,
                "name": str(number),
                "events": 0,
            }
            self.tasks[number] = asyncio.create_task(self.runner.run_trigger(number, trigger))

    async def fired(self, count: int) -> dict[int, object]:
        """What fired, once so many have."""
        async with asyncio.timeout(20):
            while len(self.runner.events) < count:
                await asyncio.sleep(0.01)
        return {entry.trigger_id: entry.event.payload for entry in self.runner.events}

    async def stop(self) -> None:
        for task in self.tasks.values():
            task.cancel()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


def test_a_thousand_wait_with_one_statement_an_interval(store, questions):
    async def scenario():
        triggerer = Triggerer([candidate_trigger(number) for number in range(1000)])
        await asked(questions, 1)
        began = time.monotonic()
        await asked(questions, 4)
        took = time.monotonic() - began
        write(store, 7)
        write(store, 900)
        fired = await triggerer.fired(2)
        still = len(shared._waiting[INTERVAL])
        await triggerer.stop()
        return took, fired, still

    took, fired, still = asyncio.run(scenario())
    assert took > 2.5 * INTERVAL
    assert fired == {7: {"ready": True}, 900: {"ready": True}}
    assert still == 998
    assert not shared._waiting


def test_gates_and_those_who_wait_for_versions_share_the_stream(store, questions):
    async def scenario():
        triggerer = Triggerer(
            [candidate_trigger(1), version_trigger(0), version_trigger(1), version_trigger(0)]
        )
        await asyncio.sleep(0.1)
        store.verdicts.record(
            records.verdict("v1", results=(records.RuleResult("row_count", True),), snapshot_id=1001)
        )
        store.versions.record(records.version(1))
        fired = await triggerer.fired(2)
        groups = len(triggerer.runner._shared_streams._groups)
        await triggerer.stop()
        return fired, groups

    assert asyncio.run(scenario()) == ({1: {"ready": True}, 3: {"ready": True}}, 1)


def test_nobody_is_asked_any_more_when_the_last_has_left(store, questions):
    async def scenario():
        triggerer = Triggerer([candidate_trigger(1), candidate_trigger(1)])
        await asyncio.sleep(2 * INTERVAL)
        await triggerer.stop()
        asked = len(questions)
        await asyncio.sleep(2 * INTERVAL)
        return asked, len(questions), triggerer.runner._shared_streams._groups

    asked, later, groups = asyncio.run(scenario())
    assert asked == later
    assert groups == {}
    assert not shared._waiting


def test_an_outage_is_waited_out_with_a_warning(store, store_file, caplog):
    hidden = store_file.with_name("hidden.db")
    write(store, 1)
    store.dispose()

    async def scenario():
        store_file.rename(hidden)
        store_file.mkdir()  # What cannot be opened as a database.
        triggerer = Triggerer([candidate_trigger(1)])
        await asyncio.sleep(2 * INTERVAL)
        assert not triggerer.runner.events
        store_file.rmdir()
        hidden.rename(store_file)
        return await triggerer.fired(1)

    with caplog.at_level(logging.WARNING, logger=shared.__name__):
        assert asyncio.run(scenario()) == {0: {"ready": True}}
    assert "looking again in" in caplog.text


def test_a_store_that_cannot_be_used_wakes_everybody_with_the_reason(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN", "mysql://nowhere/gov")

    async def scenario():
        return await Triggerer([candidate_trigger(1), candidate_trigger(2)]).fired(2)

    fired = asyncio.run(scenario())
    assert set(fired) == {0, 1}
    assert all("PostgreSQL" in payload["error"] for payload in fired.values())


def test_a_look_that_fails_unforeseen_does_not_end_the_waiting(store, store_file, caplog):
    """A newer release wrote what this one cannot read, until it is upgraded as well."""
    write(store, 1)

    def state(value: str) -> None:
        with contextlib.closing(sqlite3.connect(store_file)) as connection, connection:
            connection.execute("UPDATE gov_load SET state = ?", [value])

    async def scenario():
        state("unheard of")
        triggerer = Triggerer([candidate_trigger(1)])
        await asyncio.sleep(2 * INTERVAL)
        assert not triggerer.runner.events
        state("candidate")
        return await triggerer.fired(1)

    with caplog.at_level(logging.WARNING, logger=shared.__name__):
        assert asyncio.run(scenario()) == {0: {"ready": True}}
    assert f"Look 1 of {shared.MAX_FAILED_LOOKS} failed" in caplog.text


def test_looks_that_fail_for_good_wake_everybody(store, store_file):
    write(store, 1)
    with contextlib.closing(sqlite3.connect(store_file)) as connection, connection:
        connection.execute("UPDATE gov_load SET state = 'unheard of'")

    async def scenario():
        return await Triggerer([candidate_trigger(1)]).fired(1)

    (payload,) = asyncio.run(scenario()).values()
    assert f"{shared.MAX_FAILED_LOOKS} looks in a row failed" in payload["error"]


def test_a_migration_is_waited_out(store, store_file):
    write(store, 1)
    store.dispose()

    def revision(value: str) -> None:
        with contextlib.closing(sqlite3.connect(store_file)) as connection, connection:
            connection.execute("UPDATE alembic_version_gov SET version_num = ?", [value])

    async def scenario():
        revision("0002")
        triggerer = Triggerer([candidate_trigger(1)])
        await asyncio.sleep(3 * INTERVAL)
        assert not triggerer.runner.events
        revision(HEAD)
        return await triggerer.fired(1)

    assert asyncio.run(scenario()) == {0: {"ready": True}}


def test_alone_it_looks_for_itself(store):
    """Under ``dag.test()`` nobody runs shared streams."""
    write(store, 1)

    async def scenario():
        return await anext(candidate_trigger(1).run())

    assert asyncio.run(scenario()).payload == {"ready": True}


def test_the_store_is_never_asked_in_the_event_loop(store):
    threads = set()

    def note(*_):
        threads.add(threading.get_ident())

    async def scenario():
        write(store, 1)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            return await Triggerer([candidate_trigger(1)]).fired(1)
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    assert asyncio.run(scenario()) == {0: {"ready": True}}
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(
    "trigger",
    [
        candidate_trigger(1),
        CandidateTrigger(outputs=[], dataset="clean.flights", dag_id="d", run_id="r", poke_interval=30),
        VersionTrigger(
            dataset="clean.flights",
            logical_date="2026-03-01T00:00:00+00:00",
            newer_than=3,
            since="2026-03-01T00:00:00+00:00",
            passed=False,
            poke_interval=30,
        ),
    ],
)
def test_it_travels_as_json(trigger):
    path, arguments = trigger.serialize()
    again = type(trigger)(**json.loads(json.dumps(arguments)))
    assert path == f"{type(trigger).__module__}.{type(trigger).__name__}"
    assert again.serialize() == (path, arguments)
    assert again.wait == trigger.wait


def test_a_version_trigger_says_the_wait_it_was_made_of():
    wait = VersionTrigger(dataset=str(FLIGHTS), newer_than=2, poke_interval=1).wait
    assert VersionTrigger.of(wait, poke_interval=1).wait == wait


def test_the_triggerer_imports_nothing_heavy():
    program = (
        "import sys, airflow.jobs.triggerer_job_runner, airflow.sdk\n"
        "before = set(sys.modules)\n"
        "import airflow_gov.triggers.candidate, airflow_gov.triggers.version, airflow_gov.store\n"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"duckdb", "great_expectations", "numpy", "pandas", "pyarrow", "pyiceberg"}
    assert not heavy & set(ran.stdout.splitlines()[-1].split())
