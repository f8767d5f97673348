"""Loads in real Airflow: Dag runs that meet in one dataset, tasks that run again, write modes, load keys."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from airflow.sdk import DAG

from airflow_gov.flow.rollback import rollback
from airflow_gov.model.execution import Role, Status
from airflow_gov.model.loads import LoadState, WriteMode
from airflow_gov.operators import CleanOperator, GoldOperator, PreprocessOperator, RawIngestOperator, promote
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table
from support.governed import (
    execution_of,
    executions_of,
    name,
    nothing_was_published,
    published,
    refusal_of,
    rows_of,
    table_of,
    versions_of,
)
from support.steps import SteppedRun

pytestmark = pytest.mark.airflow

SOURCE = [
    {"day": "mon", "carrier": "AA", "flights": 1},
    {"day": "mon", "carrier": "UA", "flights": 2},
    {"day": "tue", "carrier": "UA", "flights": 3},
]
MON = [("mon", "AA", 1), ("mon", "UA", 2)]
TUE = [("tue", "UA", 3)]
ALL = [*MON, *TUE]
OF_DAY = "SELECT * FROM clean.totals WHERE day = '{{ params.day }}'"


def columns(**changes):
    return {"day": "string", "carrier": "string", "flights": "integer", **changes}


def keyed(position):
    return {"logicalType": "string", "primaryKey": True, "primaryKeyPosition": position}


@pytest.fixture
def totals(home):
    partition = {"logicalType": "string", "partitioned": True, "partitionKeyPosition": 1}
    home.contract(
        table("clean.totals", **columns()),
        table("gold.totals", **columns()),
        table("gold.days", **columns(day=partition)),
        table("gold.keyed", **columns(day=keyed(1), carrier=keyed(2))),
    )
    published(home, "clean.totals", SOURCE)
    return home


def gold_dag(dag_id, *, target="gold.totals", day="mon", **load):
    with DAG(dag_id, schedule=None, params={"day": day}) as dag:
        loaded = GoldOperator(
            task_id="load", **{"source": "clean.totals", "target": target, "sql": OF_DAY, **load}
        )
        QualityGateSensor(task_id="gate", candidate=loaded.output)
    return dag


def two_runs(first, second):
    """Two Dag runs side by side: both have written their candidate when the gates begin."""
    runs = SteppedRun(first, "first"), SteppedRun(second, "second")
    assert [run.step("load") for run in runs] == ["success", "success"]
    return runs


def two_days(dag_id, **load):
    return (gold_dag(f"{dag_id}_{day}", day=day, **load) for day in ("mon", "tue"))


def test_two_runs_that_append_at_once_both_arrive(totals):
    first, second = two_runs(*two_days("appends", write_mode="append"))
    assert [first.step("gate"), second.step("gate")] == ["success", "success"]
    assert rows_of(totals, "gold.totals") == ALL
    assert versions_of(totals, "gold.totals") == [1, 2]


def test_two_runs_that_upsert_at_once_both_arrive(totals):
    first, second = two_runs(*two_days("upserts", target="gold.keyed", write_mode="upsert"))
    assert [second.step("gate"), first.step("gate")] == ["success", "success"]
    assert rows_of(totals, "gold.keyed") == ALL


def test_two_runs_that_overwrite_other_partitions_at_once_both_arrive(totals):
    options = {"target": "gold.days", "write_mode": "overwrite_partition"}
    first, second = two_runs(*two_days("partitions", **options))
    assert [first.step("gate"), second.step("gate")] == ["success", "success"]
    assert rows_of(totals, "gold.days") == ALL


def test_of_two_runs_that_overwrite_at_once_the_later_is_told_that_it_is_stale(totals):
    first, second = two_runs(*two_days("overwrites"))
    assert [first.step("gate"), second.step("gate")] == ["success", "failed"]
    record = execution_of(totals, second, "gate")
    assert (record.status, record.error_reason) == (Status.FAILED, "candidate_stale")
    assert "gold.totals" in record.error_message
    assert rows_of(totals, "gold.totals") == MON
    # Its task run again reads and writes on top of what is there now.
    second.clear("load")
    assert second.step("load") == "success"
    second.clear("gate")
    assert second.step("gate") == "success"
    assert rows_of(totals, "gold.totals") == TUE


def test_the_same_load_twice_at_once_is_refused(totals, run):
    inner = []

    def meanwhile(totals: pa.Table) -> pa.Table:
        """While this load is written, another Dag wants to write the same one."""
        other = SteppedRun(gold_dag("same_load_twin", load_key="one load"), "once")
        inner.append((other, other.step("load")))
        return totals.slice(0, 1)

    finished = run(gold_dag("same_load", sql=None, transform=meanwhile, load_key="one load"))
    ((other, state),) = inner
    assert state == "failed"
    record = execution_of(totals, other, "load")
    assert record.error_reason == "load_in_progress"
    assert "task same_load.load" in record.error_message
    assert finished.state == "success"
    assert rows_of(totals, "gold.totals") == [("mon", "AA", 1)]


@pytest.mark.parametrize(
    ("write_mode", "target"),
    [
        ("append", "gold.totals"),
        ("overwrite", "gold.totals"),
        ("overwrite_partition", "gold.days"),
        ("upsert", "gold.keyed"),
    ],
)
def test_a_published_load_that_is_cleared_alone_doubles_nothing(totals, write_mode, target):
    run = SteppedRun(gold_dag(f"cleared_{write_mode}", target=target, write_mode=write_mode), "once")
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    run.clear("load")
    assert run.step("load") == "success"
    # Readers see what was published until a gate publishes again.
    assert versions_of(totals, target) == [1]
    assert rows_of(totals, target) == MON
    run.clear("gate")
    assert run.step("gate") == "success"
    assert rows_of(totals, target) == MON
    statuses = [each.status for each in executions_of(totals, run)["load"]]
    assert statuses == [Status.SUCCESS, Status.SUCCESS]


def test_a_cleared_load_reads_what_is_published_now(totals):
    run = SteppedRun(gold_dag("reads_anew", day="wed", allow_empty=True, write_mode="append"), "once")
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    assert rows_of(totals, "gold.totals") == []
    wednesday = {"day": "wed", "carrier": "DL", "flights": 7}
    published(totals, "clean.totals", [wednesday])
    run.clear("load")
    run.clear("gate")
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    assert rows_of(totals, "gold.totals") == [("wed", "DL", 7)]


def test_a_retry_reads_what_the_first_try_read(totals, run):
    tries = []

    def flaky(totals: pa.Table) -> pa.Table:
        tries.append(totals.num_rows)
        if len(tries) == 1:
            raise ConnectionError("after a newer version was published")
        return totals

    def newer(context):
        published(totals, "clean.totals", SOURCE[:1])

    dag = gold_dag(
        "pinned",
        sql=None,
        transform=flaky,
        retries=1,
        retry_delay=timedelta(0),
        on_retry_callback=newer,
    )
    finished = run(dag)
    assert finished.state == "success"
    assert tries == [3, 3]
    assert versions_of(totals, "clean.totals") == [1, 2]
    sources = [
        next(ref for ref in record.data if ref.role is Role.SOURCE)
        for record in executions_of(totals, finished)["load"]
    ]
    assert [source.version for source in sources] == [1, 1]
    assert rows_of(totals, "gold.totals") == ALL


def test_a_load_key_makes_two_runs_the_same_load(totals, run):
    for dag_id, day in (("monday", "mon"), ("tuesday", "tue")):
        dag = gold_dag(dag_id, day=day, write_mode="append", load_key="days {{ params.month }}")
        dag.params["month"] = "2026-03"
        assert run(dag).state == "success"
    assert rows_of(totals, "gold.totals") == TUE
    assert len(set(table_of(totals.governance, "gold.totals")["_load_id"].to_pylist())) == 1


def test_other_load_keys_are_other_loads(totals, run):
    for day in ("mon", "tue"):
        dag = gold_dag(f"on_{day}", day=day, write_mode="append", load_key="{{ params.day }}")
        assert run(dag).state == "success"
    assert rows_of(totals, "gold.totals") == ALL


def test_one_load_key_for_all_mapped_tasks_is_refused_before_rows_replace_each_other(totals, run):
    with DAG("shared_key", schedule=None) as dag:
        loads = GoldOperator.partial(
            task_id="load",
            source="clean.totals",
            target="gold.totals",
            sql=OF_DAY,
            write_mode="append",
            load_key="one for all",
        ).expand(params=[{"day": "mon"}, {"day": "tue"}])
        loads >> QualityGateSensor(task_id="gate", dataset="gold.totals")
    finished = run(dag)
    assert finished.state == "failed"
    refused = [each for each in executions_of(totals, finished)["load"] if each.status is Status.FAILED]
    assert [each.error_reason for each in refused] == ["parameter_invalid"]
    assert "ti.map_index" in refused[0].error_message
    assert nothing_was_published(totals, "gold.totals")


def test_mapped_tasks_with_a_key_each_are_loads_of_their_own(totals, run):
    with DAG("own_keys", schedule=None) as dag:
        loads = GoldOperator.partial(
            task_id="load",
            source="clean.totals",
            target="gold.totals",
            sql=OF_DAY,
            write_mode="append",
            load_key="totals {{ ti.map_index }}",
        ).expand(params=[{"day": "mon"}, {"day": "tue"}])
        loads >> QualityGateSensor(task_id="gate", dataset="gold.totals")
    assert run(dag).state == "success"
    assert rows_of(totals, "gold.totals") == ALL
    assert versions_of(totals, "gold.totals") == [1]


def test_overwrite_partition_leaves_other_partitions_as_they_are(totals, run):
    for day in ("mon", "sun"):
        published(
            totals,
            "gold.days",
            [{"day": day, "carrier": "ZZ", "flights": 9}],
            write_mode=WriteMode.APPEND,
        )
    options = {"target": "gold.days", "write_mode": "overwrite_partition"}
    assert run(gold_dag("one_partition", **options)).state == "success"
    assert rows_of(totals, "gold.days") == [*MON, ("sun", "ZZ", 9)]


def test_overwrite_partition_needs_a_partitioned_dataset(totals, run):
    reason, message = refusal_of(totals, run(gold_dag("unpartitioned", write_mode="overwrite_partition")))
    assert reason in ("contract_invalid", "parameter_invalid")
    assert "gold.totals" in message
    assert "partition" in message
    assert nothing_was_published(totals, "gold.totals")


def test_upsert_updates_by_key_inserts_and_counts(totals, run):
    published(
        totals,
        "gold.keyed",
        [{"day": "mon", "carrier": "AA", "flights": 99}, {"day": "sun", "carrier": "ZZ", "flights": 9}],
    )
    finished = run(gold_dag("merge", target="gold.keyed", write_mode="upsert"))
    assert finished.state == "success"
    assert rows_of(totals, "gold.keyed") == [*MON, ("sun", "ZZ", 9)]
    counts = execution_of(totals, finished, "load").counts
    assert (counts.written, counts.inserted, counts.updated) == (2, 1, 1)


def test_upsert_needs_a_primary_key(totals, run):
    reason, message = refusal_of(totals, run(gold_dag("keyless", write_mode="upsert")))
    assert reason in ("contract_invalid", "parameter_invalid")
    assert "gold.totals" in message
    assert "primary key" in message
    assert nothing_was_published(totals, "gold.totals")


def test_a_write_mode_that_does_not_exist_is_refused(totals, run):
    reason, message = refusal_of(totals, run(gold_dag("typo", write_mode="replace")))
    assert reason == "parameter_invalid"
    assert "'replace'" in message
    assert "overwrite_partition" in message


def test_an_empty_result_is_published_where_it_is_allowed(totals, run):
    assert run(gold_dag("filled")).state == "success"
    finished = run(gold_dag("emptied", day="never", allow_empty=True))
    assert finished.state == "success"
    assert rows_of(totals, "gold.totals") == []
    assert versions_of(totals, "gold.totals") == [1, 2]
    assert execution_of(totals, finished, "load").counts.written == 0


def test_an_empty_result_is_refused_where_it_is_not_allowed(totals, run):
    assert run(gold_dag("filled_before")).state == "success"
    reason, message = refusal_of(totals, run(gold_dag("empty", day="never")))
    assert reason == "result_empty"
    assert "allow_empty" in message
    assert rows_of(totals, "gold.totals") == MON


def test_incremental_reads_the_rows_of_the_load_only(home, run):
    home.contract(
        {"name": "raw flights", "physicalName": "raw.flights"},
        table("preprocessed.flights", carrier="string", flights="integer"),
        table("clean.flights", carrier="string", flights="integer"),
    )

    def daily(dag_id, file):
        with DAG(dag_id, schedule=None) as dag:
            raw = promote(RawIngestOperator, dataset="raw.flights", source=file)
            typed = promote(
                PreprocessOperator, source=raw.output, target="preprocessed.flights", write_mode="append"
            )
            promote(
                CleanOperator,
                source=typed.output,
                target="clean.flights",
                sql="SELECT * FROM preprocessed.flights",
                incremental=True,
                write_mode="append",
            )
        return dag

    for day, text in (("monday", "carrier,flights\nAA,1\n"), ("tuesday", "carrier,flights\nUA,2\nUA,3\n")):
        finished = run(daily(f"daily_{day}", home.source(f"{day}.csv", text)))
        assert finished.state == "success"
    assert rows_of(home, "clean.flights") == [("AA", 1), ("UA", 2), ("UA", 3)]
    assert execution_of(home, finished, "clean_flights.load").counts.read == 2


def test_incremental_needs_the_output_of_a_task(totals, run):
    reason, message = refusal_of(totals, run(gold_dag("by_name", incremental=True)))
    assert reason == "parameter_invalid"
    assert "incremental=True" in message


def test_publishing_again_what_is_published_says_so_and_makes_no_version(totals):
    run = SteppedRun(gold_dag("gate_again"), "once")
    assert [run.step("load"), run.step("gate")] == ["success", "success"]
    run.clear("gate")
    assert run.step("gate") == "success"
    assert versions_of(totals, "gold.totals") == [1]
    (load,) = totals.governance.store.loads.of_run(name("gold.totals"), run.dag_id, run.run_id)
    assert load.state is LoadState.PUBLISHED


def test_a_gate_that_is_cleared_does_not_undo_a_rollback(totals, run):
    assert run(gold_dag("version_one")).state == "success"
    second = SteppedRun(gold_dag("version_two", day="tue"), "once")
    assert [second.step("load"), second.step("gate")] == ["success", "success"]
    rollback(totals.governance, name("gold.totals"), 1, reason="Tuesday is wrong", actor="ada")
    assert rows_of(totals, "gold.totals") == MON
    second.clear("gate")
    assert second.step("gate") == "failed"
    assert rows_of(totals, "gold.totals") == MON
    assert executions_of(totals, second)["gate"][-1].error_reason is not None
