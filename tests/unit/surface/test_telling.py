"""What a task tells of its verdicts: which report its button opens, and that telling stops nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from airflow_gov.flow.deliveries import delivered
from airflow_gov.lineage.naming import table_address
from airflow_gov.links import QualityReportLink
from airflow_gov.model.errors import GovernanceError, Reason, VerdictFailedError
from airflow_gov.operators import RawIngestOperator
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


def test_a_task_that_cannot_be_described_goes_on_and_is_told_by_its_parameters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AIRFLOW__AIRFLOW_GOV__WAREHOUSE", str(tmp_path))
    gate = QualityGateSensor(task_id="gate", dataset="clean.flights")
    gate.take_down(SimpleNamespace(), SimpleNamespace(final=records.execution()))  # type: ignore[arg-type]
    assert "OpenLineage is not told what this task read and wrote." in caplog.text
    lineage = gate.get_openlineage_facets_on_failure(None)
    assert [each.name for each in (*lineage.inputs, *lineage.outputs)] == [f"{tmp_path}/clean/flights"] * 2


def test_a_file_has_one_name_at_the_start_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.csv").write_text("x")
    (tmp_path / "link").symlink_to("real")
    monkeypatch.chdir(tmp_path)
    for source in ("link/a.csv", f"{tmp_path}//link/a.csv", f"file://{tmp_path}/link/../real/a.csv"):
        with delivered(source, tmp_path, lambda: None) as deliveries:
            (delivery,) = deliveries
        task = RawIngestOperator(task_id="load", dataset="raw.flights", source=source)
        (told,) = task.get_openlineage_facets_on_start().inputs
        assert (told.namespace, told.name) == tuple(table_address(delivery.source))


def test_without_openlineage_nothing_is_taken_down() -> None:
    check = QualityCheckOperator(task_id="check", dataset="clean.flights")
    check.take_down(SimpleNamespace(), SimpleNamespace(final=records.execution()))  # type: ignore[arg-type]
    assert check._told is None


@pytest.mark.parametrize("setting", ["AIRFLOW__AIRFLOW_GOV__THREADS", "AIRFLOW__AIRFLOW_GOV__NO_SUCH_OPTION"])
def test_settings_that_are_wrong_leave_the_event_without_datasets(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, setting: str
) -> None:
    monkeypatch.setenv(setting, "many")
    lineage = QualityCheckOperator(task_id="check", dataset="clean.flights").get_openlineage_facets_on_start()
    assert (lineage.inputs, lineage.outputs) == ([], [])
    assert "OpenLineage is not told what this task will read and write." in caplog.text


def test_a_publication_without_a_kept_verdict_is_told_without() -> None:
    publication: Any = SimpleNamespace(verdict=None, version=records.version())
    teller = TellsVerdicts()
    teller.tell_publications([publication])
    assert teller.verdicts == ()
