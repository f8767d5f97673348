"""Where the governance store is: its URL, read once and shown without its password."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from airflow_gov.model.errors import GovernanceError, Reason

#: What people and Airflow write → what SQLAlchemy is given. SQLAlchemy 2.1 would take psycopg 3 for a
#: plain ``postgresql://``; the extra ``postgres`` of this package brings psycopg2.
_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "sqlite3": "sqlite",
}
_BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class StoreUrl:
    """The URL of a governance store.

    :param url: what SQLAlchemy connects with.
    """

    url: URL

    @classmethod
    def parse(cls, text: str) -> StoreUrl:
        """Read a SQLAlchemy URL; ``postgres://`` and ``postgresql://`` mean psycopg2.

        :param text: e.g. ``sqlite:////srv/airflow/governance.db`` or ``postgresql://user:password@host/db``.
        :raises GovernanceError: ``CONFIGURATION_INVALID`` when it is no URL, or not of SQLite or PostgreSQL.
        """
        scheme = text.partition("://")[0] if "://" in text else ""
        try:
            url = make_url(text)
            backend = _DRIVERS.get(url.drivername, url.drivername)
        except (ArgumentError, ValueError):
            # Not chained: the original message may quote a part of the password.
            raise _invalid(
                scheme,
                "is not a database URL. Write sqlite:////absolute/path.db or "
                "postgresql://user:password@host:5432/database, with /, @, : and % of the password "
                "percent-encoded.",
            ) from None
        if backend.partition("+")[0] not in _BACKENDS:
            raise _invalid(scheme, "is not supported: the store is a SQLite or a PostgreSQL database.")
        parsed = cls(url.set(drivername=backend))
        if parsed.is_sqlite and parsed.path is None:
            raise _invalid(
                scheme,
                "names no file: every task is a process of its own, so the store cannot live in memory. "
                "Write sqlite:////absolute/path.db.",
            )
        return parsed

    @property
    def is_sqlite(self) -> bool:
        """Whether the store is an embedded file."""
        return self.url.get_backend_name() == "sqlite"

    @cached_property
    def path(self) -> Path | None:
        """The file of an embedded store; None for a server, or when the URL names none."""
        database = self.url.database
        if not self.is_sqlite or not database or database.startswith(("file:", ":memory:")):
            return None
        return Path(database)

    def __str__(self) -> str:
        """For people: the kind, host and database; no user, password or other parameter."""
        if self.is_sqlite:
            return f"sqlite:///{self.path}"
        host = self.url.host or self.url.query.get("host") or "localhost"
        host = ",".join(host) if isinstance(host, tuple) else host
        port = f":{self.url.port}" if self.url.port else ""
        return f"postgresql://{host}{port}/{self.url.database or ''}"

    def redact(self, text: str) -> str:
        """A driver's message without this URL's password, should it quote it."""
        secrets = [self.url.password, self.url.query.get("password"), self.url.query.get("sslpassword")]
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "***")
        return text


def _invalid(scheme: str, problem: str) -> GovernanceError:
    return GovernanceError(
        Reason.CONFIGURATION_INVALID,
        f"[airflow_gov] sql_alchemy_conn ({scheme or 'no scheme'}) {problem}",
        section="airflow_gov",
        key="sql_alchemy_conn",
    )
