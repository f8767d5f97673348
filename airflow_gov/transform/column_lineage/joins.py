"""FROM clauses: tables put beside each other, and what joins decide the rows by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.relations import Column, Relation, folded, merged_traces
from airflow_gov.transform.column_lineage.scopes import From, Scope, Starred
from airflow_gov.transform.column_lineage.tables import bound_table
from airflow_gov.transform.column_lineage.traces import JOIN, Trace, add

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk

#: Kinds of joins that keep or drop rows of the left side and give nothing of the right one.
_ONE_SIDED = ("SEMI", "ANTI")


def join_all(walk: Walk, node: exp.Expr, scope: Scope) -> None:
    """Put all tables of a FROM clause into the scope.

    :param node: the SELECT, or a table with joins of its own.
    """
    first = node.args.get("from_")
    if first is not None:
        scope.source = side_of(walk, first.this, scope)
    for lateral in node.args.get("laterals") or ():
        scope.source = _beside(scope.source, side_of(walk, lateral, scope))
    for join in node.args.get("joins") or ():
        _join(walk, join, scope)


def side_of(walk: Walk, node: exp.Expr, scope: Scope) -> From:
    """One side of a join: a table, or a join of several in brackets.

    :param scope: has the tables before it, which it may refer to.
    """
    nested = node.this if isinstance(node, exp.Subquery | exp.Paren) else None
    if isinstance(nested, exp.Table | exp.Subquery) and nested.args.get("joins"):
        inner = Scope(scope.outer, scope.ctes, ambiguous=scope.ambiguous)
        inner.source = side_of(walk, nested, inner)
        if node.alias:
            whole = Relation([each.item for each in inner.source.star], inner.source.rows, inner.source.order)
            return From.of(bound_table(walk, node, scope, whole))
        return inner.source
    side = From.of(bound_table(walk, node, scope))
    if node.args.get("joins"):
        inner = Scope(scope, scope.ctes, side, ambiguous=scope.ambiguous)
        for join in node.args["joins"]:
            _join(walk, join, inner)
        return inner.source
    return side


def _beside(left: From, right: From) -> From:
    return From(
        tables=[*left.tables, *right.tables],
        star=[*left.star, *right.star],
        merged={**left.merged, **right.merged},
        rows=merged_traces([left.rows, right.rows]),
        order=merged_traces([left.order, right.order]),
    )


def _join(walk: Walk, join: exp.Join, scope: Scope) -> None:
    """Join a table to those in the scope."""
    left, right = scope.source, side_of(walk, join.this, scope)
    together = _beside(left, right)
    if names := _shared(walk, join, left, right):
        _merge(walk, together, left, right, names, str(join.side).upper())
    if join.method.upper() == "POSITIONAL":
        add(together.rows, together.order, JOIN)
    scope.source = together
    if (condition := join.args.get("on")) is not None:
        add(together.rows, walk.trace(condition, scope, JOIN))
    if str(join.kind).upper() in _ONE_SIDED or str(join.side).upper() in _ONE_SIDED:
        scope.source = From(left.tables, left.star, left.merged, together.rows, left.order)


def _shared(walk: Walk, join: exp.Join, left: From, right: From) -> list[str]:
    """The columns that USING names, or that a NATURAL join finds on both sides."""
    if using := join.args.get("using"):
        return [each.name for each in using]
    if join.method.upper() != "NATURAL":
        return []
    if left.open_tables() or right.open_tables():
        walk.gap("A NATURAL JOIN of tables whose columns are not known could not be followed.")
    theirs = {folded(each.item.name) for each in right.star if isinstance(each.item, Column)}
    return [
        each.item.name
        for each in left.star
        if isinstance(each.item, Column) and folded(each.item.name) in theirs
    ]


def _merge(walk: Walk, together: From, left: From, right: From, names: Sequence[str], side: str) -> None:
    """Make one column of both sides' columns of each name, with the values of the side that has all rows."""
    merged: dict[str, Trace] = {}
    for name in names:
        ours, theirs = _column(left, name), _column(right, name)
        if ours is None or theirs is None:
            walk.gap(f"The column {name} of a join could not be followed.")
        ours, theirs = ours or {}, theirs or {}
        add(together.rows, ours, JOIN)
        add(together.rows, theirs, JOIN)
        kept = {"RIGHT": [theirs], "FULL": [ours, theirs]}.get(side, [ours])
        merged[folded(name)] = merged_traces(kept)
    together.merged.update(merged)
    together.star = [
        *(_with(each, merged) for each in left.star),
        *(each for each in right.star if _name(each) not in merged),
    ]


def _column(side: From, name: str) -> Trace | None:
    if (known := side.column(name)) is not None:
        return known
    found = [bound.relation.find_unknown(name) for bound in side.open_tables()]
    return found[0] if len(found) == 1 else None


def _name(each: Starred) -> str | None:
    return folded(each.item.name) if isinstance(each.item, Column) else None


def _with(each: Starred, merged: Mapping[str, Trace]) -> Starred:
    if not isinstance(each.item, Column) or (trace := merged.get(folded(each.item.name))) is None:
        return each
    return Starred(Column(each.item.name, trace), None)
