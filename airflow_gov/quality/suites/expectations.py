"""Blocks of Great Expectations in a contract, and suites of its own in files beside it, as rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_gov.contracts import suite_name
from airflow_gov.contracts.document import load_document
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.pushdown import NotPushedDownError
from airflow_gov.quality.pushdown.expectations import parameters, pushed_down
from airflow_gov.quality.pushdown.plans import Fenced
from airflow_gov.quality.pushdown.queries import datasets_of
from airflow_gov.quality.suites.arguments import PARAMETER, argument_problems, is_open
from airflow_gov.quality.suites.entries import Entry, columns_of
from airflow_gov.quality.suites.planning import CONDITION, CONDITION_PARSER, MODULE, plan_of
from airflow_gov.quality.suites.properties import is_expectation
from airflow_gov.quality.suites.relations import imagined
from airflow_gov.quality.suites.suite_text import read_suite
from airflow_gov.quality.suites.words import in_snake_case, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_gov.quality.subject import Schema

#: Arguments of every expectation that say nothing about what is expected, or that are ours to choose.
STRIPPED = frozenset(
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
        "windows",
    }
)
SEVERITY = "severity"
#: In place of a value that no parameter has; None is a value.
NOT_GIVEN = object()
#: Arguments that name one column or several.
_COLUMN = ("column", "column_A", "column_B")
_COLUMNS = "column_list"
#: Expectations about which columns there are: those they name may be missing.
_ABOUT_COLUMNS = "expect_table_columns_"
_MAY_BE_MISSING = frozenset({"expect_column_to_exist"})


def expectation_rules(entry: Entry) -> Iterator[Rule]:
    """The rules of one ``engine: greatExpectations`` entry."""
    name = suite_name(entry.data)
    if name is not None:
        yield from _suite_rules(entry, name)
        return
    block = _block(entry)
    if block is not None:
        rule = _rule(entry.inside(block))
        if rule is not None:
            yield replace(
                rule,
                name=entry.text("name") or rule.name,
                description=entry.text("description") or rule.description,
                dimension=entry.text("dimension") or None,
                severity=entry.severity(entry.data.get("severity", block.get("severity"))),
            )


def _block(entry: Entry) -> Mapping[str, Any] | None:
    """The implementation, whether it is written as YAML, or as a text of YAML or JSON."""
    given = entry.data.get("implementation")
    if isinstance(given, str):
        document = load_document(given.encode(), entry.file)
        given = document.data if document.readable else None
        for problem in document.findings.problems if document.readable else ():
            entry.wrong(problem.reason, "implementation")
    if not isinstance(given, Mapping):
        entry.wrong(
            "is no expectation: write type and kwargs, or the path of a suite's .json file", "implementation"
        )
        return None
    return given


def _suite_rules(entry: Entry, name: str) -> Iterator[Rule]:
    text = entry.contract.suites.get(name)
    if text is None:
        entry.wrong(f"the suite {name!r} is not at hand", "implementation")
        return
    file = str(Path(entry.contract.path).parent / name)
    suite = read_suite(replace(entry, file=file), text)
    if suite is None:
        return
    for at in suite.configurations:
        here = replace(entry, file=file, at=at, defaults=suite.defaults)
        rule = _rule(here)
        if rule is not None:
            word = at.entry.get("severity", entry.data.get("severity"))
            yield replace(rule, severity=here.severity(word), dimension=entry.text("dimension") or None)


def _rule(entry: Entry) -> Rule | None:
    """One configured expectation; None where something is wrong with it."""
    kind = entry.data.get("type", entry.data.get("expectation_type"))
    arguments = entry.data.get("kwargs", {})
    if not isinstance(kind, str) or not isinstance(arguments, Mapping):
        entry.wrong("needs `type`, an expectation's name, and `kwargs`, a mapping of its arguments")
        return None
    if not is_expectation(entry):
        return None
    if SEVERITY in arguments:
        entry.wrong(f"{SEVERITY} is no argument of an expectation: put it beside kwargs", "kwargs")
        return None
    check = in_their_words(kind)
    own = _filled(entry, {key: value for key, value in arguments.items() if key not in STRIPPED})
    if own is NOT_GIVEN:
        return None
    if not isinstance(own, Mapping):
        entry.wrong("the parameter that stands for kwargs is not given a mapping of arguments", "kwargs")
        return None
    if entry.column is not None and "column" not in own and _takes_column(check):
        own = {"column": entry.column.name, **own}
    if MODULE in entry.data:
        own[MODULE] = entry.data[MODULE]
    rule = _named(entry, check, own)
    return rule if _is_right(entry, rule) else None


def _named(entry: Entry, check: str, own: Mapping[str, Any]) -> Rule:
    named = [own[key] for key in _COLUMN if isinstance(own.get(key), str)]
    listed = own.get(_COLUMNS)
    if isinstance(listed, list) and not check.startswith(_ABOUT_COLUMNS):
        named += [name for name in listed if isinstance(name, str)]
    described = entry.data.get("description")
    return Rule(
        name=f"{check}({', '.join(named)})" if named else check,
        kind=RuleKind.EXPECTATION,
        check=check,
        columns=tuple(named),
        arguments=own,
        description=described if isinstance(described, str) else "",
        place=entry.place,
    )


def _takes_column(check: str) -> bool:
    return check in pushed_down() and "column" in parameters(check)


@cache
def _by_letters() -> Mapping[str, str]:
    return {_letters(name): name for name in pushed_down()}


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def in_their_words(kind: str) -> str:
    """An expectation's type, also where its class is named.

    Where words of one letter meet (``AToBeGreaterThanB``) no rule finds them: known names tell.
    """
    return _by_letters().get(_letters(kind)) or in_snake_case(kind)


def _filled(entry: Entry, own: Any) -> Any:
    """Arguments with parameters replaced by their values; NOT_GIVEN, which is noted, where one has none.

    A parameter may be given as None: that is the argument None.
    """
    if entry.reading.parameters is None or not is_open(own):
        return own
    given = {**entry.defaults, **entry.reading.parameters}
    if isinstance(own, Mapping):
        if PARAMETER in own:
            name = own[PARAMETER]
            if isinstance(name, str) and name in given:
                return given[name]
            hint = nearest(str(name), given)
            entry.wrong(f"the parameter {name!r} is not given{hint}: pass it in expectation_parameters")
            return NOT_GIVEN
        filled = {key: _filled(entry, value) for key, value in own.items()}
        return NOT_GIVEN if any(value is NOT_GIVEN for value in filled.values()) else filled
    listed = [_filled(entry, value) for value in own]
    return NOT_GIVEN if any(value is NOT_GIVEN for value in listed) else listed


def _is_right(entry: Entry, rule: Rule) -> bool:
    """Whether a rule can run; notes what is wrong with it."""
    before = len(entry.problems)
    if rule.check not in _MAY_BE_MISSING:
        entry.has_columns(rule.columns, "kwargs")
    if rule.check not in pushed_down() or MODULE in rule.arguments:
        _ask_reference(entry, rule)
        return len(entry.problems) == before
    own = {key: value for key, value in rule.arguments.items() if key not in (CONDITION, CONDITION_PARSER)}
    for problem in argument_problems(own, parameters(rule.check), may_be_open=True):
        entry.wrong(f"{rule.check}: {problem}", "kwargs")
    if len(entry.problems) == before and not is_open(rule.arguments):
        _try_plan(entry, rule)
    return len(entry.problems) == before


def _try_plan(entry: Entry, rule: Rule) -> None:
    """Make the rule's plan, which tells what is wrong on these columns, without running it."""
    others = [str(dataset) for dataset in datasets_of(rule.check, rule.arguments)]
    relation = imagined(str(entry.contract.dataset), columns_of(entry.contract), others)
    plan = plan_of(rule, relation)
    try:
        for request in next(plan, ()):
            if isinstance(request, Fenced):
                _refuse(entry, request.sql, others)
    except NotPushedDownError:
        _ask_reference(entry, rule)
    except GovernanceError as error:
        entry.wrong(f"{rule.check}: {error.message}", "kwargs")
    finally:
        plan.close()


def _refuse(entry: Entry, sql: str, others: Sequence[str]) -> None:
    if entry.reading.refuse_sql is not None:
        schemas: dict[DatasetName, Schema | None] = {DatasetName.parse(name): None for name in others}
        schemas[entry.contract.dataset] = columns_of(entry.contract)
        entry.reading.refuse_sql(sql, schemas, one_value=False)


def _ask_reference(entry: Entry, rule: Rule) -> None:
    """Let Great Expectations say what is wrong with an expectation that only it can evaluate."""
    from airflow_gov.quality.reference import validate_reference

    if is_open(rule.arguments):
        return
    try:
        problem = validate_reference(rule)
    except GovernanceError as error:
        entry.reading.missing = error
        hint = nearest(rule.check, pushed_down())
        problem = f"{rule.check} is not one of the expectations that are pushed down{hint}. {error.message}"
    if problem:
        entry.wrong(problem, "implementation" if "implementation" in entry.data else "type")
