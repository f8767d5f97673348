"""Data contracts: ODCS files read, checked against the standard and our rules, and found by dataset."""

from __future__ import annotations

from airflow_gov.contracts.problems import Problem
from airflow_gov.contracts.registry import CheckReport, ContractRegistry, check, parse_contract, validate

__all__ = ["CheckReport", "ContractRegistry", "Problem", "check", "parse_contract", "validate"]
