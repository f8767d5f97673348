"""Rules in short, and the reference engine on rows in short."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from airflow_gov.model.contract import Column, Contract
from airflow_gov.model.rules import Rule, RuleKind
from airflow_gov.model.types import parse_type
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.reference import evaluate_reference
from support.expectations import ArrowTable


@pytest.fixture
def rule() -> Callable[..., Rule]:
    """``rule("expect_column_values_to_be_unique", column="x")``."""

    def make(check, name="rule", **arguments):
        return Rule(name, RuleKind.EXPECTATION, check, arguments=arguments)

    return make


@pytest.fixture
def evaluate():
    """``evaluate(rules, {"x": [1, 2]}, classified=("x",))``."""

    def run(rules, columns, *, classified=(), **options):
        table = ArrowTable(columns if isinstance(columns, pa.Table) else pa.table(columns))
        facts = {name: {"classification": "restricted"} for name in classified}
        contract = Contract(
            DatasetName.parse("clean.table"),
            tuple(Column(name, parse_type(kind), **facts.get(name, {})) for name, kind in table.schema[:-1]),
            "0" * 64,
            "",
        )
        return evaluate_reference(rules, table, contract, **options)

    return run
