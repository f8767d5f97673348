"""A running Airflow with people to log in as, and a browser to see it with."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from airflow_gov.store import Store
from support import published

CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A busy machine takes a while; Playwright's own limit is 5 s.
expect.set_options(timeout=30_000)

#: Who may log in: name and password are the same, the value is the role in Airflow; nob may do nothing.
PEOPLE = {"ada": "admin", "vic": "viewer", "nob": ""}


@dataclass(frozen=True)
class AirflowServer:
    """Airflow's API server and UI, with our plugin and a filled governance store.

    :param url: without a slash at the end.
    :param home: its AIRFLOW_HOME.
    :param log: what the server writes.
    """

    url: str
    home: Path
    log: Path = field(repr=False)

    def login(self, page: Page, user: str = "ada") -> None:
        """Log in through Airflow's own form."""
        page.goto(f"{self.url}/")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill(user)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Governance").wait_for()

    def let_in(self, window: BrowserContext, user: str = "ada") -> None:
        """Without the form, for tests of something else: with the cookie of somebody who has logged in."""
        window.add_cookies([{"name": "_token", "value": self.token(user), "url": self.url}])

    def token(self, user: str = "ada") -> str:
        """A Bearer token."""
        answer = self.request("POST", "/auth/token", {"username": user, "password": user})[1]
        return str(answer["access_token"])

    def request(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of an answer."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")


@pytest.fixture(scope="session")
def airflow_server(
    tmp_path_factory: pytest.TempPathFactory, migrated_airflow: Path
) -> Iterator[AirflowServer]:
    """One Airflow for the whole session: SimpleAuthManager with real logins."""
    home = tmp_path_factory.mktemp("airflow")
    store = Store(f"sqlite:///{home}/airflow_gov/governance.db")
    published.fill(store)
    store.dispose()
    port = _free_port()
    server = AirflowServer(f"http://127.0.0.1:{port}", home, home / "api-server.log")
    environ = _environ(home, server.url)
    airflow = str(Path(sys.executable).with_name("airflow"))
    shutil.copy(migrated_airflow, home / "airflow.db")
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [airflow, "api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
            env=environ,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait(server, process)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=120)


def _environ(home: Path, url: str) -> dict[str, str]:
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({name: name for name in PEOPLE}))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(":".join(item) for item in PEOPLE.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(server: AirflowServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if server.request("GET", "/api/v2/version")[0] == 200:
                return
        time.sleep(0.5)
    pytest.fail(f"Airflow did not start:\n{server.log.read_text()[-4000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, or Playwright's own where there is none.

    Closed with the module: an open Playwright keeps an event loop running in this thread, and triggers
    that run in a test's own process could not start theirs.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own session; it fails the test when the browser reports a policy violation."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    context.close()
    assert complaints == []
