"""What an audit says that came of it, and what it fails for."""

from __future__ import annotations

import pytest

from airflow_gov.audit.summing import outcome_of, require_less_than
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import Zone


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
