"""What a SELECT gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.engine_names import rewritten
from airflow_gov.transform.column_lineage.functions import is_aggregate
from airflow_gov.transform.column_lineage.joins import join_all
from airflow_gov.transform.column_lineage.relations import (
    Column,
    Item,
    Relation,
    fields_of,
    folded,
    merged_traces,
)
from airflow_gov.transform.column_lineage.scopes import Scope
from airflow_gov.transform.column_lineage.sets import (
    all_of,
    is_limited,
    limit_trace,
    order_trace,
    positions_trace,
)
from airflow_gov.transform.column_lineage.stars import (
    is_star,
    is_star_condition,
    matching,
    star_items,
)
from airflow_gov.transform.column_lineage.traces import FILTER, GROUP_BY, Key, Trace, add

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


def select_relation(walk: Walk, node: exp.Select, scope: Scope) -> Relation:
    """What a SELECT gives.

    :param scope: has what is around it; its tables and aliases are put into it here.
    """
    join_all(walk, node, scope)
    scope.windows = node.args.get("windows") or ()
    scope.aliases = _aliases(walk, node, scope)
    results = [(each, list(_expanded(walk, each, scope))) for each in node.expressions]
    items = [item for _, given in results for item in given]
    rows = dict(scope.source.rows)
    group = node.args.get("group")
    scope.grouped = group is not None or any(_aggregates(each) for each in node.expressions)
    scope.keys = _key_names(group, results) if group is not None else frozenset()
    for clause in ("where", "having", "qualify"):
        if (condition := node.args.get(clause)) is not None:
            grouped = scope.grouped and clause != "where"
            add(rows, walk.trace(condition.this, scope, FILTER, grouped=grouped))
    if group is not None:
        add(rows, _group_trace(walk, group, scope, results), GROUP_BY)
    if (distinct := node.args.get("distinct")) is not None:
        add(rows, _distinct_trace(walk, distinct, scope, items), GROUP_BY)
    add(rows, scope.unnested)
    order = _sort(walk, node, scope, items, rows)
    unsure = [item.trace for item in items if isinstance(item, Column) and not item.sure]
    return Relation(items, rows, order, unsure[0] if len(unsure) == 1 else None)


def _aliases(walk: Walk, node: exp.Select, scope: Scope) -> Callable[[str], Trace | None]:
    """Names of the result, which later items and clauses may use; each is worked out when first needed."""
    named: dict[str, exp.Expr] = {}
    for each in node.expressions:
        if isinstance(each, exp.Alias):
            named.setdefault(folded(each.alias), each.this)
    known: dict[str, Trace | None] = {}

    def alias(name: str) -> Trace | None:
        key = folded(name)
        if key in named and key not in known:
            known[key] = None  # an alias means nothing inside its own expression
            known[key] = walk.trace(named[key], scope)
        return known.get(key)

    return alias


def _expanded(walk: Walk, node: exp.Expr, scope: Scope) -> Iterator[Item]:
    """The columns that one item of SELECT gives."""
    # Of a window, `alias` is the name of the window it builds on.
    inner, alias = node.unalias(), node.alias if isinstance(node, exp.Alias) else ""
    if is_star(inner):
        yield from (each.item for each in star_items(walk, scope, inner))
    elif is_star_condition(inner):
        yield from (each.item for each in matching(walk, scope, inner))
    elif isinstance(inner, exp.Explode | exp.Unnest):
        yield fields_of(walk.trace(inner, scope), alias or _text(inner))
    elif (columns := _own_columns(inner)) is not None:
        yield from _copies(walk, inner, columns, alias, scope)
    else:
        yield Column(alias or _name(inner), walk.trace(inner, scope), bool(alias) or _is_named(inner))


def _own_columns(node: exp.Expr) -> exp.Columns | None:
    """The COLUMNS() that makes copies of an expression; not one that fills arguments, nor a subquery's."""
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, exp.Columns):
            if not each.args.get("unpack"):
                return each
        elif not isinstance(each, exp.Query):
            stack.extend(each.iter_expressions())
    return None


def _copies(walk: Walk, node: exp.Expr, columns: exp.Columns, alias: str, scope: Scope) -> Iterator[Item]:
    """The copies of an expression that COLUMNS() makes, one for each column."""
    for each in matching(walk, scope, columns):
        if not isinstance(each.item, Column):
            walk.gap("COLUMNS() of a table whose columns are not known could not be followed.")
            continue
        name = each.item.name
        if alias:
            pattern = columns.this.name if isinstance(columns.this, exp.Literal) else ""
            name = rewritten(name, pattern, alias)
        yield Column(name, walk.trace(node, scope, picked=each.item.trace))


def _is_named(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) or (
        isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier)
    )


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return str(node.name)
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        return str(node.expression.name)
    return _text(node)


def _text(node: exp.Expr) -> str:
    """Nearly the name that DuckDB gives an expression."""
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Star | None):
        return "count_star()"
    if isinstance(node, exp.Explode):
        return f"unnest({node.this.sql(dialect='duckdb')})"
    return str(node.sql(dialect="duckdb", normalize_functions="lower"))


def _group_trace(
    walk: Walk, group: exp.Expr, scope: Scope, results: Sequence[tuple[exp.Expr, list[Item]]]
) -> dict[Key, int]:
    found: dict[Key, int] = {}
    if group.args.get("all"):
        plain = [item for node, given in results if not _aggregates(node) for item in given]
        add(found, all_of(walk, plain))
    items = [item for _, given in results for item in given]
    for each in _keys(group.expressions):
        add(found, key_trace(walk, each, scope, items))
    return found


def _key_names(group: exp.Expr, results: Sequence[tuple[exp.Expr, list[Item]]]) -> frozenset[str]:
    """The names of the columns among the keys, folded."""
    keys = list(_keys(group.expressions))
    if group.args.get("all"):
        keys += [node.unalias() for node, _ in results if not _aggregates(node)]
    nodes = [node for node, given in results for _ in given]
    named = [
        nodes[position].unalias()
        for key in keys
        if isinstance(key, exp.Literal) and key.is_int and 0 <= (position := int(key.name) - 1) < len(nodes)
    ]
    return frozenset(folded(each.name) for each in [*keys, *named] if isinstance(each, exp.Column))


def key_trace(walk: Walk, node: exp.Expr, scope: Scope, items: Sequence[Item]) -> dict[Key, int]:
    """What a key of GROUP BY or DISTINCT ON comes from: an expression, or a result's position."""
    by_position = positions_trace(node, items)
    return walk.trace(node, scope) if by_position is None else by_position


def _keys(nodes: Sequence[exp.Expr]) -> Iterator[exp.Expr]:
    """The keys of GROUP BY, out of ROLLUP, CUBE, GROUPING SETS and brackets."""
    for node in nodes:
        if isinstance(node, exp.Cube | exp.GroupingSets | exp.Rollup | exp.Tuple):
            yield from _keys(node.expressions)
        elif isinstance(node, exp.Paren):
            yield from _keys([node.this])
        else:
            yield node


def _aggregates(node: exp.Expr) -> bool:
    """Whether an expression makes one value of the rows of a group, and not of a window."""
    stack = [node]
    while stack:
        each = stack.pop()
        if is_aggregate(each):
            return True
        if isinstance(each, exp.Query):
            continue
        inner = each.this if isinstance(each, exp.Window) else each
        inner = inner.this if isinstance(inner, exp.Filter | exp.IgnoreNulls) and inner is not each else inner
        stack.extend(inner.iter_expressions())
    return False


def _distinct_trace(walk: Walk, distinct: exp.Expr, scope: Scope, items: Sequence[Item]) -> dict[Key, int]:
    """DISTINCT, and DISTINCT ON, which takes the first row of each group in the order of the rows."""
    on = distinct.args.get("on")
    if on is None:
        return all_of(walk, items)
    return merged_traces(key_trace(walk, each, scope, items) for each in _keys([on]))


def _sort(
    walk: Walk, node: exp.Select, scope: Scope, items: Sequence[Item], rows: dict[Key, int]
) -> dict[Key, int]:
    """What the result is sorted by; it decides about the rows where only some of them are taken."""
    clause, distinct = node.args.get("order"), node.args.get("distinct")
    first = distinct is not None and distinct.args.get("on") is not None
    by: dict[Key, int] = {}
    if clause is not None:
        by = order_trace(walk, clause, scope, items)
    elif first or not (scope.grouped or distinct is not None):
        by = dict(scope.source.order)
    if first or is_limited(node):
        add(rows, by)
    if is_limited(node):
        add(rows, limit_trace(walk, node, scope))
    return by
