"""Reads of restricted data: who counts as having a role, and what is told of those who have none."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.checks.access import RestrictedRead
from airflow_gov.audit.registry import make_checks
from airflow_gov.contracts import parse_contract
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.execution import Actor
from airflow_gov.model.loads import LogEntry
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import records, stores

GUESTS = DatasetName.parse("sensitive.guests")
TEAM = {
    "name": "Bookings & Co",
    "members": [
        {"username": "ada@example.com", "role": "owner"},
        {"username": "Ben", "role": "analyst"},
        {"username": "cy", "role": "analyst", "dateOut": "2020-01-01"},
    ],
}
ROLES = [
    {"role": "readers", "access": "read"},
    {"role": "loaders", "access": "write"},
    {"role": "<b>all'\"</b>"},
]


@pytest.fixture
def governance(tmp_path):
    home = tmp_path / "home"
    stores.ready(home / "airflow_gov" / "governance.db")
    made = Governance(Settings.load({"AIRFLOW_HOME": str(home)}), clock=records.Clock())
    promise(made)
    yield made
    made.close()


def promise(governance: Governance, **changes) -> None:
    column = {"name": "email", "logicalType": "string", "classification": "restricted"}
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "guests",
        "version": "1.0.0",
        "status": "active",
        "team": TEAM,
        "roles": ROLES,
        "schema": [{"name": "guests", "physicalName": str(GUESTS), "properties": [column]}],
    }
    governance.store.contracts.put(parse_contract(json.dumps(document | changes), GUESTS))


def read(governance: Governance, *, subject: str = str(GUESTS), days: float = 0, **actor) -> None:
    """A read of so many days ago."""
    who = Actor(**{"os_user": "airflow", **actor})
    execution_id = f"e{len(governance.store.log.list(limit=1000))}"
    governance.store.executions.start(records.execution(execution_id, actor=who))
    at = governance.clock() - timedelta(days=days)
    details = {"columns": ["email"], "task": f"dag.{who.team or who.triggered_by or 'task'}"}
    details |= {"triggered_by": who.triggered_by, "os_user": who.os_user}
    entry = LogEntry("read.restricted", subject, who.triggered_by or who.os_user, at, details, execution_id)
    governance.store.log.append(entry)


def found(governance: Governance, **settings) -> list:
    return list(RestrictedRead(**settings).observe(AuditedLake(governance)))


@pytest.mark.parametrize(
    "actor",
    [
        {"triggered_by": "ada@example.com"},
        {"triggered_by": " BEN "},
        {"triggered_by": "readers"},
        {"triggered_by": "<b>all'\"</b>"},
        {"team": "bookings & co"},
        {"owner": "data, ben"},
        {"os_user": "readers"},
    ],
)
def test_whom_the_contract_names_has_a_role(governance, actor):
    read(governance, **actor)
    assert found(governance) == []


@pytest.mark.parametrize(
    "actor",
    [
        {"triggered_by": "eve"},
        {"triggered_by": "cy"},
        {"triggered_by": "loaders"},
        {"triggered_by": "ada"},
        {"triggered_by": "eve", "team": "Bookings & Co", "owner": "ben"},
        {"team": "Bookings"},
        {"owner": ""},
        {"os_user": "root"},
    ],
)
def test_nobody_else_has_whatever_the_dag_is_that_they_trigger(governance, actor):
    read(governance, **actor)
    (told,) = found(governance)
    assert (told.subject, told.part) == (
        str(GUESTS),
        actor.get("triggered_by", actor.get("os_user", "airflow")),
    )


def test_reads_by_one_person_are_one_finding_with_their_number_and_the_last(governance):
    for days in (9, 5, 2):
        read(governance, days=days, triggered_by="eve")
    read(governance, days=1, triggered_by="mallory")
    mallory, eve = found(governance)
    assert (mallory.part, eve.part) == ("mallory", "eve")
    assert eve.details["reads"] == 3
    assert eve.details["last_read_at"] == (governance.clock() - timedelta(days=2)).isoformat()
    assert "3 times" in eve.message
    assert "email" in eve.message
    keys = {eve.key}
    read(governance, triggered_by="eve")
    assert {each.key for each in found(governance) if each.part == "eve"} == keys


def test_old_reads_are_let_be(governance):
    read(governance, days=31, triggered_by="eve")
    assert found(governance) == []
    assert len(found(governance, days=40)) == 1


def test_who_gets_a_role_is_found_no_more(governance):
    read(governance, triggered_by="eve")
    governance.clock.move(seconds=1)
    promise(governance, team=[{"username": "eve", "role": "analyst"}])
    assert found(governance) == []


def test_a_role_stands_for_the_members_that_the_settings_name(governance):
    read(governance, triggered_by="eve")
    assert found(governance, members={"Readers": ["Eve"]}) == []
    assert len(found(governance, members={"loaders": ["eve"], "unknown": ["eve"]})) == 1


def test_rows_that_were_set_aside_are_read_under_the_contract_of_their_dataset(governance):
    read(governance, subject=f"{GUESTS}__quarantine", triggered_by="ben")
    assert found(governance) == []
    read(governance, subject=f"{GUESTS}__quarantine", triggered_by="eve")
    assert [told.subject for told in found(governance)] == [str(GUESTS)]


def test_what_has_no_contract_and_what_is_no_dataset_is_for_other_checks(governance):
    read(governance, subject="sensitive.unknown", triggered_by="eve")
    read(governance, subject="; DROP TABLE gov_log", triggered_by="eve")
    assert found(governance) == []


def test_a_record_that_is_gone_gives_nobody_a_role(governance):
    read(governance, team="Bookings & Co")
    entry = governance.store.log.head()
    governance.store.log.append(
        LogEntry("read.restricted", entry.subject, "airflow", entry.at, {"task": "x.y"})
    )
    (told,) = found(governance)
    assert told.details["tasks"] == ["x.y"]


@pytest.mark.parametrize("settings", [{"days": 0}, {"days": -1}, {"members": {"readers": "ada"}}])
def test_settings_that_mean_nothing_are_refused(settings):
    with pytest.raises(GovernanceError, match="restricted-read"):
        make_checks(["restricted-read"], {"restricted-read": settings})
