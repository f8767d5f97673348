"""What stands in a FROM clause: tables, WITH, subqueries, VALUES and table functions, under their names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.pivots import pivoted
from airflow_gov.transform.column_lineage.relations import (
    Column,
    Relation,
    constants,
    distinct_names,
    fields_of,
    folded,
    merged_traces,
    renamed,
)
from airflow_gov.transform.column_lineage.scopes import Bound, Scope
from airflow_gov.transform.column_lineage.traces import (
    JOIN,
    TRANSFORMATION,
    Key,
    add,
    in_role,
)

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk

#: Columns of table functions that have more than one.
_FUNCTION_COLUMNS = {
    "json_each": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
    "json_tree": ("key", "value", "type", "atom", "id", "parent", "fullkey", "path"),
}
#: Table functions of one column, and its name where the function has no alias.
_ONE_COLUMN: dict[type[exp.Expr], str] = {
    exp.GenerateSeries: "generate_series",
    exp.Explode: "unnest",
    exp.Unnest: "unnest",
}


def bound_table(walk: Walk, node: exp.Expr, scope: Scope, relation: Relation | None = None) -> Bound:
    """A table of a FROM clause under the name it goes by.

    :param scope: has the tables before it, which it may refer to.
    :param relation: what it is, where that is known already.
    """
    lateral = node if isinstance(node, exp.Lateral) else None
    inner = lateral.this if lateral is not None else node
    found = relation if relation is not None else _relation(walk, inner, scope)
    path = _path(inner)
    alias = node.args.get("alias") or inner.args.get("alias")
    if alias is not None and alias.this is not None:
        path = (folded(alias.name),)
        if not isinstance(inner, exp.Query) and isinstance(_function_of(inner), exp.Expr):
            found = _named_function(found, alias.name)
    names = [each.name for each in (alias.args.get("columns") or ())] if alias is not None else []
    bound = Bound(
        path, renamed(Relation(distinct_names(found.items), found.rows, found.order, found.guess), names)
    )
    for pivot in inner.args.get("pivots") or ():
        bound = pivoted(walk, pivot, bound, scope)
    return bound


def _path(node: exp.Expr) -> tuple[str, ...]:
    if isinstance(node, exp.Table) and _function_of(node) is None:
        return tuple(folded(part.name) for part in node.parts)
    if (function := _function_of(node)) is not None:
        return (_function_name(function),)
    return ()


def _relation(walk: Walk, node: exp.Expr, scope: Scope) -> Relation:
    if isinstance(node, exp.Values):
        return values_relation(walk, node, scope)
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Pivot | exp.Values):
        return bound_table(walk, node.this, scope).relation
    if isinstance(node, exp.Query):
        return walk.query(_without_pivots(node), scope, scope.ctes)
    if isinstance(node, exp.Pivot):
        return pivoted(walk, node, bound_table(walk, node.this, scope), scope).relation
    if (function := _function_of(node)) is not None:
        return _function_relation(walk, function, scope)
    if isinstance(node, exp.Table):
        return _table_relation(walk, node, scope)
    walk.gap(f"{type(node).__name__} in a FROM clause could not be followed.")
    return Relation([])


def _without_pivots(node: exp.Expr) -> exp.Expr:
    """The query itself: its alias and PIVOT belong to the table that it is."""
    if not node.args.get("pivots"):
        return node
    copy = node.copy()
    copy.set("pivots", None)
    return copy


def _table_relation(walk: Walk, node: exp.Table, scope: Scope) -> Relation:
    path = [part.name for part in node.parts]
    cte = scope.ctes.get(folded(path[0])) if len(path) == 1 else None
    return cte() if cte is not None else walk.table(path)


def _function_of(node: exp.Expr) -> exp.Expr | None:
    """The table function that stands where a table can stand."""
    if isinstance(node, exp.Unnest | exp.Explode):
        return node
    if isinstance(node, exp.Table) and not isinstance(node.this, exp.Identifier):
        return node.this if isinstance(node.this, exp.Expr) else None
    return node if isinstance(node, exp.Func) and not isinstance(node, exp.Query) else None


def _function_name(function: exp.Expr) -> str:
    if isinstance(function, exp.Anonymous):
        return str(function.this).lower()
    if isinstance(function, exp.GenerateSeries) and function.args.get("is_end_exclusive"):
        return "range"
    return _ONE_COLUMN.get(type(function), function.key)


def _function_relation(walk: Walk, function: exp.Expr, scope: Scope) -> Relation:
    """A table function: its values are made of its arguments, and so is the number of its rows."""
    found: dict[Key, int] = {}
    for each in function.iter_expressions():
        if not isinstance(each, exp.TableAlias | exp.Identifier):
            add(found, walk.trace(each, scope, TRANSFORMATION))
    name, rows = _function_name(function), in_role(found, JOIN)
    if name in _FUNCTION_COLUMNS:
        return Relation([Column(each, found) for each in _FUNCTION_COLUMNS[name]], rows)
    if type(function) not in _ONE_COLUMN:
        return Relation([fields_of(found)], rows)
    items = [Column(name, found)]
    if isinstance(function, exp.Unnest) and len(function.expressions) > 1:
        items = [Column(name, walk.trace(each, scope, TRANSFORMATION)) for each in function.expressions]
    if offset := function.args.get("offset"):
        items.append(Column(offset.name if isinstance(offset, exp.Expr) else "ordinality", {}))
    return Relation(items, rows)


def _named_function(relation: Relation, alias: str) -> Relation:
    """A table function of one column, which is named as the function is."""
    columns = [item for item in relation.items if isinstance(item, Column)]
    if len(columns) != 1 or len(relation.items) != 1:
        return relation
    return Relation([replace(columns[0], name=alias)], relation.rows, relation.order)


def values_relation(walk: Walk, node: exp.Values, scope: Scope) -> Relation:
    """``VALUES (…), (…)``."""
    rows = [each.expressions if isinstance(each, exp.Tuple) else [each] for each in node.expressions]
    width = max((len(row) for row in rows), default=0)
    if all(isinstance(value, exp.Literal | exp.Null | exp.Boolean) for row in rows for value in row):
        return constants(f"col{position}" for position in range(width))
    traces = [
        merged_traces(walk.trace(row[position], scope) for row in rows if position < len(row))
        for position in range(width)
    ]
    return Relation([Column(f"col{position}", trace) for position, trace in enumerate(traces)])
