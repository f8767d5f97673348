"""One stream for everybody who waits in a triggerer: one question to the store per interval."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_gov.flow.awaiting import settled
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Iterator, Mapping, Sequence

    from airflow_gov.model.waits import Wait
    from airflow_gov.store import Store

log = logging.getLogger(__name__)

#: What a look brought: of each wait that is over, None, or why nobody could look.
Answers = dict["Wait", str | None]

#: Triggers that start together are answered together: seconds at most before the first look.
_GATHERING = 1.0

#: So many looks in a row may end with an error that nobody foresaw; then those who wait are told.
MAX_FAILED_LOOKS = 5
#: Why nobody can look now, and somebody can later: an outage, a migration.
_PASSING = frozenset({Reason.STORE_UNAVAILABLE, Reason.STORE_SCHEMA, Reason.STORE_REFUSED})

#: Who waits in this process, by the seconds between two looks; those who wait for the same are counted.
_waiting: defaultdict[float, Counter[Wait]] = defaultdict(Counter)


class SharedWaitTrigger(BaseEventTrigger):
    """A trigger that fires when what it waits for is settled; all of them look together.

    In a triggerer they share a stream (``shared_stream_key``), which looks for whoever waits then and
    says each time what is over by now: who joined late misses nothing. Elsewhere, as under
    ``dag.test()``, :meth:`run` looks for itself. The store is asked in a thread, never in the event
    loop, and stays open from look to look.

    :param poke_interval: seconds between two looks.
    """

    supports_triggerer_queue = True  # It belongs to a task, whose queue it keeps.

    def __init__(self, *, poke_interval: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.poke_interval = float(poke_interval)

    @property
    @abstractmethod
    def wait(self) -> Wait:
        """What it waits for."""

    @abstractmethod
    def arguments(self) -> Mapping[str, Any]:
        """Its own arguments as plain JSON values."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain JSON values; no address, no secret."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {**self.arguments(), "poke_interval": self.poke_interval},
        )

    def shared_stream_key(self) -> Hashable:
        """All with the same interval look together, whatever they wait for."""
        return ("airflow_gov", self.poke_interval)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[Answers]:
        """Look for all that wait, as long as somebody does."""
        interval = float(kwargs["poke_interval"])
        async for answers in _looks(interval):
            yield answers

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[Answers]
    ) -> AsyncIterator[TriggerEvent]:
        """Fire when a look says that this wait is over."""
        with _registered(self.poke_interval, self.wait) as wait:
            async for answers in shared_stream:
                if wait in answers:
                    error = answers[wait]
                    break
            else:
                return
        yield TriggerEvent({"error": error} if error else {"ready": True})  # type: ignore[no-untyped-call]

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look alone, where nobody runs shared streams."""
        async for event in self.filter_shared_stream(_looks(self.poke_interval)):
            yield event


@contextmanager
def _registered(interval: float, wait: Wait) -> Iterator[Wait]:
    """Be among those that wait, until this block ends however it does."""
    _waiting[interval][wait] += 1
    try:
        yield wait
    finally:
        waits = _waiting[interval]
        waits[wait] -= 1
        if waits[wait] <= 0:
            del waits[wait]
        if not waits:
            del _waiting[interval]


async def _looks(interval: float) -> AsyncIterator[Answers]:
    """Look again and again; tells only when something is over."""
    look = _Look(interval)
    try:
        await asyncio.sleep(min(_GATHERING, interval / 10))
        while True:
            waits = list(_waiting[interval]) if interval in _waiting else []
            if waits and (answers := await look(waits)):
                yield answers
            await asyncio.sleep(interval)
    finally:
        look.close()


class _Look:
    """Asks the store what is over. An outage is waited out, and no error ends the waiting of all.

    :param interval: seconds between two looks, for the messages.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._store: Store | None = None
        self._failed = 0

    async def __call__(self, waits: Sequence[Wait]) -> Answers:
        try:
            if self._store is None:
                self._store = await asyncio.to_thread(_open)
            over = await asyncio.to_thread(settled, self._store, waits)
        except AirflowRuntimeError as error:
            return self._again(waits, error)
        except GovernanceError as error:
            return self._again(waits, error) if error.reason in _PASSING else dict.fromkeys(waits, str(error))
        except Exception as error:
            self._failed += 1
            log.warning("Look %s of %s failed", self._failed, MAX_FAILED_LOOKS, exc_info=error)
            if self._failed < MAX_FAILED_LOOKS:
                return {}
            return dict.fromkeys(waits, f"{MAX_FAILED_LOOKS} looks in a row failed: {error}")
        self._failed = 0
        return dict.fromkeys(over)

    def _again(self, waits: Sequence[Wait], error: Exception) -> Answers:
        log.warning("%s wait, looking again in %s s: %s", len(waits), self._interval, error)
        return {}

    def close(self) -> None:
        """Give back connections."""
        if self._store is not None:
            self._store.dispose()


def _open() -> Store:
    from airflow_gov.hooks.governance import GovernanceHook

    return GovernanceHook().get_conn()
