"""Values and names as SQL text, for DuckDB. Text becomes SQL here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable


def identifier(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | bool | float) -> str:
    """A string, number or truth value as an SQL literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("'", "''") + "'"


def literals(values: Iterable[str]) -> str:
    """A list of strings as an SQL list."""
    return "[" + ", ".join(map(literal, values)) + "]"
