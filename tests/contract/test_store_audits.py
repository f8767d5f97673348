"""What audits find, kept by SQLite and PostgreSQL: a life each, and nothing of an audit that did not end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.findings import Finding, FindingState, FindingsWanted, Observation, Severity
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.store.audit_looks import Seen
from airflow_gov.store.audits import Ending, Holder
from support.records import T0, Clock

LEASE = timedelta(minutes=2)
HERE = Holder("here", 1)
FLIGHTS, SALES = DatasetName.parse("clean.flights"), DatasetName.parse("gold.sales")
NEW, FIXED = FindingState.NEW, FindingState.FIXED
REOPENED, ACKNOWLEDGED = FindingState.REOPENED, FindingState.ACKNOWLEDGED


def seen(*subjects: str, dataset: DatasetName = FLIGHTS, token: str | None = None, **what: Any) -> Seen:
    """What the check `small` saw in a dataset."""
    severity = what.pop("severity", Severity.WARNING)
    check = what.pop("check", "small")
    found = [
        Observation(check, subject, f"{subject} is wrong", severity, dataset=dataset, **what)
        for subject in subjects
    ]
    return Seen(check, str(dataset), tuple(found), token)


def begin(store: Store, audit_id: str, holder: Holder = HERE, **changes: Any) -> AuditRun:
    run = AuditRun(
        audit_id=audit_id,
        kind=AuditKind.FULL,
        state=AuditState.RUNNING,
        zones=changes.get("zones", tuple(Zone)),
        checks=changes.get("checks", ("small",)),
        started_at=T0,
        ended_at=None,
        actor="ada",
    )
    return store.audits.begin(run, holder, LEASE, changes.get("is_alive", lambda _: True))


def audit(store: Store, clock: Clock, audit_id: str, *saw: Seen, **changes: Any) -> AuditRun:
    """One whole audit."""
    clock.move(hours=1)
    begin(store, audit_id, **changes)
    store.audits.observed(audit_id, saw)
    return store.audits.finish(audit_id, Ending(datasets=2))


def states(store: Store) -> dict[str, FindingState]:
    every = FindingsWanted(states=tuple(FindingState))
    return {finding.subject: finding.state for finding in store.audits.findings.each(every)}


def only(store: Store) -> Finding:
    (finding,) = store.audits.findings.each(FindingsWanted(states=tuple(FindingState)))
    return finding


def steps(store: Store) -> list[FindingState]:
    return [event.state for event in store.audits.findings.history(only(store).key)]


def test_a_finding_is_new_then_fixed_then_reopened_and_never_there_twice(store: Store, clock: Clock) -> None:
    first = audit(store, clock, "a", seen("x"))
    assert (first.new, first.reopened, first.fixed, first.open) == (1, 0, 0, 1)
    again = audit(store, clock, "b", seen("x"))
    assert (again.new, again.open, states(store)) == (0, 1, {"x": NEW})
    gone = audit(store, clock, "c", seen())
    assert (gone.fixed, gone.open, states(store)) == (1, 0, {"x": FIXED})
    back = audit(store, clock, "d", seen("x"))
    assert (back.new, back.reopened, back.open, states(store)) == (0, 1, 1, {"x": REOPENED})
    finding = only(store)
    assert (finding.reopened, finding.fixed_at, finding.first_seen_at) == (1, None, T0 + timedelta(hours=1))
    assert finding.last_seen_at == clock.now
    assert steps(store) == [NEW, FIXED, REOPENED]


def test_what_is_acknowledged_stays_so_until_its_day_has_come(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    until = clock.now + timedelta(hours=3)
    clock.move(minutes=1)
    store.audits.findings.acknowledge(only(store).key, by="grace", reason=" known ", expires_at=until)
    run = audit(store, clock, "b", seen("x"))
    assert (run.open, run.acknowledged, states(store)) == (0, 1, {"x": ACKNOWLEDGED})
    told = only(store).acknowledgement
    assert told is not None
    assert (told.by, told.reason, told.expires_at) == ("grace", "known", until)
    clock.move(hours=3)
    run = audit(store, clock, "c", seen("x"))
    assert (run.reopened, states(store)) == (1, {"x": REOPENED})
    assert only(store).acknowledgement is None
    assert steps(store) == [NEW, ACKNOWLEDGED, REOPENED]


def test_what_is_acknowledged_and_becomes_worse_waits_for_somebody_again(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    until = clock.now + timedelta(days=30)
    store.audits.findings.acknowledge(only(store).key, by="grace", reason="known", expires_at=until)
    run = audit(store, clock, "b", seen("x", severity=Severity.CRITICAL))
    assert (run.reopened, states(store)) == (1, {"x": REOPENED})
    assert only(store).severity is Severity.CRITICAL


def test_an_acknowledgement_ends_with_the_finding(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    until = clock.now + timedelta(days=30)
    store.audits.findings.acknowledge(only(store).key, by="grace", reason="known", expires_at=until)
    audit(store, clock, "b", seen())
    audit(store, clock, "c", seen("x"))
    assert states(store) == {"x": REOPENED}


@pytest.mark.parametrize(
    ("audited", "reopened"),
    [
        ({"zones": (Zone.GOLD,)}, 0),
        ({"checks": ("other",)}, 0),
        ({"zones": (Zone.CLEAN,)}, 1),
        ({"checks": ("other", "small")}, 1),
    ],
)
def test_whose_day_has_come_is_told_to_those_who_audit_it(
    store: Store, clock: Clock, audited: dict[str, Any], reopened: int
) -> None:
    audit(store, clock, "a", seen("x"))
    until = clock.now + timedelta(minutes=1)
    store.audits.findings.acknowledge(only(store).key, by="grace", reason="known", expires_at=until)
    assert audit(store, clock, "b", **audited).reopened == reopened
    assert states(store) == {"x": REOPENED if reopened else ACKNOWLEDGED}


def test_what_is_fixed_when_its_day_has_come_is_fixed_and_not_reopened(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    clock.move(minutes=1)
    until = clock.now + timedelta(hours=1)
    store.audits.findings.acknowledge(only(store).key, by="grace", reason="known", expires_at=until)
    clock.move(hours=2)
    run = audit(store, clock, "b", seen())
    assert (run.reopened, run.fixed) == (0, 1)
    assert steps(store) == [NEW, ACKNOWLEDGED, FIXED]


def test_an_acknowledgement_is_in_the_log(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    until = clock.now + timedelta(days=30)
    store.audits.findings.acknowledge(only(store).key[:8], by="grace", reason="known", expires_at=until)
    (entry,) = store.log.list(action="finding.acknowledged")
    assert (entry.subject, entry.actor) == ("clean.flights", "grace")
    assert entry.details["finding"] == only(store).key
    assert entry.details["reason"] == "known"


@pytest.mark.parametrize(
    ("reason", "days"), [("  ", 1), ("known", 0), ("known", -1), ("known", 400)], ids=str
)
def test_an_acknowledgement_needs_a_reason_and_a_day(
    store: Store, clock: Clock, reason: str, days: int
) -> None:
    audit(store, clock, "a", seen("x"))
    with pytest.raises(GovernanceError) as refused:
        store.audits.findings.acknowledge(
            only(store).key, by="grace", reason=reason, expires_at=clock.now + timedelta(days=days)
        )
    assert refused.value.reason is Reason.PARAMETER_INVALID
    assert states(store) == {"x": NEW}
    assert store.log.list(action="finding.acknowledged") == []


def test_what_is_fixed_or_unknown_or_ambiguous_is_not_acknowledged(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    key = only(store).key
    audit(store, clock, "b", seen())
    until = clock.now + timedelta(days=1)
    for wanted, problem in [
        (key, "is fixed"),
        ("zz", "of no finding"),
        ("", "of no finding"),
        ("%", "of no"),
    ]:
        with pytest.raises(GovernanceError, match=problem):
            store.audits.findings.acknowledge(wanted, by="grace", reason="known", expires_at=until)


def test_what_an_audit_fixes_at_that_moment_is_not_acknowledged(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    key, refused = only(store).key, []

    def acknowledge() -> None:
        until = clock.now + timedelta(days=1)
        with pytest.raises(GovernanceError, match="is fixed: there is nothing to acknowledge") as said:
            store.audits.findings.acknowledge(key, by="grace", reason="known", expires_at=until)
        refused.append(said.value.reason)

    thread = threading.Thread(target=acknowledge)
    with store.audits.findings._database.transaction() as connection:
        connection.exec_driver_sql("UPDATE gov_finding SET state = 'fixed'")
        thread.start()
        time.sleep(0.3)  # until it waits for this transaction
    thread.join()
    assert refused == [Reason.PARAMETER_INVALID]
    assert states(store) == {"x": FIXED}
    assert store.log.list(action="finding.acknowledged") == []


def test_audits_of_the_future_are_not_the_last_ones(store: Store, clock: Clock) -> None:
    audit(store, clock, "early", seen("x"))
    clock.move(days=30)
    audit(store, clock, "future", seen("x"))
    clock.move(days=-20)
    audit(store, clock, "now", seen("x"))
    assert [run.audit_id for run in store.audits.runs(2)] == ["now", "early"]
    assert [run.audit_id for run in store.audits.trend()] == ["future", "early", "now"]


def test_only_who_looked_says_that_something_is_fixed(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"), seen("y", dataset=SALES))
    run = audit(store, clock, "b", seen(dataset=SALES))
    assert (run.fixed, run.looked, states(store)) == (1, 1, {"x": NEW, "y": FIXED})


def test_what_nobody_had_to_look_at_again_was_seen_all_the_same(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"), seen("y", dataset=SALES))
    audit(store, clock, "b", zones=(Zone.CLEAN,))
    last = {each.subject: each.last_seen_at for each in store.audits.findings.each()}
    assert last == {"x": clock.now, "y": clock.now - timedelta(hours=1)}


def test_nothing_of_an_audit_that_runs_is_seen(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x"))
    begin(store, "b")
    store.audits.observed("b", [seen("y")])
    assert states(store) == {"x": NEW}
    assert [run.audit_id for run in store.audits.trend()] == ["a"]


def test_an_audit_whose_process_died_is_interrupted_and_nothing_of_it_counts(
    store: Store, clock: Clock
) -> None:
    audit(store, clock, "a", seen("x", token="1"))
    begin(store, "b")
    store.audits.observed("b", [seen("y", token="2")])
    run = audit(store, clock, "c", seen("z"), is_alive=lambda _: False)
    dead = store.audits.get("b")
    assert dead is not None
    assert dead.state is AuditState.INTERRUPTED
    assert states(store) == {"x": FIXED, "z": NEW}
    assert (run.new, run.fixed) == (1, 1)


def test_what_a_dead_audit_looked_at_is_looked_at_again(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x", token="1"))
    assert store.audits.looks.of(["small"], ["clean.flights"]) == {("small", "clean.flights"): ("1", 1)}
    begin(store, "b")
    store.audits.observed("b", [seen("y", token="2")])
    store.audits.interrupt("b")
    assert store.audits.looks.of(["small"], ["clean.flights"]) == {("small", "clean.flights"): (None, 1)}
    audit(store, clock, "c", seen("y", token="2"))
    assert store.audits.looks.of(["small"], ["clean.flights"])["small", "clean.flights"][0] == "2"


def test_looks_are_counted_one_for_each_audit_that_ended(store: Store, clock: Clock) -> None:
    for number in range(3):
        audit(store, clock, f"a{number}", seen("x"))
    begin(store, "dead")
    store.audits.observed("dead", [seen("x")])
    store.audits.interrupt("dead")
    audit(store, clock, "b", seen("x"))
    assert store.audits.looks.of(["small"], ["clean.flights"]) == {("small", "clean.flights"): (None, 4)}


def test_a_second_audit_is_refused_and_told_which_one_runs(store: Store, clock: Clock) -> None:
    begin(store, "a")
    with pytest.raises(
        GovernanceError, match=r"runs already: a, since .* on here \(process 1\).* by ada"
    ) as no:
        begin(store, "b")
    assert no.value.reason is Reason.AUDIT_IN_PROGRESS
    clock.move(minutes=3)
    begin(store, "b")
    with pytest.raises(GovernanceError, match="taken for dead"):
        store.audits.observed("a", [seen("x")])
    with pytest.raises(GovernanceError, match="taken for dead"):
        store.audits.finish("a", Ending(datasets=1))
    assert not store.audits.renew("a", LEASE)


def test_a_renewed_audit_lives_on(store: Store, clock: Clock) -> None:
    begin(store, "a")
    for _ in range(3):
        clock.move(minutes=1, seconds=30)
        assert store.audits.renew("a", LEASE)
    with pytest.raises(GovernanceError, match="runs already"):
        begin(store, "b")


def test_a_clock_that_was_set_back_keeps_no_dead_audit_alive(store: Store, clock: Clock) -> None:
    begin(store, "a")
    clock.move(days=-3)
    begin(store, "b")


def test_of_many_that_begin_at_once_one_does(store: Store) -> None:
    outcomes: list[str] = []

    def one(number: int) -> None:
        try:
            begin(store, f"a{number}")
            outcomes.append("began")
        except GovernanceError as error:
            outcomes.append(error.reason)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [Reason.AUDIT_IN_PROGRESS] * 5 + ["began"]


def test_pages_hold_every_finding_once_the_worst_first(store: Store, clock: Clock) -> None:
    every = [
        seen(
            *(f"{level}{number}" for number in range(7)),
            severity=level,
            dataset=dataset,
            check=level,
        )
        for level, dataset in zip(Severity, [FLIGHTS, SALES] * 2, strict=True)
    ]
    run = audit(store, clock, "a", *every, checks=tuple(Severity))
    assert (run.open, run.by_zone) == (28, {"clean": 14, "gold": 14})
    assert list(run.by_severity.items()) == [("critical", 7), ("error", 7), ("warning", 7), ("info", 7)]
    page, found = store.audits.findings.page(limit=5), []
    while True:
        found += page.findings
        assert page.total == 28
        if page.next is None:
            break
        page = store.audits.findings.page(after=page.next, limit=5)
    assert len({finding.key for finding in found}) == len(found) == 28
    assert [finding.severity.rank for finding in found] == sorted(
        (finding.severity.rank for finding in found), reverse=True
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (FindingsWanted(zones=(Zone.GOLD,)), {"b"}),
        (FindingsWanted(dataset=FLIGHTS), {"a", "100%"}),
        (FindingsWanted(least=Severity.ERROR), {"b"}),
        (FindingsWanted(text="WRONG A"), {"a"}),
        (FindingsWanted(text="%"), {"100%"}),
        (FindingsWanted(text="' OR 1=1 --"), set()),
        (FindingsWanted(checks=("small",)), {"a", "b", "100%"}),
        (FindingsWanted(checks=("other",)), set()),
        (FindingsWanted(checks=("broken",)), set()),
        (FindingsWanted(checks=("broken",), failing=True), {"broken"}),
        (FindingsWanted(checks=("small",), failing=True), {"a", "b", "100%"}),
        (FindingsWanted(states=(FIXED,)), set()),
    ],
    ids=[
        "zone",
        "dataset",
        "severity",
        "words",
        "percent",
        "code",
        "check",
        "another check",
        "failed",
        "and that it failed",
        "none failed",
        "state",
    ],
)
def test_filters_leave_what_they_say(
    store: Store, clock: Clock, wanted: FindingsWanted, found: Iterable[str]
) -> None:
    failed = Observation("check-failed", "broken", "It could not look.", Severity.INFO, zone=Zone.WORK)
    found_all = seen("a", "100%"), seen("b", dataset=SALES, severity=Severity.ERROR)
    audit(store, clock, "a", *found_all, Seen("check-failed", "broken/", (failed,)))
    page = store.audits.findings.page(wanted)
    assert {finding.subject for finding in page.findings} == found
    assert page.total == len(found)
    assert sum(store.audits.findings.counts(wanted).values()) == len(found)


def test_words_that_are_code_stay_words(store: Store, clock: Clock) -> None:
    nasty = "'; DROP TABLE gov_finding; -- <script>alert(1)</script> \N{SNOWMAN} \x00"
    audit(store, clock, "a", seen(nasty, details={nasty: [nasty]}))
    assert only(store).subject == nasty.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def test_many_findings_are_merged_at_once(store: Store, clock: Clock) -> None:
    many = [seen(*(f"x{batch}-{number}" for number in range(1_000))) for batch in range(5)]
    clock.move(hours=1)
    begin(store, "a")
    for each in many:
        store.audits.observed("a", [each])
    assert store.audits.finish("a", Ending(datasets=1)).new == 5_000
    assert audit(store, clock, "b", many[0]).fixed == 4_000


def test_the_same_thing_seen_twice_is_one_finding(store: Store, clock: Clock) -> None:
    clock.move(hours=1)
    begin(store, "a")
    store.audits.observed("a", [seen("x", "x")])
    store.audits.observed("a", [seen("x")])
    assert store.audits.finish("a", Ending(datasets=1)).new == 1


def of_dag(dag_id: str) -> Seen:
    found = Observation("stuck", f"e-{dag_id}", "It runs.", Severity.ERROR, details={"dag_id": dag_id})
    return Seen("stuck", "", (found,))


@pytest.mark.parametrize(
    ("dags", "told"),
    [(None, 3), (frozenset({"shown"}), 2), (frozenset(), 1), (frozenset({"x' OR 1=1 --"}), 1)],
)
def test_findings_that_name_a_dag_are_of_those_who_may_read_it(
    store: Store, clock: Clock, dags: frozenset[str] | None, told: int
) -> None:
    begin(store, "a", checks=("small", "stuck"))
    store.audits.observed("a", [of_dag("shown"), seen("x")])
    store.audits.observed("a", [of_dag("secret")])
    store.audits.finish("a", Ending(datasets=1))
    wanted = FindingsWanted(dags=dags)
    page = store.audits.findings.page(wanted)
    assert (page.total, len(page.findings)) == (told, told)
    assert sum(store.audits.findings.counts(wanted).values()) == told
    assert sum(store.audits.findings.by_check(wanted).values()) == told
    assert store.audits.findings.facets(wanted).states == {NEW: told}
    assert all(dags is None or each.dag_id in {None, *dags} for each in page.findings)


def test_facets_tell_what_another_filter_would_find(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x", "y"), seen("z", severity=Severity.CRITICAL, dataset=SALES))
    facets = store.audits.findings.facets(FindingsWanted(zones=(Zone.GOLD,), least=Severity.CRITICAL))
    assert facets.zones == {Zone.GOLD: 1}
    assert facets.least == {Severity.CRITICAL: 1}
    everywhere = store.audits.findings.facets(FindingsWanted())
    assert everywhere.zones == {Zone.CLEAN: 2, Zone.GOLD: 1}
    assert list(everywhere.least.items()) == [(Severity.CRITICAL, 1), (Severity.WARNING, 3)]
    assert (everywhere.states, everywhere.checks) == ({NEW: 3}, {"small": 3})


def test_only_audits_that_finished_have_a_page(store: Store, clock: Clock) -> None:
    begin(store, "half")
    assert not store.audits.reports.put("half", "<p>half", clock.now)
    assert not store.audits.reports.put("none", "<p>none", clock.now)
    store.audits.finish("half", Ending(datasets=0))
    reports = store.audits.reports
    assert reports.put("half", "<p>名 \ud800", clock.now)
    assert reports.get("half") == reports.get("half", naming_dags=False) == "<p>名 \N{REPLACEMENT CHARACTER}"
    assert reports.put("half", "<p>secret", clock.now, without_dags="<p>less")
    assert (reports.get("half"), reports.get("half", naming_dags=False)) == ("<p>secret", "<p>less")
    assert (reports.among(["half", "none"]), reports.get("none")) == ({"half"}, None)


def test_the_pages_of_old_audits_go(store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_gov.store.audit_reports.KEPT", 2)
    for name in "abc":
        audit(store, clock, name)
        assert store.audits.reports.put(name, "<p>", clock.now)
    assert store.audits.reports.among("abc") == {"b", "c"}
