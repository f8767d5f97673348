"""Data contracts: ODCS files read, checked against the standard and our rules, and found by dataset."""

from __future__ import annotations

from airflow_gov.contracts.problems import Problem
from airflow_gov.contracts.registry import (
    CheckReport,
    ContractRegistry,
    check,
    parse_contract,
    readable,
    validate,
)
from airflow_gov.contracts.suite_files import is_great_expectations, suite_name

__all__ = [
    "CheckReport",
    "ContractRegistry",
    "Problem",
    "check",
    "is_great_expectations",
    "parse_contract",
    "readable",
    "suite_name",
    "validate",
]
