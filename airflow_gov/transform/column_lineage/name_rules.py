"""Parts of expressions that name columns, and those that hold none."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from airflow_gov.transform.column_lineage.functions import way_of
from airflow_gov.transform.column_lineage.relations import Column
from airflow_gov.transform.column_lineage.stars import matching, names_of, star_items
from airflow_gov.transform.column_lineage.traces import TRANSFORMATION, add, combine
from airflow_gov.transform.column_lineage.tracing import Part, Tracing


def nothing_rule(tracing: Tracing, part: Part) -> None:
    """Holds no values of columns."""


def inside_rule(tracing: Tracing, part: Part) -> None:
    tracing.push(part, part.node.this)


def named_value_rule(tracing: Tracing, part: Part) -> None:
    """``name := value``; in a map both sides are values."""
    tracing.push(part, part.node.expression)
    if not isinstance(part.node.this, exp.Identifier):
        tracing.push(part, part.node.this)


def column_rule(tracing: Tracing, part: Part) -> None:
    if isinstance(part.node.this, exp.Star):
        for each in star_items(tracing.walk, tracing.scope, part.node):
            if isinstance(each.item, Column):
                add(tracing.found, each.item.trace, part.role)
        return
    tracing.refer(part, names_of(part.node))


def identifier_rule(tracing: Tracing, part: Part) -> None:
    if part.bare and part.node.name not in part.local:
        tracing.refer(part, [part.node.name])


def dot_rule(tracing: Tracing, part: Part) -> None:
    """A field, ``a.b``, or a function, ``a.f()``."""
    names: list[str] = []
    node: exp.Expr = part.node
    while isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        names.insert(0, node.expression.name)
        node = node.this
    if isinstance(node, exp.Column):
        tracing.refer(part, [*names_of(node), *names])
    elif isinstance(node, exp.Identifier):
        if node.name not in part.local:
            tracing.refer(part, [node.name, *names])
    elif isinstance(node, exp.Dot) and not names:
        tracing.push(part, node.this, way_of(node.expression), bare=True)
        tracing.push(part, node.expression)
    else:
        tracing.push(part, node, TRANSFORMATION)


def columns_rule(tracing: Tracing, part: Part) -> None:
    """COLUMNS(…): one column of each copy of the expression, or all of them where there is one copy."""
    if tracing.picked is not None and not part.node.args.get("unpack"):
        add(tracing.found, tracing.picked, part.role)
        return
    for each in matching(tracing.walk, tracing.scope, part.node):
        if isinstance(each.item, Column):
            add(tracing.found, each.item.trace, part.role)
        else:
            tracing.walk.gap("COLUMNS() of a table whose columns are not known could not be followed.")


def star_rule(tracing: Tracing, part: Part) -> None:
    """``count(*)`` counts rows and looks at no column; elsewhere a star is its columns."""


def positional_rule(tracing: Tracing, part: Part) -> None:
    star, position = tracing.scope.source.star, int(part.node.name) - 1
    item = star[position].item if 0 <= position < len(star) else None
    if isinstance(item, Column):
        add(tracing.found, item.trace, part.role)
    else:
        tracing.walk.gap(f"The column #{position + 1} could not be followed.")


def lambda_rule(tracing: Tracing, part: Part) -> None:
    local = part.local | {each.name for each in part.node.expressions}
    tracing.stack.append(Part(part.node.this, part.role, local, part.bare))


def comprehension_rule(tracing: Tracing, part: Part) -> None:
    node = part.node
    names = {node.expression.name} | {each.name for each in (node.args.get("position"),) if each is not None}
    tracing.push(part, node.args.get("iterator"), TRANSFORMATION)
    for each in (node.this, node.args.get("condition")):
        if each is not None:
            body = each.transform(_bound_names(names)) if names else each
            tracing.stack.append(
                Part(body, combine(part.role, TRANSFORMATION), part.local | names, part.bare)
            )


def _bound_names(names: set[str]) -> Callable[[exp.Expr], exp.Expr]:
    def bind(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and len(node.parts) == 1 and node.name in names:
            return exp.to_identifier(node.name)
        return node

    return bind
