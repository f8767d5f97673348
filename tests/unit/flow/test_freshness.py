"""How old data may be, as people and contracts say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_gov.flow.freshness import parse_age
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.promises import agreed_age
from support import records


def agreed(*sla):
    return agreed_age(records.contract("c", sla=sla))


@pytest.mark.parametrize(
    ("value", "age"),
    [
        (timedelta(hours=3), timedelta(hours=3)),
        (90, timedelta(seconds=90)),
        (0.5, timedelta(seconds=0.5)),
        ("4 h", timedelta(hours=4)),
        ("P1DT12H", timedelta(hours=36)),
    ],
)
def test_an_age_is_a_number_a_text_or_a_timedelta(value, age):
    assert parse_age(value) == age


@pytest.mark.parametrize("value", ["soon", "", "4", None, True, "-3 h"])
def test_anything_else_is_refused(value):
    with pytest.raises(GovernanceError) as refused:
        parse_age(value)
    assert refused.value.reason is Reason.PARAMETER_INVALID


def test_freshness_comes_before_latency():
    latency = {"property": "latency", "value": 4, "unit": "d"}
    freshness = {"property": "Freshness", "value": "6 h"}
    assert agreed(latency) == timedelta(days=4)
    assert agreed(latency, freshness) == timedelta(hours=6)


@pytest.mark.parametrize(
    ("element", "counts"),
    [
        (None, True),
        ("clean.flights", True),
        ("flights", True),
        ("flights.time_hour", True),
        ("planes, flights", True),
        ("planes", False),
        ("gold.punctuality", False),
    ],
)
def test_an_agreement_may_be_about_another_dataset_of_the_file(element, counts):
    entry = {"property": "freshness", "value": 1, "unit": "h"} | ({"element": element} if element else {})
    fallback = {"property": "latency", "value": 9, "unit": "d"}
    assert agreed(entry, fallback) == (timedelta(hours=1) if counts else timedelta(days=9))


@pytest.mark.parametrize("sla", [(), ({"property": "retention", "value": 1, "unit": "y"},)])
def test_a_contract_that_does_not_say_is_told_how_to(sla):
    with pytest.raises(GovernanceError, match="add to slaProperties"):
        agreed(*sla)


def test_an_agreement_that_is_no_age_is_refused():
    with pytest.raises(GovernanceError, match=r"freshness: .*'often' is no duration"):
        agreed({"property": "freshness", "value": "often"})
