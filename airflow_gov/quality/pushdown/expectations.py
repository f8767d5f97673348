"""Which expectations of Great Expectations are pushed down, and what arguments each takes.

An expectation is a function of the same name: its keyword-only parameters are the expectation's
arguments with their defaults, its type hints are what they may be, and it is a
:class:`~airflow_gov.quality.pushdown.plans.Plan`. So nothing of Great Expectations is imported, which
takes seconds, and a wrong argument is told all the same.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

from airflow_gov.quality.pushdown.plans import Plan

Function = TypeVar("Function", bound=Callable[..., Plan])

#: Where they are.
_MODULES = (
    "aggregates",
    "column_maps",
    "column_types",
    "distinct",
    "distributions",
    "multicolumns",
    "ordering",
    "pairs",
    "patterns",
    "quantiles",
    "queries",
    "spread",
    "tables",
    "text",
)
_PUSHED_DOWN: dict[str, Callable[..., Plan]] = {}


def expectation(function: Function) -> Function:
    """Register a function as the expectation of its name."""
    _PUSHED_DOWN[function.__name__] = function
    return function


@cache
def pushed_down() -> Mapping[str, Callable[..., Plan]]:
    """The expectations that are pushed down, by their type in snake case."""
    for module in _MODULES:
        importlib.import_module(f"airflow_gov.quality.pushdown.{module}")
    return dict(sorted(_PUSHED_DOWN.items()))


@cache
def parameters(name: str) -> Mapping[str, inspect.Parameter]:
    """The arguments an expectation takes, by name, with defaults and type hints.

    :param name: one of :func:`pushed_down`.
    """
    found = inspect.signature(pushed_down()[name], eval_str=True).parameters
    return {key: each for key, each in found.items() if each.kind is inspect.Parameter.KEYWORD_ONLY}
