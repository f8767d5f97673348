"""What the check of the log says, and the anchors it is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FaultKind(StrEnum):
    """What was done to the log. ``rewritten``: its chain holds, but an anchor tells of another entry."""

    CHANGED = "changed"
    INSERTED = "inserted"
    REMOVED = "removed"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the lake remembers of the log: that it had this entry, with this hash.

    :param sequence: the entry's place in the log.
    :param hash: its hash.
    :param at: when it was written to the lake.
    :param uri: where it lies.
    """

    sequence: int
    hash: str
    at: datetime
    uri: str = ""


@dataclass(frozen=True, slots=True)
class LogFault:
    """The first thing that is wrong with the log.

    :param kind: what was done to it.
    :param sequence: the entry, by its place; for what is gone, the place at which it was, and where the
        chain was rewritten the first place that may be another.
    :param message: what was found, for people.
    """

    kind: FaultKind
    sequence: int
    message: str


@dataclass(frozen=True, slots=True)
class LogVerification:
    """The result of checking the log.

    :param entries: how many entries were checked and are as they were written.
    :param hash: the hash of the last of them; None where there is none.
    :param anchors: how many anchors agree with it.
    :param anchored: the place of the newest entry that an anchor holds; 0 where none does. Who can write to
        the database can rewrite what comes after it.
    :param live_from: from which entry on the chain was written together with the entries; what is before was
        there already when the chain was made.
    :param protected: whether the database itself refuses to change and delete entries.
    :param fault: the first thing that is wrong; None where nothing is.
    """

    entries: int
    hash: str | None
    anchors: int = 0
    anchored: int = 0
    live_from: int = 1
    protected: bool = True
    fault: LogFault | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was changed, inserted, removed, reordered or truncated."""
        return self.fault is None
