"""The plugin: Governance in Airflow's navigation, and the pages behind it.

Airflow loads plugins into every process, each task's too. So nothing of the web application is
imported until its first request comes in, which happens in the API server only.
"""

from __future__ import annotations

import asyncio
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

from airflow_gov.listeners import delivery, lineage, runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from fastapi import FastAPI

    from airflow_gov.store import Store

URL_PREFIX = "/airflow-gov"


class GovernanceApp:
    """The web application (ASGI 3.0), made when the first request needs it."""

    def __init__(self, make: Callable[[], FastAPI]) -> None:
        self._make = make
        self._lock = Lock()
        self._app: FastAPI | None = None

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        # Importing all of it takes a second or two, in which Airflow's own pages are to be answered.
        app = self._app
        if app is None:
            app = await asyncio.to_thread(self._made)
        await app(scope, receive, send)

    def _made(self) -> FastAPI:
        with self._lock:
            if self._app is None:
                self._app = self._make()
            return self._app


class CurrentStore:
    """The store the Airflow connection names now: one engine, until the connection is changed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._url: str | None = None
        self._store: Store | None = None

    def __call__(self) -> Store:
        from airflow_gov.hooks.governance import GovernanceHook
        from airflow_gov.settings import Settings
        from airflow_gov.store import Store

        url = GovernanceHook().store_url()
        with self._lock:
            if self._store is None or url != self._url:
                if self._store is not None:
                    self._store.dispose()
                self._url, self._store = url, Store(url, zone_aliases=Settings.load().zone_aliases)
            return self._store


def _form_secret() -> bytes:
    """What only the API servers know, each of them the same."""
    from airflow.configuration import conf

    return conf.get("api", "secret_key").encode()


def _own_hosts() -> frozenset[str]:
    """Where people see Airflow, also where a proxy in front of it asks for another host."""
    from urllib.parse import urlsplit

    from airflow.configuration import conf

    return frozenset({urlsplit(conf.get("api", "base_url", fallback="")).netloc.lower()}) - {""}


def _make_app() -> FastAPI:
    from airflow.providers.openlineage import conf

    from airflow_gov.plugins.viewing import viewer
    from airflow_gov.settings import Settings
    from airflow_gov.web import create_app
    from airflow_gov.web.forms import Forms

    return create_app(
        store=CurrentStore(),
        viewer=viewer,
        own_namespace=conf.namespace(),
        zone_aliases=cache(lambda: Settings.load().zone_aliases),
        contracts_folder=cache(lambda: Settings.load().contracts_folder),
        forms=Forms(_form_secret, _own_hosts),
    )


# A tab per kind of page: its route, and what Airflow fills in of its address.
_LINEAGE_TABS = {
    "dag": ("lineage", "dag_id={DAG_ID}"),
    "dag_run": ("lineage-of-run", "dag_id={DAG_ID}&run_id={RUN_ID}"),
    "task": ("lineage-of-task", "dag_id={DAG_ID}&task_id={TASK_ID}"),
    "task_instance": (
        "lineage-of-task-instance",
        "dag_id={DAG_ID}&run_id={RUN_ID}&task_id={TASK_ID}&map_index={MAP_INDEX}",
    ),
}


class GovernancePlugin(AirflowPlugin):
    """Governance in Airflow's navigation, its pages under ``/airflow-gov``, and the listeners."""

    name = "airflow_gov"
    # These attributes are lists because Airflow removes from them what it cannot use.
    listeners = [lineage, delivery, runs]  # noqa: RUF012
    fastapi_apps = [  # noqa: RUF012
        {"name": "Airflow Governance", "url_prefix": URL_PREFIX, "app": GovernanceApp(_make_app)},
    ]
    external_views = [  # noqa: RUF012
        {
            # Without a leading slash: resolved through <base>, so that Airflow's base path is kept.
            "name": "Governance",
            "href": "airflow-gov/overview",
            "url_route": "governance",
            "destination": "nav",
            "nav_top_level": True,
            "icon": "airflow-gov/static/governance.svg",
        },
        *(
            {
                "name": "Lineage",
                "href": f"airflow-gov/lineage?{query}",
                "url_route": route,
                "destination": destination,
                "icon": "airflow-gov/static/lineage.svg",
                "icon_dark_mode": "airflow-gov/static/lineage-dark.svg",
            }
            for destination, (route, query) in _LINEAGE_TABS.items()
        ),
    ]
