"""Brings events from the local spool into the store, without ever holding up who tells them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_gov.lineage.breaker import Breaker
from airflow_gov.lineage.spool import EventSpool
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.lineage import Origin

if TYPE_CHECKING:
    from airflow_gov.lineage.ingesting import Intake
    from airflow_gov.settings import Settings
    from airflow_gov.store import Store

log = logging.getLogger(__name__)

#: Seconds that one event may take at most, the store's answer included.
TIME_LIMIT = 2.0
#: Seconds to wait for the store's server, and for other writers.
_CONNECT_TIMEOUT, _LOCK_TIMEOUT = 1.0, 0.5


def event_spool(settings: Settings) -> EventSpool:
    """The spool of this installation's lineage events."""
    return EventSpool(settings.spool_folder / "lineage", max_bytes=settings.lineage_spool_bytes)


def impatient_store(url: str) -> Store:
    """A store that is given up soon: for those who must not wait.

    :param url: SQLAlchemy URL.
    """
    from airflow_gov.store import Store

    return Store(url, connect_timeout=_CONNECT_TIMEOUT, lock_timeout=_LOCK_TIMEOUT)


class Delivery:
    """The spool, the store behind it, and the breaker between them.

    An event is first put into the spool, then what waits there is delivered, oldest first, by one process
    of the machine at a time. While the store is down, only one event in a while tries it.

    :param spool: of this machine.
    :param store: gives the store; finding it may take a while, and may fail.
    :param own_namespace: of this Airflow's jobs.
    """

    def __init__(self, spool: EventSpool, *, store: Callable[[], Store], own_namespace: str | None) -> None:
        self.spool = spool
        self._store = store
        self._own_namespace = own_namespace
        self._breaker = Breaker(spool.folder / "store.down")

    def send(self, event: bytes) -> None:
        """Keep an event, and deliver it now if the store lets itself be reached in time.

        Never raises for the store or the disk, and ends within about :data:`TIME_LIMIT`.

        :param event: its JSON. It survives the end of this process from now on.
        """
        if not self.spool.has_room(event):
            self.deliver_for_a_moment(TIME_LIMIT)
        kept = self.spool.put(event)
        self.deliver_for_a_moment(TIME_LIMIT)
        if kept is not None:
            self.spool.secure(kept)

    def leave(self, event: bytes) -> None:
        """Keep an event for another process to deliver.

        :param event: its JSON. It survives the end of this process from now on.
        """
        if not self.spool.has_room(event):
            self.deliver_for_a_moment(TIME_LIMIT)
        kept = self.spool.put(event)
        if kept is not None:
            self.spool.secure(kept)

    def deliver_for_a_moment(
        self, time_limit: float, *, afterwards: Callable[[], object] | None = None
    ) -> None:
        """Deliver what waits, unless the store failed a moment ago; go on after a while in any case.

        :param time_limit: seconds.
        :param afterwards: what is done with the store at the end. Who delivers does it, also when it takes
            longer than that: nobody else knows when the store is not needed any more, nor waits for it.
        """
        if not self.spool.is_empty():
            # What it needs is imported before, for that takes its time on a busy machine and never hangs.
            intake = self._intake
            self.attempt(lambda: self._deliver_then(intake, time_limit / 2, afterwards), time_limit)
        elif afterwards is not None:
            self.attempt(afterwards, time_limit)

    def attempt(self, act: Callable[[], object], time_limit: float = TIME_LIMIT) -> bool:
        """Do something with the store, unless it failed a moment ago; go on after a while in any case.

        :param act: what to do.
        :param time_limit: seconds.
        :returns: whether it was done.
        """
        if self._breaker.is_open():
            return False
        # A thread of its own, because nothing else bounds all that may hang: names that do not resolve,
        # servers that accept and say nothing, disks. What it was doing is done again by another.
        done: list[bool] = []
        worker = threading.Thread(target=self._try, args=(act, done), daemon=True)
        try:
            worker.start()
        except RuntimeError as error:  # no more threads, or the interpreter is ending
            log.warning("Lineage events wait in %s: %s", self.spool.folder, error)
            return False
        worker.join(time_limit)
        if worker.is_alive():
            self._breaker.failed()
            log.warning("The governance store is slow: lineage events wait in %s.", self.spool.folder)
        return bool(done)

    def deliver(self, *, time_limit: float) -> int:
        """Deliver what waits.

        :param time_limit: seconds after which no further batch is begun.
        :returns: how many events were delivered.
        :raises GovernanceError: the store cannot be used; what was not delivered stays.
        """
        return self._deliver(self._intake, time_limit)

    def _try(self, act: Callable[[], object], done: list[bool]) -> None:
        try:
            act()
            done.append(True)
        except GovernanceError as error:
            self._breaker.failed()
            log.warning("Lineage events wait in %s: %s", self.spool.folder, error)
        except Exception:
            self._breaker.failed()
            log.warning("Lineage events wait in %s.", self.spool.folder, exc_info=True)

    def _deliver_then(
        self, intake: Intake, time_limit: float, afterwards: Callable[[], object] | None
    ) -> None:
        try:
            self._deliver(intake, time_limit)
        finally:
            if afterwards is not None:
                afterwards()

    def _deliver(self, intake: Intake, time_limit: float) -> int:
        delivered = self.spool.deliver(lambda events: self._take(intake, events), time_limit=time_limit)
        if delivered:
            self._breaker.succeeded()
        return delivered

    @cached_property
    def _intake(self) -> Intake:
        import airflow_gov.store  # noqa: F401 - what comes next needs it
        from airflow_gov.lineage.ingesting import Intake

        return Intake(self._store, own_namespace=self._own_namespace)

    def _take(self, intake: Intake, events: Sequence[bytes]) -> None:
        for refusal in intake.take(events, origin=Origin.TRANSPORT).refused:
            told = "A lineage event was refused (airflow-gov lineage dead-letters list): %s: %s"
            log.warning(told, refusal.path, refusal.reason)
            if refusal.unexpected:
                # The store keeps only the beginning of a dead letter, and this one may be good.
                self.spool.set_aside(events[refusal.index])
