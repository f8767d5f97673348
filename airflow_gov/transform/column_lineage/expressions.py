"""What the value of an expression comes from.

The tree is walked from the top with an explicit stack: each part knows in which way the whole uses it, so a
chain of a thousand operators needs no recursion.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage import name_rules, value_rules
from airflow_gov.transform.column_lineage.scopes import Scope
from airflow_gov.transform.column_lineage.traces import IDENTITY, Key, Trace
from airflow_gov.transform.column_lineage.tracing import Part, Tracing

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


_RULES: dict[type[exp.Expr], Callable[[Tracing, Part], None]] = {
    exp.Alias: name_rules.inside_rule,
    exp.Anonymous: value_rules.anonymous_rule,
    exp.ArgMax: value_rules.pick_rule,
    exp.ArgMin: value_rules.pick_rule,
    exp.Array: value_rules.array_rule,
    exp.Case: value_rules.case_rule,
    exp.Cast: value_rules.cast_rule,
    exp.Coalesce: value_rules.coalesce_rule,
    exp.Collate: name_rules.inside_rule,
    exp.Column: name_rules.column_rule,
    exp.Columns: name_rules.columns_rule,
    exp.Comprehension: name_rules.comprehension_rule,
    exp.DataType: name_rules.nothing_rule,
    exp.Dot: name_rules.dot_rule,
    exp.Exists: value_rules.exists_rule,
    exp.Explode: value_rules.unnest_rule,
    exp.Filter: value_rules.filter_rule,
    exp.Identifier: name_rules.identifier_rule,
    exp.If: value_rules.if_rule,
    exp.Is: value_rules.is_rule,
    exp.Lambda: name_rules.lambda_rule,
    exp.Literal: name_rules.nothing_rule,
    exp.Nullif: value_rules.nullif_rule,
    exp.Order: value_rules.order_rule,
    exp.Ordered: name_rules.inside_rule,
    exp.PositionalColumn: name_rules.positional_rule,
    exp.PropertyEQ: name_rules.named_value_rule,
    exp.Star: name_rules.star_rule,
    exp.TryCast: value_rules.cast_rule,
    exp.Unnest: value_rules.unnest_rule,
    exp.Var: name_rules.nothing_rule,
    exp.Window: value_rules.window_rule,
    exp.WithinGroup: value_rules.within_group_rule,
}


def trace_of(
    walk: Walk,
    node: exp.Expr,
    scope: Scope,
    role: int = IDENTITY,
    *,
    picked: Trace | None = None,
    alias_first: bool = False,
    grouped: bool = False,
) -> dict[Key, int]:
    """What an expression's value comes from.

    :param node: the expression.
    :param scope: what names mean in it.
    :param role: in which way it is used.
    :param picked: the column that COLUMNS() stands for.
    :param alias_first: whether an alias goes before a column of the same name.
    :param grouped: whether it is worked out for the groups of a GROUP BY, as HAVING is.
    """
    tracing = Tracing(walk, scope, picked, alias_first, grouped)
    tracing.stack.append(Part(node, role))
    while tracing.stack:
        part = tracing.stack.pop()
        _RULES.get(type(part.node), value_rules.function_rule)(tracing, part)
    return tracing.found
