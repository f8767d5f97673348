"""SQL text to sqlglot's tree, without a word of it in logs and without a limit on brackets."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

#: Depth of calls allowed while parsing: sqlglot takes about 25 for each bracket.
_DEPTH = 10_000

_quiet: ContextVar[bool] = ContextVar("airflow_gov_quiet_sqlglot", default=False)
_lock = threading.Lock()
_deep = 0
_before = 0


class _Silence(logging.Filter):
    """sqlglot warns with the SQL in the message, and SQL may hold personal values."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is let through."""
        return not _quiet.get()


_silence = _Silence()


def parse_query(sql: str, dialect: str) -> exp.Expr:
    """The tree of one query.

    :param dialect: as sqlglot names it.
    :raises Exception: whatever sqlglot raises for what it does not understand.
    """
    import sqlglot

    logger = logging.getLogger("sqlglot")
    logger.addFilter(_silence)
    token = _quiet.set(True)
    try:
        try:
            trees = sqlglot.parse(sql, dialect=dialect)
        except sqlglot.errors.SqlglotError:
            if dialect != "duckdb" or (rewritten := _rewritten(sql)) is None:
                raise
            trees = sqlglot.parse(rewritten, dialect=dialect)
    finally:
        _quiet.reset(token)
    queries = [tree for tree in trees if tree is not None]
    if len(queries) != 1:
        raise ValueError(f"{len(queries)} statements")
    return queries[0]


def _rewritten(sql: str) -> str | None:
    """The query as DuckDB itself writes it, which has fewer forms; None where it does not say."""
    import duckdb

    try:
        with duckdb.connect(":memory:", config={"threads": 1}) as connection:
            rows = connection.execute("SELECT json_deserialize_sql(json_serialize_sql(?))", [sql]).fetchall()
    except duckdb.Error:
        return None
    return str(rows[0][0])


@contextmanager
def deep_calls() -> Iterator[None]:
    """Allow deeper calls for a while; Python's own limit stops at forty brackets."""
    global _deep, _before
    with _lock:
        if _deep == 0:
            _before = sys.getrecursionlimit()
            sys.setrecursionlimit(max(_before, _DEPTH))
        _deep += 1
    try:
        yield
    finally:
        with _lock:
            _deep -= 1
            if _deep == 0:
                sys.setrecursionlimit(_before)
