"""The page Governance opens with: every zone in numbers, and what asks for somebody's attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import HTTPException
from fastapi.responses import RedirectResponse, Response

from airflow_gov.model.audits import AuditState
from airflow_gov.model.findings import OPEN_STATES, FindingsWanted, Severity
from airflow_gov.model.verdicts import Review, ReviewState
from airflow_gov.model.zones import Zone
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fastapi import APIRouter

    from airflow_gov.model.catalogue import Entry, ZoneFigures
    from airflow_gov.model.uses import TaskTry
    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer

#: How many of each list are shown.
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Publication:
    """A current version, and who published it.

    :param entry: the dataset.
    :param by: the execution; None where the viewer may not read its Dag, or it is not known.
    """

    entry: Entry
    by: TaskTry | None


@dataclass(frozen=True, slots=True)
class LineageHealth:
    """Whether lineage comes in.

    :param last_event_at: when the newest event that the viewer may see happened.
    :param dead_letters: events that could not be taken in.
    """

    last_event_at: datetime | None
    dead_letters: int


@dataclass(frozen=True, slots=True)
class AuditHealth:
    """Whether the lake is audited, and what that left to do.

    :param ended_at: when the newest audit that finished did.
    :param open: findings that wait for somebody, by severity, the worst first.
    """

    ended_at: datetime | None
    open: Mapping[Severity, int]

    @property
    def total(self) -> int:
        """How many wait for somebody."""
        return sum(self.open.values())


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole page.

    :param zones: every zone, in the order in which data moves.
    :param reviews: versions that stewards are to confirm, the nearest deadline first.
    :param failed: datasets whose newest verdict failed, newest first.
    :param overdue: datasets older than their contract promises, the longest overdue first.
    :param recent: current versions, newest first.
    :param lineage: whether lineage comes in.
    :param audits: what audits left to do.
    """

    zones: tuple[ZoneFigures, ...]
    reviews: tuple[Review, ...]
    failed: tuple[Entry, ...]
    overdue: tuple[Entry, ...]
    recent: tuple[Publication, ...]
    lineage: LineageHealth
    audits: AuditHealth

    @property
    def empty(self) -> bool:
        """Whether the lake has no dataset at all."""
        return not any(zone.datasets for zone in self.zones)


def overview(store: Store, viewer: Viewer, now: datetime) -> Overview:
    """Read the page."""
    dags = viewer.readable_dags()
    reviews = sorted(store.reviews.list(state=ReviewState.OPEN), key=lambda review: review.deadline)
    return Overview(
        zones=tuple(store.catalogue.zones(now)),
        reviews=tuple(reviews[:_SHOWN]),
        failed=tuple(store.catalogue.failed(_SHOWN)),
        overdue=tuple(store.catalogue.overdue(now, _SHOWN)),
        recent=_recent(store, dags),
        lineage=LineageHealth(
            store.lineage.read.nodes.last_event_at(dags=dags), store.lineage.count_dead_letters()
        ),
        audits=_audits(store, dags),
    )


def _audits(store: Store, dags: frozenset[str] | None) -> AuditHealth:
    last = store.audits.runs(1, state=AuditState.FINISHED)
    waiting = store.audits.findings.counts(FindingsWanted(states=OPEN_STATES, dags=dags))
    return AuditHealth(last[0].ended_at if last else None, waiting)


def _recent(store: Store, dags: frozenset[str] | None) -> tuple[Publication, ...]:
    entries = store.catalogue.recent(_SHOWN)
    versions = {
        entry.dataset: store.versions.get(entry.dataset, entry.version)
        for entry in entries
        if entry.version is not None
    }
    publishers = {
        name: version.execution_id for name, version in versions.items() if version and version.execution_id
    }
    tries = store.uses.tries(set(publishers.values()), dags=dags)
    return tuple(Publication(entry, tries.get(publishers.get(entry.dataset, ""))) for entry in entries)


def add_overview_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/", methods=READ)
    def start() -> Response:
        return RedirectResponse("overview")

    @router.api_route("/zones", methods=READ)
    def zones(zone: str | None = None) -> Response:
        """Where the zones were before; addresses of theirs are in people's bookmarks."""
        if zone is None:
            return RedirectResponse("overview")
        if zone not in Zone._value2member_map_:
            raise HTTPException(404, f"There is no zone {zone!r}: the zones are {', '.join(Zone)}.")
        return RedirectResponse(f"catalogue?zone={zone}")

    @router.api_route("/overview", methods=READ)
    def overview_page(viewer: CurrentViewer) -> Response:
        return site.page("overview.html", overview(site.store(), viewer, site.clock()))

    @router.api_route("/api/v1/overview", methods=READ)
    def overview_json(viewer: CurrentViewer) -> Response:
        return site.json(overview(site.store(), viewer, site.clock()))
