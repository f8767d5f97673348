"""What an audit says that came of it, and what it fails for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.audit.summing import outcome_of, require_less_than
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.loads import WriteMode
from airflow_gov.model.zones import Zone
from support.gates import delays


def require(gates, *checks, least=Severity.ERROR):
    require_less_than(gates.governance, least, zones=tuple(Zone), checks=checks or None)


def test_a_check_that_could_not_look_fails_who_asked_for_it_and_nobody_else(
    gates, audits, strangers, monkeypatch
):
    def fail(_check, _lake):
        raise OSError

    monkeypatch.setattr(strangers.Many, "observe", fail)
    report = audits("many")
    with pytest.raises(GovernanceError, match="The check many could not look at the lake") as failed:
        require(gates, "many")
    assert failed.value.reason is Reason.FINDINGS_OPEN
    assert outcome_of(gates.governance, report, zones=tuple(Zone), checks=["many"]).open == 1
    require(gates, "small-files", least=Severity.INFO)


def test_after_repairs_an_audit_tells_what_it_found_with_all_its_checks(gates, audits, strangers):
    gates.published(delays(1, 2, 3), mode=WriteMode.OVERWRITE)
    strangers.Mended.mark.touch()
    run = audits("rows", "many", "mended", repair=("mended",)).run
    assert (run.new, run.fixed, run.open) == (2, 1, 1)
    assert run.checks == ("rows", "many", "mended")
    assert run.plans == {"many": "counts to 0"}
    assert run == replace(gates.governance.store.audits.get(run.audit_id), **numbers(run))


def numbers(run):
    names = ("ended_at", "looked", "new", "fixed", "open", "by_severity", "by_zone")
    return {name: getattr(run, name) for name in names}


def test_no_check_is_no_audit(gates):
    with pytest.raises(GovernanceError, match="name one check or more") as refused:
        run_audit(gates.governance, AuditRequest(checks=()), actor="ada")
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert gates.governance.store.audits.runs() == []


def test_numbers_are_of_the_zones_and_checks_that_were_asked_for(gates, audits):
    settings = {"many": {"number": 3}}
    audits("many", settings=settings)
    findings = gates.governance.store.audits.findings
    known, *_ = findings.each()
    until = gates.clock.now + timedelta(days=1)
    findings.acknowledge(known.key, by="ada", reason="known", expires_at=until)
    for checks, numbers in ((["many"], ({"warning": 2}, 2, 1)), (["rows"], ({}, 0, 0))):
        report = audits(*checks, settings=settings)
        outcome = outcome_of(gates.governance, report, zones=tuple(Zone), checks=checks)
        told = outcome.plain()
        assert (told["by_severity"], told["open"], told["acknowledged"]) == numbers
        assert f"{numbers[1]} open, {numbers[2]} acknowledged" in outcome.lines()[0]
        assert "(1 dataset, 1 check, " in outcome.lines()[0]


def test_nobody_tells_a_plan_of_zones_that_were_not_audited(gates, audits):
    assert "raw-object-changed" in audits("raw-object-changed", zones=(Zone.RAW,)).run.plans
    assert audits("raw-object-changed", zones=(Zone.GOLD,)).run.plans == {}
