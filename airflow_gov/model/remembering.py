"""Remembers what was computed of things that come again and again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

#: Entries that each of these remembers at most.
_MOST = 4_000


class Remembered(Generic[T]):
    """Results by a key; all are forgotten when there are too many.

    Several threads may use it: at worst one of them computes what another has computed.

    :param most: entries at most.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._found: dict[Hashable, T] = {}

    def get(self, key: Hashable) -> T | None:
        """What was computed for a key; None: nothing yet."""
        return self._found.get(key)

    def put(self, key: Hashable, value: T) -> T:
        """Remember what was computed for a key."""
        if len(self._found) >= self._most:
            self._found = {}
        self._found[key] = value
        return value


def by_identity(compute: Callable[[Any], T], most: int = _MOST) -> Callable[[Any], T]:
    """A function that computes once for one object, however long it takes to compare it with others.

    :param compute: of an immutable object, its result.
    """
    kept: Remembered[tuple[Any, T]] = Remembered(most)

    def remembered(thing: Any) -> T:
        found = kept.get(id(thing))
        # Whoever is kept keeps its id: no other object can have it.
        if found is None or found[0] is not thing:
            found = kept.put(id(thing), (thing, compute(thing)))
        return found[1]

    return remembered
