"""Connections to the governance store: one kept open, writers in turn, one transaction per thread."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_gov.store.engine import WRITER, open_engine
from airflow_gov.store.failures import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from airflow_gov.store.url import StoreUrl


class Database:
    """One database, used by any number of threads; after a fork the child connects anew.

    :param url: SQLAlchemy URL of SQLite or PostgreSQL.
    :param prepare: called once, before the first statement, with this database: checks the schema.
    :param connect_timeout: seconds to wait for a server.
    :param lock_timeout: seconds to wait for another writer, and for a connection of the pool.
    """

    def __init__(
        self,
        url: StoreUrl,
        *,
        prepare: Callable[[Database], None],
        connect_timeout: float = 5.0,
        lock_timeout: float = 30.0,
    ) -> None:
        self.url = url
        self.connect_timeout = connect_timeout
        self.lock_timeout = lock_timeout
        self._prepare = prepare
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._thread = threading.local()
        self._engine: Engine | None = None
        self._prepared = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read with: inside :meth:`transaction` its own, else one without a transaction."""
        with translated(self.url):
            current = self._current()
            if current is not None:
                yield current
                return
            self._check()
            with self._reader().connect() as connection:
                yield connection

    @contextmanager
    def stream(self) -> Iterator[Connection]:
        """A connection to read much with, in pieces; it sees a statement's rows as they were at its start."""
        with translated(self.url):
            self._check()
            # A server gives a result in pieces only inside a transaction.
            with self.engine.connect() as connection:
                yield connection

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection to write with; commits at the end, all or nothing. Nested ones join the outermost."""
        with translated(self.url):
            current = self._current()
            if current is not None:
                yield current
                return
            self._check()
            with self.engine.execution_options(**{WRITER: True}).begin() as connection:
                self._thread.connection, self._thread.last_acts = connection, {}
                try:
                    yield connection
                    for _, act in sorted(self._thread.last_acts.items()):
                        act(connection)
                finally:
                    self._thread.connection = None

    def before_commit(self, key: str, act: Callable[[Connection], None], *, anew: bool = False) -> None:
        """Do something at the end of this thread's transaction: once per key, in the order of the keys.

        So transactions that lock the same rows for it lock them in the same order.

        :param act: what to do.
        :param anew: in place of what was to be done for this key, else that stays.
        """
        if anew or key not in self._thread.last_acts:
            self._thread.last_acts[key] = act

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside :meth:`transaction`."""
        return self._current() is not None

    @contextmanager
    def unprepared(self) -> Iterator[Connection]:
        """A connection whatever the schema is like, for looking at it and for migrating it."""
        with translated(self.url), self._reader().connect() as connection:
            yield connection

    @property
    def engine(self) -> Engine:
        """The engine, made at first use and made again in a forked child."""
        self._after_fork()
        with self._lock:
            if self._engine is None:
                self._engine = open_engine(
                    self.url, connect_timeout=self.connect_timeout, lock_timeout=self.lock_timeout
                )
            return self._engine

    def forget_schema(self) -> None:
        """Check the schema again at the next use: it was just changed."""
        self._prepared = False

    def dispose(self) -> None:
        """Close all connections; the next use opens new ones."""
        with self._lock:
            if self._engine is not None and self._process == os.getpid():
                self._engine.dispose()
            self._engine = None

    def disconnect(self) -> None:
        """Close the connections that nobody uses; what was learnt of the database stays known."""
        if self.url.is_sqlite:
            return  # no server counts them, and who closes the last one writes the whole log back
        with self._lock:
            if self._engine is not None and self._process == os.getpid():
                self._engine.dispose()

    def _reader(self) -> Engine:
        # Without a transaction a read on PostgreSQL is one round trip in place of three.
        if self.url.is_sqlite:
            return self.engine
        return self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def _current(self) -> Connection | None:
        self._after_fork()
        return getattr(self._thread, "connection", None)

    def _check(self) -> None:
        if self._prepared:
            return
        with self._lock:
            if not self._prepared:
                self._prepare(self)
                self._prepared = True

    def _after_fork(self) -> None:
        # Neither database allows a connection to be used on both sides of a fork. The parent's are left
        # to the parent: closing them here would end its session.
        if self._process == os.getpid():
            return
        engine, prepared = self._engine, self._prepared
        if engine is not None:
            engine.dispose(close=False)
        self._start()
        if prepared:
            # What was learnt of the server, and the statements compiled for it, hold here too.
            self._engine, self._prepared = engine, engine is not None
