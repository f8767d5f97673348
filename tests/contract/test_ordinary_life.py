"""What people do every day is no fault: an audit of all of it finds nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.flow.deciding import GateOptions
from airflow_gov.flow.finding import find_loads
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.flow.preprocessing import Preprocessing, preprocess
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.reviewing import confirm, reject
from airflow_gov.flow.rollback import rollback
from airflow_gov.flow.sources import parse_sources
from airflow_gov.flow.waiving import waive
from airflow_gov.model.errors import VerdictFailedError
from airflow_gov.model.findings import FindingState, FindingsWanted
from airflow_gov.model.zones import DatasetName
from support.faults import CLEAN, EVERY, GOLD, RAW
from support.healthy_lake import COLUMNS, STEWARD, HealthyLake

if TYPE_CHECKING:
    from airflow_gov.model.verdicts import Review

TYPED = "preprocessed.bookings"
_OPEN = FindingsWanted(states=(FindingState.NEW, FindingState.REOPENED))
#: One of the four rows breaks it.
_NO_GERMANS = {"metric": "missingValues", "arguments": {"missingValues": ["de"]}, "mustBe": 0}


def found(lake: HealthyLake) -> list[str]:
    """What an audit of everything finds."""
    lake.clock.move(seconds=1)
    run_audit(lake.governance, AuditRequest(full=True), actor="ada")
    return [finding.message for finding in lake.governance.store.audits.findings.each(_OPEN)]


def type_strictly(lake: HealthyLake, **options: Any) -> None:
    """Load rows under a rule that one of them breaks, and ask their gate."""
    properties = [
        {"name": name, **entry, **({"quality": [_NO_GERMANS]} if name == "country" else {})}
        for name, entry in COLUMNS[TYPED].items()
    ]
    contract = lake.contract(TYPED, schema={"properties": properties})
    lake.deliver()
    job = Preprocessing(contract, parse_sources(lake.outputs[0], {}), lake._key("type"))
    lake.write("type", lambda recording: preprocess(lake.governance, recording, job))
    ask(lake, **options)


def ask(lake: HealthyLake, **options: Any) -> None:
    with lake.execution("type.gate") as recording, suppress(VerdictFailedError):
        loads = find_loads(lake.governance, outputs=lake.outputs)
        publish(lake.governance, recording, loads, GateOptions(**options))


def keep_up(lake: HealthyLake) -> None:
    """Maintain everything as eagerly as one can."""
    lake.clock.move(seconds=1)
    upkeep = Upkeep(keep_versions=1, keep_days=0, grace_hours=0)
    reports = [maintain(lake.governance, DatasetName.parse(name), upkeep) for name in EVERY]
    assert reports[0].compacted_to is not None


def newest_review(lake: HealthyLake) -> Review:
    return lake.governance.store.reviews.list(DatasetName.parse(TYPED))[0]


@pytest.fixture
def lake(tmp_path):
    lake = HealthyLake.make(tmp_path / "home")
    yield lake
    lake.close()


def test_versions_come_and_go_and_files_are_joined(lake):
    lake.run()
    for name in (GOLD, CLEAN, RAW):
        rollback(lake.governance, DatasetName.parse(name), 1, reason="to see", actor="ada")
    assert found(lake) == []
    for _ in range(4):
        lake.deliver()
    lake.refine()
    keep_up(lake)
    assert found(lake) == []
    joined = lake.governance.store.versions.current(DatasetName.parse(RAW)).version
    lake.deliver()
    rollback(lake.governance, DatasetName.parse(RAW), joined, reason="to see", actor="ada")
    assert found(lake) == []


def test_gates_set_rows_aside_and_stewards_decide(lake):
    who = {"steward": STEWARD, "reason": "to see"}
    type_strictly(lake, on_failure="quarantine", quarantine_limit="50%")
    lake.split()
    lake.count()
    assert found(lake) == []
    type_strictly(lake, on_failure="review")
    assert found(lake) == []
    confirm(lake.governance, newest_review(lake).review_id, decided_by="cli", **who)
    type_strictly(lake, on_failure="review")
    reject(lake.governance, newest_review(lake).review_id, decided_by="cli", **who)
    assert found(lake) == []
    type_strictly(lake)
    until = lake.clock.now + timedelta(days=1)
    waive(lake.governance, DatasetName.parse(TYPED), granted_by="cli", expires_at=until, **who)
    assert found(lake) == []
    ask(lake)
    assert lake.governance.store.versions.current(DatasetName.parse(TYPED)).rows == 4
    assert found(lake) == []
