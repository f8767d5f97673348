"""What a user's SQL is before it runs: exactly one SELECT that names nothing but declared datasets."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import duckdb

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.errors import sql_failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from airflow_gov.model.zones import DatasetName

#: Table functions that read nothing outside the query. All others read files, settings or run hidden SQL.
TABLE_FUNCTIONS = frozenset(
    {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
)
#: What to do about a dataset that is not declared, unless told otherwise.
DECLARE = "add what is missing to the task's source"
#: Parts of a query that only read. DuckDB also allows INSERT, COPY and the like inside WITH.
_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

#: Parts of a node with a `cte_name` that see that name: what recurs, and what follows.
_SEE_THEMSELVES = frozenset({"right", "child"})


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT that may run.

    :param text: the user's text up to its closing semicolon, comments and lines as they were.
    :param reads: the declared datasets it names.
    """

    text: str
    reads: frozenset[DatasetName]


def parse_select(sql: str, declared: Collection[DatasetName], *, declare: str = DECLARE) -> Statement:
    """Check a user's SQL.

    :param sql: the text.
    :param declared: the datasets it may name.
    :param declare: what to do so that it may name another.
    :raises GovernanceError: ``SQL_FAILED`` where it is no SQL, ``SQL_REFUSED`` where it is more or other
        than one SELECT of the declared datasets.
    """
    with duckdb.connect(":memory:", config={"python_enable_replacements": False}) as parser:
        parser.execute("SET errors_as_json = true").fetchall()
        _require_one_select(parser, sql)
        tree = _tree(parser, sql)
    _require_reading(_nodes(tree))
    return Statement(text=_without_end(sql), reads=frozenset(_tables(tree, declared, declare)))


def _tree(parser: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """The syntax tree of a SELECT."""
    try:
        tree = json.loads(parser.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()[0][0])
    except RecursionError:
        raise _refused(
            "The SQL is nested too deeply: write fewer operators in one expression and fewer brackets."
        ) from None
    if tree["error"]:
        raise _refused(f"DuckDB cannot analyse this SELECT: {tree.get('error_message', '')}")
    return tree["statements"]


def _refused(message: str, **attributes: Any) -> GovernanceError:
    return GovernanceError(Reason.SQL_REFUSED, message, **attributes)


def _require_one_select(parser: duckdb.DuckDBPyConnection, sql: str) -> None:
    try:
        statements = parser.extract_statements(sql)
    except duckdb.Error as error:
        raise sql_failure(error, sql) from error
    if not statements:
        raise _refused("The SQL is empty: write one SELECT.")
    if len(statements) > 1:
        raise _refused(f"The SQL has {len(statements)} statements: write exactly one SELECT.")
    kind = statements[0].type.name
    if kind == "MULTI":
        raise _refused(
            "A PIVOT that takes its columns from the data is more than one SELECT: list them, "
            "PIVOT … ON column IN (value, …)."
        )
    if kind != "SELECT":
        raise _refused(f"The SQL is a statement of type {kind}: write exactly one SELECT.")
    if statements[0].named_parameters:
        names = ", ".join(f"${name}" for name in sorted(statements[0].named_parameters))
        raise _refused(f"The SQL has parameters ({names}): write values, or use the operator's templating.")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object of the syntax tree, however deep."""
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _require_reading(nodes: Iterable[dict[str, Any]]) -> None:
    for node in nodes:
        kind = node.get("type")
        if kind == "SHOW_REF":
            raise _refused("DESCRIBE, SHOW and SUMMARIZE are not a SELECT of data: write exactly one SELECT.")
        if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING_NODES:
            word = kind.removesuffix("_NODE").removesuffix("_QUERY")
            raise _refused(f"The SQL has a {word} inside: a transformation only reads.")
        if kind == "TABLE_FUNCTION":
            _require_harmless(node)


def _require_harmless(node: dict[str, Any]) -> None:
    name = str((node.get("function") or {}).get("function_name", "")).lower()
    if name not in TABLE_FUNCTIONS:
        raise _refused(
            f"{name}() is not available here: a transformation reads its declared sources and nothing "
            f"else. Table functions that can be used: {', '.join(sorted(TABLE_FUNCTIONS))}.",
            function=name,
        )


def _tables(tree: Any, declared: Collection[DatasetName], declare: str) -> Iterator[DatasetName]:
    """The declared datasets that the query names; a name that is neither one nor a WITH is refused."""
    names = {str(dataset): dataset for dataset in declared}
    for path, local in _named_tables(tree):
        written = ".".join(path)
        if len(path) == 1 and _folded(written) in local:
            continue
        if len(path) != 2 or written.lower() not in names:
            raise _undeclared(written, sorted(names), declare)
        yield names[written.lower()]


def _named_tables(tree: Any) -> Iterator[tuple[list[str], frozenset[str]]]:
    """The path of each table that is named, and the names that WITH gives where it stands."""
    waiting: list[tuple[Any, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        item, local = waiting.pop()
        if isinstance(item, list):
            waiting.extend((each, local) for each in item)
        elif isinstance(item, dict):
            if item.get("type") == "BASE_TABLE":
                yield [str(part) for part in item["qualified_name"]["path"]], local
            waiting.extend(_scopes(item, local))


def _scopes(node: dict[str, Any], local: frozenset[str]) -> Iterator[tuple[Any, frozenset[str]]]:
    """The parts of a node with the names of WITH that each sees: a WITH sees those before it, not itself."""
    for entry in (node.get("cte_map") or {}).get("map", ()):
        yield entry["value"], local
        local |= {_folded(entry["key"])}
    for part, value in node.items():
        if part in _SEE_THEMSELVES and "cte_name" in node:
            yield value, local | {_folded(node["cte_name"])}
        elif part != "cte_map":
            yield value, local


def _folded(name: str) -> str:
    """A name as DuckDB compares it, which knows upper and lower case of ASCII only."""
    return name.encode().lower().decode()


def _undeclared(written: str, declared: list[str], declare: str) -> GovernanceError:
    near = difflib.get_close_matches(written, declared, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    listed = ", ".join(declared) if declared else "none"
    return _refused(
        f"The SQL reads {written!r}, which is not a declared source. Declared: {listed}.{hint} "
        f"Name sources as <zone>.<name>, and {declare}.",
        table=written,
        declared=declared,
    )


def _without_end(sql: str) -> str:
    """The text before its closing semicolon, so that it can stand inside another statement."""
    data = sql.encode()
    for offset, kind in duckdb.tokenize(sql):
        if kind == duckdb.token_type.operator and data[offset : offset + 1] == b";":
            return data[:offset].decode()
    return sql
