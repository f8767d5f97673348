"""Expectations about regular expressions, which mean what Python's ``re.search`` means by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown.column_maps import judged, python_call
from airflow_gov.quality.pushdown.constants import invalid
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Plan
from airflow_gov.quality.pushdown.regexes import translate
from airflow_gov.quality.pushdown.relation import Relation
from airflow_gov.quality.pushdown.text import text_of


@expectation
def expect_column_values_to_match_regex(
    relation: Relation, *, column: str, regex: str = "(?s).*", mostly: float = 1.0
) -> Plan:
    """A regular expression is found in every text."""
    return _plan(relation, column, [regex], "NOT ({})", " OR ", mostly)


@expectation
def expect_column_values_to_not_match_regex(
    relation: Relation, *, column: str, regex: str, mostly: float = 1.0
) -> Plan:
    """A regular expression is found in no text."""
    return _plan(relation, column, [regex], "({})", " OR ", mostly)


@expectation
def expect_column_values_to_match_regex_list(
    relation: Relation,
    *,
    column: str,
    regex_list: list[str],
    match_on: Literal["any", "all"] = "any",
    mostly: float = 1.0,
) -> Plan:
    """Any, or all, of some regular expressions are found in every text."""
    return _plan(relation, column, regex_list, "NOT ({})", " OR " if match_on == "any" else " AND ", mostly)


@expectation
def expect_column_values_to_not_match_regex_list(
    relation: Relation, *, column: str, regex_list: list[str], mostly: float = 1.0
) -> Plan:
    """None of some regular expressions is found in any text."""
    return _plan(relation, column, regex_list, "({})", " OR ", mostly)


def _plan(
    relation: Relation, column: str, regexes: Sequence[str], wrong: str, joined: str, mostly: float
) -> Plan:
    if not regexes:
        raise invalid("the list of regular expressions is empty: give one at least")
    found = [found_in(relation, column, each) for each in regexes]
    python = any(of_python for _, of_python in found)
    together = joined.join(f"({sql})" for sql, _ in found)
    return judged(relation, relation.value(column), wrong.format(together), mostly, python=python)


def found_in(relation: Relation, column: str, regex: str) -> tuple[str, bool]:
    """Whether an expression is found, as SQL, and whether Python looks for it in some texts."""
    try:
        compiled = re.compile(regex)
    except (re.error, OverflowError, RecursionError) as error:
        raise invalid(f"the regular expression {regex!r} does not compile: {error}") from None
    if relation.columns[column] == Primitive("double"):
        # SQL writes numbers otherwise than Python.
        value = relation.value(column)
        return python_call(
            relation, lambda number: compiled.search(str(number)) is not None, value, "DOUBLE"
        ), True
    text, translated = text_of(relation, column), translate(regex)
    matches = None if translated is None else f"regexp_matches({text}, {literal(translated.text)})"
    of_ascii = translated is not None and translated.ascii_only and text == relation.value(column)
    if matches is not None and not of_ascii:
        return matches, False
    search = python_call(relation, lambda value: compiled.search(value) is not None, text)
    if matches is None:
        return search, True
    return f"CASE WHEN strlen({text}) = length({text}) THEN {matches} ELSE {search} END", True
