"""Fields inside columns: what contracts say of them counts as much as what they say of columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_gov.contracts.reading import read_contract_file
from airflow_gov.model.contract import Contract
from airflow_gov.model.zones import DatasetName
from airflow_gov.quality.report.masking import Mask
from support.personal import contract as made

EMAIL: dict[str, Any] = {
    "name": "email",
    "logicalType": "string",
    "classification": "Restricted",
    "tags": ["pii:email", "core"],
}
TEXT: dict[str, Any] = {"name": "note", "logicalType": "string", "classification": "public"}
BUYER: dict[str, Any] = {"logicalType": "object", "properties": [TEXT, EMAIL]}
#: The same field, ever deeper.
NESTED: dict[str, dict[str, Any]] = {
    "buyer.email": BUYER,
    "guests.email": {"logicalType": "array", "items": BUYER},
    "trip.guests.email": {
        "logicalType": "object",
        "properties": [{"name": "guests", "logicalType": "array", "items": BUYER}],
    },
}


def sensitive(path: str, column: dict[str, Any]) -> Contract:
    return made("sensitive.orders", {path.partition(".")[0]: column, "id": {}})


@pytest.mark.parametrize("path", NESTED)
def test_a_column_is_as_sensitive_as_what_lies_in_it(path: str) -> None:
    contract = sensitive(path, NESTED[path])
    column, other = contract.columns
    assert (column.classification, column.tags) == ("restricted", ("pii:email",))
    assert column.restricted
    assert column.classified
    assert contract.restricted == (column.name,)
    assert not other.classified
    field = contract.find(path)
    assert field is not None
    assert (field.name, field.classification, field.tags) == (path, "restricted", ("pii:email", "core"))
    note = contract.find(path.replace("email", "note"))
    assert note is not None
    assert (note.classification, note.classified) == ("public", False)


def test_tags_of_elements_are_tags_of_the_list() -> None:
    items = {"logicalType": "string", "tags": ["pii:phone"], "classification": "internal"}
    column = made("gold.x", {"phones": {"logicalType": "array", "items": items}}).columns[0]
    assert (column.tags, column.classification, column.fields) == (("pii:phone",), None, ())


def test_what_a_column_says_itself_stays() -> None:
    column = sensitive("b.email", BUYER | {"classification": "confidential", "tags": ["mine"]}).columns[0]
    assert (column.classification, column.tags) == ("confidential", ("mine", "pii:email"))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("guests", "guests"),
        ("GUESTS", "guests"),
        ("guests.EMAIL", "guests.email"),
        ("guests._element.email", "guests.email"),
        ("guests.list.element.email", "guests.email"),
        ("guests.other", "guests"),
        ("guest", None),
        ("guestsemail", None),
        ("email", None),
        ("", None),
        (".", None),
    ],
)
def test_fields_are_found_as_other_producers_write_them(path: str, found: str | None) -> None:
    column = sensitive("guests.email", NESTED["guests.email"]).find(path)
    assert (column.name if column else None) == found


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("buyer.email", "properties[1].properties[1]"),
        ("guests.email", "properties[1].items.properties[1]"),
        ("trip.guests.email", "properties[1].properties[0].items.properties[1]"),
    ],
)
def test_a_restricted_field_does_not_belong_in_gold(
    contract: Callable[..., dict[str, Any]], path: str, place: str
) -> None:
    import yaml

    data = contract("gold.orders", name=path.partition(".")[0], **NESTED[path])
    (problem,) = read_contract_file(yaml.safe_dump(data).encode(), "f.yaml", {}).problems
    assert problem.path == f"$.schema[0].{place}.classification"
    assert problem.reason.startswith(f"{path!r} is restricted and does not belong in gold")


def test_reports_mask_a_column_with_a_personal_field() -> None:
    mask = Mask(sensitive("buyer.email", BUYER))
    row = {"buyer": {"email": "ana@example.com"}, "id": "7"}
    assert [cell.text for cell in mask.table([row]).rows[0]] == ["masked", "7"]


def test_a_field_without_a_type_of_its_own_is_told_by_the_type_alone() -> None:
    contract = made("gold.x", {"b": {"logicalType": "object", "physicalType": "struct<email: string>"}})
    assert contract.columns[0].fields == ()
    assert contract.find("b.email") is contract.columns[0]
    assert contract.dataset == DatasetName.parse("gold.x")
