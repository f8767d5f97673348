"""Audits from beginning to end: what is found, looked at again, broken off, and repaired."""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from airflow_gov.audit.auditing import LEASE, AuditRequest, run_audit
from airflow_gov.audit.check_settings import settings_of
from airflow_gov.audit.registry import check_classes, make_checks
from airflow_gov.audit.summing import outcome_of, require_less_than
from airflow_gov.model.audits import AuditKind, AuditState
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import FindingState, Severity
from airflow_gov.model.loads import WriteMode
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.audits import Holder
from support import audit_checks, records
from support.gates import FLIGHTS, delays

OVERWRITE = WriteMode.OVERWRITE
NEW, FIXED, REOPENED = FindingState.NEW, FindingState.FIXED, FindingState.REOPENED


def drop(gates, dataset=FLIGHTS):
    gates.governance.lake._catalog.iceberg.drop_table((str(dataset.zone), dataset.name))


def stray_table(gates, name="clean.stray"):
    """A table that somebody made around the operators."""
    catalog = gates.governance.lake._catalog.iceberg
    catalog.create_namespace_if_not_exists("clean")
    catalog.create_table(tuple(name.split(".")), pa.schema([("a", pa.int64())]))


def test_what_is_found_is_fixed_when_an_audit_sees_that_it_is_gone(gates, audits):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    first = audits("rows").run
    assert (first.kind, first.state, first.new, first.open) == (
        AuditKind.INCREMENTAL,
        AuditState.FINISHED,
        1,
        1,
    )
    assert audits.states == {"rows clean.flights": NEW}
    gates.set_back(gates.governance.store.versions.current(FLIGHTS).parent_snapshot_id)
    assert audits("rows").run.fixed == 1
    assert audits.states == {"rows clean.flights": FIXED}
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    assert audits("rows").run.reopened == 1
    assert audits.states == {"rows clean.flights": REOPENED}


def test_only_what_changed_is_looked_at_again_unless_everything_is_wanted(gates, audits, strangers):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    audits("rows")
    assert strangers.LOOKED == ["clean.flights"]
    assert audits("rows").run.looked == 0
    assert strangers.LOOKED == ["clean.flights"]
    assert audits.states == {"rows clean.flights": NEW}
    audits("rows", full=True)
    assert strangers.LOOKED == ["clean.flights"] * 2
    gates.published(delays(1), mode=OVERWRITE)
    audits("rows")
    assert strangers.LOOKED == ["clean.flights"] * 3


def test_with_other_settings_everything_is_looked_at_again(gates, audits):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    audits("rows")
    assert audits("rows", settings={"rows": {"most": 10}}).run.fixed == 1


@pytest.mark.parametrize("seed", range(2))
def test_full_audits_find_what_incremental_ones_found(gates, audits, seed):
    chance = random.Random(seed)
    checks = [name for name in check_classes() if name not in ("acting", "many", "mended")]
    settings = {"small-files": {"files": 2}}
    acts = [
        lambda: gates.published(delays(*range(chance.randint(1, 4))), mode=OVERWRITE),
        lambda: gates.load(delays(1)),
        lambda: gates.set_back(gates.governance.store.versions.current(FLIGHTS).snapshot_id),
        lambda: gates.promise(version=f"1.0.{chance.randint(0, 9)}"),
        lambda: gates.clock.move(days=chance.choice([1, 9, 40])),
        lambda: stray_table(gates, f"clean.stray{chance.randrange(10**9)}"),
    ]
    gates.published(delays(1, 2))
    for _ in range(5):
        for act in chance.sample(acts, 2):
            act()
        audits(*checks, settings=settings)
        incremental = audits.told
        full = audits(*checks, settings=settings, full=True).run
        assert audits.told == incremental
        assert (full.new, full.reopened, full.fixed) == (0, 0, 0)


def test_a_check_that_raises_is_a_finding_and_the_others_go_on(gates, audits, strangers):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)

    def fail(_audited):
        raise ValueError("secret-1@example.com")

    strangers.ACTS.append(fail)
    run = audits("acting", "rows").run
    assert set(audits.states) == {"check-failed acting clean", "rows clean.flights"}
    assert list(run.failed_checks) == ["acting"]
    (finding,) = gates.governance.store.audits.findings.standing("check-failed")
    assert "could not look at clean.flights: ValueError in test_auditing.py:" in finding.message
    assert "secret" not in str(finding)
    assert finding.severity is Severity.ERROR
    strangers.ACTS.clear()
    audits("acting", "rows")
    assert audits.states["check-failed acting clean"] is FIXED


def test_what_a_check_found_before_it_failed_is_not_fixed_by_its_failing(gates, audits, strangers):
    gates.published(delays(1), mode=OVERWRITE)
    found = [audit_checks.Acting().found(FLIGHTS, "It is wrong.", dataset=FLIGHTS)]
    strangers.ACTS[:] = [lambda _audited: found]
    audits("acting")
    strangers.ACTS[:] = [lambda _audited: 1 / 0]
    audits("acting")
    assert audits.states["acting clean.flights"] is NEW
    strangers.ACTS[:] = []
    audits("acting")
    assert audits.states["acting clean.flights"] is FIXED


@pytest.mark.parametrize(
    "given",
    [
        lambda: ["no observation"],
        lambda: [audit_checks.Rows().found(FLIGHTS, "of another check", dataset=FLIGHTS)],
        lambda: [audit_checks.Acting().found("gold.x", "of another", dataset=DatasetName.parse("gold.x"))],
    ],
    ids=["nonsense", "another check's", "another dataset's"],
)
def test_a_check_that_gives_something_else_has_failed(gates, audits, strangers, given):
    gates.published(delays(1), mode=OVERWRITE)
    strangers.ACTS.append(lambda _audited: given())
    audits("acting")
    assert set(audits.states) == {"check-failed acting clean"}


def test_a_table_that_is_dropped_under_an_audit_is_no_error(gates, audits, strangers):
    stray_table(gates)
    gates.published(delays(1, 2, 3), mode=OVERWRITE)

    def drop_it(audited):
        if audited.name.name == "stray":
            drop(gates, audited.name)
            audited.table.files()

    strangers.ACTS.append(drop_it)
    run = audits("acting", "dataset-without-contract", "rows").run
    assert run.failed_checks == {}
    assert "rows clean.flights" in audits.states
    audits("acting", "dataset-without-contract", "rows")
    assert not [state for name, state in audits.states.items() if "stray" in name and state is not FIXED]


def test_a_table_that_was_dropped_is_missed_by_nobody_who_knew_it_only_from_the_lake(gates, audits):
    stray_table(gates)
    audits("dataset-without-contract")
    assert audits.states == {"dataset-without-contract clean.stray": NEW}
    drop(gates, DatasetName.parse("clean.stray"))
    audits("dataset-without-contract")
    assert audits.states == {"dataset-without-contract clean.stray": FIXED}


def test_a_table_whose_metadata_is_gone_does_not_stop_the_others(gates, audits):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    stray_table(gates)
    (entry,) = (each for each in gates.governance.lake.tables.entries() if each.identifier[1] == "stray")
    Path(entry.metadata_location.removeprefix("file://")).unlink()
    run = audits("rows", "small-files").run
    assert run.failed_checks == {}
    assert set(audits.states) == {"rows clean.flights"}


def _audit_and_die(gates):
    audit_checks.ACTS[:] = [audit_checks.kill_this_process]
    run_audit(gates.another(), AuditRequest(checks=("many", "acting"), settings=_MANY), actor="ada")


_MANY = {"many": {"number": 5_000}}


def test_an_audit_that_is_killed_leaves_nothing_and_the_next_one_begins_at_once(gates, audits):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    audits("rows")
    gates.clock.move(minutes=1)
    gates.governance.close()
    process = multiprocessing.get_context("fork").Process(target=_audit_and_die, args=(gates,))
    process.start()
    process.join(60)
    assert process.exitcode == -9
    dead = gates.governance.store.audits.runs()[0]
    assert dead.state is AuditState.RUNNING
    assert audits.states == {"rows clean.flights": NEW}
    audits("rows")
    assert gates.governance.store.audits.get(dead.audit_id).state is AuditState.INTERRUPTED
    assert audits.states == {"rows clean.flights": NEW}


def test_an_audit_that_is_broken_off_is_interrupted_and_the_next_one_begins(gates, audits, strangers):
    gates.published(delays(1), mode=OVERWRITE)

    def stop(_audited):
        raise KeyboardInterrupt

    strangers.ACTS.append(stop)
    with pytest.raises(KeyboardInterrupt):
        audits("many", "acting", settings=_MANY)
    assert [run.state for run in gates.governance.store.audits.runs()] == [AuditState.INTERRUPTED]
    assert audits.states == {}
    strangers.ACTS.clear()
    assert audits("many", settings={"many": {"number": 2_500}}).run.new == 2_500


def test_the_second_of_two_audits_is_refused_or_waits(gates, audits):
    store, request = gates.governance.store, AuditRequest(checks=("rows",))
    running = replace(audits("rows").run, audit_id="other")
    store.audits.begin(running, Holder(socket.gethostname(), os.getpid()), LEASE)
    with pytest.raises(GovernanceError, match="An audit runs already") as refused:
        run_audit(gates.governance, request, actor="bob")
    assert refused.value.reason is Reason.AUDIT_IN_PROGRESS
    timer = threading.Timer(0.3, store.audits.interrupt, [running.audit_id])
    timer.start()
    waiting = replace(request, wait=timedelta(seconds=30))
    assert run_audit(gates.governance, waiting, actor="bob").run.state is AuditState.FINISHED
    timer.join()


def test_zones_that_are_not_audited_keep_what_was_found_in_them(gates, audits):
    gates.published(delays(1, 2, 3), mode=OVERWRITE)
    audits("rows")
    gates.published(delays(1), mode=OVERWRITE)
    assert audits("rows", zones=(Zone.GOLD,)).run.fixed == 0
    assert audits.states == {"rows clean.flights": NEW}
    assert audits("rows", zones=(Zone.CLEAN,)).run.fixed == 1


def test_what_is_repaired_is_looked_at_again_and_told_in_the_log(gates, audits, strangers):
    gates.published(delays(1), mode=OVERWRITE)
    strangers.Mended.mark.touch()
    audits("mended")
    assert audits.states == {"mended clean.flights": NEW}
    report = audits("mended", repair=("mended",))
    assert [(each.done, each.outcome) for each in report.repaired] == [(True, "The mark is removed for ada.")]
    assert (report.run.fixed, audits.states) == (1, {"mended clean.flights": FIXED})
    (entry,) = gates.governance.store.log.list(action="finding.repaired")
    assert (entry.subject, entry.actor) == ("clean.flights", "ada")


def test_what_is_acknowledged_is_not_repaired(gates, audits, strangers):
    gates.published(delays(1), mode=OVERWRITE)
    strangers.Mended.mark.touch()
    audits("mended")
    findings = gates.governance.store.audits.findings
    (finding,) = findings.each()
    until = gates.clock.now + timedelta(days=3)
    findings.acknowledge(finding.key, by="grace", reason="known", expires_at=until)
    assert audits("mended", repair=("mended",)).repaired == ()
    assert strangers.Mended.mark.exists()


def test_a_repair_that_fails_is_told_and_the_finding_stays(gates, audits, strangers):
    gates.published(delays(1), mode=OVERWRITE)
    strangers.Mended.mark.mkdir()
    (repaired,) = audits("mended", repair=("mended",)).repaired
    assert not repaired.done
    assert audits.states == {"mended clean.flights": NEW}
    assert gates.governance.store.log.list(action="finding.repaired") == []


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({"checks": ("nonesuch",)}, "There is no check 'nonesuch'"),
        ({"settings": {"nonesuch": {}}}, "There is no check 'nonesuch'"),
        ({"settings": {"rows": {"least": 1}}}, "The check rows has no setting 'least': it has most"),
        ({"settings": {"schema-drift": {"days": 1}}}, "no setting 'days': it has none"),
        ({"settings": {"small-files": {"files": 0}}}, "files must be 2 or more"),
        ({"checks": ("rows",), "repair": ("rows",)}, "'rows' repairs nothing"),
        ({"checks": ("rows",), "repair": ("mended",)}, "'mended' repairs nothing in this audit"),
    ],
)
def test_what_there_is_not_is_refused_before_anything_is_written(gates, audits, request_, problem):
    with pytest.raises(GovernanceError, match=problem) as refused:
        run_audit(gates.governance, AuditRequest(**request_), actor="ada")
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert gates.governance.store.audits.runs() == []


def test_an_empty_home_is_audited_and_nothing_is_found_by_checks_of_datasets(gates, audits):
    assert audits("rows", "small-files", "many").run.open == 0


def test_what_an_audit_leaves_open_fails_who_asks_for_it(gates, audits):
    report = audits("many", settings={"many": {"number": 30}})
    outcome = outcome_of(gates.governance, report, zones=tuple(Zone), checks=["many"])
    assert (outcome.open, len(outcome.worst)) == (30, 20)
    assert "Plan of many: counts to 30." in outcome.lines()
    assert outcome.lines()[-1] == "… and 10 more: airflow-gov audit show"
    with pytest.raises(GovernanceError, match="30 open findings of severity warning or worse") as failed:
        require_less_than(gates.governance, Severity.WARNING, zones=tuple(Zone), checks=["many"])
    assert failed.value.reason is Reason.FINDINGS_OPEN
    require_less_than(gates.governance, Severity.ERROR, zones=tuple(Zone), checks=["many"])
    require_less_than(gates.governance, Severity.WARNING, zones=tuple(Zone), checks=["rows"])


def test_small_files_are_found_and_joined(gates, audits):
    for number in range(4):
        gates.published(delays(number, first=number + 1))
    settings = {"small-files": {"files": 3}}
    assert audits("small-files", settings=settings).run.new == 1
    (finding,) = gates.governance.store.audits.findings.each()
    assert finding.message.startswith("clean.flights lies in 4 files of ")
    report = audits("small-files", settings=settings, repair=("small-files",))
    assert report.repaired[0].outcome == "4 files of clean.flights became 1."
    assert audits.states == {"small-files clean.flights": FIXED}
    assert len(gates.governance.store.versions.list(FLIGHTS)) == 5


def test_a_table_nobody_promised_anything_about_is_found(gates, audits):
    stray_table(gates)
    audits("dataset-without-contract")
    assert audits.states == {"dataset-without-contract clean.stray": NEW}


def test_an_execution_that_never_ended_is_found_and_closed(gates, audits):
    store = gates.governance.store
    for number, hours in enumerate((1, 30)):
        started = gates.clock.now - timedelta(hours=hours)
        task = records.task_run(run_id=f"run{number}")
        store.executions.start(records.execution(f"e{number}", start=started, task=task))
    audits("execution-stuck")
    assert audits.states == {"execution-stuck e1": NEW}
    audits("execution-stuck", repair=("execution-stuck",))
    assert audits.states == {"execution-stuck e1": FIXED}
    assert [store.executions.get(each).status for each in ("e0", "e1")] == ["running", "lost"]


def test_every_check_says_what_people_must_know():
    for check in make_checks():
        assert check.id == check.id.lower().replace("_", "-").replace(" ", "-"), check.id
        for text in (check.explanation, check.remedy):  # whole sentences, also in brackets
            assert text.endswith((".", ".)")), check.id
        assert check.title, check.id
        assert not check.title.endswith("."), check.id
        assert check.repairs is None or not check.repairs.endswith("."), check.id
        assert all(setting.meaning for setting in settings_of(type(check))), check.id
