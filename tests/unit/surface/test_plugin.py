"""The plugin: what Airflow loads into every process, and what it costs there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow import plugins_manager

from airflow_gov.listeners import delivery, lineage, runs
from airflow_gov.plugins.governance import CurrentStore, GovernanceApp, GovernancePlugin
from airflow_gov.settings import STORE_CONNECTION_VARIABLE

HEAVY = (
    "alembic", "boto3", "duckdb", "fastapi", "great_expectations", "ibis", "jinja2", "numpy", "pandas",
    "polars", "pyarrow", "pyiceberg", "sqlalchemy", "starlette",
)  # fmt: skip


def test_airflow_loads_it() -> None:
    plugins_manager.ensure_plugins_loaded() if hasattr(plugins_manager, "ensure_plugins_loaded") else None
    info = {plugin["name"]: plugin for plugin in plugins_manager.get_plugin_info()}["airflow_gov"]
    assert [app["url_prefix"] for app in info["fastapi_apps"]] == ["/airflow-gov"]
    assert [(view["name"], view["destination"]) for view in info["external_views"]] == [
        ("Governance", "nav"),
        ("Lineage", "dag"),
        ("Lineage", "dag_run"),
        ("Lineage", "task"),
        ("Lineage", "task_instance"),
    ]
    assert info["listeners"] == [lineage.__name__, delivery.__name__, runs.__name__]
    assert "airflow_gov" not in str(plugins_manager.get_import_errors())


@pytest.mark.parametrize("view", GovernancePlugin.external_views, ids=lambda view: view["url_route"])
def test_every_page_follows_airflows_base_path(view: dict[str, str]) -> None:
    for address in (view["href"], view["icon"], view.get("icon_dark_mode", "")):
        assert not address.startswith("/")


def test_every_page_has_a_route_of_its_own() -> None:
    routes = [view["url_route"] for view in GovernancePlugin.external_views]
    assert len(set(routes)) == len(routes)


@pytest.mark.parametrize(
    ("module", "already"),
    [
        ("airflow_gov.plugins.governance", "airflow.plugins_manager, airflow.listeners"),
        ("airflow_gov.hooks.governance", "airflow.sdk, airflow.sdk.bases.hook, airflow.sdk.exceptions"),
        ("airflow_gov.settings", "json"),
        ("airflow_gov.get_provider_info", "json"),
    ],
)
def test_loading_it_loads_nothing_heavy(module: str, already: str) -> None:
    script = (
        f"import sys, {already}\n"
        "from airflow.sdk import BaseHook\n"
        * already.startswith("airflow")
        + f"import sys; before = set(sys.modules); import {module}\n"
        + f"print(sorted((set(sys.modules) - before) & set({HEAVY!r})))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_settings_are_read_without_airflow() -> None:
    script = (
        "import sys, airflow_gov.settings as s; s.Settings.load()\n"
        "print([name for name in sys.modules if name.partition('.')[0] == 'airflow'])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.fixture
def current() -> Iterator[CurrentStore]:
    current = CurrentStore()
    yield current
    current().dispose()


def test_the_pages_read_the_store_the_connection_names_now(
    current: CurrentStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def point_to(name: str) -> None:
        path = str(tmp_path / name).replace("/", "%2F")
        monkeypatch.setenv(STORE_CONNECTION_VARIABLE, f"airflow-gov:///{path}?drivername=sqlite")

    point_to("one.db")
    one = current()
    assert current() is one
    point_to("two.db")
    assert current().address.endswith("two.db")


def test_the_application_is_made_once_while_others_are_answered() -> None:
    made, answered = [], []
    begun, go_on = threading.Event(), threading.Event()

    async def answer(scope: Any, *_: Any) -> None:
        answered.append(scope["number"])

    def make() -> Any:
        made.append(1)
        begun.set()
        assert go_on.wait(30)
        return answer

    async def ask() -> None:
        app: Any = GovernanceApp(make)
        asked = asyncio.gather(*(app({"number": number}, None, None) for number in range(2)))
        while not begun.is_set():
            # A loop that makes the application itself would never come here.
            await asyncio.sleep(0.01)
        go_on.set()
        await asked

    asyncio.run(asyncio.wait_for(ask(), 60))
    assert made == [1]
    assert sorted(answered) == [0, 1]
