"""Remembers that the store was down, so that not every event waits for it again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

#: Seconds until the store is tried again: doubled with each failure up to the longest.
_FIRST, _LONGEST = 1.0, 60.0


class Breaker:
    """One marker file for all processes of a machine: while it is fresh, none of them tries the store.

    :param file: where it is written; removed when the store works again.
    :param clock: seconds since the epoch: the file outlives processes.
    """

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock

    def is_open(self) -> bool:
        """Whether the store failed so lately that it is left alone."""
        failures, at = self._read()
        # A clock set back must not keep it open.
        return failures > 0 and 0 <= self._clock() - at < min(_FIRST * 2 ** (failures - 1), _LONGEST)

    def failed(self) -> None:
        """The store was tried and failed."""
        failures, _ = self._read()
        told = {"failures": min(failures + 1, 64), "at": self._clock()}
        unfinished = self._file.with_name(f"{self._file.name}.part")
        try:
            unfinished.write_text(json.dumps(told), encoding="utf-8")
            unfinished.replace(self._file)
        except OSError:
            return  # the next event tries the store again, which costs time and loses nothing

    def succeeded(self) -> None:
        """The store works."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError:
            return

    def _read(self) -> tuple[int, float]:
        try:
            read = json.loads(self._file.read_text(encoding="utf-8"))
            return int(read["failures"]), float(read["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0.0
