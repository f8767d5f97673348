"""Ids that one process remembers, so that what repeats itself asks the store nothing."""

from __future__ import annotations

import threading
from collections import ChainMap
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select, text, update

from airflow_gov.store.lineage_tables import number

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from airflow_gov.model.intake import Told
    from airflow_gov.model.lineage import Named

#: Entries of each kind that are remembered at most, and edges of a telling that is.
_MOST = 20_000
_LONGEST = 200

#: Any number that no other program on the server takes: who changes what ids mean is alone.
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(7019284066226208771)")
_ALONE = text("SELECT pg_advisory_xact_lock(7019284066226208771)")

#: A dataset as events name it: its name, its aliases, what it is in our lake.
Mention = tuple["Named", tuple["Named", ...], "str | None"]


@dataclass
class Known:
    """What holds until `identities` changes.

    :param identities: the number (of the table of that name) at which this was learnt.
    :param jobs: a job's id by its name.
    :param mentions: a dataset's id by how an event names it: every name told is known, none has passed on.
    :param tellings: a telling's id by its job and its hash.
    :param told: tellings by id.
    :param within: of two tellings, whether the first has nothing that the second has not.
    """

    identities: int = -1
    jobs: MutableMapping[Named, int] = field(default_factory=dict)
    mentions: MutableMapping[Mention, int] = field(default_factory=dict)
    tellings: MutableMapping[tuple[int, str], int] = field(default_factory=dict)
    told: MutableMapping[int, Told] = field(default_factory=dict)
    within: MutableMapping[tuple[int, int], bool] = field(default_factory=dict)

    def draft(self) -> Known:
        """One that begins with what is known here, and keeps what it learns to itself."""
        parts = {name: ChainMap({}, getattr(self, name)) for name in _PARTS}
        return Known(self.identities, **parts)

    def lose(self) -> None:
        """Know nothing any more, and let nothing that is learnt from now on outlast the transaction."""
        self.__init__(_NEVER)  # type: ignore[misc]


#: No store has this number of identities.
_NEVER = -1
_PARTS = ("jobs", "mentions", "tellings", "told", "within")


class Memory:
    """What this process knows, for all its threads: what transactions learnt that have committed."""

    def __init__(self) -> None:
        self._known = Known()
        self._lock = threading.Lock()

    def last(self) -> Known:
        """What was known last; it may hold no more."""
        return self._known

    def recall(self, identities: int) -> Known:
        """What is known, to begin a transaction with."""
        known = self._known
        return (known if known.identities == identities else Known(identities)).draft()

    def learn(self, draft: Known) -> None:
        """Take over what a transaction learnt that has committed."""
        with self._lock:
            if draft.identities < max(self._known.identities, 0):
                return
            if draft.identities > self._known.identities:
                # Threads that are at work go on with what they began with.
                self._known = Known(draft.identities)
            for name in _PARTS:
                mine, new = getattr(self._known, name), getattr(draft, name).maps[0]
                if len(mine) + len(new) > _MOST:
                    setattr(self._known, name, mine := {})
                mine.update(new if name != "told" else _short(new))


def _short(told: Mapping[int, Told]) -> dict[int, Told]:
    return {key: each for key, each in told.items() if len(each.column_edges) <= _LONGEST}


def enter(connection: Connection, *, alone: bool) -> int:
    """Begin to write: many may at once, but nobody beside who changes what ids mean.

    On SQLite writers take turns anyway.

    :returns: the number of `identities`.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_ALONE if alone else _TOGETHER)
    found: int = connection.execute(select(number.c.value).where(number.c.name == "identities")).scalar_one()
    return found


def change_identities(connection: Connection) -> None:
    """Tell all processes that ids mean something else now. The caller is alone."""
    connection.execute(update(number).where(number.c.name == "identities").values(value=number.c.value + 1))
