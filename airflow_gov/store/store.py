"""The governance store as the rest of the package uses it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from airflow_gov.store import schema
from airflow_gov.store.audits import Audits
from airflow_gov.store.catalogue import Catalogue
from airflow_gov.store.classification import Classifications
from airflow_gov.store.contracts import Contracts
from airflow_gov.store.database import Database
from airflow_gov.store.decisions import Decisions
from airflow_gov.store.derivations import Derivations
from airflow_gov.store.executions import Executions
from airflow_gov.store.health import Health
from airflow_gov.store.lineage import Lineage
from airflow_gov.store.loads import Loads
from airflow_gov.store.log import Log
from airflow_gov.store.reports import Reports
from airflow_gov.store.reviews import Reviews
from airflow_gov.store.tokens import Tokens
from airflow_gov.store.url import StoreUrl
from airflow_gov.store.uses import Uses
from airflow_gov.store.verdicts import Verdicts
from airflow_gov.store.versions import Versions
from airflow_gov.store.waiting import Waiting
from airflow_gov.store.waivers import Waivers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from airflow_gov.store.schema import SchemaStatus


def utc_now() -> datetime:
    """The current time, with its zone."""
    return datetime.now(UTC)


class Store:
    """The governance database: SQLite in a file, or PostgreSQL.

    Nothing is connected before the first use, which also checks the schema: an embedded SQLite file that
    is missing or empty is made, anything else that does not fit is refused with the command to run. One
    store may be used by several threads, and again after a fork.

    :param url: SQLAlchemy URL.
    :param clock: gives the time; injected so that tests can set it.
    :param connect_timeout: seconds to wait for a server.
    :param lock_timeout: seconds to wait for other writers.
    :param zone_aliases: other words for zones, with which contracts it keeps are to be read.
    :raises GovernanceError: ``CONFIGURATION_INVALID`` when the URL is none, or of another database.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] = utc_now,
        connect_timeout: float = 5.0,
        lock_timeout: float = 30.0,
        zone_aliases: Mapping[str, str] | None = None,
    ) -> None:
        self.zone_aliases = dict(zone_aliases or {})
        self._database = Database(
            StoreUrl.parse(url),
            prepare=schema.require,
            connect_timeout=connect_timeout,
            lock_timeout=lock_timeout,
        )
        self.executions = Executions(self._database)
        self.loads = Loads(self._database, self.executions, clock)
        self.versions = Versions(self._database)
        self.waiting = Waiting(self._database)
        self.verdicts = Verdicts(self._database)
        self.decisions = Decisions(self._database)
        self.waivers = Waivers(self._database)
        self.reviews = Reviews(self._database)
        self.reports = Reports(self._database)
        self.contracts = Contracts(self._database, clock)
        self.log = Log(self._database)
        self.audits = Audits(self._database, self.log, clock)
        self.lineage = Lineage(self._database)
        self.tokens = Tokens(self._database)
        self.catalogue = Catalogue(self._database)
        self.uses = Uses(self._database)
        self.classifications = Classifications(self._database)
        self.derivations = Derivations(self._database)
        self.health = Health(self._database)

    def __repr__(self) -> str:
        return f"Store({self.address!r})"

    @property
    def address(self) -> str:
        """Where it is, for people: without user, password and parameters."""
        return str(self._database.url)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All calls of this thread inside it commit together, or none of them.

        Keep it short: on SQLite all other writers wait for it.
        """
        with self._database.transaction():
            yield

    def ping(self) -> None:
        """Check that the store can be used.

        :raises StoreUnavailableError: it cannot be reached.
        :raises StoreSchemaError: its schema is not the one this package needs.
        """
        with self._database.read() as connection:
            connection.execute(text("SELECT 1"))

    def schema_status(self) -> SchemaStatus:
        """Which schema the store has and which this package needs. Makes nothing."""
        return schema.status(self._database)

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to a revision."""
        schema.migrate(self._database, revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to a revision, ``base`` for none; what its tables held is lost."""
        schema.migrate(self._database, revision, down=True)

    def dispose(self) -> None:
        """Close all connections. The next use opens new ones."""
        self._database.dispose()

    def disconnect(self) -> None:
        """Close the connections that nobody uses, and keep what was learnt, for one who comes back."""
        self._database.disconnect()
