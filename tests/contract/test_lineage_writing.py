"""The graph that follows from events, on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from airflow_gov.model.lineage import Origin
from airflow_gov.store import Store
from support.open_lineage import (
    Graph,
    at,
    dataset,
    dataset_event,
    job_event,
    projected,
    run_event,
    run_id,
)

Event = dict[str, Any]


def _record(store: Store, *events: Mapping[str, Any], origin: Origin = Origin.TRANSPORT) -> None:
    for event in events:
        store.lineage.record(projected(event, origin=origin), origin=origin, at=at(0))


def _done(name: str, seconds: float, reads: Sequence[Any], writes: Sequence[Any], **more: Any) -> list[Event]:
    """A run that started and completed a second later."""
    return [
        run_event(name, "START", seconds, **more),
        run_event(name, "COMPLETE", seconds + 1, inputs=reads, outputs=writes, **more),
    ]


# --- runs -----------------------------------------------------------------------------------------------


def test_a_run_is_remembered_with_its_job(store: Store, store_url: str) -> None:
    facets = {"nominalTime": {"nominalStartTime": "2026-03-01T00:00:00Z"}, "spark": {"version": "3.5"}}
    kind = {"jobType": {"integration": "SPARK", "processingType": "BATCH", "jobType": "SQL"}}
    _record(
        store,
        run_event("r", "START", 1, facets=facets, job_facets=kind, parent="p"),
        run_event("r", "COMPLETE", 3, inputs=["a"], outputs=["b"]),
    )
    graph = Graph(store_url)
    run = graph.one("run", run_id=run_id("r"))
    assert (run["state"], run["started_at"], run["ended_at"]) == ("COMPLETE", at(1), at(3))
    assert (run["parent_run_id"], run["generation"]) == (run_id("p"), run_id("p"))
    assert run["facets"] == {"spark": {"version": "3.5"}}
    job = graph.one("job", name="job")
    assert (job["integration"], job["job_type"], job["processing"]) == ("SPARK", "SQL", "BATCH")
    assert (job["first_seen"], job["last_seen"], job["last_run_id"]) == (at(1), at(3), run_id("r"))


_ENDINGS: list[tuple[list[str], str, int | None]] = [
    (["START"], "START", None),
    (["START", "RUNNING"], "RUNNING", None),
    (["COMPLETE"], "COMPLETE", 0),
    (["START", "COMPLETE"], "COMPLETE", 1),
    (["COMPLETE", "START"], "COMPLETE", 0),
    (["START", "FAIL", "RUNNING"], "FAIL", 1),
    (["FAIL", "COMPLETE"], "COMPLETE", 1),
    (["COMPLETE", "ABORT"], "ABORT", 1),
]


def test_what_ends_a_run_counts_whenever_it_comes(store: Store, store_url: str) -> None:
    """Events have the seconds of their place in the list as their time; they come in every order."""
    wanted, arriving = {}, []
    for states, state, ended in _ENDINGS:
        events = [run_event("r", each, number) for number, each in enumerate(states)]
        for order in itertools.permutations(events):
            run = run_id(f"{states} {len(wanted)}")
            wanted[run] = (state, None if ended is None else at(ended), at(0))
            arriving.append([{**event, "run": {"runId": run}} for event in order])
    for events_at_once in itertools.zip_longest(*arriving):
        batch = projected(*(event for event in events_at_once if event is not None))
        store.lineage.record(batch, origin=Origin.TRANSPORT, at=at(0))
    runs = Graph(store_url).rows["run"]
    assert {run["run_id"]: (run["state"], run["ended_at"], run["started_at"]) for run in runs} == wanted


def test_an_event_counts_once(store: Store, store_url: str) -> None:
    events = _done("r", 0, ["a"], ["b"])
    first = store.lineage.record(projected(*events, *events), origin=Origin.HTTP, at=at(0))
    before = Graph(store_url).all()
    second = store.lineage.record(projected(*events), origin=Origin.HTTP, at=at(9))
    assert (first.new, first.duplicates, first.duplicate_keys) == (2, 2, frozenset())
    assert (second.new, second.duplicates, len(second.duplicate_keys)) == (0, 2, 2)
    assert Graph(store_url).all() == before
    assert [event.received_at for event in store.lineage.events(limit=10)] == [at(0), at(0)]


def test_the_run_of_another_job_is_left_alone(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["b"]))
    before = Graph(store_url).all()
    forged = run_event("r", "FAIL", 5, job="forger", namespace="spark", outputs=["b"])
    recorded = store.lineage.record(projected(forged, origin=Origin.HTTP), origin=Origin.HTTP, at=at(5))
    after = Graph(store_url).all()
    assert recorded.new == 1
    del before["job"], after["job"]
    assert after == before


def test_a_task_takes_its_run_back(store: Store, store_url: str) -> None:
    forged = run_event("r", "COMPLETE", 5, job="forger", namespace="spark", outputs=["c"])
    ours = run_event(
        "r", "START", 1, outputs=["b"], facets={"airflowGov_execution": {"dagId": "d", "taskId": "t"}}
    )
    _record(store, forged, origin=Origin.HTTP)
    _record(store, ours)
    graph = Graph(store_url)
    run = graph.one("run", run_id=run_id("r"))
    assert (run["job_id"], run["dag_id"], run["task_id"], run["state"]) == ("job", "d", "t", "START")
    assert [touch["dataset_id"] for touch in graph.rows["touch"]] == ["b"]


# --- edges ----------------------------------------------------------------------------------------------


def test_inputs_and_outputs_of_all_events_of_a_run_belong_together(store: Store, store_url: str) -> None:
    _record(
        store,
        run_event("r", "START", 0, inputs=["a"]),
        run_event("r", "RUNNING", 1, inputs=["b"]),
        run_event("r", "COMPLETE", 2, outputs=["c"]),
    )
    assert Graph(store_url).edges() == {("a", "c"), ("b", "c")}


def test_an_output_that_says_what_it_is_made_of_comes_from_nothing_else(store: Store, store_url: str) -> None:
    writes = [dataset("c", made_of={"x": ["a.x"]}, rows_of=["b.y"]), "d"]
    _record(store, *_done("r", 0, ["a", "b", "e"], writes))
    graph = Graph(store_url)
    assert graph.edges() == {("a", "c"), ("b", "c"), ("a", "d"), ("b", "d"), ("e", "d")}
    assert graph.column_edges() == {("a.x", "c.x"), ("b.y", "c.")}
    kept = graph.one("column_edge", source_id="b.y")
    assert (kept["direct"], kept["masking"], kept["transformations"]) == (
        False,
        False,
        [["FILTER", False, ""]],
    )


def test_cycles_and_edges_to_oneself_are_kept(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["a", "b"]), *_done("s", 5, ["b"], ["a"], job="back"))
    assert Graph(store_url).edges() == {("a", "a"), ("a", "b"), ("b", "a")}


def test_a_started_run_draws_nothing_yet_but_what_it_touches(store: Store, store_url: str) -> None:
    _record(store, run_event("r", "START", 0, inputs=["a"], outputs=["b"]))
    graph = Graph(store_url)
    assert graph.edges() == set()
    assert {(row["dataset_id"], row["output"]) for row in graph.rows["job_dataset"]} == {
        ("a", False),
        ("b", True),
    }


def test_an_edge_ends_when_a_later_run_completes_without_it(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a", "b"], ["c"]), *_done("s", 10, ["a"], ["c"]))
    graph = Graph(store_url)
    assert graph.span("a", "c") == (at(0), None)
    assert graph.span("b", "c") == (at(0), at(11))
    assert graph.one("job_dataset", dataset_id="b")["until"] == at(11)
    assert graph.one("job_dataset", dataset_id="a")["until"] is None


def test_a_run_that_does_not_complete_ends_nothing_but_adds(store: Store, store_url: str) -> None:
    for state in ("START", "RUNNING", "FAIL", "ABORT", "OTHER"):
        late = [run_event(state, "START", 10, job=state)]
        late.append(run_event(state, state, 11, job=state, inputs=["b"], outputs=["c"]))
        _record(store, *_done(f"{state} before", 0, ["a"], ["c"], job=state), *late)
    graph = Graph(store_url)
    assert {row["until"] for table in ("job_dataset", "edge") for row in graph.rows[table]} == {None}
    assert len(graph.rows["job_dataset"]) == 5 * 3
    assert len(graph.rows["edge"]) == 5 + 4


def test_a_run_that_tells_nothing_ends_nothing(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["c"]), *_done("s", 10, [], []))
    assert Graph(store_url).edges() == {("a", "c")}


def test_an_edge_that_comes_back_holds_again(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], ["c"]), *_done("s", 10, ["b"], ["c"]), *_done("t", 20, ["a"], ["c"]))
    graph = Graph(store_url)
    assert graph.span("a", "c") == (at(0), None)
    assert graph.span("b", "c") == (at(10), at(21))


def test_task_instances_of_one_dag_run_add_to_each_other(store: Store, store_url: str) -> None:
    def mapped(day: str, seconds: float, names: str) -> list[Event]:
        return [
            event
            for number, name in enumerate(names)
            for event in _done(f"{day}-{name}", seconds + 2 * number, [name], ["out"], parent=day)
        ]

    _record(store, *mapped("monday", 0, "abc"))
    assert Graph(store_url).edges() == {("a", "out"), ("b", "out"), ("c", "out")}
    _record(store, *mapped("tuesday", 100, "ab"))
    graph = Graph(store_url)
    assert graph.edges() == {("a", "out"), ("b", "out")}
    assert graph.span("c", "out") == (at(0), at(101))


def test_a_retry_adds_to_the_try_before(store: Store, store_url: str) -> None:
    _record(
        store,
        run_event("try 1", "START", 0, inputs=["a"], parent="day"),
        run_event("try 1", "FAIL", 1, outputs=["c"], parent="day"),
        *_done("try 2", 5, ["b"], ["c"], parent="day"),
    )
    graph = Graph(store_url)
    assert graph.edges() == {("a", "c"), ("b", "c")}
    assert len(graph.rows["run"]) == 2


def test_a_late_run_of_an_older_generation_ends_nothing_newer(store: Store, store_url: str) -> None:
    _record(store, *_done("new", 50, ["new"], ["c"]), *_done("old", 0, ["old"], ["c"]))
    graph = Graph(store_url)
    assert graph.edges() == {("new", "c")}
    assert graph.span("old", "c") == (at(0), at(51))


def test_what_a_job_says_without_a_run_holds_until_a_run_says_otherwise(store: Store, store_url: str) -> None:
    _record(store, job_event(0, inputs=["a"], outputs=["c"]))
    assert Graph(store_url).edges() == {("a", "c")}
    _record(store, *_done("r", 10, ["b"], ["c"]))
    assert Graph(store_url).edges() == {("b", "c")}


def test_column_edges_follow_the_newest_run(store: Store, store_url: str) -> None:
    _record(store, *_done("r", 0, ["a"], [dataset("c", made_of={"x": ["a.x"], "y": ["a.y"]})]))
    _record(store, *_done("s", 10, ["a"], [dataset("c", made_of={"x": ["a.x", "a.z"]})]))
    graph = Graph(store_url)
    assert graph.column_edges() == {("a.x", "c.x"), ("a.z", "c.x")}
    assert graph.one("column_edge", source_id="a.y")["until"] == at(11)


# --- any order ------------------------------------------------------------------------------------------


def _history(seed: int) -> list[Event]:
    """Some weeks of a few jobs: Dag runs that overlap, mapped tasks, retries, failures, late changes."""
    chance = random.Random(seed)
    events: list[Event] = []
    for day in range(6):
        for job in ("load", "join", "mapped"):
            parent = chance.choice([f"{job}-{day}", None])
            for part in range(chance.randint(1, 3) if parent else 1):
                events += _random_run(chance, f"{seed}-{job}-{day}-{part}", job, day * 10.0 + part, parent)
    events.append(job_event(chance.randint(0, 60), "load", inputs=["d0"], outputs=["d9"]))
    events.append(
        dataset_event(chance.randint(0, 60), dataset("d1", columns=["x", "q"], tags=[("x", "pii", "e")]))
    )
    return events


def _random_run(chance: random.Random, run: str, job: str, start: float, parent: str | None) -> list[Event]:
    length = chance.choice([1, 5, 15])
    reads = [_random_dataset(chance, output=False) for _ in range(chance.randint(0, 3))]
    writes = [_random_dataset(chance, output=True) for _ in range(chance.randint(0, 2))]
    events = [
        run_event(run, "START", start, job=job, parent=parent, inputs=chance.choice([[], reads[:1], reads])),
        run_event(run, "RUNNING", start + length / 2, job=job, inputs=reads, outputs=writes),
        run_event(
            run,
            chance.choice(["COMPLETE", "COMPLETE", "FAIL"]),
            start + length,
            job=job,
            parent=parent,
            inputs=reads,
            outputs=writes,
            job_facets={"sql": {"query": f"select {chance.randint(0, 2)}"}},
        ),
    ]
    return [event for event in events if chance.random() < 0.85]


def _random_dataset(chance: random.Random, *, output: bool) -> Event:
    number, version = chance.randint(0, 5), chance.randint(0, 9)
    if chance.random() < 0.15:
        # By the name that is a symlink elsewhere.
        return dataset(f"t{number}", namespace="hive", columns=chance.choice([None, ["x", "w"]]))
    made = {"x": [f"d{chance.randint(0, 5)}.x"]} if output and chance.random() < 0.6 else None
    return dataset(
        f"d{number}",
        columns=chance.choice([None, ["x", "yz"[version % 2]]]),
        aliases=[("hive", f"t{number}")] if chance.random() < 0.3 else [],
        tags=chance.choice([None, [("x", "pii", "email")], []]),
        made_of=made,
        version=str(version),
        rows=chance.randint(0, 9) if output else None,
        storage={"format": chance.choice(["parquet", "orc"])},
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_events_in_any_order_and_any_batches_make_the_same_graph(
    new_store: Callable[[], str], seed: int
) -> None:
    events = _history(seed)
    graphs = []
    for _ in range(3):
        store = Store(url := new_store())
        rest = projected(*events)
        while rest:
            count = random.Random(len(rest) + seed).randint(1, 12)
            store.lineage.record(rest[:count], origin=Origin.TRANSPORT, at=at(0))
            rest = rest[count:]
        store.dispose()
        graphs.append(Graph(url).all())
        random.Random(seed).shuffle(events)
    assert len(graphs[0]["column_edge"]) > 3
    for graph in graphs[1:]:
        for table, rows in graph.items():
            assert set(rows) ^ set(graphs[0][table]) == set(), table
            assert rows == graphs[0][table], table
