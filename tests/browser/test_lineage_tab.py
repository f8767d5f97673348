"""The Lineage tab in a running Airflow: opened from Airflow's own pages, clicked and typed into."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from airflow_gov.model.lineage import ColumnFacts, DatasetFacts, Named, Origin, Projection, Touch
from airflow_gov.store import Store
from support import lineage_airflow, lineage_graphs
from support.graphml import graphml_problems
from support.lineage_tab import LineageTab

from .conftest import AirflowServer, _environ

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

RUNS = [lineage_graphs.run_name(day) for day in (1, 2)]
HOSTILE = "<img src=x onerror=\"document.title='run'\"> '); DROP TABLE x;-- \u202e名前"
CONNECTION = "/api/v2/connections/airflow_gov_default"


@pytest.fixture(scope="module")
def shop(airflow_server: AirflowServer) -> Iterator[AirflowServer]:
    """The server with the Dags of a shop, and a store of their own that holds their lineage."""
    if not (airflow_server.home / "shop.db").exists():
        fill_shop(airflow_server)
    connect_shop(airflow_server)
    yield airflow_server
    assert airflow_server.request("DELETE", CONNECTION, token=airflow_server.token())[0] == 204


def fill_shop(server: AirflowServer) -> None:
    """Once for all modules that use the same server."""
    store = Store(f"sqlite:///{server.home}/shop.db")
    lineage_graphs.fill(store)
    store.lineage.record([hostile()], origin=Origin.TRANSPORT, at=lineage_graphs.DAY_ONE)
    store.dispose()
    environ = _environ(server.home, server.url) | {
        "PYTHONPATH": str(Path(lineage_graphs.__file__).parents[1])
    }
    subprocess.run([sys.executable, lineage_airflow.__file__], env=environ, check=True, timeout=120)


def connect_shop(server: AirflowServer) -> None:
    """Let the pages read the shop's store."""
    connect(server, schema=f"{server.home}/shop.db", extra=json.dumps({"drivername": "sqlite"}))


def connect(server: AirflowServer, **more: object) -> None:
    """Make the connection that names the store."""
    body = {"connection_id": "airflow_gov_default", "conn_type": "airflow_gov", **more}
    assert server.request("POST", "/api/v2/connections", body, token=server.token())[0] == 201


def hostile() -> Projection:
    """What a producer sends that means no good: a dataset and a column whose names are HTML and SQL."""
    known = next(
        each for each in lineage_graphs.shop(days=(2,)) if each.touches and "conversion" in str(each.job)
    )
    evil = DatasetFacts(Named("evil", HOSTILE), columns=(ColumnFacts(HOSTILE, HOSTILE, HOSTILE),))
    return replace(
        known,
        event=replace(known.event, key="hostile", body={"producer": HOSTILE}),
        datasets=(evil,),
        touches=(Touch(evil.named, output=True),),
        column_edges=(),
    )


@pytest.fixture(scope="module")
def window(shop: AirflowServer, chromium: Browser) -> Iterator[BrowserContext]:
    """Somebody with the rights of a viewer, logged in once: Airflow's scripts are loaded once."""
    context = chromium.new_context(viewport={"width": 1500, "height": 850}, reduced_motion="reduce")
    shop.let_in(context, "vic")
    yield context
    context.close()


@pytest.fixture
def tab(shop: AirflowServer, window: BrowserContext) -> Iterator[LineageTab]:
    """The tab in a page of its own; whatever breaks the page's policy or throws fails the test."""
    page = window.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if "Content Security" in m.text else None)
    yield LineageTab(page, shop.url)
    page.close()
    assert complaints == []


@pytest.mark.parametrize(
    ("path", "there", "name"),
    [
        ("/dags/gold_shop", "gold.revenue_by_day", "dag"),
        (f"/dags/gold_shop/runs/{RUNS[0]}", "gold.revenue_by_day", "run"),
        ("/dags/gold_shop/tasks/revenue_by_day", "gold.revenue_by_day", "task"),
        (f"/dags/gold_shop/runs/{RUNS[1]}/tasks/return_rate", "gold_shop.return_rate", "task-instance"),
    ],
)
def test_each_tab_opens_from_airflows_own_page(tab: LineageTab, path: str, there: str, name: str) -> None:
    tab.page.goto(tab.url + path.replace("+", "%2B"))
    tab.page.get_by_role("link", name="Lineage").or_(
        tab.page.get_by_role("tab", name="Lineage")
    ).first.click()
    tab.ready()
    expect(tab.card(there)).to_be_attached()
    assert tab.card(there).get_attribute("aria-current") == "true"
    assert nothing_is_cut(tab), "Airflow's box hides the upper edge of the toolbar"
    if name == "task-instance":
        assert "failed" in (tab.card("gold_shop.return_rate").get_attribute("aria-label") or "")
    tab.picture(f"lineage-{name}")


def nothing_is_cut(tab: LineageTab) -> bool:
    """Whether the upper edge of the first button is where a person can see and click it."""
    box = tab.frame.locator(".toolbar .button").first.bounding_box()
    assert box
    at = "([x, y]) => document.elementFromPoint(x, y).tagName"
    return bool(tab.page.evaluate(at, [box["x"] + box["width"] / 2, box["y"] + 1]) == "IFRAME")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_at_home_and_everybody_can_use_it(tab: LineageTab, theme: str) -> None:
    tab.page.goto(tab.url)
    tab.page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    frame = tab.open(columns="", mode="graph")
    assert tab.evaluate("document.documentElement.className") == theme
    background = "getComputedStyle(document.querySelector('.app')).backgroundColor"
    assert tab.evaluate(background) == tab.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor"
    )
    card = tab.show("gold.revenue_by_day")
    card.locator(".columns-button").click()
    card.locator(".column", has_text="revenue").click()
    card.locator(".card-facts > span").click()
    expect(frame.get_by_role("tab", name="Overview")).to_be_visible()
    expect(frame.get_by_text("Owner", exact=True)).to_be_visible()
    tab.picture(f"lineage-{theme}")
    assert tab.violations() == []
    frame.get_by_role("button", name="Table", exact=True).click()
    expect(frame.get_by_role("table", name="Traced columns")).to_be_visible()
    tab.picture(f"lineage-table-{theme}")
    assert tab.violations() == []


def test_a_column_is_traced_and_let_go(tab: LineageTab) -> None:
    frame = tab.open()
    card = tab.show("gold.revenue_by_day")
    card.locator(".columns-button").click()
    revenue = card.locator(".column", has_text="revenue")
    revenue.click()
    expect(frame.get_by_text("Tracing revenue")).to_be_visible()
    expect(revenue).to_have_attribute("aria-pressed", "true")
    expect(frame.locator(".column-edge[data-direct]").first).to_be_attached()
    expect(frame.locator(".column-edge:not([data-direct])").first).to_be_attached()
    expect(tab.card("gold.delivery_time")).to_have_attribute("data-faded", "true")
    expect(tab.card("gold.revenue_by_day").locator(".footer")).to_contain_text("upstream drawn")
    frame.get_by_role("button", name="Open all of them").click()
    traced = tab.card("clean.order_lines").locator(".column[data-traced]")
    expect(traced.first).to_be_attached()
    tab.picture("lineage-trace")
    frame.get_by_role("combobox", name="Jump to").fill("no such")
    tab.page.keyboard.press("Escape")
    expect(frame.get_by_role("combobox", name="Jump to")).to_have_value("")
    expect(frame.get_by_text("Tracing revenue")).to_be_visible()
    tab.card("gold.revenue_by_day").focus()
    tab.page.keyboard.press("Escape")
    expect(frame.locator(".column-edge")).to_have_count(0)


def test_details_lead_to_airflows_pages_and_back(tab: LineageTab) -> None:
    frame = tab.open()
    tab.show("gold_shop.return_rate").click()
    expect(frame.get_by_role("complementary", name="Job gold_shop.return_rate")).to_contain_text("Failed")
    tab.page.evaluate("window.stayed = true")
    frame.get_by_role("link", name=RUNS[1]).first.click()
    tab.page.wait_for_url(lambda url: "/runs/" in url)
    assert tab.page.evaluate("window.stayed"), "Airflow was loaded anew"
    tab.page.go_back()
    expect(tab.ready().get_by_role("complementary", name="Job gold_shop.return_rate")).to_be_visible()
    tab.show("gold.revenue_by_day").click()
    for name, holds in (
        ("Schema", "revenue"),
        ("Quality", "rule"),
        ("Runs", "gold_shop.revenue_by_day"),
        ("Versions", "v2"),
        ("Lineage", "gold_shop.revenue_by_day"),
        ("Raw facets", ""),
    ):
        frame.get_by_role("tab", name=name, exact=True).click()
        expect(frame.get_by_role("tabpanel", name=name)).to_contain_text(holds)
    assert "gov_tab=facets" in tab.page.url
    tab.page.reload()
    expect(tab.ready().get_by_role("tab", name="Raw facets")).to_have_attribute("aria-selected", "true")
    frame.get_by_role("tab", name="Overview").click()
    frame.get_by_role("link", name="Open in Governance").click()
    governance = tab.page.frame_locator("iframe[title=Governance]")
    expect(governance.get_by_role("heading", name="gold.revenue_by_day").first).to_be_visible()
    assert "/plugin/governance/airflow-gov/datasets/gold.revenue_by_day" in tab.page.url


def test_a_path_leads_from_one_card_to_another(tab: LineageTab) -> None:
    frame = tab.open()
    tab.show("gold.revenue_by_region").click(button="right")
    tab.picture("lineage-menu")
    frame.get_by_role("menuitem", name="Path to…").click()
    expect(frame.get_by_text("Choose the card the path leads to")).to_be_visible()
    tab.show("preprocessed.stores").click()
    expect(frame.get_by_text("The path between two cards")).to_be_visible()
    expect(tab.card("clean.stores")).not_to_have_attribute("data-faded", "true")
    expect(tab.card("clean.orders")).to_have_attribute("data-faded", "true")
    tab.page.keyboard.press("Escape")
    expect(frame.locator("[data-faded]")).to_have_count(0)


def test_a_past_run_is_looked_at_and_two_are_compared(tab: LineageTab) -> None:
    frame = tab.open()
    frame.get_by_role("button", name="As of run").click()
    frame.get_by_role("button", name=RUNS[0]).click()
    expect(frame.get_by_text("As of Mar 1, 2026", exact=False)).to_be_visible()
    revenue = tab.card("gold.revenue_by_day")
    expect(revenue).to_have_attribute("aria-label", re.compile("version 1,"))
    tab.picture("lineage-as-of")
    frame.get_by_role("button", name="The run after").click()
    expect(revenue).to_have_attribute("aria-label", re.compile("version 2,"))
    expect(frame.get_by_role("button", name="The run after")).to_be_disabled()
    frame.get_by_role("button", name="Back to now").click()
    expect(frame.get_by_text("As of Mar", exact=False)).to_have_count(0)
    frame.get_by_role("button", name="Compare").click()
    frame.get_by_role("button", name="Compare").last.click()
    expect(tab.card("gold.revenue_by_day")).to_have_attribute("data-change", "changed")
    expect(frame.locator(".edge[data-change=added]").first).to_be_attached()
    tab.picture("lineage-compare")
    for theme in ("light", "dark"):
        tab.page.evaluate("theme => { document.documentElement.className = theme }", theme)
        tab.inner.wait_for_function("theme => document.documentElement.className === theme", arg=theme)
        for change in ("added", "removed", "changed"):
            assert contrast(tab, f".edge[data-change={change}] path", "stroke") >= 3, (theme, change)
    frame.get_by_role("button", name="Stop comparing").click()
    expect(frame.locator("[data-change]")).to_have_count(0)


def contrast(tab: LineageTab, selector: str, colour: str) -> float:
    """Between something and the page's ground, by WCAG 2.2."""
    found = tab.inner.evaluate(
        """([selector, colour]) => {
          const pixel = document.createElement("canvas").getContext("2d");
          const light = (text) => {
            pixel.fillStyle = text;
            pixel.fillRect(0, 0, 1, 1);
            const parts = [...pixel.getImageData(0, 0, 1, 1).data].slice(0, 3).map((part) => part / 255);
            const [r, g, b] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
          };
          const ground = light(getComputedStyle(document.querySelector(".app")).backgroundColor);
          const own = light(getComputedStyle(document.querySelector(selector))[colour]);
          return Math.max(own, ground) / Math.min(own, ground);
        }""",
        [selector, colour],
    )
    return float(found)


def test_whatever_is_looked_for_is_found(tab: LineageTab) -> None:
    frame = tab.open()
    tab.page.keyboard.press("Tab")
    tab.card("gold.revenue_by_day").focus()
    tab.page.keyboard.press("/")
    jump = frame.get_by_role("combobox", name="Jump to")
    expect(jump).to_be_focused()
    jump.fill("customers_iden")
    expect(frame.get_by_role("option").first).to_contain_text("sensitive.customers_identity")
    jump.press("Enter")
    expect(frame.get_by_text("Centred on sensitive.customers_identity")).to_be_visible()
    expect(tab.card("sensitive.customers_identity")).to_have_attribute("aria-current", "true")
    frame.get_by_role("button", name="Back", exact=True).click()
    expect(tab.card("gold.conversion")).to_be_attached()
    jump.fill("email_hash")
    frame.get_by_role("option", name="email_hash").first.click()
    expect(frame.get_by_text("Tracing email_hash")).to_be_visible()


def test_filters_folded_lanes_and_single_hops(tab: LineageTab) -> None:
    frame = tab.open(up="1")
    frame.get_by_role("button", name="Filters").click()
    frame.get_by_label("Work", exact=True).uncheck()
    frame.get_by_label("Failed", exact=True).check()
    expect(frame.get_by_text("The filters keep", exact=False)).to_be_visible()
    expect(tab.card("gold_shop.conversion")).to_have_count(0)
    expect(tab.card("gold_shop.return_rate")).to_be_attached()
    tab.page.keyboard.press("Escape")
    frame.locator(".strip").get_by_role("button", name="Show everything").click()
    expect(tab.card("gold_shop.conversion")).to_be_attached()
    frame.get_by_role("button", name="Clean, ").click()
    expect(tab.card("clean.orders")).to_have_count(0)
    expect(frame.get_by_role("group", name="Zone Clean, folded")).to_be_attached()
    frame.get_by_role("button", name="Unfold", exact=True).click()
    typed = tab.show("preprocessed.orders")
    before = typed.bounding_box()
    typed.get_by_role("button", name="more upstream").click()
    expect(tab.card("raw.orders")).to_be_attached()
    assert typed.bounding_box() == pytest.approx(before, abs=2), "the card that is looked at has moved"
    typed.get_by_role("button", name="Collapse upstream").click()
    expect(tab.card("raw.orders")).to_have_count(0)


def test_what_was_acted_on_stays_where_it_is(tab: LineageTab) -> None:
    frame = tab.open(up="1", mode="graph")
    looked_at = tab.show("gold_shop.return_rate")

    def place() -> list[float]:
        """In the drawing: the strip above it comes and goes."""
        card, canvas = looked_at.bounding_box(), frame.locator(".canvas").bounding_box()
        assert canvas
        return [card["x"] - canvas["x"], card["y"] - canvas["y"]]

    before = pytest.approx(place(), abs=2)
    frame.get_by_role("button", name="Filters").click()
    frame.get_by_label("Failed", exact=True).check()
    expect(tab.card("gold_shop.conversion")).to_have_count(0)
    tab.page.keyboard.press("Escape")
    assert place() == before
    frame.locator(".strip").get_by_role("button", name="Show everything").click()
    expect(tab.card("gold_shop.conversion")).to_be_attached()
    assert place() == before
    columns = tab.card("gold.revenue_by_day").locator(".columns-button")
    at = columns.bounding_box()
    columns.click()
    expect(tab.card("gold.revenue_by_day").locator(".column").first).to_be_visible()
    assert columns.bounding_box() == pytest.approx(at, abs=2), "the button runs from under the mouse"


def test_the_keyboard_is_enough(tab: LineageTab) -> None:
    frame = tab.open()
    frame.get_by_role("button", name="Export").focus()
    focused = frame.locator(":focus")
    for _ in range(12):
        tab.page.keyboard.press("Tab")
        if focused.evaluate("element => element.classList.contains('card')"):
            break
    tab.card("gold.revenue_by_day").focus()
    tab.page.keyboard.press("ArrowLeft")
    assert "Job gold_shop.revenue_by_day" in (focused.get_attribute("aria-label") or "")
    tab.page.keyboard.press("ArrowLeft")
    source = focused.get_attribute("aria-label") or ""
    assert "Dataset clean." in source
    assert frame.locator(".card[tabindex='0']").count() == 1
    tab.page.keyboard.press("c")
    expect(focused.locator(".card-columns")).to_be_visible()
    tab.page.keyboard.press("Enter")
    expect(frame.get_by_role("complementary")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(frame.get_by_role("complementary")).to_have_count(0)
    tab.page.keyboard.press("?")
    expect(frame.get_by_role("dialog", name="Keyboard")).to_be_visible()
    tab.picture("lineage-help")
    tab.page.keyboard.press("Escape")
    expect(frame.get_by_role("dialog")).to_have_count(0)


def test_it_is_saved_as_pictures_and_texts(tab: LineageTab) -> None:
    frame = tab.open()
    frame.get_by_role("button", name="Export").click()

    def saved(name: str) -> tuple[str, bytes]:
        with tab.page.expect_download() as download:
            frame.get_by_role("button", name=name, exact=False).click()
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()

    name, content = saved("SVG")
    assert name == "lineage-gold_shop.svg"
    texts = [element.text for element in ET.fromstring(content).iter() if element.text]
    assert "gold.revenue_by_day" in texts
    name, content = saved("PNG")
    assert content.startswith(b"\x89PNG")
    name, content = saved("Mermaid")
    assert content.startswith(b"flowchart LR")
    name, content = saved("OpenLineage")
    assert name.endswith(".jsonl")
    assert {"run", "job"} <= set(json.loads(content.splitlines()[0]))
    frame.get_by_label("With all columns").check()
    name, content = saved("Mermaid")
    assert (name, b'["revenue"]' in content) == ("lineage-gold_shop.mmd", True)
    name, content = saved("GraphML")
    assert graphml_problems(content.decode()) == []
    assert b">derives<" in content


def test_in_a_narrow_frame_it_is_a_table_that_needs_no_scrolling_sideways(tab: LineageTab) -> None:
    frame = tab.open()
    tab.fit(526, 489)
    expect(frame.get_by_role("row").nth(1)).to_be_visible()
    wide = """[...document.querySelectorAll("body *")].filter(
      (each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 40
        && !["hidden", "clip"].includes(getComputedStyle(each).overflowX)
    ).map((each) => each.outerHTML.slice(0, 80))"""
    assert tab.evaluate("document.documentElement.scrollWidth") <= 526
    assert tab.evaluate(wide) == []
    tab.picture("lineage-narrow")
    frame.get_by_role("rowheader").get_by_role("button").first.click()
    expect(frame.get_by_role("complementary")).to_be_visible()
    tab.picture("lineage-narrow-details")
    assert tab.violations() == []
    frame.get_by_role("button", name="Close details").click()
    tab.page.evaluate("document.documentElement.dir = 'rtl'")
    tab.inner.wait_for_function("document.documentElement.dir === 'rtl'")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 526


def test_names_that_mean_no_good_are_names(tab: LineageTab) -> None:
    frame = tab.open()
    tab.card("gold.conversion").wait_for(state="attached")
    evil = frame.locator(".card", has_text="<img").first
    evil.focus()
    tab.page.keyboard.press("Enter")
    expect(frame.get_by_role("complementary").get_by_role("heading")).to_contain_text("<img src=x")
    frame.get_by_role("button", name="Table", exact=True).click()
    expect(frame.get_by_role("button", name="<img").first).to_be_visible()
    assert frame.locator("img").count() == 0
    assert tab.evaluate("document.title") == "Lineage – Governance"


def test_without_lineage_it_says_why(tab: LineageTab) -> None:
    frame = tab.open("idle")
    expect(frame.get_by_role("heading", name="No lineage yet")).to_be_visible()
    expect(frame.locator(".message")).to_contain_text("has not run")
    tab.picture("lineage-empty")


def test_a_store_that_is_down_and_a_session_that_ended(
    tab: LineageTab, shop: AirflowServer, window: BrowserContext
) -> None:
    frame = tab.open()
    token = shop.token()
    shop.request("DELETE", CONNECTION, token=token)
    elsewhere = {
        "host": "127.0.0.1",
        "port": 1,
        "schema": "governance",
        "login": "gov",
        "password": "hunter2",
    }
    connect(shop, **elsewhere)
    try:
        tab.page.reload()
        expect(tab.ready().get_by_role("alert")).to_contain_text("The governance store cannot be read")
        expect(frame.get_by_role("alert")).not_to_contain_text("hunter2")
        tab.picture("lineage-store-down")
    finally:
        shop.request("DELETE", CONNECTION, token=token)
        connect_shop(shop)
    frame.get_by_role("button", name="Try again").click()
    expect(tab.card("gold.revenue_by_day")).to_be_attached()
    cookies = window.cookies()
    window.clear_cookies()
    frame.get_by_label("Hops upstream").select_option("3")
    expect(frame.get_by_role("heading", name="Session ended")).to_be_visible()
    window.add_cookies(cookies)  # type: ignore[arg-type]
