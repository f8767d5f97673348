"""Quantiles, and divergence from an expected distribution."""

from __future__ import annotations

import math

import pytest

from airflow_gov.model.errors import GovernanceError, Reason

INFINITE = float("inf")


@pytest.mark.parametrize(
    ("interpolation", "values"),
    [
        (False, [-7, 1, 1, 2]),
        ("nearest", [-7, 1, 1, 2]),
        ("lower", [-7, 1, 1, 2]),
        ("higher", [-7, 1, 2, 2]),
        ("midpoint", [-7, 1, 1.5, 2]),
        ("linear", [-7, 1, 1.4, 2]),
    ],
)
def test_quantiles(judged, interpolation, values):
    ranges = {
        "quantiles": [0, 0.5, 0.8, 1.0],
        "value_ranges": [[-7, None], [1, 1], [None, 1.3], [1.99999, 2]],
    }
    found = judged(
        "expect_column_quantile_values_to_be_between",
        column="i",
        quantile_ranges=ranges,
        allow_relative_error=interpolation,
    )
    assert found.value == {"quantiles": [0, 0.5, 0.8, 1.0], "values": pytest.approx(values)}
    assert found.success is (values[2] <= 1.3)


def test_quantiles_of_nothing_and_of_dates(judged):
    ranges = {"quantiles": [0.5], "value_ranges": [[None, None]]}
    found = judged("expect_column_quantile_values_to_be_between", column="none", quantile_ranges=ranges)
    assert (found.success, found.value["values"]) == (False, [None])
    for column, wrong in (
        ("d", ranges),
        ("i", {"quantiles": [0.5]}),
        ("i", {"quantiles": [50], "value_ranges": [[1, 2]]}),
        ("i", {"quantiles": [0.5], "value_ranges": [[1]]}),
        ("i", {"quantiles": [0.5, 1], "value_ranges": [[1, 2]]}),
    ):
        with pytest.raises(GovernanceError) as raised:
            judged("expect_column_quantile_values_to_be_between", column=column, quantile_ranges=wrong)
        assert raised.value.reason == Reason.RULE_INVALID


def divergence(observed, expected):
    return sum(p * math.log(p / q) for p, q in zip(observed, expected, strict=True) if p)


@pytest.mark.parametrize(
    ("column", "partition", "more", "value"),
    [
        ("i", {"values": [1, 2, -7], "weights": [0.5, 0.25, 0.25]}, {}, 0.0),
        (
            "i",
            {"values": [1, 2, -7], "weights": [0.2, 0.4, 0.4]},
            {},
            divergence([0.5, 0.25, 0.25], [0.2, 0.4, 0.4]),
        ),
        ("i", {"values": [1, 2], "weights": [0.5, 0.5]}, {}, None),
        (
            "i",
            {"values": [1], "weights": [1]},
            {"tail_weight_holdout": 0.2},
            divergence([0.5, 0.25, 0.25], [0.8, 0.1, 0.1]),
        ),
        ("i", {"bins": [-8, 0, 2], "weights": [0.25, 0.75]}, {}, 0.0),
        ("i", {"bins": [0, 1, 2], "weights": [0.5, 0.5]}, {}, None),
        (
            "i",
            {"bins": [0, 1, 2], "weights": [0, 1]},
            {"tail_weight_holdout": 0.2, "internal_weight_holdout": 0.1},
            # Expected are 0.1 below the bins, 0.1 and 0.7 inside them and 0.1 above, where nothing is.
            divergence([0.25, 0.75], [0.1, 0.7]),
        ),
        (
            "i",
            {"bins": [-INFINITE, 0, INFINITE], "weights": [0.5, 0.5]},
            {},
            divergence([0.25, 0.75], [0.5, 0.5]),
        ),
        (
            "i",
            {"bins": [1, 2], "weights": [0.5], "tail_weights": [0.25, 0.25]},
            {},
            divergence([0.25, 0.75], [0.25, 0.5]),
        ),
        ("none", {"values": [1], "weights": [1]}, {}, None),
        ("none", {"bins": [0, 1], "weights": [1]}, {}, None),
        ("i", None, {"bucketize_data": False}, 0.0),
        ("i", None, {}, 0.0),
    ],
)
def test_divergence(judged, column, partition, more, value):
    found = judged(
        "expect_column_kl_divergence_to_be_less_than",
        column=column,
        partition_object=partition,
        threshold=0.0,
        **more,
    )
    assert found.value == (None if value is None else pytest.approx(value, abs=1e-12))
    assert found.success is (value == 0.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"partition_object": {"values": [1, 1], "weights": [0.5, 0.5]}}, "twice"),
        ({"partition_object": {"values": [1], "weights": [0.5]}}, "in sum"),
        ({"partition_object": {"values": [1, 2], "weights": [1]}}, "as many"),
        ({"partition_object": {"bins": [2, 1], "weights": [1]}}, "ascend"),
        ({"partition_object": {"bins": [1, 2, 3], "weights": [1]}}, "give one less"),
        ({"partition_object": {"weights": [1]}}, "bins"),
        ({"partition_object": {"bins": [0, 1], "weights": [1]}, "bucketize_data": False}, "bucketize_data"),
        ({"partition_object": {"bins": [0, 1], "weights": [1]}, "tail_weight_holdout": 2}, "share"),
        ({"partition_object": {"values": [1], "weights": [1]}, "internal_weight_holdout": 0.1}, "bins"),
        (
            {
                "partition_object": {"bins": [0, 1], "weights": [0.8], "tail_weights": [0.1, 0.1]},
                "tail_weight_holdout": 0.1,
            },
            "tail_weights",
        ),
        (
            {"partition_object": {"bins": [-INFINITE, INFINITE], "weights": [1]}, "tail_weight_holdout": 0.1},
            "infinite",
        ),
        ({"threshold": -1}, "threshold"),
    ],
)
def test_partitions_that_make_no_sense(judged, arguments, words):
    with pytest.raises(GovernanceError, match=words) as raised:
        judged("expect_column_kl_divergence_to_be_less_than", **{"column": "i", "threshold": 1, **arguments})
    assert raised.value.reason == Reason.RULE_INVALID
