"""The FastAPI application. Every route asks for authentication, the unknown ones too."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.staticfiles import StaticFiles

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.serde import to_plain
from airflow_gov.model.zones import Zone
from airflow_gov.web import errors
from airflow_gov.web.access import ViewerDependency, guarded_by
from airflow_gov.web.pages import render
from airflow_gov.web.security import SecurityHeaders
from airflow_gov.web.verdicts import add_verdict_routes
from airflow_gov.web.zones import ZonesView, zones_view

if TYPE_CHECKING:
    from airflow_gov.store import Store

_READ = ["GET", "HEAD"]
_EVERY_METHOD = [*_READ, "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_STATIC = StaticFiles(directory=Path(__file__).parent / "static")


def utc_now() -> datetime:
    """The current time, with its zone."""
    return datetime.now(UTC)


def create_app(
    *,
    store: Callable[[], "Store"],
    viewer: ViewerDependency,
    clock: Callable[[], datetime] = utc_now,
    own_namespace: str | None = None,
) -> FastAPI:
    """Make the application.

    :param store: gives the governance store; called once per request.
    :param viewer: a FastAPI dependency that gives the :class:`~airflow_gov.web.access.Viewer`, or raises
        ``HTTPException`` (401, 403) for whoever may not see the datasets. It guards every route: pages,
        JSON, static files and unknown paths.
    :param clock: gives the time.
    :param own_namespace: the OpenLineage namespace of this Airflow's jobs; None where it is not known.
    """
    # The schema and its pages would be routes of FastAPI's own, outside our authentication.
    app = FastAPI(
        title="Airflow Governance",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.own_namespace = own_namespace
    app.include_router(_routes(_Reader(store, clock), store), dependencies=[Depends(guarded_by(viewer))])
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(StarletteHTTPException, errors.http_error)
    app.add_exception_handler(GovernanceError, errors.governance_error)
    app.add_exception_handler(Exception, errors.unexpected_error)
    return app


class _Reader:
    """Reads the store and remembers when that last worked, for the page that says it does not."""

    def __init__(self, store: Callable[[], "Store"], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self.last_read: datetime | None = None

    def zones(self, zone: str | None) -> ZonesView:
        """The view of the zones, narrowed to one where a name is given."""
        if zone is not None and zone not in Zone._value2member_map_:
            raise HTTPException(404, f"There is no zone {zone!r}: the zones are {', '.join(Zone)}.")
        view = zones_view(self._store().versions.summaries(), Zone(zone) if zone else None)
        self.last_read = self._clock()
        return view


def _routes(reader: _Reader, store: Callable[[], "Store"]) -> APIRouter:
    router = APIRouter()

    @router.api_route("/", methods=_READ)
    def start() -> Response:
        return RedirectResponse("zones")

    @router.api_route("/zones", methods=_READ)
    def zones_page(zone: str | None = None) -> Response:
        try:
            view = reader.zones(zone)
        except GovernanceError as error:
            return render(
                "unavailable.html", status=503, heading="Zones", error=error, last_read=reader.last_read
            )
        return render("zones.html", view=view, read_at=reader.last_read)

    @router.api_route("/api/v1/zones", methods=_READ)
    def zones_json(zone: str | None = None) -> Response:
        return JSONResponse(to_plain(reader.zones(zone)))

    add_verdict_routes(router, store)

    @router.api_route("/static/{path:path}", methods=_READ)
    async def static(path: str, request: Request) -> Response:
        response = await _STATIC.get_response(path, request.scope)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    @router.api_route("/{path:path}", methods=_EVERY_METHOD)
    def unknown() -> Response:
        raise HTTPException(404, "There is no such page.")

    return router
