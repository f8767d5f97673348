"""The governance store's address, from the parts of an Airflow connection.

One place for it, because two read such a connection: the hook (from any of Airflow's secrets
backends) and the settings (from the environment, without Airflow).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The connection type of the store.
CONNECTION_TYPE = "airflow_gov"
#: Which connection is read when none is named.
DEFAULT_CONNECTION_ID = "airflow_gov_default"

_DRIVERS = {
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "sqlite": "sqlite",
}


@dataclass(frozen=True, slots=True)
class StoreConnection:
    """The parts of an Airflow connection that say where the store is.

    :param conn_type: ``airflow_gov``, or a database's own type: ``postgres``, ``sqlite``.
    :param host: the database server; for SQLite, the file where `schema` is empty.
    :param login: database user.
    :param password: the user's password.
    :param port: the server's port.
    :param schema: the database; for SQLite, the file.
    :param extra: ``drivername`` says which database it is (``postgresql+psycopg2`` unless given);
        everything else goes into the URL's query, e.g. ``sslmode``.
    :param conn_id: the connection's name, for messages.
    """

    conn_type: str
    host: str | None = None
    login: str | None = None
    password: str | None = field(default=None, repr=False)
    port: int | None = None
    schema: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    conn_id: str = DEFAULT_CONNECTION_ID

    @classmethod
    def parse(cls, text: str, conn_id: str = DEFAULT_CONNECTION_ID) -> StoreConnection:
        """Read a connection as Airflow writes one into an ``AIRFLOW_CONN_…`` variable.

        :param text: a URI or a JSON object.
        :raises GovernanceError: ``CONFIGURATION_INVALID`` when it is neither.
        """
        try:
            return _from_json(text, conn_id) if text.lstrip().startswith("{") else _from_uri(text, conn_id)
        except (ValueError, TypeError) as error:
            # Not chained: the parser's message quotes the text, and with it the password.
            raise _invalid(
                conn_id, f"it is neither an Airflow connection URI nor JSON ({type(error).__name__})"
            ) from None

    def url(self) -> str:
        """The store's SQLAlchemy URL.

        :raises GovernanceError: ``CONFIGURATION_INVALID`` when the connection does not say where.
        """
        driver = self._driver()
        query = {
            key: str(value)
            for key, value in self.extra.items()
            if key != "drivername" and value not in (None, "")
        }
        suffix = f"?{urlencode(query)}" if query else ""
        if driver.startswith("sqlite"):
            path = self.schema or self.host or ""
            if not path.startswith("/"):
                raise _invalid(self.conn_id, "for SQLite its Database has to be the file's absolute path")
            return f"{driver}:///{path}{suffix}"
        # A server on a Unix socket is named in the query: `host=/var/run/postgresql`.
        if not (self.host or self.extra.get("host")) or not self.schema:
            raise _invalid(self.conn_id, "its Host and its Database have to be filled in")
        return f"{driver}://{self._authority()}/{quote(self.schema, safe='')}{suffix}"

    def _driver(self) -> str:
        if self.conn_type.replace("-", "_") == CONNECTION_TYPE:
            name = str(self.extra.get("drivername") or "postgresql")
        else:
            name = self.conn_type
        name = _DRIVERS.get(name, name)
        if name.partition("+")[0] not in _DRIVERS:
            raise _invalid(
                self.conn_id,
                f"{name!r} is no database the store knows; use type {CONNECTION_TYPE} with the driver "
                f"{' or '.join(sorted(set(_DRIVERS.values())))}",
            )
        return name

    def _authority(self) -> str:
        user = quote(self.login, safe="") if self.login else ""
        if self.login and self.password:
            user += f":{quote(self.password, safe='')}"
        host = f"[{self.host}]" if ":" in str(self.host) else self.host or ""
        return f"{user}@{host}".removeprefix("@") + (f":{self.port}" if self.port else "")


def _from_json(text: str, conn_id: str) -> StoreConnection:
    parts = json.loads(text)
    extra = parts.get("extra") or {}
    port = parts.get("port")
    return StoreConnection(
        conn_type=str(parts.get("conn_type") or CONNECTION_TYPE),
        host=parts.get("host"),
        login=parts.get("login"),
        password=parts.get("password"),
        port=int(port) if port else None,
        schema=parts.get("schema"),
        extra=dict(json.loads(extra) if isinstance(extra, str) else extra),
        conn_id=conn_id,
    )


def _from_uri(text: str, conn_id: str) -> StoreConnection:
    scheme, separator, rest = text.partition("://")
    if not separator or not scheme:
        raise ValueError("no scheme")
    if "_" in scheme:
        raise _invalid(conn_id, f"a URI writes its type with a hyphen, {scheme.replace('_', '-')}://…")
    parts = urlsplit(f"//{rest}")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    return StoreConnection(
        conn_type=scheme,
        host=unquote(parts.hostname) if parts.hostname else None,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        port=parts.port,
        schema=unquote(parts.path[1:]) or None,
        extra=extra,
        conn_id=conn_id,
    )


def _invalid(conn_id: str, problem: str) -> GovernanceError:
    return GovernanceError(
        Reason.CONFIGURATION_INVALID,
        f"The Airflow connection {conn_id!r} does not say where the governance store is: {problem}.",
        connection=conn_id,
    )
