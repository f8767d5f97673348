"""Whether arguments are those a rule takes: by the signature of the function that plans it."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from airflow_gov.quality.suites.words import nearest

#: What stands in place of an argument that is given when the rule runs.
PARAMETER = "$PARAMETER"

_REGEXES = ("regex", "regex_list", "pattern")
_NO_DATE = "a date and time (ISO 8601)"


def declared_by(function: Any) -> Mapping[str, inspect.Parameter]:
    """The arguments a function takes: its keyword-only parameters."""
    found = inspect.signature(function, eval_str=True).parameters
    return {key: each for key, each in found.items() if each.kind is inspect.Parameter.KEYWORD_ONLY}


def argument_problems(
    given: Mapping[str, Any], declared: Mapping[str, inspect.Parameter], *, may_be_open: bool = False
) -> list[str]:
    """What is wrong with arguments.

    :param given: the arguments by name.
    :param declared: what is taken, with types and defaults.
    :param may_be_open: whether a value may be ``{"$PARAMETER": …}``, one that is not known yet.
    """
    found = [*_unknown(given, declared), *_missing(given, declared)]
    closed = {name: value for name, value in given.items() if not is_open(value)}
    if not may_be_open:
        found += [
            f"the argument {name!r} has {PARAMETER}, which only expectations of Great Expectations may have"
            for name in given
            if name not in closed
        ]
    return [*found, *_wrong(closed, declared)]


def _unknown(given: Mapping[str, Any], declared: Mapping[str, inspect.Parameter]) -> Iterator[str]:
    for name in given:
        if name not in declared:
            taken = ", ".join(declared) or "none"
            yield f"unknown argument {name!r}{nearest(name, declared)} (arguments: {taken})"


def _missing(given: Mapping[str, Any], declared: Mapping[str, inspect.Parameter]) -> Iterator[str]:
    for name, parameter in declared.items():
        if name not in given and parameter.default is inspect.Parameter.empty:
            yield f"the argument {name!r} is missing"


def _wrong(given: Mapping[str, Any], declared: Mapping[str, inspect.Parameter]) -> Iterator[str]:
    for name, value in given.items():
        if name not in declared:
            continue
        kind = declared[name].annotation
        if not fits(value, kind):
            yield f"the argument {name!r} is {_kind_of(value)}, not {in_words(kind)}"
        elif name == "mostly" and not 0 <= value <= 1:
            yield f"the argument 'mostly' is a share from 0 to 1, not {value!r}"
        elif name in _REGEXES:
            yield from _regex_problems(name, value)


def _regex_problems(name: str, value: Any) -> Iterator[str]:
    for regex in [value] if isinstance(value, str) else value or ():
        try:
            re.compile(regex)
        except re.error as error:
            yield f"the argument {name!r} has a regular expression that does not compile: {regex!r}, {error}"


def is_open(value: Any) -> bool:
    """Whether a value, or a part of it, is given only when the rule runs."""
    if isinstance(value, Mapping):
        return PARAMETER in value or any(map(is_open, value.values()))
    return isinstance(value, list | tuple) and any(map(is_open, value))


def fits(value: Any, kind: Any) -> bool:
    """Whether a value, as YAML or JSON has it, is of an annotated type."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any or kind is inspect.Parameter.empty:
        return True
    if kind is None or kind is type(None):
        return value is None
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in parts)
    if origin is typing.Literal:
        return value in parts
    if origin is None:
        return _is_one(value, kind)
    if issubclass(origin, Mapping):
        return isinstance(value, Mapping)
    if issubclass(origin, tuple) and Ellipsis not in parts:
        items = isinstance(value, list | tuple) and len(value) == len(parts)
        return items and all(map(fits, value, parts))
    of_list = isinstance(value, list | tuple) and issubclass(origin, Sequence | set | frozenset)
    return of_list and all(fits(item, parts[0]) for item in value)


def _is_one(value: Any, kind: type) -> bool:
    if kind in (date, datetime):
        # YAML and JSON have no dates of their own: they are text.
        return isinstance(value, str | date)
    if isinstance(value, bool):
        return kind in (bool, object)
    if kind is float:
        return isinstance(value, int | float)
    if kind in (list, tuple, Sequence):
        return isinstance(value, list | tuple)
    return isinstance(value, Mapping if kind is dict else kind)


def in_words(kind: Any) -> str:
    """An annotated type in words."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(in_words(each) for each in parts if each is not type(None)))
    if origin is typing.Literal:
        return f"one of {', '.join(map(repr, parts))}"
    if origin is not None and issubclass(origin, Mapping):
        return "a mapping"
    if origin is not None:
        return f"a list ({in_words(parts[0])} each)" if parts and parts[0] is not Any else "a list"
    words = {
        str: "text",
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        date: _NO_DATE,
        datetime: _NO_DATE,
        dict: "a mapping",
        Mapping: "a mapping",
        list: "a list",
        Sequence: "a list",
    }
    return words.get(kind, getattr(kind, "__name__", str(kind)))


def _kind_of(value: Any) -> str:
    if value is None:
        return "empty"
    kind = next((each for each in (bool, int, float, str) if isinstance(value, each)), None)
    if kind is None:
        return "a mapping" if isinstance(value, Mapping) else "a list"
    return f"{in_words(kind)} ({value!r})" if kind is not str else f"text ({value[:40]!r})"
