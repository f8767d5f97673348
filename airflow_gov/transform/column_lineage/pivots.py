"""PIVOT and UNPIVOT."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.relations import Column, Item, Relation, folded, merged_traces
from airflow_gov.transform.column_lineage.scopes import Bound, From, Scope
from airflow_gov.transform.column_lineage.stars import is_star, matching
from airflow_gov.transform.column_lineage.traces import CONDITIONAL, FILTER, GROUP_BY, Key, add, in_role

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


def pivoted(walk: Walk, node: exp.Pivot, bound: Bound, scope: Scope) -> Bound:
    """A table behind PIVOT or UNPIVOT.

    :param bound: the table.
    :param scope: what is around it.
    """
    inner = Scope(scope, scope.ctes, From.of(bound), ambiguous=scope.ambiguous)
    make = _unpivot if node.args.get("unpivot") else _pivot
    relation = make(walk, node, bound.relation, inner)
    alias = node.args.get("alias")
    return Bound(
        (folded(alias.name),) if alias is not None and alias.this is not None else bound.path, relation
    )


def _pivot(walk: Walk, node: exp.Pivot, relation: Relation, scope: Scope) -> Relation:
    """One column for each value (or combination of values) of the fields, and each aggregate."""
    using = node.args.get("using")
    aggregates = (using if isinstance(using, list) else node.expressions) if _has_aggregates(node) else []
    fields = [each for each in (node.args.get("fields") or node.expressions) if each not in aggregates]
    deciding = merged_traces(walk.trace(_field(each), scope) for each in fields)
    results: list[tuple[str, dict[Key, int]]] = [
        (_aggregate_name(each, len(aggregates)), walk.trace(each, scope)) for each in aggregates
    ] or [("", {})]
    groups = _groups(walk, node, relation, scope, [*aggregates, *fields])
    items: list[Item] = list(groups)
    for values in itertools.product(*(list(_values(walk, each)) for each in fields)):
        for suffix, trace in results:
            name = "_".join([*values, *([suffix] if suffix else [])])
            found = dict(trace)
            add(found, deciding, CONDITIONAL)
            items.append(Column(name, found, sure=False))
    rows = dict(relation.rows)
    for each in groups:
        add(rows, each.trace, GROUP_BY)
    guess = merged_traces(trace for _, trace in results)
    add(guess, deciding, CONDITIONAL)
    return Relation(items, rows, guess=guess if len(results) == 1 else None)


def _has_aggregates(node: exp.Pivot) -> bool:
    """A PIVOT without aggregates counts rows."""
    return bool(node.args.get("fields")) or isinstance(node.args.get("using"), list)


def _field(node: exp.Expr) -> exp.Expr:
    return node.this if isinstance(node, exp.In) else node


def _aggregate_name(node: exp.Expr, count: int) -> str:
    if isinstance(node, exp.Alias):
        return node.alias
    return node.sql(dialect="duckdb", normalize_functions="lower") if count > 1 else ""


def _values(walk: Walk, field: exp.Expr) -> Iterator[str]:
    """Names of the columns that a field's values make."""
    if not isinstance(field, exp.In):
        walk.gap("A PIVOT that takes its columns from the data could not be followed.")
        return
    for value in field.expressions:
        if isinstance(value, exp.Query):
            walk.gap("A PIVOT that takes its columns from the data could not be followed.")
        elif isinstance(value, exp.PivotAlias | exp.Alias):
            yield value.alias if isinstance(value.alias, str) else value.args["alias"].name
        elif isinstance(value, exp.Tuple):
            yield "_".join(each.name for each in value.expressions)
        else:
            yield value.name or value.sql(dialect="duckdb")


def _groups(
    walk: Walk, node: exp.Pivot, relation: Relation, scope: Scope, used: Sequence[exp.Expr]
) -> list[Column]:
    """The columns that stay: those of GROUP BY, or all that are not used otherwise."""
    group = node.args.get("group")
    if group is not None and group.expressions:
        return [Column(each.alias_or_name, walk.trace(each, scope)) for each in group.expressions]
    if relation.is_open:
        walk.gap("A PIVOT of a table whose columns are not known could not be followed.")
    taken = {folded(column.name) for each in used for column in each.find_all(exp.Column)}
    return [item for item in relation.items if isinstance(item, Column) and folded(item.name) not in taken]


def _unpivot(walk: Walk, node: exp.Pivot, relation: Relation, scope: Scope) -> Relation:
    """One row for each of the columns: its name, and its value unless that is null."""
    name, values, inputs = _unpivot_parts(node)
    groups = [each for node_ in inputs for each in _unpivoted(walk, node_, scope)]
    taken = {
        folded(column.name) for parts in groups for part in parts for column in part.find_all(exp.Column)
    }
    columns: list[dict[Key, int]] = [{} for _ in values]
    for parts in groups:
        for found, part in zip(columns, parts, strict=False):
            add(found, walk.trace(part, scope))
    rows = dict(relation.rows)
    if not node.args.get("include_nulls"):
        for found in columns:
            add(rows, in_role(found, FILTER))
    rest = [item for item in relation.items if not (isinstance(item, Column) and folded(item.name) in taken)]
    made = [Column(name, {}), *(Column(each, found) for each, found in zip(values, columns, strict=True))]
    return Relation([*rest, *made], rows)


def _unpivot_parts(node: exp.Pivot) -> tuple[str, list[str], Sequence[exp.Expr]]:
    """Names of the new columns, and what goes into them."""
    fields = node.args.get("fields")
    if fields:
        first = node.expressions[0]
        values = first.expressions if isinstance(first, exp.Tuple) else node.expressions
        return fields[0].this.name, [each.name for each in values], fields[0].expressions
    into = node.args.get("into")
    if into is None:
        return "name", ["value"], node.expressions
    return into.this.name, [each.name for each in into.expressions], node.expressions


def _unpivoted(walk: Walk, node: exp.Expr, scope: Scope) -> list[list[exp.Expr]]:
    """The columns that go into one row; COLUMNS() and ``*`` are many of them."""
    inner = node.this if isinstance(node, exp.PivotAlias | exp.Alias) else node
    if isinstance(inner, exp.Columns) or is_star(inner):
        wanted = inner if isinstance(inner, exp.Columns) else exp.Columns(this=inner.copy())
        found = [each.item for each in matching(walk, scope, wanted)]
        return [[exp.column(item.name, quoted=True)] for item in found if isinstance(item, Column)]
    if isinstance(inner, exp.Tuple):
        return [list(inner.expressions)]
    return [[inner]]
