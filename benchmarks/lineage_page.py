"""How long the Lineage tab takes until it can be used, with 200 and with 1,000 cards, and how it moves then.

Real: Chromium, the bundle, the application with its store (SQLite), HTTP on this machine. Left out: Airflow's
own page around the tab. The clock runs from the navigation until the graph is drawn and has answered a key.
Beside it, in the same run, stands an empty page of the same server: what Chromium takes for nothing.

    python benchmarks/lineage_page.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from fastapi.testclient import TestClient
from playwright.sync_api import Page, sync_playwright

from airflow_gov.model.lineage import (
    ColumnFacts,
    DatasetFacts,
    EventKind,
    JobFacts,
    LineageEvent,
    Named,
    Origin,
    Projection,
    RunFacts,
    RunState,
    Touch,
)
from airflow_gov.store import Store
from airflow_gov.web import create_app

ZONES = ("raw", "preprocessed", "clean", "gold")
#: Cards → the most seconds that are wanted.
GOALS = {200: 2.0, 1000: 4.0}
#: Frames a second that feel fluid.
FLUID = 24
EMPTY = b"<!doctype html><title>empty</title><p id='there'>empty</p>"
#: Drags the drawing for a second and counts what is painted.
FRAMES = """async () => {
  const pane = document.querySelector(".react-flow__pane");
  const box = pane.getBoundingClientRect();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const fire = (kind, x, on) => on.dispatchEvent(new MouseEvent(kind, {
    bubbles: true, cancelable: true, view: window, button: 0, buttons: 1, clientX: x, clientY: at.y,
  }));
  fire("mousedown", at.x, pane);
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < 1000) {
    await new Promise(requestAnimationFrame);
    frames += 1;
    fire("mousemove", at.x + 100 * Math.sin(frames / 10), window);
  }
  fire("mouseup", at.x, window);
  return frames;
}"""


class Everyone:
    """Whoever asks may see everything."""

    name = "bench"

    def may_read_dag(self, dag_id: str) -> bool:
        return True

    def may_govern(self) -> bool:
        return False

    def readable_dags(self) -> None:
        return None


def lake(cards: int) -> Iterator[Projection]:
    """As many datasets as jobs: each dataset comes from one to three of the zone before."""
    for zone in range(len(ZONES)):
        for number in range(cards // 8):
            sources = (
                ()
                if zone == 0
                else tuple((number * 3 + each) % (cards // 8) for each in range(1 + number % 3))
            )
            inputs = tuple(facts(cards, zone - 1, each) for each in sources)
            yield filled(cards, inputs, facts(cards, zone, number))


def facts(cards: int, zone: int, number: int) -> DatasetFacts:
    """A dataset of a zone with twenty columns."""
    name = f"{ZONES[zone]}.table_{cards}_{number}"
    columns = tuple(ColumnFacts(f"column_{each}", "string") for each in range(20))
    return DatasetFacts(Named("file", f"/lake/{name}"), governed=name, columns=columns)


def filled(cards: int, inputs: tuple[DatasetFacts, ...], output: DatasetFacts) -> Projection:
    """That a task has filled a dataset."""
    dag_id, task_id, at = (
        f"dag_{cards}",
        output.named.name.replace("/", "_").replace(".", "_"),
        datetime.now(UTC),
    )
    job = JobFacts(
        Named("default", f"{dag_id}.{task_id}"), dag_id=dag_id, task_id=task_id, integration="AIRFLOW"
    )
    run = RunFacts(f"{dag_id}{task_id}", RunState.COMPLETE, at, dag_run_id="run", try_number=1)
    event = LineageEvent(EventKind.RUN, run.run_id, at, run.state, run.run_id, job.named, {})
    touches = (
        *(Touch(each.named, output=False) for each in inputs),
        Touch(output.named, output=True, rows=1000),
    )
    return Projection(event, job, run, datasets=(*inputs, output), touches=touches)


@contextmanager
def served(store: Store) -> Iterator[str]:
    """The application on a port of this machine; gives its address."""
    client = TestClient(create_app(store=lambda: store, viewer=Everyone))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/empty":
                self.answer(200, {"content-type": "text/html"}, EMPTY)
                return
            answer = client.get(self.path, headers=dict(self.headers))
            self.answer(answer.status_code, dict(answer.headers), answer.content)

        def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the browser has gone on
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def timed(page: Page, work: Callable[[Page], None], rounds: int) -> float:
    """Seconds of the median round; the first one, which warms the caches, is left out."""
    taken = []
    for _ in range(rounds + 1):
        page.goto("about:blank")
        started = time.perf_counter()
        work(page)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])


def use(address: str) -> Callable[[Page], None]:
    """Open the tab and go from one card to the next."""

    def work(page: Page) -> None:
        page.goto(address)
        card = page.locator(".card[tabindex='0']")
        card.focus()
        label = card.get_attribute("aria-label")
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "label => document.activeElement.matches('.card') && document.activeElement.ariaLabel !== label",
            arg=label,
        )

    return work


def frames(page: Page) -> int:
    """Frames of the best of three seconds: whatever else runs here only takes some away."""
    return max(page.evaluate(FRAMES) for _ in range(3))


def empty(address: str) -> Callable[[Page], None]:
    """Open a page that is empty."""

    def work(page: Page) -> None:
        page.goto(address)
        page.locator("#there").wait_for()

    return work


def main() -> int:
    """Fill a store, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as name, sync_playwright() as playwright:
        store = Store(f"sqlite:///{Path(name)}/governance.db")
        for cards in GOALS:
            store.lineage.record(list(lake(cards)), origin=Origin.TRANSPORT, at=datetime.now(UTC))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1112, "height": 607})
        with served(store) as address:
            nothing = timed(page, empty(f"{address}/empty"), arguments.rounds)
            print(
                f"{'cards':>7} {'usable after':>13} {'goal':>6} {'frames a second, readable and fitted':>38}"
            )
            print(f"{'none':>7} {nothing:>11.2f} s   (an empty page)")
            for cards, goal in GOALS.items():
                query = f"dag_id=dag_{cards}&gov_up=all&gov_down=all&gov_limit=2000"
                taken = timed(page, use(f"{address}/lineage?{query}"), arguments.rounds)
                near = frames(page)
                page.keyboard.press("f")
                page.wait_for_timeout(400)
                far = frames(page)
                times = f"{taken / nothing:.0f} times the empty page"
                print(f"{cards:>7,} {taken:>11.2f} s {goal:>4.0f} s {near:>20} {far:>17}   {times}")
                missed += taken > goal or min(near, far) < FLUID
        browser.close()
        store.dispose()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
