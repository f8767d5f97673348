"""Events on their way into the store: nothing lost, nothing twice, nobody held up."""

from __future__ import annotations

import gc
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from airflow_gov.lineage import transport
from airflow_gov.lineage.delivering import Delivery, impatient_store
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.lineage.spool import EventSpool
from airflow_gov.lineage.transport import Installation
from airflow_gov.model.errors import StoreUnavailableError
from airflow_gov.model.lineage import Origin
from airflow_gov.model.tokens import TokenRecord
from airflow_gov.store import Store
from support.outside_events import bad_event, run_event

NOW = datetime(2026, 2, 1, tzinfo=UTC)
WORKER = Path(__file__).parents[1] / "support" / "emitting_worker.py"


def token(*namespaces: str) -> TokenRecord:
    return TokenRecord("t1", "spark", "", namespaces, "ana", NOW, NOW + timedelta(days=1))


def names(store: Store) -> list[str]:
    """The jobs of all events, in the order in which the store took them."""
    return [json.loads(event.body)["job"]["name"] for event in store.lineage.events(limit=100_000)]


@pytest.fixture
def intake(store: Store) -> Intake:
    return Intake(lambda: store, own_namespace="default")


# --- taking in ------------------------------------------------------------------------------------------


def test_good_events_are_taken_and_bad_ones_become_dead_letters(intake, store):
    events = [run_event(1), bad_event(2), b'{"a": NaN}', json.dumps(run_event(3)).encode(), [], run_event(1)]
    taken = intake.take(events, origin=Origin.HTTP, token=token("spark"))
    assert (taken.accepted, taken.duplicates) == (2, 1)
    assert [(each.index, each.path) for each in taken.refused] == [(1, "$.job.name"), (2, "$.a"), (4, "$")]
    letters = {letter.path: letter for letter in store.lineage.dead_letters(10)}
    assert json.loads(letters["$.job.name"].body) == bad_event(2)
    assert letters["$.a"].body == b'{"a": NaN}'
    assert {(letter.origin, letter.token_id) for letter in letters.values()} == {(Origin.HTTP, "t1")}
    assert letters["$.job.name"].reason == taken.refused[0].reason == "is missing"


def test_an_event_is_taken_once(intake, store):
    assert intake.take([run_event(1)], origin=Origin.IMPORT).accepted == 1
    again = intake.take([run_event(1), run_event(2)], origin=Origin.IMPORT)
    assert (again.accepted, again.duplicates, again.refused) == (1, 1, ())
    assert len(store.lineage.events(limit=10)) == 2


def test_callers_at_once_share_transactions_and_each_gets_its_own_answer(store):
    transactions = itertools.count()
    answers: dict[int, Any] = {}

    def counted() -> Store:
        next(transactions)
        return store

    intake, start = Intake(counted, own_namespace="default"), threading.Barrier(8)

    def send(caller: int) -> None:
        start.wait()
        for number in range(8):
            # Every event comes from two callers; the odd callers send bad ones beside.
            events = [run_event(caller // 2 * 8 + number)] + [bad_event(1)] * (caller % 2)
            answers[caller, number] = intake.take(events, origin=Origin.HTTP, token=token("spark"))

    threads = [threading.Thread(target=send, args=(caller,)) for caller in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer.accepted for answer in answers.values()) == 32
    assert sum(answer.duplicates for answer in answers.values()) == 32
    assert all(len(answer.refused) == caller % 2 for (caller, _), answer in answers.items())
    assert len(store.lineage.dead_letters(100)) == 32
    assert len(store.lineage.events(limit=1_000)) == 32
    assert next(transactions) < 64


def test_an_event_that_the_store_refuses_does_not_break_the_others(intake, store, store_url):
    """Whatever it is that the checks let through."""
    _refuse_jobs_named(store_url, "poison")
    events = [run_event(number, name="poison" if number in (3, 11) else "good") for number in range(20)]
    taken = intake.take(events, origin=Origin.HTTP, token=token("spark"))
    assert (taken.accepted, [each.index for each in taken.refused]) == (18, [3, 11])
    assert names(store) == ["good"] * 18
    assert {json.loads(letter.body)["job"]["name"] for letter in store.lineage.dead_letters(10)} == {"poison"}


def _refuse_jobs_named(store_url: str, name: str) -> None:
    engine = sqlalchemy.create_engine(store_url)
    constraint = f"CHECK (job_name <> '{name}')"
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"ALTER TABLE gov_lineage_event ADD CONSTRAINT no_{name} {constraint}")
        else:
            connection.exec_driver_sql(
                f"CREATE TRIGGER no_{name} BEFORE INSERT ON gov_lineage_event WHEN NEW.job_name = '{name}' "
                "BEGIN SELECT RAISE(ABORT, 'refused'); END"
            )
    engine.dispose()


def test_a_store_that_is_down_is_told_to_every_caller(tmp_path):
    (tmp_path / "file").write_text("no folder")
    gone = Store(f"sqlite:///{tmp_path}/file/store.db")
    with pytest.raises(StoreUnavailableError):
        Intake(lambda: gone, own_namespace=None).take([run_event(1)], origin=Origin.IMPORT)


_GOVERNED = {"namespace": "airflow-gov", "name": "clean.flights"}


@pytest.mark.parametrize(
    ("event", "path"),
    [
        (run_event(1, namespace="default"), "$.job.namespace"),
        (run_event(1, namespace="other"), "$.job.namespace"),
        (run_event(1, namespace="team-ab"), "$.job.namespace"),
        (run_event(1, run=..., namespace="default"), "$.job.namespace"),
        (run_event(1, run=..., job=..., dataset={"namespace": "s3", "name": "x"}), "$.dataset.namespace"),
        (run_event(1, outputs=[_GOVERNED]), "$.outputs[0].namespace"),
        (run_event(1, inputs=[{**_GOVERNED, "facets": {"x": {}}}]), "$.inputs[0].facets"),
    ],
)  # fmt: skip
def test_what_a_sender_may_not_tell_is_refused_over_http(intake, store, event, path):
    taken = intake.take(
        [event, run_event(2)], origin=Origin.HTTP, token=token("spark", "team-a/*", "default")
    )
    assert [(each.path, each.forbidden) for each in taken.refused] == [(path, True)]
    assert taken.accepted == 1
    assert intake.take([event], origin=Origin.IMPORT).accepted == 1


@pytest.mark.parametrize("namespace", ["spark", "team-a/", "team-a/nightly"])
def test_what_a_token_is_for_is_taken(intake, namespace):
    events = [
        run_event(1, namespace=namespace, inputs=[_GOVERNED]),
        {
            "eventTime": "2026-01-31T12:00:00Z",
            "dataset": {"namespace": namespace, "name": "x"},
            "producer": "x",
        },
    ]
    assert intake.take(events, origin=Origin.HTTP, token=token("spark", "team-a/*")).accepted == 2


# --- delivery from the spool ----------------------------------------------------------------------------


@pytest.fixture
def spool(tmp_path: Path) -> EventSpool:
    return EventSpool(tmp_path / "spool", max_bytes=100_000_000)


@pytest.fixture
def deliver_to(spool: EventSpool) -> Iterator[Callable[[str], Delivery]]:
    made: list[Store] = []

    def make(url: str) -> Delivery:
        store = impatient_store(url)
        made.append(store)
        return Delivery(spool, store=lambda: store, own_namespace="default")

    yield make
    for store in made:
        store.dispose()


def own_event(number: int) -> bytes:
    return json.dumps(run_event(number, namespace="default", name=f"job-{number}")).encode()


def test_an_event_is_in_the_store_when_it_was_sent(deliver_to, spool, store_url, store):
    delivery = deliver_to(store_url)
    for number in range(5):
        delivery.send(own_event(number))
        assert spool.is_empty()
        assert len(store.lineage.events(limit=100)) == number + 1


def test_events_wait_while_the_store_is_down_and_come_in_order_and_once(deliver_to, spool, store_url, store):
    down = deliver_to("postgresql://nobody:secret@127.0.0.1:9/nothing")
    for number in range(30):
        down.send(own_event(number))
    assert spool.waiting().events == 30
    (spool.folder / "store.down").unlink()
    deliver_to(store_url).send(own_event(30))
    assert names(store) == [f"job-{number}" for number in range(31)]
    assert spool.is_empty()


def test_only_the_first_event_tries_a_store_that_is_down(deliver_to):
    with _server(lambda connection: connection.close()) as (port, tried):
        delivery = deliver_to(f"postgresql://nobody@127.0.0.1:{port}/nothing")
        started = time.monotonic()
        for number in range(50):
            delivery.send(own_event(number))
        # One try in the first second, at most one more in the two after it, and so on.
        assert 1 <= len(tried) <= 2 + (time.monotonic() - started)


def test_a_server_that_never_answers_holds_nobody_up_for_long(deliver_to, spool):
    silent = threading.Event()
    with _server(lambda connection: silent.wait(60)) as (port, _):
        delivery = deliver_to(f"postgresql://nobody@127.0.0.1:{port}/nothing")
        sender = threading.Thread(target=lambda: [delivery.send(own_event(number)) for number in range(20)])
        sender.start()
        sender.join(50)
        assert not sender.is_alive()
        assert spool.waiting().events == 20
        silent.set()


def test_a_locked_store_holds_nobody_up_and_gets_its_events_later(deliver_to, spool, store_url, store):
    engine = sqlalchemy.create_engine(store_url)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("LOCK TABLE gov_lineage_event IN ACCESS EXCLUSIVE MODE")
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        deliver_to(store_url).send(own_event(1))
        assert spool.waiting().events == 1
        connection.rollback()
    engine.dispose()
    (spool.folder / "store.down").unlink()
    deliver_to(store_url).send(own_event(2))
    assert names(store) == ["job-1", "job-2"]


@pytest.mark.postgres
def test_a_store_without_its_tables_is_waited_for(deliver_to, spool, postgres_database):
    """An embedded one makes them itself."""
    url = postgres_database()
    deliver_to(url).send(own_event(1))
    assert spool.waiting().events == 1
    store = Store(url)
    store.upgrade()
    (spool.folder / "store.down").unlink()
    assert deliver_to(url).deliver(time_limit=60) == 1
    assert names(store) == ["job-1"]
    store.dispose()


def test_what_cannot_be_taken_does_not_hold_up_the_rest(deliver_to, spool, store_url, store):
    delivery = deliver_to(store_url)
    spool.put(b"\x00 no JSON")
    spool.put(json.dumps(bad_event(1)).encode())
    spool.put(b'{"long": "' + b"x" * 10_000_001 + b'"}')
    delivery.send(own_event(2))
    assert names(store) == ["job-2"]
    assert [letter.path for letter in store.lineage.dead_letters(10)] == ["$", "$.job.name", "$"]
    assert spool.is_empty()


def test_an_event_that_is_refused_for_no_known_reason_is_kept_whole(deliver_to, spool, store_url, store):
    """It may be good, and a dead letter has only its beginning."""
    _refuse_jobs_named(store_url, "poison")
    long = run_event(1, namespace="default", name="poison")
    long["run"]["facets"]["long"] = {"text": "x" * 200_000}
    for event in (long, run_event(2, namespace="default", name="good")):
        spool.put(json.dumps(event).encode())
    deliver_to(store_url).deliver(time_limit=60)
    assert names(store) == ["good"]
    (kept,) = (spool.folder / "unreadable").glob("*.jsonl")
    assert json.loads(kept.read_text()) == long
    assert spool.waiting().unreadable == 1


def test_a_full_spool_takes_events_again_as_soon_as_the_store_works(tmp_path, store):
    spool = EventSpool(tmp_path / "small", max_bytes=3 * len(own_event(1)) + 100)
    gone = impatient_store("postgresql://nobody@127.0.0.1:9/nothing")
    down = Delivery(spool, store=lambda: gone, own_namespace=None)
    for number in range(5):
        down.send(own_event(number))
    assert (spool.waiting().events, spool.waiting().lost) == (3, 2)
    (spool.folder / "store.down").unlink()
    Delivery(spool, store=lambda: store, own_namespace=None).send(own_event(5))
    assert names(store) == ["job-0", "job-1", "job-2", "job-5"]


def test_many_senders_at_once_lose_nothing(spool, deliver_to, store_url, store):
    delivery = deliver_to(store_url)

    def send(sender: int) -> None:
        for number in range(12):
            delivery.send(own_event(sender * 100 + number))

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    delivery.deliver(time_limit=60)
    assert Counter(names(store)) == Counter(f"job-{s * 100 + n}" for s in range(8) for n in range(12))


@contextmanager
def _server(serve: Callable[[socket.socket], Any]) -> Iterator[tuple[int, list[int]]]:
    """A server on a free port, and the connections it got."""
    tried: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    connection, (_, port) = listening.accept()
                except OSError:
                    return
                tried.append(port)
                threading.Thread(target=_serve, args=(connection,), daemon=True).start()

        def _serve(connection: socket.socket) -> None:
            with connection:
                serve(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], tried
        listening.shutdown(socket.SHUT_RDWR)


# --- the transport, in processes of its own -------------------------------------------------------------


@pytest.fixture
def environment(tmp_path: Path, store_url: str) -> dict[str, str]:
    """Of a process that has an Airflow home, and its store."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AIRFLOW_HOME": str(tmp_path / "home"),
        "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN": store_url,
    }


def launch(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), *arguments],
        env=environment,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def settled(environment: dict[str, str]) -> EventSpool:
    """The home's spool after all that waits was delivered: on a busy machine an event may take too long."""
    spool = EventSpool(Path(environment["AIRFLOW_HOME"]) / "airflow_gov/spool/lineage", max_bytes=10**9)
    store = Store(environment["AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN"])
    Delivery(spool, store=lambda: store, own_namespace="default").deliver(time_limit=60)
    store.dispose()
    return spool


@pytest.mark.parametrize("how", ["emit", "fork"])
def test_the_client_emits_in_its_process_and_in_children_of_it(environment, store, how):
    worker = launch(environment, how, "one", "5")
    out, errors = worker.communicate(timeout=120)
    assert out.split() == ["0", "1", "2", "3", "4"], errors
    settled(environment)
    assert names(store) == [f"one-{number}" for number in range(5)]


def test_beside_another_transport_both_get_the_event(environment, store, tmp_path):
    code = (
        "from support import emitting_worker as worker\n"
        f"worker.TRANSPORT = {{'type': 'composite', 'transports': {{'ours': dict(worker.TRANSPORT), "
        f"'file': {{'type': 'file', 'log_file_path': {str(tmp_path / 'other.json')!r}, 'append': True}}}}}}\n"
        "worker.emit('both', 2)\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    settled(environment)
    assert names(store) == ["both-0", "both-1"]
    assert (tmp_path / "other.json").read_text().count('"job"') == 2


def test_settings_that_cannot_be_read_fail_nothing_and_lose_nothing(environment, store):
    broken = {**environment, "AIRFLOW__AIRFLOW_GOV__THREADS": "many"}
    worker = launch(broken, "emit", "one", "3")
    out, errors = worker.communicate(timeout=120)
    assert out.split() == ["0", "1", "2"], errors
    assert "THREADS" in errors
    assert names(store) == []
    settled(environment)
    assert names(store) == ["one-0", "one-1", "one-2"]


def test_nothing_is_lost_when_processes_are_killed(environment, store):
    """Three at a time, at any moment: while they write, deliver, or wait for each other."""
    worker = launch(environment, "killed", "k", "3")
    out, errors = worker.communicate(timeout=240)
    assert worker.returncode == 0, errors
    promised = set(out.split())
    settled(environment)
    kept = names(store)
    assert len(promised) >= 9
    assert promised <= set(kept)
    assert len(kept) == len(set(kept))


# --- a task's own process, that delivers what its children leave ----------------------------------------


@contextmanager
def running_task(environment: dict[str, str], count: int = 1) -> Iterator[Callable[[], str]]:
    """A process that runs tasks, about to deliver the first one's start; gives what it does step by step."""
    with launch(environment, "task", "t", str(count)) as worker:

        def said() -> str:
            assert worker.stdout is not None
            line: str = worker.stdout.readline().strip()
            assert line, worker.communicate()
            return line

        def step() -> str:
            assert worker.stdin is not None
            print(file=worker.stdin, flush=True)
            assert said() == "delivered"
            return ""

        try:
            assert said() == "deliver"
            yield lambda: step() or said()
        finally:
            os.killpg(worker.pid, signal.SIGKILL)


def test_what_children_leave_is_delivered_by_their_task(environment, store):
    """Its start before it goes on to work, its end before it ends."""
    with running_task(environment, count=2) as step:
        assert names(store) == []
        assert step() == "deliver"
        assert names(store) == ["t-START-0"]
        step()
        assert names(store) == ["t-START-0", "t-COMPLETE-0"]
        step()
        assert names(store) == ["t-START-0", "t-COMPLETE-0", "t-START-1"]


def test_what_children_left_is_not_lost_when_their_task_is_killed(environment, store):
    with running_task(environment) as step:
        step()
    assert names(store) == ["t-START-0"]
    settled(environment)
    assert names(store) == ["t-START-0", "t-COMPLETE-0"]


def test_what_children_left_waits_while_the_store_is_down(environment, store):
    down = {
        **environment,
        "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN": "postgresql://nobody@127.0.0.1:9/nothing",
    }
    with running_task(down, count=2) as step:
        for _ in range(3):
            step()
    assert names(store) == []
    settled(environment)
    assert names(store) == ["t-START-0", "t-COMPLETE-0", "t-START-1", "t-COMPLETE-1"]


@pytest.mark.postgres
def test_a_task_at_work_holds_no_connection(environment, store_url, postgres_database):
    if store_url.startswith("sqlite"):
        pytest.skip("there is no server that could count them")
    url = postgres_database()
    store = Store(url)
    store.upgrade()
    store.dispose()
    engine = sqlalchemy.create_engine(url)
    with (
        running_task({**environment, "AIRFLOW__AIRFLOW_GOV__SQL_ALCHEMY_CONN": url}) as step,
        engine.connect() as connection,
    ):
        step()
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        deadline = time.monotonic() + 30
        # The server notices in a moment.
        while connection.exec_driver_sql(others).scalar_one() > 1:
            assert time.monotonic() < deadline
            connection.rollback()
            time.sleep(0.05)
    engine.dispose()
    assert names(store) == ["t-START-0"]
    store.dispose()


class Task(Installation):
    """A task's process in whose spool a child left an event.

    :param url: of its store.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.delivery().leave(own_event(1))

    def store_url(self) -> str:
        return self._url


def test_a_server_that_never_answers_does_not_hold_up_a_task_that_has_children(monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    silent = threading.Event()
    with _server(lambda connection: silent.wait(60)) as (port, _):
        url = f"postgresql://nobody@127.0.0.1:{port}/nothing?connect_timeout=60"
        task = threading.Thread(target=Task(url).deliver_left)
        task.start()
        task.join(30)
        assert not task.is_alive()
        silent.set()


@pytest.mark.postgres
def test_what_outlasts_a_task_s_patience_gives_its_connection_back_when_it_ends(
    monkeypatch, tmp_path, postgres_store
):
    url = postgres_store()
    monkeypatch.setenv("AIRFLOW_HOME", str(tmp_path))
    task = Task(url)
    monkeypatch.setattr(transport, "TIME_LIMIT", 0.1)
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.pool.NullPool)
    before = set(threading.enumerate())
    gc.disable()  # that would close what nobody has any more, sooner or later
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("LOCK TABLE gov_lineage_event IN ACCESS EXCLUSIVE MODE")
            task.deliver_left()
        for worker in set(threading.enumerate()) - before:
            worker.join(30)
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        deadline = time.monotonic() + 30
        while True:
            with engine.connect() as connection:
                if connection.exec_driver_sql(others).scalar_one() == 1:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        gc.enable()


def test_a_child_that_stays_delivers_by_itself(environment, store):
    """One that was made while others were to leave their events, and by no means ended."""
    code = (
        "import os, time\n"
        "from support import emitting_worker as worker\n"
        "from airflow_gov.lineage import transport\n"
        "with transport.installation.leaving():\n"
        "    child = os.fork()\n"
        "    if child == 0:\n"
        "        transport._LEFT_FOR = 0\n"
        "        worker.emit('stays', 1)\n"
        "        os._exit(0)\n"
        "    worker.emit('parent', 1)\n"
        "os.waitpid(child, 0)\n"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=120)
    assert sorted(names(store)) == ["parent-0", "stays-0"]
