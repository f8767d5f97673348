"""What names mean inside one SELECT: its tables, merged columns, aliases, and the SELECTs around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from airflow_gov.transform.column_lineage.relations import Column, Item, Relation, folded, merged_traces
from airflow_gov.transform.column_lineage.traces import TRANSFORMATION, Key, Trace, in_role

#: Names of WITH → what they give, worked out when first needed.
Ctes = Mapping[str, Callable[[], Relation]]


@dataclass(frozen=True, slots=True)
class Bound:
    """A table of a FROM clause.

    :param path: the names it goes by, folded: its alias, or schema and name.
    :param relation: what it has.
    """

    path: tuple[str, ...]
    relation: Relation


@dataclass(frozen=True, slots=True)
class Starred:
    """A column that ``*`` gives, and which table has it; None for one that a join merged."""

    item: Item
    owner: Bound | None


@dataclass(slots=True)
class From:
    """A FROM clause, or a part of one.

    :param tables: what names can refer to.
    :param star: what ``*`` gives.
    :param merged: columns that USING and NATURAL joins made one.
    :param rows: what decides about its rows.
    :param order: what its rows are ordered by.
    """

    tables: list[Bound] = field(default_factory=list)
    star: list[Starred] = field(default_factory=list)
    merged: dict[str, Trace] = field(default_factory=dict)
    rows: dict[Key, int] = field(default_factory=dict)
    order: dict[Key, int] = field(default_factory=dict)

    @classmethod
    def of(cls, bound: Bound) -> From:
        """A FROM clause of one table."""
        return cls(
            tables=[bound],
            star=[Starred(item, bound) for item in bound.relation.items],
            rows=dict(bound.relation.rows),
            order=dict(bound.relation.order),
        )

    def column(self, name: str) -> Trace | None:
        """The trace of an unqualified column whose name is known."""
        if (trace := self.merged.get(folded(name))) is not None:
            return trace
        found = [trace for bound in self.tables if (trace := bound.relation.find(name)) is not None]
        return merged_traces(found) if len(found) > 1 else (found[0] if found else None)

    def is_ambiguous(self, name: str) -> bool:
        """Whether several tables have an unqualified column: the engine then knows more than we do."""
        if folded(name) in self.merged:
            return False
        return sum(bound.relation.find(name) is not None for bound in self.tables) > 1

    def open_tables(self) -> list[Bound]:
        """Tables that may have any column."""
        return [bound for bound in self.tables if bound.relation.is_open]

    def table(self, path: Sequence[str]) -> Bound | None:
        """The table of that name; of its full name any last part will do."""
        wanted = tuple(map(folded, path))
        for bound in self.tables:
            if bound.path[-len(wanted) :] == wanted:
                return bound
        return None


@dataclass(slots=True)
class Scope:
    """What names mean in one SELECT.

    :param outer: the SELECT around it.
    :param ctes: what WITH gives here.
    :param source: its FROM clause.
    :param aliases: names of its result → their traces, where they can be worked out; None while they are.
    :param unnested: what decides how often its rows are repeated, by ``unnest`` among its results.
    :param ambiguous: told about names that may mean two things.
    :param windows: the named windows of its WINDOW clause.
    :param grouped: whether its results are worked out for groups of rows.
    :param keys: names of the columns that it groups by, folded.
    """

    outer: Scope | None
    ctes: Ctes
    source: From = field(default_factory=From)
    aliases: Callable[[str], Trace | None] = lambda _: None
    unnested: dict[Key, int] = field(default_factory=dict)
    ambiguous: Callable[[str], None] = lambda _: None
    windows: Sequence[exp.Expr] = ()
    grouped: bool = False
    keys: frozenset[str] = frozenset()

    def resolve(self, parts: Sequence[str], *, alias_first: bool = False) -> Trace | None:
        """What a (qualified) name comes from, looked for here and then around.

        :param parts: the name's parts as written.
        :param alias_first: whether an alias goes before a column, as in ORDER BY.
        """
        scope: Scope | None = self
        while scope is not None:
            if (found := scope._local(parts, alias_first=alias_first)) is not None:
                return found
            scope, alias_first = scope.outer, False
        return self._guess(parts)

    def _guess(self, parts: Sequence[str]) -> Trace | None:
        """What a name means that is none of those known: the one column that an engine named."""
        scope: Scope | None = self
        while scope is not None:
            tables = scope.source.tables
            if len(parts) > 1:
                tables = [bound] if (bound := scope.source.table(parts[:-1])) is not None else []
            found = [bound.relation.guess for bound in tables if bound.relation.guess is not None]
            if len(found) == 1:
                return found[0]
            scope = scope.outer
        return None

    def _local(self, parts: Sequence[str], *, alias_first: bool) -> Trace | None:
        if len(parts) == 1:
            return self._unqualified(parts[0], alias_first=alias_first)
        for length in range(min(len(parts) - 1, 3), 0, -1):
            found = self._in_table(parts[:length], parts[length])
            if found is not None:
                return found if len(parts) == length + 1 else in_role(found, TRANSFORMATION)
        struct = self.source.column(parts[0])
        if struct is None:
            struct = self.aliases(parts[0])
        return None if struct is None else in_role(struct, TRANSFORMATION)

    def _in_table(self, path: Sequence[str], name: str) -> Trace | None:
        bound = self.source.table(path)
        if bound is None:
            return None
        found = bound.relation.find(name)
        return bound.relation.find_unknown(name) if found is None else found

    def _unqualified(self, name: str, *, alias_first: bool) -> Trace | None:
        looks: list[Callable[[str], Trace | None]] = [self.aliases, self.source.column]
        for look in looks if alias_first else reversed(looks):
            if (found := look(name)) is not None:
                if look != self.aliases and self.source.is_ambiguous(name):
                    self.ambiguous(name)
                return found
        if (found := self._in_open_tables(name)) is not None:
            return found
        row = self.source.table([name])
        return None if row is None else _whole_row(row.relation)

    def _in_open_tables(self, name: str) -> Trace | None:
        found = [
            trace
            for bound in self.source.open_tables()
            if (trace := bound.relation.find_unknown(name)) is not None
        ]
        if not found:
            return None
        around = self.outer._local([name], alias_first=False) if self.outer is not None else None
        if around is not None:
            found.append(around)
        if len(found) > 1:
            self.ambiguous(name)
        return merged_traces(found)


def _whole_row(relation: Relation) -> Trace:
    """A table's name used as a value: a struct of its columns."""
    traces = (item.trace for item in relation.items if isinstance(item, Column))
    return in_role(merged_traces(traces), TRANSFORMATION)
