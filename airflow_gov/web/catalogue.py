"""The catalogue: every dataset, by words and by filters, in pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from airflow_gov.model.catalogue import OUTSIDE, CataloguePage, FacetValue, Standing, Wanted
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import Zone
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter
    from starlette.responses import Response

    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer

#: Datasets on a page, and on an answer of the API at most.
PAGE, MOST = 50, 200

#: The facets as the page calls them: parameter → heading.
FACETS = {"zone": "Zone", "verdict": "Last verdict", "owner": "Owner", "tag": "Tag"}


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The page, and what it was asked for.

    :param wanted: the search.
    :param page: what was found.
    :param after: where the page begins; None on the first one.
    """

    wanted: Wanted
    page: CataloguePage
    after: str | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, by parameter."""
        standing = self.wanted.standing.value if self.wanted.standing is not None else None
        filters = {
            "zone": self.wanted.zone,
            "verdict": standing,
            "owner": self.wanted.owner,
            "tag": self.wanted.tag,
        }
        return {name: value for name, value in filters.items() if value is not None}

    def facets(self) -> Sequence[tuple[str, str, tuple[FacetValue, ...]]]:
        """Parameter, heading and values of each facet that has any."""
        return [
            (name, heading, self.page.facets[name])
            for name, heading in FACETS.items()
            if self.page.facets.get(name)
        ]

    def address(self, **changes: str | None) -> str:
        """The address of this search with other filters, from its first page.

        :param changes: parameters; None takes one away.
        """
        query = {"q": self.wanted.text or None, **self.chosen, **changes}
        told = urlencode({name: value for name, value in query.items() if value is not None})
        return f"catalogue?{told}" if told else "catalogue"


def wanted(q: str, zone: str | None, owner: str | None, tag: str | None, verdict: str | None) -> Wanted:
    """What a request looks for; a filter that is there and empty is none, but for the owner.

    :raises GovernanceError: ``PARAMETER_INVALID`` for a zone or a verdict that there is not.
    """
    zones, standings = (*(each.value for each in Zone), OUTSIDE), tuple(each.value for each in Standing)
    _check("zone", zone, zones)
    _check("verdict", verdict, standings)
    return Wanted(q.strip()[:500], zone or None, owner, tag or None, Standing(verdict) if verdict else None)


def _check(name: str, value: str | None, allowed: Sequence[str]) -> None:
    if value and value not in allowed:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, f"{name}: there is none of that name; name one of {', '.join(allowed)}."
        )


def catalogue(
    store: Store, viewer: Viewer, search: Wanted, after: str | None, limit: int = PAGE
) -> CatalogueView:
    """Read a page."""
    found = store.catalogue.page(search, dags=viewer.readable_dags(), after=after, limit=limit)
    return CatalogueView(search, found, after)


def add_catalogue_routes(router: APIRouter, site: Site) -> None:
    """Add the routes.

    :param router: guarded by its authentication.
    """

    @router.api_route("/catalogue", methods=READ)
    def catalogue_page(
        viewer: CurrentViewer,
        q: str = "",
        zone: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        verdict: str | None = None,
        after: str | None = None,
    ) -> Response:
        search = wanted(q, zone, owner, tag, verdict)
        return site.page(
            "catalogue.html", catalogue(site.store(), viewer, search, after or None), now=site.clock()
        )

    @router.api_route("/api/v1/catalogue", methods=READ)
    def catalogue_json(
        viewer: CurrentViewer,
        q: str = "",
        zone: str | None = None,
        owner: str | None = None,
        tag: str | None = None,
        verdict: str | None = None,
        after: str | None = None,
        limit: int = PAGE,
    ) -> Response:
        search = wanted(q, zone, owner, tag, verdict)
        limit = max(1, min(limit, MOST))
        return site.json(catalogue(site.store(), viewer, search, after or None, limit).page)
