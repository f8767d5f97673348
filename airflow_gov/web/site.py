"""What all pages share: the store, the clock, and how a page and its JSON are answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi.responses import JSONResponse

from airflow_gov.model.serde import to_plain
from airflow_gov.web.forms import Forms
from airflow_gov.web.pages import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.responses import Response

    from airflow_gov.store import Store

#: The methods of every route but the ingestion of lineage.
READ = ["GET", "HEAD"]


@dataclass
class Site:
    """The application as its pages see it.

    :param store: gives the governance store; called once per request.
    :param clock: gives the time.
    :param zone_aliases: gives the other words for zones in contracts.
    :param contracts_folder: gives the folder of contracts in a Dag bundle.
    :param forms: what forms are signed with.
    :param last_read: when a page was last answered from the store, for the page that says it cannot be read.
    """

    store: Callable[[], Store]
    clock: Callable[[], datetime]
    zone_aliases: Callable[[], Mapping[str, str]] = dict
    contracts_folder: Callable[[], str] = lambda: "contracts"
    forms: Forms = field(default_factory=Forms)
    last_read: datetime | None = None

    def page(self, template: str, view: Any, *, root: str = "", **context: Any) -> Response:
        """A page of what was just read.

        :param template: its file in ``templates/``.
        :param view: what it shows.
        :param root: from the page's address to the application's start, e.g. ``../``.
        """
        self.last_read = self.clock()
        return render(template, root=root, view=view, read_at=self.last_read, **context)

    def json(self, view: Any) -> Response:
        """The same for programs."""
        self.last_read = self.clock()
        return JSONResponse(to_plain(view))
