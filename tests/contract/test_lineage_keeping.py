"""Raw events, dead letters, tokens and pruning, on every store; and several processes that write lineage."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.intake import DeadLetter
from airflow_gov.model.lineage import Origin
from airflow_gov.model.tokens import TokenRecord
from airflow_gov.store import Store
from support.open_lineage import Graph, at, dataset, job_event, named, projected, run_event, run_id
from support.store_worker import together

Event = dict[str, Any]


def _record(store: Store, *events: Event) -> None:
    store.lineage.record(projected(*events), origin=Origin.TRANSPORT, at=at(0))


def _done(name: str, seconds: float, reads: Sequence[Any], writes: Sequence[Any], **more: Any) -> list[Event]:
    return [
        run_event(name, "START", seconds, **more),
        run_event(name, "COMPLETE", seconds + 1, inputs=reads, outputs=writes, **more),
    ]


# --- events and letters ---------------------------------------------------------------------------------


def test_events_are_kept_as_they_came(store: Store) -> None:
    events = [*_done("r", 0, ["a"], ["ö"]), run_event("s", "START", 5, job="other"), job_event(7, "other")]
    _record(store, *events)
    kept = store.lineage.events(limit=10)
    assert [json.loads(event.body) for event in kept] == events
    assert [event.sequence for event in store.lineage.events(kept[1].sequence, limit=1)] == [kept[2].sequence]
    assert len(store.lineage.events(run_id=run_id("r"))) == 2
    assert len(store.lineage.events(job=named("other", "prod"))) == 2
    assert len(store.lineage.events(run_ids=[run_id("r"), run_id("s")])) == 3


def test_events_cannot_be_changed_or_deleted_but_by_pruning(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["b"]))
    replaced = (
        "INSERT OR REPLACE INTO gov_lineage_event "
        "SELECT sequence + 100, event_key, 'x', event_type, event_time, run_id, job_namespace, job_name,"
        " origin, received_at, body FROM gov_lineage_event"
        if store_url.startswith("sqlite")
        else "TRUNCATE gov_lineage_event"
    )
    engine = sqlalchemy.create_engine(store_url)
    for statement in ("UPDATE gov_lineage_event SET kind = 'x'", "DELETE FROM gov_lineage_event", replaced):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(statement))
    engine.dispose()
    assert [json.loads(event.body)["eventType"] for event in store.lineage.events()] == ["START", "COMPLETE"]
    assert store.lineage.prune(at(10)).events == 2


def test_dead_letters_keep_the_beginning_of_what_was_refused(store: Store) -> None:
    short = DeadLetter(at(0), Origin.HTTP, "t1", "$.run", "is missing", b"{}")
    long = replace(short, received_at=at(1), token_id=None, body=b"x" * 200_000)
    store.lineage.bury([short, long])
    newest, oldest = store.lineage.dead_letters(10)
    assert (newest.size, len(newest.body), newest.token_id) == (200_000, 64 * 1024, None)
    assert replace(oldest, letter_id=None, size=0) == short
    assert newest.letter_id is not None
    assert store.lineage.dead_letter(newest.letter_id) == newest
    assert store.lineage.prune(at(1)).letters == 1
    assert store.lineage.dead_letters(10) == [newest]


# --- pruning --------------------------------------------------------------------------------------------


def test_pruning_takes_what_is_old_and_leaves_the_graph(store: Store, store_url: str) -> None:
    for day in range(6):
        made = dataset("b", made_of={"x": ["a.x" if day < 3 else "a.y"]}, version=str(day))
        _record(store, *_done(f"day {day}", day * 100, ["a"], [made]))
    _record(store, *_done("long ago", 0, ["b"], ["c"], job="old"), job_event(0, "said", inputs=["a"]))
    before = Graph(store_url)
    pruned = store.lineage.prune(at(350), keep_runs=1)
    after = Graph(store_url)
    assert (pruned.events, pruned.runs, pruned.touches, pruned.versions) == (8 + 2 + 1, 4, 8, 4)
    for table in ("job", "dataset", "column", "job_dataset", "edge", "column_edge", "dataset_name", "tag"):
        assert after.all()[table] == before.all()[table], table
    kept = {row["run_id"] for row in after.rows["run"]}
    assert kept == {run_id("day 4"), run_id("day 5"), run_id("long ago")}
    assert {row["version"] for row in after.rows["version"]} == {"4", "5"}
    assert store.lineage.prune(at(350), keep_runs=1) == replace(
        pruned, events=0, runs=0, touches=0, versions=0, letters=0
    )


def test_what_comes_after_pruning_fits_what_was_before(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["c"]), *_done("s", 10, ["b"], ["c"]))
    store.lineage.prune(at(100))
    _record(store, *_done("t", 200, ["a", "b"], ["c"]))
    _record(store, *_done("u", 300, ["a"], ["c"]))
    graph = Graph(store_url)
    assert graph.span("a", "c") == (at(0), None)
    assert graph.span("b", "c") == (at(10), at(301))
    assert store.lineage.told([run_id("u"), run_id("r")]).keys() == {run_id("u")}


def test_the_newest_runs_of_each_job_stay(store: Store, store_url: str) -> None:
    for number in range(5):
        _record(store, *_done(f"r{number}", number * 10, ["a"], ["b"]))
    assert store.lineage.prune(at(1000), keep_runs=3).runs == 2
    assert {row["run_id"] for row in Graph(store_url).rows["run"]} == {run_id(f"r{n}") for n in (2, 3, 4)}
    with pytest.raises(GovernanceError, match="at least 1") as caught:
        store.lineage.prune(at(1000), keep_runs=0)
    assert caught.value.reason is Reason.PARAMETER_INVALID


def test_a_run_tells_by_itself_what_it_read_and_wrote(store: Store) -> None:
    made = dataset("c", made_of={"x": ["a.x"]})
    _record(store, *_done("r", 0, ["a", "b"], [made, "d"]), run_event("silent", "START", 5))
    told = store.lineage.told([run_id("r"), run_id("silent")])
    assert told.keys() == {run_id("r")}
    a, b, c, d = map(named, "abcd")
    assert (told[run_id("r")].inputs, told[run_id("r")].outputs) == ({a, b}, {c, d})
    assert told[run_id("r")].dataset_edges == {(a, c), (a, d), (b, d)}
    assert [edge.source_column for edge in told[run_id("r")].column_edges] == ["x"]


# --- tokens ---------------------------------------------------------------------------------------------


def test_tokens_are_kept_used_and_revoked(store: Store) -> None:
    token = TokenRecord("t1", "spark", "hash", ("spark*", "dbt"), "ana", at(0), at(1000))
    other = replace(token, token_id="t2", created_at=at(1))
    store.tokens.add(token)
    store.tokens.add(other)
    with pytest.raises(GovernanceError) as caught:
        store.tokens.add(token)
    assert caught.value.reason is Reason.STORE_REFUSED
    assert store.tokens.get("t1") == token
    assert store.tokens.get("unknown") is None
    assert store.tokens.list() == [other, token]
    for second in (5, 30, 64.9, 65, 70):
        store.tokens.used("t1", at(second))
    assert store.tokens.get("t1") == replace(token, last_used_at=at(65))
    assert store.tokens.revoke("t1", "bo", at(80))
    assert not store.tokens.revoke("t1", "cy", at(90))
    assert not store.tokens.revoke("unknown", "cy", at(90))
    revoked = replace(token, last_used_at=at(65), revoked_at=at(80), revoked_by="bo")
    assert store.tokens.get("t1") == revoked


# --- together -------------------------------------------------------------------------------------------


def _record_and_fail(store: Store, events: list[Event]) -> None:
    with store.transaction():
        _record(store, *events)
        raise ZeroDivisionError


def test_what_a_transaction_learnt_and_did_not_commit_is_not_remembered(store: Store, store_url: str) -> None:
    events = _done("r", 0, ["a"], [dataset("b", aliases=[("hive", "b")], columns=["x"])])
    with pytest.raises(ZeroDivisionError):
        _record_and_fail(store, events)
    assert Graph(store_url).rows["dataset"] == []
    _record(store, *events)
    assert Graph(store_url).edges() == {("a", "b")}


def test_another_process_that_makes_two_datasets_one_is_heeded(store: Store, store_url: str) -> None:
    other = Store(store_url)
    _record(store, *_done("r", 0, ["a"], ["b"]), *_done("s", 1, ["c"], ["d"], job="other"))
    other.lineage.record(
        projected(run_event("t", "COMPLETE", 5, job="third", inputs=[dataset("b", aliases=[named("d")])])),
        origin=Origin.TRANSPORT,
        at=at(0) + timedelta(hours=1),
    )
    other.dispose()
    _record(store, *_done("u", 9, ["c"], ["d"], job="other"))
    assert Graph(store_url).edges() == {("a", "b"), ("c", "b")}


def test_processes_that_tell_of_the_same_at_once_lose_nothing(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    together("tell", store_url, 4, tmp_path)
    graph = Graph(store_url)
    assert len(store.lineage.events(limit=1000)) == 4 * 20 + 10
    assert len(graph.rows["run"]) == 4 * 10 + 5
    assert len(graph.rows["job"]) == 5 + 1
    assert {row["until"] for row in graph.rows["edge"]} == {None}
    assert {row["name"] for row in graph.rows["dataset"]} == {f"d{n}" for n in range(10)} | {"shared"}
    assert len(graph.edges()) == 4 * 5 + 1
