"""UNION, INTERSECT and EXCEPT, and ORDER BY and LIMIT behind a whole query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.relations import (
    Column,
    Item,
    Relation,
    Unknown,
    folded,
    merged_traces,
)
from airflow_gov.transform.column_lineage.scopes import Bound, Ctes, From, Scope
from airflow_gov.transform.column_lineage.traces import FILTER, GROUP_BY, SORT, Key, add

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


def set_relation(walk: Walk, node: exp.SetOperation, outer: Scope | None, ctes: Ctes) -> Relation:
    """What a set operation gives.

    A chain of them leans to the left and may be long, so it is unwound without recursion.
    """
    chain: list[exp.SetOperation] = []
    left: exp.Expr = node
    while isinstance(left, exp.SetOperation):
        chain.append(left)
        left = left.this
        if left.args.get("with_") is not None:
            break
    relation = walk.query(left, outer, ctes)
    for operation in reversed(chain):
        right = walk.query(operation.expression, outer, ctes)
        relation = _combined(walk, operation, relation, right)
        relation = sorted_and_limited(walk, operation, relation, outer, ctes)
    return relation


def _combined(walk: Walk, node: exp.SetOperation, left: Relation, right: Relation) -> Relation:
    rows = merged_traces([left.rows, right.rows])
    values = isinstance(node, exp.Union)
    by_name = bool(node.args.get("by_name"))
    if not by_name and _width(left) != _width(right):
        walk.gap("A set operation of queries whose columns are not known could not be followed.")
    items = _by_name(left, right) if by_name else _by_position(left, right, both=values)
    if not values:
        for side in (left, right):
            add(rows, all_of(walk, side.items), FILTER)
    elif node.args.get("distinct"):
        add(rows, all_of(walk, items), GROUP_BY)
    return Relation(items, rows, guess=left.guess)


def _width(relation: Relation) -> int | None:
    return None if relation.is_open else len(relation.items)


def all_of(walk: Walk, items: Sequence[Item]) -> dict[Key, int]:
    """What all of a result's columns come from, where they decide about its rows together."""
    if any(isinstance(item, Unknown) for item in items):
        walk.gap("Columns that are not known decide about the rows.")
    return merged_traces(item.trace for item in items if isinstance(item, Column))


def _by_position(left: Relation, right: Relation, *, both: bool) -> list[Item]:
    """The left side's columns, with the values of the right side's where these are in the result."""
    items: list[Item] = []
    for position, item in enumerate(left.items):
        other = right.items[position] if both and position < len(right.items) else None
        items.append(_merged(item, other))
    return items


def _merged(item: Item, other: Item | None) -> Item:
    if other is None:
        return item
    if isinstance(item, Column) and isinstance(other, Column):
        return Column(item.name, merged_traces([item.trace, other.trace]), item.sure)
    if isinstance(item, Unknown) and isinstance(other, Unknown):
        first, second = item.find, other.find
        return Unknown(lambda name: merged_traces([first(name), second(name)]), item.usual)
    return item


def _by_name(left: Relation, right: Relation) -> list[Item]:
    others = {folded(item.name): item for item in right.items if isinstance(item, Column)}
    items: list[Item] = []
    for item in left.items:
        other = others.pop(folded(item.name), None) if isinstance(item, Column) else None
        items.append(_merged(item, other))
    return [
        *items,
        *(item for item in right.items if isinstance(item, Unknown) or folded(item.name) in others),
    ]


def sorted_and_limited(
    walk: Walk, node: exp.Expr, relation: Relation, outer: Scope | None, ctes: Ctes
) -> Relation:
    """A query's result behind its own ORDER BY and LIMIT."""
    order = node.args.get("order")
    if order is None and not is_limited(node):
        return relation
    scope = Scope(outer, ctes, From.of(Bound((), relation)))
    by = order_trace(walk, order, scope, relation.items) if order is not None else dict(relation.order)
    rows = dict(relation.rows)
    if is_limited(node):
        add(rows, limit_trace(walk, node, scope))
        add(rows, by)
    return Relation(relation.items, rows, by, relation.guess)


def is_limited(node: exp.Expr) -> bool:
    """Whether only some of a query's rows are taken."""
    return any(node.args.get(each) is not None for each in ("limit", "offset", "fetch"))


def limit_trace(walk: Walk, node: exp.Expr, scope: Scope) -> dict[Key, int]:
    """What decides how many rows are taken."""
    found: dict[Key, int] = {}
    for each in ("limit", "offset", "fetch"):
        clause = node.args.get(each)
        if clause is not None and isinstance(clause.args.get("expression"), exp.Expr):
            add(found, walk.trace(clause.expression, scope, FILTER))
    return found


def order_trace(walk: Walk, order: exp.Expr, scope: Scope, items: Sequence[Item]) -> dict[Key, int]:
    """What ORDER BY sorts by.

    :param scope: what names mean in it.
    :param items: the result's columns, for ``ORDER BY 1`` and ``ORDER BY ALL``.
    """
    found: dict[Key, int] = {}
    for each in order.expressions:
        by = each.this if isinstance(each, exp.Ordered) else each
        if isinstance(by, exp.Var) and by.name.upper() == "ALL":
            add(found, all_of(walk, items), SORT)
            continue
        position = positions_trace(by, items)
        if position is None:
            # A name alone means a result first; inside an expression a column does.
            position = walk.trace(by, scope, alias_first=isinstance(by, exp.Column), grouped=scope.grouped)
        add(found, position, SORT)
    return found


def positions_trace(node: exp.Expr, items: Sequence[Item]) -> dict[Key, int] | None:
    """What a column named by its position comes from; None where it is not named so."""
    if not (isinstance(node, exp.Literal) and node.is_int):
        return None
    position = int(node.name) - 1
    item = items[position] if 0 <= position < len(items) else None
    return dict(item.trace) if isinstance(item, Column) else {}
