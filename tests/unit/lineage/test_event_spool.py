"""The spool of lineage events: in order, once, whole or set aside, and never silently less."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from airflow_gov.lineage.breaker import Breaker
from airflow_gov.lineage.spool import EventSpool
from airflow_gov.lineage.spool_frames import framed, read_frames

_PUTTER = """
import sys
from pathlib import Path
from airflow_gov.lineage.spool import EventSpool
spool, size = EventSpool(Path(sys.argv[1]), max_bytes=10**9), int(sys.argv[3])
for number in range(10**6):
    spool.put(f"{sys.argv[2]}-{number}-".encode() + b"x" * size)
    print(number, flush=True)
"""


@pytest.fixture
def spool(tmp_path: Path) -> EventSpool:
    return EventSpool(tmp_path / "spool", max_bytes=50_000_000)


def taken(spool: EventSpool) -> list[bytes]:
    """Everything that waits."""
    found: list[bytes] = []
    spool.deliver(found.extend, time_limit=60)
    return found


def segments(spool: EventSpool) -> list[Path]:
    return sorted(spool.folder.glob("*.events"))


def test_events_are_delivered_once_and_in_order(spool):
    events = [f"event {number}".encode() for number in range(1_000)]
    for event in events:
        assert spool.put(event) is not None
    assert taken(spool) == events
    assert spool.is_empty()
    assert taken(spool) == []


@pytest.mark.parametrize("event", [b"", b"\0", b"\xabGL1" * 3, os.urandom(3_000_000)], ids=range(4))
def test_any_bytes_come_back_as_they_were(spool, event):
    spool.put(b"before")
    spool.put(event)
    spool.put(b"after")
    assert taken(spool) == [b"before", event, b"after"]


def test_what_was_not_taken_stays_and_comes_first(spool):
    for number in range(1_000):
        spool.put(str(number).encode())
    found: list[bytes] = []

    def take(events):
        if len(found) >= 400:
            raise ConnectionError
        found.extend(events)

    with pytest.raises(ConnectionError):
        spool.deliver(take, time_limit=60)
    spool.put(b"1000")
    assert found + taken(spool) == [str(number).encode() for number in range(1_001)]


def test_a_delivery_that_has_no_more_time_goes_on_where_it_stopped(spool):
    for number in range(1_000):
        spool.put(str(number).encode())
    found: list[bytes] = []
    while not spool.is_empty():
        before = len(found)
        spool.deliver(found.extend, time_limit=1e-9)
        spool.deliver(found.extend, time_limit=1e-3)
        assert len(found) > before
    assert found == [str(number).encode() for number in range(1_000)]


def test_old_segments_are_closed_and_removed_one_by_one(spool):
    for number in range(30):
        spool.put(bytes([number]) * 100_000)
    assert len(segments(spool)) == 3
    calls = itertools.count()

    def take(events):
        if next(calls) == 1:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.deliver(take, time_limit=60)
    assert len(segments(spool)) == 2


def test_events_put_while_others_are_delivered_are_delivered_too(spool):
    """The last one to put is not left behind when it finds another delivering."""
    found: list[bytes] = []

    def put(name):
        for number in range(200):
            spool.put(f"{name}-{number}".encode())
            spool.deliver(found.extend, time_limit=60)

    threads = [threading.Thread(target=put, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spool.is_empty()
    assert sorted(found) == sorted(f"{name}-{number}".encode() for name in "abcd" for number in range(200))
    for name in b"abcd":
        numbers = [int(event[2:]) for event in found if event[0] == name]
        assert numbers == sorted(numbers)


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_nothing_is_lost_when_writers_are_killed(tmp_path, size):
    """Again and again, in the midst of writing; big events are torn now and then."""
    folder = tmp_path / "spool"
    promised: set[str] = set()
    for trial in range(8 if size < 1_000 else 5):
        writers = {
            f"{trial}.{name}": subprocess.Popen(
                [sys.executable, "-c", _PUTTER, str(folder), f"{trial}.{name}", str(size)],
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            for name in "ab"
        }
        for writer in writers.values():
            assert writer.stdout is not None
            writer.stdout.readline()
        time.sleep(0.02 * trial)
        for name, writer in writers.items():
            writer.send_signal(signal.SIGKILL)
            lines, _ = writer.communicate()
            promised |= {f"{name}-{number}" for number in ["0", *lines.split("\n")[:-1]]}
    kept = taken(EventSpool(folder, max_bytes=10**9))
    names = [event.decode().rpartition("-")[0] for event in kept]
    assert promised <= set(names)
    assert len(names) == len(set(names))
    assert all(event.endswith(b"-" + b"x" * size) for event in kept)


@pytest.mark.parametrize("cut", [1, 3, 4, 11, 12, 20])
def test_a_torn_event_is_set_aside_and_the_others_are_delivered(spool, cut):
    spool.put(b"first")
    with segments(spool)[0].open("ab") as file:
        file.write(framed(b"never finished")[:cut])
    spool.put(b"second")
    assert taken(spool) == [b"first", b"second"]
    (kept,) = (spool.folder / "unreadable").iterdir()
    assert kept.read_bytes() == framed(b"never finished")[:cut]
    assert spool.waiting().unreadable == 1


def test_a_changed_byte_costs_one_event(spool):
    for event in (b"one", b"two", b"three"):
        spool.put(event)
    (segment,) = segments(spool)
    segment.write_bytes(segment.read_bytes().replace(b"two", b"twO"))
    assert taken(spool) == [b"one", b"three"]


def test_garbage_is_read_to_its_end():
    content = os.urandom(50_000)
    frames = list(read_frames(content))
    assert b"".join(frame.payload for frame in frames if not frame.whole) == content


def test_a_full_spool_keeps_what_it_promised_and_says_what_it_lost(tmp_path, caplog):
    spool = EventSpool(tmp_path, max_bytes=1_000)
    kept = [spool.put(b"x" * 300) for _ in range(5)]
    assert [bool(each) for each in kept] == [True, True, True, False, False]
    assert not spool.has_room(b"x" * 300)
    assert "is lost" in caplog.text
    assert "full" in caplog.text
    waiting = spool.waiting()
    assert (waiting.events, waiting.lost) == (3, 2)
    assert "full" in waiting.last_lost
    assert len(taken(spool)) == 3
    assert spool.put(b"again") is not None


def test_a_folder_that_cannot_be_written_loses_the_event_with_a_word(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    assert EventSpool(tmp_path / "file" / "spool", max_bytes=1_000).put(b"event") is None
    assert "is lost" in caplog.text


def test_what_waits_is_told(spool):
    assert spool.waiting().events == 0
    for number in range(3):
        spool.put(str(number).encode())
    waiting = spool.waiting()
    assert (waiting.events, waiting.lost, waiting.unreadable) == (3, 0, 0)
    assert waiting.bytes == sum(len(framed(str(number).encode())) for number in range(3))
    assert waiting.since is not None
    assert abs(waiting.since.timestamp() - time.time()) < 3_600


def test_only_its_owner_reads_the_spool(spool):
    spool.put(b"secret")
    assert spool.folder.stat().st_mode & 0o077 == 0
    assert {file.stat().st_mode & 0o077 for file in spool.folder.iterdir()} == {0}


def test_a_child_forked_during_a_delivery_does_not_hold_it(spool):
    """It has the lock's file open, too."""
    children = []

    def take(events):
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
        children.append(child)

    spool.put(b"event")
    spool.deliver(take, time_limit=60)
    spool.put(b"another")
    try:
        assert taken(spool) == [b"another"]
    finally:
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)


def test_the_breaker_opens_for_longer_with_each_failure(tmp_path):
    now = 1_000.0
    breaker = Breaker(tmp_path / "down", clock=lambda: now)
    pauses = []
    assert not breaker.is_open()
    for _ in range(9):
        breaker.failed()
        failed = now
        while breaker.is_open():
            now += 0.5
        pauses.append(now - failed)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    breaker.failed()
    breaker.succeeded()
    assert not breaker.is_open()


@pytest.mark.parametrize("content", ["", "{}", "[]", "nonsense", json.dumps({"failures": "x", "at": None})])
def test_a_breaker_that_cannot_be_read_is_closed(tmp_path, content):
    (tmp_path / "down").write_text(content)
    assert not Breaker(tmp_path / "down").is_open()


def test_a_clock_set_back_does_not_keep_the_breaker_open(tmp_path):
    times = iter([1_000.0, 500.0])
    breaker = Breaker(tmp_path / "down", clock=lambda: next(times))
    breaker.failed()
    assert not breaker.is_open()
