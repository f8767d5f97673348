"""Expectations about text: its length, LIKE patterns, JSON, dates."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from airflow_gov.model.sql_text import literal
from airflow_gov.model.types import Decimal, Primitive
from airflow_gov.quality.pushdown.column_maps import judged, judged_by, python_call, require
from airflow_gov.quality.pushdown.constants import Kind, double, invalid, kind_of
from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import NotPushedDownError, Plan
from airflow_gov.quality.pushdown.relation import Relation

#: Verdicts on so many different values are remembered, where a verdict costs more than remembering it.
_REMEMBERED = 1 << 16
#: Types whose text DuckDB writes as Python does.
_SAME_TEXT = frozenset({"string", "int", "long", "date", "uuid"})
#: Python writes decimals with more places in scientific notation when they are small.
_MAX_PLACES = 6


def text_of(relation: Relation, column: str) -> str:
    """A column's value as the text that Python's ``str`` gives of it, as SQL.

    :raises NotPushedDownError: for types whose text SQL does not write so.
    """
    kind, value = relation.columns[column], relation.value(column)
    if kind == Primitive("string"):
        return value
    if kind == Primitive("boolean"):
        return f"CASE WHEN {value} THEN 'True' WHEN NOT {value} THEN 'False' END"
    plain = isinstance(kind, Decimal) and kind.scale <= _MAX_PLACES
    if plain or str(kind) in _SAME_TEXT:
        return f"CAST({value} AS VARCHAR)"
    raise NotPushedDownError(f"SQL does not write {kind} as the text that Great Expectations looks at")


@expectation
def expect_column_value_lengths_to_equal(
    relation: Relation, *, column: str, value: float, mostly: float = 1.0
) -> Plan:
    """Every text has as many characters as that."""
    text = text_of(relation, column)
    return judged(relation, text, f"length({text}) <> {double(_number(value))}", mostly)


def _number(value: Any) -> float:
    number = float(value)
    if math.isnan(number):
        raise invalid("a length is a number")
    return number


@expectation
def expect_column_value_lengths_to_be_between(
    relation: Relation,
    *,
    column: str,
    min_value: float | None = None,
    max_value: float | None = None,
    strict_min: bool = False,
    strict_max: bool = False,
    mostly: float = 1.0,
) -> Plan:
    """Every text has at least and at most so many characters; one of the bounds may be left out."""
    text, inside = text_of(relation, column), []
    # Great Expectations takes the whole part of a bound.
    if min_value is not None:
        inside.append(f"length({text}) {'>' if strict_min else '>='} {int(min_value)}")
    if max_value is not None:
        inside.append(f"length({text}) {'<' if strict_max else '<='} {int(max_value)}")
    if not inside:
        raise invalid("min_value and max_value are both missing: give one of them")
    return judged(relation, text, f"NOT ({' AND '.join(inside)})", mostly)


def like(value: str, pattern: str, escape: str | None) -> str:
    """Whether a text matches a LIKE pattern as PostgreSQL does, as SQL.

    Case matters, ``%`` stands for any text and ``_`` for any character; after the escape character,
    a backslash unless another is given, both stand for themselves.
    """
    escape = "\\" if escape is None else escape
    if len(escape) != 1:
        raise invalid(f"escape is {escape!r}: give exactly one character")
    translated, escapes = [], False
    characters = iter(pattern)
    for character in characters:
        if character == escape:
            following = next(characters, None)
            if following is None:
                raise invalid(f"the LIKE pattern {pattern!r} ends in its escape character: write it twice")
            character = f"\\{following}" if following in "%_\\" else following
            escapes = escapes or len(character) > 1
        elif character == "\\":
            character, escapes = "\\\\", True
        translated.append(character)
    clause = " ESCAPE '\\'" if escapes else ""
    return f"{value} LIKE {literal(''.join(translated))}{clause}"


def _like_plan(
    relation: Relation, column: str, patterns: list[str], escape: str | None, joined: str, mostly: float
) -> Plan:
    require(relation, column, Kind.TEXT)
    if not patterns:
        raise invalid("the list of LIKE patterns is empty: give one at least")
    value = relation.value(column)
    matches = f" {joined.split()[-1]} ".join(f"({like(value, each, escape)})" for each in patterns)
    wrong = f"({matches})" if joined.startswith("NOT") else f"NOT ({matches})"
    return judged(relation, value, wrong, mostly)


@expectation
def expect_column_values_to_match_like_pattern(
    relation: Relation, *, column: str, like_pattern: str, escape: str | None = None, mostly: float = 1.0
) -> Plan:
    """Every text matches a LIKE pattern."""
    return _like_plan(relation, column, [like_pattern], escape, "OR", mostly)


@expectation
def expect_column_values_to_not_match_like_pattern(
    relation: Relation, *, column: str, like_pattern: str, escape: str | None = None, mostly: float = 1.0
) -> Plan:
    """No text matches a LIKE pattern."""
    return _like_plan(relation, column, [like_pattern], escape, "NOT OR", mostly)


@expectation
def expect_column_values_to_match_like_pattern_list(
    relation: Relation,
    *,
    column: str,
    like_pattern_list: list[str],
    match_on: Literal["any", "all"] = "any",
    escape: str | None = None,
    mostly: float = 1.0,
) -> Plan:
    """Every text matches any, or all, of some LIKE patterns."""
    joined = "OR" if match_on == "any" else "AND"
    return _like_plan(relation, column, like_pattern_list, escape, joined, mostly)


@expectation
def expect_column_values_to_not_match_like_pattern_list(
    relation: Relation,
    *,
    column: str,
    like_pattern_list: list[str],
    escape: str | None = None,
    mostly: float = 1.0,
) -> Plan:
    """No text matches any of some LIKE patterns."""
    return _like_plan(relation, column, like_pattern_list, escape, "NOT OR", mostly)


def _is_json(value: str | bytes) -> bool:
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return False
    return True


#: What DuckDB takes for JSON and is free of this, Python takes for JSON too: no comma before a closing
#: bracket, no NaN or Infinity; and no nesting or number that is too long for Python.
_LENIENT = r"(?i),[\s]*[\]}]|nan|inf"
_LONGEST = 900


@expectation
def expect_column_values_to_be_json_parseable(
    relation: Relation, *, column: str, mostly: float = 1.0
) -> Plan:
    """Every value is a JSON document, as Python's parser has it."""
    kind, value = kind_of(relation.columns[column]), relation.value(column)
    if kind is Kind.BINARY:
        return judged_by(relation, column, _is_json, mostly, parameter="BLOB")
    if kind is not Kind.TEXT:
        return judged(relation, value, "true", mostly)
    strict = (
        f"length({value}) < {_LONGEST} AND json_valid({value})"
        f" AND NOT regexp_matches({value}, {literal(_LENIENT)})"
    )
    right = f"CASE WHEN {strict} THEN true ELSE {python_call(relation, _is_json, value)} END"
    return judged(relation, value, f"NOT {right}", mostly, python=True)


@expectation
def expect_column_values_to_match_json_schema(
    relation: Relation, *, column: str, json_schema: Mapping[str, Any], mostly: float = 1.0
) -> Plan:
    """Every value is a JSON document valid against a schema; one that is no JSON ends the rule."""
    require(relation, column, Kind.TEXT, Kind.BINARY)
    valid = _schema_judge(json_schema)
    parameter = "BLOB" if kind_of(relation.columns[column]) is Kind.BINARY else "VARCHAR"
    return judged_by(relation, column, valid, mostly, parameter=parameter)


def _schema_judge(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    import jsonschema
    from jsonschema_specifications import REGISTRY

    kind = jsonschema.validators.validator_for(schema)
    try:
        kind.check_schema(dict(schema))
    except jsonschema.SchemaError as error:
        raise invalid(f"json_schema is no JSON schema: {error.message}") from None
    # With a registry of its own a validator fetches no reference from the network.
    validator = kind(dict(schema), registry=REGISTRY)

    @lru_cache(_REMEMBERED)
    def is_valid(value: str | bytes) -> bool:
        return bool(validator.is_valid(json.loads(value)))

    return is_valid


@expectation
def expect_column_values_to_be_dateutil_parseable(
    relation: Relation, *, column: str, mostly: float = 1.0
) -> Plan:
    """Every text is a date or a time to python-dateutil."""
    require(relation, column, Kind.TEXT)
    return judged_by(relation, column, _date_judge(), mostly)


def _date_judge() -> Callable[[Any], bool]:
    from dateutil.parser import parse

    @lru_cache(_REMEMBERED)
    def is_date(value: str) -> bool:
        try:
            parse(value)
        except (ValueError, OverflowError):
            return False
        return True

    return is_date


@expectation
def expect_column_values_to_match_strftime_format(
    relation: Relation, *, column: str, strftime_format: str, mostly: float = 1.0
) -> Plan:
    """Every text is a date or a time written in a format of Python's ``strptime``."""
    require(relation, column, Kind.TEXT)
    if not _is_written(datetime.now(UTC).strftime(strftime_format), strftime_format):
        raise invalid(f"strftime_format {strftime_format!r} does not read what it writes")

    @lru_cache(_REMEMBERED)
    def fits(value: str) -> bool:
        return _is_written(value, strftime_format)

    return judged_by(relation, column, fits, mostly)


def _is_written(value: str, strftime_format: str) -> bool:
    try:
        datetime.strptime(value, strftime_format)  # noqa: DTZ007 - whether it has a zone is the format's affair
    except ValueError:
        return False
    return True
