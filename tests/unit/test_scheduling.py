"""What the tests' own scheduler takes first and keeps together is there, and a dead worker costs one test."""

from __future__ import annotations

import os
import subprocess
import sys
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
DEADLY = "import os\ndef test_before(): pass\ndef test_deadly(): os._exit(3)\ndef test_after(): pass\n"


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_worker_that_dies_costs_the_test_that_killed_it(tmp_path: Path, workers: int) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    for number in range(4):
        (tmp_path / f"test_quiet_{number}.py").write_text(QUIET)
    (tmp_path / "test_deadly.py").write_text(DEADLY)
    (tmp_path / "test_only_deadly.py").write_text("import os\ndef test_deadly(): os._exit(3)\n")
    options = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-n", str(workers), "--dist", "loadfile", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "2 failed, 14 passed" in ran.stdout, ran.stdout + ran.stderr
    assert "crashed while running 'test_only_deadly.py::test_deadly'" in ran.stdout
