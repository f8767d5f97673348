"""Whether rules pushed down and Great Expectations say the same of the same rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pyarrow as pa

from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.quality.pushdown import NotPushedDownError, Observation, Relation, evaluate
from airflow_gov.quality.pushdown.expectations import parameters, pushed_down
from airflow_gov.quality.reference.frames import frame_of
from airflow_gov.quality.suites import plan_of, relation_of
from airflow_gov.quality.suites.arguments import argument_problems
from airflow_gov.quality.suites.planning import CONDITION, CONDITION_PARSER
from airflow_gov.transform import DuckEngine
from support.definitions import Case, Dataset
from support.expectations import ArrowTable, validate

ENGINE = DuckEngine(memory_limit="640MB")

#: Great Expectations has these for SQL only: the definitions alone are the reference.
FOR_SQL_ONLY = frozenset(
    {
        *(
            f"expect_column_values_to_{word}match_like_pattern{end}"
            for word in ("", "not_")
            for end in ("", "_list")
        ),
        "expect_table_row_count_to_equal_other_table",
        "unexpected_rows_expectation",
    }
)
#: Names of types are an engine's own: where it is not pandas, the definitions alone are the reference.
ABOUT_TYPES = frozenset({"expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"})
#: Numbers are the same when they differ by less, relatively: the order of a sum's terms is the engine's.
TOLERANCE = 1e-9


class Difference(NamedTuple):
    """Two that should be the same.

    :param about: ``success``, ``observed_value`` or ``unexpected_count`` of ours and of Great Expectations;
        with ``definition:`` before it of the reference and the definition.
    """

    case: str
    about: str
    one: Any
    other: Any


class Outcome(NamedTuple):
    """What was found of one case.

    :param found: ours.
    :param reference: of Great Expectations, as JSON; an error where it ended with one; None where it has
        the expectation for SQL only.
    """

    case: Case
    found: Observation | Exception
    reference: Mapping[str, Any] | Exception | None

    @property
    def fell_back(self) -> bool:
        """Whether Great Expectations itself has to judge."""
        return isinstance(self.found, NotPushedDownError)

    def differences(self) -> Iterator[Difference]:
        """Between ours, Great Expectations' and the definition."""
        ours = _told(self.found)
        theirs = ours if self.reference is None else _told(self.reference)
        if not self.fell_back and ours != theirs:
            for about in ("success", "observed_value", "unexpected_count"):
                if not same(theirs.get(about), ours.get(about), TOLERANCE):
                    yield Difference(self.case.name, about, ours.get(about), theirs.get(about))
        for about, wanted in _wanted(self.case.out).items():
            if not same(theirs.get(about), wanted, self.case.tolerance):
                yield Difference(self.case.name, f"definition:{about}", theirs.get(about), wanted)


def is_known(case: Case) -> bool:
    """Whether the installed version has the expectation, and a table the columns."""
    return case.expectation in pushed_down() and not case.needs_mixed


def judge(dataset: Dataset) -> list[Outcome]:
    """Judge a dataset's cases by both, ours side by side."""
    cases = [replace(each, kwargs=_filled(each.kwargs)) for each in dataset.cases if is_known(each)]
    found = _pushed_down(dataset, cases)
    return [Outcome(each, found[each.name], _reference(each, dataset.table)) for each in cases]


def _filled(value: Any) -> Any:
    """Arguments with the value of each ``$PARAMETER``: an expression of Great Expectations' own."""
    if isinstance(value, Mapping):
        if "$PARAMETER" in value:
            from great_expectations.core.suite_parameters import parse_suite_parameter

            return parse_suite_parameter(value["$PARAMETER"], {})
        return {key: _filled(each) for key, each in value.items()}
    return [_filled(each) for each in value] if isinstance(value, list) else value


def same(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two JSON values are the same, numbers within a relative tolerance."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-3)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(*pair, tolerance) for pair in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key], tolerance) for key in one)
    return bool(one == other)


def _told(found: Observation | Mapping[str, Any] | Exception) -> dict[str, Any]:
    if isinstance(found, Exception):
        return {"success": "an error"}
    if isinstance(found, Observation):
        return {
            "success": found.success,
            "observed_value": found.value,
            "unexpected_count": found.unexpected,
        }
    told = found["result"]
    return {
        "success": bool(found["success"]),
        "observed_value": _plain(told.get("observed_value")),
        "unexpected_count": _plain(told.get("unexpected_count")),
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it: no NumPy, and NaN is no number there."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and math.isnan(value) else value


def _wanted(out: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {key: out[key] for key in ("success", "observed_value") if key in out}
    if "traceback_substring" in out:
        wanted["success"] = "an error"
    if "unexpected_list" in out:
        wanted["unexpected_count"] = len(out["unexpected_list"])
    inner = out.get("result", {})
    return {**{key: inner[key] for key in ("observed_value", "unexpected_count") if key in inner}, **wanted}


def _pushed_down(dataset: Dataset, cases: list[Case]) -> dict[str, Observation | Exception]:
    found: dict[str, Observation | Exception] = {}
    with relation_on(dataset) as (session, relation):
        plans = {}
        for case in cases:
            own = {key: each for key, each in case.kwargs.items() if key not in (CONDITION, CONDITION_PARSER)}
            problems = argument_problems(own, parameters(case.expectation))
            if problems:
                found[case.name] = ValueError("; ".join(problems))
            else:
                rule = Rule(case.name, RuleKind.EXPECTATION, case.expectation, arguments=case.kwargs)
                plans[case.name] = plan_of(rule, relation)
        return found | evaluate(session, plans, lambda sql, *_: _under_fence(dataset, sql))


def _under_fence(dataset: Dataset, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    table = ArrowTable(dataset.table)
    with ENGINE.query_datasets({table.dataset: table}) as fenced:
        return fenced(sql)


@contextmanager
def relation_on(dataset: Dataset) -> Iterator[tuple[Any, Relation]]:
    """A session, and the dataset's table as a relation in it."""
    table = ArrowTable(dataset.table)
    names = {name: f"other_{number}" for number, name in enumerate(dataset.others)}
    others = {names[name]: ArrowTable(other) for name, other in dataset.others.items()}
    with ENGINE.query_tables({"t": table, **others}) as session:
        yield session, relation_of(session, "t", table.schema, names, dataset=str(table.dataset))


def _reference(case: Case, table: pa.Table) -> Mapping[str, Any] | Exception | None:
    """Of nullable types, and where it fails there of pandas' plain ones, as its own tests have them."""
    if case.expectation in FOR_SQL_ONLY or (case.expectation in ABOUT_TYPES and case.engine != "pandas"):
        return None
    result = validate(case.expectation, case.kwargs, frame_of(table))
    if isinstance(result, Exception) or case.expectation in ABOUT_TYPES:
        result = validate(case.expectation, case.kwargs, table.to_pandas())
    if isinstance(result, Exception):
        return result
    try:
        told: Mapping[str, Any] = result.to_json_dict()
    except TypeError as error:  # it cannot report what it found
        return error
    return told
