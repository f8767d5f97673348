"""Errors as HTTP responses: a page for people, JSON for programs."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.web.pages import render, render_session_ended
from airflow_gov.web.security import HEADERS

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

logger = logging.getLogger(__name__)

_STATUS = {
    Reason.COLUMN_UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.CONFIGURATION_INVALID: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.CONTRACT_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.CONTRACT_MISSING: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.DEPENDENCY_MISSING: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.STORE_SCHEMA: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.STORE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Reason.PARAMETER_INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
}


class Refused(HTTPException):
    """What somebody may not do, with words that are for them.

    :param detail: why, and what to do.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, detail)


def http_error(request: Request, error: Exception) -> Response:
    """A refused request: 401 and 403 say so without naming what was asked for."""
    assert isinstance(error, HTTPException)  # noqa: S101 - what the handler is registered for
    headers = dict(error.headers or {})
    if not _wants_page(request):
        return JSONResponse({"detail": error.detail}, error.status_code, headers)
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        page = render_session_ended()
    else:
        page = render(
            "refused.html",
            status=error.status_code,
            root=_root(request),
            detail=error.detail,
            told=isinstance(error, Refused),
        )
    page.headers.update(headers)
    return page


def governance_error(request: Request, error: Exception) -> Response:
    """An error of this package; its message is written for people and holds no secret."""
    assert isinstance(error, GovernanceError)  # noqa: S101 - what the handler is registered for
    status = _STATUS.get(error.reason, HTTPStatus.INTERNAL_SERVER_ERROR)
    last_read = request.app.state.site.last_read
    if not _wants_page(request):
        told: dict[str, str | None] = {"detail": error.message, "reason": error.reason}
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            told["lastReadAt"] = last_read.isoformat() if last_read else None
        return JSONResponse(told, status)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return render("refused.html", status=status, root=_root(request), detail=error.message, told=True)
    return render("unavailable.html", status=status, root=_root(request), error=error, last_read=last_read)


def unexpected_error(request: Request, error: Exception) -> Response:
    """Anything else: logged with its traceback, told without it."""
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Something went wrong on the server. Airflow's API server has the details in its log."
    response: Response = (
        render("refused.html", status=status, root=_root(request), detail=detail, told=True)
        if _wants_page(request)
        else JSONResponse({"detail": detail}, status)
    )
    # This handler runs outside the middleware that adds them.
    response.headers.update(HEADERS)
    return response


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _root(request: Request) -> str:
    """From the address that was asked for to the application's start, wherever it is mounted."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return "../" * (path.count("/") - 1)
