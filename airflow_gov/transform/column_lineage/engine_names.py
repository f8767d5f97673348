"""Conditions on names of columns, decided by DuckDB itself: its patterns and its functions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

#: References to groups in the alias of ``COLUMNS('(…)_x') AS '\\1'``.
_GROUP = re.compile(r"\\(\d)")


def duckdb_names(names: Sequence[str], parameter: str, condition: str) -> frozenset[str] | None:
    """The names that meet a condition; None where DuckDB cannot tell.

    :param parameter: what the condition calls a name.
    :param condition: SQL.
    """
    rows = _ask(f'SELECT list_filter(?, lambda "{parameter}": {condition})', [list(names)])
    return None if rows is None else frozenset(rows[0][0])


def rewritten(name: str, pattern: str, alias: str) -> str:
    """The name that ``COLUMNS(pattern) AS alias`` gives a column.

    :param pattern: a regular expression.
    :param alias: may refer to the pattern's groups, ``\\0`` to ``\\9``.
    """
    if not _GROUP.search(alias):
        return alias
    numbers = sorted(set(_GROUP.findall(alias)))
    items = ", ".join(f"regexp_extract($1, $2, {number})" for number in numbers)
    rows = _ask(f"SELECT {items}", [name, pattern])
    groups = dict(zip(numbers, rows[0], strict=True)) if rows else {}
    return _GROUP.sub(lambda found: groups.get(found[1]) or "", alias)


def _ask(sql: str, parameters: list[Any]) -> list[tuple[Any, ...]] | None:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "threads": 1,
        "memory_limit": "64MB",
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            return connection.execute(sql, parameters).fetchall()
    except duckdb.Error:
        return None
