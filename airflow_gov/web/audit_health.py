"""How mature the lake is and how healthy its zones are, as the last audits left them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from starlette.responses import Response

from airflow_gov.audit.maturity import Maturity, assess, with_article
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.audits import sees_all
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from fastapi import APIRouter

    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer


@dataclass(frozen=True, slots=True)
class HealthView:
    """The page.

    :param maturity: the state of the lake.
    :param level: how mature it is, in a sentence.
    :param next: the next level, in a sentence; None at the last.
    :param named: whether the findings that should be mended first are told: they may name any Dag.
    :param counted: whether findings are counted: the viewer sees all of them.
    """

    maturity: Maturity
    level: str | None
    next: str | None
    named: bool
    counted: bool


def health(store: Store, viewer: Viewer) -> HealthView:
    """Read the page."""
    found, dags = assess(store), viewer.readable_dags()
    counted = sees_all(store, dags)
    if dags is not None:
        found = replace(found, zones=tuple(replace(zone, steps=()) for zone in found.zones))
    if not counted:
        zones = tuple(replace(zone, findings={}) for zone in found.zones)
        found = replace(found, zones=zones, elsewhere={})
    levels = [None if level is None else with_article(level) for level in (found.level, found.next)]
    return HealthView(found, levels[0], levels[1], dags is None, counted)


def add_audit_health_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/audits/health", methods=READ)
    def page(viewer: CurrentViewer) -> Response:
        return site.page("audit_health.html", health(site.store(), viewer), root="../")

    @router.api_route("/api/v1/audits/health", methods=READ)
    def health_json(viewer: CurrentViewer) -> Response:
        return site.json(health(site.store(), viewer).maturity)
