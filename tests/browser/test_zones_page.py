"""Governance → Zones inside a running Airflow, as a person meets it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Frame, Page, expect

from support.published import DATASETS

from .conftest import AirflowServer

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
PATHS = (
    "/airflow-gov/",
    "/airflow-gov/zones",
    "/airflow-gov/zones?zone=gold",
    "/airflow-gov/api/v1/zones",
    "/airflow-gov/static/host.js",
    "/airflow-gov/static/governance.css",
    "/airflow-gov/openapi.json",
    "/airflow-gov/docs",
    "/airflow-gov/nothing",
)
#: The colour Airflow paints its own pages with.
PAGE_COLOUR = """() => {
  const probe = document.body.appendChild(document.createElement("div"));
  probe.style.background = "var(--chakra-colors-bg)";
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}"""


@pytest.fixture
def airflow(airflow_server: AirflowServer, page: Page) -> AirflowServer:
    """The server, with the page logged in."""
    airflow_server.login(page)
    return airflow_server


def open_zones(page: Page) -> Frame:
    """Click through Airflow's own navigation."""
    page.get_by_role("link", name="Governance").click()
    return shown(page)


def shown(page: Page) -> Frame:
    """The page in the iframe, once it is there."""
    page.frame_locator("iframe").get_by_role("heading", name="Zones").wait_for()
    (frame,) = page.main_frame.child_frames
    return frame


def choose(page: Page, **stored: str) -> None:
    """What Airflow's own menus store, taken up by a reload."""
    page.evaluate("stored => Object.entries(stored).forEach(([k, v]) => localStorage.setItem(k, v))", stored)
    page.reload()


def fit(page: Page, width: int, height: int) -> Frame:
    """Make the iframe that big."""
    frame = shown(page)
    inner = frame.evaluate("[innerWidth, innerHeight]")
    outer = page.viewport_size
    assert outer
    page.set_viewport_size(
        {"width": outer["width"] - inner[0] + width, "height": outer["height"] - inner[1] + height}
    )
    inner = frame.evaluate("[innerWidth, innerHeight]")
    if inner != [width, height]:  # Airflow's own navigation is narrower in small windows
        outer = page.viewport_size
        assert outer
        page.set_viewport_size(
            {"width": outer["width"] - inner[0] + width, "height": outer["height"] - inner[1] + height}
        )
    assert frame.evaluate("[innerWidth, innerHeight]") == [width, height]
    return frame


def axe(frame: Frame) -> list[Any]:
    """What axe-core finds, with where."""
    frame.evaluate(AXE.read_text("utf-8"))
    found = frame.evaluate("axe.run()")["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_governance_zones_is_in_airflows_navigation(airflow: AirflowServer, page: Page) -> None:
    frame = open_zones(page)
    assert page.url == f"{airflow.url}/plugin/governance/airflow-gov/zones"
    expect(page.get_by_role("link", name="Governance").locator("img")).to_be_visible()
    icon = page.get_by_role("link", name="Governance").locator("img")
    assert icon.evaluate("image => image.naturalWidth") > 0
    rows = frame.get_by_role("row")
    expect(rows).to_have_count(1 + len(DATASETS) + 1)
    flights = frame.get_by_role("row", name="clean.flights")
    expect(flights).to_contain_text("v3")
    expect(flights).to_contain_text("327,346")
    expect(flights).to_contain_text("Failed")
    expect(flights).to_contain_text("1 hour ago")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_wears_airflows_theme(airflow: AirflowServer, page: Page, theme: str) -> None:
    choose(page, theme=theme)
    frame = open_zones(page)
    look = "getComputedStyle(document.documentElement)"
    assert frame.evaluate("document.documentElement.className") == theme
    assert frame.evaluate(f"{look}.colorScheme") == theme
    ours = frame.evaluate(f"{look}.backgroundColor")
    assert ours == page.evaluate(PAGE_COLOUR)
    assert frame.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")


def test_it_follows_a_change_of_theme_at_once(airflow: AirflowServer, page: Page) -> None:
    choose(page, theme="light")
    frame = open_zones(page)
    before = frame.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.evaluate("document.documentElement.className = 'dark'")
    frame.wait_for_function("document.documentElement.className === 'dark'")
    assert frame.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before


def test_the_theme_is_there_before_the_first_paint(airflow: AirflowServer, page: Page) -> None:
    """The script that sets it is in the head, blocks, and is before the style sheet."""
    choose(page, theme="dark")
    frame = open_zones(page)
    scripts = frame.locator("head > script")
    assert scripts.evaluate_all("all => all.map(s => [s.async, s.defer, s.type])") == [[False, False, ""]]
    order = frame.locator("head > script, head > link[rel=stylesheet]")
    assert order.evaluate_all("all => all.map(e => e.localName)") == ["script", "link"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "size", [(1112, 607), (696, 792), (526, 489)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_axe_finds_nothing(airflow: AirflowServer, page: Page, theme: str, size: tuple[int, int]) -> None:
    choose(page, theme=theme)
    open_zones(page)
    assert axe(fit(page, *size)) == []


@pytest.mark.parametrize("size", [(1112, 607), (936, 557), (720, 600), (719, 600), (526, 489), (320, 480)])
def test_it_never_scrolls_sideways(airflow: AirflowServer, page: Page, size: tuple[int, int]) -> None:
    open_zones(page)
    frame = fit(page, *size)
    assert frame.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_a_narrow_table_keeps_its_meaning(airflow: AirflowServer, page: Page) -> None:
    open_zones(page)
    frame = fit(page, 526, 489)
    expect(frame.get_by_role("columnheader")).to_have_count(7)
    flights = frame.get_by_role("row", name="clean.flights")
    expect(flights.get_by_role("cell")).to_have_count(6)
    assert (
        flights.get_by_role("cell").first.evaluate("cell => getComputedStyle(cell, '::before').content")
        == '"Version"'
    )


def test_a_zone_narrows_the_list_and_stays_in_the_address(airflow: AirflowServer, page: Page) -> None:
    frame = open_zones(page)
    frame.get_by_role("link", name="gold", exact=True).click()
    page.wait_for_url("**/plugin/governance/airflow-gov/zones?zone=gold")
    page.reload()
    frame = shown(page)
    expect(frame.get_by_role("row")).to_have_count(3)
    frame.get_by_role("link", name="All zones").click()
    page.wait_for_url("**/plugin/governance/airflow-gov/zones")


def test_a_dataset_leads_to_its_asset_and_back(airflow: AirflowServer, page: Page) -> None:
    frame = open_zones(page)
    page.evaluate("window.sameDocument = true")
    frame.get_by_role("link", name="gold.punctuality").click()
    page.wait_for_url("**/assets?name_pattern=gold.punctuality")
    assert page.evaluate("window.sameDocument") is True
    expect(page.get_by_role("heading", name="0 Assets")).to_be_visible()
    page.go_back()
    shown(page)


def test_it_works_by_keyboard(airflow: AirflowServer, page: Page) -> None:
    frame = open_zones(page)
    frame.get_by_role("link", name="Refresh").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    assert frame.evaluate(f"{focused}.textContent") == "raw"
    assert frame.evaluate(f"getComputedStyle({focused}, '::after').outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/zones?zone=raw")


def test_figures_are_in_the_persons_language(airflow: AirflowServer, page: Page) -> None:
    choose(page, i18nextLng="de")
    page.locator("html[lang=de]").wait_for()
    frame = shown_governance(page, airflow)
    flights = frame.get_by_role("row", name="clean.flights")
    expect(flights).to_contain_text("327.346")
    expect(flights).to_contain_text("vor 1 Stunde")
    expect(flights).to_contain_text("9,1 MB")


def test_right_to_left(airflow: AirflowServer, page: Page) -> None:
    choose(page, i18nextLng="ar")
    page.locator("html[dir=rtl]").wait_for()
    frame = shown_governance(page, airflow)
    assert frame.evaluate("document.documentElement.dir") == "rtl"
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def shown_governance(page: Page, airflow: AirflowServer) -> Frame:
    page.goto(f"{airflow.url}/plugin/governance")
    return shown(page)


@pytest.mark.parametrize("path", PATHS)
def test_strangers_see_nothing(airflow_server: AirflowServer, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
        assert airflow_server.request(method, path) == (401, {"detail": "Not authenticated"})


def test_a_viewer_reads_by_token_and_by_page(airflow_server: AirflowServer, page: Page) -> None:
    status, answer = airflow_server.request(
        "GET", "/airflow-gov/api/v1/zones", token=airflow_server.token("vic")
    )
    assert status == 200
    assert len(answer["datasets"]) == len(DATASETS) + 1
    airflow_server.login(page, "vic")
    open_zones(page)


def test_a_forged_token_is_refused(airflow_server: AirflowServer) -> None:
    token = airflow_server.token()[:-4] + "AAAA"
    assert airflow_server.request("GET", "/airflow-gov/api/v1/zones", token=token)[0] in (401, 403)


def test_an_ended_session_says_so_in_the_colours_of_airflow(airflow: AirflowServer, page: Page) -> None:
    choose(page, theme="dark")
    frame = open_zones(page)
    page.context.clear_cookies()
    frame.get_by_role("link", name="Refresh").click()
    expect(page.frame_locator("iframe").get_by_role("heading", name="Session ended")).to_be_visible()
    (frame,) = page.main_frame.child_frames
    assert frame.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.fixture
def store_elsewhere(airflow_server: AirflowServer) -> Iterator[None]:
    """The connection names a server that is not there."""
    token = airflow_server.token()
    connection = {
        "connection_id": "airflow_gov_default",
        "conn_type": "airflow_gov",
        "host": "127.0.0.1",
        "port": 1,
        "schema": "governance",
        "login": "gov",
        "password": "hunter2",
    }
    assert airflow_server.request("POST", "/api/v2/connections", connection, token=token)[0] == 201
    yield
    path = "/api/v2/connections/airflow_gov_default"
    assert airflow_server.request("DELETE", path, token=token)[0] == 204


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_store_that_is_down_is_a_banner(
    airflow: AirflowServer, page: Page, store_elsewhere: None, theme: str
) -> None:
    choose(page, theme=theme)
    frame = open_zones(page)
    banner = frame.get_by_role("alert")
    expect(banner).to_contain_text("The governance store cannot be read.")
    expect(banner).to_contain_text("127.0.0.1")
    expect(banner).not_to_contain_text("hunter2")
    assert axe(frame) == []


def test_the_connection_form_and_its_test_button(airflow_server: AirflowServer) -> None:
    token = airflow_server.token()
    status, kinds = airflow_server.request("GET", "/ui/connections/hook_meta", token=token)
    assert status == 200
    (ours,) = [kind for kind in kinds if kind["connection_type"] == "airflow_gov"]
    assert ours["hook_name"] == "Airflow Governance store"
    assert set(ours["extra_fields"]) == {"drivername", "sslmode"}
    assert ours["standard_fields"]["url_schema"]["title"].startswith("Database")
    wanted = {
        "connection_id": "airflow_gov_default",
        "conn_type": "airflow_gov",
        "schema": f"{airflow_server.home}/airflow_gov/governance.db",
        "extra": '{"drivername": "sqlite"}',
    }
    status, answer = airflow_server.request("POST", "/api/v2/connections/test", wanted, token=token)
    assert status == 200
    assert answer["status"] is True, answer
    assert "schema revision" in answer["message"]
