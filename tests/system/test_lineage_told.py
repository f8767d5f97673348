"""What OpenLineage is told by every operator and sensor, in every state a task can be in."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.lineage.events import parse_event
from airflow_gov.lineage.projecting import project
from airflow_gov.model.execution import Execution
from airflow_gov.model.lineage import Origin
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from support.lineage_schemas import event_problems, facets_of, needs_the_schemas
from support.lineage_states import CONTRACTS, LITERAL, PASSWORD

pytestmark = pytest.mark.airflow

PEOPLE = """id,email,city
1,ada@example.com,London
2,bob@example.com,Paris
not-a-number-of-ada,eve@example.com,Paris
"""
KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class Told:
    """What was told, and what the store knows of the same executions.

    :param events: all of them, in order.
    :param became: states by what was done.
    """

    events: list[dict[str, Any]]
    became: dict[str, str]
    governance: Governance
    lake: Path
    folder: Path

    def of(self, job: str) -> list[dict[str, Any]]:
        """The events of a job."""
        return [event for event in self.events if event["job"]["name"] == job]

    def end(self, job: str) -> dict[str, Any]:
        """The last event of a job."""
        return self.of(job)[-1]

    def output(self, job: str, dataset: str) -> dict[str, Any]:
        """What the last event of a job says of a dataset it wrote."""
        return next(each for each in self.end(job)["outputs"] if governed(each) == dataset)

    def input(self, job: str, dataset: str) -> dict[str, Any]:
        """The same of one it read."""
        return next(each for each in self.end(job)["inputs"] if governed(each) == dataset)


def governed(dataset: dict[str, Any]) -> str | None:
    """The name of a dataset of ours."""
    facet = dataset["facets"].get("airflowGov_zone")
    return facet["dataset"] if facet else None


@pytest.fixture(scope="module")
def told(make_home: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Everything was run once, with OpenLineage on."""
    folder = tmp_path_factory.mktemp("told")
    home = make_home(folder)
    home.contract(*CONTRACTS, stewards=["grace@example.com"])
    source = home.source("people.csv", PEOPLE)
    with closing(sqlite3.connect(home.sources / "shop.db")) as connection, connection:
        connection.execute("CREATE TABLE orders (id INTEGER, buyer INTEGER)")
        connection.execute("CREATE TABLE buyers (id INTEGER, city TEXT)")
        connection.execute("INSERT INTO orders VALUES (1, 1)")
        connection.execute("INSERT INTO buyers VALUES (1, 'Paris')")
    events = folder / "events.jsonl"
    shop = {"conn_type": "sqlite", "host": str(home.sources / "shop.db")}
    ran = subprocess.run(
        [sys.executable, "-m", "support.lineage_states", source],
        env={
            **os.environ,
            **home.environ,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *sys.path[:1]]),
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(
                {"type": "file", "log_file_path": str(events), "append": True}
            ),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
            "AIRFLOW_CONN_SHOP": json.dumps(shop),
            "AIRFLOW_CONN_TOKENS": json.dumps({"conn_type": "generic", "password": KEY}),
            "AIRFLOW_GOV_GIT_COMMIT": "",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    lines = [line for line in ran.stdout.splitlines() if line.startswith("became ")]
    assert lines, ran.stdout[-3000:] + ran.stderr[-3000:]
    read = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    governance = home.governance
    yield Told(
        [event for event in read if "." in event["job"]["name"]],
        json.loads(lines[0].removeprefix("became ")),
        governance,
        folder / "state" / "lake",
        folder,
    )
    governance.close()


def own(event: dict[str, Any]) -> dict[str, Any]:
    """Our facet of an event's run."""
    facet: dict[str, Any] = event["run"]["facets"]["airflowGov_execution"]
    return facet


def record_of(told: Told, event: dict[str, Any]) -> Execution:
    """The record of the execution that an event is about."""
    record = told.governance.store.executions.get(own(event)["executionId"])
    assert record is not None
    return record


def test_everything_went_as_it_was_meant_to(told: Told) -> None:
    assert told.became == {
        "told": "success",
        "mapped": "success",
        "gate before its candidate": "deferred",
        "first try": "up_for_retry",
        "second try": "success",
        "gate with its candidate": "success",
        "skipped": "skipped",
        "failed": "failed",
        "timed_out": "failed",
        "cleared": "success",
    }


@needs_the_schemas
def test_the_schemas_take_every_event_of_every_state(told: Told) -> None:
    assert len(told.events) > 40
    assert {
        job: found for job, found in ((e["job"]["name"], event_problems(e)) for e in told.events) if found
    } == {}


def test_our_own_store_takes_every_event_and_knows_whose_it_is(told: Told) -> None:
    for event in told.events:
        taken = project(parse_event(event), origin=Origin.TRANSPORT, own_namespace="tests")
        assert taken.run is not None
        assert taken.run.execution_id == own(event)["executionId"]
        named = {each.governed for each in taken.datasets} - {None}
        assert named == {governed(each) for each in (*event["inputs"], *event["outputs"])} - {None}


def test_a_run_has_one_id_from_its_start_to_its_end_which_the_record_has_too(told: Told) -> None:
    runs: dict[str, list[str]] = {}
    for event in told.events:
        runs.setdefault(event["run"]["runId"], []).append(event["eventType"])
        assert record_of(told, event).openlineage_run_id == event["run"]["runId"]
    kinds = {tuple(each) for each in runs.values()}
    # A deferred task starts again under the same id.
    assert kinds == {("START", "COMPLETE"), ("START", "FAIL"), ("START", "START", "COMPLETE")}
    assert runs[told.end("states.deferred")["run"]["runId"]] == ["START", "START", "COMPLETE"]


def test_tries_mapped_tasks_and_cleared_ones_are_runs_of_their_own(told: Told) -> None:
    tried = told.of("states.tried")
    assert [(each["eventType"], own(each)["tryNumber"]) for each in tried] == [
        ("START", 1), ("FAIL", 1), ("START", 2), ("COMPLETE", 2), ("START", 3), ("COMPLETE", 3),
    ]  # fmt: skip
    assert [own(each)["status"] for each in tried[1::2]] == ["up_for_retry", "success", "success"]
    assert len({each["run"]["runId"] for each in tried}) == 3
    ends = [each for each in told.of("mapped.parts") if each["eventType"] == "COMPLETE"]
    assert sorted(own(each)["mapIndex"] for each in ends) == [0, 1]
    assert len({each["run"]["runId"] for each in ends}) == 2


def test_what_skips_completes_and_says_so(told: Told) -> None:
    end = told.end("states.skipped")
    assert (end["eventType"], own(end)["status"]) == ("COMPLETE", "skipped")
    assert [governed(each) for each in end["inputs"]] == ["clean.people"]
    assert end["outputs"] == []


def test_every_operator_and_sensor_says_what_it_reads_and_writes(told: Told) -> None:
    def names(job: str, kind: str) -> set[str]:
        return {governed(each) or each["name"].rpartition("/")[2] for each in told.end(job)[kind]}

    people = {"clean.people", "sensitive.people"}
    for job, inputs, outputs in [
        ("raw.load", {"people.csv"}, {"raw.people"}),
        ("orders", {"orders"}, {"raw.orders"}),
        ("query", {"orders", "buyers"}, {"raw.orders"}),
        ("raw.gate", {"raw.people"}, {"raw.people"}),
        ("typed.load", {"raw.people"}, {"preprocessed.people", "preprocessed.people__quarantine"}),
        ("split.load", {"preprocessed.people"}, people),
        ("split.gate", people, people),
        ("cities.load", {"clean.people"}, {"gold.cities"}),
        ("check", {"gold.cities"}, set()),
        ("version", {"gold.cities"}, set()),
        ("fresh", {"gold.cities"}, set()),
        ("maintain", set(), {"gold.cities"}),
    ]:
        assert (names(f"told.{job}", "inputs"), names(f"told.{job}", "outputs")) == (inputs, outputs), job


def test_a_start_says_what_the_parameters_say(told: Told) -> None:
    start = told.of("told.split.load")[0]
    assert [governed(each) for each in start["inputs"]] == ["preprocessed.people"]
    assert [governed(each) for each in start["outputs"]] == ["clean.people", "sensitive.people"]
    assert own(start)["status"] == "running"
    assert "endedAt" not in own(start)


def test_one_dataset_has_one_name_in_all_events(told: Told) -> None:
    named: dict[str, set[tuple[str, str]]] = {}
    for event in told.events:
        for dataset in (*event["inputs"], *event["outputs"]):
            if governed(dataset):
                named.setdefault(str(governed(dataset)), set()).add((dataset["namespace"], dataset["name"]))
                symlinks = dataset["facets"]["symlinks"]["identifiers"]
                assert {"namespace": "airflow-gov", "name": governed(dataset), "type": "TABLE"} in symlinks
        assert not any(each["namespace"] == "airflow-gov" for each in (*event["inputs"], *event["outputs"]))
    assert named["clean.people"] == {("file", f"{told.lake}/clean/people")}
    assert all(len(names) == 1 for names in named.values())


def test_a_candidate_is_no_version_until_its_gate_publishes_it(told: Told) -> None:
    version = told.governance.store.versions.current(DatasetName.parse("gold.cities"))
    assert version is not None
    written = told.output("told.cities.load", "gold.cities")["facets"]
    assert written["airflowGov_zone"]["candidate"] is True
    assert "version" not in written["airflowGov_zone"]
    assert "lifecycleStateChange" not in written
    checked = told.input("told.cities.gate", "gold.cities")
    assert checked["facets"]["airflowGov_zone"]["candidate"] is True
    assert checked["inputFacets"]["dataQualityMetrics"]["rowCount"] == version.rows
    published = told.output("told.cities.gate", "gold.cities")
    zone = published["facets"]["airflowGov_zone"]
    assert (zone["candidate"], zone["version"], zone["snapshotId"]) == (False, 1, str(version.snapshot_id))
    assert zone["loadIds"] == written["airflowGov_zone"]["loadIds"] == list(version.load_ids)
    assert published["facets"]["version"]["datasetVersion"] == str(version.snapshot_id)
    assert published["facets"]["lifecycleStateChange"]["lifecycleStateChange"] == "CREATE"
    statistics = published["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"]) == (version.rows, version.size)


def test_what_the_contract_says_is_told_down_to_the_columns(told: Told) -> None:
    facets = told.output("told.typed.load", "preprocessed.people")["facets"]
    assert facets["documentation"]["description"] == "Who buys."
    assert facets["schema"]["fields"][1] == {
        "name": "email", "type": "string", "description": "Where to write to.", "ordinal_position": 2,
    }  # fmt: skip
    tags = {(each.get("field"), each["key"], each["value"]) for each in facets["tags"]["tags"]}
    assert tags == {
        (None, "zone", "preprocessed"),
        ("email", "classification", "restricted"),
        ("email", "pii", "email"),
    }
    owners = {(each["name"], each["type"]) for each in facets["ownership"]["owners"]}
    assert owners == {("ada@example.com", "OWNER"), ("grace@example.com", "STEWARD")}
    zone = facets["airflowGov_zone"]
    assert (zone["personal"], zone["classifications"]) == (True, ["restricted"])


def test_column_lineage_is_told_by_the_names_of_the_sources_and_says_what_is_masked(told: Told) -> None:
    lineage = told.output("told.split.load", "clean.people")["facets"]["columnLineage"]
    (field,) = lineage["fields"]["email_token"]["inputFields"]
    assert (field["namespace"], field["name"]) == ("file", f"{told.lake}/preprocessed/people")
    assert field["field"] == "email"
    assert [each["masking"] for each in field["transformations"]] == [True]
    filtered = told.output("told.cities.load", "gold.cities")["facets"]["columnLineage"]["dataset"]
    assert {each["subtype"] for field in filtered for each in field["transformations"]} == {
        "FILTER",
        "GROUP_BY",
    }
    lineage = told.output("told.orders", "raw.orders")["facets"]["columnLineage"]
    (table,) = told.end("told.orders")["inputs"]
    (field,) = lineage["fields"]["buyer"]["inputFields"]
    assert (field["namespace"], field["name"]) == (table["namespace"], table["name"])


def test_the_record_is_told(told: Told) -> None:
    end = told.end("told.typed.load")
    facet, record = own(end), record_of(told, end)
    assert facet["rows"] == {
        "read": 3,
        "written": 2,
        "inserted": 2,
        "updated": 0,
        "deleted": 0,
        "quarantined": 1,
    }
    assert facet["hops"] == [{"from": "raw", "to": "preprocessed"}]
    assert (facet["dagId"], facet["dagRunId"]) == (record.task.dag_id, record.task.run_id)
    assert (facet["host"], facet["duration"], facet["action"]) == (
        record.host.name, record.duration, record.action,
    )  # fmt: skip
    parameters = {
        each["key"]: each["value"] for each in end["run"]["facets"]["executionParameters"]["parameters"]
    }
    assert parameters["write_mode"] == "overwrite"


def test_no_query_no_value_and_no_secret_is_told(told: Told) -> None:
    for event in told.events:
        facets = [facet for path, facet in facets_of(event) if not path.startswith("run.airflow.")]
        text = json.dumps([facets, event["inputs"], event["outputs"]])
        assert LITERAL not in text
        assert KEY not in text
        assert "bob@example.com" not in text
        assert "sql" not in event["job"]["facets"]
    failed = told.end("states.failed")["run"]["facets"]["errorMessage"]
    assert failed["message"].startswith("The SQL failed at line 1")
    retried = told.of("states.tried")[1]["run"]["facets"]["errorMessage"]
    assert retried["message"] == "the first try, logged in with ***"
    assert PASSWORD == "people", "which is masked, and not in names"
