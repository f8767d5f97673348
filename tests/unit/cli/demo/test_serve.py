"""Where the demo's Airflow listens, and how it ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_gov.cli.demo.home import DemoHome
from airflow_gov.cli.demo.run import stop
from airflow_gov.cli.demo.serve import DEFAULT_PORT, free_port, serving
from airflow_gov.model.errors import GovernanceError


@pytest.fixture
def taken() -> int:
    listener = socket.create_server(("127.0.0.1", 0))
    yield listener.getsockname()[1]
    listener.close()


def test_a_port_that_is_taken_is_refused(taken: int) -> None:
    with pytest.raises(GovernanceError, match=str(taken)):
        free_port(taken)


def test_without_a_wish_the_first_free_port_is_taken() -> None:
    first = free_port(None)
    assert first >= DEFAULT_PORT
    with socket.create_server(("127.0.0.1", first)):
        assert free_port(None) > first


def test_an_airflow_that_does_not_come_up_is_told_with_its_log(tmp_path: Path) -> None:
    home = DemoHome(tmp_path)
    home.logs.mkdir(parents=True)
    home.configuration.write_text("this is no configuration\n")
    with pytest.raises(GovernanceError, match=r"airflow\.log"), serving(home, free_port(None)):
        pytest.fail("it cannot have come up")
    assert "no configuration" in (tmp_path / "logs" / "airflow.log").read_text()


def test_a_process_that_does_not_listen_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_gov.cli.demo.run._PATIENCE_SECONDS", 0.2)
    script = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    stop(process)
    assert process.returncode is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    stop(process)
