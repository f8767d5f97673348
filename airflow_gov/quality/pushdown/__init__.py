"""Rules pushed down to DuckDB: nothing is loaded, and rules share passes over the data.

A rule is a :class:`~airflow_gov.quality.pushdown.plans.Plan`: a generator that asks for aggregates and
rows, and says in the end what it observed. :func:`~airflow_gov.quality.pushdown.evaluating.evaluate`
runs many plans side by side and answers what they ask for at the same time in one SELECT.
"""

from __future__ import annotations

from airflow_gov.quality.pushdown.evaluating import evaluate
from airflow_gov.quality.pushdown.plans import Aggregate, Fenced, NotPushedDownError, Observation, Plan, Rows
from airflow_gov.quality.pushdown.relation import Relation

__all__ = [
    "Aggregate",
    "Fenced",
    "NotPushedDownError",
    "Observation",
    "Plan",
    "Relation",
    "Rows",
    "evaluate",
]
