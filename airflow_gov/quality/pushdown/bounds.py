"""Whether one observed value lies between bounds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from airflow_gov.model.types import ColumnType
from airflow_gov.quality.pushdown.constants import Kind, bound_kind, invalid, kind_of, read_bound
from airflow_gov.quality.pushdown.plans import Observation
from airflow_gov.quality.pushdown.values import reported

#: What a bound may be.
Bound = float | date | datetime | None


@dataclass(frozen=True)
class Between:
    """Bounds of one value.

    :param low: None: unbounded.
    :param high: None: unbounded.
    :param strict_min: whether the value must be greater than the lower bound.
    :param strict_max: whether the value must be less than the upper bound.
    """

    low: Bound = None
    high: Bound = None
    strict_min: bool = False
    strict_max: bool = False

    def of(self, kind: ColumnType) -> Between:
        """The same with bounds that can be compared with values of a type.

        :raises GovernanceError: ``RULE_INVALID`` where one cannot.
        """
        return Between(_bound(self.low, kind), _bound(self.high, kind), self.strict_min, self.strict_max)

    def observe(self, value: Any) -> Observation:
        """What is observed; a value that is missing lies nowhere."""
        told = reported(value)
        if told is None:
            return Observation(False)
        comparable = self._comparable(value)
        return Observation(self._holds(comparable), told if comparable is value else reported(comparable))

    def _comparable(self, value: Any) -> Any:
        """A text that is compared with dates is read as one."""
        dates = [each for each in (self.low, self.high) if isinstance(each, date)]
        if not isinstance(value, str) or not dates:
            return value
        from dateutil.parser import parse

        try:
            found = parse(value)
        except (ValueError, OverflowError):
            raise invalid(
                "the observed text is compared with a date, and is none: compare dates only"
            ) from None
        return found if isinstance(dates[0], datetime) else found.date()

    def _holds(self, value: Any) -> bool:
        if isinstance(value, int):
            value = float(value)  # as the bounds are, and as numpy compares the two
        above = self.low is None or (value > self.low if self.strict_min else value >= self.low)
        return bool(
            above and (self.high is None or (value < self.high if self.strict_max else value <= self.high))
        )


def _bound(bound: Any, kind: ColumnType) -> Bound:
    if bound is None:
        return None
    value, of_column = read_bound(bound), kind_of(kind)
    allowed = (Kind.DATE, Kind.TIMESTAMP) if of_column is Kind.TEXT else (of_column,)
    if bound_kind(value) in allowed:
        return value
    raise invalid(
        f"a bound is {bound_kind(value).value} ({bound}), which cannot be compared with values of the type "
        f"{kind}: give bounds of that type"
    )
