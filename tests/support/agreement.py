"""Whether rules pushed down and Great Expectations say the same of the same rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

import pyarrow as pa

from airflow_gov.quality.pushdown import NotPushedDownError, Observation, Relation, evaluate
from airflow_gov.quality.pushdown.expectations import pushed_down
from airflow_gov.quality.reference.frames import frame_of
from airflow_gov.transform import DuckEngine
from support.definitions import Case, Dataset
from support.expectations import ArrowTable, column_type, validate

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


def judge(dataset: Dataset) -> list[Outcome]:
    """Judge a dataset's cases by both, ours side by side."""
    cases = [replace(each, kwargs=_filled(each.kwargs)) for each in dataset.cases if not each.needs_mixed]
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
            try:
                plans[case.name] = pushed_down()[case.expectation](relation, **case.kwargs)
            except (TypeError, KeyError) as error:
                found[case.name] = error
        return found | evaluate(session, plans)


@contextmanager
def relation_on(dataset: Dataset) -> Iterator[tuple[Any, Relation]]:
    """A session, and the dataset's table as a relation in it."""
    names = {name: f"other_{number}" for number, name in enumerate(dataset.others)}
    tables = {"t": ArrowTable(dataset.table)}
    tables |= {names[name]: ArrowTable(table) for name, table in dataset.others.items()}
    with DuckEngine(memory_limit="640MB").query_tables(tables) as session:
        numbers = count()

        def judging(judge: Any, parameter: str) -> str:
            name = f"judge_{next(numbers)}"
            session.add_function(name, judge, parameter)
            return name

        yield session, Relation("t", _columns(dataset.table), judging=judging, others=names)


def _columns(table: pa.Table) -> dict[str, Any]:
    return {each.name: column_type(each.type) for each in table.schema}


def _reference(case: Case, table: pa.Table) -> Mapping[str, Any] | Exception | None:
    """Of nullable types, and where it fails there of pandas' plain ones, as its own tests have them."""
    if case.expectation in FOR_SQL_ONLY:
        return None
    result = validate(case.expectation, case.kwargs, frame_of(table))
    if isinstance(result, Exception):
        result = validate(case.expectation, case.kwargs, table.to_pandas())
    if isinstance(result, Exception):
        return result
    told: Mapping[str, Any] = result.to_json_dict()
    return told
