"""The operators of ODCS quality rules: what a measured number must be.

Source: Open Data Contract Standard 3.1, "Data Quality", "Valid Properties for Operator".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from airflow_gov.quality.suites.words import number_text

Number = int | float | Decimal

#: Each operator in words, and its test. The standard says that `mustBeBetween` is `mustBeGreaterThan` and
#: `mustBeLessThan`: the ends do not belong to it.
_OF_ONE: Mapping[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "mustBe": ("", lambda number, limit: number == limit),
    "mustNotBe": ("not ", lambda number, limit: number != limit),
    "mustBeGreaterThan": ("more than ", lambda number, limit: number > limit),
    "mustBeGreaterOrEqualTo": ("at least ", lambda number, limit: number >= limit),
    "mustBeLessThan": ("less than ", lambda number, limit: number < limit),
    "mustBeLessOrEqualTo": ("at most ", lambda number, limit: number <= limit),
}
_OF_TWO: Mapping[str, tuple[str, Callable[[Any, Any, Any], bool]]] = {
    "mustBeBetween": ("more than {} and less than {}", lambda number, low, high: low < number < high),
    "mustNotBeBetween": ("at most {} or at least {}", lambda number, low, high: not low < number < high),
}
OPERATORS = (*_OF_ONE, *_OF_TWO)


def threshold_problems(entry: Mapping[str, Any], *, truth: bool) -> list[str]:
    """What is wrong with an entry's operators.

    It must be exactly one: the standard's JSON schema has them as ``oneOf``, so that no contract with
    several is valid. Two bounds are two rules, or ``mustBeBetween``.

    :param entry: an ODCS quality entry.
    :param truth: whether ``mustBe: true`` makes sense.
    """
    given = [name for name in OPERATORS if name in entry]
    if len(given) != 1:
        found = "there is none" if not given else f"there are {', '.join(given)}"
        return [f"exactly one operator ({', '.join(OPERATORS)}) must stand here, {found}"]
    name, value = given[0], entry[given[0]]
    if name in _OF_TWO:
        return _pair_problems(name, value)
    if truth and isinstance(value, bool) and name in ("mustBe", "mustNotBe"):
        return []
    if not _is_number(value):
        return [f"{name} takes a number, not {value!r}"]
    return []


def _pair_problems(name: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(_is_number, value)):
        return [f"{name} takes a list of two numbers, not {value!r}"]
    if value[0] >= value[1]:
        return [f"{name} takes the smaller number first, not {value[0]!r} before {value[1]!r}"]
    return []


def holds(arguments: Mapping[str, Any], number: Number | bool) -> bool:
    """Whether a number is what it must be.

    :param arguments: have exactly one operator.
    :param number: what was measured.
    """
    name = operator_of(arguments)
    limit = arguments[name]
    if name in _OF_TWO:
        low, high = (_like(each, number) for each in limit)
        return _OF_TWO[name][1](number, low, high)
    return _OF_ONE[name][1](number, _like(limit, number))


def in_words(arguments: Mapping[str, Any]) -> str:
    """What a number must be, e.g. ``less than 100``.

    :param arguments: have exactly one operator.
    """
    name = operator_of(arguments)
    limit = arguments[name]
    if name in _OF_TWO:
        return _OF_TWO[name][0].format(*map(number_text, limit))
    return f"{_OF_ONE[name][0]}{number_text(limit)}"


def operator_of(arguments: Mapping[str, Any]) -> str:
    """The one operator among arguments."""
    return next(name for name in OPERATORS if name in arguments)


def _like(limit: Any, number: Any) -> Any:
    """A limit that compares exactly with a number: 0.1 is no binary fraction, but a decimal."""
    return Decimal(repr(limit)) if isinstance(number, Decimal) and isinstance(limit, float) else limit


def _is_number(value: Any) -> bool:
    """Whether it is a number that something can be compared with: not NaN, not infinite."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -math.inf < value < math.inf
