"""Where events wait on the local disk until the store has them."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_gov.lineage.spool_files import BusyError, FullError, SpoolFiles, sync
from airflow_gov.lineage.spool_frames import Frame, framed, read_frames

log = logging.getLogger(__name__)

#: How many events, and how many bytes of them, go to the store at once.
_BATCH_EVENTS, _BATCH_BYTES = 200, 4_000_000

Take = Callable[[Sequence[bytes]], None]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a spool holds.

    :param events: that wait.
    :param bytes: they take on the disk.
    :param since: when the oldest was put there.
    :param lost: how many events found no place, since somebody last removed ``lost.json``.
    :param last_lost: when, and why.
    :param unreadable: files of events that were torn, or refused for no reason that is known.
    """

    events: int
    bytes: int
    since: datetime | None
    lost: int
    last_lost: str
    unreadable: int


class EventSpool:
    """Events of this machine's processes, in the order in which they came, until they are delivered.

    What :meth:`put` accepted survives the death of its process, and a power cut once :meth:`secure` was
    called. It is removed only after it was taken, so one may be delivered twice; whoever takes them knows
    events by their key. Torn events (a writer was killed, the disk was full) move to the folder
    ``unreadable`` and a warning names them. A full spool refuses new events rather than forget those it
    promised to keep.

    :param folder: made when it is first needed; shared by the processes of one machine.
    :param max_bytes: what all waiting events may take on disk.
    """

    def __init__(self, folder: Path, *, max_bytes: int) -> None:
        self.folder = Path(folder)
        self._files = SpoolFiles(self.folder, max_bytes)

    def put(self, event: bytes) -> Path | None:
        """Keep an event.

        :returns: for :meth:`secure`; None when there is no place for it: that is logged and counted.
        """
        try:
            return self._files.append(framed(event))
        except OSError as error:
            self._lose(error)
            return None

    def has_room(self, event: bytes) -> bool:
        """Whether an event would find a place now."""
        try:
            return self._files.size() + len(framed(event)) <= self._files.max_bytes
        except OSError:
            return True

    def secure(self, kept: Path) -> None:
        """Have a kept event put on the disk, unless it was delivered meanwhile."""
        try:
            sync(kept)
        except OSError as error:
            log.warning("Lineage events in %s may not survive a power cut: %s", kept, error)

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._files.segments()

    def deliver(self, take: Take, *, time_limit: float) -> int:
        """Give what waits to whoever takes it, oldest first, in batches.

        :param take: returns when it has them for good; what it raises ends the delivery.
        :param time_limit: seconds after which no further batch is begun.
        :returns: how many were delivered; 0 also when another process is delivering.
        """
        deadline, delivered = time.monotonic() + time_limit, 0
        # Once more after the lock is free again: who put an event meanwhile found it taken, and left.
        while not self.is_empty() and time.monotonic() < deadline:
            with self._files.delivering() as mine:
                if not mine:
                    return delivered
                delivered += self._deliver(take, deadline)
        return delivered

    def set_aside(self, event: bytes) -> None:
        """Keep an event that was delivered and not taken: ``airflow-gov lineage import`` reads it again."""
        try:
            kept = self._files.set_aside(
                f"{time.time_ns()}-{hashlib.sha256(event).hexdigest()[:8]}.jsonl", event
            )
        except OSError as error:
            log.warning("A lineage event that was refused cannot be kept in %s: %s", self.folder, error)
        else:
            log.warning("A lineage event that was refused is kept as %s", kept)

    def waiting(self) -> Waiting:
        """What the spool holds now."""
        events = size = 0
        segments = self._files.segments()
        for segment in segments:
            try:
                content, place = self._files.read(segment)
            except FileNotFoundError:
                continue
            size += len(content) - place
            events += sum(frame.whole for frame in read_frames(content, place))
        lost: dict[str, Any] = self._files.lost()
        return Waiting(
            events=events,
            bytes=size,
            since=_written(segments[0]) if segments else None,
            lost=lost["count"],
            last_lost=" ".join(str(lost[key]) for key in ("at", "why") if key in lost),
            unreadable=sum(1 for _ in (self.folder / "unreadable").glob("*")),
        )

    def _deliver(self, take: Take, deadline: float) -> int:
        delivered = 0
        for segment in self._files.segments():
            removed = False
            while not removed:
                content, place = self._files.read(segment)
                for batch in _batches(read_frames(content, place)):
                    self._set_torn_aside(segment, batch)
                    events = [frame.payload for frame in batch if frame.whole]
                    if events:
                        take(events)
                    delivered += len(events)
                    removed = self._files.delivered(segment, batch[-1].end)
                    if time.monotonic() > deadline:
                        return delivered
                if place >= len(content) and not removed:
                    removed = self._files.delivered(segment, place)
        return delivered

    def _set_torn_aside(self, segment: Path, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if not frame.whole:
                kept = self._files.set_aside(f"{segment.stem}-{frame.end}", frame.payload)
                log.warning("A torn lineage event (%d bytes) was set aside as %s", len(frame.payload), kept)

    def _lose(self, error: OSError) -> None:
        reason = str(error) if isinstance(error, BusyError | FullError) else error.strerror or str(error)
        log.error(
            "A lineage event is lost, the spool %s does not take it: %s. Bring the store back "
            "(airflow-gov db check), then: airflow-gov lineage spool deliver",
            self.folder,
            reason,
        )
        try:
            self._files.count_lost(reason, datetime.now(UTC).isoformat(timespec="seconds"))
        except OSError as also:
            log.warning("The lost lineage event could not be counted: %s", also)


def _batches(frames: Any) -> Any:
    batch: list[Frame] = []
    size = 0
    for frame in frames:
        if batch and (len(batch) >= _BATCH_EVENTS or size + len(frame.payload) > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(frame)
        size += len(frame.payload)
    if batch:
        yield batch


def _written(segment: Path) -> datetime | None:
    """When a segment was begun: its name says so."""
    try:
        return datetime.fromtimestamp(int(segment.stem) / 1e9, UTC)
    except (ValueError, OverflowError):
        return None
