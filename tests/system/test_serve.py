"""`airflow-gov demo` again and with `--serve`: Airflow's UI on this machine, with the Dags, until Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.demo import Demo, clean_environment

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(700)]


@dataclass
class Server:
    process: subprocess.Popen[str]
    home: Path
    url: str
    token: str
    report: Path

    def get(self, path: str) -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/v2/{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


def _said(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    assert process.stderr is not None
    heard = []
    for line in process.stderr:
        heard.append(line)
        if found := re.search(pattern, line):
            return found
    pytest.fail(f"never said {pattern}: {''.join(heard)}")


@pytest.fixture(scope="module")
def server(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """In the home of a demo that ran, which runs again before it is served."""
    empty = tmp_path_factory.mktemp("empty")
    report = empty / "report.json"
    with report.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow_gov.cli", "demo", "--home", str(demo.home), "--serve", "--json"],
            env=clean_environment(empty),
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        url = _said(process, r"Airflow:\s+(\S+)")[1]
        login = _said(process, r"Log in:\s+(\S+) / (\S+)")
        request = urllib.request.Request(
            f"{url}/auth/token",
            data=json.dumps({"username": login[1], "password": login[2]}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            yield Server(process, demo.home, url, json.load(answer)["access_token"], report)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def test_it_shows_the_dags_and_what_they_did(server) -> None:
    dags = {dag["dag_id"]: dag["is_paused"] for dag in server.get("dags")["dags"]}
    assert dags["flights"] is True
    assert dags["punctuality_report"] is False
    assert server.get("importErrors")["total_entries"] == 0
    runs = server.get("dags/flights/dagRuns")["dag_runs"]
    assert [run["state"] for run in runs] == ["success"]


def test_the_scheduler_starts_the_consumer_of_the_published_version(server) -> None:
    deadline = time.monotonic() + 240
    states = []
    while time.monotonic() < deadline and states != ["success"]:
        runs = server.get("dags/punctuality_report/dagRuns")["dag_runs"]
        states = [run["state"] for run in runs if run["run_type"] == "asset_triggered"]
        time.sleep(1)
    assert states == ["success"]


def test_it_listens_on_this_machine_only(server) -> None:
    port = int(server.url.rpartition(":")[2])
    listening = {
        (address, int(number, 16))
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        for address, _, number in [line.split()[1].partition(":")]
        if line.split()[3] == "0A"
    }
    assert ("0100007F", port) in listening
    assert ("00000000", port) not in listening


def test_ctrl_c_ends_all_of_it(server) -> None:
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(60) == 0
    with pytest.raises(OSError, match="refused"):
        server.get("version")
    assert _processes_of(server.home) == []


def _processes_of(home: Path) -> list[str]:
    """Command lines of processes whose AIRFLOW_HOME is this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"AIRFLOW_HOME={home}".encode() in variables and command:
            found.append(command)
    return found


def test_running_it_again_changes_no_rows(server, demo) -> None:
    again = json.loads(server.report.read_text())
    assert again["succeeded"] is True
    for zone, facts in again["zones"].items():
        before = demo.report["zones"][zone]
        assert {name: each["rows"] for name, each in facts["datasets"].items()} == {
            name: each["rows"] for name, each in before["datasets"].items()
        }
        assert facts["quarantined"] == before["quarantined"]


def test_a_dataset_goes_back_a_version_and_forward_again(server, demo, airflow_gov) -> None:
    """Now there are two versions of everything."""

    def call(*arguments: str):
        return airflow_gov("datasets", *arguments, AIRFLOW_HOME=demo.home)

    def current() -> int:
        versions = json.loads(call("versions", "gold.fleet", "--json").stdout)
        return next(each["snapshot_id"] for each in versions if each["current"])

    versions = {
        each["version"]: each["snapshot_id"]
        for each in json.loads(call("versions", "gold.fleet", "--json").stdout)
    }
    newest = max(versions)
    assert current() == versions[newest]
    assert call("rollback", "gold.fleet", "1", "--yes").returncode == 2
    # Nobody is there to say yes.
    assert call("rollback", "gold.fleet", "1", "--reason", "test").returncode != 0
    assert current() == versions[newest]
    back = call("rollback", "gold.fleet", "1", "--reason", "wrong seats", "--yes")
    assert back.returncode == 0, back.stderr
    assert current() == versions[1]
    unknown = call("rollback", "gold.fleet", "99", "--reason", "test", "--yes")
    assert unknown.returncode == 1
    assert "99" in unknown.stderr
    assert call("rollback", "gold.fleet", str(newest), "--reason", "right after all", "--yes").returncode == 0
    assert current() == versions[newest]
