"""What producers outside this Airflow cannot do to what is ours, and what bad or huge events do not harm."""

from __future__ import annotations

import json
import os
import signal
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.event import listen

from airflow_gov.lineage.exporting import exported_events
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.lineage.origins import row_origin
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.graph import Direction
from airflow_gov.model.intake import MOST_PAIRS, Told
from airflow_gov.model.lineage import Named, Origin, TagFacts
from airflow_gov.model.loads import Load, LoadState, SourceRef, Version, VersionKind, WriteMode
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store

T0 = datetime(2026, 3, 1, tzinfo=UTC)
OURS = Named("file", "/lake/clean/flights")
OWN_RUN = "aaaa0000-0000-4000-8000-000000000001"
LIMITED = frozenset({"flights"})


@pytest.fixture
def intake(store: Store) -> Intake:
    return Intake(lambda: store, own_namespace="default")


def dataset(named: Named, counts: int | None = None, **facets: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"namespace": named.namespace, "name": named.name, "facets": facets}
    return plain if counts is None else {**plain, "outputFacets": {"outputStatistics": {"rowCount": counts}}}


def flights(counts: int | None = None, **facets: Any) -> dict[str, Any]:
    """The dataset as our own tasks tell of it."""
    ours = {
        "airflowGov_zone": {"zone": "clean", "dataset": "clean.flights"},
        "symlinks": {"identifiers": [identifier(Named("airflow-gov", "clean.flights"))]},
        "schema": {"fields": [{"name": "carrier", "type": "string"}]},
    }
    return dataset(OURS, counts, **ours, **facets)


def identifier(named: Named) -> dict[str, str]:
    return {"namespace": named.namespace, "name": named.name, "type": "TABLE"}


def event(job: Named, day: int = 0, run: str | None = None, **parts: Any) -> dict[str, Any]:
    facets = parts.pop("run_facets", {})
    return {
        "eventType": "COMPLETE",
        "eventTime": (T0 + timedelta(days=day)).isoformat(),
        "run": {"runId": run or str(uuid.uuid4()), "facets": facets},
        "job": {"namespace": job.namespace, "name": job.name},
        **parts,
    }


def own(task: str, day: int = 0, run: str | None = None, **parts: Any) -> dict[str, Any]:
    dag_id, _, task_id = task.partition(".")
    told = {"dagId": dag_id, "taskId": task_id, "dagRunId": f"day {day}", "tryNumber": 1}
    return event(Named("default", task), day, run, run_facets={"airflowGov_execution": told}, **parts)


def outside(day: int = 0, job: str = "job", **parts: Any) -> dict[str, Any]:
    return event(Named("spark", job), day, **parts)


def take(intake: Intake, *events: dict[str, Any]) -> None:
    for plain in events:
        origin = Origin.HTTP if plain["job"]["namespace"] == "spark" else Origin.TRANSPORT
        assert intake.take([plain], origin=origin).refused == ()


def standing(store: Store) -> dict[str, Any]:
    """All that is told of the dataset."""
    read = store.lineage.read
    (found,) = read.nodes.governed(["clean.flights"], dags=None)
    detail = read.nodes.dataset_detail(found.dataset_id, dags=None)
    return {
        "name": (found.namespace, found.name),
        "dropped": found.dropped_at is not None,
        "names": [name for name, _ in read.nodes.names(found.dataset_id)],
        "facets": set(detail.facets),
        "tags": read.nodes.tags([found.dataset_id]).get(found.dataset_id, []),
        "columns": [each.name for each in read.columns.of([found.dataset_id], dags=None) if each.type],
        "versions": [
            (each.version, each.run_id, each.rows, each.columns)
            for each in read.versions.list(found.dataset_id, dags=None)
        ],
    }


VERSION = {"version": {"datasetVersion": "77"}}
EVIL = {
    **VERSION,
    "documentation": {"description": "lies"},
    "ownership": {"owners": [{"name": "thief"}]},
    "tags": {"tags": [{"key": "pii", "value": "none", "field": "carrier"}]},
    "schema": {"fields": [{"name": "lies", "type": "string"}]},
}
FORGED = {
    "facets": [outside(1, outputs=[dataset(OURS, 666, **EVIL)])],
    "another version": [outside(1, outputs=[dataset(OURS, 6, version={"datasetVersion": "78"})])],
    "a symlink to it": [
        outside(1, inputs=[dataset(Named("a", "mine"), symlinks={"identifiers": [identifier(OURS)]})])
    ],
    "a symlink from it": [
        outside(1, inputs=[dataset(OURS, symlinks={"identifiers": [identifier(Named("a", "mine"))]})])
    ],
    "what it was before": [
        outside(1, outputs=[dataset(Named("a", "mine"))]),
        outside(
            2,
            outputs=[
                dataset(
                    OURS,
                    lifecycleStateChange={
                        "lifecycleStateChange": "RENAME",
                        "previousIdentifier": {"namespace": "a", "name": "mine"},
                    },
                )
            ],
        ),
    ],
    "that it is gone": [
        outside(1, outputs=[dataset(OURS, lifecycleStateChange={"lifecycleStateChange": "DROP"})])
    ],
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_nobody_from_outside_changes_what_a_dataset_of_the_lake_is(store, intake, forged):
    take(intake, own("flights.promote", run=OWN_RUN, outputs=[flights(5, **VERSION)]))
    before = standing(store)
    take(intake, *forged)
    assert standing(store) == before
    assert before["versions"] == [("77", OWN_RUN, 5, (("carrier", "string"),))]


def test_what_others_told_of_a_dataset_before_it_was_ours_is_forgotten(store, intake):
    take(intake, outside(outputs=[dataset(OURS, **EVIL)]))
    take(intake, own("flights.promote", 1, outputs=[flights(5)]))
    told = standing(store)
    assert told["facets"] == {"airflowGov_zone"}
    assert (told["tags"], told["columns"]) == ([], ["carrier"])


def test_what_we_told_of_a_dataset_stays_when_we_tell_it_again(store, intake):
    tags = {"tags": {"tags": [{"key": "pii", "value": "name", "field": "carrier"}]}}
    take(intake, own("flights.promote", outputs=[flights(**tags)]), own("report.read", 1, inputs=[flights()]))
    assert standing(store)["tags"] == [TagFacts("pii", "name", "carrier")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
def test_who_reads_a_dropped_dataset_of_the_lake_does_not_bring_it_back(store, intake, order):
    gone = {"lifecycleStateChange": {"lifecycleStateChange": "DROP"}}
    take(intake, own("flights.promote", outputs=[flights()]))
    drop = own("flights.drop", 1, outputs=[flights(**gone)])
    events = (drop, outside(2, inputs=[dataset(OURS)]))
    take(intake, *(events[place] for place in order))
    assert standing(store)["dropped"]
    take(intake, own("flights.promote", 3, outputs=[flights()]))
    assert not standing(store)["dropped"]


def test_what_only_a_hidden_dags_columns_come_from_is_hidden(store, intake):
    salary = {"namespace": "postgres://hr", "name": "secret", "field": "salary"}
    lineage = {"columnLineage": {"fields": {"x": {"inputFields": [salary]}}}}
    take(intake, own("hr.pay", outputs=[dataset(Named("file", "/out"), **lineage)]))
    assert len(store.lineage.read.names.search("secret", dags=None)) == 2
    assert store.lineage.read.names.search("secret", dags=LIMITED) == []
    take(intake, own("flights.load", 1, outputs=[dataset(Named("file", "/other"), **lineage)]))
    assert len(store.lineage.read.names.search("secret", dags=LIMITED)) == 2


def test_a_job_of_ours_that_no_dag_can_be_told_of_is_nobodys(store, intake):
    """What a task has a database do, when its Dag run belongs to a run of another Airflow."""
    run = {"runId": OWN_RUN}
    root = {"run": run, "job": {"namespace": "elsewhere", "name": "root"}}
    parent = {"run": run, "job": {"namespace": "default", "name": "hr.group.pay"}, "root": root}
    query = Named("default", "hr.group.pay.query.1")
    take(intake, event(query, run_facets={"parent": parent}, inputs=[dataset(Named("a", "b"))]))
    assert [each.kind for each in store.lineage.read.names.search("hr.group", dags=None)] == ["job"]
    assert store.lineage.read.names.search("hr.group", dags=LIMITED) == []


def test_pruning_keeps_all_that_the_edges_of_a_mapped_task_come_from(store, intake):
    parent = {"run": {"runId": OWN_RUN}, "job": {"namespace": "spark", "name": "dag"}}
    for part in range(3):
        parts = {"inputs": [dataset(Named("x", "source"))], "outputs": [dataset(Named("x", f"part {part}"))]}
        take(intake, outside(run_facets={"parent": parent}, **parts))
    before = arrows(store)
    store.lineage.prune(T0 + timedelta(days=30))
    take(intake, outside(31, "another", inputs=[dataset(Named("y", "alias"))]))
    # Two datasets turn out to be one, so the edges of the job are made anew from what its runs told.
    links = {"symlinks": {"identifiers": [identifier(Named("y", "alias"))]}}
    take(intake, outside(32, "another", inputs=[dataset(Named("x", "source"), **links)]))
    assert arrows(store) == before
    assert len(before) == 4


def arrows(store: Store) -> list[tuple[str, bool]]:
    nodes = store.lineage.read.nodes
    (job,) = store.lineage.read.names.jobs("spark/job", dags=None)
    links = nodes.links_of(jobs=[job.number], dags=None)
    names = {
        each.dataset_id: each.name for each in nodes.datasets({link.dataset_id for link in links}, dags=None)
    }
    return sorted((names[link.dataset_id], link.output) for link in links)


def test_a_field_nested_deeper_than_an_index_can_hold_is_refused_with_its_place(store, intake):
    field: dict[str, Any] = {"name": "ä" * 600}
    for _ in range(3):
        field = {"name": "ö" * 600, "fields": [field]}
    deep = dataset(Named("x", "y"), schema={"fields": [field]})
    (refusal,) = intake.take([outside(outputs=[dataset(OURS), deep])], origin=Origin.HTTP).refused
    assert refusal.path == "$.outputs[1].facets.schema"


def test_what_a_run_no_longer_tells_is_gone_and_too_many_pairs_are_none(store, intake):
    """A run that reads and writes ever more, and does not say what belongs together, says nothing."""
    many = int(MOST_PAIRS**0.5) + 1
    inputs, outputs = (frozenset(Named(side, str(number)) for number in range(many)) for side in "io")
    assert Told(inputs, outputs, paired=True).dataset_edges == set()
    parts = {
        side: [dataset(Named(side, str(number))) for number in range(20)] for side in ("inputs", "outputs")
    }
    take(intake, {**outside(run=OWN_RUN, **parts), "eventType": "RUNNING"})
    start = Named("inputs", "1")
    assert len(_downstream(store, start)) == 20
    field = {"namespace": "inputs", "name": "1", "field": "a"}
    lineage = {"columnLineage": {"fields": {"a": {"inputFields": [field]}}}}
    told = [dataset(Named("outputs", str(number)), **lineage) for number in range(20)]
    take(intake, outside(1, run=OWN_RUN, inputs=parts["inputs"], outputs=told))
    assert len(_downstream(store, start)) == 20
    assert len(_downstream(store, Named("inputs", "2"))) == 0


def _downstream(store: Store, named: Named) -> set[int]:
    (found,) = store.lineage.read.names.exact(f"{named.namespace}/{named.name}", dags=None)
    walk = store.lineage.read.walks.datasets([found.number], Direction.DOWN, depth=1, dags=None)
    return walk.datasets.keys() - {found.number}


@pytest.mark.parametrize("year", ["0001", "1969", "2200", "9999"])
def test_an_event_of_no_possible_time_is_refused(intake, year):
    plain = {**outside(), "eventTime": f"{year}-12-31T23:59:59.999Z"}
    (refusal,) = intake.take([plain], origin=Origin.HTTP).refused
    assert refusal.path == "$.eventTime"


@pytest.mark.parametrize(("ahead", "refused"), [(timedelta(hours=23), 0), (timedelta(days=2), 1)])
def test_an_event_from_outside_that_says_it_is_yet_to_come_is_refused(store, ahead, refused):
    intake = Intake(lambda: store, own_namespace="default", clock=lambda: T0)
    later = {"eventTime": (T0 + ahead).isoformat()}
    taken = intake.take([{**outside(), **later}], origin=Origin.HTTP)
    assert [each.path for each in taken.refused] == ["$.eventTime"] * refused
    assert intake.take([{**own("flights.load"), **later}], origin=Origin.TRANSPORT).accepted == 1


@pytest.mark.postgres
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_server_in_another_zone_reads_every_moment(postgres_database, zone):
    from sqlalchemy import create_engine, text

    url = postgres_database()
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {engine.url.database} SET timezone = '{zone}'"))
    engine.dispose()
    store = Store(url)
    store.upgrade()
    intake = Intake(lambda: store, own_namespace="default")
    for day, nominal in enumerate(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")):
        times = {"nominalTime": {"nominalStartTime": nominal}}
        for kind in ("START", "COMPLETE"):
            run = f"{day:08d}-0000-4000-8000-000000000000"
            take(intake, {**outside(day, run=run, run_facets=times), "eventType": kind})
    store.dispose()


@pytest.mark.postgres
def test_what_is_too_large_for_an_index_is_the_events_fault_and_not_the_stores(postgres_database):
    from sqlalchemy import text

    store = Store(postgres_database())
    store.upgrade()
    with pytest.raises(GovernanceError) as raised, store._database.transaction() as connection:
        connection.execute(
            text("INSERT INTO gov_lineage_column (dataset_id, name) VALUES (1, :name)"),
            {"name": "".join(chr(0x4E00 + number) for number in range(2_000))},
        )
    assert raised.value.reason.value == "store_refused"
    store.dispose()


def test_versions_that_many_loads_read_are_walked_once(tmp_path):
    """A table that grows every day, made from one that grows every day."""
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    store.upgrade()
    days = 40
    for day in range(1, days + 1):
        _publish(store, "raw.orders", day)
        _publish(store, "clean.orders", day, source="raw.orders")
    _publish(store, "gold.orders", 1, source="clean.orders", sourced=days)
    asked: list[str] = []
    listen(store._database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = row_origin(store, "gold.orders", "gold.orders-1", dags=None)
    assert len(found.made) == 2 * days + 1
    assert not found.truncated
    assert len(asked) < 10 * len(found.made)
    store.dispose()


def _publish(store: Store, name: str, day: int, *, source: str | None = None, sourced: int = 0) -> None:
    dataset, at = DatasetName.parse(name), T0 + timedelta(days=day)
    read = DatasetName.parse(source) if source else None
    snapshot, load_id = _snapshot(name, day), f"{name}-{day}"
    load = Load(
        dataset,
        load_id,
        ("dag", str(day), name, "-1"),
        "dag",
        str(day),
        name,
        -1,
        load_id,
        WriteMode.APPEND,
        LoadState.WRITING,
        "contract",
        sources=(SourceRef(read, _snapshot(str(read), sourced or day), version=sourced or day),)
        if read
        else (),
    )
    store.loads.begin(load, lease=timedelta(minutes=1), is_alive=None)
    before = _snapshot(name, day - 1) if day > 1 else None
    store.loads.candidate(
        replace(load, state=LoadState.CANDIDATE, base_snapshot_id=before, candidate_snapshot_id=snapshot)
    )
    store.versions.record(
        Version(
            dataset,
            day,
            snapshot,
            f"v{day}",
            VersionKind.PUBLISH,
            (load_id,),
            None,
            "contract",
            load_id,
            rows=day,
            size=1,
            files=1,
            parent_snapshot_id=before,
            published_at=at,
        )
    )
    store.loads.published(dataset, [load_id])


def _snapshot(name: str, day: int) -> int:
    return 1_000 * len(name) + day


def test_a_process_forked_while_another_thread_learns_does_not_wait_for_it(store, intake):
    take(intake, outside(outputs=[dataset(Named("x", "y"))]))
    child = -1
    with store.lineage.record.__self__._memory._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(20)  # ends the child where it waits
            code = 1
            try:
                take(
                    Intake(lambda: store, own_namespace=None), outside(1, outputs=[dataset(Named("x", "z"))])
                )
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(store.lineage.read.names.search("x/z", dags=None)) == 1


def test_the_dags_that_started_a_dag_are_exported_to_whoever_may_read_them(store, intake):
    """The provider tells them of a Dag run that assets started."""
    upstream = [{"job": {"namespace": "default", "name": "hr.pay"}, "dependency_type": "IMPLICIT_ASSET"}]
    start = own("flights.load", inputs=[dataset(Named("x", "y"))])
    start["run"]["facets"]["jobDependencies"] = {"upstream": upstream}
    take(intake, start)
    assert "hr.pay" in "".join(exported_events(store, dags=None))
    (line,) = exported_events(store, dags=LIMITED)
    assert "hr.pay" not in line
    assert json.loads(line)["job"]["name"] == "flights.load"


def test_an_event_is_exported_as_a_line_however_it_was_written(tmp_path):
    """A line separator is no line break of JSON and may stand in a name as it is."""
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    store.upgrade()
    plain = outside(outputs=[dataset(Named("x", "a\u2028b\x85c"))])
    text = json.dumps(plain, indent=1, ensure_ascii=False).replace("\n", "\r\n").encode("utf-8-sig")
    intake = Intake(lambda: store, own_namespace=None)
    assert intake.take([text], origin=Origin.HTTP).accepted == 1
    (line,) = exported_events(store, dags=None)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert json.loads(line) == plain
    store.dispose()
