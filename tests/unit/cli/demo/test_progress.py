"""What is seen while the demo runs."""

from __future__ import annotations

import pytest

from airflow_gov.cli.demo.progress import DemoProgress
from airflow_gov.cli.demo.run import DagResult


def follow(progress: DemoProgress, state: str) -> None:
    with progress:
        progress.step("Starting Airflow")
        progress.dag_started("carrier_routes", 2)
        for index in range(3):
            progress.task_ended("carrier_routes", f"routes[{index}]", "success")
        progress.task_ended("carrier_routes", "gate", state)
        progress.dag_ended(DagResult("carrier_routes", state, 4, 1.5, {}, "carrier_routes.log"))


def test_a_line_a_dag_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    follow(DemoProgress(), "success")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "Starting Airflow",
        "carrier_routes: success, tasks: 4, 1.5 s",
    ]


@pytest.mark.parametrize("state", ["success", "failed"])
def test_mapped_tasks_are_counted_as_they_come(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    follow(DemoProgress(), state)
    seen = capfd.readouterr().err
    assert "4/4" in seen
    assert ("failed" in seen) == (state == "failed")
