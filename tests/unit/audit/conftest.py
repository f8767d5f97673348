"""A governed lake that is audited, with checks of a third party beside those of the package."""

from __future__ import annotations

import pytest

from airflow_gov.audit.auditing import AuditReport, AuditRequest, run_audit
from airflow_gov.model.findings import FindingState, FindingsWanted
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import audit_checks, records, stores
from support.gates import Gates

_MODULE = "support.audit_checks"


@pytest.fixture
def governance(tmp_path):
    """An installation in which there is nothing yet."""
    home = tmp_path / "home"
    stores.ready(home / "airflow_gov" / "governance.db")
    made = Governance(Settings.load({"AIRFLOW_HOME": str(home)}), clock=records.Clock())
    yield made
    made.close()


@pytest.fixture
def gates(tmp_path):
    made = Gates(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture
def strangers(tmp_path, monkeypatch):
    """Installs the checks of :mod:`support.audit_checks`."""
    classes = {"rows": "Rows", "acting": "Acting", "many": "Many", "mended": "Mended"}
    packages = tmp_path / "packages"
    audit_checks.install(packages, **{name: f"{_MODULE}:{kind}" for name, kind in classes.items()})
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.setattr(audit_checks.Mended, "mark", tmp_path / "mark", raising=False)
    audit_checks.LOOKED.clear()
    audit_checks.ACTS.clear()
    return audit_checks


class Audits:
    """Audits of one installation."""

    def __init__(self, gates: Gates) -> None:
        self.gates = gates
        self.governance = gates.governance

    def __call__(self, *checks: str, actor: str = "ada", **request) -> AuditReport:
        self.gates.clock.move(minutes=10)
        return run_audit(self.governance, AuditRequest(checks=checks or None, **request), actor=actor)

    @property
    def states(self) -> dict[str, FindingState]:
        """What every finding has become, by check, subject and part."""
        every = FindingsWanted(states=tuple(FindingState))
        return {
            " ".join(filter(None, (each.check, each.subject, each.part))): each.state
            for each in self.governance.store.audits.findings.each(every)
        }

    @property
    def told(self) -> dict[str, tuple]:
        """What is open or acknowledged, as far as audits should agree about it."""
        return {
            each.key: (each.check, each.subject, each.severity, each.message, each.details, each.state)
            for each in self.governance.store.audits.findings.each()
        }


@pytest.fixture
def audits(gates, strangers):
    return Audits(gates)
