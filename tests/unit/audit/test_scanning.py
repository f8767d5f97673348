"""What an audit scans before its checks look, and what comes of contents that cannot be scanned."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.audit.scanning import SCANS
from airflow_gov.catalog.classification.scanning import SCANNED
from airflow_gov.cli.audit import run_command
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import FindingsWanted
from airflow_gov.model.zones import Zone
from airflow_gov.operators import ZoneAuditOperator
from support.healthy_lake import COLUMNS, HealthyLake

TABLES = ["gold.bookings_by_country", "clean.bookings", "preprocessed.bookings", "sensitive.guests"]
CHECKS = ("personal-unmarked", "classification-contradicts")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory) -> Path:
    """The home of a lake that was never audited."""
    home = tmp_path_factory.mktemp("scanned") / "home"
    HealthyLake.make(home).keep()
    return home


@pytest.fixture
def lake(loaded):
    lake = HealthyLake.restored(loaded)
    yield lake
    lake.close()


def audit(lake: HealthyLake, **request):
    """The datasets that an audit scanned."""
    lake.clock.move(seconds=1)
    before = len(scanned(lake))
    run = run_audit(lake.governance, AuditRequest(checks=CHECKS, **request), actor="ada").run
    return run, scanned(lake)[before:]


def scanned(lake: HealthyLake) -> list[str]:
    entries = lake.governance.store.log.list(limit=1000)
    return [each.subject for each in entries if each.action == SCANNED and each.actor == "ada"][::-1]


def found(lake: HealthyLake) -> set[tuple[str, str, str]]:
    every = lake.governance.store.audits.findings.each(FindingsWanted())
    return {(each.check, each.subject, each.part) for each in every}


def test_what_was_never_scanned_is_scanned_once_where_most_people_read_first(lake):
    run, made = audit(lake)
    assert made == TABLES
    assert "100 datasets" in run.plans["scans"]
    assert "4 scanned now, 0 wait" in run.plans["scans"]
    run, made = audit(lake, full=True)
    assert made == []
    assert found(lake) == set()


def test_an_audit_scans_so_many_and_the_next_ones_the_others(lake):
    run, made = audit(lake, scans=3)
    assert made == TABLES[:3]
    assert "1 wait" in run.plans["scans"]
    assert audit(lake, scans=3)[1] == TABLES[3:]
    lake.promise(TABLES[0], version="2.0.0")
    run, made = audit(lake, scans=0)
    assert made == []
    assert "none is made" in run.plans["scans"]
    assert audit(lake)[1] == TABLES[:1]


def test_only_for_checks_that_judge_by_scans_is_anything_scanned(lake):
    run = run_audit(lake.governance, AuditRequest(checks=("small-files",)), actor="ada").run
    assert scanned(lake) == []
    assert "scans" not in run.plans


def test_a_personal_column_of_which_the_contract_is_silent_is_found_by_the_first_audit(lake):
    properties = [
        {
            key: value
            for key, value in {"name": name, **entry}.items()
            if key not in ("classification", "tags")
        }
        for name, entry in COLUMNS["preprocessed.bookings"].items()
    ]
    lake.promise("preprocessed.bookings", schema={"properties": properties})
    audit(lake)
    assert found(lake) == {("personal-unmarked", "preprocessed.bookings", "email pii:email")}
    lake.promise("preprocessed.bookings")
    audit(lake)
    assert found(lake) == set()


@pytest.fixture
def damaged(lake) -> Path:
    """A data file of clean.bookings in which there is no Parquet any more."""
    (file,) = (each.file.file_path for each in lake.table("clean.bookings").scan().plan_files())
    path = Path(file.removeprefix("file://"))
    path.with_suffix(".whole").write_bytes(path.read_bytes())
    path.write_bytes(b"no Parquet")
    return path


UNSCANNED = {("check-failed", check, "clean") for check in CHECKS}


def test_contents_that_cannot_be_read_are_told_and_the_others_scanned(lake, damaged):
    run, made = audit(lake)
    assert made == [each for each in TABLES if each != "clean.bookings"]
    assert set(run.failed_checks) == set(CHECKS)
    assert found(lake) == UNSCANNED
    for failure in lake.governance.store.audits.findings.each(FindingsWanted()):
        assert "the contents of clean.bookings" in failure.message
        assert f"{damaged} cannot be read" in failure.message


@pytest.mark.parametrize("other", [{"zones": (Zone.RAW,)}, {"zones": (Zone.GOLD,)}, {"scans": 0}])
def test_only_a_scan_that_is_made_says_that_contents_can_be_read_again(lake, damaged, other):
    audit(lake)
    damaged.write_bytes(damaged.with_suffix(".whole").read_bytes())
    run, _ = audit(lake, **other)
    assert (run.fixed, run.failed_checks, found(lake)) == (0, {}, UNSCANNED)
    assert audit(lake, zones=(Zone.CLEAN,))[0].fixed == 2
    assert found(lake) == set()


def test_what_waits_for_the_next_audit_is_not_said_to_be_scanned(lake, damaged):
    audit(lake, zones=(Zone.CLEAN,))
    assert audit(lake, scans=1)[1] == ["gold.bookings_by_country"]
    assert found(lake) == UNSCANNED


def test_what_is_not_there_is_passed_over(lake):
    lake.catalog.drop_table(("clean", "bookings"))
    run, made = audit(lake)
    assert made == [each for each in TABLES if each != "clean.bookings"]
    assert not run.failed_checks


def test_a_negative_number_of_scans_is_refused_before_anything_begins(lake):
    with pytest.raises(GovernanceError, match="0 scans or more, not -1") as refused:
        audit(lake, scans=-1)
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert lake.governance.store.audits.runs() == []


def test_task_and_command_scan_as_many_as_an_audit_does():
    scans = {
        "task": inspect.signature(ZoneAuditOperator).parameters["scans"].default,
        "command": next(each.default for each in run_command.params if each.name == "scans"),
        "audit": AuditRequest().scans,
    }
    assert set(scans.values()) == {SCANS}
