"""Tokens of producers of lineage outside this Airflow; their secrets are kept as hashes only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, or_, select, update

from airflow_gov.model.tokens import TokenRecord
from airflow_gov.store.lineage_tables import token as table

if TYPE_CHECKING:
    import builtins
    from datetime import datetime

    from airflow_gov.store.database import Database

#: How exactly it is known when a token was last used: using it seldom writes.
_USE = timedelta(minutes=1)
#: Made once: every request of a producer asks it.
_ONE = select(table).where(table.c.token_id == bindparam("token"))


class Tokens:
    """Who may send lineage from outside, until when, and of which namespaces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, token: TokenRecord) -> None:
        """Keep a new token.

        :raises GovernanceError: ``STORE_REFUSED`` when there is one with this id.
        """
        row = {column.name: getattr(token, column.name) for column in table.columns}
        row["namespaces"] = list(token.namespaces)
        with self._database.transaction() as connection:
            connection.execute(insert(table), row)

    def get(self, token_id: str) -> TokenRecord | None:
        """A token, also one that has expired or was revoked."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"token": token_id}).mappings().one_or_none()
        return None if row is None else _read(row)

    def list(self) -> builtins.list[TokenRecord]:
        """All tokens, newest first."""
        query = select(table).order_by(table.c.created_at.desc(), table.c.token_id)
        with self._database.read() as connection:
            return [_read(row) for row in connection.execute(query).mappings()]

    def revoke(self, token_id: str, by: str, at: datetime) -> bool:
        """Let a token be refused from now on. Revoking it again changes nothing.

        :returns: whether it was this call that revoked it.
        """
        change = update(table).where(table.c.token_id == token_id, table.c.revoked_at.is_(None))
        with self._database.transaction() as connection:
            return connection.execute(change.values(revoked_at=at, revoked_by=by)).rowcount == 1

    def used(self, token_id: str, at: datetime) -> None:
        """Remember that a token was used; writes at most once a minute."""
        # Asked without a transaction first: on SQLite it would wait for all writers.
        last = table.c.last_used_at
        stale = (table.c.token_id == token_id, or_(last.is_(None), last <= at - _USE))
        with self._database.read() as connection:
            if connection.execute(select(table.c.token_id).where(*stale)).first() is None:
                return
        with self._database.transaction() as connection:
            connection.execute(update(table).where(*stale).values(last_used_at=at))


def _read(row: Any) -> TokenRecord:
    return TokenRecord(**{**row, "namespaces": tuple(row["namespaces"])})
