"""Fixtures: the demo, run once for everything that looks at what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass
class Demo:
    """A demo that ran.

    :param home: its Airflow home.
    :param report: the document it ended with.
    :param messages: what it said besides.
    """

    home: Path
    report: dict[str, Any]
    messages: str

    def datasets(self) -> dict[str, dict[str, Any]]:
        """What was published, by dataset."""
        return {
            name: facts for zone in self.report["zones"].values() for name, facts in zone["datasets"].items()
        }


def clean_environment(home: Path) -> dict[str, str]:
    """An environment without Airflow's variables and with an empty HOME."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    return {**kept, "HOME": str(home)}


@pytest.fixture(scope="session")
def airflow_gov(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a process of its own, with nothing set but what is given."""
    empty = tmp_path_factory.mktemp("empty-home")

    def call(*arguments: object, **environment: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "airflow_gov.cli", *map(str, arguments)],
            env={**clean_environment(empty), **{key: str(value) for key, value in environment.items()}},
            cwd=empty,
            capture_output=True,
            text=True,
            timeout=600,
        )

    return call


@pytest.fixture(scope="session")
def demo(
    airflow_gov: Callable[..., subprocess.CompletedProcess[str]], tmp_path_factory: pytest.TempPathFactory
) -> Demo:
    """The demo in a home of its own, run once."""
    home = tmp_path_factory.mktemp("demo") / "home"
    answer = airflow_gov("demo", "--home", home, "--json")
    assert answer.returncode == 0, answer.stderr
    return Demo(home, json.loads(answer.stdout), answer.stderr)
