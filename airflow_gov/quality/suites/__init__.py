"""Suites: a contract's quality rules read, checked before anything runs, and turned into plans."""

from __future__ import annotations

from airflow_gov.quality.suites.planning import plan_of
from airflow_gov.quality.suites.reading import rule_problems, suite_of
from airflow_gov.quality.suites.relations import relation_of

__all__ = ["plan_of", "relation_of", "rule_problems", "suite_of"]
