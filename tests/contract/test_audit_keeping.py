"""How long audits are remembered: until they are pruned, a look is made anew, or a check is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_gov.model.audits import AuditKind, AuditRun, AuditState
from airflow_gov.model.findings import Finding, FindingState, FindingsWanted, Observation, Severity
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from airflow_gov.store.audit_looks import WHOLE, Seen
from airflow_gov.store.audits import Ending, Holder
from support.records import T0, Clock

FLIGHTS, SALES = DatasetName.parse("clean.flights"), DatasetName.parse("gold.sales")
EVERY = FindingsWanted(states=tuple(FindingState))
NEW, FIXED = FindingState.NEW, FindingState.FIXED
REOPENED, ACKNOWLEDGED = FindingState.REOPENED, FindingState.ACKNOWLEDGED


def seen(
    *subjects: str, dataset: DatasetName = FLIGHTS, token: str | None = None, check: str = "small"
) -> Seen:
    found = [
        Observation(check, each, f"{each} is wrong", Severity.ERROR, dataset=dataset) for each in subjects
    ]
    return Seen(check, str(dataset), tuple(found), token)


def begin(
    store: Store,
    audit_id: str,
    kind: AuditKind = AuditKind.FULL,
    zones: tuple[Zone, ...] = tuple(Zone),
    checks: tuple[str, ...] = ("small", "theirs"),
) -> None:
    run = AuditRun(audit_id, kind, AuditState.RUNNING, zones, checks, T0, None, "ada")
    store.audits.begin(run, Holder("here", 1), timedelta(minutes=2))


def audit(store: Store, clock: Clock, audit_id: str, *saw: Seen, **how: Any) -> AuditRun:
    clock.move(hours=1)
    begin(store, audit_id, **how)
    store.audits.observed(audit_id, saw)
    return store.audits.finish(audit_id, Ending(datasets=2))


def states(store: Store) -> dict[str, FindingState]:
    return {each.subject: each.state for each in store.audits.findings.each(EVERY)}


def finding(store: Store, subject: str) -> Finding:
    return next(each for each in store.audits.findings.each(EVERY) if each.subject == subject)


def of_kind(store: Store, clock: Clock, audit_id: str, kind: AuditKind) -> None:
    audit(store, clock, audit_id, kind=kind)
    store.audits.reports.put(audit_id, "<p>page</p>", clock())


def test_old_audits_go_with_their_pages_and_the_newest_of_each_kind_stays(store: Store, clock: Clock) -> None:
    of_kind(store, clock, "full 1", AuditKind.FULL)
    of_kind(store, clock, "full 2", AuditKind.FULL)
    of_kind(store, clock, "part 1", AuditKind.INCREMENTAL)
    of_kind(store, clock, "part 2", AuditKind.INCREMENTAL)
    begin(store, "dead")
    store.audits.interrupt("dead")
    clock.move(days=400)
    begin(store, "running")
    pruned = store.audits.pruning.prune(clock() + timedelta(days=1))
    assert (pruned.audits, pruned.reports) == (3, 2)
    assert {run.audit_id for run in store.audits.runs()} == {"full 2", "part 2", "running"}
    assert store.audits.reports.get("full 1") is None
    assert store.audits.reports.get("full 2") == "<p>page</p>"


def test_what_was_fixed_long_ago_goes_with_its_life_and_what_is_open_or_let_be_stays(
    store: Store, clock: Clock
) -> None:
    audit(store, clock, "a", seen("open", "let be", "fixed"))
    keys = {each.subject: each.key for each in store.audits.findings.each(EVERY)}
    clock.move(minutes=1)
    until = clock() + timedelta(days=300)
    store.audits.findings.acknowledge(keys["let be"], by="ada", reason="known", expires_at=until)
    audit(store, clock, "b", seen("open", "let be"))
    entries = [entry.action for entry in store.log.list()]
    fixed_at = clock()
    assert store.audits.pruning.prune(fixed_at).findings == 0
    pruned = store.audits.pruning.prune(fixed_at + timedelta(days=1))
    assert (pruned.findings, pruned.events) == (1, 2)
    assert states(store) == {"open": NEW, "let be": ACKNOWLEDGED}
    assert store.audits.findings.history(keys["fixed"]) == []
    assert [event.state for event in store.audits.findings.history(keys["let be"])] == [NEW, ACKNOWLEDGED]
    assert [entry.action for entry in store.log.list()] == entries
    audit(store, clock, "c", seen("open", "let be", "fixed"))
    assert states(store)["fixed"] is NEW


def test_what_an_audit_that_went_looked_at_is_not_looked_at_anew(store: Store, clock: Clock) -> None:
    audit(store, clock, "a", seen("x", token="1"))
    audit(store, clock, "b", seen("y", dataset=SALES, token="2"))
    begin(store, "dead")
    store.audits.observed("dead", [seen("z", dataset=DatasetName.parse("gold.more"), token="3")])
    store.audits.interrupt("dead")
    assert store.audits.pruning.prune(clock() + timedelta(days=1)).audits == 2
    looks = store.audits.looks.of(["small"], ["clean.flights", "gold.sales", "gold.more"])
    assert {scope: token for (_, scope), (token, _) in looks.items()} == {
        "clean.flights": "1",
        "gold.sales": "2",
        "gold.more": None,
    }


def test_findings_of_a_check_that_is_not_installed_any_more_are_closed_and_it_is_said(
    store: Store, clock: Clock
) -> None:
    audit(store, clock, "a", seen("x"), seen("y", check="theirs"))
    clock.move(hours=1)
    begin(store, "b")
    run = store.audits.finish("b", Ending(datasets=2, installed={"small", "other"}))
    assert states(store) == {"x": NEW, "y": FIXED}
    assert (run.fixed, run.open) == (0, 1)
    assert list(run.plans.values()) == [
        "closed, for their checks are not installed any more: findings of theirs (1)"
    ]
    last = store.audits.findings.history(finding(store, "y").key)[-1]
    assert (last.state, last.reason) == (FIXED, "Its check is not installed any more.")
    back = audit(store, clock, "c", seen("x"), seen("y", check="theirs"))
    assert (back.reopened, states(store)) == (1, {"x": NEW, "y": REOPENED})


def test_a_check_that_is_back_looks_again_though_nothing_changed(store: Store, clock: Clock) -> None:
    of_all = Seen(WHOLE, str(FLIGHTS), token="all")
    audit(store, clock, "a", seen("x", token="1"), seen("y", check="theirs", token="2"), of_all)
    clock.move(hours=1)
    begin(store, "b")
    store.audits.finish("b", Ending(datasets=2, installed={"small"}))
    looks = store.audits.looks.of(["small", "theirs"], [str(FLIGHTS)])
    assert {check: token for (check, _), (token, _) in looks.items()} == {"small": "1", "theirs": None}
    assert store.audits.looks.wholes([str(FLIGHTS)]) == {}


@pytest.mark.parametrize(("zones", "installed"), [((Zone.GOLD,), {"small"}), (tuple(Zone), None)])
def test_findings_of_other_zones_and_of_checks_that_are_not_known_stay(
    store: Store, clock: Clock, zones: tuple[Zone, ...], installed: set[str] | None
) -> None:
    audit(store, clock, "a", seen("y", check="theirs"))
    begin(store, "b", zones=zones)
    run = store.audits.finish("b", Ending(datasets=2, installed=installed))
    assert (states(store), run.plans) == ({"y": NEW}, {})


def test_a_stamp_of_all_looks_counts_until_any_of_them_is_made_anew(store: Store, clock: Clock) -> None:
    of_all = Seen(WHOLE, str(FLIGHTS), token="all")
    run = audit(store, clock, "a", seen("x", token="1"), of_all)
    assert run.looked == 1
    assert store.audits.looks.wholes([str(FLIGHTS), str(SALES)]) == {str(FLIGHTS): "all"}
    audit(store, clock, "b", seen("y", dataset=SALES, token="2"))
    assert store.audits.looks.wholes([str(FLIGHTS)]) == {str(FLIGHTS): "all"}
    audit(store, clock, "c", seen("x", token="other settings"))
    assert store.audits.looks.wholes([str(FLIGHTS)]) == {}
    begin(store, "dead")
    store.audits.observed("dead", [seen("x", token="1"), of_all])
    store.audits.interrupt("dead")
    assert store.audits.looks.wholes([str(FLIGHTS)]) == {}


def test_when_a_check_last_looked_at_a_zone_is_known_by_audits_that_finished(
    store: Store, clock: Clock
) -> None:
    assert store.audits.looks.last("small", Zone.RAW) is None
    audit(store, clock, "a")
    first = clock()
    audit(store, clock, "other zone", zones=(Zone.GOLD,))
    audit(store, clock, "other check", checks=("theirs",))
    clock.move(hours=1)
    begin(store, "failed")
    store.audits.finish("failed", Ending(datasets=2, failed_checks={"small": "why"}))
    begin(store, "dead")
    store.audits.interrupt("dead")
    assert store.audits.looks.last("small", Zone.RAW) == first
    assert store.audits.looks.last("theirs", Zone.GOLD) == clock()


def test_however_often_other_zones_are_audited_the_last_look_at_a_zone_is_known(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_gov.store.audit_looks._AUDITS", 1)
    audit(store, clock, "a")
    first = clock()
    for number in range(3):
        audit(store, clock, f"gold {number}", zones=(Zone.GOLD,))
        audit(store, clock, f"other {number}", checks=("small-too",))
    assert store.audits.looks.last("small", Zone.RAW) == first
