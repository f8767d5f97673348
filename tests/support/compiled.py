"""Statements compiled once for all databases of a kind.

SQLAlchemy compiles a statement for each engine anew. Tests open thousands of small databases, a new engine
each, and spent a third of the time of loading data on it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache


class SharedStatements:
    """Compiled statements by SQLAlchemy's key for them, with the kind of a dialect in place of the dialect.

    :param capacity: statements that are kept at least; each keeps what it was first executed with.
    """

    def __init__(self, capacity: int = 2_000) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(capacity)

    def get(self, key: tuple[Any, ...]) -> Any:
        """As SQLAlchemy looks a statement up."""
        return self._kept.get((*_kind(key[0]), *key[1:]))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._kept[(*_kind(key[0]), *key[1:])] = compiled


def _kind(dialect: Dialect) -> tuple[Any, ...]:
    """All that engines of ours, of PyIceberg and of Airflow differ in, as far as statements know it."""
    functions = (getattr(dialect, f"_json_{name}", None) for name in ("serializer", "deserializer"))
    return dialect.name, dialect.driver, *functions


def share_compiled_statements() -> None:
    """From now on, in this process, whatever makes the engines."""
    event.listen(Engine, "engine_connect", _share)


_SHARED = SharedStatements()


def _share(connection: Connection) -> None:
    if "compiled_cache" not in connection.get_execution_options():
        connection.execution_options(compiled_cache=_SHARED)
