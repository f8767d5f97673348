"""The page of the Lineage tab: an empty place that the bundle in ``static/lineage`` draws into.

What it shows is chosen by its address, which only the browser reads: ``dag_id``, with ``run_id``,
``task_id`` and ``map_index`` as far as the tab is one of those, or ``dataset``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.web.pages import render

if TYPE_CHECKING:
    from fastapi import APIRouter
    from fastapi.responses import HTMLResponse


def add_lineage_page(router: APIRouter) -> None:
    """Add ``/lineage``.

    :param router: a router that asks for authentication.
    """

    @router.api_route("/lineage", methods=["GET", "HEAD"], response_model=None)
    def lineage_page(dag_id: str | None = None) -> HTMLResponse:
        # A Dag's tab has Airflow's navigation around it already.
        return render("lineage.html", in_tab=dag_id is not None)
