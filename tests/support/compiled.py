"""Statements compiled once for all databases of a kind.

SQLAlchemy compiles a statement for each engine anew. Tests open thousands of small databases, a new engine
each, and spent a third of the time of loading data on it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.util import LRUCache


class _OfAKind(LRUCache[Any, Any]):
    """What SQLAlchemy keeps compiled statements in, but for whose they are: its keys begin with a dialect."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(key[1:])

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


#: By dialect and driver; many more than an engine keeps for itself, as these are of all tests.
_COMPILED: dict[tuple[str, str], _OfAKind] = defaultdict(lambda: _OfAKind(5000))


def share_compiled_statements() -> None:
    """From now on, in this process, whatever makes the engines."""
    event.listen(Engine, "engine_connect", _share)


def _share(connection: Connection) -> None:
    dialect = connection.dialect
    connection.execution_options(compiled_cache=_COMPILED[dialect.name, dialect.driver])
