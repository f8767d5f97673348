"""What the tests' own scheduler takes first and keeps together is there, and a dead worker costs one test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from support.scheduling import LONGEST, TOGETHER

TESTS = Path(__file__).parents[1]


def test_what_is_kept_together_is_there() -> None:
    for beginnings in TOGETHER.values():
        assert [name for name in beginnings if not (TESTS / name).exists()] == []


def test_what_comes_first_is_there() -> None:
    assert [name for name in LONGEST if name not in TOGETHER and not (TESTS.parent / name).exists()] == []


CONFTEST = """
from support.scheduling import LongestFirst
def pytest_xdist_make_scheduler(config, log):
    return LongestFirst(config, log)
"""
QUIET = "def test_a(): pass\ndef test_b(): pass\ndef test_c(): pass\n"
DEADLY = """
import os, time
def test_before(): time.sleep({pause})
def test_deadly(): os._exit(3)
def test_after(): pass
"""


def run(folder: Path, files: Mapping[str, str], *options: str) -> str:
    """Run tests of their own in a process; gives what it said."""
    for name, text in files.items():
        (folder / name).write_text(text)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull),
            *("--rootdir", str(folder), *options, str(folder)),
        ],
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ran.stdout + ran.stderr


@pytest.mark.parametrize(("workers", "pause"), [(1, 0), (3, 0.3)])
def test_a_worker_that_dies_costs_the_test_that_killed_it(tmp_path: Path, workers: int, pause: float) -> None:
    """Also when others die before its successor has found the tests."""
    files = {f"test_quiet_{number}.py": QUIET for number in range(4)}
    files |= {f"test_deadly_{number}.py": DEADLY.format(pause=pause * number) for number in range(3)}
    files["test_only_deadly.py"] = "import os\ndef test_deadly(): os._exit(3)\n"
    said = run(tmp_path, {**files, "conftest.py": CONFTEST}, "-n", str(workers), "--dist", "loadfile")
    assert "4 failed, 18 passed" in said, said
    for number in range(3):
        assert f"crashed while running 'test_deadly_{number}.py::test_deadly'" in said


@pytest.mark.parametrize("files", [1, 2])
def test_there_may_be_less_to_do_than_workers(tmp_path: Path, files: int) -> None:
    one = {f"test_{number}.py": "def test_a(): pass\n" for number in range(files)}
    said = run(tmp_path, {**one, "conftest.py": CONFTEST}, "-n", "2", "--dist", "loadfile")
    assert f"{files} passed" in said, said


HANGING = """
import threading, pytest
@pytest.fixture
def endless():
    yield
    threading.Event().wait()
def test_failing(endless): assert 0
"""


def test_a_test_that_hangs_after_it_failed_ends_its_process(tmp_path: Path) -> None:
    said = run(tmp_path, {"test_it.py": HANGING}, "-p", "support.watchdog", "-o", "faulthandler_timeout=2")
    assert "Timeout (0:00:02)!" in said, said
    assert "in endless" in said
