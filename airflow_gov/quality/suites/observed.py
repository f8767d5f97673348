"""Rules about time: how fresh the data is, whether its volume is usual, whether its columns changed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any, Literal

from airflow_gov.model.contract import LOAD_ID_COLUMN
from airflow_gov.model.durations import read_duration
from airflow_gov.model.types import Primitive
from airflow_gov.quality.pushdown import Observation, Plan, Relation
from airflow_gov.quality.subject import Subject
from airflow_gov.quality.suites.arguments import declared_by
from airflow_gov.quality.suites.words import in_camel_case, in_snake_case

FRESHNESS = "freshness"
VOLUME = "volume"

_TIMES = (Primitive("date"), Primitive("timestamp"), Primitive("timestamptz"))
#: The median absolute deviation times this estimates the standard deviation of normally distributed values.
_TO_DEVIATION = 1.4826
#: Counts that hardly ever changed would make every change an anomaly: the least deviation, of the median.
_LEAST_DEVIATION = 0.01
#: More deviations than anything is away from the median; a bound, so that limits stay finite.
_MOST_DEVIATIONS = 1_000_000


def freshness(relation: Relation, subject: Subject | None, *, column: str, max_age: str) -> Plan:
    """The newest value of a column is no older than this.

    A date counts from its beginning, times without a zone are UTC, values that lie in the future do not
    count: one wrong row would make old data look fresh for ever. Without any value the rule does not hold.
    """
    oldest = read_duration(max_age)
    if relation.columns[column] not in _TIMES:
        raise ValueError(f"{column!r} is {relation.columns[column]}, no date and no timestamp")
    return _freshness(relation, subject, column, oldest)


def volume(
    _: Relation,
    subject: Subject | None,
    *,
    window: int = 30,
    min_history: int = 5,
    sensitivity: float = 3,
    max_change: str | float | None = None,
) -> Plan:
    """The number of rows is one that the last published versions let expect.

    It may be `sensitivity` deviations away from their median, and no further than `max_change` of the
    median where that is given. The deviation is 1.4826 times the median absolute deviation, and at least
    one row and one percent of the median. With fewer than `min_history` versions the rule holds.

    :param window: how many versions are looked at, the newest.
    :param max_change: e.g. ``50%`` or 0.5; what is 1 or more must be written in percent.
    """
    if window < 1 or min_history < 1:
        raise ValueError("'window' and 'minHistory' are at least 1")
    if min_history > window:
        raise ValueError(f"'minHistory' ({min_history}) is more than 'window' ({window}) lets it be")
    if not 0 < sensitivity <= _MOST_DEVIATIONS:
        raise ValueError(f"'sensitivity' is a number above 0, and at most {_MOST_DEVIATIONS:,}")
    most = None if max_change is None else read_share(max_change)
    return _volume(subject, window, min_history, sensitivity, most)


def schema_drift(
    _: Relation,
    subject: Subject | None,
    *,
    allow: list[Literal["added", "removed", "changed"]] | None = None,
) -> Plan:
    """The columns are those of the published version. Without one the rule holds.

    :param allow: changes that are no drift.
    """
    return _schema_drift(subject, allow or ())


CHECKS: Mapping[str, Callable[..., Plan]] = {
    FRESHNESS: freshness,
    VOLUME: volume,
    "schemaDrift": schema_drift,
}


def check_arguments(name: str) -> dict[str, inspect.Parameter]:
    """The arguments one of the :data:`CHECKS` takes, as contracts write them."""
    return {in_camel_case(each): parameter for each, parameter in declared_by(CHECKS[name]).items()}


def observed_plan(
    check: str, relation: Relation, subject: Subject | None, arguments: Mapping[str, Any]
) -> Plan:
    """The plan of one of the :data:`CHECKS`.

    :param subject: what it is evaluated on; None for a plan that is made, but not run.
    :raises ValueError: for arguments that are wrong on this relation.
    """
    own = {in_snake_case(name): value for name, value in arguments.items()}
    return CHECKS[check](relation, subject, **own)


def no_lower_bound(check: str, value: Any) -> str:
    """What must be said of the volume that was expected where an empty table would be usual too.

    :param check: one of the :data:`CHECKS`, or another rule's.
    :param value: what was observed.
    """
    bounded = check != VOLUME or not value.get("median") or value["lowest"] > 0
    return "" if bounded else "no lower bound: the history is too unsteady or too small"


def read_share(value: str | float) -> float:
    """``50%`` or 0.5 as 0.5.

    A number of 1 or more is refused: 50 may be meant as 50 %, and would be 5,000 %.

    :raises ValueError: when it is neither, or not more than nothing.
    """
    share = value if not isinstance(value, str) else _percent(value)
    most = float("inf") if isinstance(value, str) else 1
    if not 0 < share < most:
        raise ValueError(
            f"{value!r} is no share: write a percentage, e.g. 50%, or a number below 1, e.g. 0.5"
        )
    return share


def _percent(text: str) -> float:
    try:
        return float(text.strip().removesuffix("%")) / 100 if text.strip().endswith("%") else 0
    except ValueError:
        return 0


def _freshness(relation: Relation, subject: Subject | None, column: str, oldest: timedelta) -> Plan:
    now = _now(subject)
    value = relation.value(column)
    # Dates and times without a zone compare with UTC, whatever the session's time zone is.
    limit = f"TIMESTAMPTZ '{now.isoformat()}'"
    if relation.columns[column] != Primitive("timestamptz"):
        limit = f"TIMESTAMP '{now.replace(tzinfo=None).isoformat()}'"
    there = f"isfinite({value}) AND {value} <= {limit}"
    rows, newest = yield (relation.count(), relation.aggregate(f"max({value})", there))
    if newest is None:
        return Observation(success=False, rows=rows)
    moment = _moment(newest)
    return Observation(success=now - moment <= oldest, value=moment.isoformat(), rows=rows)


def _now(subject: Subject | None) -> datetime:
    now = datetime.now(UTC) if subject is None else subject.now
    return now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)


def _moment(value: date | datetime) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _volume(
    subject: Subject | None, window: int, min_history: int, sensitivity: float, most: float | None
) -> Plan:
    yield from ()  # the table's metadata knows
    rows = subject.candidate.rows if subject is not None else 0
    history = list(subject.row_counts[:window] if subject is not None else ())
    if len(history) < min_history:
        return Observation(
            success=True, value={"rows": rows, "history": len(history)}, rows=rows, metadata=True
        )
    usual = float(median(history))
    deviation = _TO_DEVIATION * float(median(abs(count - usual) for count in history))
    allowed = sensitivity * max(deviation, 1, _LEAST_DEVIATION * usual)
    if most is not None:
        allowed = min(allowed, most * usual)
    value = {
        "rows": rows,
        "history": len(history),
        "median": usual,
        "lowest": max(0.0, usual - allowed),
        "highest": usual + allowed,
    }
    return Observation(success=abs(rows - usual) <= allowed, value=value, rows=rows, metadata=True)


def _schema_drift(subject: Subject | None, allow: Sequence[str]) -> Plan:
    yield from ()  # nothing is asked for
    if subject is None or subject.previous_schema is None:
        return Observation(success=True, value={}, metadata=True)
    before, now = _columns(subject.previous_schema), _columns(subject.candidate.schema)
    changes = {
        "added": sorted(now.keys() - before.keys()),
        "removed": sorted(before.keys() - now.keys()),
        "changed": sorted(
            f"{name} ({before[name]} → {now[name]})"
            for name in before.keys() & now.keys()
            if before[name] != now[name]
        ),
    }
    found = {kind: names for kind, names in changes.items() if names}
    return Observation(success=found.keys() <= set(allow), value=found, metadata=True)


def _columns(schema: Sequence[tuple[str, str]]) -> dict[str, str]:
    return {name: kind for name, kind in schema if name != LOAD_ID_COLUMN}
