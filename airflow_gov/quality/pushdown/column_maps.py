"""Expectations about each value of one column."""

from __future__ import annotations

from airflow_gov.quality.pushdown.expectations import expectation
from airflow_gov.quality.pushdown.plans import Observation, Plan
from airflow_gov.quality.pushdown.relation import Relation


def judged(relation: Relation, value: str, wrong: str, mostly: float, *, python: bool = False) -> Plan:
    """Count the values that are wrong; rows without a value are passed over.

    :param value: the value as SQL.
    :param wrong: an SQL expression, true for a value that is wrong.
    :param mostly: share of the values, 0 to 1, that must not be wrong.
    :param python: whether a Python function judges.
    """
    there = f"{value} IS NOT NULL"
    unexpected = f"{there} AND ({wrong})"
    rows, values, broken = yield (relation.count(), relation.count(there), relation.count(unexpected))
    # As Great Expectations computes it, so that the same share is not rounded differently.
    success = values == 0 or (values - broken) / values >= mostly
    return Observation(
        success=success,
        rows=rows,
        missing=rows - values,
        unexpected=broken,
        broken=relation.broken(unexpected),
        python=python,
    )


@expectation
def expect_column_values_to_not_be_null(relation: Relation, *, column: str, mostly: float = 1.0) -> Plan:
    """No value is missing."""
    missing = f"{relation.value(column)} IS NULL"
    rows, broken = yield (relation.count(), relation.count(missing))
    return Observation(
        success=rows == 0 or (rows - broken) / rows >= mostly,
        rows=rows,
        unexpected=broken,
        broken=relation.broken(missing),
    )
