"""The operators and the gate in real Airflow: a user's Dag, what it publishes, what is recorded."""

from __future__ import annotations

import gc
import gzip

import pyarrow as pa
import pytest
from airflow.sdk import DAG, task

from airflow_gov.model.execution import Role, Status
from airflow_gov.model.loads import LoadState
from airflow_gov.model.zones import DatasetName
from airflow_gov.operators import (
    CleanOperator,
    GoldOperator,
    PreprocessOperator,
    RawIngestOperator,
    WorkOperator,
    promote,
    recording,
)
from airflow_gov.sensors import QualityGateSensor
from support.contracts import table

pytestmark = pytest.mark.airflow

FLIGHTS = "carrier,flight,delay\nUA,1545,11\nUA,1714,20\nAA,1141,33\n"


def name(text):
    return DatasetName.parse(text)


def rows(home, dataset):
    """The published rows, without the load ids."""
    governance = home.governance
    scan = governance.lake.scan(name(dataset), governance.lake.head(name(dataset)))
    return sorted(
        tuple(value for key, value in row.items() if key != "_load_id")
        for row in scan.to_reader().read_all().to_pylist()
    )


@pytest.fixture
def flights(home):
    """Contracts for flights through the zones, and a delivered file."""
    columns = {
        "carrier": {"logicalType": "string", "required": True},
        "flight": {"logicalType": "integer", "required": True},
        "delay": "integer",
    }
    keyed = {
        "carrier": {"logicalType": "string", "required": True, "primaryKey": True, "primaryKeyPosition": 1},
        "flights": {"logicalType": "integer", "required": True},
        "mean_delay": {"logicalType": "number"},
    }
    home.contract(
        {"name": "raw flights", "physicalName": "raw.flights"},
        table("preprocessed.flights", **columns),
        table("clean.flights", **columns),
        table("gold.delays", **keyed),
        table("work.delays", **keyed),
    )
    home.source("flights.csv", FLIGHTS)
    return home


def flights_dag(home, **clean):
    with DAG("flights", schedule=None) as dag:
        raw = promote(RawIngestOperator, dataset="raw.flights", source=str(home.sources / "flights.csv"))
        typed = promote(PreprocessOperator, source=raw.output, target="preprocessed.flights")
        conformed = promote(
            CleanOperator,
            source=typed.output,
            target="clean.flights",
            **(clean or {"sql": "SELECT * FROM preprocessed.flights WHERE delay > 0"}),
        )
        promote(
            GoldOperator,
            source=conformed.output,
            target="gold.delays",
            sql="SELECT carrier, count(*) AS flights, avg(delay) AS mean_delay FROM clean.flights GROUP BY 1",
        )
    return dag


def test_what_airflow_has_loaded_is_left_out_of_garbage_collections_once(flights, run):
    with DAG("raw_flights", schedule=None) as dag:
        RawIngestOperator(task_id="load", dataset="raw.flights", source=str(flights.sources / "flights.csv"))
    recording._leave_airflow_out_of_collections.cache_clear()
    gc.unfreeze()
    assert run(dag).state == "success"
    frozen = gc.get_freeze_count()
    assert frozen > 100_000
    assert run(dag).state == "success"
    assert gc.get_freeze_count() <= frozen, "what this task left would never be collected"


def test_a_delivered_file_arrives_in_gold_through_every_zone(flights, run):
    assert run(flights_dag(flights)).state == "success"
    assert rows(flights, "gold.delays") == [("AA", 1, 33.0), ("UA", 2, 15.5)]


def test_every_execution_is_recorded_with_what_it_read_and_wrote(flights, run):
    finished = run(flights_dag(flights))
    records = {
        record.task.task_id: record
        for record in flights.governance.store.executions.list(run_id=finished.run_id, dag_id="flights")
    }
    assert len(records) == 8
    assert {record.status for record in records.values()} == {Status.SUCCESS}
    load = records["clean_flights.load"]
    source, target = load.data
    assert (source.role, source.dataset, source.version, source.rows) == (
        Role.SOURCE,
        "preprocessed.flights",
        1,
        3,
    )
    assert (target.role, target.dataset, target.rows) == (Role.TARGET, "clean.flights", 3)
    assert [(column.name, column.type) for column in target.columns] == [
        ("carrier", "string"),
        ("flight", "long"),
        ("delay", "long"),
    ]
    assert all(file.size > 0 for file in target.files)
    assert (load.counts.read, load.counts.written) == (3, 3)
    assert load.code == "SELECT * FROM preprocessed.flights WHERE delay > 0"
    assert load.duration > 0
    assert load.end >= load.start
    assert load.host.name
    assert load.actor.os_user
    assert load.versions["python"].startswith("3.")
    assert load.openlineage_run_id
    assert load.git.commit or load.git.missing


def test_a_retry_of_everything_doubles_nothing(flights, run):
    dag = flights_dag(flights)
    run(dag)
    run(dag)
    assert rows(flights, "gold.delays") == [("AA", 1, 33.0), ("UA", 2, 15.5)]


def test_the_gate_says_what_broke_and_publishes_nothing(flights, run):
    dag = flights_dag(flights, sql="SELECT NULL AS carrier, flight, delay FROM preprocessed.flights")
    finished = run(dag)
    assert finished.state == "failed"
    gate = next(
        record
        for record in flights.governance.store.executions.list(run_id=finished.run_id)
        if record.task.task_id == "clean_flights.gate"
    )
    assert gate.status is Status.FAILED
    assert gate.error_reason == "verdict_failed"
    assert "required(carrier)" in gate.error_message
    assert "3 rows" in gate.error_message
    assert flights.governance.store.versions.current(name("clean.flights")) is None


def test_a_failed_gate_stays_failed_under_soft_fail(flights, run):
    with DAG("soft", schedule=None) as dag:
        raw = promote(RawIngestOperator, dataset="raw.flights", source=str(flights.sources / "flights.csv"))
        typed = promote(PreprocessOperator, source=raw.output, target="preprocessed.flights")
        bad = CleanOperator(
            task_id="bad",
            source=typed.output,
            target="clean.flights",
            sql="SELECT NULL AS carrier, flight, delay FROM preprocessed.flights",
        )
        QualityGateSensor(task_id="gate", candidate=bad.output, soft_fail=True)
    finished = run(dag)
    assert finished.state == "failed"
    assert finished.get_task_instance("gate").state == "failed"


def test_a_candidate_without_a_gate_cannot_be_read(flights, run):
    with DAG("ungated", schedule=None) as dag:
        raw = RawIngestOperator(
            task_id="raw", dataset="raw.flights", source=str(flights.sources / "flights.csv")
        )
        PreprocessOperator(task_id="typed", source=raw.output, target="preprocessed.flights")
    finished = run(dag)
    assert finished.state == "failed"
    record = next(
        r
        for r in flights.governance.store.executions.list(run_id=finished.run_id)
        if r.task.task_id == "typed"
    )
    assert record.error_reason == "source_unpublished"
    assert "promote()" in record.error_message


def test_a_hop_that_is_not_allowed_is_refused_before_anything_is_written(flights, run):
    run(flights_dag(flights))
    with DAG("backwards", schedule=None) as dag:
        work = promote(
            WorkOperator, source="gold.delays", target="work.delays", sql="SELECT * FROM gold.delays"
        )
        promote(GoldOperator, source=work.output, target="gold.delays", sql="SELECT * FROM work.delays")
    finished = run(dag)
    assert finished.state == "failed"
    record = next(
        r
        for r in flights.governance.store.executions.list(run_id=finished.run_id)
        if r.task.task_id == "gold_delays.load"
    )
    assert record.error_reason == "hop_refused"
    assert "work.delays → gold.delays" in record.error_message
    assert len(flights.governance.store.versions.list(name("gold.delays"))) == 1


def test_rows_that_do_not_parse_are_set_aside_with_their_line(flights, run):
    flights.source("flights.csv", FLIGHTS + "DL,not a number,5\n")
    finished = run(flights_dag(flights))
    assert finished.state == "success"
    assert len(rows(flights, "preprocessed.flights")) == 3
    (aside,) = (
        flights.governance.lake.scan(
            name("preprocessed.flights").quarantine,
            flights.governance.lake.head(name("preprocessed.flights").quarantine),
        )
        .to_reader()
        .read_all()
        .to_pylist()
    )
    assert (aside["file"], aside["line"], aside["column"]) == ("flights.csv", 5, "flight")
    record = next(
        r
        for r in flights.governance.store.executions.list(run_id=finished.run_id)
        if r.task.task_id == "preprocessed_flights.load"
    )
    assert record.counts.quarantined == 1


def test_mapped_loads_are_published_in_one_version(flights, run):
    run(flights_dag(flights))
    with DAG("mapped", schedule=None) as dag:
        loads = GoldOperator.partial(
            task_id="delays",
            source="clean.flights",
            target="gold.delays",
            sql="SELECT carrier, count(*) AS flights, avg(delay) AS mean_delay FROM clean.flights "
            "WHERE carrier = '{{ params.carrier }}' GROUP BY carrier",
            write_mode="upsert",
        ).expand(params=[{"carrier": "UA"}, {"carrier": "AA"}])
        loads >> QualityGateSensor(task_id="gate", dataset="gold.delays")
    assert run(dag).state == "success"
    current = flights.governance.store.versions.current(name("gold.delays"))
    assert len(current.load_ids) == 2
    assert current.version == 2
    assert rows(flights, "gold.delays") == [("AA", 1, 33.0), ("UA", 2, 15.5)]


def test_a_function_of_tables_is_a_task(flights, run):
    run(flights_dag(flights))

    @task.zone(
        source="clean.flights",
        target="gold.delays",
        column_lineage={
            "carrier": ["clean.flights.carrier"],
            "flights": [{"column": "clean.flights.flight", "transformation": "AGGREGATION", "masking": True}],
            "mean_delay": [{"column": "clean.flights.delay", "transformation": "AGGREGATION"}],
            "*": [{"column": "clean.flights.delay", "transformation": "FILTER"}],
        },
    )
    def late(flights: pa.Table, *, minutes: int = 0) -> pa.Table:
        late_ones = flights.filter(pa.compute.field("delay") > minutes)
        totals = late_ones.group_by("carrier").aggregate([("flight", "count"), ("delay", "mean")])
        return totals.rename_columns(["carrier", "flights", "mean_delay"])

    with DAG("taskflow", schedule=None) as dag:
        QualityGateSensor(task_id="gate", candidate=late(minutes=15))
    assert run(dag).state == "success"
    assert rows(flights, "gold.delays") == [("AA", 1, 33.0), ("UA", 1, 20.0)]


def test_column_lineage_that_is_declared_wrongly_is_refused_before_anything_is_written(flights, run):
    run(flights_dag(flights))

    @task.zone(source="clean.flights", target="gold.delays", column_lineage={"mean_dely": []})
    def late(flights: pa.Table) -> pa.Table:
        return flights

    with DAG("declared", schedule=None) as dag:
        late()
    finished = run(dag)
    assert finished.state == "failed"
    (record,) = flights.governance.store.executions.list(run_id=finished.run_id)
    assert record.error_reason == "parameter_invalid"
    assert "did you mean mean_delay?" in record.error_message
    assert not [ref for ref in record.data if ref.role == "target"]


def test_bytes_are_kept_as_delivered(flights, run):
    packed = flights.sources / "flights.csv.gz"
    packed.write_bytes(gzip.compress(FLIGHTS.encode()))
    with DAG("raw_only", schedule=None) as dag:
        promote(RawIngestOperator, dataset="raw.flights", source=str(packed))
    assert run(dag).state == "success"
    governance = flights.governance
    (entry,) = (
        governance.lake.scan(name("raw.flights"), governance.lake.head(name("raw.flights")))
        .to_reader()
        .read_all()
        .to_pylist()
    )
    with governance.lake.raw.open(entry["uri"]) as stream:
        assert stream.read() == packed.read_bytes()
    assert entry["columns"] == ["carrier", "flight", "delay"]


def test_a_missing_source_names_the_path_and_leaves_no_load(flights, run):
    with DAG("missing", schedule=None) as dag:
        promote(RawIngestOperator, dataset="raw.flights", source="/no/such/flights.csv")
    finished = run(dag)
    assert finished.state == "failed"
    (record,) = flights.governance.store.executions.list(run_id=finished.run_id)
    assert record.error_reason == "source_missing"
    assert "/no/such/flights.csv" in record.error_message
    assert flights.governance.lake.head(name("raw.flights")) is None


def test_clearing_only_the_gate_says_republished(flights, run):
    run(flights_dag(flights))
    governance = flights.governance
    version = governance.store.versions.current(name("clean.flights"))
    load = governance.store.loads.get(name("clean.flights"), version.load_ids[0])
    assert load.state is LoadState.PUBLISHED
    from airflow_gov.flow.finding import find_loads

    again = find_loads(
        governance, outputs=[{"dataset": "clean.flights", "load_id": load.load_id}], dag_id="", run_id=""
    )
    assert again == [load]


def test_mapped_tasks_may_not_overwrite_one_dataset(flights, run):
    run(flights_dag(flights))
    with DAG("mapped_overwrite", schedule=None) as dag:
        GoldOperator.partial(
            task_id="delays",
            source="clean.flights",
            target="gold.delays",
            sql="SELECT carrier, count(*) AS flights, avg(delay) AS mean_delay FROM clean.flights "
            "WHERE carrier = '{{ params.carrier }}' GROUP BY carrier",
        ).expand(params=[{"carrier": "UA"}, {"carrier": "AA"}])
    finished = run(dag)
    assert finished.state == "failed"
    refused = [
        record.error_message
        for record in flights.governance.store.executions.list(run_id=finished.run_id)
        if record.error_reason == "parameter_invalid"
    ]
    assert len(refused) == 1
    assert "would both overwrite gold.delays" in refused[0]
