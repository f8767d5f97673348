"""One query being followed: the tables it may read, and what could not be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from airflow_gov.transform.column_lineage.expressions import trace_of
from airflow_gov.transform.column_lineage.relations import Relation, distinct_names, folded, renamed, table
from airflow_gov.transform.column_lineage.scopes import Ctes, Scope
from airflow_gov.transform.column_lineage.selects import select_relation
from airflow_gov.transform.column_lineage.sets import set_relation, sorted_and_limited
from airflow_gov.transform.column_lineage.tables import values_relation
from airflow_gov.transform.column_lineage.traces import IDENTITY, Key, Trace

#: Rounds after which a recursive query whose traces still grow is given up. Each round carries a trace from
#: one column to another, so that this many columns would have to take turns.
MAX_ROUNDS = 200


@dataclass(slots=True)
class Walk:
    """A query being followed.

    :param schemas: path of a table, folded → its name among the sources and its columns.
    :param gaps: what could not be followed, each once.
    """

    schemas: Mapping[tuple[str, ...], tuple[str, Sequence[str] | None]]
    gaps: dict[str, None] = field(default_factory=dict)
    _tables: dict[tuple[str, ...], Relation] = field(default_factory=dict)

    def gap(self, what: str) -> None:
        """Note that something could not be followed."""
        self.gaps[what] = None

    def trace(
        self,
        node: exp.Expr,
        scope: Scope,
        role: int = IDENTITY,
        *,
        picked: Trace | None = None,
        alias_first: bool = False,
        grouped: bool = False,
    ) -> dict[Key, int]:
        """What an expression's value comes from; see :func:`trace_of`."""
        return trace_of(self, node, scope, role, picked=picked, alias_first=alias_first, grouped=grouped)

    def query(self, node: exp.Expr, outer: Scope | None, ctes: Ctes) -> Relation:
        """What a query gives.

        :param node: the query.
        :param outer: the SELECT around it.
        :param ctes: what WITH gives around it.
        """
        ctes = self.with_ctes(node, outer, ctes)
        if isinstance(node, exp.Select):
            return select_relation(self, node, Scope(outer, ctes, ambiguous=self._ambiguous))
        if isinstance(node, exp.SetOperation):
            return set_relation(self, node, outer, ctes)
        if isinstance(node, exp.Subquery):
            return self._bracketed(node, outer, ctes)
        if isinstance(node, exp.Values):
            return values_relation(self, node, Scope(outer, ctes, ambiguous=self._ambiguous))
        if isinstance(node, exp.Pivot | exp.Table):
            star = exp.Select(expressions=[exp.Star()], from_=exp.From(this=node.copy()))
            return select_relation(self, star, Scope(outer, ctes, ambiguous=self._ambiguous))
        self.gap(f"A query of the form {type(node).__name__} could not be followed.")
        return Relation([])

    def _bracketed(self, node: exp.Subquery, outer: Scope | None, ctes: Ctes) -> Relation:
        """A query in brackets, which may be sorted and cut, pivoted, or be a join after all."""
        inner = node.this
        if isinstance(inner, exp.Table) or node.args.get("pivots"):
            star = exp.Select(expressions=[exp.Star()], from_=exp.From(this=node.copy()))
            return select_relation(self, star, Scope(outer, ctes, ambiguous=self._ambiguous))
        relation = self.query(inner, outer, ctes)
        return sorted_and_limited(self, node, relation, outer, ctes)

    def _ambiguous(self, name: str) -> None:
        self.gap(f"The name {name} may belong to several tables.")

    def table(self, path: Sequence[str]) -> Relation:
        """A table of the sources.

        :param path: its name's parts as written.
        """
        wanted = tuple(map(folded, path))
        if wanted not in self._tables:
            found = [
                known
                for full, known in self.schemas.items()
                if full == wanted or full[-len(wanted) :] == wanted or wanted[-len(full) :] == full
            ]
            exact = self.schemas.get(wanted)
            if exact is None and len(found) > 1:
                self.gap(f"The table {'.'.join(path)} may be one of several.")
            source, columns = exact or (found[0] if found else (".".join(path), None))
            self._tables[wanted] = table(source, columns)
        return self._tables[wanted]

    def with_ctes(self, node: exp.Expr, outer: Scope | None, ctes: Ctes) -> Ctes:
        """What WITH gives inside a query, beside what it gives around it."""
        clause = node.args.get("with_")
        if clause is None:
            return ctes
        known = dict(ctes)
        for cte in clause.expressions:
            known[folded(cte.alias)] = self._cte(cte, outer, dict(known), recursive=bool(clause.recursive))
        return known

    def _cte(
        self, cte: exp.CTE, outer: Scope | None, ctes: Ctes, *, recursive: bool
    ) -> Callable[[], Relation]:
        """One entry of WITH, followed once and only when it is read."""
        found: list[Relation] = []

        def relation() -> Relation:
            if not found:
                rounds = recursive and isinstance(cte.this, exp.SetOperation)
                follow = self._recursive if rounds else self._plain
                found.append(follow(cte, outer, ctes))
            return found[0]

        return relation

    def _plain(self, cte: exp.CTE, outer: Scope | None, ctes: Ctes) -> Relation:
        relation = self.query(cte.this, outer, ctes)
        return named(relation, [each.name for each in cte.args["alias"].args.get("columns") or ()])

    def _recursive(self, cte: exp.CTE, outer: Scope | None, ctes: Ctes) -> Relation:
        """WITH RECURSIVE: what it gives depends on itself, and is followed until nothing is new."""
        names = [each.name for each in cte.args["alias"].args.get("columns") or ()]
        relation = named(self.query(cte.this.left, outer, ctes), names)
        for _ in range(MAX_ROUNDS):
            seen = dict(ctes)
            seen[folded(cte.alias)] = _giving(relation)
            before, relation = relation, named(self.query(cte.this, outer, seen), names)
            if _same(before, relation):
                return relation
        self.gap(f"The recursion of {cte.alias} could not be followed to its end.")
        return relation

    def windows(self, window: exp.Expr, scope: Scope) -> Iterator[exp.Expr]:
        """A window and the named ones it builds on."""
        named_windows = {folded(each.this.name): each for each in scope.windows}
        seen: set[str] = set()
        current: exp.Expr | None = window
        while current is not None:
            yield current
            name = folded(current.args["alias"].name) if current.args.get("alias") is not None else ""
            current = None if name in seen else named_windows.get(name)
            seen.add(name)


def named(relation: Relation, names: Sequence[str]) -> Relation:
    """A result as a table: its columns' names are distinct, the first ones may be given."""
    items = distinct_names(relation.items)
    return renamed(Relation(items, relation.rows, relation.order, relation.guess), names)


def _giving(relation: Relation) -> Callable[[], Relation]:
    return lambda: relation


def _same(one: Relation, other: Relation) -> bool:
    return [getattr(item, "trace", None) for item in one.items] == [
        getattr(item, "trace", None) for item in other.items
    ] and one.rows == other.rows
