"""A verdict as OpenLineage facets: assertions and metrics of the dataset, tests of the run.

The shapes are those of OpenLineage 1.54: DataQualityAssertionsDatasetFacet 1-1-0, its metrics as an input's
(DataQualityMetricsInputDatasetFacet 1-0-3) and TestRunFacet 1-0-1.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.facets import Facet, facet, without_nothing
from airflow_gov.model.verdicts import Severity

if TYPE_CHECKING:
    from airflow_gov.model.verdicts import RuleResult, Verdict

#: OpenLineage's words for what we check; expectations keep their own.
_CLASSES = {
    "required": "not_null",
    "nullValues": "not_null",
    "unique": "unique",
    "primary_key": "unique",
    "duplicateValues": "unique",
    "row_count": "row_count",
    "rowCount": "row_count",
    "invalidValues": "accepted_values",
    "columns": "schema",
    "schemaDrift": "schema",
    "sql": "custom_sql",
}
_SEVERITIES: Mapping[str, str] = {Severity.ERROR: "error", Severity.WARNING: "warn"}

#: What rules know of a column, where they looked at all rows of the snapshot.
_NULLS = frozenset({"required", "nullValues", "expect_column_values_to_not_be_null"})
_NUMBERS = {
    "expect_column_min_to_be_between": "min",
    "expect_column_max_to_be_between": "max",
    "expect_column_sum_to_be_between": "sum",
}
_DISTINCT = "expect_column_unique_value_count_to_be_between"
_QUANTILES = "expect_column_quantile_values_to_be_between"


def assertions_facet(verdict: Verdict) -> Facet:
    """The ``dataQualityAssertions`` facet of an input dataset: every rule's result."""
    told = facet(
        "DataQualityAssertionsDatasetFacet",
        "1-1-0",
        assertions=[_assertion(result) for result in verdict.results],
    )
    return dict(told)  # a plain one: what rules say is text, which is masked like any other


def metrics_facet(
    verdict: Verdict, *, size: int | None = None, files: int | None = None, classified: Collection[str] = ()
) -> Facet:
    """The ``dataQualityMetrics`` facet of an input dataset: what the rules observed on the way.

    Nothing is computed for it. What a rule observed on a part of the rows is not told as the column's.

    :param verdict: the verdict.
    :param size: bytes of the snapshot's data files.
    :param files: number of its data files.
    :param classified: columns of which values (minimum, quantiles …) are shown to nobody.
    """
    return facet(
        "DataQualityMetricsInputDatasetFacet",
        "1-0-3",
        rowCount=verdict.rows,
        bytes=size,
        fileCount=files,
        columnMetrics=_column_metrics(verdict, frozenset(classified)),
    )


def test_run_facet(verdicts: Iterable[Verdict]) -> Facet:
    """The ``test`` facet of a run: each rule of each verdict as one test.

    A test's name begins with its dataset where the run checked several.
    """
    known = list(verdicts)
    several = len({verdict.dataset for verdict in known}) > 1
    told = facet(
        "TestRunFacet",
        "1-0-1",
        tests=[
            _test(result, f"{verdict.dataset}.{result.rule}" if several else result.rule, verdict)
            for verdict in known
            for result in verdict.results
        ],
    )
    return dict(told)


test_run_facet.__test__ = False  # type: ignore[attr-defined] # pytest takes its name for a test's


def _assertion(result: RuleResult) -> Facet:
    return without_nothing(
        {
            "assertion": _class(result),
            "success": result.passed,
            "column": result.columns[0] if len(result.columns) == 1 else None,
            "name": result.rule,
            **_told(result),
            "params": _params(result),
        }
    )


def _test(result: RuleResult, name: str, verdict: Verdict) -> Facet:
    params = {"dataset": str(verdict.dataset), "snapshot": str(verdict.snapshot_id), **_params(result)}
    return without_nothing(
        {
            "name": name,
            "status": "pass" if result.passed else "fail",
            "type": _class(result),
            **_told(result),
            "params": params,
        }
    )


def _told(result: RuleResult) -> Facet:
    return {
        "severity": _SEVERITIES.get(result.severity),
        "description": result.description or None,
        "expected": result.expected or None,
        "actual": result.observed or None,
    }


def _params(result: RuleResult) -> Facet:
    return without_nothing(
        {
            "columns": list(result.columns) or None,
            "check": result.check or None,
            "dimension": result.dimension,
            "engine": result.engine,
            "failedRows": result.failed_rows,
            "rows": result.rows,
            "missing": result.missing,
        }
    )


def _class(result: RuleResult) -> str:
    check = result.check or result.rule
    return _CLASSES.get(check, check)


def _column_metrics(verdict: Verdict, classified: frozenset[str]) -> dict[str, Facet]:
    found: dict[str, Facet] = defaultdict(dict)
    for result in verdict.results:
        if len(result.columns) != 1 or result.rows != verdict.rows:
            continue
        (column,) = result.columns
        metrics = _counts(result)
        if column not in classified:
            metrics |= _values(result)
        if metrics:
            found[column].update(metrics)
    for metrics in found.values():
        if "nullCount" in metrics:
            metrics["count"] = verdict.rows - metrics["nullCount"]
    return dict(found)


def _counts(result: RuleResult) -> Facet:
    check = result.check or result.rule
    if check in _NULLS:
        return without_nothing({"nullCount": result.failed_rows})
    if check == _DISTINCT:
        return {"distinctCount": result.value} if _is_count(result.value) else {}
    return without_nothing({"nullCount": result.missing})


def _values(result: RuleResult) -> Facet:
    if name := _NUMBERS.get(result.check):
        return {name: result.value} if _is_number(result.value) else {}
    if result.check == _QUANTILES and isinstance(result.value, Mapping):
        return _quantiles(result.value)
    return {}


def _quantiles(value: Mapping[str, Any]) -> Facet:
    """Great Expectations gives ``{"quantiles": [0.5, …], "values": [3, …]}``."""
    pairs = zip(value.get("quantiles") or (), value.get("values") or (), strict=False)
    told = {str(share): number for share, number in pairs if _is_number(share) and _is_number(number)}
    return {"quantiles": told} if told else {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
