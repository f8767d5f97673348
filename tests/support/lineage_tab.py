"""The Lineage tab as a person uses it: opened, sized, looked at and pictured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Frame, FrameLocator, Page, expect

from .framed import fit, frame_of, settled

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
#: A folder for pictures of the pages; none are kept where it is not named.
SCREENSHOTS = os.environ.get("AIRFLOW_GOV_SCREENSHOTS")


class LineageTab:
    """The tab in a page of Airflow's.

    :param page: Airflow's page.
    :param url: of Airflow, without a slash at the end.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    @property
    def frame(self) -> FrameLocator:
        """What Airflow shows in the tab."""
        return self.page.frame_locator("iframe[title=Lineage]")

    def open(self, dag_id: str = "gold_shop", **state: str) -> FrameLocator:
        """Open the tab of a Dag, with parameters of its own."""
        query = "&".join(f"gov_{name}={value}" for name, value in state.items())
        self.page.goto(f"{self.url}/dags/{dag_id}/plugin/lineage?{query}")
        return self.ready()

    def ready(self) -> FrameLocator:
        """Wait until there are cards, rows, or the reason why there are none."""
        settled(self.page, "Lineage")
        shown = self.frame.locator(".card, .table-view tbody tr, .message")
        expect(shown.first).to_be_visible()
        return self.frame

    def card(self, label: str) -> Any:
        """The card of a dataset or a job."""
        return self.frame.locator(f".card[aria-label^='Dataset {label},'], .card[aria-label^='Job {label},']")

    def show(self, label: str) -> Any:
        """The same, brought into sight as Jump to… does it."""
        card = self.card(label)
        reveal = "card => dispatchEvent(new CustomEvent('governance-reveal', {detail: card.id.slice(5)}))"
        card.evaluate(reveal)
        return card

    def evaluate(self, script: str) -> Any:
        """Run a script in the frame."""
        return self.inner.evaluate(script)

    @property
    def inner(self) -> Frame:
        """The frame itself."""
        self.ready()
        return frame_of(self.page, "Lineage")

    def fit(self, width: int, height: int) -> None:
        """Make the frame that big, whatever Airflow's own navigation takes."""
        fit(self.page, lambda: list(self.evaluate("[innerWidth, innerHeight]")), width, height)

    def violations(self) -> list[Any]:
        """What axe-core finds in the frame, with where."""
        self.evaluate(AXE.read_text("utf-8"))
        found = self.evaluate("axe.run()")["violations"]
        return [(each["id"], [node["html"][:200] for node in each["nodes"]]) for each in found]

    def picture(self, name: str) -> None:
        """Keep how it looks now."""
        if SCREENSHOTS:
            Path(SCREENSHOTS).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")
