"""What the tests' own scheduler takes first and keeps together is there."""

from __future__ import annotations

from pathlib import Path

from support.scheduling import LONGEST, TOGETHER

TESTS = Path(__file__).parents[1]


def test_what_is_kept_together_is_there() -> None:
    for beginnings in TOGETHER.values():
        assert [name for name in beginnings if not (TESTS / name).exists()] == []


def test_what_comes_first_is_there() -> None:
    assert [name for name in LONGEST if name not in TOGETHER and not (TESTS.parent / name).exists()] == []
