"""Ends a process whose test hangs while it tidies up: pytest's own watch ends when the test fails."""

from __future__ import annotations

import faulthandler

import pytest
from _pytest.faulthandler import fault_handler_stderr_fd_key


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Watch anew; pytest calls it off when the test has ended."""
    if limit := float(str(item.config.getini("faulthandler_timeout") or 0)):
        faulthandler.dump_traceback_later(
            limit, exit=True, file=item.config.stash[fault_handler_stderr_fd_key]
        )
