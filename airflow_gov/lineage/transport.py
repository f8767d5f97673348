"""The transport of OpenLineage's client that writes to our store.

In Airflow's configuration, alone or as one of a ``composite``::

    [openlineage]
    transport = {"type": "airflow_gov.lineage.transport.GovernanceTransport"}

It lives where Airflow's provider makes it: in a child that each event of a task is forked for (with
``execute_in_thread``, in a thread of the task's own process), in the scheduler's pool of processes, in
``dag.test()``.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from openlineage.client.serde import Serde
from openlineage.client.transport.transport import Config, Transport

from airflow_gov.lineage.delivering import TIME_LIMIT, Delivery, event_spool, impatient_store
from airflow_gov.lineage.spool import EventSpool
from airflow_gov.model.errors import GovernanceError
from airflow_gov.settings import Settings, size_in_bytes

if TYPE_CHECKING:
    from openlineage.client.client import Event

    from airflow_gov.store import Store

log = logging.getLogger(__name__)

#: Seconds for which what was found out about this installation holds.
_KNOWN_FOR = 600.0
#: Seconds for which a child may leave events to its parent, longer than OpenLineage lets it live.
_LEFT_FOR = 60.0


class Installation:
    """Where this machine's events wait, and where the store is: found once, also for forked children."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._store_url: str | None = None
        self._known_at = 0.0
        self._store: tuple[str, Store] | None = None
        self._delivery: tuple[int, Delivery] | None = None
        self._left_to: tuple[int, float] | None = None

    def prepare(self) -> None:
        """Find out everything now, in a process that others are forked from.

        :raises GovernanceError: the settings do not say where.
        """
        self.settings()
        self.store_url()

    @contextmanager
    def leaving(self) -> Iterator[None]:
        """Meanwhile children of this process leave their events in the spool; afterwards deliver them here.

        A child copies every page of memory that it touches, and knows nothing of what the one before it
        learnt: it takes several times as long to deliver an event as this process does.
        """
        self._left_to = (os.getpid(), time.monotonic())
        try:
            yield
        finally:
            self._left_to = None

    def is_left(self) -> bool:
        """Whether an event of this process is left for its parent to deliver."""
        if self._left_to is None:
            return False
        parent, since = self._left_to
        # Not what runs in the parent itself, nor a child that was made then and stayed.
        return parent == os.getppid() and time.monotonic() - since < _LEFT_FOR

    def deliver_left(self) -> None:
        """Deliver what children left, and hold no connection: who comes next may work for hours, or fork."""
        self.delivery().deliver_for_a_moment(TIME_LIMIT, afterwards=self._disconnect)

    def rehearse(self) -> None:
        """Do all that an event needs once, for nothing, so that forked children find it done."""
        from airflow_gov.lineage.rehearsing import rehearse

        self.delivery().attempt(lambda: rehearse(self.store()))

    def forget(self) -> None:
        """Find out everything again."""
        self._settings = self._store_url = None

    def settings(self) -> Settings:
        """The settings of this Airflow home."""
        if time.monotonic() - self._known_at > _KNOWN_FOR:
            self.forget()
        if self._settings is None:
            self._settings, self._known_at = Settings.load(), time.monotonic()
        return self._settings

    def store_url(self) -> str:
        """SQLAlchemy URL of the store, found as the tasks find it."""
        settings = self.settings()
        if self._store_url is None:
            self._store_url = _store_url(settings)
        return self._store_url

    def store(self) -> Store:
        """The store; what it learnt before a fork it knows afterwards."""
        url = self.store_url()
        if self._store is None or self._store[0] != url:
            self._store = (url, impatient_store(url))
        return self._store[1]

    def delivery(self) -> Delivery:
        """The way from this process to the store."""
        # Its locks do not outlive a fork.
        if self._delivery is None or self._delivery[0] != os.getpid():
            made = Delivery(self._spool(), store=self.store, own_namespace=self._namespace())
            self._delivery = (os.getpid(), made)
        return self._delivery[1]

    def _disconnect(self) -> None:
        if self._store is not None:
            self._store[1].disconnect()

    def _spool(self) -> EventSpool:
        try:
            return event_spool(self.settings())
        except GovernanceError as error:
            log.warning("Lineage events wait in the default place: %s", error)
            home = Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser().absolute()
            return EventSpool(home / "airflow_gov/spool/lineage", max_bytes=size_in_bytes("256MB"))

    def _namespace(self) -> str | None:
        try:
            return self.settings().lineage_namespace
        except GovernanceError:
            return None


def _store_url(settings: Settings) -> str:
    if "airflow" not in sys.modules:
        return settings.sql_alchemy_conn
    # Named, not imported: the connection may lie in any of Airflow's secrets backends.
    hooks = importlib.import_module("airflow_gov.hooks.governance")
    url: str = hooks.GovernanceHook(settings=settings).store_url()
    return url


installation = Installation()


class GovernanceTransport(Transport):
    """Hands events to the governance store, by way of a spool on the local disk.

    :meth:`emit` never raises and never waits long: while the store is down, slow or locked, events wait in
    the spool and are delivered later, in order, each once. Those that find no place are logged and counted.

    :param config: has no options.
    """

    kind = "airflow_gov"
    config_class = Config

    def __init__(self, config: Config | None = None) -> None:
        self.config = config

    def emit(self, event: Event) -> None:
        """Keep an event, and deliver it if the store can be reached; or leave that to the parent process."""
        try:
            text, delivery = Serde.to_json(event).encode(), installation.delivery()
            if installation.is_left():
                delivery.leave(text)
            else:
                delivery.send(text)
        except Exception:
            log.exception("A lineage event is lost")

    def close(self, timeout: float = -1) -> bool:
        """Deliver what waits.

        :param timeout: seconds; negative: as long as one event may take.
        :returns: whether nothing waits any more.
        """
        try:
            delivery = installation.delivery()
            if timeout:
                delivery.deliver_for_a_moment(timeout if timeout > 0 else TIME_LIMIT)
            return delivery.spool.is_empty()
        except Exception:
            log.exception("Lineage events wait")
            return False
