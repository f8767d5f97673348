"""Which rows an expectation is about: the ``row_condition`` of Great Expectations as SQL.

The reference is what pandas' ``DataFrame.query`` selects, with its own sense for missing values: a missing
number is unlike everything and so differs from everything, a missing whole number or truth value does not;
see :func:`_compared`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import ColumnType
from airflow_gov.quality.pushdown.constants import (
    Bound,
    Kind,
    Operator,
    bound_kind,
    compared,
    invalid,
    kind_of,
    read_bound,
)
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import is_in, simple_type_of

#: The parsers of Great Expectations' own language, the newer name first.
OWN_PARSERS = ("great_expectations", "great_expectations__experimental__")
#: Most comparisons in one condition.
MAX_COMPARISONS = 100

_COLUMN = r'\s*col\("(?P<column>[^"\n]+)"\)\s*'
_THERE = re.compile(_COLUMN + r"\.notnull\(\)\s*", re.IGNORECASE)
_COMPARISON = re.compile(
    _COLUMN + r"(?P<operator>==|!=|<=|>=|<|>)\s*"
    r"(?:(?P<number>[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
    r"|(?P<date>date\(\s*)?(?:\"(?P<double>[^\"']*)\"|'(?P<single>[^\"']*)')\s*(?(date)\)))\s*"
)
#: Types whose missing values are pandas' NA, which is neither like nor unlike anything.
_UNDECIDED = frozenset({"int", "long", "boolean"})


def to_sql(condition: str | Mapping[str, Any], parser: str | None, relation: Relation) -> str:
    """A condition as an SQL expression, for :meth:`Relation.where`.

    :param condition: a text, or a condition as Great Expectations writes it in JSON.
    :param parser: ``condition_parser``, what language a text is in; None: pandas'.
    :param relation: whose columns it names.
    :raises NotPushedDownError: where only pandas understands it.
    :raises GovernanceError: ``RULE_INVALID`` where it cannot be understood, or compares what has no order.
    """
    if isinstance(condition, Mapping):
        return _of_json(condition, relation, [MAX_COMPARISONS])
    if parser in OWN_PARSERS:
        return _of_text(condition, relation)
    if parser in (None, "pandas"):
        from airflow_gov.quality.pushdown.pandas_queries import of_query

        return of_query(condition, relation)
    raise invalid(f"condition_parser {parser!r} is for another engine: take {OWN_PARSERS[0]!r} or 'pandas'")


def _of_text(condition: str, relation: Relation) -> str:
    if there := _THERE.fullmatch(condition):
        return is_missing(there["column"], relation, wanted=False)
    match = _COMPARISON.fullmatch(condition)
    if match is None:
        raise invalid(
            f'the row_condition {condition!r} is none: write col("name") > 5, col("name") == "text" or '
            f'col("name").notNull()'
        )
    number = match["number"]
    if number is None:
        value: Any = match["double"] if match["double"] is not None else match["single"]
    else:
        value = int(number) if re.fullmatch(r"[+-]?\d+", number) else float(number)
    return comparison(match["column"], match["operator"], value, relation)


def _of_json(condition: Any, relation: Relation, left: list[int]) -> str:
    kind = condition.get("type") if isinstance(condition, Mapping) else None
    if kind in ("and", "or"):
        parts = condition.get("conditions")
        if not isinstance(parts, list) or not parts:
            raise invalid(f"the row_condition of the type {kind} needs a list `conditions`")
        return "(" + f" {kind.upper()} ".join(_of_json(each, relation, left) for each in parts) + ")"
    left[0] -= 1
    if left[0] < 0:
        raise invalid(f"the row_condition has more than {MAX_COMPARISONS} comparisons")
    if kind == "pass_through":
        return to_sql(str(condition.get("pass_through_filter")), None, relation)
    column = condition.get("column") if kind in ("nullity", "comparison") else None
    name = column.get("name") if isinstance(column, Mapping) else column
    if not isinstance(name, str):
        raise invalid("the row_condition is no condition: it needs a type, and a column with a name")
    if kind == "nullity":
        return is_missing(name, relation, wanted=bool(condition.get("is_null")))
    _require_alike(condition.get("parameter"))
    return comparison(name, str(condition.get("operator")), condition.get("parameter"), relation)


def _require_alike(listed: Any) -> None:
    """Of a list's elements: Great Expectations takes texts, or numbers."""
    kinds = {type(each) for each in listed} if isinstance(listed, list) else set()
    if not (kinds <= {str} or kinds <= {int, float}):
        raise invalid(f"the row_condition lists {listed!r}: list texts, or numbers")


def is_missing(column: str, relation: Relation, *, wanted: bool) -> str:
    """Whether a column has no value, or has one."""
    simple_type_of(relation, column)
    return f"{relation.value(column)} IS {'' if wanted else 'NOT '}NULL"


def comparison(column: str, operator: str, value: Any, relation: Relation) -> str:
    """One comparison of a column with a value.

    :param operator: of Python, or ``IN`` and ``NOT_IN``.
    """
    kind = simple_type_of(relation, column)
    if operator in ("IN", "NOT_IN"):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise invalid(f"the row_condition compares {column} with {value!r}, which is no list")
        return _either(is_in(relation.value(column), kind, value), operator == "IN")
    if value is None:
        raise invalid(f"the row_condition compares {column} with nothing: ask for a missing value instead")
    if operator in ("==", "!="):
        return _equal(column, kind, operator == "==", value, relation)
    if operator not in get_args(Operator):
        raise invalid(
            f"the row_condition has the operator {operator!r}; there are ==, !=, <, <=, >, >=, IN, NOT_IN"
        )
    return _ordered(column, kind, cast("Operator", operator), value, relation)


def _equal(column: str, kind: ColumnType, equal: bool, value: Any, relation: Relation) -> str:
    same = is_in(relation.value(column), kind, [value])
    # A text is looked up among the values, and to be found there is always decided.
    if str(kind) in _UNDECIDED and not isinstance(value, str):
        return f"({same})" if equal else f"NOT ({same})"
    return _either(same, equal)


def _either(expression: str, wanted: bool) -> str:
    """An expression that is false for a missing value; or its opposite, which is then true."""
    return f"coalesce({expression}, false)" if wanted else f"NOT coalesce({expression}, false)"


def _ordered(column: str, kind: ColumnType, operator: Operator, value: Any, relation: Relation) -> str:
    of_column, of_row = kind_of(kind), relation.value(column)
    if of_column is Kind.TEXT and isinstance(value, str):
        return f"coalesce({of_row} {operator} {literal(value)}, false)"
    if str(kind) in ("int", "long") and isinstance(value, int):
        return f"{of_row} {operator} ({int(value)})"
    bound = _bound(column, kind, value)
    ordered = f"CASE WHEN {of_row} IS NOT NULL THEN {compared(relation, column, operator, bound)} END"
    return ordered if str(kind) in _UNDECIDED else f"coalesce({ordered}, false)"


def _bound(column: str, kind: ColumnType, value: Any) -> Bound:
    of_column = kind_of(kind)
    if isinstance(value, str) and of_column not in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        raise _unlike(column, kind, value)
    bound = read_bound(value)
    if of_column is Kind.TIMESTAMP and bound_kind(bound) is Kind.DATE:
        bound = read_bound(f"{bound} 00:00:00")
    if bound_kind(bound) is not of_column:
        raise _unlike(column, kind, value)
    return bound


def _unlike(column: str, kind: ColumnType, value: Any) -> GovernanceError:
    return invalid(
        f"the row_condition compares {column}, which is {kind}, with {value!r}: they have no order"
    )
