"""The graph of lineage as it is read, over every store."""

from __future__ import annotations

import random
import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any
from urllib.parse import quote

import pytest

from airflow_gov.lineage.column_pages import column_page
from airflow_gov.lineage.comparing import compare
from airflow_gov.lineage.details import dataset_detail, job_detail
from airflow_gov.lineage.differences import difference
from airflow_gov.lineage.exporting import columns_of, exported_events
from airflow_gov.lineage.focus import find_dataset, find_job, parse_focus
from airflow_gov.lineage.graph import Extent, draw, draw_path
from airflow_gov.lineage.impact import column_impact, dataset_impact
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.lineage.names import dataset_named
from airflow_gov.lineage.origins import origin, row_origin
from airflow_gov.lineage.tracing import How, find_column, influences, trace
from airflow_gov.lineage.where_is import where_is
from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.execution import Status
from airflow_gov.model.graph import Column, Dataset, Direction, JobState
from airflow_gov.model.lineage import Origin, Projection, RunState
from airflow_gov.model.serde import to_plain
from airflow_gov.store import Store
from airflow_gov.store.lineage_tables import column, column_edge, edge, job, job_dataset
from support import lineage_graphs as shops
from support import records, stores
from support.outside_events import run_event
from support.small_lineage import T0, told

BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def made(request: pytest.FixtureRequest, folder: Any) -> Store:
    if request.param == "sqlite":
        return Store(stores.ready(folder.mktemp("graph") / "governance.db"))
    return Store(request.getfixturevalue("postgres_store")())


@pytest.fixture(scope="module", params=BACKENDS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Store]:
    """The shop, and on the same kind of store the shop without its secret Dag: `.open`."""
    store, opened = made(request, tmp_path_factory), made(request, tmp_path_factory)
    shops.fill(store)
    shops.fill(opened, secret=False)
    store.open = opened  # type: ignore[attr-defined]
    yield store
    store.dispose()
    opened.dispose()


def names(graph: Any) -> set[str]:
    return {node.label for node in graph.nodes}


def arrows(graph: Any) -> set[tuple[str, str]]:
    labels = {node.id: node.label for node in graph.nodes}
    return {(labels[edge.source], labels[edge.target]) for edge in graph.edges}


def node(graph: Any, label: str, kind: str = "dataset") -> Any:
    return next(each for each in graph.nodes if (each.label, each.type) == (label, kind))


def drawn(store: Store, focus: str, *, dags: frozenset[str] | None = None, **extent: Any) -> Any:
    return draw(store, parse_focus(focus), Extent(**extent), dags=dags)


def run_focus(day: int, dag_id: str = "gold_shop") -> str:
    return f"run:{dag_id}:{quote(shops.run_name(day), safe='')}"


# --- who may see what ----------------------------------------------------------------------------------

ASKED: dict[str, Callable[[Store, frozenset[str] | None], Any]] = {
    "graph of a dataset": lambda s, d: drawn(s, "dataset:clean.stores", up=9, down=9, dags=d),
    "graph of a Dag": lambda s, d: drawn(s, "dag:clean_shop", up=9, down=9, dags=d),
    "graph of a run": lambda s, d: drawn(s, run_focus(1, "clean_shop"), up=9, down=9, dags=d),
    "graph cut short": lambda s, d: drawn(s, "dag:clean_shop", up=9, down=9, limit=12, dags=d),
    "comparison": lambda s, d: compare(
        s, parse_focus("dag:clean_shop"), shops.run_name(1), shops.run_name(2), Extent(), dags=d
    ),
    "trace": lambda s, d: trace(s, find_column(s, "clean.stores.region", dags=d), dags=d),
    "columns": lambda s, d: column_page(s, dataset_named(s, "clean.stores", dags=d), dags=d, limit=50),
    "columns of a graph": lambda s, d: columns_of(
        s, drawn(s, "dataset:clean.stores", up=9, down=9, dags=d), dags=d, limit=1_000
    ),
    "columns of a graph cut short": lambda s, d: columns_of(
        s, drawn(s, "dataset:clean.stores", up=9, down=9, dags=d), dags=d, limit=1
    ),
    "dataset": lambda s, d: dataset_detail(s, dataset_named(s, "clean.stores", dags=d), dags=d),
    "job": lambda s, d: job_detail(s, find_job(s.lineage.read, "clean_shop.stores", d), dags=d),
    "impact of a column": lambda s, d: column_impact(
        s, dataset_named(s, "clean.stores"), find_column(s, "clean.stores.region", dags=d), dags=d
    ),
    "impact of a dataset": lambda s, d: dataset_impact(s, dataset_named(s, "clean.stores"), dags=d),
    "where is a name": lambda s, d: where_is(s, column="region", dags=d),
    "where is a tag": lambda s, d: where_is(s, tag="pii", dags=d),
    "search": lambda s, d: s.lineage.read.names.search("s", dags=d, limit=500),
    "search of the secret": lambda s, d: s.lineage.read.names.search("salar", dags=d),
    "labels": lambda s, d: s.lineage.read.names.labels(dags=d),
    "governed": lambda s, d: s.lineage.read.nodes.all_governed(dags=d),
    "runs of the secret Dag": lambda s, d: s.lineage.read.runs.dag_runs(shops.SECRET_DAG, dags=d),
    "runs on a dataset": lambda s, d: s.lineage.read.runs.of_dataset(
        dataset_named(s, "clean.stores").dataset_id, dags=d
    ),
    "origin": lambda s, d: origin(
        s,
        dataset_named(s, "gold.revenue_by_region"),
        find_column(s, "gold.revenue_by_region.region", dags=d),
        dags=d,
    ),
    "events": lambda s, d: sorted(exported_events(s, dags=d)),
}


@pytest.mark.parametrize("question", ASKED)
def test_what_belongs_to_a_hidden_dag_is_as_if_it_were_not_there(shop: Store, question: str) -> None:
    ask = ASKED[question]
    limited, nothing_hidden = ask(shop, shops.OPEN_DAGS), ask(shop.open, None)  # type: ignore[attr-defined]
    assert plain_names(shop, limited) == plain_names(shop.open, nothing_hidden)  # type: ignore[attr-defined]
    assert not re.search("secret|salar|payroll|sap://", str(plain_names(shop, limited)))


def plain_names(store: Store, answer: Any) -> Any:
    """The answer with names in place of the numbers that each store gives."""
    read = store.lineage.read
    datasets = {f"d{each}": each for each in range(1, 80)}
    known = {each.dataset_id: each.label for each in read.nodes.datasets(datasets.values(), dags=None)}
    jobs = {each.job_id: each.name for each in read.nodes.jobs(range(1, 80), dags=None)}

    def replaced(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            told_job = value.get("kind") == "job"
            return {
                name: replaced(item, "job_id" if told_job and name == "number" else name)
                for name, item in value.items()
            }
        if isinstance(value, list):
            plain = [replaced(item, key) for item in value]
            return sorted(plain, key=str)
        if key in ("dataset_id", "number") and isinstance(value, int):
            return known.get(value, value)
        if key == "job_id":
            return jobs[value]
        if isinstance(value, str):
            return re.sub(r"\b([dj])(\d+)\b", lambda m: _name(m, known, jobs), value)
        return value

    return replaced(to_plain(answer))


def _name(match: re.Match[str], datasets: dict[int, str], jobs: dict[int, str]) -> str:
    found = (datasets if match[1] == "d" else jobs).get(int(match[2]))
    return f"<{found}>" if found else match[0]


def test_what_is_hidden_is_refused_in_the_words_of_what_is_not_there(shop: Store) -> None:
    read, dags = shop.lineage.read, shops.OPEN_DAGS
    hidden_dataset = dataset_named(shop, "clean.salaries").dataset_id
    hidden_job = find_job(read, "hr_secret.payroll", None)
    for hidden, missing, find in (
        (f"d{hidden_dataset}", "d999999", lambda text: find_dataset(read, text, dags)),
        ("clean.salaries", "clean.nothing", lambda text: find_dataset(read, text, dags)),
        (f"j{hidden_job}", "j999999", lambda text: find_job(read, text, dags)),
        ("hr_secret.payroll", "nothing.at_all", lambda text: find_job(read, text, dags)),
        (f"d{hidden_dataset}.salary", "d999999.salary", lambda text: find_column(shop, text, dags=dags)),
        ("dag:hr_secret", "dag:nothing", lambda text: drawn(shop, text, dags=dags)),
        (run_focus(1, "hr_secret"), run_focus(1, "nothing"), lambda text: drawn(shop, text, dags=dags)),
    ):
        answers = []
        for text in (hidden, missing):
            with pytest.raises(GovernanceError) as error:
                find(text)
            answers.append((error.value.reason, error.value.message, error.value.attributes))
        assert answers[0] == answers[1]


def test_hidden_nodes_are_not_expanded(shop: Store) -> None:
    hidden = f"d{dataset_named(shop, 'clean.salaries').dataset_id}"
    job_id = f"j{find_job(shop.lineage.read, 'hr_secret.payroll', None)}"
    asked = {"up": 0, "down": 0, "dags": shops.OPEN_DAGS}
    plain = drawn(shop, "dataset:clean.stores", **asked)
    expand = tuple((each, way) for each in (hidden, job_id) for way in Direction)
    assert drawn(shop, "dataset:clean.stores", expand=expand, **asked) == plain
    assert plain.total == 1


def test_the_load_of_a_hidden_dag_is_not_told(shop: Store) -> None:
    load = shops.load_id("clean.salaries", 1)
    assert row_origin(shop, "clean.salaries", load, dags=None).made[0].dag_id == shops.SECRET_DAG
    with pytest.raises(GovernanceError) as error:
        row_origin(shop, "clean.salaries", load, dags=shops.OPEN_DAGS)
    assert error.value.reason is Reason.LOAD_UNKNOWN


def test_the_parent_of_an_outside_job_is_left_out_where_it_is_hidden(tmp_path: Any) -> None:
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    parent = told("submit", dag_id=shops.SECRET_DAG)
    child = told("spark", ["a"], ["b"], minute=1, parent_run_id=parent.run.run_id)
    facet = {"run": {"runId": parent.run.run_id}, "job": {"namespace": "default", "name": "hr_secret.submit"}}
    child.event.body["run"]["facets"] = {"parent": facet, "other": {"kept": True}}
    store.lineage.record([parent, child], origin=Origin.TRANSPORT, at=T0)
    assert "hr_secret" in "".join(exported_events(store, dags=None))
    (line,) = exported_events(store, dags=frozenset())
    assert "hr_secret" not in line
    assert "kept" in line
    assert node(drawn(store, "job:spark", dags=frozenset()), "spark", "job").run_id == child.run.run_id
    store.dispose()


# --- graphs --------------------------------------------------------------------------------------------


def test_a_dataset_is_drawn_with_what_it_is_made_of_and_what_is_made_of_it(shop: Store) -> None:
    graph = drawn(shop, "dataset:gold.customer_value", up=1, down=1)
    assert names(graph) == {
        "gold.customer_value",
        "gold_shop.customer_value",
        "clean.customers",
        "clean.orders",
        "clean.payments",
        "work_ana.churn",
        "customer_features",
        "work.ana_churn",
        "features/customer_features",
    }
    assert ("clean.payments", "gold_shop.customer_value") in arrows(graph)
    assert ("customer_features", "features/customer_features") in arrows(graph)
    assert (graph.shown, graph.total, graph.truncated, graph.empty) == (9, 9, False, None)
    focus = node(graph, "gold.customer_value")
    assert graph.focus.nodes == (focus.id,)
    assert (focus.up.drawn, focus.up.all, focus.down.drawn, focus.down.all) == (1, 1, 2, 2)
    assert (focus.zone, focus.version, focus.rows, focus.verdict) == ("gold", "2", 200, "passed")
    assert (focus.columns, focus.personal) == (3, False)


def test_depth_none_is_the_dataset_alone_and_tells_what_there_would_be(shop: Store) -> None:
    graph = drawn(shop, "dataset:gold.customer_value", up=0, down=0)
    (focus,) = graph.nodes
    assert (focus.up.drawn, focus.up.all, focus.down.drawn, focus.down.all) == (0, 1, 0, 2)
    assert graph.edges == ()


def test_a_node_is_expanded_by_one_step(shop: Store) -> None:
    read = shop.lineage.read
    key = f"d{find_dataset(read, 'gold.customer_value', None)}"
    base = drawn(shop, "dataset:gold.customer_value", up=0, down=0, expand=((key, Direction.DOWN),))
    assert "work.ana_churn" in names(base)
    assert "clean.orders" not in names(base)
    job_key = f"j{find_job(read, 'gold_shop.customer_value', None)}"
    more = drawn(shop, "dataset:gold.customer_value", up=0, down=0, expand=((job_key, Direction.UP),))
    assert {"clean.customers", "clean.orders", "clean.payments"} <= names(more)
    with pytest.raises(GovernanceError, match="d1:up"):
        drawn(shop, "dataset:gold.customer_value", expand=(("'; DROP", Direction.UP),))


def test_a_dag_is_its_datasets_and_a_task_its_inputs_and_outputs(shop: Store) -> None:
    dag = drawn(shop, "dag:gold_shop", up=0, down=0)
    assert {"gold.conversion", "clean.sessions", "gold_shop.conversion"} <= names(dag)
    assert "preprocessed.orders" not in names(dag)
    assert set(dag.focus.nodes) == {each.id for each in dag.nodes}
    task = drawn(shop, "task:clean_shop:customers", up=0, down=0)
    assert names(task) == {"clean_shop.customers", "preprocessed.customers", "clean.customers"}


def test_personal_data_is_seen_in_tags_and_in_contracts(shop: Store) -> None:
    graph = drawn(shop, "dag:clean_shop", up=0, down=0)
    personal = {each.label for each in graph.nodes if each.type == "dataset" and each.personal}
    assert personal == {
        "preprocessed.customers",
        "preprocessed.payments",
        "sensitive.customers_identity",
        "sensitive.payments_cards",
    }


def test_a_refused_candidate_leaves_the_version_and_fails_the_verdict(shop: Store) -> None:
    ranking = node(drawn(shop, "dag:gold_shop"), "gold.product_ranking")
    assert (ranking.version, ranking.rows, ranking.verdict) == ("1", 100, "failed")
    assert node(drawn(shop, run_focus(1)), "gold.product_ranking").verdict == "passed"


def test_a_past_moment_shows_the_edges_and_versions_of_then(shop: Store) -> None:
    then = shops.DAY_ONE + timedelta(hours=12)
    now = drawn(shop, "dataset:gold.revenue_by_day", up=1, down=0)
    before = drawn(shop, "dataset:gold.revenue_by_day", up=1, down=0, as_of=then)
    assert names(now) - names(before) == {"clean.returns"}
    assert node(before, "gold.revenue_by_day").version == "1"
    assert node(now, "gold.revenue_by_day").version == "2"
    assert before.as_of == then
    revenue = dataset_named(shop, "gold.revenue_by_day")
    assert [node(each, "gold.revenue_by_day").columns for each in (before, now)] == [2, 3]
    page = column_page(shop, revenue, dags=None, as_of=then, limit=1)
    assert (page.total, [each.name for each in page.columns], page.next) == (2, ["day"], "day")
    page = column_page(shop, revenue, dags=None, as_of=then, limit=1, after="day")
    assert ([each.name for each in page.columns], page.next) == (["revenue"], None)
    assert node(before, "gold_shop.revenue_by_day", "job").dag_run_id == shops.run_name(1)
    earlier = drawn(shop, "dag:gold_shop", as_of=shops.DAY_ONE - timedelta(days=1))
    assert (earlier.nodes, earlier.empty.cause) == ((), "never_ran")


def test_a_run_shows_what_it_really_read_and_wrote(shop: Store) -> None:
    graph = drawn(shop, run_focus(1), up=1, down=0)
    assert ("clean.returns", "gold_shop.revenue_by_day") not in arrows(graph)
    assert node(graph, "gold.revenue_by_day").version == "1"
    assert node(graph, "clean.orders").rows == 100
    job_node = node(graph, "gold_shop.return_rate", "job")
    assert (job_node.state, job_node.dag_run_id) == (JobState.SUCCESS, shops.run_name(1))
    assert job_node.duration == 40
    # What lies around it is as it was when it ended.
    assert node(graph, "clean_shop.orders", "job").dag_run_id == shops.run_name(1)
    assert graph.as_of is None


def test_a_task_instance_shows_its_run(shop: Store) -> None:
    focus = f"ti:gold_shop:{quote(shops.run_name(2), safe='')}:revenue_by_day:-1"
    graph = drawn(shop, focus, up=0, down=0)
    assert ("clean.returns", "gold_shop.revenue_by_day") in arrows(graph)
    assert (graph.focus.run.dag_run_id, graph.focus.run.state) == (shops.run_name(2), JobState.SUCCESS)
    failed = drawn(shop, focus.replace("revenue_by_day", "return_rate"), up=0, down=0)
    assert (failed.focus.run.state, failed.focus.run.error) == (JobState.FAILED, "division by zero")
    assert failed.empty.cause == "no_lineage"


def test_two_runs_are_compared(shop: Store) -> None:
    graph = compare(
        shop, parse_focus("dag:gold_shop"), shops.run_name(1), shops.run_name(2), Extent(1, 0), dags=None
    )
    revenue = node(graph, "gold.revenue_by_day")
    assert (revenue.status, revenue.changes) == ("changed", ("column + discount",))
    labels = {each.id: each.label for each in graph.nodes}
    status = {(labels[each.source], labels[each.target]): each.status for each in graph.edges}
    assert status["clean.returns", "gold_shop.revenue_by_day"] == "added"
    assert status["gold_shop.revenue_by_day", "gold.revenue_by_day"] == "changed"
    assert status["clean.orders", "gold_shop.revenue_by_day"] is None
    # What failed wrote nothing.
    assert status["gold_shop.return_rate", "gold.return_rate"] == "removed"
    same = compare(
        shop, parse_focus("dag:gold_shop"), shops.run_name(2), shops.run_name(2), Extent(1, 0), dags=None
    )
    assert {each.status for each in (*same.nodes, *same.edges)} == {None}


def test_more_than_the_limit_is_counted_and_not_drawn(shop: Store) -> None:
    whole = drawn(shop, "dataset:clean.orders", up=9, down=9)
    cut = drawn(shop, "dataset:clean.orders", up=9, down=9, limit=5)
    assert (cut.shown, cut.total, cut.truncated) == (5, whole.total, True)
    assert names(cut) < names(whole)
    assert "clean.orders" in names(cut)
    assert {each.id for each in cut.nodes} >= {
        end for each in cut.edges for end in (each.source, each.target)
    }


@pytest.mark.parametrize("extent", [{"up": -1}, {"down": -1}, {"limit": 0}])
def test_an_extent_that_is_none_is_refused(shop: Store, extent: dict[str, int]) -> None:
    with pytest.raises(GovernanceError, match="at least") as error:
        drawn(shop, "dataset:clean.orders", **extent)
    assert error.value.reason is Reason.PARAMETER_INVALID


def test_a_huge_depth_is_all_there_is(shop: Store) -> None:
    whole = drawn(shop, "dataset:clean.orders", up=10**9, down=10**9)
    assert whole.total == drawn(shop, "dataset:clean.orders", up=4, down=4).total
    assert whole.total > drawn(shop, "dataset:clean.orders", up=2, down=2).total


def test_a_path_leads_from_a_source_to_what_is_made_of_it_and_back(shop: Store) -> None:
    way, graph = draw_path(shop, "raw.customers", "gold.customer_value", dags=None)
    labels = {each.id: each.label for each in graph.nodes}
    assert [labels[each] for each in way] == [
        "raw.customers",
        "ingest_shop.type_customers",
        "preprocessed.customers",
        "clean_shop.customers",
        "clean.customers",
        "gold_shop.customer_value",
        "gold.customer_value",
    ]
    assert len(graph.edges) == 6
    back, _ = draw_path(shop, "gold.customer_value", "raw.customers", dags=None)
    assert back == way[::-1]
    jobs = [find_job(shop.lineage.read, name, None) for name in ("clean_shop.customers", "work_ana.churn")]
    between, _ = draw_path(shop, f"j{jobs[0]}", f"j{jobs[1]}", dags=None)
    assert between[0] == f"j{jobs[0]}"
    assert between[-1] == f"j{jobs[1]}"
    assert len(between) == 5
    nowhere, empty = draw_path(shop, "raw.customers", "raw.stores", dags=None)
    assert (nowhere, empty.nodes) == ([], ())


# --- walks against the plainest walk there is ----------------------------------------------------------


@pytest.fixture(scope="module", params=BACKENDS)
def tangle(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Store]:
    """Random edges between few columns: cycles, self-edges, edges into all rows, jobs of a hidden Dag."""
    chance = random.Random(7)
    store = made(request, tmp_path_factory)
    projections = []
    for number in range(60):
        target = f"t{chance.randrange(18)}"
        sources = [f"t{chance.randrange(18)}" for _ in range(chance.randint(1, 3))]
        edges = [
            (
                chance.choice(sources),
                f"c{chance.randrange(4)}",
                target,
                chance.choice(["", "c0", "c1", "c2", "c3"]),
                chance.choice([Subtype.IDENTITY, Subtype.IDENTITY, Subtype.FILTER]),
                chance.random() < 0.2,
            )
            for _ in range(chance.randint(0, 3))
        ]
        dag_id = chance.choice(["seen", "hidden", None])
        projections.append(told(f"job_{number}", sources, [target], edges, dag_id=dag_id, minute=number))
    # The second half of the jobs runs again and tells something else: half of the edges end.
    for number in range(30):
        projections.append(told(f"job_{number}", ["t0"], ["t1"], dag_id=None, minute=100 + number))
    store.lineage.record(projections, origin=Origin.TRANSPORT, at=T0)
    yield store
    store.dispose()


def rows_of(store: Store, table: Any) -> list[Any]:
    with store._database.read() as connection:
        return list(connection.execute(table.select()))


def holds(row: Any, as_of: Any) -> bool:
    if as_of is None:
        return row.until is None
    return row.first_seen <= as_of and (row.until is None or row.until > as_of)


def seen_jobs(store: Store, dags: frozenset[str] | None) -> set[int]:
    return {
        row.job_id for row in rows_of(store, job) if dags is None or row.dag_id is None or row.dag_id in dags
    }


CALLERS = [None, frozenset({"seen"}), frozenset()]
MOMENTS = [None, T0 + timedelta(minutes=70)]


@pytest.mark.parametrize("as_of", MOMENTS, ids=["now", "then"])
@pytest.mark.parametrize("dags", CALLERS, ids=["everybody's", "one Dag's", "no Dag's"])
@pytest.mark.parametrize("direction", Direction)
def test_columns_are_reached_as_by_walking_edge_by_edge(
    tangle: Store, direction: Direction, dags: Any, as_of: Any
) -> None:
    jobs, columns = seen_jobs(tangle, dags), {row.column_id: row for row in rows_of(tangle, column)}
    rows = {row.dataset_id: row.column_id for row in columns.values() if row.name == ""}
    steps: dict[int, set[int]] = defaultdict(set)
    for row in rows_of(tangle, column_edge):
        if row.job_id in jobs and holds(row, as_of):
            near, far = row.target_id, row.source_id
            steps[near if direction is Direction.UP else far].add(far if direction is Direction.UP else near)

    def neighbours(number: int) -> set[int]:
        found = set(steps[number])
        one = columns[number]
        if direction is Direction.UP and one.dataset_id in rows:
            found |= steps[rows[one.dataset_id]]
        if direction is Direction.DOWN and one.name == "":
            found |= {
                far
                for other in columns.values()
                if other.dataset_id == one.dataset_id
                for far in steps[other.column_id]
            }
        return found

    walks = tangle.lineage.read.column_walks
    for depth, some in ((2, 3), (30, 2)):
        for start in list(columns.values())[::some]:
            expected, frontier = {start.column_id}, {start.column_id}
            for _ in range(depth):
                frontier = {far for number in frontier for far in neighbours(number)} - expected
                expected |= frontier
            first = Column(start.column_id, start.dataset_id, start.name)
            walk = walks.columns([first], direction, depth=depth, dags=dags, as_of=as_of)
            beside = {end for link in walk.links for end in (link.source, link.target) if end not in expected}
            # Beside those that are reached stand the all-rows nodes and the columns through which.
            assert set(walk.columns) - beside == expected
            reached = {columns[number].dataset_id for number in expected}
            assert {columns[number].dataset_id for number in beside} <= reached
            assert not walk.truncated


@pytest.mark.parametrize("as_of", MOMENTS, ids=["now", "then"])
@pytest.mark.parametrize("dags", CALLERS, ids=["everybody's", "one Dag's", "no Dag's"])
@pytest.mark.parametrize("direction", Direction)
def test_datasets_are_reached_as_by_walking_edge_by_edge(
    tangle: Store, direction: Direction, dags: Any, as_of: Any
) -> None:
    jobs, up = seen_jobs(tangle, dags), direction is Direction.UP
    steps: dict[int, set[tuple[int, int]]] = defaultdict(set)
    beside: dict[int, set[int]] = defaultdict(set)
    for row in rows_of(tangle, edge):
        if row.job_id in jobs and holds(row, as_of):
            near, far = (row.target_id, row.source_id) if up else (row.source_id, row.target_id)
            steps[near].add((far, row.job_id))
    for row in rows_of(tangle, job_dataset):
        if row.job_id in jobs and holds(row, as_of) and row.output is up:
            beside[row.dataset_id].add(row.job_id)
    for start in {row.dataset_id for row in rows_of(tangle, job_dataset)}:
        for depth in (1, 30):
            datasets, frontier, through = {start: 0}, {start}, set()
            for level in range(1, depth + 1):
                through |= {number for each in frontier for number in beside[each]}
                through |= {number for each in frontier for _, number in steps[each]}
                frontier = {far for each in frontier for far, _ in steps[each]} - datasets.keys()
                datasets |= dict.fromkeys(frontier, level)
            walk = tangle.lineage.read.walks.datasets([start], direction, depth=depth, dags=dags, as_of=as_of)
            assert (walk.datasets, set(walk.jobs), walk.complete) == (datasets, through, True)


def test_of_too_many_columns_those_that_hold_values_are_shown_first(store: Store) -> None:
    edges = [("a", "x", f"b{n:02}", "", Subtype.FILTER, False) for n in range(20)]
    edges += [("a", "x", f"b{n:02}", "y", Subtype.IDENTITY, False) for n in range(20)]
    store.lineage.record(
        [told("wide", ["a"], [f"b{n:02}" for n in range(20)], edges)], origin=Origin.IMPORT, at=T0
    )
    start = find_column(store, "a.x", dags=None)
    walk = store.lineage.read.column_walks.columns([start], Direction.DOWN, depth=5, dags=None, limit=20)
    assert walk.truncated
    assert [each.name for each in walk.columns.values()].count("y") == 20
    assert len(walk.columns) == 21


# --- columns -------------------------------------------------------------------------------------------


def test_the_strongest_way_says_how_a_column_depends_on_another(store: Store) -> None:
    def link(source: str, target: str, how: Subtype = Subtype.IDENTITY, *, masked: bool = False) -> Any:
        return (*source.split("."), *target.split("."), how, masked)

    edges = [
        link("a.x", "b.clear"),
        link("a.x", "b.hashed", masked=True),
        link("a.x", "b.both"),
        link("a.x", "b.both2", masked=True),
        link("a.x", "b.", Subtype.JOIN),
        link("b.clear", "c.from_clear"),
        link("b.hashed", "c.from_hashed"),
        link("b.other", "c.from_rows"),
        link("b.clear", "c.decided", Subtype.CONDITIONAL),
        link("b.clear", "c.again_masked", masked=True),
    ]
    events = [told("one", ["a"], ["b"], [each for each in edges if each[2] == "b"])]
    events += [told("two", ["b"], ["c"], [each for each in edges if each[2] == "c"], minute=1)]
    store.lineage.record(events, origin=Origin.IMPORT, at=T0)
    start = find_column(store, "a.x", dags=None)
    walk = store.lineage.read.column_walks.columns([start], Direction.DOWN, depth=9, dags=None)
    found = {walk.columns[number].name: how.value for number, how in influences(walk, Direction.DOWN).items()}
    assert found == {
        "clear": "direct",
        "both": "direct",
        "hashed": "masked",
        "both2": "masked",
        "": "indirect",
        "from_clear": "direct",
        "from_hashed": "masked",
        "from_rows": "indirect",
        "decided": "indirect",
        "again_masked": "masked",
        "other": "indirect",
    }
    values = store.lineage.read.column_walks.columns([start], Direction.DOWN, depth=9, dags=None, direct=True)
    assert {each.name for each in values.columns.values()}.isdisjoint({"", "from_rows", "decided"})
    back = store.lineage.read.column_walks.columns(
        [find_column(store, "c.from_rows", dags=None)], Direction.UP, depth=9, dags=None
    )
    hows = influences(back, Direction.UP)
    assert hows[start.column_id] is How.INDIRECT


def test_ten_thousand_columns_are_read_page_by_page(store: Store) -> None:
    columns = [f"c{n:05}" for n in range(10_000)]
    store.lineage.record([told("wide", [], ["wide"], columns=columns)], origin=Origin.IMPORT, at=T0)
    dataset = dataset_named(store, "wide")
    first = column_page(store, dataset, dags=None, limit=10)
    assert (first.total, [each.name for each in first.columns]) == (10_000, columns[:10])
    second = column_page(store, dataset, dags=None, limit=10, after=first.next)
    assert [each.name for each in second.columns] == columns[10:20]
    found = column_page(store, dataset, dags=None, text="C0999", limit=20)
    assert (found.total, found.next) == (10, None)
    last = column_page(store, dataset, dags=None, limit=10, after="c09989")
    assert (last.next, len(last.columns)) == (None, 10)


def test_columns_asked_for_first_are_the_first_of_all_pages_and_each_is_there_once(store: Store) -> None:
    columns = [f"c{n:02} '\"%,é" for n in range(30)]
    store.lineage.record([told("wide", [], ["wide"], columns=columns)], origin=Origin.IMPORT, at=T0)
    wanted = [columns[28], columns[7], columns[15], "no such column"]
    pages = paged(store, dataset_named(store, "wide"), first=wanted, limit=2)
    assert pages[:2] == [[columns[7], columns[15]], [columns[28], columns[0]]]
    assert sorted(chain.from_iterable(pages)) == columns
    found = paged(store, dataset_named(store, "wide"), first=wanted, limit=5, text="c1")
    assert [*chain.from_iterable(found)] == [columns[15], *columns[10:15], *columns[16:20]]


def test_columns_of_the_past_come_in_that_order_too(shop: Store) -> None:
    then, revenue = shops.DAY_ONE + timedelta(hours=12), dataset_named(shop, "gold.revenue_by_day")
    assert paged(shop, revenue, first=["revenue"], limit=1, as_of=then) == [["revenue"], ["day"]]


def paged(store: Store, dataset: Dataset, **wanted: Any) -> list[list[str]]:
    """The names of columns on each page."""
    pages: list[list[str]] = []
    after = None
    while not pages or after:
        page = column_page(store, dataset, dags=None, after=after, **wanted)
        pages.append([each.name for each in page.columns])
        after = page.next
    return pages


# --- the questions people ask --------------------------------------------------------------------------


def test_where_is_follows_renamed_and_masked_columns(shop: Store) -> None:
    found = {(each.dataset, each.column): each for each in where_is(shop, column="mail", dags=None).places}
    assert {(key, each.relation.value, each.masked) for key, each in found.items()} == {
        (("preprocessed.customers", "mail"), "named", False),
        (("sensitive.customers_identity", "email"), "copy", False),
        (("clean.customers", "email_hash"), "copy", True),
        (("gold.customer_value", "email_hash"), "copy", True),
    }
    named_column = found["preprocessed.customers", "mail"]
    assert named_column.location == "file:///lake/preprocessed/customers"
    assert named_column.tags == ("pii:email",)
    assert named_column.dags == ("clean_shop", "ingest_shop")
    assert {each.label for each in named_column.readers} == {
        "clean_shop.customers",
        "clean_shop.customers_identity",
    }
    back = {each.dataset: each.relation.value for each in where_is(shop, column="email", dags=None).places}
    assert back["preprocessed.customers"] == "source"


@pytest.mark.parametrize("tag", ["pii:email", "PII:Email", "email"])
def test_where_is_finds_tags(shop: Store, tag: str) -> None:
    places = where_is(shop, tag=tag, dags=None).places
    assert {each.dataset for each in places if each.relation == "named"} == {
        "preprocessed.customers",
        "sensitive.customers_identity",
    }


def test_where_is_nothing_is_nothing(shop: Store) -> None:
    assert where_is(shop, column="nowhere", dags=None).places == ()
    assert where_is(shop, tag="%", dags=None).places == ()


def test_impact_tells_direct_from_masked_and_indirect(shop: Store) -> None:
    dataset = dataset_named(shop, "preprocessed.customers")
    found = column_impact(
        shop, dataset, find_column(shop, "preprocessed.customers.mail", dags=None), dags=None
    )
    assert {(each.dataset, each.name, each.how.value, each.steps) for each in found.columns} == {
        ("sensitive.customers_identity", "email", "direct", 1),
        ("clean.customers", "email_hash", "masked", 1),
        ("gold.customer_value", "email_hash", "masked", 2),
    }
    assert found.dags == ("clean_shop", "gold_shop")
    declared = {(each.dataset, each.column) for each in found.contracts if each.rule is None}
    assert ("clean.customers", "email_hash") in declared
    assert all(each.path for each in found.contracts)


def test_impact_follows_what_decides_about_rows_and_doubts_silent_readers(shop: Store) -> None:
    dataset = dataset_named(shop, "clean.customers")
    found = column_impact(
        shop, dataset, find_column(shop, "clean.customers.customer_id", dags=None), dags=None
    )
    hows = {(each.dataset, each.name): each.how.value for each in found.columns}
    assert hows["gold.customer_value", "customer_id"] == "direct"
    assert hows["gold.customer_value", ""] == "indirect"
    # The Spark job reads gold.customer_value.value, which the grouping decided about.
    assert hows["features/customer_features", "value"] == "indirect"
    outside = [each for each in found.jobs if each.dag_id is None]
    assert [each.label for each in outside] == ["customer_features"]
    raw = dataset_named(shop, "preprocessed.stores")
    shop_column = find_column(shop, "preprocessed.stores.city", dags=None)
    assert all(each.certain for each in column_impact(shop, raw, shop_column, dags=None).jobs)


def test_origin_goes_back_to_files_and_runs(shop: Store) -> None:
    dataset = dataset_named(shop, "gold.customer_value")
    wanted = find_column(shop, "gold.customer_value.email_hash", dags=None)
    found = origin(shop, dataset, wanted, dags=None)
    assert ("preprocessed.customers", "mail", "masked") in {
        (each.dataset, each.column, each.how.value) for each in found.columns if each.first
    }
    assert found.version == 2
    assert found.outside == (
        "postgres://shop-db:5432/shop.public.orders",
        "s3://vendor-drop/crm/customers.csv",
    )
    made_by = {each.dataset: each for each in found.loads}
    assert made_by["gold.customer_value"].git.tag == "v2"
    assert made_by["raw.customers"].run_id == shops.run_name(2)
    files = {(each.bucket, each.key, each.sha256) for each in made_by["raw.customers"].files}
    assert ("vendor-drop", "crm/customers.csv", "cd" * 32) in files
    assert any(bucket == "lake" and key.startswith("raw/customers/") for bucket, key, _ in files)
    first = origin(shop, dataset, wanted, version=1, dags=None)
    assert {each.run_id for each in first.loads} == {shops.run_name(1)}
    with pytest.raises(GovernanceError, match="no version 77"):
        origin(shop, dataset, wanted, version=77, dags=None)


def test_a_row_leads_to_its_execution_its_sources_and_its_files(shop: Store) -> None:
    found = row_origin(shop, "clean.customers", shops.load_id("clean.customers", 2), dags=None)
    assert (found.state, found.versions, found.rows) == ("published", (2,), 200)
    made_by = found.made[0]
    assert (made_by.dag_id, made_by.task_id, made_by.git.tag, made_by.who) == (
        "clean_shop",
        "customers",
        "v2",
        "shop",
    )
    assert made_by.sources == ("preprocessed.customers version 2",)
    assert [each.dataset for each in found.made] == [
        "clean.customers",
        "preprocessed.customers",
        "raw.customers",
    ]
    assert any(each.sha256 for each in found.made[-1].files)


def test_versions_differ_in_columns_inputs_lineage_and_code(shop: Store) -> None:
    dataset = dataset_named(shop, "gold.revenue_by_day")
    found = difference(shop, dataset, "1", "2", dags=None)
    assert (found.a.number, found.b.number, found.rows) == (1, 2, 100)
    assert {(each.what, each.name, each.change) for each in found.changes} == {
        ("column", "discount", "added"),
        ("input", "clean.returns", "added"),
        ("lineage", "clean.returns.amount → discount", "added"),
        ("code", "gold_shop.revenue_by_day", "changed"),
    }
    back = difference(shop, dataset, "2", "1", dags=None)
    assert {each.change for each in back.changes} == {"removed", "changed"}
    with pytest.raises(GovernanceError) as error:
        difference(shop, dataset, "1", "99", dags=None)
    assert error.value.reason is Reason.VERSION_UNKNOWN


def test_a_version_is_followed_run_by_run(shop: Store) -> None:
    start = find_dataset(shop.lineage.read, "gold.customer_value", None)
    version = str(shops.snapshot("gold.customer_value", 1))
    steps = shop.lineage.read.walks.versions((start, version), Direction.UP, depth=9, dags=None)
    found = {each.dataset_id: each.label for each in shop.lineage.read.nodes.datasets(range(99), dags=None)}
    versions = {(found[step.source[0]], step.source[1]) for step in steps}
    assert ("raw.customers", str(shops.snapshot("raw.customers", 1))) in versions
    assert not any(version and version.endswith("2") for _, version in versions)
    down = shop.lineage.read.walks.versions((start, version), Direction.DOWN, depth=9, dags=None)
    assert {found[step.target[0]] for step in down} == {"work.ana_churn", "features/customer_features"}


# --- states, names, and why there is nothing -----------------------------------------------------------


@pytest.fixture(scope="module", params=BACKENDS)
def scratch(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[Store]:
    """A store for tests that only add to it, each under names of its own."""
    store = made(request, tmp_path_factory)
    yield store
    store.dispose()


@pytest.mark.parametrize(
    ("event", "status", "state"),
    [
        (RunState.COMPLETE, Status.SUCCESS, "success"),
        (RunState.COMPLETE, Status.SKIPPED, "skipped"),
        (RunState.FAIL, Status.FAILED, "failed"),
        (RunState.FAIL, Status.UP_FOR_RETRY, "up_for_retry"),
        (RunState.START, Status.RUNNING, "running"),
        (RunState.START, Status.DEFERRED, "deferred"),
        (RunState.START, Status.LOST, "failed"),
        (RunState.RUNNING, None, "running"),
        (RunState.ABORT, None, "skipped"),
        (RunState.OTHER, None, "unknown"),
    ],
)
def test_a_run_stands_as_its_record_says_where_that_says_more(
    scratch: Store, event: RunState, status: Status | None, state: str
) -> None:
    name = f"{event}_{status}"
    if status is not None:
        scratch.executions.finish(records.execution(name, status=status))
    scratch.lineage.record(
        [
            told(
                "work",
                ["a"],
                ["b"],
                dag_id="flights",
                state=event,
                dag_run_id=name,
                execution_id=name,
                run_id=str(uuid.uuid4()),
            )
        ],
        origin=Origin.TRANSPORT,
        at=T0,
    )
    (found,) = scratch.lineage.read.runs.of_dag_run("flights", name, dags=None)
    assert found.state == state


def test_a_run_that_started_twice_took_as_long_as_it_worked(scratch: Store) -> None:
    """It was deferred in between, or its Dag run was run again under the same id."""
    run_id = str(uuid.uuid4())
    scratch.executions.finish(records.execution("tried", status=Status.SUCCESS, duration=4.5))
    events = [
        told(
            "work",
            ["a"],
            ["b"],
            dag_id="flights",
            minute=minute,
            state=state,
            dag_run_id="twice",
            execution_id="tried",
            run_id=run_id,
        )
        for minute, state in ((0, RunState.START), (8, RunState.START), (9, RunState.COMPLETE))
    ]
    scratch.lineage.record(events, origin=Origin.TRANSPORT, at=T0)
    (found,) = scratch.lineage.read.runs.of_dag_run("flights", "twice", dags=None)
    assert found.duration == 4.5
    assert node(drawn(scratch, "run:flights:twice"), "flights.work", "job").duration == 4.5


def test_of_mapped_instances_the_one_that_failed_is_told(store: Store) -> None:
    events = [
        told("work", ["a"], ["b"], dag_id="d", minute=n, dag_run_id="r1", map_index=n, state=state)
        for n, state in enumerate((RunState.COMPLETE, RunState.FAIL, RunState.COMPLETE))
    ]
    events.append(
        told("work", ["a"], ["b"], dag_id="d", minute=9, dag_run_id="r1", map_index=2, try_number=2)
    )
    store.lineage.record(events, origin=Origin.TRANSPORT, at=T0)
    graph = drawn(store, "run:d:r1")
    job_node = node(graph, "d.work", "job")
    assert (job_node.state, job_node.map_index) == (JobState.FAILED, None)
    one = drawn(store, "ti:d:r1:work:2")
    assert (node(one, "d.work", "job").state, one.focus.run.try_number) == (JobState.SUCCESS, 2)


NASTY = [
    "Robert'); DROP TABLE gov_lineage_dataset;--",
    '<script>alert("1")</script>',
    "100%_real\\name",
    "naïve/日本語/🚀",
    "a" * 1500,
]


def test_names_are_text_whatever_they_hold(store: Store) -> None:
    events = [
        told(
            f"job {name}", [f"in {name}"], [name], [(f"in {name}", name, name, name, Subtype.IDENTITY, False)]
        )
        for name in NASTY
    ]
    store.lineage.record(events, origin=Origin.IMPORT, at=T0)
    for name in NASTY:
        dataset = dataset_named(store, f"s3://lake/{name}")
        assert dataset.name == name
        assert drawn(store, f"dataset:{quote(name, safe='')}", up=1).total == 3
        found = store.lineage.read.names.search(name[:40], dags=None, limit=5)
        assert {each.kind for each in found} == {"dataset", "job", "column"}
        columns = where_is(store, column=name, dags=None).places
        assert {each.column for each in columns} == {name}
    assert store.lineage.read.names.search("%", dags=None) != []
    assert {
        each.name for each in store.lineage.read.names.search("100%_r", dags=None) if each.kind == "dataset"
    } == {
        "100%_real\\name",
        "in 100%_real\\name",
    }
    assert store.lineage.read.names.search("0x_real", dags=None) == []
    assert store.lineage.read.names.search("\x00\ud800", dags=None) == []


def test_the_end_of_a_name_will_do_where_only_one_ends_so(shop: Store) -> None:
    assert dataset_named(shop, "customer_features").label == "features/customer_features"
    assert dataset_named(shop, "revenue_by_day").label == "gold.revenue_by_day"
    with pytest.raises(GovernanceError, match=r"shop\.public\.orders.* clean\.orders: write more"):
        dataset_named(shop, "orders")
    with pytest.raises(GovernanceError, match=r"Did you mean gold\.revenue_by_day"):
        dataset_named(shop, "gold.revenue_by_dya")


def test_it_is_told_why_there_is_nothing(store: Store) -> None:
    assert drawn(store, "dag:flights").empty.cause == "no_store_events"
    store.executions.finish(records.execution("e1"))
    told_so = drawn(store, "dag:flights").empty
    assert told_so.cause == "transport_not_set"
    assert "[openlineage] transport" in told_so.next
    store.lineage.record([told("silent", dag_id="other", dag_run_id="r")], origin=Origin.TRANSPORT, at=T0)
    assert drawn(store, "dag:new").empty.cause == "never_ran"
    for focus in ("dag:other", "task:other:silent", "run:other:r", "ti:other:r:silent:-1"):
        assert drawn(store, focus).empty.cause == "no_lineage", focus
    assert drawn(store, "run:other:another").empty.cause == "never_ran"


@pytest.mark.parametrize(
    ("state", "goes_on"),
    [(RunState.START, True), (RunState.COMPLETE, False), (RunState.FAIL, False)],
)
def test_a_graph_goes_on_while_something_in_it_runs(store: Store, state: RunState, goes_on: bool) -> None:
    events = [told("work", ["a"], ["b"], dag_id="d", dag_run_id="r", minute=1, state=state)]
    store.lineage.record(events, origin=Origin.TRANSPORT, at=T0)
    for focus in ("dag:d", "run:d:r", "ti:d:r:work:-1", "dataset:a", "job:d.work"):
        assert drawn(store, focus).running is goes_on, focus
    later = T0 + timedelta(hours=1)
    assert drawn(store, "dag:d", as_of=later).running is False


def test_a_graph_goes_on_between_two_tasks_of_its_dag(store: Store) -> None:
    def of_dag(state: RunState, minute: int) -> Projection:
        event = told("d", minute=minute, state=state, run_id=str(uuid.UUID(int=7)), dag_run_id="r")
        assert event.job is not None
        return replace(event, job=replace(event.job, dag_id="d"))

    task = told("work", ["a"], ["b"], dag_id="d", dag_run_id="r", minute=1)
    store.lineage.record([of_dag(RunState.START, 0), task], origin=Origin.TRANSPORT, at=T0)
    assert drawn(store, "dag:d").running is True
    assert drawn(store, "run:d:r").running is True
    assert drawn(store, "dataset:a").running is False
    store.lineage.record([of_dag(RunState.COMPLETE, 2)], origin=Origin.TRANSPORT, at=T0)
    assert drawn(store, "dag:d").running is False


def test_a_job_is_told_as_it_was_as_long_as_its_events_are_kept(store: Store) -> None:
    def ended(number: int) -> dict[str, Any]:
        told = {"documentation": {"description": f"day {number}"}, **({"late": {}} if number > 60 else {})}
        facets = {
            name: {"_producer": "https://x", "_schemaURL": "https://x"} | facet
            for name, facet in told.items()
        }
        return run_event(number, job={"namespace": "spark", "name": "sales.load", "facets": facets})

    intake = Intake(lambda: store, own_namespace=None)
    assert intake.take([ended(1), ended(61)], origin=Origin.HTTP).refused == ()
    (job_id,) = (find_job(store.lineage.read, "sales.load", None),)
    first = datetime(2026, 1, 31, 12, 0, 30, tzinfo=UTC)
    now, then = (job_detail(store, job_id, dags=None, as_of=at) for at in (None, first))
    assert (sorted(now.facets), now.facets_at, len(now.runs)) == (["documentation", "late"], None, 2)
    assert then.facets["documentation"]["description"] == "day 1"
    assert (sorted(then.facets), then.facets_at, len(then.runs)) == (["documentation"], first, 1)
    assert then.node.run_id == str(uuid.UUID(int=1))
    before = job_detail(store, job_id, dags=None, as_of=first - timedelta(days=1))
    assert (before.facets_at, before.node.run_id, before.runs) == (None, None, ())
    store.lineage.prune(datetime(2027, 1, 1, tzinfo=UTC), keep_runs=1)
    pruned = job_detail(store, job_id, dags=None, as_of=first)
    assert pruned.facets_at is None
    assert sorted(pruned.facets) == ["documentation", "late"]
