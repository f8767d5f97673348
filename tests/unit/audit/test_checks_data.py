"""Personal columns by their contracts, and datasets that may be the same: what is compared, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.checks.redundancy import RedundantDataset
from airflow_gov.audit.checks.sensitivity import PersonalOutsideSensitive
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from support import records
from support.contracts import promise_contact


@pytest.mark.parametrize("zone", ["clean", "gold", "work"])
@pytest.mark.parametrize(
    ("column", "severity"),
    [
        ({"classification": "restricted"}, Severity.ERROR),
        ({"classification": "PII", "tags": ["pii:email"]}, Severity.ERROR),
        ({"tags": ["PII:email"]}, Severity.WARNING),
        ({"classification": "internal", "tags": ["sales"]}, None),
        ({}, None),
    ],
)
def test_what_a_contract_calls_personal_lies_in_sensitive(governance, zone, column, severity):
    promise_contact(governance, f"{zone}.people", **column)
    audited = AuditedLake(governance).dataset(DatasetName.parse(f"{zone}.people"))
    found = list(PersonalOutsideSensitive().observe(audited))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(each.part == "contact" for each in found)


@pytest.mark.parametrize("zone", ["raw", "preprocessed", "sensitive"])
def test_where_data_arrives_and_where_it_belongs_nothing_is_said(governance, zone):
    promise_contact(governance, f"{zone}.people", classification="restricted")
    audited = AuditedLake(governance).dataset(DatasetName.parse(f"{zone}.people"))
    assert list(PersonalOutsideSensitive().observe(audited)) == []


def test_another_contract_is_looked_at_again(governance):
    promise_contact(governance, "gold.people")
    name = DatasetName.parse("gold.people")
    before = PersonalOutsideSensitive().token(AuditedLake(governance).dataset(name))
    promise_contact(governance, "gold.people", tags=["pii"])
    assert PersonalOutsideSensitive().token(AuditedLake(governance).dataset(name)) != before


def published(governance: Governance, **sizes: tuple[int, int]) -> None:
    """Versions with so many rows and bytes, by dataset; two underscores stand for the dot."""
    for dataset, (rows, size) in sizes.items():
        name = DatasetName.parse(dataset.replace("__", "."))
        made = records.version(1, dataset=name, load_ids=())
        governance.store.versions.record(replace(made, rows=rows, size=size))


def compared(governance: Governance, **settings) -> dict[str, list[str]]:
    """With which others each dataset is compared."""
    lake, check = AuditedLake(governance), RedundantDataset(**settings)
    found = {str(name): list(map(str, check._others(lake.dataset(name)))) for name in lake.summaries}
    return {name: others for name, others in found.items() if others}


def test_datasets_of_a_zone_with_as_many_rows_are_compared_once(governance):
    published(governance, clean__a=(5, 1), clean__b=(5, 2), clean__c=(6, 1), gold__d=(5, 1), gold__e=(0, 1))
    assert compared(governance) == {"clean.b": ["clean.a"]}


def test_the_sandbox_is_compared_with_what_it_could_copy(governance):
    published(
        governance, clean__a=(5, 1), gold__b=(5, 2), work__a=(5, 1), work__c=(5, 3), sensitive__d=(5, 1)
    )
    found = {name: sorted(others) for name, others in compared(governance).items()}
    assert found == {"work.a": ["clean.a", "gold.b"], "work.c": ["clean.a", "gold.b", "work.a"]}


def test_of_too_many_that_are_alike_only_those_of_as_many_bytes_are_compared(governance):
    published(governance, **{f"gold__d{each}": (5, each // 2) for each in range(6)})
    assert compared(governance, alike=3) == {
        "gold.d1": ["gold.d0"],
        "gold.d3": ["gold.d2"],
        "gold.d5": ["gold.d4"],
    }
    assert len(compared(governance, alike=6)) == 5


def test_what_is_too_big_and_what_is_raw_is_not_compared(governance):
    published(governance, gold__a=(5, 3 << 20), gold__b=(5, 1), raw__c=(5, 1), raw__d=(5, 1))
    assert compared(governance, megabytes=2) == {}
    assert compared(governance, megabytes=3) == {"gold.b": ["gold.a"]}


def test_a_new_version_of_either_is_compared_again(governance):
    published(governance, gold__a=(5, 1), gold__b=(5, 1))
    name = DatasetName.parse("gold.b")

    def token() -> str:
        return RedundantDataset().token(AuditedLake(governance).dataset(name))

    before = token()
    other = records.version(2, dataset=DatasetName.parse("gold.a"), load_ids=())
    governance.store.versions.record(replace(other, rows=5, size=1))
    assert token() != before
