"""Audits as tasks: their record, what they say and to whom, and when they fail."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest
from airflow.sdk import DAG, BaseNotifier

from airflow_gov.model.findings import FindingsWanted
from airflow_gov.operators import ZoneAuditOperator
from support.contracts import table
from support.governed import execution_of, published, refusal_of
from support.lineage_schemas import SPECIFICATION, facet_problems

pytestmark = pytest.mark.airflow

CHECKS = ["dataset-without-contract", "execution-stuck", "small-files"]
_NOTES: list[str] = []
_FACETS: list[dict[str, object]] = []


class Note(BaseNotifier):
    """As a provider's notifier: its text is a template."""

    template_fields = ("text",)

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def notify(self, context) -> None:
        _NOTES.append(self.text)


def broken(context) -> None:
    raise RuntimeError("no network")


class Telling(ZoneAuditOperator):
    """Keeps what OpenLineage would be told."""

    def take_down(self, governance, recording) -> None:
        super().take_down(governance, recording)
        _FACETS.append(dict(self._told.run_facets) if self._told is not None else {})


@pytest.fixture(autouse=True)
def _nothing_told_yet():
    _NOTES.clear()
    _FACETS.clear()


@pytest.fixture
def stray(home):
    """A governed dataset, and a table that somebody made beside it."""
    home.contract(table("clean.flights", flight="integer"))
    published(home, "clean.flights", [{"flight": 1}])
    governance = home.governance
    catalog = governance.lake._catalog.iceberg
    catalog.create_table(("clean", "stray"), pa.schema([("a", pa.int64())]))
    governance.close()
    return home


def audit(run, dag_id="audits", kind=ZoneAuditOperator, **options):
    with DAG(dag_id, schedule=None) as dag:
        kind(task_id="audit", **{"checks": CHECKS, **options})
    return run(dag)


def output_of(finished):
    return finished.get_task_instance("audit").xcom_pull(task_ids="audit")


def test_an_audit_tells_its_numbers_in_the_log_its_result_and_its_record(stray, run, capfd) -> None:
    finished = audit(run, fail_on=None)
    log = capfd.readouterr().out
    assert finished.state == "success"
    told = output_of(finished)
    assert (told["new"], told["open"], told["datasets"]) == (1, 1, 2)
    assert [(each["check"], each["subject"]) for each in told["worst"]] == [
        ("dataset-without-contract", "clean.stray")
    ]
    assert "1 new, 0 reopened, 0 fixed, 1 open" in log
    assert "ERROR dataset-without-contract" in log
    record = execution_of(stray, finished, "audit")
    assert (record.action, record.operator) == ("Audit zones", "ZoneAuditOperator")
    kept = stray.governance.store.audits.get(told["audit_id"])
    assert kept.execution_id == record.execution_id


def test_an_open_finding_fails_it_until_somebody_lets_it_be(stray, run) -> None:
    failed = audit(run, fail_on="error")
    reason, message = refusal_of(stray, failed, "audit")
    assert reason == "findings_open"
    assert "1 open finding of severity error or worse" in message
    assert "clean.stray is in the lake and has no contract" in message
    governance = stray.governance
    (finding,) = governance.store.audits.findings.each(FindingsWanted())
    until = governance.clock().replace(year=governance.clock().year + 1, month=1, day=1)
    governance.store.audits.findings.acknowledge(finding.key, by="ada", reason="known", expires_at=until)
    assert audit(run, "again", fail_on="error").state == "success"
    assert audit(run, "gold", fail_on="error", zones="gold").state == "success"


def test_notifiers_are_told_what_is_new_and_one_that_fails_stops_nothing(stray, run) -> None:
    note = Note("{{ audit.new }} new: {{ audit.worst[0].subject }}")
    assert audit(run, fail_on=None, notify=[broken, note]).state == "success"
    assert _NOTES == ["1 new: clean.stray"]
    assert audit(run, "again", fail_on=None, notify=note, repair=None).state == "success"
    assert _NOTES == ["1 new: clean.stray"]


def test_notifiers_are_told_when_nobody_lets_a_finding_be_any_more(stray, run) -> None:
    assert audit(run, fail_on=None, notify=None).state == "success"
    governance = stray.governance
    (finding,) = governance.store.audits.findings.each(FindingsWanted())
    until = governance.clock() + timedelta(milliseconds=20)
    governance.store.audits.findings.acknowledge(finding.key, by="ada", reason="known", expires_at=until)
    note = Note("{{ audit.new }} new, {{ audit.reopened }} reopened: {{ audit.worst[0].subject }}")
    assert audit(run, "again", fail_on=None, notify=note).state == "success"
    assert _NOTES == ["0 new, 1 reopened: clean.stray"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"zones": "landing zone"}, "'landing zone' is no zone; they are raw, preprocessed"),
        ({"zones": []}, "is no zone"),
        ({"checks": []}, "name one check or more"),
        ({"checks": ["nonesuch"]}, "There is no check 'nonesuch'"),
        ({"fail_on": "dreadful"}, "fail_on 'dreadful' is not one of info, warning, error, critical"),
        (
            {"repair": "execution-stuck", "checks": ["small-files"]},
            "'execution-stuck' repairs nothing in this",
        ),
    ],
)
def test_what_there_is_not_is_refused(home, run, options, problem) -> None:
    reason, message = refusal_of(home, audit(run, **options), "audit")
    assert reason == "parameter_invalid"
    assert problem in message


def test_openlineage_is_told_what_it_looked_at_and_how_much_it_found(stray, run, monkeypatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", '{"type": "console"}')
    assert audit(run, kind=Telling, fail_on="error").state == "failed"
    (facets,) = _FACETS
    facet = facets["airflowGov_audit"]
    assert (facet["new"], facet["open"], facet["bySeverity"]) == (1, 1, {"error": 1})
    assert facet["checks"] == CHECKS
    if SPECIFICATION is not None:
        assert facet_problems(facet) == []
