"""Ids that one process remembers, so that what repeats itself asks the store nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import select, text, update

from airflow_gov.store.lineage_tables import number

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from airflow_gov.model.intake import Told
    from airflow_gov.model.lineage import Named

K = TypeVar("K")
V = TypeVar("V")

#: Entries of each kind that are remembered at most, and edges of a telling that is.
_MOST = 20_000
_LONGEST = 200

#: Any number that no other program on the server takes: who changes what ids mean is alone.
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(7019284066226208771)")
_ALONE = text("SELECT pg_advisory_xact_lock(7019284066226208771)")
_IDENTITIES = select(number.c.value).where(number.c.name == "identities")

#: A dataset as events name it: its name, its aliases, what it is in our lake.
Mention = tuple["Named", tuple["Named", ...], "str | None"]


class Layer(Generic[K, V]):
    """What was known before, and over it what is learnt.

    :param base: is not changed.
    """

    __slots__ = ("_base", "new")

    def __init__(self, base: Mapping[K, V]) -> None:
        self._base = base
        self.new: dict[K, V] = {}

    def get(self, key: K) -> V | None:
        """What is known of something; None: nothing."""
        found = self._base.get(key)
        return self.new.get(key) if found is None else found

    def __getitem__(self, key: K) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: K) -> bool:
        return self.get(key) is not None

    def __setitem__(self, key: K, value: V) -> None:
        self.new[key] = value


@dataclass
class Known:
    """What holds until `identities` changes.

    :param identities: the number (of the table of that name) at which this was learnt.
    :param jobs: a job's id by its name.
    :param names: a dataset's id by its name, which it always had.
    :param mentions: a dataset's id by how an event names it: all of these names are known, and its own.
    :param tellings: a telling's id by its job and its hash.
    :param told: tellings by id.
    :param versions: when a version of a dataset was heard of, and whether with its schema.
    :param within: of two tellings, whether the first has nothing that the second has not.
    """

    identities: int = -1
    jobs: dict[Named, int] = field(default_factory=dict)
    names: dict[Named, int] = field(default_factory=dict)
    mentions: dict[Mention, int] = field(default_factory=dict)
    tellings: dict[tuple[int, str], int] = field(default_factory=dict)
    told: dict[int, Told] = field(default_factory=dict)
    versions: dict[tuple[int, str], tuple[datetime, bool]] = field(default_factory=dict)
    within: dict[tuple[int, int], bool] = field(default_factory=dict)


class Draft:
    """What a transaction knows: as :class:`Known`, and over it what it learns."""

    def __init__(self, known: Known) -> None:
        self.identities = known.identities
        self.jobs = Layer(known.jobs)
        self.names = Layer(known.names)
        self.mentions = Layer(known.mentions)
        self.tellings = Layer(known.tellings)
        self.told = Layer(known.told)
        self.versions = Layer(known.versions)
        self.within = Layer(known.within)

    def lose(self) -> None:
        """Know nothing any more, and let nothing that is learnt from now on outlast the transaction."""
        self.__init__(Known(_NEVER))  # type: ignore[misc]


#: No store has this number of identities.
_NEVER = -1


class Memory:
    """What this process knows, for all its threads: what transactions learnt that have committed."""

    def __init__(self) -> None:
        self._known = Known()
        self._lock = threading.Lock()

    def last(self) -> Known:
        """What was known last; it may hold no more."""
        return self._known

    def recall(self, identities: int) -> Draft:
        """What is known, to begin a transaction with."""
        known = self._known
        return Draft(known if known.identities == identities else Known(identities))

    def learn(self, draft: Draft) -> None:
        """Take over what a transaction learnt that has committed.

        Nobody waits for the lock, for a process that was forked meanwhile would wait for ever: whoever finds
        it taken learns nothing.
        """
        if not self._lock.acquire(blocking=False):
            return
        try:
            if draft.identities < max(self._known.identities, 0):
                return
            if draft.identities > self._known.identities:
                # Threads that are at work go on with what they began with.
                self._known = Known(draft.identities)
            known = self._known
            known.jobs = _added(known.jobs, draft.jobs.new)
            known.names = _added(known.names, draft.names.new)
            known.mentions = _added(known.mentions, draft.mentions.new)
            known.tellings = _added(known.tellings, draft.tellings.new)
            known.told = _added(known.told, _short(draft.told.new))
            known.versions = _added(known.versions, draft.versions.new)
            known.within = _added(known.within, draft.within.new)
        finally:
            self._lock.release()


def _added(mine: dict[K, V], new: dict[K, V]) -> dict[K, V]:
    if len(mine) + len(new) > _MOST:
        # Threads that are at work go on with what they began with.
        return dict(new)
    mine.update(new)
    return mine


def _short(told: Mapping[int, Told]) -> dict[int, Told]:
    return {key: each for key, each in told.items() if len(each.column_edges) <= _LONGEST}


def enter(connection: Connection, *, alone: bool) -> int:
    """Begin to write: many may at once, but nobody beside who changes what ids mean.

    On SQLite writers take turns anyway.

    :returns: the number of `identities`.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_ALONE if alone else _TOGETHER)
    found: int = connection.execute(_IDENTITIES).scalar_one()
    return found


def change_identities(connection: Connection) -> None:
    """Tell all processes that ids mean something else now. The caller is alone."""
    connection.execute(update(number).where(number.c.name == "identities").values(value=number.c.value + 1))
