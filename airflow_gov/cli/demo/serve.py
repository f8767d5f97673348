"""Leaves Airflow's UI running on this machine until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.cli.demo.home import DemoHome

DEFAULT_PORT = 8080
_START_SECONDS = 180
_STOP_SECONDS = 20
_PASSWORDS = "simple_auth_manager_passwords.json.generated"


@dataclass(frozen=True, slots=True)
class Served:
    """A running Airflow.

    :param url: its UI.
    :param user: who may log in.
    :param password: with what.
    :param process: Airflow's.
    """

    url: str
    user: str
    password: str
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Until Airflow ends, or the person at the keyboard has seen enough."""
        self.process.wait()


def free_port(wanted: int | None) -> int:
    """The port to listen on: the one wanted, else the first free one from 8080 on.

    :raises GovernanceError: ``PARAMETER_INVALID`` when the wanted one is taken.
    """
    for port in [wanted] if wanted else range(DEFAULT_PORT, DEFAULT_PORT + 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise GovernanceError(
        Reason.PARAMETER_INVALID,
        f"Port {wanted} is taken: give --port another." if wanted else "No port from 8080 to 8179 is free.",
    )


@contextmanager
def serving(home: DemoHome, port: int) -> Iterator[Served]:
    """Run all of Airflow's components; they end with this block.

    :param home: the demo's home.
    :param port: of the UI.
    :raises GovernanceError: when Airflow does not come up; its log says why.
    """
    log = home.folder / "logs" / "standalone.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env={
                **home.environment(),
                "AIRFLOW__API__PORT": str(port),
                "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
                # `airflow standalone` calls `airflow` by name: this environment's, not another's.
                "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")]),  # noqa: PTH120
            },
            cwd=home.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A group of its own, so that Ctrl-C reaches it once, from here.
            start_new_session=True,
        )
    try:
        _wait_until_healthy(process, port, str(log))
        user, password = _login(home)
        yield Served(f"http://localhost:{port}", user, password, process)
    finally:
        _stop_group(process)


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise GovernanceError(
                Reason.CONFIGURATION_INVALID, f"Airflow ended while it started; it said why in {log}."
            )
        if _healthy(port):
            return
        time.sleep(0.5)
    raise GovernanceError(
        Reason.CONFIGURATION_INVALID,
        f"Airflow did not come up within {_START_SECONDS} s; it said why in {log}.",
    )


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            components = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return False
    return all(
        components.get(name, {}).get("status") == "healthy"
        for name in ("metadatabase", "scheduler", "triggerer", "dag_processor")
    )


def _login(home: DemoHome) -> tuple[str, str]:
    passwords = json.loads((home.folder / _PASSWORDS).read_text(encoding="utf-8"))
    user, password = next(iter(passwords.items()))
    return str(user), str(password)


def _stop_group(process: subprocess.Popen[bytes]) -> None:
    """End `airflow standalone` and whatever it started; the group is ours alone."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.terminate()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
