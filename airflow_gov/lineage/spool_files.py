"""The files and locks of the event spool, shared by the processes of one machine."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SEGMENT = ".events"
_PLACE = ".delivered"
_LOST = "lost.json"
#: Bytes after which the next event begins a new file.
_SEGMENT_BYTES = 1_000_000
#: Seconds to wait for another process that is writing; it takes less than a millisecond.
_PATIENCE = 1.0


class BusyError(OSError):
    """Another process holds the spool."""


class FullError(OSError):
    """The spool holds as much as it may."""


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class SpoolFiles:
    """Appends to segments, gives them back oldest first, and removes what was delivered.

    :param folder: made when it is first needed.
    :param max_bytes: what all segments together may take.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes

    def append(self, frame: bytes) -> Path:
        """Add a frame to the newest segment; it is in the system's hands, not yet on the disk.

        :returns: the segment.
        :raises FullError: it does not fit.
        :raises OSError: it cannot be written. The segment is then as it was.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.writing():
            used, segments = self.size(), self.segments()
            if used + len(frame) > self.max_bytes:
                raise FullError(f"it is full ({used} of {self.max_bytes} bytes)")
            fits = bool(segments) and segments[-1].stat().st_size < _SEGMENT_BYTES
            segment = segments[-1] if fits else self._next_segment(segments)
            _append_all(segment, frame)
            return segment

    def segments(self) -> list[Path]:
        """The segments there are, oldest first."""
        try:
            names = [name for name in os.listdir(self.folder) if name.endswith(_SEGMENT)]  # noqa: PTH208
        except FileNotFoundError:
            return []
        return [self.folder / name for name in sorted(names)]

    def size(self) -> int:
        """Bytes that all segments take."""
        try:
            with os.scandir(self.folder) as entries:
                return sum(entry.stat().st_size for entry in entries if entry.name.endswith(_SEGMENT))
        except FileNotFoundError:
            return 0

    def read(self, segment: Path) -> tuple[bytes, int]:
        """A segment as far as it is written, and where in it the first undelivered frame begins."""
        with self.writing():
            content = segment.read_bytes()
        try:
            place = int(segment.with_suffix(_PLACE).read_text())
        except (FileNotFoundError, ValueError):
            place = 0
        return content, place if 0 <= place <= len(content) else 0

    def delivered(self, segment: Path, place: int) -> bool:
        """Remember how far a segment was delivered; one delivered to its end is removed.

        :returns: whether it was removed.
        """
        with self.writing():
            if segment.stat().st_size <= place:
                segment.with_suffix(_PLACE).unlink(missing_ok=True)
                segment.unlink()
                return True
        _replace(segment.with_suffix(_PLACE), str(place))
        return False

    def set_aside(self, name: str, content: bytes) -> Path:
        """Keep what cannot be delivered where a person may look at it.

        :raises FullError: as much lies there as may wait.
        """
        aside = self.folder / "unreadable"
        aside.mkdir(mode=0o700, exist_ok=True)
        if sum(file.stat().st_size for file in aside.iterdir()) + len(content) > self.max_bytes:
            raise FullError(f"{aside} is full")
        kept = aside / name
        with open(kept, "wb", opener=_owner_only) as file:
            file.write(content)
        return kept

    def lost(self) -> dict[str, Any]:
        """How many events found no place, and when the last one did not: ``count``, ``at``, ``why``."""
        try:
            read = json.loads((self.folder / _LOST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {"count": 0}
        return read if isinstance(read, dict) and isinstance(read.get("count"), int) else {"count": 0}

    def count_lost(self, why: str, at: str) -> None:
        """Count an event that found no place."""
        with self.writing():
            told = {"count": self.lost()["count"] + 1, "at": at, "why": why}
            _replace(self.folder / _LOST, json.dumps(told))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone among all writers, for a moment.

        :raises BusyError: another one does not come to an end.
        """
        with self._locked(".writing", _PATIENCE) as mine:
            if not mine:
                raise BusyError(f"another process has been writing to it for more than {_PATIENCE:g} s")
            yield

    def delivering(self) -> Any:
        """A context that says whether this is the only one that delivers."""
        return self._locked(".delivering", 0.0)

    @contextmanager
    def _locked(self, name: str, patience: float) -> Iterator[bool]:
        # The kernel frees this lock when its process dies, however it dies.
        with open(self.folder / name, "a", opener=_owner_only) as file:
            mine = _wait(lambda: _lock(file.fileno()), patience)
            try:
                yield mine
            finally:
                if mine:
                    # A child forked meanwhile has the file open too, and must not keep the lock.
                    fcntl.flock(file, fcntl.LOCK_UN)

    def _next_segment(self, segments: list[Path]) -> Path:
        newest = int(segments[-1].stem) if segments else 0
        return self.folder / f"{max(newest + 1, time.time_ns()):020d}{_SEGMENT}"


def sync(segment: Path) -> None:
    """Have what was written put on the disk; a segment that is gone was delivered."""
    try:
        file = os.open(segment, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _append_all(segment: Path, frame: bytes) -> None:
    with open(segment, "ab", buffering=0, opener=_owner_only) as file:
        before, rest = file.seek(0, os.SEEK_END), memoryview(frame)
        try:
            while rest:
                rest = rest[file.write(rest) or 0 :]
        except OSError:
            file.truncate(before)
            raise


def _replace(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.part")
    with open(unfinished, "w", encoding="utf-8", opener=_owner_only) as file:
        file.write(text)
    unfinished.replace(path)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(attempt: Callable[[], bool], patience: float) -> bool:
    deadline, pause = time.monotonic() + patience, 0.0005
    while not attempt():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.01)
    return True
