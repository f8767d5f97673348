"""Parts of expressions that compute values, and which of their arguments decide and which go in."""

from __future__ import annotations

from sqlglot import exp

from airflow_gov.transform.column_lineage.functions import (
    is_grouping,
    is_picking,
    sees_order,
    way_of,
)
from airflow_gov.transform.column_lineage.relations import Column
from airflow_gov.transform.column_lineage.traces import (
    AGGREGATION,
    CONDITIONAL,
    JOIN,
    SORT,
    TRANSFORMATION,
    WINDOW,
    add,
    combine,
)
from airflow_gov.transform.column_lineage.tracing import Part, Tracing


def function_rule(tracing: Tracing, part: Part) -> None:
    """Anything without a rule of its own: what is inside is computed with."""
    node = part.node
    if isinstance(node, exp.Query):
        subquery_rule(tracing, part)
        return
    if is_grouping(node):
        return
    step = way_of(node)
    for child in node.iter_expressions():
        tracing.push(part, child, step)
    if sees_order(node):
        add(tracing.found, tracing.scope.source.order, combine(part.role, SORT))


def cast_rule(tracing: Tracing, part: Part) -> None:
    """A cast makes another value; what it is cast to is no value."""
    tracing.push(part, part.node.this, TRANSFORMATION)


def case_rule(tracing: Tracing, part: Part) -> None:
    tracing.push(part, part.node.this, CONDITIONAL)
    for each in part.node.args["ifs"]:
        tracing.push(part, each.this, CONDITIONAL)
        tracing.push(part, each.args.get("true"))
    tracing.push(part, part.node.args.get("default"))


def if_rule(tracing: Tracing, part: Part) -> None:
    tracing.push(part, part.node.this, CONDITIONAL)
    tracing.push(part, part.node.args.get("true"))
    tracing.push(part, part.node.args.get("false"))


def coalesce_rule(tracing: Tracing, part: Part) -> None:
    """Each value but the last is taken, or tells by being null that a later one is."""
    values = [part.node.this, *part.node.expressions]
    for value in values:
        tracing.push(part, value)
    unpacked = isinstance(values[-1], exp.Columns) and values[-1].args.get("unpack")
    for value in values if unpacked else values[:-1]:
        tracing.push(part, value, CONDITIONAL)


def is_rule(tracing: Tracing, part: Part) -> None:
    """Whether there is a value tells nothing of it."""
    null = isinstance(part.node.expression, exp.Null)
    tracing.push(part, part.node.this, CONDITIONAL if null else way_of(part.node))
    tracing.push(part, part.node.expression)


def nullif_rule(tracing: Tracing, part: Part) -> None:
    tracing.push(part, part.node.this)
    tracing.push(part, part.node.this, CONDITIONAL)
    tracing.push(part, part.node.expression, CONDITIONAL)


def pick_rule(tracing: Tracing, part: Part) -> None:
    """``arg_max(value, by)``."""
    step = way_of(part.node)
    tracing.push(part, part.node.this, step)
    tracing.push(part, part.node.expression, SORT)


def anonymous_rule(tracing: Tracing, part: Part) -> None:
    if is_picking(part.node) and len(part.node.expressions) > 1:
        value, by, *_ = part.node.expressions
        tracing.push(part, value, way_of(part.node))
        tracing.push(part, by, SORT)
    else:
        function_rule(tracing, part)


def filter_rule(tracing: Tracing, part: Part) -> None:
    tracing.push(part, part.node.this)
    tracing.push(part, part.node.expression.this, CONDITIONAL)


def order_rule(tracing: Tracing, part: Part) -> None:
    """ORDER BY inside an aggregate."""
    tracing.push(part, part.node.this)
    for each in part.node.expressions:
        tracing.push(part, each, SORT)


def within_group_rule(tracing: Tracing, part: Part) -> None:
    """Of a quantile the order is the value; of a list it is the order."""
    function, order = part.node.this, part.node.expression
    step = SORT if function.find(exp.Column) is not None else way_of(function)
    tracing.push(part, function)
    for each in order.expressions:
        tracing.push(part, each, step)


def window_rule(tracing: Tracing, part: Part) -> None:
    node = part.node
    tracing.push(part, node.this)
    for window in tracing.walk.windows(node, tracing.scope):
        for each in window.args.get("partition_by") or ():
            tracing.push(part, each, WINDOW)
        for each in order.expressions if (order := window.args.get("order")) is not None else ():
            tracing.push(part, each, WINDOW)
        if (spec := window.args.get("spec")) is not None:
            tracing.push(part, spec.args.get("start"), WINDOW)
            tracing.push(part, spec.args.get("end"), WINDOW)


def subquery_rule(tracing: Tracing, part: Part) -> None:
    """A query used as a value: its columns, and what decides about its rows."""
    relation = tracing.walk.query(part.node, tracing.scope, tracing.scope.ctes)
    for item in relation.items:
        if isinstance(item, Column):
            add(tracing.found, item.trace, part.role)
        else:
            tracing.walk.gap("A subquery gives columns that are not known.")
    add(tracing.found, relation.rows, part.role)


def exists_rule(tracing: Tracing, part: Part) -> None:
    if isinstance(part.node.this, exp.Query):
        relation = tracing.walk.query(part.node.this, tracing.scope, tracing.scope.ctes)
        add(tracing.found, relation.rows, part.role)
    else:
        function_rule(tracing, part)


def array_rule(tracing: Tracing, part: Part) -> None:
    """``[a, b]``, or ``ARRAY(SELECT …)``, which gathers rows in their order."""
    for each in part.node.expressions:
        query = isinstance(each, exp.Query)
        tracing.push(part, each, AGGREGATION if query else TRANSFORMATION)
        if query:
            relation = tracing.walk.query(each, tracing.scope, tracing.scope.ctes)
            add(tracing.found, relation.order, combine(part.role, SORT))


def unnest_rule(tracing: Tracing, part: Part) -> None:
    """``unnest`` as a value: it also repeats the row."""
    function_rule(tracing, part)
    for each in [part.node.this, *part.node.expressions]:
        if isinstance(each, exp.Expr):
            add(tracing.scope.unnested, tracing.walk.trace(each, tracing.scope), JOIN)
