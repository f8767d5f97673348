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

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import APIRouter

    from airflow_gov.model.verdicts import Decision, Verdict
    from airflow_gov.store import Store

_READ = ["GET", "HEAD"]
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


def add_verdict_routes(router: APIRouter, store: Callable[[], Store]) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    :param store: gives the governance store.
    """

    @router.api_route("/verdicts/{verdict_id}/report", methods=_READ)
    def report(verdict_id: str) -> Response:
        return HTMLResponse(_report(store(), _verdict_id(verdict_id)), headers=REPORT_HEADERS)

    @router.api_route("/api/v1/verdicts/{verdict_id}", methods=_READ)
    def verdict_json(verdict_id: str) -> Response:
        return JSONResponse(_told_in_full(store(), _verdict_id(verdict_id)))

    @router.api_route("/api/v1/datasets/{dataset}/verdicts", methods=_READ)
    def verdicts_json(dataset: str, limit: int = 50) -> Response:
        name = _dataset(dataset)
        found = store().verdicts.list(name, max(1, min(limit, _MOST)))
        return JSONResponse({"dataset": str(name), "verdicts": [_told(verdict) for verdict in found]})


def _verdict_id(text: str) -> str:
    return text if _ID.fullmatch(text) else _unknown()


def _unknown() -> NoReturn:
    raise HTTPException(404, "There is no such verdict.")


def _dataset(text: str) -> DatasetName:
    try:
        return DatasetName.parse(text)
    except GovernanceError as error:
        raise HTTPException(404, error.message) from error


def _report(store: Store, verdict_id: str) -> str:
    """The report as it was made when the gate ruled; else one made now, without rows of the quarantine."""
    return store.reports.get(verdict_id) or _made_now(store, _known(store, verdict_id))


def _known(store: Store, verdict_id: str) -> Verdict:
    return store.verdicts.get(verdict_id) or _unknown()


def _made_now(store: Store, verdict: Verdict) -> str:
    from airflow_gov.quality.report import render_report

    return render_report(
        verdict,
        _contract(store, verdict),
        store.verdicts.list(verdict.dataset, _TREND, until=verdict.checked_at),
        quarantined=(),
        decision=_decision(store, verdict),
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
            return parse_contract(text, verdict.dataset, suites=suites)
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


def _told_in_full(store: Store, verdict_id: str) -> dict[str, Any]:
    verdict = _known(store, verdict_id)
    decision = _decision(store, verdict)
    return _told(verdict) | {
        "results": to_plain(verdict.results),
        "decision": to_plain(decision) if decision is not None else None,
    }
