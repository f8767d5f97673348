"""The catalogue: every dataset, by words and by filters, in pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import Depends

from airflow_gov.catalog.gaps import find_gaps
from airflow_gov.model.catalogue import (
    OUTSIDE,
    UNUSED_DAYS,
    CataloguePage,
    FacetValue,
    Gap,
    Standing,
    Wanted,
)
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.zones import Zone
from airflow_gov.web.access import CurrentViewer
from airflow_gov.web.site import READ, Site

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fastapi import APIRouter
    from starlette.responses import Response

    from airflow_gov.store import Store
    from airflow_gov.web.access import Viewer

#: Datasets on a page, and on an answer of the API at most.
PAGE, MOST = 50, 200

#: A hundred years: nothing is older.
_MOST_DAYS = 36_500

#: The facets as the page calls them: parameter → heading.
FACETS = {"zone": "Zone", "verdict": "Last verdict", "gap": "Gaps", "owner": "Owner", "tag": "Tag"}


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """The page, and what it was asked for.

    :param wanted: the search.
    :param page: what was found.
    :param after: where the page begins; None on the first one.
    :param unused_days: after how many days without a read a dataset is unused.
    """

    wanted: Wanted
    page: CataloguePage
    after: str | None = None
    unused_days: int = UNUSED_DAYS

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set, by parameter."""
        standing = self.wanted.standing.value if self.wanted.standing is not None else None
        gap = next(iter(self.wanted.gaps), None)
        filters = {
            "zone": self.wanted.zone,
            "verdict": standing,
            "gap": gap.value if gap is not None else None,
            "owner": self.wanted.owner,
            "tag": self.wanted.tag,
        }
        return {name: value for name, value in filters.items() if value is not None}

    @property
    def filters(self) -> dict[str, str]:
        """The filters, and what they rest on where that was chosen too."""
        days = {} if self.unused_days == UNUSED_DAYS else {"unused_days": str(self.unused_days)}
        return {**self.chosen, **days}

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
        query = {"q": self.wanted.text or None, **self.filters, **changes}
        told = urlencode({name: value for name, value in query.items() if value is not None})
        return f"catalogue?{told}" if told else "catalogue"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as FastAPI reads it from the address.

    A filter that is there and empty is none, but for the owner: that is those without one.

    :param q: words.
    :param zone: a zone, or :data:`OUTSIDE`.
    :param owner: an owner.
    :param tag: a tag.
    :param verdict: what became of the newest verdict.
    :param gap: what it lacks.
    :param unused_days: after how many days without a read it is unused.
    :param after: where the page begins.
    """

    q: str = ""
    zone: str | None = None
    owner: str | None = None
    tag: str | None = None
    verdict: str | None = None
    gap: str | None = None
    unused_days: int = UNUSED_DAYS
    after: str | None = None

    def wanted(self, now: datetime) -> Wanted:
        """What is looked for.

        :raises GovernanceError: ``PARAMETER_INVALID`` for a value that a filter has not.
        """
        _check("zone", self.zone, (*(each.value for each in Zone), OUTSIDE))
        _check("verdict", self.verdict, tuple(each.value for each in Standing))
        _check("gap", self.gap, tuple(each.value for each in Gap))
        return Wanted(
            self.q.strip()[:500],
            self.zone or None,
            self.owner,
            self.tag or None,
            Standing(self.verdict) if self.verdict else None,
            frozenset({Gap(self.gap)} if self.gap else ()),
            now - timedelta(days=max(0, min(self.unused_days, _MOST_DAYS))),
        )


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
    def catalogue_page(viewer: CurrentViewer, asked: Annotated[Asked, Depends()]) -> Response:
        now = site.clock()
        found = catalogue(site.store(), viewer, asked.wanted(now), asked.after or None)
        return site.page("catalogue.html", replace(found, unused_days=asked.unused_days), now=now)

    @router.api_route("/api/v1/catalogue/gaps", methods=READ)
    def gaps_json(viewer: CurrentViewer, asked: Annotated[Asked, Depends()], limit: int = PAGE) -> Response:
        limit, search = max(1, min(limit, MOST)), asked.wanted(site.clock())
        found = find_gaps(
            site.store(), search, dags=viewer.readable_dags(), after=asked.after or None, limit=limit
        )
        return site.json(found)

    @router.api_route("/api/v1/catalogue", methods=READ)
    def catalogue_json(
        viewer: CurrentViewer, asked: Annotated[Asked, Depends()], limit: int = PAGE
    ) -> Response:
        limit = max(1, min(limit, MOST))
        search = asked.wanted(site.clock())
        return site.json(catalogue(site.store(), viewer, search, asked.after or None, limit).page)
