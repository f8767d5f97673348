"""Audits in a running Airflow: seen, filtered, acknowledged by those who may, in light and dark."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from airflow_gov.audit.reporting import keep_report
from airflow_gov.model.findings import FindingState
from airflow_gov.store import Store
from support import audited
from support.framed import frame_of

from .conftest import AirflowServer

pytestmark = [pytest.mark.browser, pytest.mark.airflow]

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
SCREENSHOTS = os.environ.get("AIRFLOW_GOV_SCREENSHOTS")
PAGES = {"audits": "audits", "health": "audits/health", "stuck": f"audits/findings/{audited.STUCK}"}
SIZES = ((320, 480), (1112, 607))


@pytest.fixture(scope="module")
def governed(airflow_server: AirflowServer) -> AirflowServer:
    """The server, with audits in its store."""
    store = Store(f"sqlite:///{airflow_server.home}/airflow_gov/governance.db")
    if store.audits.get("first") is None:
        audited.fill(store, lambda: None)
        run = store.audits.get("second")
        assert run is not None
        keep_report(store, run, datetime.now(UTC))
    store.dispose()
    return airflow_server


def violations(frame: Frame | Page) -> list[Any]:
    """What axe-core finds, with where."""
    frame.evaluate(AXE.read_text("utf-8"))
    found = frame.evaluate("axe.run()")["violations"]
    return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]


def picture(page: Page, name: str) -> None:
    """Keep what is seen, where that is asked for."""
    if SCREENSHOTS:
        Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SCREENSHOTS) / f"audits-{name}.png", full_page=True)


def test_from_the_navigation_to_a_finding_that_is_acknowledged(governed: AirflowServer, page: Page) -> None:
    governed.login(page)
    page.get_by_role("link", name="Governance").click()
    panel = frame_of(page).get_by_role("region", name="Audits")
    expect(panel).to_contain_text("3 findings wait for somebody")
    frame_of(page).get_by_role("navigation", name="Governance").get_by_role("link", name="Audits").click()
    page.wait_for_url("**/plugin/governance/airflow-gov/audits")
    frame_of(page).get_by_role("link", name="clean", exact=False).first.click()
    page.wait_for_url("**/audits?zone=clean")
    findings = frame_of(page).get_by_role("table", name="Findings")
    expect(findings.get_by_role("row")).to_have_count(2)
    findings.get_by_role("link", name="clean.flights has 900 files").click()
    page.wait_for_url(f"**/audits/findings/{audited.SMALL}")
    frame_of(page).get_by_label("Why it may be let be").fill('known <b>, "archived"')
    frame_of(page).get_by_label("For how long").select_option("7d")
    picture(page, "form")
    frame_of(page).get_by_role("button", name="Acknowledge").click()
    expect(frame_of(page).locator("main")).to_contain_text("ada lets it be until")
    expect(frame_of(page).get_by_role("table", name="Its life")).to_contain_text('known <b>, "archived"')
    assert page.url.endswith(f"/audits/findings/{audited.SMALL}")
    store = Store(f"sqlite:///{governed.home}/airflow_gov/governance.db")
    finding = store.audits.findings.get(audited.SMALL)
    (entry,) = store.log.list(action="finding.acknowledged")
    store.dispose()
    assert finding is not None
    assert (finding.state, entry.actor) == (FindingState.ACKNOWLEDGED, "ada")


def test_another_site_cannot_make_a_browser_acknowledge(governed: AirflowServer, page: Page) -> None:
    governed.login(page)
    action = f"{governed.url}/airflow-gov/audits/findings/{audited.STUCK}/acknowledge"
    # Another origin, and yet the same site: the session's cookie is sent along.
    elsewhere = governed.url.replace("127.0.0.1", "localhost")
    page.route(f"{elsewhere}/", lambda route: route.fulfill(
        content_type="text/html",
        body=f"<form method=post action='{action}'><input name=reason value=x>"
        "<input name=duration value=1d><button>Win</button></form>",
    ))  # fmt: skip
    page.goto(f"{elsewhere}/")
    with page.expect_response(action) as answered:
        page.get_by_role("button", name="Win").click()
    assert answered.value.status in (401, 403)
    store = Store(f"sqlite:///{governed.home}/airflow_gov/governance.db")
    finding = store.audits.findings.get(audited.STUCK)
    store.dispose()
    assert finding is not None
    assert finding.state is FindingState.NEW


def test_a_viewer_reads_and_has_no_form(governed: AirflowServer, page: Page) -> None:
    governed.let_in(page.context, "vic")
    page.goto(f"{governed.url}/plugin/governance/airflow-gov/audits/findings/{audited.STUCK}")
    expect(frame_of(page).get_by_role("heading", name="What to do")).to_be_visible()
    expect(frame_of(page).get_by_role("button", name="Acknowledge")).to_have_count(0)
    path = f"/airflow-gov/api/v1/audits/findings/{audited.STUCK}/acknowledge"
    said = {"reason": "x", "duration": "1d"}
    assert governed.request("POST", path, said, token=governed.token("vic"))[0] == 403
    assert governed.request("POST", path, said) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_fit_and_are_accessible(governed: AirflowServer, page: Page, theme: str) -> None:
    # The report's sandbox has no storage.
    page.add_init_script(f"try {{ localStorage.setItem('theme', '{theme}') }} catch {{}}")
    governed.let_in(page.context)
    page.goto(f"{governed.url}/plugin/governance/airflow-gov/audits")
    for name, path in PAGES.items():
        frame_of(page).goto(f"{governed.url}/airflow-gov/{path}")
        for width, height in SIZES:
            # Airflow's own navigation beside the frame takes some of it.
            page.set_viewport_size({"width": width + 170, "height": height + 150})
            page.wait_for_timeout(200)
            frame = frame_of(page)
            assert frame.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, width)
            picture(page, f"{name}-{theme}-{width}")
        assert violations(frame_of(page)) == [], name
        assert page.title() != "run"
    frame_of(page).goto(f"{governed.url}/airflow-gov/audits/runs/second/report")
    expect(page.frame_locator("iframe").get_by_text("Audit report", exact=True)).to_be_visible()
    picture(page, f"report-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_saved_report_is_accessible_and_fits_every_width(
    governed: AirflowServer, chromium: Browser, tmp_path: Path, theme: str
) -> None:
    store = Store(f"sqlite:///{governed.home}/airflow_gov/governance.db")
    html = store.audits.reports.get("second")
    store.dispose()
    assert html
    file = tmp_path / "report.html"
    file.write_text(html, "utf-8")
    alone: Page = chromium.new_page(color_scheme=theme)  # type: ignore[arg-type]
    alone.goto(file.as_uri())
    alone.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    for width in (1280, 526, 320):
        alone.set_viewport_size({"width": width, "height": 600})
        assert alone.evaluate("document.documentElement.scrollWidth") <= width
        picture(alone, f"saved-{theme}-{width}")
    assert violations(alone) == []
    assert alone.title() != "run"
    alone.emulate_media(media="print", color_scheme="dark")
    assert (
        alone.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    )
    alone.close()
