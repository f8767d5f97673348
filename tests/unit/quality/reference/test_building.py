"""Expectations by their type: those of Great Expectations, and third parties' by their module."""

from __future__ import annotations

import sys

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.quality.reference import validate_reference

#: What a company might have: a map expectation that declares itself row-local, and one that does not.
MODULE = '''
from typing import ClassVar

from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics import ColumnMapMetricProvider, column_condition_partial


class ColumnValuesEven(ColumnMapMetricProvider):
    condition_metric_name = "column_values.even_{name}"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column, **kwargs):
        cls.seen = max(getattr(cls, "seen", 0), len(column))
        return column % 2 == 0


class ExpectColumnValuesToBeEven{name}(ColumnMapExpectation):
    """Every value is even."""

    map_metric = "column_values.even_{name}"
    row_local: ClassVar[bool] = {row_local}
'''


@pytest.fixture
def company(tmp_path, monkeypatch):
    """Modules of a company, ``theirs_a`` with ``row_local`` and ``theirs_b`` without."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, row_local in (("a", True), ("b", False)):
        (tmp_path / f"theirs_{name}.py").write_text(MODULE.format(name=name.upper(), row_local=row_local))
    (tmp_path / "theirs_broken.py").write_text("1 / 0")
    yield
    for name in ("theirs_a", "theirs_b", "theirs_broken"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(("name", "most"), [("a", 2), ("b", 4)])
def test_a_third_partys_expectation_is_streamed_if_it_says_so(company, rule, evaluate, name, most):
    even = rule(f"expect_column_values_to_be_even_{name}", column="x", mostly=0.5, module=f"theirs_{name}")
    assert validate_reference(even) is None
    found = evaluate([even], {"x": [1, 2, 4, None, 8]}, batch_rows=2)["rule"]
    assert (found.success, found.rows, found.missing, found.unexpected) == (True, 5, 1, 1)
    assert sys.modules[f"theirs_{name}"].ColumnValuesEven.seen == most


@pytest.mark.parametrize(
    ("check", "arguments", "problem"),
    [
        (
            "expect_column_values_to_be_uniqe",
            {"column": "x"},
            "did you mean expect_column_values_to_be_unique?",
        ),
        ("expect_wonders", {}, "name the module that defines it"),
        ("expect_column_max_to_be_between", {}, "column: field required"),
        ("expect_column_max_to_be_between", {"column": "x", "min_value": 1, "of": 2}, "of: extra fields not"),
        (
            "expect_column_max_to_be_between",
            {"column": "x", "module": "no.such"},
            "'no.such' cannot be imported",
        ),
        ("expect_wonders", {"module": "theirs_broken"}, "cannot be imported: division by zero"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(company, rule, check, arguments, problem):
    assert problem in validate_reference(rule(check, **arguments))


def test_what_only_says_how_to_report_is_left_aside(rule):
    arguments = {"meta": {"by": "us"}, "severity": "warning", "result_format": "COMPLETE", "notes": "n"}
    assert (
        validate_reference(rule("expect_column_max_to_be_between", column="x", max_value=1, **arguments))
        is None
    )


def test_without_great_expectations_the_extra_is_named(rule, monkeypatch):
    monkeypatch.setitem(sys.modules, "great_expectations.expectations.core", None)
    with pytest.raises(GovernanceError, match=r"pip install 'airflow-gov\[great-expectations\]'") as caught:
        validate_reference(rule("expect_column_max_to_be_between", column="x", max_value=1))
    assert caught.value.reason is Reason.DEPENDENCY_MISSING
