"""Scanning published datasets of a real lake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from airflow_gov.catalog.classification import MOST_SAMPLE, scan
from airflow_gov.model.classification import Agreement, Classification
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.serde import to_plain
from airflow_gov.model.zones import DatasetName
from support.personal import Home

CARDS = ["4111111111111111", "4012888888881881", "5555555555554444", "378282246310005"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.close()


def told(found: Classification) -> dict[str, tuple[str, Agreement]]:
    return {each.column: (each.tag, each.agreement) for each in found.proposals}


def test_what_a_dataset_holds_is_held_against_its_contract(home: Home) -> None:
    columns: dict[str, dict[str, Any]] = {
        "mail": {"tags": ["pii:email"]},
        "reference": {"classification": "public"},
        "contact_phone": {},
        "iban": {"tags": ["pii:iban"]},
        "nickname": {"tags": ["pii:name"]},
        "born": {"logicalType": "date", "tags": ["pii:dob"]},
        "amount": {"logicalType": "number"},
        "owner_email": {"tags": ["pii:phone"], "classification": "restricted"},
    }
    rows = [
        {
            "mail": f"u{number}@example.com",
            "reference": card,
            "contact_phone": f"+49 30 90182{number}",
            "iban": "not known",
            "nickname": "x42",
            "born": date(1980, 1, number + 1),
            "amount": 3.5,
            "owner_email": f"o{number}@example.com",
        }
        for number, card in enumerate(CARDS)
    ]
    found = scan(home.governance, home.publish("gold.sales", columns, rows))
    assert told(found) == {
        "mail": ("pii:email", Agreement.AGREES),
        "reference": ("pii:card", Agreement.CONTRADICTS),
        "contact_phone": ("pii:phone", Agreement.PROPOSED),
        "iban": ("pii:iban", Agreement.UNSEEN),
        "nickname": ("pii:name", Agreement.UNSEEN),
        "born": ("pii:birth_date", Agreement.AGREES),
        "owner_email": ("pii:phone", Agreement.UNSEEN),
    } | ({"owner_email": told(found)["owner_email"]})
    of_owner = {each.tag: each.agreement for each in found.proposals if each.column == "owner_email"}
    assert of_owner == {"pii:email": Agreement.CONTRADICTS, "pii:phone": Agreement.UNSEEN}
    assert (found.rows, found.sampled, found.columns, found.version) == (4, 4, 8, 1)
    assert home.store.classifications.get(found.dataset) == found


def test_no_value_is_in_the_result(home: Home) -> None:
    rows = [{"mail": "secret-person@example.com", "card": card} for card in CARDS]
    dataset = home.publish("gold.sales", {"mail": {}, "card": {}}, rows)
    text = json.dumps(to_plain(scan(home.governance, dataset)))
    assert "secret" not in text
    assert not any(card in text for card in CARDS)
    assert "gold.sales" in text


@pytest.mark.parametrize(
    "name", ["email'; DROP TABLE gov_log; --", '"e"mail"', "<script>email</script>", "Émail ✉", "e.mail"]
)
def test_columns_may_be_called_anything(home: Home, name: str) -> None:
    rows = [{name: f"u{number}@example.com"} for number in range(3)]
    dataset = home.publish("gold.odd", {name: {}}, rows)
    assert told(scan(home.governance, dataset)) == {name: ("pii:email", Agreement.PROPOSED)}
    kept = home.store.classifications.get(dataset)
    assert kept is not None
    assert kept.proposals[0].column == name


def test_an_empty_dataset_and_one_of_nulls_are_told_by_their_names(home: Home) -> None:
    nulls = [{"email": None, "note": None}] * 3
    found = scan(home.governance, home.publish("gold.nulls", {"email": {}, "note": {}}, nulls))
    assert told(found) == {"email": ("pii:email", Agreement.PROPOSED)}
    assert str(found.proposals[0].evidence) == "its name says 'email'; no values to look at; type string"
    empty = scan(home.governance, home.publish("gold.empty", {"email": {}, "note": {}}, []))
    assert (told(empty), empty.rows, empty.sampled) == (told(found), 0, 0)


def test_huge_texts_are_scanned_in_bounded_memory(home: Home) -> None:
    rows = [{"text": "lorem ipsum " * 100_000, "email": f"u{number}@example.com"} for number in range(20)]
    found = scan(home.governance, home.publish("gold.huge", {"text": {}, "email": {}}, rows))
    assert told(found) == {"email": ("pii:email", Agreement.PROPOSED)}


def test_a_sample_says_how_large_it_is_and_is_the_same_each_time(home: Home) -> None:
    rows = [{"contact": f"u{n}@example.com" if n % 2 else f"user {n}"} for n in range(3_000)]
    dataset = home.publish("gold.many", {"contact": {}}, rows)
    first, second = (scan(home.governance, dataset, sample=100) for _ in range(2))
    assert first == second
    assert (first.rows, first.sampled) == (3_000, 100)
    evidence = first.proposals[0].evidence
    assert evidence.values == 100
    assert 30 < evidence.matching < 70


def test_columns_may_be_called_as_our_own_names_are(home: Home) -> None:
    names = ["n", "nn", "v", "c", "c0", "row", "numbers", "__sample"]
    rows = [dict.fromkeys(names, f"u{number}@example.com") for number in range(50)]
    found = scan(home.governance, home.publish("gold.own", {name: {} for name in names}, rows), sample=10)
    assert [(each.column, each.evidence.matching) for each in found.proposals] == [(n, 10) for n in names]


def test_the_newest_version_is_scanned_and_each_version_is_kept_once(home: Home) -> None:
    dataset = home.publish("gold.sales", {"a": {}}, [{"a": "x"}])
    assert scan(home.governance, dataset).proposals == ()
    home.publish("gold.sales", {"a": {}}, [{"a": "ana@example.com"}] * 3, number=2)
    found = scan(home.governance, dataset)
    assert (found.version, told(found)) == (2, {"a": ("pii:email", Agreement.PROPOSED)})
    assert scan(home.governance, dataset, keep=False) == found
    kept = home.store.classifications.get(dataset, 1)
    assert kept is not None
    assert kept.proposals == ()


def test_the_log_tells_who_scanned_and_which_restricted_columns_were_in_it(home: Home) -> None:
    columns = {"mail": {"classification": "restricted"}, "note": {}}
    dataset = home.publish("sensitive.people", columns, [{"mail": "secret@example.com", "note": "x"}])
    scan(home.governance, dataset, actor="grace")
    (entry,) = (each for each in home.store.log.list() if each.action == "classification.scanned")
    assert (entry.subject, entry.actor) == ("sensitive.people", "grace")
    assert entry.details == {"version": 1, "sampled": 1, "restricted": ["mail"]}


def test_without_a_contract_everything_is_a_proposal(home: Home) -> None:
    rows = [{"email": "ana@example.com"}]
    found = scan(home.governance, home.publish("gold.bare", {"email": {}}, rows, promised={}))
    assert (found.contract_hash, told(found)) == (None, {"email": ("pii:email", Agreement.PROPOSED)})


PERSON: dict[str, Any] = {
    "logicalType": "object",
    "properties": [
        {"name": "mail", "logicalType": "string", "tags": ["pii:email"]},
        {"name": "phone", "logicalType": "string"},
        {"name": "seats", "logicalType": "integer"},
    ],
}


def test_fields_of_structs_and_elements_of_lists_are_looked_into(home: Home) -> None:
    columns: dict[str, dict[str, Any]] = {
        "buyer": PERSON,
        "guests": {"logicalType": "array", "items": PERSON},
        "emails": {"logicalType": "array", "items": {"logicalType": "string"}, "tags": ["pii:email"]},
        "told": {"logicalType": "object", "physicalType": "struct<email: string, note: string>"},
        "id": {"logicalType": "integer"},
    }
    people = [
        {"mail": f"u{number}@example.com", "phone": f"+49 30 90182{number}", "seats": number}
        for number in range(100, 120)
    ]
    rows = [
        {
            "buyer": each if number % 4 else None,
            "guests": [each, people[0]] if number % 3 else None,
            "emails": [each["mail"], None] if number % 2 else [],
            "told": {"email": each["mail"], "note": "x"},
            "id": number,
        }
        for number, each in enumerate(people)
    ]
    found = scan(home.governance, home.publish("gold.nested", columns, rows))
    assert told(found) == {
        "buyer.mail": ("pii:email", Agreement.AGREES),
        "buyer.phone": ("pii:phone", Agreement.PROPOSED),
        "guests.mail": ("pii:email", Agreement.AGREES),
        "guests.phone": ("pii:phone", Agreement.PROPOSED),
        "emails": ("pii:email", Agreement.AGREES),
        "told.email": ("pii:email", Agreement.PROPOSED),
    }
    evidence = {each.column: each.evidence for each in found.proposals}
    assert (evidence["buyer.mail"].values, evidence["emails"].values) == (15, 10)
    assert (found.columns, found.overlooked) == (5, ())
    assert home.store.classifications.get(found.dataset) == found


def test_a_personal_tag_of_a_field_that_nothing_looks_like_is_unseen_once(home: Home) -> None:
    rows = [{"buyer": {"mail": "none", "phone": "none", "seats": 1}}] * 3
    found = scan(home.governance, home.publish("gold.nested", {"buyer": PERSON}, rows))
    assert told(found) == {"buyer.mail": ("pii:email", Agreement.UNSEEN)}


def test_mailboxes_at_the_end_of_long_texts_are_seen(home: Home) -> None:
    rows = [{"note": f"{'lorem ipsum ' * 400}write to person{number}@example.com"} for number in range(20)]
    found = scan(home.governance, home.publish("gold.notes", {"note": {}}, rows))
    assert told(found) == {"note": ("pii:email", Agreement.PROPOSED)}


def test_numbers_that_became_doubles_are_looked_at(home: Home) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "phone": {"logicalType": "number"},
        "charged": {"logicalType": "number"},
        "ssn": {"logicalType": "integer"},
        "price": {"logicalType": "number"},
    }
    rows = [
        {
            "phone": None if number else 2125550123.0,
            "charged": float(card),
            "ssn": 1234567 + number,
            "price": number + 0.5,
        }
        for number, card in enumerate(CARDS)
    ]
    found = scan(home.governance, home.publish("gold.numbers", kinds, rows))
    assert told(found) == {
        "phone": ("pii:phone", Agreement.PROPOSED),
        "charged": ("pii:card", Agreement.PROPOSED),
        "ssn": ("pii:ssn", Agreement.PROPOSED),
    }


@pytest.mark.parametrize("sample", [0, -1, MOST_SAMPLE + 1])
def test_a_sample_that_is_none_is_refused(home: Home, sample: int) -> None:
    with pytest.raises(GovernanceError, match="A sample has 1 to") as caught:
        scan(home.governance, DatasetName.parse("gold.sales"), sample=sample)
    assert caught.value.reason is Reason.PARAMETER_INVALID


def test_a_dataset_without_a_version_is_refused(home: Home) -> None:
    with pytest.raises(GovernanceError, match="no published version") as caught:
        scan(home.governance, DatasetName.parse("gold.sales"))
    assert caught.value.reason is Reason.SOURCE_UNPUBLISHED
