"""What users' SELECTs are, before they become a part of ours or their values are told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_gov.quality.pushdown.constants import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from duckdb import DuckDBPyConnection

#: Functions that give a row for each element of a list.
_ROWS_OF_LISTS = frozenset({"unnest", "unlist", "generate_subscripts"})


def without_end(query: str) -> str:
    """The text before its closing semicolon, comments after it too, so that it can stand in brackets."""
    import duckdb

    data = query.encode()
    for offset, kind in duckdb.tokenize(query):
        if kind == duckdb.token_type.operator and data[offset : offset + 1] == b";":
            return data[:offset].decode()
    return query


def one_select(query: str) -> str:
    """A text that is one SELECT by itself, so that in brackets it closes none of ours.

    :raises GovernanceError: ``RULE_INVALID`` where it is no SELECT, or more than one.
    """
    import duckdb

    with _parser() as parser:
        try:
            kinds = [statement.type.name for statement in parser.extract_statements(query)]
        except duckdb.Error as error:
            raise invalid(f"the query is no SQL: {str(error).splitlines()[0]}") from None
    if kinds != ["SELECT"]:
        raise invalid(f"the query is not one SELECT, but {', '.join(kinds) or 'empty'}")
    return query


def counts_only(query: str) -> bool:
    """Whether a SELECT gives a count of rows and nothing else, so that it tells no value of a column."""
    with _parser() as parser:
        try:
            text = parser.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0]
            tree = json.loads(text)
        except RecursionError:
            return False
    if tree["error"] or len(tree["statements"]) != 1:
        return False
    top = tree["statements"][0]["node"]
    return (
        top["type"] == "SELECT_NODE"
        and not any(top.get(part) for part in ("having", "qualify", "sample", "modifiers"))
        and len(top["select_list"]) == 1
        and _is_count(top["select_list"][0])
        and not any(map(_makes_rows, _nodes(top)))
    )


def _is_count(item: dict[str, Any]) -> bool:
    return item.get("class") == "FUNCTION" and item.get("function_name") in ("count", "count_star")


def _makes_rows(node: dict[str, Any]) -> bool:
    """Whether a value may decide how many rows there are, so that their count is that value."""
    if node.get("type") in ("TABLE_FUNCTION", "RECURSIVE_CTE_NODE"):
        return True
    if node.get("class") == "FUNCTION":
        return str(node.get("function_name")).lower() in _ROWS_OF_LISTS
    parts = [node.get(part) for part in ("limit", "offset")]
    return any(isinstance(part, dict) and part.get("class") != "CONSTANT" for part in parts)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _parser() -> DuckDBPyConnection:
    import duckdb

    return duckdb.connect(":memory:", config={"python_enable_replacements": False})
