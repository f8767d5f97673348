"""Takes events in: checks them, projects them, and writes them together with those of other callers."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.events import EventError, parse_event, parse_text
from airflow_gov.lineage.permitting import ForbiddenError, check_permitted, check_time
from airflow_gov.lineage.projecting import project
from airflow_gov.model.errors import GovernanceError, Reason, StoreUnavailableError
from airflow_gov.model.intake import DeadLetter
from airflow_gov.model.lineage import Origin, Projection

if TYPE_CHECKING:
    from airflow_gov.model.tokens import TokenRecord
    from airflow_gov.store import Store

log = logging.getLogger(__name__)

#: How many callers may wait to be written, and how many events are written at once.
_MOST_WAITING, _MOST_EVENTS = 256, 2_000
#: Seconds in which another caller has to come, for whoever leads to wait for more. Who is alone never waits.
_PATIENCE = 0.004

#: Errors that are not about an event: the store, or how it is configured, has to be mended first.
_NOT_ABOUT_EVENTS = (
    Reason.CONFIGURATION_INVALID,
    Reason.DEPENDENCY_MISSING,
    Reason.STORE_SCHEMA,
    Reason.STORE_UNAVAILABLE,
)


class _UnexpectedError(EventError):
    """An event that passed all checks and could not be taken all the same."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that was not taken.

    :param index: its place among the events that were given.
    :param path: where in it the fault is, as a JSON path.
    :param reason: what is wrong, and what to do.
    :param forbidden: whether the event is well formed and the sender may not send it.
    :param unexpected: whether nothing is known to be wrong with it: it may be taken later.
    """

    index: int
    path: str
    reason: str
    forbidden: bool = False
    unexpected: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some events.

    :param accepted: how many are new in the store.
    :param duplicates: how many were there before, or came twice.
    :param refused: those that were not taken; they lie among the dead letters.
    """

    accepted: int
    duplicates: int
    refused: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class _Entry:
    """One caller's events on their way into the store."""

    origin: Origin
    token_id: str | None
    at: datetime
    projections: list[tuple[int, Projection]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)
    duplicates: int = 0
    error: BaseException | None = None
    leads: bool = False
    called: threading.Event = field(default_factory=threading.Event)

    def refuse(self, index: int, event: Any, error: EventError) -> None:
        """Note a refusal, and keep the event as a dead letter."""
        forbidden, unexpected = isinstance(error, ForbiddenError), isinstance(error, _UnexpectedError)
        self.refused.append(Refusal(index, error.path, error.problem, forbidden, unexpected))
        body = event if isinstance(event, bytes) else json.dumps(event, default=str).encode()
        self.letters.append(
            DeadLetter(self.at, self.origin, self.token_id, error.path, error.problem, body, len(body))
        )

    def taken(self) -> Taken:
        """The caller's answer."""
        new = len(self.projections) - self.duplicates
        return Taken(new, self.duplicates, tuple(sorted(self.refused, key=lambda each: each.index)))


class Intake:
    """Takes events into one store. Callers at the same time share a transaction, so that its cost is too.

    :param store: gives the store; called once per transaction.
    :param own_namespace: of this Airflow's jobs; None: not known.
    :param clock: gives the time.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        *,
        own_namespace: str | None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._own_namespace = own_namespace
        self._clock = clock
        self._lock = threading.Lock()
        self._enough = threading.Condition(self._lock)
        #: How many callers there were at once of late.
        self._expected = 1
        self._waiting: list[_Entry] = []
        self._led = False

    def take(self, events: Sequence[Any], *, origin: Origin, token: TokenRecord | None = None) -> Taken:
        """Take events in. A bad one is refused, kept as a dead letter, and leaves the others alone.

        :param events: each as :func:`~airflow_gov.lineage.events.parse_text` gives it, or its text as bytes.
        :param origin: how they came.
        :param token: whose they are, where they came over HTTP.
        :raises StoreUnavailableError: the store cannot be used, or too many wait for it; nothing was taken.
        """
        entry = _Entry(origin, token.token_id if token else None, self._clock())
        for index, event in enumerate(events):
            self._read(entry, index, event, token)
        if entry.projections or entry.letters:
            self._join(entry)
        if entry.error is not None:
            raise entry.error
        return entry.taken()

    def bury(self, body: bytes, error: EventError, *, origin: Origin, token: TokenRecord | None) -> None:
        """Keep as a dead letter what could not even be read as events.

        :raises StoreUnavailableError: the store cannot be used.
        """
        entry = _Entry(origin, token.token_id if token else None, self._clock())
        entry.refuse(0, body, error)
        self._join(entry)
        if entry.error is not None:
            raise entry.error

    def _read(self, entry: _Entry, index: int, given: Any, token: TokenRecord | None) -> None:
        try:
            event = parse_event(parse_text(given) if isinstance(given, bytes) else given)
            check_permitted(event, origin=entry.origin, own_namespace=self._own_namespace, token=token)
            check_time(event, origin=entry.origin, now=entry.at)
            projection = project(event, origin=entry.origin, own_namespace=self._own_namespace)
            if isinstance(given, bytes):
                # The text is what is kept. Trees that wait beside it are what the garbage collector would
                # look through again and again, which takes longer than reading them.
                projection = replace(projection, event=replace(event, body={}, text=given))
        except EventError as error:
            entry.refuse(index, given, error)
        except Exception as error:
            log.exception("An event of OpenLineage cannot be projected")
            entry.refuse(index, given, _unexpected(error))
        else:
            entry.projections.append((index, projection))

    # --- together ---------------------------------------------------------------------------------------

    def _join(self, entry: _Entry) -> None:
        """Wait until the entry is written: by whoever leads, or as the one who leads."""
        with self._lock:
            if len(self._waiting) >= _MOST_WAITING:
                raise StoreUnavailableError(
                    Reason.STORE_UNAVAILABLE,
                    f"{_MOST_WAITING} senders of lineage wait for the governance store already: try again.",
                )
            self._waiting.append(entry)
            if not self._led:
                self._led = entry.leads = True
            if len(self._waiting) >= self._expected:
                self._enough.notify()
        if not entry.leads:
            entry.called.wait()
        if entry.leads:
            self._lead()

    def _lead(self) -> None:
        """Write what waits, this caller's own events first of all; then call the next to lead."""
        with self._lock:
            self._await_others()
            group = self._next_group()
        try:
            self._write(group)
        except BaseException as error:  # noqa: BLE001 - everyone who waits gets it
            for entry in group:
                entry.error = error
        finally:
            with self._lock:
                self._expected = max(len(group) + len(self._waiting), self._expected // 2)
                following = self._waiting[0] if self._waiting else None
                self._led = following is not None
                if following is not None:
                    following.leads = True
                    following.called.set()
            for entry in group:
                entry.called.set()

    def _await_others(self) -> None:
        """Wait for as many callers as there were of late, as long as they keep coming."""
        before = 0
        while before < len(self._waiting) < self._expected:
            before = len(self._waiting)
            self._enough.wait(_PATIENCE)

    def _next_group(self) -> list[_Entry]:
        group, count = [self._waiting.pop(0)], 0
        while self._waiting and self._waiting[0].origin is group[0].origin and count < _MOST_EVENTS:
            count += len(self._waiting[0].projections)
            group.append(self._waiting.pop(0))
        return group

    def _write(self, group: Sequence[_Entry]) -> None:
        store = self._store()
        try:
            self._record(store, group)
        except Exception as error:
            if _is_about_the_store(error):
                raise
            if len(group) > 1:
                for entry in group:
                    self._write_alone(entry)
            else:
                self._divide(store, group[0], error)

    def _write_alone(self, entry: _Entry) -> None:
        try:
            self._write([entry])
        except Exception as error:  # noqa: BLE001 - its own caller gets it
            entry.error = error

    def _record(self, store: Store, group: Sequence[_Entry]) -> None:
        projections = [projection for entry in group for _, projection in entry.projections]
        # Not in one transaction: the store can begin its own anew when others were quicker. A sender that
        # hears nothing, because this process dies in between, sends again.
        recorded = store.lineage.record(projections, origin=group[0].origin, at=self._clock())
        store.lineage.bury([letter for entry in group for letter in entry.letters])
        known = set(recorded.duplicate_keys)
        for entry in group:
            entry.duplicates = 0
            for _, projection in entry.projections:
                entry.duplicates += projection.event.key in known
                known.add(projection.event.key)

    def _divide(self, store: Store, entry: _Entry, error: Exception) -> None:
        """The store refused some event of an entry: write the others, and bury that one."""
        if len(entry.projections) > 1:
            half = len(entry.projections) // 2
            parts = [
                _Entry(entry.origin, entry.token_id, entry.at, projections=part)
                for part in (entry.projections[:half], entry.projections[half:])
            ]
            parts[0].letters = entry.letters
            for part in parts:
                self._write([part])
            entry.projections = [each for part in parts for each in part.projections]
            entry.refused += [each for part in parts for each in part.refused]
            entry.duplicates = sum(part.duplicates for part in parts)
            return
        log.warning("The governance store refused an event of OpenLineage", exc_info=error)
        for index, projection in entry.projections:
            entry.refuse(index, projection.event.text or projection.event.body, _unexpected(error))
        entry.projections = []
        store.lineage.bury(entry.letters)


def _is_about_the_store(error: Exception) -> bool:
    return isinstance(error, GovernanceError) and error.reason in _NOT_ABOUT_EVENTS


def _unexpected(error: Exception) -> EventError:
    if isinstance(error, GovernanceError):
        return _UnexpectedError("the governance store refused it; the log says more")
    return _UnexpectedError(f"it cannot be taken ({type(error).__name__}); the log says more")
