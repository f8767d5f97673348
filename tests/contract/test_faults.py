"""Faults planted in a healthy lake, one at a time: each is found by its checks, and by no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.auditing import AuditRequest, Progress, run_audit
from airflow_gov.audit.checks.shadow import ShadowTable
from airflow_gov.contracts import parse_contract
from airflow_gov.model.findings import FindingState, FindingsWanted
from airflow_gov.model.zones import DatasetName
from support.faults import CLEAN, FAULTS, GOLD, Fault
from support.healthy_lake import BY_COUNTRY, COLUMNS, HealthyLake, contract_text

_OPEN = FindingsWanted(states=(FindingState.NEW, FindingState.REOPENED))


def audited(lake: HealthyLake, fault: Fault | None = None, *, full: bool = False) -> dict[str, str]:
    """What is found, by check and what it is about."""
    lake.clock.move(seconds=1)
    run_audit(lake.governance, AuditRequest(full=full, settings=fault.settings if fault else {}), actor="ada")
    return {
        f"{found.check} {found.subject} {found.part}": found.message
        for found in lake.governance.store.audits.findings.each(_OPEN)
    }


@pytest.fixture(scope="module")
def healthy(tmp_path_factory) -> Path:
    """The home of a healthy lake that was audited once."""
    home = tmp_path_factory.mktemp("healthy") / "home"
    lake = HealthyLake.make(home)
    assert audited(lake) == {}
    lake.keep()
    return home


@pytest.fixture
def lake(healthy):
    """The healthy lake."""
    lake = HealthyLake.restored(healthy)
    yield lake
    lake.close()


def test_nothing_is_found_in_a_healthy_lake(lake):
    assert audited(lake, full=True) == {}
    lake.run()
    assert audited(lake) == {}


def test_what_is_published_while_an_audit_looks_is_no_fault(lake):
    wider = {**COLUMNS[GOLD], "newest": {"logicalType": "date", "description": "Of the newest."}}
    properties = [{"name": name, **entry} for name, entry in wider.items()]
    ran = []

    def run_once(progress: Progress) -> None:
        if progress.at == "raw.bookings" and not ran:
            ran.append(progress)
            lake.run()
            lake.count(
                BY_COUNTRY.replace("FROM", ", max(booked_on) AS newest FROM"),
                schema={"properties": properties},
            )

    run_audit(lake.governance, AuditRequest(full=True), actor="ada", on_progress=run_once)
    assert ran
    assert list(lake.governance.store.audits.findings.each(_OPEN)) == []


def test_a_dataset_that_came_while_an_audit_looks_is_no_shadow(lake):
    audited = AuditedLake(lake.governance)
    assert audited.names
    text = contract_text(GOLD).replace("bookings_by_country", "countries")
    lake.query(parse_contract(text, DatasetName.parse("gold.countries")), BY_COUNTRY, CLEAN)
    assert list(ShadowTable().observe(audited)) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_each_fault_is_found_by_its_checks_and_by_no_other(lake, fault):
    fault.plant(lake)
    found = audited(lake, fault)
    assert {line.split()[0] for line in found} == fault.found, found


def test_there_are_as_many_as_the_readme_says():
    assert len(FAULTS) > 80
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
