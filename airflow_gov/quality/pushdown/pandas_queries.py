"""Plain comparisons in the language of pandas' ``DataFrame.query`` as SQL."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from airflow_gov.quality.pushdown.conditions import comparison, is_missing
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.plans import NotPushedDownError
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.values import type_of

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "IN",
    ast.NotIn: "NOT_IN",
}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: What pandas reads in place of these signs, so that they bind less than a comparison.
_WORDS = {"&": "and", "|": "or", "&&": "and", "||": "or"}
_MISSING = {"isnull": True, "isna": True, "notnull": False, "notna": False}
#: A column's name in backticks, as one that Python can read.
_QUOTED = "_quoted_{}"


def of_query(query: str, relation: Relation) -> str:
    """A query as an SQL expression: columns compared with constants, joined by and, or and not.

    :raises NotPushedDownError: for everything else.
    :raises GovernanceError: ``RULE_INVALID`` for what is no query, or names no column.
    """
    names: list[str] = []
    try:
        tree = ast.parse(_as_python(query, names), mode="eval")
    except (SyntaxError, tokenize.TokenError, ValueError) as error:
        raise invalid(f"the row_condition {query!r} is no query that pandas reads: {error}") from None
    return _Reader(relation, {_QUOTED.format(index): name for index, name in enumerate(names)}).read(
        tree.body
    )


def _as_python(query: str, names: list[str]) -> str:
    """The query with pandas' own signs replaced; names in backticks are collected."""
    parts = query.split("`")
    if len(parts) % 2 == 0:
        raise ValueError("a backtick has no other")
    quoted = []
    for index, part in enumerate(parts):
        if index % 2:
            quoted.append(_QUOTED.format(len(names)))
            names.append(part)
        else:
            quoted.append(part)
    tokens = tokenize.generate_tokens(io.StringIO("".join(quoted).strip()).readline)
    return tokenize.untokenize(
        (tokenize.NAME, _WORDS[text]) if text in _WORDS else (kind, text) for kind, text, *_ in tokens
    )


class _Reader:
    """Reads a query's tree.

    :param relation: whose columns it names.
    :param quoted: names of columns by what stands for them.
    """

    def __init__(self, relation: Relation, quoted: dict[str, str]) -> None:
        self._relation = relation
        self._quoted = quoted
        self._readers: dict[type[ast.expr], Callable[[Any], str]] = {
            ast.BoolOp: self._joined,
            ast.UnaryOp: self._opposite,
            ast.Compare: self._compared,
            ast.Call: self._asked,
            ast.Name: self._truth,
        }

    def read(self, node: ast.expr) -> str:
        reader = self._readers.get(type(node))
        if reader is None:
            raise _for_pandas(node)
        return reader(node)

    def _joined(self, node: ast.BoolOp) -> str:
        word = " AND " if isinstance(node.op, ast.And) else " OR "
        return f"({word.join(map(self.read, node.values))})"

    def _opposite(self, node: ast.UnaryOp) -> str:
        if not isinstance(node.op, ast.Not | ast.Invert):
            raise _for_pandas(node)
        return f"(NOT {self.read(node.operand)})"

    def _truth(self, node: ast.Name) -> str:
        column = self._column(node)
        if str(type_of(self._relation, column)) != "boolean":
            raise invalid(f"the row_condition takes {column} for true or false, which it is not")
        return self._relation.value(column)

    def _asked(self, node: ast.Call) -> str:
        method = node.func
        if not isinstance(method, ast.Attribute) or method.attr not in _MISSING or node.args or node.keywords:
            raise _for_pandas(node)
        return f"({is_missing(self._column(method.value), self._relation, wanted=_MISSING[method.attr])})"

    def _compared(self, node: ast.Compare) -> str:
        return f"({' AND '.join(self._comparisons(node))})"

    def _comparisons(self, node: ast.Compare) -> Iterator[str]:
        sides = pairwise([node.left, *node.comparators])
        for (left, right), sign in zip(sides, node.ops, strict=True):
            operator = _OPERATORS.get(type(sign))
            if operator is None:
                raise _for_pandas(node)
            if isinstance(left, ast.Name):
                yield self._comparison(left, operator, right)
            elif operator in _MIRRORED:
                yield self._comparison(right, _MIRRORED[operator], left)
            else:
                raise _for_pandas(node)

    def _comparison(self, column: ast.expr, operator: str, constant: ast.expr) -> str:
        try:
            value = ast.literal_eval(constant)
        except ValueError:
            raise _for_pandas(constant) from None
        if isinstance(value, list) and operator in ("==", "!="):
            operator = "IN" if operator == "==" else "NOT_IN"
        simple = isinstance(value, int | float | str) and operator not in ("IN", "NOT_IN")
        listed = isinstance(value, list) and operator in ("IN", "NOT_IN")
        if not simple and not listed:
            raise _for_pandas(constant)
        return comparison(self._column(column), operator, value, self._relation)

    def _column(self, node: ast.expr) -> str:
        if not isinstance(node, ast.Name):
            raise _for_pandas(node)
        name = self._quoted.get(node.id, node.id)
        if name == "index" and name not in self._relation.columns:
            raise _for_pandas(node)
        return name


def _for_pandas(node: ast.expr) -> NotPushedDownError:
    return NotPushedDownError(f"only pandas reads {ast.unparse(node)!r} in a row_condition")
