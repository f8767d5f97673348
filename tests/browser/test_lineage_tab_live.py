"""The Lineage tab over time: while something runs, in the past, and when answers do not come."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from airflow_gov.lineage.ingesting import Intake
from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.lineage import Origin, RunState
from airflow_gov.store import Store
from support import lineage_graphs
from support.lineage_tab import LineageTab
from support.outside_events import run_event
from support.small_lineage import T0, told

from .conftest import AirflowServer
from .test_lineage_tab import shop, tab, window

__all__ = ["shop", "tab", "window"]

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

GRAPH, TRACE, COLUMNS, RUNS = (
    "**/api/v1/lineage/" + each + "?*" for each in ("graph", "trace", "columns", "runs")
)
#: Columns of a wide table, and those of them that come from one column.
WIDE = [f"c{number:03}" for number in range(120)]
TRACED = [*WIDE[30:35], WIDE[77], WIDE[119]]


@pytest.fixture
def store(shop: AirflowServer) -> Iterator[Store]:
    """What the pages read."""
    store = Store(f"sqlite:///{shop.home}/shop.db")
    yield store
    store.dispose()


@pytest.fixture
def tell(store: Store) -> Callable[[RunState], None]:
    """Let a task of a Dag of its own begin or end."""

    def tell(state: RunState) -> None:
        minute = 0 if state is RunState.START else 1
        event = told("work", ["live_in"], ["live_out"], dag_id="live", minute=minute, state=state, run_id=RUN)
        store.lineage.record([event], origin=Origin.TRANSPORT, at=T0)

    return tell


RUN = str(uuid.UUID(int=4_711))


def asked(page: Page) -> list[str]:
    """The addresses of graphs that the page asks for from now on."""
    found: list[str] = []
    page.on(
        "request", lambda request: found.append(request.url) if "/lineage/graph?" in request.url else None
    )
    return found


def test_a_task_that_runs_is_looked_at_until_it_has_ended(
    tab: LineageTab, tell: Callable[[RunState], None]
) -> None:
    tell(RunState.START)
    tab.page.clock.install()
    frame = tab.open(focus="dag:live", mode="graph")
    job = tab.card("live.work")
    expect(job).to_have_attribute("aria-label", has("running"))
    live = frame.locator("[aria-live=polite]")
    expect(live).to_have_text("2 datasets and 1 job shown")
    before, requests = job.bounding_box(), asked(tab.page)
    hide(tab, hidden=True)
    tab.page.clock.fast_forward(20_000)
    assert requests == [], "a tab that nobody sees asks"
    with tab.page.expect_response(GRAPH):
        hide(tab, hidden=False)
    expect(live).to_have_text("2 datasets and 1 job shown")
    tell(RunState.COMPLETE)
    with tab.page.expect_response(GRAPH):
        tab.page.clock.fast_forward(8_000)
    expect(job).to_have_attribute("aria-label", has("success"))
    expect(live).to_have_text("live.work: success")
    assert job.bounding_box() == before, "the drawing has moved"
    requests.clear()
    tab.page.clock.fast_forward(600_000)
    tab.page.wait_for_timeout(300)
    assert requests == [], "nothing runs, and it asks"


def has(word: str) -> re.Pattern[str]:
    return re.compile(f", {word},")


def hide(tab: LineageTab, *, hidden: bool) -> None:
    """As the browser does when another window is before this one, or not any more."""
    state = "hidden" if hidden else "visible"
    tab.evaluate(
        f"""Object.defineProperty(document, "visibilityState", {{value: "{state}", configurable: true}});
        document.dispatchEvent(new Event("visibilitychange", {{bubbles: true}}))"""
    )


def test_traced_columns_of_a_wide_table_are_the_first_with_an_edge_each(
    tab: LineageTab, store: Store
) -> None:
    edges = [("one", "id", "wide", name, Subtype.IDENTITY, False) for name in TRACED]
    event = told("widen", ["one"], ["wide"], edges, columns=WIDE)
    store.lineage.record([event], origin=Origin.TRANSPORT, at=T0)
    number = store.lineage.read.names.exact("wide", dags=None, limit=1)[0].number
    source = store.lineage.read.names.exact("one", dags=None, limit=1)[0].number
    frame = tab.open(focus=f"dataset:d{number}", mode="graph", columns=f"d{number},d{source}")
    rows = tab.card("wide").locator(".column .name")
    expect(rows).to_have_text(WIDE[:10])
    tab.card("one").locator(".column", has_text="id").click()
    expect(rows).to_have_text([*TRACED, *WIDE[:3]])
    expect(tab.card("wide").locator(".column[data-traced]")).to_have_count(len(TRACED))
    ends = "[...document.querySelectorAll('.column-edge > path')].map(e => e.getPointAtLength(1e9).y)"
    assert len(set(tab.evaluate(ends))) == len(TRACED), "edges end at the rows they lead to"
    expect(tab.card("one").locator(".footer")).to_have_text("1–1 of 1")
    tab.picture("lineage-wide")
    frame.get_by_role("button", name="Next columns").click()
    expect(rows).to_have_text(WIDE[3:13])
    expect(tab.card("wide").locator(".footer")).to_contain_text("11–20 of 120 · 7 traced")


def test_a_card_is_in_sight_beside_its_details(tab: LineageTab) -> None:
    frame = tab.open(mode="graph")
    card = tab.card("gold.revenue_by_day")
    edge = frame.locator(".canvas").bounding_box()
    there = card.bounding_box()
    assert edge
    assert there["x"] + there["width"] > edge["x"] + edge["width"] - 360, "the details would not hide it"
    card.locator(".name").click()
    details = frame.get_by_role("complementary")
    expect(details).to_be_visible()
    tab.page.wait_for_timeout(300)
    there, panel = card.bounding_box(), details.bounding_box()
    assert panel
    assert there["x"] + there["width"] <= panel["x"]


def test_details_of_a_job_are_those_of_the_past_that_is_looked_at(tab: LineageTab, store: Store) -> None:
    def ended(number: int) -> dict[str, Any]:
        told = {"_producer": "https://x", "_schemaURL": "https://x", "query": f"of run {number}"}
        return run_event(number, job={"namespace": "spark", "name": "sales.load", "facets": {"sql": told}})

    intake = Intake(lambda: store, own_namespace=None)
    assert intake.take([ended(1), ended(61)], origin=Origin.HTTP).refused == ()
    frame = tab.open(
        focus="job:sales.load", mode="graph", tab="facets", run="first", as_of="2026-01-31T12:00:30Z"
    )
    tab.show("sales.load").click()
    frame.locator("summary", has_text="sql").click()
    expect(frame.locator(".raw-facet pre")).to_contain_text("of run 1")
    # The one on the left: the other one, which the job writes, lies behind the details.
    frame.locator(".card[aria-label^='Dataset sales,'][aria-label*='1 downstream']").click()
    expect(frame.get_by_role("complementary")).to_contain_text("These facets are of now, not of Jan 31, 2026")
    frame.get_by_role("button", name="Back to now").click()
    tab.show("sales.load").click()
    frame.locator("summary", has_text="sql").click()
    expect(frame.locator(".raw-facet pre")).to_contain_text("of run 61")
    expect(frame.locator(".of-now")).to_have_count(0)


def failing(page: Page, address: str) -> Callable[[], None]:
    """Answer these addresses with an error until the function that comes back is called."""

    def fail(route: Route) -> None:
        route.fulfill(status=500, json={"detail": "It broke."})

    page.route(address, fail)
    return lambda: page.unroute(address, fail)


def test_what_did_not_come_is_asked_for_again(tab: LineageTab) -> None:
    mends = {address: failing(tab.page, address) for address in (GRAPH, COLUMNS, TRACE, RUNS)}
    frame = tab.open(mode="graph")
    expect(frame.get_by_role("alert")).to_contain_text("It broke.")
    mends[GRAPH]()
    frame.get_by_role("button", name="Try again").click()
    card = tab.card("gold.revenue_by_day")
    expect(card).to_be_visible()

    def is_asked_again(what: str, address: str, there: Locator) -> None:
        strip = frame.locator(".strip", has_text=f"Could not load {what}.")
        expect(strip).to_be_visible()
        expect(card).to_be_visible()
        tab.picture("lineage-partial")
        mends[address]()
        strip.get_by_role("button", name="Retry").click()
        expect(there.first).to_be_attached()
        expect(strip).to_have_count(0)

    tab.show("gold.revenue_by_day").locator(".columns-button").click()
    is_asked_again("the columns of a card", COLUMNS, card.locator(".column"))
    card.locator(".column", has_text="revenue").click()
    is_asked_again("the trace", TRACE, frame.locator(".column-edge"))
    frame.get_by_role("button", name="As of run").click()
    expect(frame.get_by_text("The runs could not be loaded")).to_be_visible()
    mends[RUNS]()
    frame.get_by_role("button", name="Retry").click()
    expect(frame.get_by_role("button", name=lineage_graphs.run_name(1))).to_be_visible()


def test_whoever_may_not_read_assets_is_told_so_without_a_name(
    shop: AirflowServer, chromium: Browser
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    shop.let_in(context, "nob")
    answer = page.goto(f"{shop.url}/airflow-gov/lineage?dag_id=gold_shop")
    assert answer is not None
    assert answer.status == 403
    expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    expect(page.locator("main, body").first).to_contain_text("Ask an administrator")
    assert "shop" not in page.inner_text("body")
    context.close()


def test_whoever_loses_the_right_is_told_so_in_place_of_the_graph(
    tab: LineageTab, shop: AirflowServer, window: BrowserContext
) -> None:
    frame = tab.open(mode="graph")
    expect(tab.card("gold.revenue_by_day")).to_be_visible()
    cookies = window.cookies()
    shop.let_in(window, "nob")
    try:
        frame.get_by_label("Hops upstream").select_option("3")
        expect(frame.get_by_role("alert")).to_contain_text("Not allowed")
        expect(frame.get_by_role("alert")).to_contain_text("Ask an administrator")
        expect(frame.locator(".card")).to_have_count(0)
        assert "gold" not in frame.locator(".view").inner_text()
        tab.picture("lineage-not-allowed")
    finally:
        window.clear_cookies()
        window.add_cookies(cookies)  # type: ignore[arg-type]
