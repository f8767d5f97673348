"""What was done to the log, told from the first entry that is not what it should be."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from airflow_gov.model.log import Anchor, FaultKind, LogFault
from airflow_gov.model.log_chain import NO_HASH, entry_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


#: Places that are tried for one entry at most: a forged number must not keep the check busy for ever.
_TRIES = 100_000


class Stored(NamedTuple):
    """An entry as it is kept; first the parameters of :func:`~airflow_gov.model.log_chain.entry_hash`."""

    sequence: int
    at: str
    action: str
    subject: str
    actor: str
    execution_id: str | None
    previous_hash: str
    details: str
    hash: str

    def fits(self, sequence: int, previous_hash: str) -> bool:
        """Whether its hash is that of what it holds, at this place and after that entry."""
        try:
            moved = self._replace(sequence=sequence, previous_hash=previous_hash)
            return entry_hash(*moved[:-1]) == self.hash
        except (TypeError, UnicodeError):  # somebody put something else in the place of a text
            return False


def find_fault(
    found: Stored,
    expected: int,
    last_hash: str,
    *,
    highest: int,
    after: Callable[[str], Sequence[Stored]],
) -> LogFault:
    """Tell what was done.

    :param found: the first entry that is not what comes next.
    :param expected: the place of what comes next.
    :param last_hash: the hash of the entry before.
    :param highest: no entry was written at a higher place.
    :param after: gives the entries that say they were written after the one with a hash.
    """
    genuine = (each for each in after(last_hash) if each.fits(expected, last_hash))
    elsewhere = next((each for each in genuine if each.sequence != expected), None)
    if found.sequence == expected:
        if elsewhere is None:
            return _in_place(found, expected, last_hash, highest)
        return _displaced(found, expected, elsewhere.sequence, highest)
    if not isinstance(found.sequence, int) or found.sequence < expected:
        place = _place_of(found, highest)
        copied = any(each.sequence == place for each in after(found.previous_hash) if each.hash == found.hash)
        return _beside(found, expected, None if copied else place)
    if elsewhere is not None:
        return _moved(expected, elsewhere.sequence)
    until = found.sequence - 1
    gone = f"Entry {expected} is" if until == expected else f"Entries {expected} to {until} are"
    return LogFault(FaultKind.REMOVED, expected, f"{gone} not there any more.")


def rewritten(anchor: Anchor, agreed: int) -> LogFault:
    """An entry with another hash than an anchor has for it.

    :param agreed: the place of the newest entry before that an anchor holds; 0 where none does.
    """
    return LogFault(
        FaultKind.REWRITTEN,
        agreed + 1,
        f"Entry {anchor.sequence} is not the one that was anchored on {anchor.at:%Y-%m-%d %H:%M:%SZ} in "
        f"{anchor.uri or 'the lake'}: one of the entries {agreed + 1} to {anchor.sequence} was changed and "
        f"the chain computed anew from there, or an older copy of the database was put back and written on.",
    )


def truncated(last: int, anchor: Anchor) -> LogFault:
    """A log that ends before an anchor.

    :param last: the place of its last entry.
    """
    return LogFault(
        FaultKind.TRUNCATED,
        last + 1,
        f"The log ends at entry {last}, and had {anchor.sequence} at least on "
        f"{anchor.at:%Y-%m-%d %H:%M:%SZ}, says {anchor.uri or 'an anchor'}: its end was cut off, or an older "
        f"copy of the database was put back.",
    )


def _displaced(found: Stored, expected: int, elsewhere: int, highest: int) -> LogFault:
    """Another entry stands where one was that still is in the log."""
    place = _place_of(found, highest)
    if place is not None and place > expected:
        return _moved(expected, elsewhere)
    what = "Entry" if place in (None, expected) else f"A copy of entry {place} as entry"
    return LogFault(
        FaultKind.INSERTED,
        expected,
        f"{what} {expected} was inserted: what was there is entry {elsewhere} now.",
    )


def _beside(found: Stored, expected: int, place: int | None) -> LogFault:
    """A place that the chain has no room for: before the first, twice, a fraction, none."""
    if place is not None and place != found.sequence:
        return _moved(place, found.sequence)
    number = found.sequence if isinstance(found.sequence, int) else expected
    return LogFault(
        FaultKind.INSERTED,
        number,
        f"An entry with the number {found.sequence} was inserted where {expected} comes next.",
    )


def _in_place(found: Stored, expected: int, last_hash: str, highest: int) -> LogFault:
    if found.previous_hash == last_hash:
        return _changed(expected, "its hash is not that of what it holds")
    if found.fits(expected, last_hash):
        return _changed(expected, "it no longer says after which entry it was written")
    if found.fits(expected, found.previous_hash):
        if found.previous_hash == NO_HASH or expected == 1:
            return _changed(expected, "it was not written after the entry before it")
        return _changed(expected - 1, f"entry {expected} was written after another one")
    place = _place_of(found, highest)
    if place is None:
        return _changed(expected, "its hash is not that of what it holds")
    if place < expected:
        return LogFault(
            FaultKind.INSERTED, place, f"Entry {place} was inserted: what was there is entry {expected} now."
        )
    return LogFault(
        FaultKind.REMOVED,
        expected,
        f"Entry {expected} was removed and those after it numbered anew: what is entry {expected} now was "
        f"entry {place}.",
    )


def _changed(place: int, why: str) -> LogFault:
    return LogFault(FaultKind.CHANGED, place, f"Entry {place} was changed: {why}.")


def _moved(place: int, now: object) -> LogFault:
    return LogFault(FaultKind.REORDERED, place, f"Entry {place} was moved: it is entry {now} now.")


def _place_of(entry: Stored, highest: int) -> int | None:
    """The place at which an entry was written, tried from the nearest on; None where it is forged."""
    near = entry.sequence if isinstance(entry.sequence, int) else 1
    near = min(max(near, 1), highest)
    below, above = range(near, 0, -1), range(near + 1, highest + 2)
    outward = chain.from_iterable(zip(below, above, strict=False))
    rest = chain(below[len(above) :], above[len(below) :])
    places = islice(chain(outward, rest), _TRIES)
    return next((place for place in places if entry.fits(place, entry.previous_hash)), None)
