"""Column lineage as users declare it for Python functions."""

from __future__ import annotations

import pytest

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.column_lineage.declared import declared_lineage
from support.lineage_corpus import shown

SOURCES = {"clean.flights": ["flight", "day", "delay", "email"], "clean.flights_old": ["day", "a.b"]}


@pytest.fixture
def read(make_contract):
    contract = make_contract("gold.days", day="string", total="double")
    return lambda declared: declared_lineage(declared, contract, SOURCES)


def test_a_name_is_computed_with_unless_told_otherwise(read):
    lineage = read(
        {
            "day": [{"column": "clean.flights.day", "transformation": "identity"}],
            "total": ["clean.flights.delay", {"column": "clean.flights.email", "masking": True}],
        }
    )
    assert shown(lineage) == {
        "day": ["clean.flights.day:I"],
        "total": ["clean.flights.delay:T", "clean.flights.email:T!"],
        "rows": [],
    }
    assert lineage.complete


def test_one_column_takes_part_in_several_ways_and_each_once(read):
    ways = [{"column": "clean.flights.day", "transformation": way} for way in ("SORT", "IDENTITY", "SORT")]
    assert shown(read({"day": ways, "total": []}))["day"] == ["clean.flights.day:IS"]


def test_a_star_stands_for_the_rows(read):
    rows = [{"column": "clean.flights.day", "transformation": "GROUP_BY"}]
    assert shown(read({"day": [], "total": [], "*": rows}))["rows"] == ["clean.flights.day:G"]


def test_names_with_dots_and_names_that_begin_alike(read):
    lineage = read({"day": ["clean.flights_old.a.b"], "total": ["clean.flights_old.day"]})
    assert shown(lineage)["day"] == ["clean.flights_old.a.b:T"]
    assert shown(lineage)["total"] == ["clean.flights_old.day:T"]


def test_what_is_not_declared_is_told(read):
    lineage = read({"total": ["clean.flights.delay"]})
    assert shown(lineage) == {"total": ["clean.flights.delay:T"], "rows": []}
    assert lineage.gaps == ("Not declared: day.",)


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ({"totl": []}, "'totl' is no column of gold.days's contract; did you mean total?"),
        ({"total": "clean.flights.delay"}, "'total' has no list of input columns"),
        (
            {"total": ["clean.flight.delay"]},
            "the sources are clean.flights, clean.flights_old; did you mean clean.flights?",
        ),
        ({"total": ["clean.flights.dely"]}, "clean.flights has no column 'dely'; did you mean delay?"),
        ({"total": ["clean.flights._load_id"]}, "clean.flights has no column '_load_id'"),
        ({"total": [3]}, "an input is '<zone>.<name>.<column>'"),
        ({"total": [{"transformation": "IDENTITY"}]}, "a mapping with a 'column'"),
        (
            {"total": [{"column": "clean.flights.delay", "transformation": "AGREGATION"}]},
            "the transformation 'AGREGATION' is not known; there are IDENTITY",
        ),
        ({"total": [{"column": "clean.flights.delay", "mask": True}]}, "'mask' is not known"),
        ({"total": [{"column": "clean.flights.delay", "masking": "yes"}]}, "masking is 'yes'"),
        ({"*": ["clean.flights.delay"]}, "'*': the transformation"),
        ([], "it is no mapping"),
    ],
)
def test_what_is_declared_wrongly_is_refused(read, declared, problem):
    with pytest.raises(GovernanceError) as raised:
        read(declared)
    assert raised.value.reason is Reason.PARAMETER_INVALID
    assert str(raised.value).startswith("column_lineage: ")
    assert problem in str(raised.value)
