"""What a rule observed as a result: in words, and without values of classified columns."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.verdicts import RuleResult
from airflow_gov.quality.pushdown.user_selects import counts_only
from airflow_gov.quality.suites.library import METRICS, PERCENT
from airflow_gov.quality.suites.observed import FRESHNESS
from airflow_gov.quality.suites.planning import CONDITION
from airflow_gov.quality.suites.sql import QUERY, READS
from airflow_gov.quality.suites.thresholds import holds, in_words
from airflow_gov.quality.suites.words import cut, duration_text, number_text, share_text

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.quality.pushdown import Observation
    from airflow_gov.quality.subject import Subject

#: Most characters of an observed value as JSON; what is longer is no observation but the data.
MAX_VALUE = 2000
_HIDDEN = "not shown, a classified column is looked at"
#: Expectations whose observed value is a count, a share or a type, whatever the column holds.
_ABOUT_NUMBERS = re.compile(r"unique_value_count|proportion_of|_of_type|_in_type_list|row_count|column_count")
_QUERIES = re.compile(r"_query_|unexpected_rows")


def result_of(
    rule: Rule, observation: Observation, subject: Subject, *, engine: str | None = None
) -> RuleResult:
    """A rule's result.

    :param observation: what it observed.
    :param engine: what evaluated it, where that was not DuckDB.
    """
    hidden = hides_values(rule, subject.contract)
    rows = observation.rows
    if rows is None and rule.columns and CONDITION not in rule.arguments:
        rows = subject.candidate.rows
    return RuleResult(
        rule=rule.name,
        passed=bool(observation.success),
        columns=rule.columns,
        expected=expected(rule),
        observed=_observed(rule, observation, subject, hidden=hidden),
        failed_rows=observation.unexpected,
        severity=rule.severity,
        engine=engine or _engine(observation),
        check=rule.check,
        dimension=rule.dimension,
        description=rule.description,
        value=None if hidden else plain(observation.value),
        rows=rows,
        missing=observation.missing,
    )


def sql_result(rule: Rule, value: float | Decimal | bool, subject: Subject) -> RuleResult:
    """The result of an SQL rule."""
    hidden = hides_values(rule, subject.contract)
    return RuleResult(
        rule=rule.name,
        passed=holds(rule.arguments, value),
        columns=rule.columns,
        expected=expected(rule),
        observed=_HIDDEN if hidden else number_text(value),
        severity=rule.severity,
        check=rule.check,
        dimension=rule.dimension,
        description=rule.description,
        value=None if hidden else plain(value),
    )


def impossible_result(rule: Rule, why: str) -> RuleResult:
    """The result of a rule that cannot be evaluated on a table whose columns are not the contract's."""
    return RuleResult(
        rule=rule.name,
        passed=False,
        columns=rule.columns,
        expected=expected(rule),
        observed=f"not evaluated: {why}",
        severity=rule.severity,
        engine="metadata",
        check=rule.check,
        dimension=rule.dimension,
        description=rule.description,
    )


def hides_values(rule: Rule, contract: Contract) -> bool:
    """Whether what a rule observes may be a value of a classified column."""
    classified = [column.name for column in contract.columns if column.classified]
    if rule.kind is RuleKind.SQL:
        # What is classified in other datasets is not known here. A query has many ways to name a column.
        looked_at = bool(classified or rule.arguments.get(READS))
        return looked_at and not counts_only(str(rule.arguments[QUERY]))
    if not classified or rule.kind is RuleKind.LIBRARY:
        return False
    if _ABOUT_NUMBERS.search(rule.check):
        return False
    return bool(_QUERIES.search(rule.check)) or any(name in classified for name in rule.columns)


def expected(rule: Rule) -> str:
    """What a rule expects, for people."""
    given = rule.arguments
    if rule.kind is RuleKind.LIBRARY:
        unit = " percent" if given.get("unit") == PERCENT else ""
        return f"{METRICS[rule.check].words}: {in_words(given)}{unit}"
    if rule.kind is RuleKind.SQL:
        return f"the query gives {in_words(given)}"
    if rule.check == FRESHNESS:
        return f"at most {given['maxAge']} old"
    if rule.kind is RuleKind.OBSERVED:
        return "a usual number of rows" if rule.check == "volume" else _no_drift(given)
    said = [f"{name}={_json(value)}" for name, value in given.items() if name not in ("column", "module")]
    return cut(", ".join(said)) or "it holds"


def plain(value: Any) -> Any:
    """A value as JSON has it; None where it is longer than an observation is."""
    made = _plain(value)
    return made if len(_json(made)) <= MAX_VALUE else None


def _no_drift(given: Mapping[str, Any]) -> str:
    allowed = given.get("allow")
    apart = f", {' and '.join(allowed)} ones aside" if allowed else ""
    return f"the columns of the published version{apart}"


def _engine(observation: Observation) -> str:
    if observation.metadata:
        return "metadata"
    return "python" if observation.python else "duckdb"


def _observed(rule: Rule, observation: Observation, subject: Subject, *, hidden: bool) -> str:
    if rule.kind is RuleKind.OBSERVED:
        return _about_time(rule, observation, subject, hidden=hidden)
    if observation.unexpected is not None and observation.rows is not None:
        return _rows_text(observation.unexpected, observation.rows, observation.missing or 0)
    if rule.kind is RuleKind.LIBRARY:
        return f"{number_text(observation.value)} rows"
    if observation.value is None:
        return "as expected" if observation.success else "not as expected"
    return _HIDDEN if hidden else cut(_told(observation.value))


def _rows_text(broken: int, rows: int, missing: int) -> str:
    if not missing:
        return share_text(broken, rows)
    return f"{share_text(broken, rows - missing)}, {missing:,} without a value"


def _about_time(rule: Rule, observation: Observation, subject: Subject, *, hidden: bool) -> str:
    value = observation.value
    if rule.check == FRESHNESS:
        if value is None:
            return "no value up to now"
        age = (_aware(subject.now) - datetime.fromisoformat(value)).total_seconds()
        return _HIDDEN if hidden else f"{duration_text(age)} old ({value})"
    if rule.check == "volume":
        return _about_volume(value, rule)
    if subject.previous_schema is None:
        return "no published version to compare with"
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in value.items()) or "the same columns"


def _about_volume(value: Mapping[str, Any], rule: Rule) -> str:
    rows = f"{value['rows']:,} rows"
    if "median" not in value:
        least = rule.arguments.get("minHistory", 5)
        return f"{rows}; too little history to compare with ({value['history']} of {least} versions)"
    lowest, highest = math.ceil(value["lowest"]), math.floor(value["highest"])
    return f"{rows}; {lowest:,} to {highest:,} are usual by the last {value['history']} versions"


def _aware(moment: datetime) -> datetime:
    from datetime import UTC

    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _told(value: Any) -> str:
    made = _plain(value)
    return number_text(made) if isinstance(made, bool | int | float | str) else _json(made)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
