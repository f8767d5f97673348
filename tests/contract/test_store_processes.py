"""Several processes use one store at the same moment."""

from __future__ import annotations

import os
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

from airflow_gov.model.execution import Status
from airflow_gov.store import Store
from support import records
from support.records import FLIGHTS
from support.store_worker import together


def test_twenty_writers_lose_nothing_and_are_never_locked_out(
    store_url: str, store: Store, tmp_path: Path
) -> None:
    together("write", store_url, 20, tmp_path)
    entries = store.log.list(limit=1000)
    assert [entry.sequence for entry in entries] == list(range(300, 0, -1))
    checked = store.log.verify()
    assert (checked.ok, checked.entries, checked.hash) == (True, 300, entries[0].hash)
    written = Counter((entry.actor, entry.details["number"]) for entry in entries)
    assert written == Counter((f"w{worker}", number) for worker in range(20) for number in range(15))
    executions = store.executions.list(limit=1000)
    assert {execution.execution_id for execution in executions} == {f"{w}-{n}" for w, n in written}
    assert {execution.status for execution in executions} == {Status.SUCCESS}
    assert all(execution.data == records.data() for execution in executions)


def test_only_one_of_many_begins_a_load(store_url: str, store: Store, tmp_path: Path) -> None:
    outputs = together("begin", store_url, 8, tmp_path)
    words = Counter(line for output in outputs for line in output.splitlines())
    assert words == Counter(
        {f"won l{number}": 1 for number in range(10)} | {f"lost l{number}": 7 for number in range(10)}
    )
    for number in range(10):
        load = store.loads.get(FLIGHTS, f"l{number}")
        assert load is not None
        winner = int(load.execution_id.removeprefix("w"))
        assert f"won l{number}" in outputs[winner].splitlines()


def test_only_one_of_many_takes_over_from_a_dead_holder(store_url: str, tmp_path: Path) -> None:
    store = Store(store_url)
    store.executions.start(records.execution("dead"))
    for number in range(10):
        store.loads.begin(records.load(f"l{number}", "dead"), lease=timedelta(minutes=5))
    outputs = together("begin", store_url, 8, tmp_path)
    words = Counter(line for output in outputs for line in output.splitlines())
    assert {line: count for line, count in words.items() if line.startswith("won")} == {
        f"won l{number}": 1 for number in range(10)
    }
    store.dispose()


def test_upgrades_at_once_take_turns(empty_database: str, tmp_path: Path) -> None:
    together("upgrade", empty_database, 6, tmp_path)
    store = Store(empty_database)
    assert store.schema_status().ok
    store.ping()
    store.dispose()


def test_a_heartbeat_thread_renews_while_the_task_writes(store: Store) -> None:
    lease = timedelta(seconds=120)
    store.loads.begin(records.load(), lease=lease)
    stop, held = threading.Event(), []

    def beat() -> None:
        while not stop.is_set():
            held.append(store.loads.renew(FLIGHTS, "l1", "e1", lease))

    thread = threading.Thread(target=beat)
    thread.start()
    for number in range(50):
        with store.transaction():
            store.executions.finish(records.finished(f"e{number}"))
            store.log.append(records.entry())
    stop.set()
    thread.join(timeout=30)
    assert held
    assert all(held)
    assert [entry.sequence for entry in store.log.list(limit=100)] == list(range(50, 0, -1))


def test_a_forked_child_uses_connections_of_its_own(store: Store) -> None:
    store.log.append(records.entry("parent"))
    child = os.fork()
    if child == 0:
        code = 1
        try:
            store.log.append(records.entry("child"))
            store.dispose()
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    store.log.append(records.entry("parent again"))
    assert [entry.action for entry in store.log.list()] == ["parent again", "child", "parent"]
