"""One expression being traced: what is still to be looked at, and what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from airflow_gov.transform.column_lineage.functions import is_aggregate
from airflow_gov.transform.column_lineage.relations import folded
from airflow_gov.transform.column_lineage.scopes import Scope
from airflow_gov.transform.column_lineage.traces import IDENTITY, Key, Trace, add, combine

if TYPE_CHECKING:
    from airflow_gov.transform.column_lineage.walk import Walk


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an expression.

    :param node: the part.
    :param role: in which way the whole uses it.
    :param local: names of lambda parameters around it.
    :param bare: whether columns are written as bare identifiers here, as sqlglot has them in ``a.f()``.
    :param aggregated: whether it is inside an aggregate.
    """

    node: exp.Expr
    role: int
    local: frozenset[str] = frozenset()
    bare: bool = False
    aggregated: bool = False


@dataclass(slots=True)
class Tracing:
    """One expression being traced.

    :param picked: the column that COLUMNS() stands for in this copy of the expression.
    :param alias_first: whether an alias goes before a column of the same name.
    :param grouped: whether it is worked out for groups: what is no key of theirs, and in no aggregate, can
        only be an alias.
    """

    walk: Walk
    scope: Scope
    picked: Trace | None = None
    alias_first: bool = False
    grouped: bool = False
    found: dict[Key, int] = field(default_factory=dict)
    stack: list[Part] = field(default_factory=list)

    def push(self, part: Part, node: object, step: int = IDENTITY, *, bare: bool | None = None) -> None:
        """Look at something inside a part, which uses it in one way."""
        if isinstance(node, exp.Expr):
            inside = part.bare if bare is None else bare
            aggregated = part.aggregated or (self.grouped and is_aggregate(part.node))
            self.stack.append(Part(node, combine(part.role, step), part.local, inside, aggregated))

    def refer(self, part: Part, names: Sequence[str]) -> None:
        """A (qualified) name that means a column."""
        only_alias = self.grouped and not part.aggregated and folded(names[0]) not in self.scope.keys
        trace = self.scope.resolve(names, alias_first=self.alias_first or only_alias)
        if trace is None:
            self.walk.gap(f"The name {'.'.join(names)} could not be followed.")
        else:
            add(self.found, trace, part.role)
