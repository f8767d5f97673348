from __future__ import annotations

import logging
import os
import signal
from pathlib import Path

import pytest

from airflow_gov.model.errors import StoreUnavailableError
from airflow_gov.model.execution import Status
from airflow_gov.store import Spool, Store
from support import records
from support.store_worker import launch, together


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/gov.db"


@pytest.fixture
def store(url: str) -> Store:
    return Store(url)


@pytest.fixture
def broken(tmp_path: Path) -> Store:
    (tmp_path / "file").touch()
    return Store(f"sqlite:///{tmp_path}/file/gov.db")


def test_what_was_kept_is_delivered_whole_and_once(spool: Spool, store: Store) -> None:
    spool.put_execution(records.finished())
    assert spool.waiting() == 1
    assert spool.deliver(store) == 1
    assert store.executions.get("e1") == records.finished()
    assert spool.deliver(store) == 0
    assert spool.waiting() == 0


def test_an_empty_or_missing_spool_delivers_nothing_and_leaves_no_trace(spool: Spool, store: Store) -> None:
    assert spool.deliver(store) == 0
    assert not spool.folder.exists()


def test_delivery_is_in_the_order_of_writing(
    spool: Spool, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        spool.put_execution(records.execution(f"e{number}"))
    delivered = []
    record = store.executions.finish
    monkeypatch.setattr(
        store.executions, "finish", lambda e: (delivered.append(e.execution_id), record(e))[1]
    )
    assert spool.deliver(store) == 30
    assert delivered == [f"e{number}" for number in range(30)]


def test_the_records_of_one_try_end_up_as_if_the_store_had_been_there(spool: Spool, store: Store) -> None:
    spool.put_execution(records.execution())
    spool.put_execution(records.finished(status=Status.DEFERRED))
    spool.put_execution(records.finished(start=records.T0.replace(hour=13)))
    assert spool.deliver(store) == 3
    assert store.executions.get("e1") == records.finished()


def test_while_the_store_is_down_everything_stays(spool: Spool, broken: Store, store: Store) -> None:
    for number in range(3):
        spool.put_execution(records.finished(f"e{number}"))
    with pytest.raises(StoreUnavailableError):
        spool.deliver(broken)
    assert spool.waiting() == 3
    assert spool.deliver(store) == 3


def test_an_old_schema_keeps_everything_too(spool: Spool, store: Store) -> None:
    store.upgrade("0001")
    spool.put_execution(records.finished())
    with pytest.raises(Exception, match="db upgrade"):
        spool.deliver(store)
    store.upgrade()
    assert spool.deliver(store) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"record": {}}', b"\xff\xfe", b'{"record": null}'])
def test_what_cannot_be_read_is_set_aside_and_named(
    spool: Spool, store: Store, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    spool.put_execution(records.finished("first"))
    bad = spool.folder / f"{'0' * 20}-1-1-bad.json"
    bad.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert spool.deliver(store) == 1
    assert (spool.folder / "unreadable" / bad.name).read_bytes() == content
    assert bad.name in caplog.text
    assert spool.deliver(store) == 0


def test_what_the_store_refuses_is_set_aside_and_does_not_block(spool: Spool, store: Store) -> None:
    spool.put_execution(records.finished("too big", bytes_written=2**70))
    spool.put_execution(records.finished("good"))
    assert spool.deliver(store) == 1
    assert store.executions.get("good") is not None
    assert len(list((spool.folder / "unreadable").iterdir())) == 1


def test_a_full_spool_refuses_and_keeps_what_it_has(tmp_path: Path, store: Store) -> None:
    spool = Spool(tmp_path / "spool", max_bytes=20_000)
    with pytest.raises(StoreUnavailableError, match="it is full") as caught:
        _put_many(spool, 1000)
    assert str(spool.folder) in str(caught.value)
    kept = spool.waiting()
    assert 0 < kept < 20
    assert sum(file.stat().st_size for file in spool.folder.glob("*.json")) <= 20_000
    assert spool.deliver(store) == kept
    spool.put_execution(records.finished())


def _put_many(spool: Spool, count: int) -> None:
    for number in range(count):
        spool.put_execution(records.finished(f"e{number}"))


def test_a_long_backlog_is_delivered_piece_by_piece(spool: Spool, store: Store) -> None:
    _put_many(spool, 3)
    assert [spool.deliver(store, time_limit=0) for _ in range(4)] == [1, 1, 1, 0]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="takes no more records"):
        Spool(tmp_path / "file" / "spool").put_execution(records.finished())


def test_a_process_killed_while_it_writes_loses_nothing_it_was_told_is_kept(
    spool: Spool, url: str, store: Store, tmp_path: Path
) -> None:
    worker = launch("spool", url, tmp_path, "w", SPOOL=str(spool.folder))
    assert worker.stdout is not None
    said = [int(worker.stdout.readline()) for _ in range(20)]
    os.kill(worker.pid, signal.SIGKILL)
    said += [int(line) for line in worker.stdout if line.endswith("\n")]
    worker.communicate()
    delivered = spool.deliver(store)
    assert said == list(range(len(said)))
    assert len(said) <= delivered <= len(said) + 1
    for number in said:
        assert store.executions.get(f"w-{number}") == records.finished(f"w-{number}")


def test_leftovers_of_killed_processes_are_removed_when_they_are_old(spool: Spool, store: Store) -> None:
    spool.put_execution(records.finished())
    young, old = spool.folder / "young.part", spool.folder / "old.part"
    young.touch()
    old.touch()
    os.utime(old, (0, 0))
    spool.deliver(store)
    assert young.exists()
    assert not old.exists()


def test_several_that_deliver_at_once_deliver_each_entry_once(
    spool: Spool, url: str, store: Store, tmp_path: Path
) -> None:
    for number in range(60):
        spool.put_execution(records.finished(f"e{number}"))
    outputs = together("deliver", url, 5, tmp_path, SPOOL=str(spool.folder))
    assert sum(int(output) for output in outputs) == 60
    assert len(store.executions.list(limit=100)) == 60
    assert spool.waiting() == 0
