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
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.cli.demo.home import DemoHome

DEFAULT_PORT = 8080
_START_SECONDS = 180
_STOP_SECONDS = 15
_PASSWORDS = "simple_auth_manager_passwords.json.generated"

#: `airflow standalone` starts these beside the API server, and a task that is due at once fails for
#: want of the API it reports to; so here they follow it. The UI reads the logs as files.
_OTHERS = (("scheduler", "--skip-serve-logs"), ("dag-processor",), ("triggerer", "--skip-serve-logs"))


@dataclass(slots=True)
class Components:
    """Airflow's processes, in a group of their own so that Ctrl-C reaches them from here only.

    :param home: the demo's home.
    :param environment: of all of them.
    :param log: where they all write.
    """

    home: DemoHome
    environment: dict[str, str]
    log: IO[bytes]
    names: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *options: str) -> None:
        """Start one more component."""
        group = self.processes[0].pid if self.processes else 0
        self.processes.append(
            subprocess.Popen(  # noqa: S603 - this interpreter's Airflow
                [sys.executable, "-m", "airflow", name, *options],
                env=self.environment,
                cwd=self.home.folder,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                process_group=group,
            )
        )
        self.names.append(name)

    def wait(self) -> None:
        """Until one of them ends, which ends them all, or the person at the keyboard has seen enough."""
        while not self.ended():
            time.sleep(0.5)

    def ended(self) -> list[str]:
        """The components that have ended, with their exit codes."""
        return [
            f"the {name} ended with exit code {process.returncode}"
            for name, process in zip(self.names, self.processes, strict=True)
            if process.poll() is not None
        ]

    def stop(self) -> None:
        """End them and whatever they started."""
        if not self.processes:
            return
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        with suppress(ProcessLookupError):
            os.killpg(self.processes[0].pid, signal.SIGKILL)
        for process in self.processes:
            process.wait()


@dataclass(frozen=True, slots=True)
class Served:
    """A running Airflow.

    :param url: its UI.
    :param user: who may log in.
    :param password: with what.
    :param components: its processes.
    """

    url: str
    user: str
    password: str
    components: Components


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
    environment = {
        **home.environment(),
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://localhost:{port}",
    }
    log = home.folder / "logs" / "airflow.log"
    with log.open("wb") as output:
        components = Components(home, environment, output)
        try:
            components.start("api-server")
            _wait_for(components, port, {"metadatabase"}, str(log))
            for arguments in _OTHERS:
                components.start(*arguments)
            _wait_for(components, port, {"scheduler", "triggerer", "dag_processor"}, str(log))
            user, password = _login(home)
            yield Served(f"http://localhost:{port}", user, password, components)
        finally:
            components.stop()


def _wait_for(components: Components, port: int, healthy: set[str], log: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not healthy <= _healthy(port):
        ended = components.ended()
        if ended or time.monotonic() > deadline:
            problem = ", ".join(ended) or f"it is not up after {_START_SECONDS} s"
            raise GovernanceError(
                Reason.CONFIGURATION_INVALID, f"Airflow does not start: {problem}. It said why in {log}."
            )
        time.sleep(0.5)


def _healthy(port: int) -> set[str]:
    """The components that the API server calls healthy; none while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            components = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return set()
    return {name for name, facts in components.items() if facts and facts.get("status") == "healthy"}


def _login(home: DemoHome) -> tuple[str, str]:
    passwords = json.loads((home.folder / _PASSWORDS).read_text(encoding="utf-8"))
    user, password = next(iter(passwords.items()))
    return str(user), str(password)
