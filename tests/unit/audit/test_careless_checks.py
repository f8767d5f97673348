"""Checks of third parties that are not as they should be: the others go on, and it is said."""

from __future__ import annotations

import importlib

import pytest

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.audit.explaining import explain
from airflow_gov.audit.registry import built_in_checks, check_classes
from airflow_gov.audit.summing import require_less_than
from airflow_gov.model.audits import AuditState
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import LONGEST_MESSAGE, Observation, Severity
from airflow_gov.model.zones import Zone
from support import audit_checks
from support.gates import delays


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a class of this name, in place of what was installed before; none: nothing."""
    folder = tmp_path / "packages"
    audit_checks.install(folder, careless="support:none")
    monkeypatch.syspath_prepend(str(folder))

    def write(target):
        line = f"careless = support.{target}\n" if target else ""
        (points,) = folder.glob("*/entry_points.txt")
        points.write_text(f"[airflow_gov.audit_checks]\n{line}")
        importlib.invalidate_caches()

    return write


@pytest.fixture
def look(gates):
    """Makes an audit; the open findings by check and subject."""

    def audit(*checks):
        gates.clock.move(minutes=10)
        run_audit(gates.governance, AuditRequest(checks=checks or None), actor="ada")
        return {
            (each.check, each.subject): each.message for each in gates.governance.store.audits.findings.each()
        }

    return audit


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("nonesuch:Check", "ModuleNotFoundError"),
        ("gates:Gates", "it is no DatasetCheck"),
        ("audit_twin:Twin", "its id 'small-files' is that of"),
        ("careless_checks:Mute", "its severity is no"),
        ("careless_checks:Nowhere", "its looks_at holds no zones"),
        ("careless_checks:Wordy", "its severity is no"),
        ("careless_checks:Named", "it has no id of letters"),
        ("careless_checks:Usurping", "it has no id of letters"),
        ("careless_checks:Demanding", "missing 1 required positional argument: 'most'"),
        ("careless_checks:Unmakable", "KeyError: 'HOME_OF_CARELESS'"),
        ("careless_checks:Planless", "could not look at its plan: ZeroDivisionError"),
    ],
)
def test_one_that_cannot_be_used_is_a_finding_until_it_can(gates, install, look, target, problem):
    install(target)
    message = look("careless", "dataset-without-contract")["check-failed", "careless"]
    assert problem in message
    with pytest.raises(GovernanceError, match="The check careless could not look"):
        require_less_than(gates.governance, Severity.ERROR, zones=tuple(Zone), checks=["careless"])
    assert explain("careless").remedy
    install("careless_checks:OfDatasets")
    assert look("careless") == {}


def test_the_package_s_own_checks_stay_whatever_is_installed(install):
    install("audit_twin:Twin")
    assert check_classes().items() > built_in_checks().items()


def test_what_is_said_of_a_check_goes_with_its_package(install, look):
    install("nonesuch:Check")
    assert look("careless").keys() == {("check-failed", "careless")}
    install(None)
    assert look("dataset-without-contract") == {}


def test_what_a_check_found_is_closed_without_it_and_says_that_nobody_looks(install, look):
    install("careless_checks:OfLake")
    look("careless")
    install(None)
    assert look("dataset-without-contract") == {}
    assert "nobody looks" in explain("careless").explanation


def test_what_a_check_found_stays_while_some_check_cannot_be_used(install, look):
    install("careless_checks:OfLake")
    look("careless")
    install("careless_checks:Nonesuch")
    assert look("dataset-without-contract") == {("careless", "a thing"): "It is there."}


def test_a_check_that_becomes_one_of_datasets_leaves_nothing_behind(install, look):
    install("careless_checks:OfLake")
    assert look("careless") == {("careless", "a thing"): "It is there."}
    install("careless_checks:OfDatasets")
    assert look("careless") == {}


@pytest.mark.parametrize(
    "what", [{"message": None}, {"subject": 7}, {"severity": "error"}, {"details": []}, {"dataset": "gold.x"}]
)
def test_what_no_store_could_keep_is_refused_where_it_is_made(what):
    whole = {"check": "careless", "subject": "s", "message": "m", "severity": Severity.INFO}
    with pytest.raises(GovernanceError, match=f"The {next(iter(what))} of an observation of careless is of"):
        Observation(**(whole | what))


def test_until_when_a_look_stands_has_a_time_zone(gates, install, look):
    gates.published(delays(1))
    install("careless_checks:Zoneless")
    assert "has no time zone" in look("careless", "dataset-without-contract")["check-failed", "careless"]
    assert "has no time zone" in look("careless", "dataset-without-contract")["check-failed", "careless"]


def test_a_time_out_ends_an_audit_also_in_the_middle_of_a_query(gates, install, look):
    install("careless_checks:Endless")
    with pytest.raises(RuntimeError, match="interrupted"):
        look("careless")
    (run,) = gates.governance.store.audits.runs()
    assert run.state is AuditState.INTERRUPTED


def test_a_message_without_end_is_cut_off():
    told = Observation("careless", "s", "x" * 1_000_000, Severity.INFO).message
    assert (len(told), told[-2:]) == (LONGEST_MESSAGE, "x…")
