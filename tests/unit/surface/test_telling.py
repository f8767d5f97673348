"""What a task tells of its verdicts: which report its button opens, and that telling stops nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_gov.links import QualityReportLink
from airflow_gov.model.errors import GovernanceError, Reason, VerdictFailedError
from airflow_gov.operators.check import QualityCheckOperator
from airflow_gov.operators.telling import TellsVerdicts
from airflow_gov.sensors import QualityGateSensor
from airflow_gov.store import Store
from support import records, reports

FAILED = reports.verdict(verdict_id="failed")
PASSED = reports.verdict(verdict_id="passed", results=reports.RESULTS[:3])


@pytest.mark.parametrize(
    ("verdicts", "address"),
    [
        ((PASSED, FAILED), "airflow-gov/verdicts/failed/report"),
        ((PASSED,), "airflow-gov/verdicts/passed/report"),
        ((), ""),
    ],
)
def test_the_button_opens_the_first_report_that_failed(verdicts: Any, address: str) -> None:
    operator: Any = SimpleNamespace(verdicts=verdicts)
    key: Any = None
    assert QualityReportLink().get_link(operator, ti_key=key) == address


@pytest.mark.parametrize("operator", [QualityGateSensor, QualityCheckOperator])
def test_gates_and_checks_have_the_button(operator: Any) -> None:
    links = operator(task_id="gate", dataset="clean.flights").operator_extra_links
    assert [link.name for link in links] == ["Quality report"]


def refused(*verdict_ids: str) -> VerdictFailedError:
    return VerdictFailedError(Reason.VERDICT_FAILED, "Not published", verdicts=list(verdict_ids))


def test_the_verdicts_of_a_refusal_are_told_and_the_refusal_goes_on(tmp_path: Any) -> None:
    store = Store(f"sqlite:///{tmp_path}/governance.db")
    store.verdicts.record(FAILED)
    teller, governance = TellsVerdicts(), SimpleNamespace(store=store)
    with pytest.raises(VerdictFailedError, match="Not published"), teller.telling(governance):  # type: ignore[arg-type]
        raise refused("failed", "gone")
    store.dispose()
    assert [verdict.verdict_id for verdict in teller.verdicts] == ["failed"]


def test_a_store_that_is_away_hides_no_refusal() -> None:
    store = Store("postgresql+psycopg2://gov@127.0.0.1:1/governance", connect_timeout=1)
    teller, governance = TellsVerdicts(), SimpleNamespace(store=store)
    with pytest.raises(VerdictFailedError, match="Not published"), teller.telling(governance):  # type: ignore[arg-type]
        raise refused("failed")
    assert teller.verdicts == ()


def test_other_errors_pass_through() -> None:
    teller: Any = TellsVerdicts()
    with pytest.raises(GovernanceError, match="stale"), teller.telling(None):
        raise GovernanceError(Reason.CANDIDATE_STALE, "stale")
    assert teller.verdicts == ()


def test_a_lake_that_cannot_be_asked_leaves_verdicts_and_tests_of_the_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    teller, nothing = TellsVerdicts(), SimpleNamespace()
    teller.tell_verdicts(nothing, [FAILED])  # type: ignore[arg-type]
    assert "OpenLineage is not told of this check." in caplog.text
    lineage = teller.get_openlineage_facets_on_failure(None)
    assert (lineage.inputs, lineage.outputs) == ([], [])
    assert len(lineage.run_facets["test"]["tests"]) == len(FAILED.results)


def test_without_a_verdict_nothing_is_told() -> None:
    lineage = TellsVerdicts().get_openlineage_facets_on_complete(None)
    assert (lineage.inputs, lineage.outputs, lineage.run_facets) == ([], [], {})


def test_a_publication_without_a_kept_verdict_is_told_without() -> None:
    publication: Any = SimpleNamespace(verdict=None, version=records.version())
    teller, nothing = TellsVerdicts(), SimpleNamespace()
    teller.tell_publications(nothing, [publication])  # type: ignore[arg-type]
    assert teller.verdicts == ()
