"""Tables and results of queries while a query is followed: their columns in order, each with its trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from airflow_gov.transform.column_lineage.traces import IDENTITY, TRANSFORMATION, Trace, in_role


def folded(name: str) -> str:
    """A name as DuckDB compares it, which knows upper and lower case of ASCII only."""
    return name.lower() if name.isascii() else name.encode().lower().decode()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a relation.

    :param name: its name.
    :param trace: what its values come from.
    :param sure: whether the name is certain; those that an engine makes from an expression are not.
    """

    name: str
    trace: Trace
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """Columns of a relation whose number and names are not known (a table without schema, a struct's fields).

    :param find: the trace of the one that has this name.
    :param usual: the name it has when it is one column after all.
    """

    find: Callable[[str], Trace]
    usual: str | None = None


Item = Column | Unknown


def fields_of(trace: Trace, usual: str | None = None) -> Unknown:
    """The fields of a struct, each of which is taken out of it."""
    taken = in_role(trace, TRANSFORMATION)
    return Unknown(lambda _: taken, usual)


@dataclass(slots=True)
class Relation:
    """A table, or the result of a query.

    :param items: its columns in order.
    :param rows: what decides about its rows; indirect ways only.
    :param order: what its rows are ordered by, where they are; it matters only to who looks at the order.
    :param guess: what a column comes from whose name is none of the known ones, as engines name columns
        that are expressions; None where there are none, or several that differ.
    """

    items: Sequence[Item]
    rows: Trace = field(default_factory=dict)
    order: Trace = field(default_factory=dict)
    guess: Trace | None = None
    _index: dict[str, Trace] | None = None

    def find(self, name: str) -> Trace | None:
        """The trace of the column of that name, among those whose names are known."""
        if self._index is None:
            self._index = {}
            for item in self.items:
                if isinstance(item, Column):
                    self._index.setdefault(folded(item.name), item.trace)
        return self._index.get(folded(name))

    def find_unknown(self, name: str) -> Trace | None:
        """The trace of the column of that name among those whose names are not known."""
        found = [item for item in self.items if isinstance(item, Unknown)]
        return found[0].find(name) if len(found) == 1 else None

    @property
    def is_open(self) -> bool:
        """Whether it has columns whose names are not known."""
        return any(isinstance(item, Unknown) for item in self.items)


def renamed(relation: Relation, names: Sequence[str]) -> Relation:
    """A relation whose first columns have other names: ``t AS x(a, b)``."""
    items = list(relation.items)
    for position, name in enumerate(names):
        if position >= len(items):
            break
        item = items[position]
        if isinstance(item, Unknown):
            items[position : position + 1] = [Column(each, item.find(each)) for each in names[position:]]
            break
        items[position] = replace(item, name=name, sure=True)
    return Relation(items, relation.rows, relation.order, relation.guess)


def distinct_names(items: Iterable[Item]) -> list[Item]:
    """Columns as DuckDB names them when a query becomes a table: ``a``, ``a_1``, ``a_2``."""
    seen: dict[str, int] = {}
    result: list[Item] = []
    for item in items:
        if isinstance(item, Unknown):
            result.append(item)
            continue
        name = item.name
        while folded(name) in seen:
            base = folded(name)
            name = f"{name}_{seen[base]}"
            seen[base] += 1
            if folded(name) in seen:
                name = item.name
        seen[folded(name)] = 1
        result.append(item if name == item.name else replace(item, name=name))
    return result


def table(source: str, columns: Sequence[str] | None) -> Relation:
    """A table of the sources.

    :param source: its name.
    :param columns: its columns; None: not known.
    """
    if columns is None:
        return Relation([Unknown(lambda name: {(source, name): IDENTITY})])
    return Relation([Column(name, {(source, name): IDENTITY}) for name in columns])


def constants(names: Iterable[str]) -> Relation:
    """A relation that comes from no source."""
    return Relation([Column(name, {}) for name in names])


def merged_traces(traces: Iterable[Mapping[tuple[str, str], int]]) -> dict[tuple[str, str], int]:
    """One trace of several."""
    result: dict[tuple[str, str], int] = {}
    for trace in traces:
        for key, bits in trace.items():
            result[key] = result.get(key, 0) | bits
    return result
