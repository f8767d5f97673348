"""The rows a rule is about, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from airflow_gov.model.sql_text import identifier
from airflow_gov.model.types import ColumnType, Primitive
from airflow_gov.quality.pushdown.plans import Aggregate

_FLOATS = (Primitive("float"), Primitive("double"))


@dataclass(frozen=True)
class Relation:
    """A relation of the session, or those of its rows that a condition selects.

    :param name: its name in the session.
    :param columns: its columns with their types, in order; ``_load_id`` aside.
    :param condition: an SQL expression, or None for all rows.
    :param judging: registers a Python function of one value for SQL and gives its name there; see
        :meth:`airflow_gov.quality.rules.Session.add_function`.
    :param others: names in the session of other datasets that rules compare with, by dataset name.
    :param dataset: the dataset's own name, by which users' SELECTs know it.
    """

    name: str
    columns: Mapping[str, ColumnType]
    condition: str | None = None
    judging: Callable[[Callable[[Any], bool], str], str] | None = None
    others: Mapping[str, str] = field(default_factory=dict)
    dataset: str | None = None

    def where(self, condition: str) -> Relation:
        """Those of its rows for which a condition holds."""
        both = condition if self.condition is None else f"({self.condition}) AND ({condition})"
        return replace(self, condition=both)

    def value(self, column: str) -> str:
        """A column's value as SQL. Not a number (NaN) is no value, as Great Expectations has it."""
        name = identifier(column)
        return f"(CASE WHEN isnan({name}) THEN NULL ELSE {name} END)" if self.is_float(column) else name

    def is_float(self, column: str) -> bool:
        """Whether a column is of a floating-point type."""
        return self.columns[column] in _FLOATS

    def aggregate(self, expression: str, where: str | None = None) -> Aggregate:
        """An aggregate over the rows.

        :param expression: e.g. ``max("x")``; one aggregate function's call.
        :param where: over those rows only for which this holds.
        """
        conditions = [f"({each})" for each in (self.condition, where) if each is not None]
        filtered = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
        return Aggregate(expression + filtered, self.name)

    def count(self, where: str | None = None) -> Aggregate:
        """How many rows there are, or how many for which something holds."""
        conditions = [f"({each})" for each in (self.condition, where) if each is not None]
        if not conditions:
            return Aggregate("count(*)", self.name)
        # With FILTER, DuckDB copies all columns of the pass for every single count: twice as slow.
        return Aggregate(f"count(CASE WHEN {' AND '.join(conditions)} THEN 1 END)", self.name)

    def count_distinct(self, value: str, where: str | None = None) -> Aggregate:
        """How many different values there are.

        :param value: as SQL.
        :param where: over those rows only for which this holds.
        """
        # Beside other aggregates DuckDB puts all columns of the pass into its hash table.
        return replace(self.aggregate(f"count(DISTINCT {value})", where), alone=True)

    def source(self, where: str | None = None) -> str:
        """What follows FROM in a SELECT of the rows, with its WHERE where there is one."""
        conditions = [f"({each})" for each in (self.condition, where) if each is not None]
        return identifier(self.name) + (f" WHERE {' AND '.join(conditions)}" if conditions else "")

    def broken(self, expression: str) -> str:
        """An expression for :attr:`Observation.broken`: of the selected rows, never NULL."""
        selected = f"({self.condition}) AND " if self.condition else ""
        return f"coalesce({selected}({expression}), false)"
