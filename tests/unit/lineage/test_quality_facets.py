"""Verdicts as OpenLineage facets: what they say, and that OpenLineage's own schemas take them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_gov.lineage.dataset_facets import LakeAddress, Stand
from airflow_gov.lineage.datasets import Amount, Known, read_dataset
from airflow_gov.lineage.facets import PRODUCER
from airflow_gov.lineage.quality_facets import assertions_facet, metrics_facet, test_run_facet
from airflow_gov.model.verdicts import RuleResult, Severity, Verdict
from support import records, reports
from support.lineage_schemas import facet_problems, needs_the_schemas, schemas

LOCATION = "/lake/clean/flights"
LAKE = LakeAddress(
    "lake", {"type": "sql", "uri": "postgresql+psycopg2://gov:hunter2@db:5432/lake?sslmode=require"}
)


_CHECKS = st.sampled_from(
    [
        "",
        "nullValues",
        "sql",
        "freshness",
        "expect_column_min_to_be_between",
        "expect_column_sum_to_be_between",
        "expect_column_unique_value_count_to_be_between",
        "expect_column_quantile_values_to_be_between",
        "expect_column_values_to_not_be_null",
    ]
)
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.fixed_dictionaries(
        {"quantiles": st.lists(st.floats(0, 1)), "values": st.lists(st.floats() | st.none() | st.text())}
    ),
    st.lists(st.integers()),
)
_COUNTS = st.none() | st.integers(0, 2**62)
_RESULTS = st.builds(
    RuleResult,
    rule=st.text(min_size=1),
    passed=st.booleans(),
    columns=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    expected=st.text(),
    observed=st.text(),
    failed_rows=_COUNTS,
    severity=st.sampled_from([*Severity, "error", "warning"]),
    engine=st.sampled_from(["duckdb", "python", "great_expectations", "metadata"]),
    check=_CHECKS,
    dimension=st.none() | st.text(),
    description=st.text(),
    value=_VALUES,
    rows=st.sampled_from([None, 7, 100]),
    missing=_COUNTS,
)
_VERDICTS = st.builds(
    lambda results, rows: records.verdict(results=tuple(results), rows=rows),
    st.lists(_RESULTS, max_size=6),
    st.sampled_from([0, 7, 100]),
)


@needs_the_schemas
@given(verdict=_VERDICTS, size=_COUNTS, files=_COUNTS)
@settings(max_examples=150, deadline=None)
def test_openlineages_schemas_take_the_facets_of_any_verdict(
    verdict: Verdict, size: int | None, files: int | None
) -> None:
    assert facet_problems(assertions_facet(verdict)) == []
    assert facet_problems(metrics_facet(verdict, size=size, files=files)) == []
    assert facet_problems(test_run_facet([verdict, verdict])) == []


@needs_the_schemas
def test_a_facet_that_is_wrong_is_found() -> None:
    facet = assertions_facet(reports.verdict())
    facet["assertions"][0]["success"] = "yes"
    assert facet_problems(facet) == ["$.assertions[0].success: 'yes' is not of type 'boolean'"]


@needs_the_schemas
@pytest.mark.parametrize(
    "facet",
    [
        assertions_facet(reports.verdict()),
        metrics_facet(reports.verdict()),
        test_run_facet([reports.verdict()]),
    ],
    ids=["assertions", "metrics", "test"],
)
def test_the_schemas_are_the_newest_of_the_specification(facet: dict[str, Any]) -> None:
    address = facet["_schemaURL"].partition("#")[0]
    assert schemas().get(address) is not None
    assert facet["_producer"] == PRODUCER


def by_name(parts: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(part for part in parts if part["name"] == name)


def test_every_rule_is_an_assertion() -> None:
    assertions = assertions_facet(reports.verdict())["assertions"]
    assert len(assertions) == len(reports.RESULTS)
    assert by_name(assertions, "delay_is_plausible") == {
        "assertion": "expect_column_values_to_be_between",
        "success": False,
        "column": "dep_delay",
        "name": "delay_is_plausible",
        "severity": "error",
        "description": "A flight leaves at most two hours early and a day late.",
        "expected": "between -120 and 1440",
        "actual": "12 of 327,346 values (0.0037 %) are not",
        "params": {
            "columns": ["dep_delay"],
            "check": "expect_column_values_to_be_between",
            "dimension": "conformity",
            "engine": "duckdb",
            "failedRows": 12,
            "rows": 327_346,
            "missing": 8_255,
        },
    }
    assert by_name(assertions, "carriers_are_known")["severity"] == "warn"
    assert by_name(assertions, "required")["assertion"] == "not_null"


def test_an_assertion_about_several_columns_is_the_datasets() -> None:
    result = reports.held("primary_key", "carrier", "flight_id")
    (assertion,) = assertions_facet(records.verdict(results=(result,)))["assertions"]
    assert "column" not in assertion
    assert assertion["params"]["columns"] == ["carrier", "flight_id"]


def test_every_rule_is_a_test_of_the_run() -> None:
    facet = test_run_facet([reports.verdict()])
    test = by_name(facet["tests"], "delay_is_plausible")
    assert (test["status"], test["severity"], test["type"]) == (
        "fail",
        "error",
        "expect_column_values_to_be_between",
    )
    assert test["params"]["dataset"] == "clean.flights"
    assert test["params"]["snapshot"] == "1001"
    assert {each["status"] for each in facet["tests"]} == {"pass", "fail"}


def test_tests_of_several_datasets_say_of_which() -> None:
    facet = test_run_facet([reports.verdict(), reports.verdict(dataset=records.GOLD)])
    assert {each["name"].rpartition(".")[0] for each in facet["tests"]} == {
        "clean.flights",
        "gold.punctuality",
    }


def observed(check: str, value: Any = None, **changes: Any) -> dict[str, Any]:
    """The metrics of one rule on one column of ten rows."""
    result = replace(reports.held(check, "delay", check=check, rows=10), **{"value": value} | changes)
    metrics: dict[str, Any] = metrics_facet(records.verdict(results=(result,), rows=10), classified=["email"])
    return dict(metrics["columnMetrics"])


@pytest.mark.parametrize(
    ("check", "changes", "metrics"),
    [
        ("expect_column_min_to_be_between", {"value": -3.5}, {"min": -3.5}),
        ("expect_column_max_to_be_between", {"value": 9}, {"max": 9}),
        ("expect_column_sum_to_be_between", {"value": 40}, {"sum": 40}),
        ("expect_column_unique_value_count_to_be_between", {"value": 4}, {"distinctCount": 4}),
        ("nullValues", {"failed_rows": 3}, {"nullCount": 3, "count": 7}),
        ("expect_column_values_to_not_be_null", {"failed_rows": 3}, {"nullCount": 3, "count": 7}),
        ("expect_column_values_to_be_between", {"missing": 2}, {"nullCount": 2, "count": 8}),
        (
            "expect_column_quantile_values_to_be_between",
            {"value": {"quantiles": [0.25, 0.5], "values": [1, 2]}},
            {"quantiles": {"0.25": 1, "0.5": 2}},
        ),
        ("expect_column_min_to_be_between", {"value": "2024-01-01"}, None),
        ("expect_column_min_to_be_between", {"value": math.nan}, None),
        ("expect_column_max_to_be_between", {"value": True}, None),
        ("expect_column_min_to_be_between", {"value": 1, "rows": 4}, None),
        ("expect_column_min_to_be_between", {"value": 1, "rows": None}, None),
        ("expect_column_min_to_be_between", {"value": 1, "columns": ("email",)}, None),
    ],
)
def test_metrics_are_what_rules_observed_on_all_rows(
    check: str, changes: dict[str, Any], metrics: dict[str, Any] | None
) -> None:
    assert observed(check, **changes) == ({"delay": metrics} if metrics else {})


def test_metrics_of_the_dataset() -> None:
    facet = metrics_facet(reports.verdict(), size=9_100_000, files=3)
    assert (facet["rowCount"], facet["bytes"], facet["fileCount"]) == (327_346, 9_100_000, 3)
    assert "bytes" not in metrics_facet(reports.verdict())


def test_a_checked_dataset_tells_what_was_found_and_no_secret() -> None:
    verdict = reports.verdict()
    stand = Stand(verdict.dataset, candidate=True, snapshot_id=verdict.snapshot_id)
    checked = read_dataset(Known(stand, LAKE, LOCATION, amount=Amount(327_346, 10, 1)), verdict)
    assert (checked["namespace"], checked["name"]) == ("file", LOCATION)
    assert checked["facets"]["version"]["datasetVersion"] == "1001"
    assert checked["facets"]["airflowGov_zone"]["candidate"] is True
    assert checked["inputFacets"]["dataQualityAssertions"] == assertions_facet(verdict)
    assert "hunter2" not in json.dumps(checked)
