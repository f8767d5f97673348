"""Audits: which there were, what came of them, what they found, and their reports."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException
from fastapi.responses import HTMLResponse
from starlette.responses import Response

from airflow_gov.audit.trending import Trend, trend_of
from airflow_gov.model.audits import AuditRun, AuditState
from airflow_gov.model.findings import FindingState, FindingsWanted
from airflow_gov.model.serde import to_plain
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.findings import Asked, FindingsView, found
from airflow_gov.web.site import READ, Site
from airflow_gov.web.verdicts import REPORT_HEADERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter

    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
#: Audits that the page lists, and that one answer of the API does at most.
_LISTED, _MOST = 10, 200
_COUNTS = ("new", "reopened", "fixed", "open", "acknowledged", "by_severity", "by_zone")


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One audit.

    :param run: the audit.
    :param has_report: whether its report can be shown.
    """

    run: AuditRun
    has_report: bool


@dataclass(frozen=True, slots=True)
class AuditsView:
    """The page.

    :param audits: the newest audits.
    :param last: the newest that finished.
    :param counted: whether the numbers of findings are told: some viewers do not see what was counted.
    :param trend: what was open after each.
    :param findings: what they found.
    """

    audits: tuple[AuditLine, ...]
    last: AuditRun | None
    counted: bool
    trend: Trend | None
    findings: FindingsView


def audits(store: Store, viewer: Viewer, asked: Asked) -> AuditsView:
    """Read the page."""
    dags = viewer.readable_dags()
    counted = sees_all(store, dags)
    runs = store.audits.trend() if counted else []
    lines = _lines(store, dags, _LISTED)
    last = next(iter(store.audits.runs(1, state=AuditState.FINISHED)), None)
    return AuditsView(lines, last, counted, trend_of(runs), found(store, asked, dags))


def _lines(store: Store, dags: frozenset[str] | None, limit: int) -> tuple[AuditLine, ...]:
    runs = store.audits.runs(limit)
    kept = store.audits.reports.among([run.audit_id for run in runs])
    newest = next((run.audit_id for run in runs if run.state is AuditState.FINISHED), None)
    seen = store.uses.tries({run.execution_id for run in runs if run.execution_id}, dags=dags)
    return tuple(
        AuditLine(
            run if dags is None or run.execution_id in seen else replace(run, execution_id=None),
            run.audit_id in kept or run.audit_id == newest,
        )
        for run in runs
    )


def sees_all(store: Store, dags: frozenset[str] | None) -> bool:
    """Whether every finding there ever was exists for the viewer: the numbers of audits are of all."""
    if dags is None:
        return True
    every, findings = FindingsWanted(states=tuple(FindingState)), store.audits.findings
    return findings.counts(every) == findings.counts(replace(every, dags=dags))


def _report(store: Store, viewer: Viewer, audit_id: str, site: Site) -> str:
    """The report as it was made when the audit ended; of the newest, if there is none, one made now.

    Who does not see every Dag gets it without the findings that name one.

    :raises HTTPException: 404.
    """
    from airflow_gov.audit.reporting import make_report

    naming_dags = viewer.readable_dags() is None
    kept = store.audits.reports.get(audit_id, naming_dags=naming_dags)
    if kept is not None:
        return kept
    newest = next(iter(store.audits.runs(1, state=AuditState.FINISHED)), None)
    if newest is None or newest.audit_id != audit_id:
        raise HTTPException(404, "There is no report of such an audit, or it is not kept any more.")
    return make_report(store, newest, site.clock(), naming_dags=naming_dags)


def _told(lines: Sequence[AuditLine], counted: bool) -> list[dict[str, Any]]:
    """Audits as JSON; without the numbers of findings where the viewer does not see what was counted."""
    told = [to_plain(line.run) | {"has_report": line.has_report} for line in lines]
    if not counted:
        for each in told:
            each.update(dict.fromkeys(_COUNTS))
    return told


def add_audit_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/audits", methods=READ)
    def page(viewer: CurrentViewer, asked: Annotated[Asked, Depends()]) -> Response:
        return site.page("audits.html", audits(site.store(), viewer, asked))

    @router.api_route("/audits/runs/{audit_id}/report", methods=READ)
    def report(viewer: CurrentViewer, audit_id: str) -> Response:
        if not _ID.fullmatch(audit_id):
            raise HTTPException(404, "There is no such audit.")
        return HTMLResponse(_report(site.store(), viewer, audit_id, site), headers=REPORT_HEADERS)

    @router.api_route("/api/v1/audits", methods=READ)
    def audits_json(viewer: CurrentViewer, limit: int = _LISTED) -> Response:
        store, dags = site.store(), viewer.readable_dags()
        lines = _lines(store, dags, max(1, min(limit, _MOST)))
        return site.json({"audits": _told(lines, sees_all(store, dags))})
