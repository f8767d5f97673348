"""Verdicts: their reports for people, and the same as JSON."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from fastapi import HTTPException
from fastapi.responses import HTMLResponse, JSONResponse, Response

from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.serde import to_plain
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.site import READ, Site
from airflow_gov.web.unseen import executions_of, without_unseen

if TYPE_CHECKING:
    from fastapi import APIRouter

    from airflow_gov.model.verdicts import Decision, Verdict
    from airflow_gov.store import Store
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
#: How many verdicts the trend of a report shows, and how many one answer lists at most.
_TREND, _MOST = 30, 200

#: A report is a document of its own, in an origin of its own: it runs nothing, loads nothing, submits
#: nothing, and reaches nothing of Airflow's, whatever a verdict put into it. Its style is inline; the
#: document itself says which, by hash.
REPORT_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "sandbox",
            "default-src 'none'",
            "style-src 'unsafe-inline'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'self'",
        )
    ),
    "Referrer-Policy": "no-referrer",
}


def add_verdict_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/verdicts/{verdict_id}/report", methods=READ)
    def report(viewer: CurrentViewer, verdict_id: str) -> Response:
        html = _report(site.store(), viewer.readable_dags(), _verdict_id(verdict_id))
        return HTMLResponse(html, headers=REPORT_HEADERS)

    @router.api_route("/api/v1/verdicts/{verdict_id}", methods=READ)
    def verdict_json(viewer: CurrentViewer, verdict_id: str) -> Response:
        found = _told_in_full(site.store(), viewer.readable_dags(), _verdict_id(verdict_id))
        return JSONResponse(found)

    @router.api_route("/api/v1/datasets/{dataset}/verdicts", methods=READ)
    def verdicts_json(viewer: CurrentViewer, dataset: str, limit: int = 50) -> Response:
        name, store = _dataset(dataset), site.store()
        found = store.verdicts.list(name, max(1, min(limit, _MOST)))
        dags = viewer.readable_dags()
        tries = store.uses.tries(executions_of(found), dags=dags)
        told = [_told(without_unseen(verdict, tries, dags)) for verdict in found]
        return JSONResponse({"dataset": str(name), "verdicts": told})


def _verdict_id(text: str) -> str:
    return text if _ID.fullmatch(text) else _unknown()


def _unknown() -> NoReturn:
    raise HTTPException(404, "There is no such verdict.")


def _dataset(text: str) -> DatasetName:
    try:
        return DatasetName.parse(text)
    except GovernanceError as error:
        raise HTTPException(404, error.message) from error


def _report(store: Store, dags: frozenset[str] | None, verdict_id: str) -> str:
    """The report as it was made when the gate ruled; else one made now, without rows of the quarantine.

    The one that was made then names the executions: who may not see them gets one made now.
    """
    kept = store.reports.get(verdict_id)
    if kept is not None and dags is None:
        return kept
    verdict = _known(store, verdict_id)
    decision = _decision(store, verdict)
    seen = _seen(store, dags, verdict, decision)
    if kept is not None and seen == (verdict, decision):
        return kept
    return _made_now(store, *seen)


def _seen(
    store: Store, dags: frozenset[str] | None, verdict: Verdict, decision: Decision | None
) -> tuple[Verdict, Decision | None]:
    """Both without the executions that do not exist for the viewer."""
    made = (verdict,) if decision is None else (verdict, decision)
    tries = store.uses.tries(executions_of(made), dags=dags)
    return without_unseen(verdict, tries, dags), decision and without_unseen(decision, tries, dags)


def _known(store: Store, verdict_id: str) -> Verdict:
    return store.verdicts.get(verdict_id) or _unknown()


def _made_now(store: Store, verdict: Verdict, decision: Decision | None) -> str:
    from airflow_gov.quality.report import render_report

    return render_report(
        verdict,
        _contract(store, verdict),
        store.verdicts.list(verdict.dataset, _TREND, until=verdict.checked_at),
        quarantined=(),
        decision=decision,
    )


def _decision(store: Store, verdict: Verdict) -> Decision | None:
    decision = store.decisions.for_snapshot(verdict.dataset, verdict.snapshot_id)
    return decision if decision is not None and decision.verdict_id == verdict.verdict_id else None


def _contract(store: Store, verdict: Verdict) -> Contract:
    """The contract of the verdict; where it cannot be read, one that takes every column for classified."""
    from airflow_gov.contracts import parse_contract

    text = store.contracts.text(verdict.contract_hash)
    try:
        if text is not None:
            suites = store.contracts.suites(verdict.contract_hash)
            return parse_contract(text, verdict.dataset, aliases=store.zone_aliases, suites=suites)
    except GovernanceError:
        pass
    named = {column for result in verdict.results for column in result.columns}
    named |= {column for result in verdict.results for example in result.examples for column in example}
    columns = tuple(Column(name, Primitive("string"), classification="restricted") for name in sorted(named))
    return Contract(verdict.dataset, columns, verdict.contract_hash, text or "")


def _told(verdict: Verdict) -> dict[str, Any]:
    """A verdict in a list: without the results of its rules."""
    told: dict[str, Any] = to_plain(replace(verdict, results=()))
    del told["results"]
    return told | {
        "passed": verdict.passed,
        "rules": len(verdict.results),
        "failed": [result.rule for result in verdict.failures],
        "blocking": [result.rule for result in verdict.blocking],
    }


def _told_in_full(store: Store, dags: frozenset[str] | None, verdict_id: str) -> dict[str, Any]:
    verdict = _known(store, verdict_id)
    verdict, decision = _seen(store, dags, verdict, _decision(store, verdict))
    return _told(verdict) | {
        "results": to_plain(verdict.results),
        "decision": to_plain(decision) if decision is not None else None,
    }
