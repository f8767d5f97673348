"""The report of a verdict in a running Airflow: for those who are logged in, and in a sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from airflow_gov.quality.report import render_report
from airflow_gov.store import Store
from support import reports

from .conftest import AirflowServer

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
REPORT = "/airflow-gov/verdicts/reported/report"
#: What a verdict might carry if escaping failed.
ATTACK = (
    "<!doctype html><title>calm</title><h1>Report</h1><script>document.title = 'run'</script>"
    "<img src=x onerror=\"document.title = 'run'\">"
    "<form action='/airflow-gov/zones'><button>Go</button></form>"
    "<iframe src='/airflow-gov/zones'></iframe>"
)


@pytest.fixture(scope="module")
def reported(airflow_server: AirflowServer) -> AirflowServer:
    """The server, with reports in its store."""
    store = Store(f"sqlite:///{airflow_server.home}/airflow_gov/governance.db")
    html = render_report(
        reports.verdict(),
        reports.CONTRACT,
        reports.history(),
        quarantined=reports.set_aside(),
        decision=reports.decision(),
    )
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    for name, text in (("reported", html), ("attack", ATTACK)):
        store.verdicts.record(reports.verdict(verdict_id=name, checked_at=long_ago))
        store.reports.put(name, text, long_ago)
    store.dispose()
    return airflow_server


@pytest.fixture
def airflow(reported: AirflowServer, page: Page) -> AirflowServer:
    """The same, with the page logged in."""
    reported.let_in(page.context)
    return reported


def test_a_report_opens_in_a_sandbox(airflow: AirflowServer, page: Page) -> None:
    response = page.goto(airflow.url + REPORT)
    assert response is not None
    assert response.status == 200
    assert "sandbox" in response.headers["content-security-policy"].split("; ")
    expect(page.get_by_role("heading", name="clean.flights")).to_be_visible()
    expect(page.get_by_role("row", name="Failed delay_is_plausible")).to_contain_text("between -120 and 1440")
    style = page.locator("main").evaluate("main => getComputedStyle(main).paddingTop")
    assert style == "16px", "its own style was refused"


def test_strangers_do_not_see_it(reported: AirflowServer, page: Page) -> None:
    response = page.goto(reported.url + REPORT)
    assert response is not None
    assert response.status == 401
    expect(page.get_by_role("heading", name="Session ended")).to_be_visible()
    expect(page.get_by_text("clean.flights")).to_have_count(0)
    for path in (REPORT, "/airflow-gov/api/v1/verdicts/reported"):
        assert reported.request("GET", path) == (401, {"detail": "Not authenticated"})


def test_a_viewer_reads_a_verdict_by_token(reported: AirflowServer) -> None:
    path = "/airflow-gov/api/v1/verdicts/verdict-clean.flights"
    status, answer = reported.request("GET", path, token=reported.token("vic"))
    assert (status, answer["passed"]) == (200, False)


@pytest.fixture
def attacked(chromium: Browser, reported: AirflowServer) -> Iterator[Page]:
    """A page of its own, logged in: what the browser refuses is told on its console."""
    context = chromium.new_context()
    page = context.new_page()
    reported.let_in(page.context)
    yield page
    context.close()


def test_what_gets_into_a_report_can_do_nothing(reported: AirflowServer, attacked: Page) -> None:
    answered: list[str] = []
    attacked.goto(f"{reported.url}/airflow-gov/verdicts/attack/report", wait_until="networkidle")
    attacked.on("response", lambda response: answered.append(response.url))
    attacked.reload()
    expect(attacked.get_by_role("heading", name="Report")).to_be_visible()
    attacked.get_by_role("button", name="Go").click()
    attacked.wait_for_timeout(200)
    assert attacked.title() == "calm"
    assert attacked.url.endswith("/attack/report")
    assert answered == [attacked.url]


def test_the_overview_leads_to_the_report_of_the_last_gate(airflow: AirflowServer, page: Page) -> None:
    page.goto(airflow.url)
    page.get_by_role("link", name="Governance").click()
    frame = page.frame_locator("iframe")
    failed = frame.get_by_role("region", name="Failed gates").get_by_role("listitem")
    failed.filter(has_text="clean.flights").get_by_role("link", name="Failed").click()
    expect(frame.get_by_text("Quality report", exact=True)).to_be_visible()
    expect(frame.get_by_role("heading", name="clean.flights")).to_be_visible()
    page.evaluate("history.back()")
    expect(frame.get_by_role("heading", name="Failed gates")).to_be_visible()


@pytest.fixture(params=["light", "dark"])
def alone(request: pytest.FixtureRequest, chromium: Browser, reported: AirflowServer, tmp_path: Path) -> Page:
    """The report as a file somebody saved: axe-core cannot run in the sandbox."""
    store = Store(f"sqlite:///{reported.home}/airflow_gov/governance.db")
    html = store.reports.get("reported")
    store.dispose()
    assert html
    file = tmp_path / "report.html"
    file.write_text(html, "utf-8")
    page: Page = chromium.new_page(color_scheme=request.param)
    page.goto(file.as_uri())
    return page


def violations(page: Page) -> list[Any]:
    """What axe-core finds, with where."""
    found = page.evaluate("axe.run()")["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


def test_a_saved_report_is_accessible_and_fits_every_width(alone: Page) -> None:
    alone.evaluate(AXE.read_text("utf-8"))
    alone.locator("details").evaluate("details => { details.open = true; }")
    for width in (1280, 960, 526, 320):
        alone.set_viewport_size({"width": width, "height": 600})
        assert violations(alone) == []
        assert alone.evaluate("document.documentElement.scrollWidth") <= width
    alone.close()


def test_on_paper_nothing_is_hidden(alone: Page) -> None:
    alone.emulate_media(media="print", color_scheme="dark")
    assert (
        alone.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    )
    expect(alone.get_by_role("columnheader", name="Checked")).to_be_visible()
    alone.close()
