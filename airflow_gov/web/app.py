"""The FastAPI application. Every route asks for authentication, the unknown ones too."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.staticfiles import StaticFiles

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import Zone
from airflow_gov.web import errors
from airflow_gov.web.access import ViewerDependency, guarded_by
from airflow_gov.web.acknowledging import add_acknowledging_routes
from airflow_gov.web.audit_health import add_audit_health_routes
from airflow_gov.web.audits import add_audit_routes
from airflow_gov.web.catalogue import add_catalogue_routes
from airflow_gov.web.datasets import add_dataset_routes
from airflow_gov.web.execution import add_execution_routes
from airflow_gov.web.findings import add_finding_routes
from airflow_gov.web.forms import Forms
from airflow_gov.web.ingestion import ingestion_routes
from airflow_gov.web.lineage import add_lineage_routes
from airflow_gov.web.lineage_page import add_lineage_page
from airflow_gov.web.overview import add_overview_routes
from airflow_gov.web.proposals import add_proposal_routes
from airflow_gov.web.security import SecurityHeaders
from airflow_gov.web.site import READ, Site
from airflow_gov.web.verdicts import add_verdict_routes
from airflow_gov.web.zones import zones_view

if TYPE_CHECKING:
    from airflow_gov.store import Store

_EVERY_METHOD = [*READ, "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
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
    zone_aliases: Callable[[], Mapping[str, str]] = dict,
    contracts_folder: Callable[[], str] = lambda: "contracts",
    forms: Forms | None = None,
) -> FastAPI:
    """Make the application.

    :param store: gives the governance store; called once per request.
    :param viewer: a FastAPI dependency that gives the :class:`~airflow_gov.web.access.Viewer`, or raises
        ``HTTPException`` (401, 403) for whoever may not see the datasets. It guards every route: pages,
        JSON, static files and unknown paths.
    :param clock: gives the time.
    :param own_namespace: the OpenLineage namespace of this Airflow's jobs; None where it is not known.
    :param zone_aliases: gives the other words for zones in contracts.
    :param contracts_folder: gives the folder of contracts in a Dag bundle.
    :param forms: what forms are signed with; default: a secret of this process.
    """
    # The schema and its pages would be routes of FastAPI's own, outside our authentication.
    app = FastAPI(
        title="Airflow Governance",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    site = Site(store, clock, zone_aliases, contracts_folder, forms or Forms())
    app.state.own_namespace, app.state.site = own_namespace, site
    # The ingestion of lineage asks for tokens of its own, and for nothing else.
    app.include_router(ingestion_routes(store=store, clock=clock, own_namespace=own_namespace))
    app.include_router(_routes(site), dependencies=[Depends(guarded_by(viewer))])
    app.add_middleware(SecurityHeaders)
    app.add_exception_handler(StarletteHTTPException, errors.http_error)
    app.add_exception_handler(GovernanceError, errors.governance_error)
    app.add_exception_handler(Exception, errors.unexpected_error)
    return app


def _routes(site: Site) -> APIRouter:
    router = APIRouter()
    add_overview_routes(router, site)
    add_catalogue_routes(router, site)
    add_verdict_routes(router, site)
    add_proposal_routes(router, site)
    add_dataset_routes(router, site)
    add_execution_routes(router, site)
    add_finding_routes(router, site)
    add_acknowledging_routes(router, site)
    add_audit_routes(router, site)
    add_audit_health_routes(router, site)
    add_lineage_page(router)
    add_lineage_routes(router, site.store)

    @router.api_route("/api/v1/zones", methods=READ)
    def zones_json(zone: str | None = None) -> Response:
        if zone is not None and zone not in Zone._value2member_map_:
            raise HTTPException(404, f"There is no zone {zone!r}: the zones are {', '.join(Zone)}.")
        return site.json(zones_view(site.store().versions.summaries(), Zone(zone) if zone else None))

    @router.api_route("/static/{path:path}", methods=READ)
    async def static(path: str, request: Request) -> Response:
        response = await _STATIC.get_response(path, request.scope)
        response.headers["Cache-Control"] = "private, no-cache"
        return response

    @router.api_route("/{path:path}", methods=_EVERY_METHOD)
    def unknown() -> Response:
        raise HTTPException(404, "There is no such page.")

    return router
