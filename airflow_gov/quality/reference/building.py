"""Expectations of Great Expectations by their type, third parties' too."""

from __future__ import annotations

import importlib
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

    from airflow_gov.model.rules import Rule

#: The argument that names the module which registers a third party's expectations when it is imported.
MODULE = "module"

#: Arguments that say nothing about what is expected, or that are ours to choose.
_NOT_OURS = frozenset(
    {
        "batch_id",
        "catch_exceptions",
        "description",
        "id",
        "library_metadata",
        "meta",
        "notes",
        "rendered_content",
        "result_format",
        "severity",
        "windows",
    }
)


def require_great_expectations() -> None:
    """Import Great Expectations, which takes seconds.

    :raises GovernanceError: ``DEPENDENCY_MISSING`` where it is not installed.
    """
    try:
        importlib.import_module("great_expectations.expectations.core")
    except ImportError as error:
        raise GovernanceError(
            Reason.DEPENDENCY_MISSING,
            f"A rule needs Great Expectations itself, which cannot be imported ({error}): "
            f"pip install 'airflow-gov[great-expectations]'.",
            extra="great-expectations",
        ) from error


def build(rule: Rule) -> Expectation:
    """The expectation a rule names, with its arguments.

    :param rule: of the kind ``expectation``. The module that its argument ``module`` names is imported
        first, so that a third party's expectations are registered.
    :raises GovernanceError: ``DEPENDENCY_MISSING``; ``RULE_INVALID`` for a module that cannot be imported,
        an unknown expectation and wrong arguments.
    """
    require_great_expectations()
    problem = _imported(rule.arguments.get(MODULE))
    if problem:
        raise _invalid(rule, problem)
    expectation = _registered(rule)
    arguments = {
        name: value for name, value in rule.arguments.items() if name not in _NOT_OURS and name != MODULE
    }
    try:
        return expectation(**arguments)
    except Exception as error:
        raise _invalid(rule, _told(error)) from error


def _imported(module: Any) -> str | None:
    if module is None:
        return None
    try:
        importlib.import_module(str(module))
    except Exception as error:  # noqa: BLE001 - the module is a third party's
        return f"the module {module!r} cannot be imported: {error}"
    return None


def _registered(rule: Rule) -> type[Expectation]:
    from great_expectations.expectations import registry

    known = registry.list_registered_expectation_implementations()
    if rule.check in known:
        return registry.get_expectation_impl(rule.check)
    near = get_close_matches(rule.check, known, n=1)
    hint = f"did you mean {near[0]}? If it is" if near else "if it is"
    raise _invalid(
        rule,
        f"Great Expectations has no expectation {rule.check!r}; {hint} your own, name the module that "
        f"defines it: `{MODULE}: my_company.expectations`",
    )


def _told(error: Exception) -> str:
    """Pydantic's problems, one after the other, or the error's own words."""
    errors = getattr(error, "errors", None)
    if not callable(errors):
        return str(error)
    problems = {(".".join(str(part) for part in each["loc"]), each["msg"]) for each in errors()}
    return "; ".join(
        message if place == "__root__" else f"{place}: {message}" for place, message in sorted(problems)
    )


def _invalid(rule: Rule, problem: str) -> GovernanceError:
    where = f" ({rule.place})" if rule.place else ""
    return GovernanceError(
        Reason.RULE_INVALID,
        f"The rule {rule.name}{where} cannot be: {problem}.",
        rule=rule.name,
        problem=problem,
    )
