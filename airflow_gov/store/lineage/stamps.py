"""What is told again and again: of each part the newest counts, in whatever order events arrive."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_gov.model.lineage import LineageEvent, Named


def stamp(event: LineageEvent, named: Named, *, weight: int = 0) -> str:
    """When something was told; of two texts the greater one counts.

    :param named: of what it was told: an event may call one dataset by two names.
    :param weight: what has more counts more than what is newer.
    """
    place = zlib.crc32(f"{named.namespace}\0{named.name}".encode())
    ends = event.event_type is not None and event.event_type.ends
    at = event.event_time.isoformat(timespec="microseconds")[:26]
    return f"{weight:d}{at}{ends:d}{event.key[:8]}{place:08x}"


@dataclass(slots=True)
class Stamped:
    """Named parts, each with the stamp of the event that told it.

    :param heard: whether anything was taken.
    :param changed: whether any part is another now.
    """

    parts: dict[str, Any]
    stamps: dict[str, str]
    heard: bool = field(default=False)
    changed: bool = field(default=False)

    def takes(self, name: str, when: str) -> bool:
        """Whether what is told counts; then it is remembered that it was told."""
        if when <= self.stamps.get(name, ""):
            return False
        self.stamps[name] = when
        self.heard = True
        return True

    def take(self, told: Mapping[str, Any], when: str) -> None:
        """Take what counts; a facet with ``_deleted`` takes away what was told before."""
        for name, value in told.items():
            if self.takes(name, when):
                gone = isinstance(value, dict) and value.get("_deleted") is True
                self._set(name, None if gone else value)

    def merge(self, other: Stamped) -> None:
        """Take what counts of the parts of another, also what is gone there."""
        for name, when in other.stamps.items():
            if not name.startswith("#") and self.takes(name, when):
                self._set(name, other.parts.get(name))

    def forget(self, beginning: str) -> set[str]:
        """Let what was told with such stamps be as if it had not been told.

        :param beginning: of the stamps.
        :returns: the names of these parts.
        """
        names = {
            name
            for name, when in self.stamps.items()
            if not name.startswith("#") and when.startswith(beginning)
        }
        for name in names:
            del self.stamps[name]
            self.stamps.pop(f"#{name}", None)
            self.heard = True
            self._set(name, None)
        return names

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self.changed = self.parts.pop(name, None) is not None or self.changed
        elif self.parts.get(name) != value:
            self.parts[name], self.changed = value, True

    def changes(self, parts: str) -> dict[str, Any]:
        """What of its row has changed.

        :param parts: the name of the column that holds the parts.
        """
        changed: dict[str, Any] = {"stamps": self.stamps} if self.heard else {}
        return {**changed, parts: self.parts} if self.changed else changed
