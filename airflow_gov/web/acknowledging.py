"""Lets a finding be for some time: by a form on its page, or by a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from airflow_gov.model.durations import read_duration
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.errors import Refused
from airflow_gov.web.findings import acknowledging, show_finding, visible
from airflow_gov.web.forms import body_of, fields_of, object_of
from airflow_gov.web.site import Site

if TYPE_CHECKING:
    from fastapi import APIRouter

    from airflow_gov.model.findings import Finding
    from airflow_gov.web.access import Viewer

#: The longest reason, in characters: it stands in the log for good.
_REASON = 2_000
_Body = Annotated[bytes, Depends(body_of)]


def acknowledge(site: Site, viewer: Viewer, key: str, reason: object, duration: object) -> Finding:
    """Let a finding be; the log says who did.

    :param reason: why, as it was sent.
    :param duration: for how long, as it was sent.
    :raises HTTPException: 404 where the finding does not exist for the viewer.
    :raises GovernanceError: ``PARAMETER_INVALID``: one of both is none, or the finding is fixed.
    """
    found = visible(site.store(), viewer, key)
    if not isinstance(reason, str) or not 0 < len(reason.strip()) <= _REASON:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"Say why, in at most {_REASON:,} characters (reason)."
        )
    try:
        until = site.clock() + read_duration(duration)
    except (OverflowError, ValueError) as error:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"Say for how long, e.g. 30d (duration): {error}."
        ) from None
    # Browsers send line ends as CR LF.
    said = reason.replace("\r\n", "\n")
    return site.store().audits.findings.acknowledge(found.key, by=viewer.name, reason=said, expires_at=until)


def _require_governor(viewer: Viewer) -> None:
    if not viewer.may_govern():
        raise Refused(
            "Your role in Airflow does not include creating events of assets, which acknowledging a finding "
            "needs. Ask an administrator."
        )


def add_acknowledging_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.post("/audits/findings/{key}/acknowledge")
    def by_form(viewer: CurrentViewer, key: str, request: Request, body: _Body) -> Response:
        site.forms.require_own_origin(request)
        _require_governor(viewer)
        form = fields_of(request, body)
        site.forms.require_token(form.get("token", ""), acknowledging(key), viewer.name, site.clock())
        reason, duration = form.get("reason", ""), form.get("duration", "")
        try:
            acknowledge(site, viewer, key, reason, duration)
        except GovernanceError as error:
            if error.reason is not Reason.PARAMETER_INVALID:
                raise
            said = {"refused": error.message, "reason": reason[:_REASON], "days": duration}
            answer = show_finding(site, viewer, key, "../../../", **said)
            answer.status_code = 422
            return answer
        # See Other: a reload asks for the page again, and does not send the form again.
        return RedirectResponse(f"../{key}", 303)

    @router.post("/api/v1/audits/findings/{key}/acknowledge")
    def by_program(viewer: CurrentViewer, key: str, request: Request, body: _Body) -> Response:
        site.forms.require_own_origin(request)
        _require_governor(viewer)
        told = object_of(request, body)
        return site.json(acknowledge(site, viewer, key, told.get("reason"), told.get("duration")))
