"""What is remembered of datasets: their names, schemas, tags and facets, on every store."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from airflow_gov.model.lineage import (
    ColumnFacts,
    DatasetFacts,
    EventKind,
    LineageEvent,
    Named,
    Origin,
    Projection,
)
from airflow_gov.store import Store
from support.open_lineage import LAKE, OURS, Graph, at, dataset, dataset_event, projected, run_event

Event = dict[str, Any]
HIVE = "hive://metastore"


def _record(store: Store, *events: Mapping[str, Any], origin: Origin = Origin.TRANSPORT) -> None:
    for event in events:
        store.lineage.record(projected(event, origin=origin), origin=origin, at=at(0))


def _made(name: str, seconds: float, reads: Any, writes: Any) -> Event:
    return run_event(name, "COMPLETE", seconds, job=name, inputs=[reads], outputs=[writes])


def _in_several_orders(
    new_store: Callable[[], str], events: list[Event]
) -> tuple[Graph, list[dict[str, list[str]]]]:
    graphs = []
    for order in list(itertools.permutations(events))[::2]:
        store = Store(url := new_store())
        _record(store, *order)
        store.dispose()
        graphs.append(Graph(url))
    return graphs[0], [graph.all() for graph in graphs]


# --- names ----------------------------------------------------------------------------------------------


def test_all_names_of_a_dataset_lead_to_one_in_whatever_order_they_are_told(
    new_store: Callable[[], str],
) -> None:
    events = [
        _made("spark", 0, "a", dataset("t", columns=["x"], rows=5, version="1")),
        _made("dbt", 5, dataset("lake.t", namespace=HIVE, columns=["x", "y"]), "b"),
        _made("ours", 9, dataset("t", aliases=[(HIVE, "lake.t")], version="1"), "c"),
    ]
    graph, all_graphs = _in_several_orders(new_store, events)
    assert all(each == all_graphs[0] for each in all_graphs)
    assert graph.edges() == {("a", "lake.t"), ("lake.t", "b"), ("lake.t", "c")}
    assert {
        (row["name"], row["kind"]) for row in graph.rows["dataset_name"] if row["dataset_id"] == "lake.t"
    } == {
        ("t", "own"),
        ("lake.t", "own"),
    }
    assert {row["name"] for row in graph.rows["column"] if row["position"] is not None} == {"x", "y"}
    assert graph.one("version", version="1")["rows"] == 5


def test_two_datasets_of_the_lake_stay_two_whatever_a_symlink_claims(store: Store, store_url: str) -> None:
    def ours(name: str, *more: tuple[str, str]) -> Event:
        return dataset(f"clean/{name}", aliases=[(OURS, f"clean.{name}"), *more])

    _record(store, _made("one", 0, "x", ours("a")), _made("other", 1, "x", ours("b")))
    _record(store, _made("wrong", 2, "x", ours("a", (OURS, "clean.b"), (LAKE, "clean/b"))))
    _record(store, _made("again", 3, "x", ours("b", (LAKE, "clean/a"))))
    graph = Graph(store_url)
    assert {row["governed"] for row in graph.rows["dataset"]} == {None, "clean.a", "clean.b"}
    assert graph.edges() == {("x", "clean/a"), ("x", "clean/b")}
    assert graph.one("dataset", governed="clean.a")["zone"] == "clean"


def test_names_hold_whatever_text_they_are(store: Store, store_url: str) -> None:
    odd = [
        "",
        "'; DROP TABLE gov_lineage_job; --",
        '<script>alert("x")</script>',
        "ö\u202e𝄞 %s {} \\",
        "a" * 1900,
    ]
    for number, name in enumerate(odd[1:]):
        made = dataset(
            name, columns={name: name}, tags=[(name, "pii", name)], made_of={name: [f"{name}.{name}"]}
        )
        _record(store, run_event(f"r{number}", "COMPLETE", number, job=name, inputs=[name], outputs=[made]))
    graph = Graph(store_url)
    assert {row["name"] for row in graph.rows["job"]} == set(odd[1:])
    assert {row["name"] for row in graph.rows["dataset"]} == set(odd[1:])
    assert graph.edges() == {(name, name) for name in odd[1:]}


# --- renames and drops ----------------------------------------------------------------------------------


def test_a_renamed_dataset_keeps_its_lineage_in_whatever_order_it_is_told(
    new_store: Callable[[], str],
) -> None:
    events = [
        _made("writer", 0, "a", dataset("old", columns=["x"], version="1")),
        _made("rename", 5, "other", dataset("new", formerly="old")),
        _made("reader", 9, "new", "b"),
    ]
    graph, all_graphs = _in_several_orders(new_store, events)
    assert all(each == all_graphs[0] for each in all_graphs)
    assert {("a", "new"), ("new", "b")} < graph.edges()
    assert graph.one("dataset_name", name="old")["kind"] == "former"
    assert graph.one("version", version="1")["dataset_id"] == "new"


def test_a_new_dataset_under_a_former_name_is_another(new_store: Callable[[], str]) -> None:
    events = [
        _made("writer", 0, "a", "old"),
        _made("rename", 5, "other", dataset("new", formerly="old")),
        _made("later", 9, "b", "old"),
    ]
    graph, all_graphs = _in_several_orders(new_store, events)
    for each in all_graphs[1:]:
        assert (each["edge"], each["dataset_name"], each["touch"]) == tuple(
            all_graphs[0][table] for table in ("edge", "dataset_name", "touch")
        )
    assert {("a", "new"), ("b", "old")} < graph.edges()
    assert len(graph.rows["dataset"]) == 5


def test_a_dropped_dataset_is_dropped_until_it_is_heard_of_again(store: Store, store_url: str) -> None:
    def dropped(name: str) -> Any:
        return Graph(store_url).one("dataset", name=name)["dropped_at"]

    _record(store, _made("writer", 0, "a", "t"), _made("drop", 5, "a", dataset("t", change="DROP")))
    assert dropped("t") == at(5)
    _record(store, _made("before", 3, "t", "b"))
    assert dropped("t") == at(5)
    _record(store, _made("after", 9, "a", "t"))
    assert dropped("t") is None
    _record(store, dataset_event(7, dataset("t", change="DROP")))
    assert dropped("t") is None


# --- what they are like ---------------------------------------------------------------------------------


def test_of_facets_schema_and_tags_the_newest_count(new_store: Callable[[], str]) -> None:
    events = [
        dataset_event(1, dataset("t", columns=["x", "y"], tags=[("x", "pii", "email")], storage={"n": 1})),
        dataset_event(3, dataset("t", columns={"x": "int", "z": "int"}, ownership={"owners": []})),
        dataset_event(2, dataset("t", tags=[("", "class", "open"), ("y", "pii", "name")], storage={"n": 2})),
    ]
    graph, all_graphs = _in_several_orders(new_store, events)
    assert all(each == all_graphs[0] for each in all_graphs)
    assert graph.one("dataset", name="t")["facets"] == {"storage": {"n": 2}, "ownership": {"owners": []}}
    assert [(row["name"], row["type"], row["position"]) for row in graph.rows["column"]] == [
        ("x", "int", 0),
        ("y", None, None),
        ("z", "int", 1),
    ]
    tags = {(row["column_name"], row["key"], row["value"]) for row in graph.rows["tag"]}
    assert tags == {("", "class", "open"), ("y", "pii", "name")}


def test_a_facet_that_is_taken_away_is_gone(store: Store, store_url: str) -> None:
    _record(store, dataset_event(1, dataset("t", storage={"n": 1}, custom={"n": 1})))
    _record(store, dataset_event(2, dataset("t", storage={"_deleted": True})))
    _record(store, dataset_event(0, dataset("t", storage={"n": 0})))
    assert Graph(store_url).one("dataset", name="t")["facets"] == {"custom": {"n": 1}}


def test_a_version_is_told_of_by_who_wrote_it(store: Store, store_url: str) -> None:
    _record(store, _made("reader", 5, dataset("t", version="7"), "b"))
    _record(store, _made("writer", 2, "a", dataset("t", version="7", rows=5, columns=["x"])))
    _record(store, _made("later reader", 9, dataset("t", version="7", columns=["x"]), "c"))
    kept = Graph(store_url).one("version", version="7")
    assert (kept["first_seen"], kept["written_at"], kept["rows"]) == (at(2), at(2), 5)
    assert kept["columns"] == [["x", "string"]]


def test_a_table_of_ten_thousand_columns_is_taken(store: Store, store_url: str) -> None:
    names = [f"column_{number:05}" for number in range(10_000)]
    wide = dataset("wide", columns=names, made_of={name: [f"a.{name}"] for name in names})
    for second in (0, 10):
        _record(store, run_event(f"r{second}", "COMPLETE", second, inputs=["a"], outputs=[wide]))
    graph = Graph(store_url)
    assert len(graph.column_edges()) == 10_000
    assert {row["first_seen"] for row in graph.rows["column_edge"]} == {at(0)}


def test_many_inputs_and_outputs_are_all_pairs(store: Store, store_url: str) -> None:
    reads, writes = [f"in{n}" for n in range(100)], [f"out{n}" for n in range(100)]
    _record(store, run_event("r", "COMPLETE", 0, inputs=reads, outputs=writes))
    assert Graph(store_url).edges() == set(itertools.product(reads, writes))


def test_facts_that_no_event_has_spelt_out_are_taken_too(store: Store, store_url: str) -> None:
    """Whoever makes projections by hand says what a dataset is like without touching it."""
    event = LineageEvent(EventKind.DATASET, "k" * 64, at(0), None, None, None, {"dataset": {}})
    facts = DatasetFacts(
        Named(LAKE, "t"), governed="gold.t", columns=(ColumnFacts("x", "int", "what it is", 0),)
    )
    store.lineage.record([Projection(event, datasets=(facts,))], origin=Origin.TRANSPORT, at=at(0))
    graph = Graph(store_url)
    assert graph.one("dataset", name="t")["governed"] == "gold.t"
    assert graph.one("column", name="x")["description"] == "what it is"
    assert graph.one("dataset", name="t")["last_seen"] == at(0) + timedelta(0)


@pytest.mark.parametrize("origin", [Origin.HTTP, Origin.TRANSPORT])
def test_only_our_own_word_makes_a_dataset_one_of_the_lake(
    store: Store, store_url: str, origin: Origin
) -> None:
    _record(store, _made("r", 0, "a", dataset("t", aliases=[(OURS, "clean.t"), (HIVE, "t")])), origin=origin)
    graph = Graph(store_url)
    trusted = origin is Origin.TRANSPORT
    assert graph.one("dataset", name="t")["governed"] == ("clean.t" if trusted else None)
    assert ({(row["namespace"]) for row in graph.rows["dataset_name"]} >= {OURS}) is trusted
