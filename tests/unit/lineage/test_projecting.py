"""What is remembered of events as Spark, dbt, Flink, Airflow's provider and our own tasks send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airflow_gov.lineage.events import EventError, parse_event
from airflow_gov.lineage.projecting import project
from airflow_gov.model.column_lineage import Subtype, Transformation
from airflow_gov.model.intake import MOST_PAIRS
from airflow_gov.model.lineage import (
    ALL_ROWS,
    ColumnEdge,
    ColumnFacts,
    DatasetFacts,
    Named,
    Origin,
    Projection,
    RunState,
    TagFacts,
)

RUN = "3bd2ad93-1ae2-7e4f-a4ee-26dfa5bd52b5"
DAG_RUN = "0190e5ee-b5a7-7c44-8c0b-1d0c8a6f6b11"
TABLE = Named("s3://lake", "clean/flights")
SOURCE = Named("postgres://db:5432", "shop.public.orders")


def _event(**parts: Any) -> dict[str, Any]:
    plain = {
        "eventType": "COMPLETE",
        "eventTime": "2026-03-01T12:00:00Z",
        "run": {"runId": RUN, "facets": parts.pop("run_facets", {})},
        "job": {
            "namespace": parts.pop("namespace", "default"),
            "name": parts.pop("name", "dag.task"),
            "facets": parts.pop("job_facets", {}),
        },
    }
    return {**plain, **parts}


def _project(
    plain: dict[str, Any], *, origin: Origin = Origin.TRANSPORT, own_namespace: str | None = "default"
) -> Projection:
    return project(parse_event(plain), origin=origin, own_namespace=own_namespace)


def _table(named: Named = TABLE, **facets: Any) -> dict[str, Any]:
    return {"namespace": named.namespace, "name": named.name, "facets": facets}


def _facts(**facets: Any) -> DatasetFacts:
    (found,) = _project(_event(outputs=[_table(**facets)])).datasets
    return found


def _edges(**lineage: Any) -> tuple[ColumnEdge, ...]:
    return _project(_event(outputs=[_table(columnLineage={"fields": {}, **lineage})])).column_edges


def _input(field: str, *ways: dict[str, Any]) -> dict[str, Any]:
    told = {"namespace": SOURCE.namespace, "name": SOURCE.name, "field": field}
    return {**told, "transformations": list(ways)} if ways else told


# --- runs and jobs --------------------------------------------------------------------------------------


def test_a_run_with_everything_that_is_told_of_it() -> None:
    facets = {
        "parent": {
            "run": {"runId": DAG_RUN.upper()},
            "job": {"namespace": "default", "name": "dag"},
            "root": {"run": {"runId": RUN}, "job": {"namespace": "default", "name": "root"}},
        },
        "nominalTime": {"nominalStartTime": "2026-02-28T23:00:00-01:00"},
        "errorMessage": {"message": "no such table", "programmingLanguage": "SQL"},
        "processing_engine": {"name": "spark", "version": "3.5"},
        "somebodys_own": {"any": ["thing"]},
        "debug": {"packages": {}},
    }
    job_facets = {
        "jobType": {"processingType": "BATCH", "integration": "SPARK", "jobType": "SQL_JOB"},
        "documentation": {"description": "Orders of the shop"},
        "sql": {"query": "select 1"},
    }
    found = _project(
        _event(eventType="FAIL", run_facets=facets, job_facets=job_facets, namespace="spark"),
        origin=Origin.HTTP,
    )
    run, job = found.run, found.job
    assert run is not None
    assert job is not None
    assert (run.run_id, run.state) == (RUN, RunState.FAIL)
    assert run.nominal_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (run.parent_run_id, run.root_run_id) == (DAG_RUN, RUN)
    assert run.error_message == "no such table"
    assert run.facets.keys() == {"errorMessage", "processing_engine", "somebodys_own"}
    assert (job.integration, job.job_type, job.processing) == ("SPARK", "SQL_JOB", "BATCH")
    assert (job.description, job.dag_id) == ("Orders of the shop", None)
    assert job.facets == job_facets


_AIRFLOW = {
    "dag": {"dag_id": "a.b", "owner": "team"},
    "dagRun": {"dag_id": "a.b", "run_id": "manual__1", "conf": {}},
    "task": {"task_id": "group.load"},
    "taskInstance": {"try_number": 2, "map_index": 3},
    "taskUuid": RUN,
}
_PARENT = {"run": {"runId": DAG_RUN}, "job": {"namespace": "default", "name": "a.b"}}
_TASK = {"jobType": {"integration": "AIRFLOW", "jobType": "TASK", "processingType": "BATCH"}}


@pytest.mark.parametrize(
    ("name", "run_facets", "job_facets", "dag_id", "task_id", "dag_run_id", "map_index", "try_number"),
    [
        ("a.b.group.load", {"airflow": _AIRFLOW}, _TASK, "a.b", "group.load", "manual__1", 3, 2),
        (
            "a.b.load",
            {"airflow": {**_AIRFLOW, "taskInstance": {"try_number": 1, "map_index": None}}},
            _TASK,
            "a.b",
            "group.load",
            "manual__1",
            -1,
            1,
        ),
        (
            "a.b",
            {"airflowDagRun": {"dag": {"dag_id": "a.b"}, "dagRun": {"run_id": "manual__1"}}},
            {},
            "a.b",
            None,
            "manual__1",
            None,
            None,
        ),
        ("a.b.group.load", {"parent": _PARENT}, _TASK, "a.b", "group.load", None, None, None),
        ("dag.task", {}, _TASK, "dag", "task", None, None, None),
        (
            "some.dag",
            {},
            {"jobType": {**_TASK["jobType"], "jobType": "DAG"}},
            "some.dag",
            None,
            None,
            None,
            None,
        ),
        (
            "a.b.load.query.1",
            {"parent": {**_PARENT, "job": {"namespace": "default", "name": "a.b.load"}, "root": _PARENT}},
            {"jobType": {"integration": "SNOWFLAKE", "jobType": "QUERY", "processingType": "BATCH"}},
            "a.b",
            "load",
            None,
            None,
            None,
        ),
        ("x", {"airflow": {"dag": "not an object", "task": 7}}, {}, "x", None, None, None, None),
    ],
)
def test_a_job_of_this_airflow_is_given_to_its_dag_and_task(
    name: str,
    run_facets: dict[str, Any],
    job_facets: dict[str, Any],
    dag_id: str | None,
    task_id: str | None,
    dag_run_id: str | None,
    map_index: int | None,
    try_number: int | None,
) -> None:
    found = _project(_event(name=name, run_facets=run_facets, job_facets=job_facets))
    assert found.job is not None
    assert found.run is not None
    assert (found.job.dag_id, found.job.task_id) == (dag_id, task_id)
    assert (found.run.dag_run_id, found.run.map_index, found.run.try_number) == (
        dag_run_id,
        map_index,
        try_number,
    )
    assert "airflow" not in found.run.facets


def test_our_own_facet_is_believed_first() -> None:
    told = {"dagId": "d", "dagRunId": "r", "taskId": "t", "mapIndex": 4, "tryNumber": 3, "executionId": "e1"}
    found = _project(_event(run_facets={"airflowGov_execution": told, "airflow": _AIRFLOW}))
    assert found.job is not None
    assert found.run is not None
    assert (found.job.dag_id, found.job.task_id, found.run.dag_run_id) == ("d", "t", "r")
    assert (found.run.map_index, found.run.try_number, found.run.execution_id) == (4, 3, "e1")


@pytest.mark.parametrize(
    ("origin", "namespace"),
    [(Origin.HTTP, "default"), (Origin.HTTP, "spark"), (Origin.TRANSPORT, "other"), (Origin.IMPORT, "other")],
)
def test_nobody_else_has_runs_of_our_dags(origin: Origin, namespace: str) -> None:
    plain = _event(namespace=namespace, run_facets={"airflow": _AIRFLOW}, job_facets=_TASK)
    found = _project(plain, origin=origin)
    assert found.job is not None
    assert found.run is not None
    assert (found.job.dag_id, found.job.task_id, found.run.dag_run_id) == (None, None, None)


def test_without_a_known_namespace_facets_alone_tell() -> None:
    told = _project(_event(run_facets={"airflow": _AIRFLOW}), own_namespace=None).job
    untold = _project(_event(job_facets=_TASK), own_namespace=None).job
    assert told is not None
    assert untold is not None
    assert (told.dag_id, untold.dag_id) == ("a.b", None)


def test_events_without_a_run_or_a_job() -> None:
    job = {
        "eventTime": "2026-03-01T12:00:00Z",
        "job": {"namespace": "flink", "name": "j"},
        "inputs": [_table()],
    }
    found = _project(job)
    assert (found.run, len(found.touches)) == (None, 1)
    found = _project({"eventTime": "2026-03-01T12:00:00Z", "dataset": _table(tags={"tags": []})})
    assert (found.job, found.run, found.touches) == (None, None, ())
    assert [facts.tags for facts in found.datasets] == [()]


# --- datasets -------------------------------------------------------------------------------------------


def test_a_schema_with_nested_fields_is_told_by_paths() -> None:
    inner = {"name": "city", "type": "string", "description": "where"}
    fields = [
        {"name": "id", "type": "long"},
        {
            "name": "address",
            "type": "struct",
            "fields": [inner, {"name": "zip", "fields": [{"name": "code"}]}],
        },
        {"name": "id", "type": "int"},
    ]
    assert _facts(schema={"fields": fields}).columns == (
        ColumnFacts("id", "long", "", 0),
        ColumnFacts("address", "struct", "", 1),
        ColumnFacts("address.city", "string", "where", 2),
        ColumnFacts("address.zip", "", "", 3),
        ColumnFacts("address.zip.code", "", "", 4),
    )


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "a", "type": "x"}, {"name": "b", "type": "y"}],
        [{"name": "a", "description": "x"}, {"name": "b", "type": "y"}],
        [{"type": "x", "name": "a"}, {"name": "b", "type": "y"}],
        [{"name": "a", "type": "x"}, {"name": "b"}],
        [],
    ],
)
def test_schemas_that_look_alike_are_told_apart(fields: list[dict[str, str]]) -> None:
    wanted = tuple(
        ColumnFacts(each["name"], each.get("type", ""), each.get("description", ""), place)
        for place, each in enumerate(fields)
    )
    for _ in range(2):
        assert _facts(schema={"fields": fields}).columns == wanted


def test_names_tags_and_what_became_of_a_dataset() -> None:
    tags = [
        {"key": "pii", "value": "email", "field": "mail"},
        {"key": "class", "value": "open", "source": "X"},
    ]
    facts = _facts(
        symlinks={
            "identifiers": [{"namespace": "hive", "name": "t", "type": "TABLE"}, {**_table(), "type": "T"}]
        },
        tags={"tags": tags},
        lifecycleStateChange={
            "lifecycleStateChange": "RENAME",
            "previousIdentifier": {"namespace": "hive", "name": "old"},
        },
        ownership={"owners": [{"name": "team"}]},
        version={"datasetVersion": "7"},
        somebodys={"own": 1},
    )
    assert facts.aliases == (Named("hive", "t"),)
    assert facts.tags == (TagFacts("pii", "email", "mail"), TagFacts("class", "open", ALL_ROWS))
    assert (facts.formerly, facts.dropped, facts.columns) == (Named("hive", "old"), False, None)
    assert facts.facets.keys() == {"lifecycleStateChange", "ownership", "somebodys"}
    dropped = _facts(lifecycleStateChange={"lifecycleStateChange": "DROP"})
    assert (dropped.dropped, dropped.formerly) == (True, None)


def test_facets_that_were_taken_away_say_nothing() -> None:
    gone = {"_deleted": True}
    facts = _facts(
        schema=gone, tags=gone, symlinks=gone, lifecycleStateChange=gone, columnLineage=gone, own=gone
    )
    assert (facts.columns, facts.tags, facts.aliases, facts.dropped) == (None, None, (), False)
    assert facts.facets["own"] == gone


@pytest.mark.parametrize(
    ("facets", "governed"),
    [
        ({"airflowGov_zone": {"zone": "clean", "dataset": "clean.flights"}}, "clean.flights"),
        (
            {"symlinks": {"identifiers": [{"namespace": "airflow-gov", "name": "gold.x", "type": "TABLE"}]}},
            "gold.x",
        ),
        ({"airflowGov_zone": {"dataset": "nowhere.flights"}}, None),
        ({"airflowGov_zone": {"dataset": 7}}, None),
        ({}, None),
    ],
)
def test_a_dataset_of_the_lake_is_told_by_our_own_tasks_only(
    facets: dict[str, Any], governed: str | None
) -> None:
    plain = _event(namespace="any", outputs=[_table(**facets)])
    assert _project(plain).datasets[0].governed == governed
    outside = _project(plain, origin=Origin.HTTP).datasets[0]
    assert (outside.governed, outside.aliases) == (None, ())


def test_counts_and_versions_of_what_was_read_and_written() -> None:
    counted = {"rowCount": 10, "size": 20, "fileCount": 2}
    read = {**_table(SOURCE), "inputFacets": {"inputStatistics": counted}}
    written = {
        **_table(version={"datasetVersion": "v1"}, schema={"fields": [{"name": "a", "type": "int"}]}),
        "outputFacets": {"outputStatistics": {"rowCount": 9}, "dataQualityAssertions": {"assertions": []}},
    }
    first, second = _project(_event(inputs=[read], outputs=[written])).touches
    assert (first.output, first.rows, first.size, first.files, first.version) == (False, 10, 20, 2, None)
    assert (second.output, second.rows, second.size, second.version) == (True, 9, None, "v1")
    assert second.columns == (ColumnFacts("a", "int", "", 0),)
    assert second.facets.keys() == {"outputStatistics", "dataQualityAssertions"}


# --- columns --------------------------------------------------------------------------------------------


def test_column_lineage_as_spark_tells_it_today() -> None:
    ways = [
        {"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": False},
        {"type": "INDIRECT", "subtype": "CONDITIONAL", "description": "case", "masking": False},
    ]
    edges = _edges(
        fields={
            "a": {"inputFields": [_input("x", *ways), _input("y", {"type": "DIRECT", "masking": True})]},
            "b": {"inputFields": [_input("z", {"type": "INDIRECT", "subtype": "somebody's own"})]},
        },
        dataset=[_input("k", {"type": "INDIRECT", "subtype": "JOIN"}), _input("f")],
    )
    assert edges == (
        ColumnEdge(
            SOURCE,
            "x",
            TABLE,
            "a",
            (Transformation(Subtype.CONDITIONAL, description="case"), Transformation(Subtype.IDENTITY)),
        ),
        ColumnEdge(SOURCE, "y", TABLE, "a", (Transformation(Subtype.TRANSFORMATION, masking=True),)),
        ColumnEdge(SOURCE, "z", TABLE, "b", (Transformation(Subtype.CONDITIONAL),)),
        ColumnEdge(SOURCE, "k", TABLE, ALL_ROWS, (Transformation(Subtype.JOIN),)),
        ColumnEdge(SOURCE, "f", TABLE, ALL_ROWS, (Transformation(Subtype.FILTER),)),
    )


@pytest.mark.parametrize(
    ("told", "how"),
    [
        ({"transformationType": "IDENTITY"}, Transformation(Subtype.IDENTITY)),
        (
            {"transformationType": "MASKED", "transformationDescription": "SHA-256"},
            Transformation(Subtype.TRANSFORMATION, masking=True, description="SHA-256"),
        ),
        ({}, Transformation(Subtype.TRANSFORMATION)),
    ],
)
def test_column_lineage_as_it_was_told_before_transformations(
    told: dict[str, str], how: Transformation
) -> None:
    edges = _edges(fields={"a": {"inputFields": [_input("x")], **told}})
    assert edges == (ColumnEdge(SOURCE, "x", TABLE, "a", (how,)),)


def test_lineage_that_is_told_outright() -> None:
    """The facet ``lineage`` 1-0, which nobody checks before."""
    source = {**_table(SOURCE), "type": "DATASET", "field": "x"}
    lineage = {
        "inputs": [{**source, "field": "k"}, _table(SOURCE), {"type": "JOB"}, 7],
        "fields": {"a": {"inputs": [{**source, "transformations": [{"type": "DIRECT"}, 7]}]}, "b": []},
    }
    edges = _project(_event(outputs=[_table(lineage=lineage)])).column_edges
    assert [(edge.source_column, edge.target_column) for edge in edges] == [("x", "a"), ("k", ALL_ROWS)]
    assert _project(_event(outputs=[_table(lineage={"fields": 7, "inputs": {}})])).column_edges == ()


def test_too_many_pairs_are_refused_unless_columns_tell_what_belongs_together() -> None:
    count = int(MOST_PAIRS**0.5) + 1
    reads = [_table(Named("n", f"in{number}")) for number in range(count)]
    writes = [_table(Named("n", f"out{number}")) for number in range(count)]
    with pytest.raises(EventError, match=r"^\$\.outputs: .* at most 100000 such pairs") as caught:
        _project(_event(inputs=reads, outputs=writes))
    assert caught.value.path == "$.outputs"
    made = {"columnLineage": {"fields": {"a": {"inputFields": [_input("x")]}}}}
    told = [{**each, "facets": made} for each in writes]
    assert len(_project(_event(inputs=reads, outputs=told)).touches) == 2 * count
