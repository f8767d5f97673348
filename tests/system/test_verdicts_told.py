"""Verdicts as Airflow and OpenLineage hear of them: events of gates and checks, and links to reports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_gov.model.zones import DatasetName
from support.contracts import table
from support.lineage_schemas import SPECIFICATION, event_problems

pytestmark = pytest.mark.airflow

KEYED = {"logicalType": "integer", "required": True, "primaryKey": True, "primaryKeyPosition": 1}
NAMED = {"logicalType": "string", "quality": [{"metric": "nullValues", "mustBe": 0}]}


@pytest.fixture
def told(home, tmp_path):
    """A Dag was run with OpenLineage on: the home, the events by task and kind, the links to reports."""
    home.contract(
        {"name": "raw", "physicalName": "raw.flights"},
        table("preprocessed.good", flight=KEYED, carrier="string"),
        table("preprocessed.bad", flight=KEYED, carrier=NAMED),
    )
    source = home.source("flights.csv", "flight,carrier\n1,UA\n2,\n")
    events = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    ran = subprocess.run(
        [sys.executable, "-m", "support.lineage_worker", source],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    # Airflow's own log is on the same output, and may go on for a moment.
    done = json.loads(next(line for line in ran.stdout.splitlines() if line.startswith('{"state"')))
    assert done["state"] == "failed", "one of its gates refuses"
    read = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    told = {(each["job"]["name"].partition(".")[2], each["eventType"]): each for each in read}
    return home, told, done["links"]


def test_verdicts_are_told_to_openlineage_and_linked_to(told) -> None:
    home, events, links = told
    governance = home.governance
    good, bad = (DatasetName.parse(f"preprocessed.{name}") for name in ("good", "bad"))
    location = str(home.folder / "state" / "lake" / "preprocessed")

    passed = events["gate_good", "COMPLETE"]
    (checked,) = passed["inputs"]
    assert (checked["namespace"], checked["name"]) == ("file", f"{location}/good")
    version = governance.store.versions.current(good)
    assert checked["facets"]["version"]["datasetVersion"] == str(version.snapshot_id)
    assert {each["name"] for each in checked["facets"]["symlinks"]["identifiers"]} == {str(good)}
    metrics = checked["inputFacets"]["dataQualityMetrics"]
    assert metrics["rowCount"] == 2
    assert metrics["bytes"] == version.size
    assert all(each["success"] for each in checked["inputFacets"]["dataQualityAssertions"]["assertions"])
    (published,) = passed["outputs"]
    assert (published["namespace"], published["name"]) == ("file", f"{location}/good")

    refused = events["gate_bad", "FAIL"]
    (checked,) = refused["inputs"]
    failed = [
        each for each in checked["inputFacets"]["dataQualityAssertions"]["assertions"] if not each["success"]
    ]
    assert [(each["assertion"], each["column"], each["severity"]) for each in failed] == [
        ("not_null", "carrier", "error")
    ]
    tests = refused["run"]["facets"]["test"]["tests"]
    assert [each["params"]["columns"] for each in tests if each["status"] == "fail"] == [["carrier"]]
    assert refused["outputs"] == [], "nothing was published"
    assert "carrier" in refused["run"]["facets"]["errorMessage"]["message"]

    warned = events["check_bad", "COMPLETE"]
    assert "fail" in {each["status"] for each in warned["run"]["facets"]["test"]["tests"]}
    assert warned["outputs"] == []
    if SPECIFICATION is not None:
        for event in (passed, refused, warned):
            assert event_problems(event) == []

    for task_id, dataset in {"gate_good": good, "gate_bad": bad, "check_bad": bad}.items():
        verdict = governance.store.verdicts.list(dataset)[0]
        assert links[task_id] == f"airflow-gov/verdicts/{verdict.verdict_id}/report"
        assert "Quality report" in (governance.store.reports.get(verdict.verdict_id) or "")
    governance.close()
