"""Whether a rule pushed down and Great Expectations differ on the same rows, and where they may."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import pyarrow as pa

from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.quality.pushdown import NotPushedDownError, Observation, evaluate
from airflow_gov.quality.reference.frames import frame_of
from airflow_gov.quality.suites import plan_of, relation_of
from support.agreement import TOLERANCE, same
from support.expectations import ArrowTable, validate

_ERROR = {"success": "an error"}
#: What Great Expectations fails with although it has judged the rows, e.g. pairs that a condition selects.
_THEIR_MISTAKES = ("is not JSON serializable", "Invalid result values were found")
_NUMBERS = count()
#: Where values of pandas' unit of nanoseconds have three digits more.
_NANOSECONDS = re.compile(r"(\.\d{6})000$")


def difference(session: Any, expectation: str, arguments: Mapping[str, Any], table: pa.Table) -> str | None:
    """What differs, or None.

    :param session: has the table as ``t``.
    """
    found, broken = push_down(session, expectation, arguments, table)
    if isinstance(found, NotPushedDownError):
        return None  # Great Expectations judges
    ours = _ours(found)
    theirs = _theirs(expectation, arguments, frame_of(table))
    if not _alike(ours, theirs):
        again = _as_read(expectation, arguments, table) if _may_be_na(table, theirs) else theirs
        if not _alike(ours, again):
            return f"{expectation}({arguments}) of {table.to_pydict()}: {ours} but {theirs} and {again}"
    if broken is not None and broken != ours["unexpected_count"]:
        return f"{expectation}({arguments}) of {table.to_pydict()}: {broken} rows by the expression, {ours}"
    return None


def push_down(
    session: Any, expectation: str, arguments: Mapping[str, Any], table: pa.Table
) -> tuple[Observation | Exception, int | None]:
    """What DuckDB finds, and how many rows the rule's expression for broken rows selects."""
    rule = Rule("rule", RuleKind.EXPECTATION, expectation, arguments=arguments)

    def judging(judge: Any, parameter: str) -> str:
        name = f"judge_{next(_NUMBERS)}"
        session.add_function(name, judge, parameter)
        return name

    relation = replace(relation_of(session, "t", ArrowTable(table).schema), judging=judging)
    found = evaluate(session, {"rule": plan_of(rule, relation)})["rule"]
    if isinstance(found, Exception) or found.broken is None:
        return found, None
    return found, session(f"SELECT count(*) FROM t WHERE {found.broken}")[0][0]


def _as_read(expectation: str, arguments: Mapping[str, Any], table: pa.Table) -> dict[str, Any]:
    """What Great Expectations says of the rows as pandas itself reads them.

    Numbers beside missing values are floating-point ones then: it cannot always cope with NA and None.
    """
    condition = arguments.get("row_condition")
    frame = frame_of(table) if condition is None else frame_of(table).query(condition)
    for name, column in zip(table.column_names, table.columns, strict=True):
        missing = frame[name].isna().any() or not len(frame)
        if pa.types.is_integer(column.type):
            frame[name] = frame[name].astype("float64" if missing else "int64")
        elif pa.types.is_boolean(column.type):
            frame[name] = frame[name].astype("object" if missing else "bool")
        elif pa.types.is_decimal(column.type) and missing:
            frame[name] = frame[name].astype("float64")
    return _theirs(expectation, {**arguments, "row_condition": None}, frame)


def _may_be_na(table: pa.Table, theirs: Mapping[str, Any]) -> bool:
    return "why" in theirs or any(column.null_count for column in table.columns)


def _ours(found: Observation | Exception) -> dict[str, Any]:
    if isinstance(found, Exception):
        return _ERROR
    return {
        "success": found.success,
        "observed_value": found.value,
        "element_count": found.rows,
        "missing_count": found.missing,
        "unexpected_count": found.unexpected,
    }


def _theirs(expectation: str, arguments: Mapping[str, Any], frame: Any) -> dict[str, Any]:
    condition = {"condition_parser": "pandas"} if arguments.get("row_condition") else {}
    result = validate(expectation, {**condition, **arguments}, frame)
    if isinstance(result, Exception):
        return _ERROR | {"why": str(result)}
    told = result.to_json_dict()["result"]
    counts = ("element_count", "missing_count", "unexpected_count") if "element_count" in told else ()
    value = _plain(told.get("observed_value"))
    return {"success": result.success, "observed_value": value, **{name: told.get(name) for name in counts}}


def _alike(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    if any(mistake in theirs.get("why", "") for mistake in _THEIR_MISTAKES):
        return True
    if _ERROR["success"] in (ours["success"], theirs["success"]):
        return bool(ours["success"] == theirs["success"])
    return all(same(ours[name], told, TOLERANCE) for name, told in theirs.items())


def _plain(value: Any) -> Any:
    """An observed value without what only pandas has: NaT and nanoseconds."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return None if value == "NaT" else _NANOSECONDS.sub(r"\1", str(value))
    return value
