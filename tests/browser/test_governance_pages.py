"""Governance inside a running Airflow, as a person meets it: overview, catalogue, datasets, executions."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Error, Frame, Page, Route, expect

from airflow_gov.contracts import parse_contract
from airflow_gov.model.execution import Status
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store import Store
from support import lineage_graphs, records, reports
from support.framed import fit, frame_of
from support.published import DATASETS

from .conftest import AirflowServer

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
#: A folder for pictures of the pages; none are kept where it is not named.
SCREENSHOTS = os.environ.get("AIRFLOW_GOV_SCREENSHOTS")
HOSTILE = "<img src=x onerror=\"document.title='run'\"> '); DROP TABLE x;-- \u202e名前"
#: Datasets of the lake, one with a contract alone, and what the lineage of a shop adds.
KNOWN = len(DATASETS) + 1 + len(lineage_graphs.tasks()) + 4
#: Every kind of page, with something on it.
PAGES = {
    "overview": "overview",
    "catalogue": "catalogue",
    "found": "catalogue?q=flights&verdict=failed",
    "gaps": "catalogue?gap=undocumented",
    "schema": "datasets/clean.flights",
    "versions": "datasets/clean.flights/versions",
    "lineage": "datasets/gold.customer_value/lineage",
    "quality": "datasets/clean.flights/quality",
    "executions": "datasets/clean.flights/executions",
    "files": "datasets/clean.flights/files",
    "outside": "catalogue?zone=outside",
    "execution": "executions/told",
    "proposal": "datasets/clean.flights/propose?column=passenger&description=Who+flew%3A+%3Cb%3E&owner=eva",
    "refusal": "datasets/clean.flights/propose",
    "missing": "datasets/clean.nothing",
}
#: Sizes of the iframe; at the last one of each theme the page is looked at closely.
SIZES = {"light": ((320, 480), (720, 600), (1112, 607)), "dark": ((526, 489),)}
CONTRACT = f"""
apiVersion: v3.1.0
kind: DataContract
id: flights
version: 2.0.0
status: active
description: {{purpose: "Flights that took off."}}
team: [{{username: "Flight operations", role: owner}}]
slaProperties: [{{property: freshness, value: 30, unit: m}}]
schema:
- name: flights
  physicalName: clean.flights
  properties:
  - name: flight_id
    logicalType: integer
    physicalType: long
    required: true
    primaryKey: true
    description: Its number
  - name: passenger
    logicalType: string
    physicalType: string
    classification: restricted
    tags: ['pii:name']
  - name: note
    logicalType: string
    physicalType: string
    description: {json.dumps(HOSTILE)}
"""
#: The colour Airflow paints its own pages with.
PAGE_COLOUR = """() => {
  const probe = document.body.appendChild(document.createElement("div"));
  probe.style.background = "var(--chakra-colors-bg)";
  const colour = getComputedStyle(probe).backgroundColor;
  probe.remove();
  return colour;
}"""


@pytest.fixture(scope="module")
def governed(airflow_server: AirflowServer) -> AirflowServer:
    """The server, with executions, a history of quality, a contract and lineage in its store."""
    store = Store(f"sqlite:///{airflow_server.home}/airflow_gov/governance.db")
    now = datetime.now(UTC)
    store.contracts.put(parse_contract(CONTRACT, DatasetName.parse("clean.flights"), "flights.odcs.yaml"))
    failed = {"status": Status.FAILED, "error_type": "ValueError", "error_message": HOSTILE}
    told = records.finished("told", start=now, end=now + timedelta(seconds=9), meaning=HOSTILE, **failed)
    with store.transaction():
        store.executions.finish(told)
        for number in range(60):
            at = now - timedelta(hours=number)
            store.executions.finish(records.finished(f"e{number}", start=at, end=at + timedelta(seconds=5)))
        for verdict in reports.history(40):
            store.verdicts.record(verdict)
        lineage_graphs.fill_lineage(store)
    store.dispose()
    return airflow_server


class Governance:
    """The pages in Airflow's window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, path: str = "overview") -> Frame:
        """As Airflow opens an address that somebody kept."""
        self.page.goto(self.address(path))
        return self.frame

    def address(self, path: str) -> str:
        """Where Airflow shows a page."""
        return f"{self.url}/plugin/governance/airflow-gov/{path}"

    @contextmanager
    def held(self, addresses: str) -> Iterator[None]:
        """Within, Airflow waits for what it asks for at these addresses."""
        waiting: list[Route] = []
        holding = True
        self.page.route(addresses, lambda route: waiting.append(route) if holding else route.continue_())
        try:
            yield
        finally:
            holding = False
            with suppress(Error):  # a window that has been closed waits for nothing
                for route in waiting:
                    route.continue_()

    def open_before_its_words(self, path: str, language: str) -> None:
        """As :meth:`open`, with Airflow drawn before the words of its language have come.

        What is drawn then listens, and sets ``lang`` and ``dir`` of the document. Airflow is drawn once it
        has its settings; where they come before it has begun to load a language, only after the words.
        """
        self.choose(i18nextLng=language)
        with self.held("**/i18n/**"):
            with (
                self.held("**/ui/config"),
                self.page.expect_request(lambda request: f"/locales/{language}/" in request.url),
            ):
                self.page.goto(self.address(path))
            self.page.locator("iframe").wait_for()

    def go(self, path: str) -> Frame:
        """Another page in the same window."""
        self.frame.goto(f"{self.url}/airflow-gov/{path}")
        return self.frame

    @property
    def frame(self) -> Frame:
        """What is shown, once it is there."""
        return frame_of(self.page)

    def choose(self, **stored: str) -> None:
        """What Airflow's own menus store."""
        script = f"Object.entries({stored}).forEach(([k, v]) => localStorage.setItem(k, v))"
        self.page.add_init_script(script)

    def fit(self, width: int, height: int) -> None:
        """Make the iframe that big, whatever Airflow's own navigation takes."""
        fit(self.page, lambda: list(self.frame.evaluate("[innerWidth, innerHeight]")), width, height)

    def violations(self) -> list[Any]:
        """What axe-core finds, with where."""
        self.frame.evaluate(AXE.read_text("utf-8"))
        found = self.frame.evaluate("axe.run()")["violations"]
        return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]

    def picture(self, name: str) -> None:
        """Keep what is seen, where that is asked for."""
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SCREENSHOTS) / f"governance-{name}.png")


@pytest.fixture
def governance(governed: AirflowServer, page: Page) -> Governance:
    """For somebody with the rights of a viewer."""
    governed.let_in(page.context, "vic")
    return Governance(page, governed.url)


def test_it_is_in_airflows_navigation(governed: AirflowServer, governance: Governance) -> None:
    page = governance.page
    page.goto(governed.url)
    page.get_by_role("link", name="Governance").click()
    frame = governance.frame
    page.wait_for_url(f"{governed.url}/plugin/governance/airflow-gov/overview")
    icon = page.get_by_role("link", name="Governance").locator("img")
    assert icon.evaluate("image => image.naturalWidth") > 0
    tiles = frame.locator(".zone")
    expect(tiles).to_have_count(len(Zone))
    expect(tiles.nth(2)).to_contain_text("2 datasets")
    expect(tiles.nth(2)).to_contain_text("1 failed")
    expect(frame.get_by_role("region", name="Overdue")).to_contain_text("clean.flights")
    expect(frame.get_by_role("region", name="Lineage")).to_contain_text("The last event came")


def test_from_a_zone_to_a_dataset_to_an_execution_to_airflows_own_page(governance: Governance) -> None:
    page, frame = governance.page, governance.open()
    frame.get_by_role("link", name="clean", exact=True).click()
    page.wait_for_url("**/plugin/governance/airflow-gov/catalogue?zone=clean")
    rows = governance.frame.get_by_role("row")
    expect(rows).to_have_count(3)
    governance.frame.get_by_role("link", name="clean.flights").click()
    page.wait_for_url("**/plugin/governance/airflow-gov/datasets/clean.flights")
    governance.frame.get_by_role("link", name="Executions").click()
    page.wait_for_url("**/datasets/clean.flights/executions")
    expect(governance.frame.get_by_role("row")).to_have_count(51)
    governance.frame.get_by_role("link", name="Next page").click()
    page.wait_for_url("**/executions?after=*")
    expect(governance.frame.get_by_role("row")).to_have_count(12)
    governance.frame.get_by_role("rowheader").first.get_by_role("link").click()
    page.wait_for_url("**/plugin/governance/airflow-gov/executions/e*")
    expect(governance.frame.get_by_role("heading", level=1)).to_have_text("SQL to Iceberg")
    page.evaluate("window.sameDocument = true")
    governance.frame.get_by_role("link", name="Run scheduled__2026-03-01").click()
    page.wait_for_url("**/dags/flights/runs/scheduled__2026-03-01")
    assert page.evaluate("window.sameDocument") is True
    page.go_back()
    expect(governance.frame.get_by_role("heading", level=1)).to_have_text("SQL to Iceberg")


def test_the_catalogue_is_searched_and_keeps_its_address(governance: Governance) -> None:
    page, frame = governance.page, governance.open("catalogue")
    expect(frame.get_by_role("heading", name="Datasets")).to_have_text(f"Datasets {KNOWN}")
    expect(frame.get_by_role("row")).to_have_count(1 + 50)
    search = frame.get_by_role("searchbox")
    search.fill("flight_id")
    search.press("Enter")
    page.wait_for_url("**/catalogue?q=flight_id")
    page.reload()
    expect(governance.frame.get_by_role("row")).to_have_count(2)
    expect(governance.frame.get_by_role("searchbox")).to_have_value("flight_id")
    governance.frame.get_by_role("link", name="Failed").first.click()
    page.wait_for_url("**/catalogue?*verdict=failed*")
    expect(governance.frame.get_by_role("row", name="clean.flights")).to_contain_text("Flight operations")
    governance.frame.get_by_role("link", name="All datasets").click()
    page.wait_for_url("**/airflow-gov/catalogue")


def test_the_catalogue_is_searched_as_people_type(governance: Governance) -> None:
    frame = governance.open("catalogue?zone=clean")
    frame.evaluate("window.sameDocument = true")
    search = frame.get_by_role("searchbox")
    search.press_sequentially("flight_i")
    expect(frame.get_by_role("row")).to_have_count(2)
    expect(frame.get_by_role("status")).to_have_text("Datasets 1")
    expect(frame.get_by_role("rowheader").get_by_role("link")).to_have_attribute(
        "href", "datasets/clean.flights"
    )
    refresh = frame.get_by_role("link", name="Refresh")
    expect(refresh).to_have_attribute("href", "catalogue?q=flight_i&zone=clean")
    expect(search).to_be_focused()
    assert frame.evaluate("[window.sameDocument, location.search]") == [True, "?q=flight_i&zone=clean"]
    governance.picture("typed")
    search.press_sequentially("<b>&")
    expect(frame.locator("#found")).to_contain_text("Nothing fits.")
    search.fill("")
    expect(frame.get_by_role("row")).to_have_count(3)
    assert frame.evaluate("[window.sameDocument, location.search]") == [True, "?zone=clean"]


def test_what_somebody_knows_becomes_a_patch(governance: Governance) -> None:
    page, frame = governance.page, governance.open("datasets/clean.flights")
    frame.get_by_text("Propose a meaning, a tag or an owner").click()
    frame.get_by_label("Column", exact=True).select_option("passenger")
    frame.get_by_label("What the column means").fill('Who "flew"')
    governance.picture("form")
    frame.get_by_role("button", name="Show the patch").click()
    page.wait_for_url("**/airflow-gov/datasets/clean.flights/propose?column=passenger*")
    patch = governance.frame.get_by_label("Patch", exact=True)
    expect(patch).to_contain_text('+    description: "Who \\"flew\\""')
    with page.expect_download() as download:
        governance.frame.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "clean.flights.patch"
    assert download.value.path().read_text() == patch.text_content()
    governance.frame.get_by_role("button", name="Copy").click()
    expect(governance.frame.get_by_role("status")).to_have_text(re.compile(r"Copied|Selected"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_wears_airflows_theme_fits_every_width_and_is_accessible(
    governance: Governance, theme: str
) -> None:
    governance.choose(theme=theme)
    governance.open()
    for name, path in PAGES.items():
        frame = governance.go(path)
        look = frame.evaluate(
            "(s => [document.documentElement.className, s.colorScheme, s.backgroundColor])"
            "(getComputedStyle(document.documentElement))"
        )
        assert look == [theme, theme, governance.page.evaluate(PAGE_COLOUR)], name
        for size in SIZES[theme]:
            governance.fit(*size)
            assert governance.frame.evaluate("document.documentElement.scrollWidth") <= size[0], (name, size)
        assert governance.violations() == [], (name, size)
        governance.picture(f"{name}-{theme}")
        assert governance.page.title() != "run"


def test_it_follows_a_change_of_theme_at_once(governance: Governance) -> None:
    governance.choose(theme="light")
    frame = governance.open()
    before = frame.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    governance.page.evaluate("document.documentElement.className = 'dark'")
    frame.wait_for_function("document.documentElement.className === 'dark'")
    assert frame.evaluate("getComputedStyle(document.documentElement).backgroundColor") != before
    assert frame.evaluate("getComputedStyle(document.body).fontFamily").startswith("Inter")


def test_the_theme_is_there_before_the_first_paint(governance: Governance) -> None:
    """The script that sets it is in the head, blocks, and is before the style sheet."""
    frame = governance.open()
    scripts = frame.locator("head > script")
    assert scripts.evaluate_all("all => all.map(s => [s.async, s.defer, s.type])") == [[False, False, ""]]
    order = frame.locator("head > script, head > link[rel=stylesheet]")
    assert order.evaluate_all("all => all.map(e => e.localName)") == ["script", "link"]


def test_what_people_write_is_shown_letter_by_letter(governance: Governance) -> None:
    frame = governance.open("datasets/clean.flights")
    expect(frame.get_by_role("row", name="note")).to_contain_text(HOSTILE)
    frame = governance.go("executions/told")
    expect(frame.locator(".told")).to_have_text(HOSTILE)
    expect(frame.get_by_label("Error")).to_contain_text(HOSTILE)
    assert frame.locator("img").count() == 0


def test_a_narrow_table_keeps_its_meaning(governance: Governance) -> None:
    governance.open("catalogue")
    governance.fit(526, 489)
    frame = governance.frame
    expect(frame.get_by_role("columnheader")).to_have_count(7)
    flights = frame.get_by_role("row", name="clean.flights")
    expect(flights.get_by_role("cell")).to_have_count(6)
    content = "cell => getComputedStyle(cell, '::before').content"
    assert flights.get_by_role("cell").first.evaluate(content) == '"Version"'


def test_it_works_by_keyboard(governance: Governance) -> None:
    page, frame = governance.page, governance.open()
    frame.get_by_role("link", name="Refresh").focus()
    page.keyboard.press("Tab")
    focused = "document.activeElement"
    assert frame.evaluate(f"{focused}.textContent") == "raw"
    assert frame.evaluate(f"getComputedStyle({focused}, '::after').outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/catalogue?zone=raw")
    governance.frame.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(governance.frame.get_by_role("list", name="Owner")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/catalogue?zone=raw&owner=*")


def test_a_page_works_without_a_script(governed: AirflowServer, chromium: Browser) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    governed.let_in(page.context, "vic")
    page.goto(f"{governed.url}/airflow-gov/catalogue?q=flights")
    expect(page.get_by_role("row", name="clean.flights")).to_contain_text("327,346")
    page.get_by_role("link", name="clean.flights").click()
    page.get_by_role("link", name="Versions").click()
    expect(page.get_by_role("row", name="v3")).to_contain_text("UTC")
    context.close()


def test_figures_are_in_the_persons_language(governance: Governance) -> None:
    page = governance.page
    governance.open_before_its_words("catalogue?q=flights", "de")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    _expect_german(page)


def test_a_language_that_airflows_document_has_missed_is_the_persons_still(governance: Governance) -> None:
    page = governance.page
    governance.choose(i18nextLng="de")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/locales/" in request.url else None)
    page.on("requestfinished", lambda request: asked.remove(request.url) if request.url in asked else None)
    with governance.held("**/ui/config"):  # Airflow draws nothing before, and listens to nothing
        with page.expect_request_finished(lambda request: "/locales/de/hitl.json" in request.url):
            page.goto(governance.address("catalogue?q=flights"))
        for _ in range(500):
            if not asked:
                break
            page.wait_for_timeout(20)
        page.wait_for_timeout(1000)  # what is loaded is told to nobody
    _expect_german(page)
    assert page.locator("html").get_attribute("lang") == "en", "Airflow has heard: nothing was tested"


def _expect_german(page: Page) -> None:
    flights = page.frame_locator("iframe").get_by_role("row", name="clean.flights")
    expect(flights).to_contain_text("327.346")
    expect(flights).to_contain_text("vor 1 Stunde")
    expect(flights).to_contain_text("9,1 MB")


def test_right_to_left(governance: Governance) -> None:
    page = governance.page
    governance.open_before_its_words("overview", "ar")
    page.locator("html[dir=rtl]").wait_for()
    for path in ("overview", "catalogue", "datasets/clean.flights/versions", "executions/told"):
        frame = governance.go(path)
        assert frame.evaluate("document.documentElement.dir") == "rtl"
        assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_strangers_see_nothing(governed: AirflowServer) -> None:
    addresses = [*PAGES.values(), *(f"api/v1/{path}" for path in PAGES.values()), "", "static/host.js"]
    for path in [*addresses, "openapi.json", "docs", "nothing", "verdicts/verdict-1/report"]:
        for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
            answer = governed.request(method, f"/airflow-gov/{path}")
            assert answer == (401, {"detail": "Not authenticated"}), (method, path)


def test_a_viewer_reads_by_token(governed: AirflowServer) -> None:
    token = governed.token("vic")
    status, answer = governed.request("GET", "/airflow-gov/api/v1/catalogue", token=token)
    assert (status, answer["total"]) == (200, KNOWN)
    status, told = governed.request("GET", "/airflow-gov/api/v1/executions/told", token=token)
    assert (status, told["task"]["dag_id"]) == (200, "flights"), "also of a Dag that is not there any more"
    assert governed.request("GET", "/airflow-gov/overview", token=f"{token[:-4]}AAAA")[0] in (401, 403)


def test_an_ended_session_says_so_in_the_colours_of_airflow(governance: Governance) -> None:
    governance.choose(theme="dark")
    frame = governance.open()
    governance.page.context.clear_cookies()
    frame.get_by_role("link", name="Refresh").click()
    heading = governance.page.frame_locator("iframe").get_by_role("heading", name="Session ended")
    expect(heading).to_be_visible()
    assert governance.frame.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@pytest.fixture
def store_elsewhere(governed: AirflowServer) -> Iterator[None]:
    """The connection names a server that is not there."""
    token = governed.token()
    connection = {
        "connection_id": "airflow_gov_default",
        "conn_type": "airflow_gov",
        "host": "127.0.0.1",
        "port": 1,
        "schema": "governance",
        "login": "gov",
        "password": "hunter2",
    }
    assert governed.request("POST", "/api/v2/connections", connection, token=token)[0] == 201
    yield
    path = "/api/v2/connections/airflow_gov_default"
    assert governed.request("DELETE", path, token=token)[0] == 204


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_store_that_is_down_is_a_banner(governance: Governance, store_elsewhere: None, theme: str) -> None:
    governance.choose(theme=theme)
    frame = governance.open("datasets/clean.flights/versions")
    banner = frame.get_by_role("alert")
    expect(banner).to_contain_text("The governance store cannot be read.")
    expect(banner).to_contain_text("127.0.0.1")
    expect(banner).to_contain_text("It was last read")
    expect(banner).not_to_contain_text("hunter2")
    assert governance.violations() == []
    governance.picture(f"down-{theme}")


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
