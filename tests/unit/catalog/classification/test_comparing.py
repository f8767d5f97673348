"""How proposals stand against what contracts say."""

from __future__ import annotations

import pytest

from airflow_gov.catalog.classification.comparing import against_contract, agreement, meant
from airflow_gov.catalog.classification.recognisers import RECOGNISERS
from airflow_gov.catalog.classification.weighing import Weighed, weigh
from airflow_gov.model.classification import Agreement, Evidence
from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive

AGREES, PROPOSED, CONTRADICTS = Agreement.AGREES, Agreement.PROPOSED, Agreement.CONTRADICTS


def found(recogniser: str, by_values: float) -> Weighed:
    (one,) = (each for each in RECOGNISERS if each.id == recogniser)
    return Weighed(one, Evidence(type="string"), 0.9, by_values)


@pytest.mark.parametrize(
    ("recogniser", "by_values", "classification", "tags", "expected"),
    [
        ("email", 0.9, None, ("pii:email",), AGREES),
        ("email", 0.9, "public", ("pii:email",), AGREES),
        ("email", 0.9, None, ("PII:E-Mail",), AGREES),
        ("email", 0.9, None, ("pii",), AGREES),
        ("email", 0.9, None, (), PROPOSED),
        ("email", 0.9, "restricted", (), PROPOSED),
        ("email", 0.9, "public", (), CONTRADICTS),
        ("email", 0.9, "internal", ("newsletter",), CONTRADICTS),
        ("email", 0.0, "public", (), PROPOSED),
        ("email", 0.9, None, ("pii:phone",), CONTRADICTS),
        ("email", 0.0, None, ("pii:phone",), PROPOSED),
        ("email", 0.9, None, ("pii:nickname",), PROPOSED),
        ("mx_curp", 0.9, None, ("pii:national_id",), AGREES),
        ("mx_curp", 0.9, None, ("pii:identifier",), AGREES),
        ("national_id.es_dni", 0.9, None, ("pii:dni",), AGREES),
        ("us_ssn", 0.9, None, ("pii:curp",), CONTRADICTS),
        ("birth_date", 0.0, None, ("pii:dob",), AGREES),
        ("person_name", 0.9, None, ("pii:First Name",), AGREES),
    ],
)
def test_the_contract_decides(
    recogniser: str, by_values: float, classification: str | None, tags: tuple[str, ...], expected: Agreement
) -> None:
    column = Column("x", Primitive("string"), classification=classification, tags=tags)
    assert agreement(found(recogniser, by_values), column) is expected


def test_without_a_contract_it_is_a_proposal() -> None:
    assert agreement(found("email", 0.9), None) is PROPOSED


def test_a_tag_that_nobody_knows_means_itself() -> None:
    assert meant("pii:shoe_size") == "pii:shoe_size"


@pytest.mark.parametrize(
    ("recogniser", "evidence", "expected"),
    [
        ("card", Evidence(values=500, distinct=2, matching=250, plain=500), PROPOSED),
        ("card", Evidence(values=500, distinct=500, matching=490, plain=500), CONTRADICTS),
        ("person_name", Evidence(values=31, distinct=31, matching=12, plain=31), PROPOSED),
        ("person_name", Evidence(values=31, distinct=31, matching=30, plain=31), CONTRADICTS),
        ("email", Evidence(values=1, distinct=1, matching=1, plain=1), CONTRADICTS),
    ],
)
def test_what_may_be_an_accident_does_not_contradict(
    recogniser: str, evidence: Evidence, expected: Agreement
) -> None:
    (one,) = (each for each in RECOGNISERS if each.id == recogniser)
    column = Column("x", Primitive("string"), classification="public")
    assert agreement(weigh(one, "x", evidence), column) is expected


@pytest.mark.parametrize(
    ("tag", "values", "unseen"),
    [
        ("pii:identifier", 10, False),
        ("pii:id", 10, False),
        ("pii:national_id", 10, True),
        ("pii:national_id", 0, False),
        ("pii:email", 10, True),
    ],
)
def test_a_tag_is_unseen_where_there_is_something_to_see(tag: str, values: int, unseen: bool) -> None:
    """A number that somebody has need not be one that a state gave."""
    column = Column("x", Primitive("long"), tags=(tag,))
    weighed = [weigh(each, "x", Evidence(type="long", values=values)) for each in RECOGNISERS]
    told = against_contract("x", weighed, [], column)
    assert [each.agreement for each in told] == [Agreement.UNSEEN] * unseen
