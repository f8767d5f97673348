"""Reports of audits that the store knows: made, and kept for the pages."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.audit.explaining import explanations
from airflow_gov.audit.maturity import assess, with_article
from airflow_gov.audit.report import SHOWN, Section, Totals, render_report
from airflow_gov.audit.trending import LENGTH
from airflow_gov.model.audits import AuditRun
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.findings import OPEN_STATES, FindingState, FindingsWanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from airflow_gov.audit.zone_health import ZoneHealth
    from airflow_gov.model.findings import Finding
    from airflow_gov.store import Store

log = logging.getLogger(__name__)

_STANDING = (*OPEN_STATES, FindingState.ACKNOWLEDGED)


def make_report(
    store: Store,
    run: AuditRun,
    now: datetime,
    *,
    naming_dags: bool = True,
    checks: Sequence[str] | None = None,
    sections: Sequence[Section] | None = None,
) -> str:
    """The report of an audit, of what its zones and checks leave to do now.

    :param run: an audit that finished; its newest report is of now and not of then.
    :param now: the time.
    :param naming_dags: False: without the findings that name a Dag, and the execution it ran in.
    :param checks: ids of checks; default: the audit's.
    :param sections: what else is to be told; default: the maturity of the lake and the health of its zones.
    """
    wanted = FindingsWanted(
        states=_STANDING,
        checks=tuple(run.checks if checks is None else checks),
        failing=True,
        zones=run.zones,
        zoneless=True,
        dags=None if naming_dags else frozenset(),
    )
    findings = store.audits.findings
    acknowledged = findings.counts(replace(wanted, states=(FindingState.ACKNOWLEDGED,)))
    totals = Totals(
        findings.by_check(wanted),
        findings.counts(replace(wanted, states=OPEN_STATES)),
        sum(acknowledged.values()),
    )
    found = _worst(store, wanted, totals)
    return render_report(
        run if naming_dags else replace(run, execution_id=None),
        found if naming_dags else (each.without_tasks for each in found),
        made_at=now,
        explained=explanations(),
        trend=[each for each in store.audits.trend(LENGTH) if each.started_at <= run.started_at],
        totals=totals,
        sections=health_sections(store, naming_dags=naming_dags) if sections is None else sections,
    )


def health_sections(store: Store, *, naming_dags: bool = True) -> Sequence[Section]:
    """How mature the lake is and how healthy its zones, and what would raise both.

    :param naming_dags: False: without the findings that would, for they may name a Dag.
    """
    state = assess(store)
    if state.level is None:
        return ()
    sentence = f"The lake's maturity: {state.level}; its health: {state.score} of 100."
    if state.next is not None:
        sentence += f" To be {with_article(state.next)} it lacks: {'; '.join(state.lacking)}."
    if state.beside is not None and naming_dags:
        sentence += f" {state.beside}"
    columns = ("Zone", "Health of 100", "Datasets", *(("What raises it most",) if naming_dags else ()))
    rows = tuple(_health_row(zone)[: len(columns)] for zone in state.zones)
    return (Section("Maturity and health", sentence, columns, rows),)


def _health_row(zone: ZoneHealth) -> tuple[str, ...]:
    return zone.zone.value, str(zone.score), f"{zone.datasets:,}", _steps(zone)


def _steps(zone: ZoneHealth) -> str:
    if not zone.steps:
        return "nothing is open"
    if not zone.rises:
        return "; ".join(step.message for step in zone.steps)
    return "; ".join(f"to {step.score}: {step.message}" for step in zone.steps)


def _worst(store: Store, wanted: FindingsWanted, totals: Totals) -> Iterator[Finding]:
    """The worst findings of each check."""
    for check in totals.by_check:
        yield from store.audits.findings.page(replace(wanted, checks=(check,)), limit=SHOWN).findings


def keep_report(store: Store, run: AuditRun, now: datetime) -> None:
    """Keep the report of an audit that just finished. A store that fails now takes only the report away.

    :param run: the audit.
    :param now: the time.
    """
    try:
        whole, less = make_report(store, run, now), make_report(store, run, now, naming_dags=False)
        store.audits.reports.put(run.audit_id, whole, now, without_dags=less)
    except GovernanceError as error:
        log.warning("The audit %s finished; its report is not kept: %s", run.audit_id, error)
