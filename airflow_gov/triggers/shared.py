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
from airflow_gov.model.errors import GovernanceError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Hashable, Iterator, Mapping

    from airflow_gov.model.waits import Wait
    from airflow_gov.store import Store

log = logging.getLogger(__name__)

#: What a look brought: of each wait that is over, None, or why nobody could look.
Answers = dict["Wait", str | None]

#: Triggers that start together are answered together: seconds at most before the first look.
_GATHERING = 1.0

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
    """Look again and again; tells only when something is over. An outage is waited out, with a warning."""
    store: Store | None = None
    try:
        await asyncio.sleep(min(_GATHERING, interval / 10))
        while True:
            waits = list(_waiting[interval]) if interval in _waiting else []
            try:
                if waits:
                    if store is None:
                        store = await asyncio.to_thread(_open)
                    over = await asyncio.to_thread(settled, store, waits)
                    if over:
                        yield dict.fromkeys(over)
            except (StoreUnavailableError, AirflowRuntimeError) as error:
                log.warning("%s wait, looking again in %s s: %s", len(waits), interval, error)
            except GovernanceError as error:
                yield dict.fromkeys(waits, str(error))
            await asyncio.sleep(interval)
    finally:
        if store is not None:
            store.dispose()


def _open() -> Store:
    from airflow_gov.hooks.governance import GovernanceHook

    return GovernanceHook().get_conn()
