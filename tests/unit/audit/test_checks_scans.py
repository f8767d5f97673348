"""What scans saw in columns, held against the contracts in use, and what an audit scans."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.audit.audited_lake import AuditedLake
from airflow_gov.audit.checks.scans import ClassificationContradicts, PersonalUnmarked
from airflow_gov.audit.scanning import AGAIN, due
from airflow_gov.model.classification import Agreement, Classification, Evidence, Proposal
from airflow_gov.model.findings import Severity
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.runtime import Governance
from support import records
from support.contracts import promise_contact

EVIDENCE = Evidence(values=100, distinct=90, matching=95, plain=95)
MAIL = Proposal("contact", "pii:email", 0.97, Agreement.CONTRADICTS, EVIDENCE, "email", "RFC 5321")
UNMARKED = replace(MAIL, agreement=Agreement.PROPOSED)
PEOPLE = DatasetName.parse("gold.people")


def scanned(
    governance: Governance, contract_hash: str | None, *proposals: Proposal, dataset=PEOPLE, version=1
) -> None:
    now = governance.clock()
    governance.store.classifications.put(
        Classification(dataset, version, 4711, contract_hash, 1000, 100, 1, now, proposals)
    )


def contradictions(governance: Governance) -> list[str]:
    return [each.part for each in ClassificationContradicts().observe(AuditedLake(governance))]


def unmarked(governance: Governance) -> list[tuple[str, Severity]]:
    return [(each.part, each.severity) for each in PersonalUnmarked().observe(AuditedLake(governance))]


@pytest.mark.parametrize("agreement", [each for each in Agreement if each is not Agreement.CONTRADICTS])
def test_only_what_contradicts_is_told(governance, agreement):
    public = promise_contact(governance, "gold.people", classification="public")
    scanned(governance, public.hash, replace(MAIL, agreement=agreement))
    assert contradictions(governance) == []
    scanned(governance, public.hash, MAIL, replace(MAIL, agreement=agreement, tag="pii:name"))
    assert contradictions(governance) == ["contact pii:email"]


@pytest.mark.parametrize("agreement", [each for each in Agreement if each is not Agreement.PROPOSED])
def test_only_that_of_which_a_contract_is_silent_is_unmarked(governance, agreement):
    silent = promise_contact(governance, "gold.people")
    scanned(governance, silent.hash, replace(MAIL, agreement=agreement))
    assert unmarked(governance) == []
    scanned(governance, silent.hash, UNMARKED, replace(MAIL, agreement=agreement, tag="pii:name"))
    assert unmarked(governance) == [("contact pii:email", Severity.ERROR)]


@pytest.mark.parametrize(
    ("column", "mended"),
    [
        ({"tags": ["pii:email"]}, True),
        ({"tags": ["pii:mail"]}, True),
        ({"tags": ["pii"]}, True),
        ({"classification": "restricted"}, True),
        ({"classification": "restricted", "tags": ["pii:phone"]}, False),
        ({"classification": "internal"}, False),
        ({"name": "other", "tags": ["pii:email"]}, True),
    ],
)
@pytest.mark.parametrize("proposal", [MAIL, UNMARKED], ids=["contradicts", "proposed"])
def test_what_the_contract_has_learnt_since_the_scan_counts(governance, proposal, column, mended):
    first = promise_contact(governance, "gold.people")
    scanned(governance, first.hash, proposal)
    assert len(contradictions(governance) + unmarked(governance)) == 1
    promise_contact(governance, "gold.people", **column)
    assert (contradictions(governance) + unmarked(governance) == []) is mended


@pytest.mark.parametrize(("tags", "mended"), [([], False), (["pii:email"], True)])
def test_fields_inside_columns_are_mended_where_they_are(governance, tags, mended):
    field = {"name": "mail", "logicalType": "string"}
    first = promise_contact(governance, "gold.people", logicalType="object", properties=[field])
    scanned(governance, first.hash, replace(UNMARKED, column="contact.mail"))
    assert unmarked(governance) == [("contact.mail pii:email", Severity.ERROR)]
    field = field | {"tags": tags, "description": "Told anew."}
    promise_contact(governance, "gold.people", logicalType="object", properties=[field])
    assert (unmarked(governance) == []) is mended


@pytest.mark.parametrize(
    ("dataset", "confidence", "column", "severity"),
    [
        ("gold.people", 0.8, {}, Severity.ERROR),
        ("work.people", 0.99, {}, Severity.ERROR),
        ("preprocessed.people", 0.99, {}, Severity.WARNING),
        ("sensitive.people", 0.99, {}, Severity.WARNING),
        ("gold.people", 0.79, {}, Severity.INFO),
        ("gold.people", 0.99, {"classification": "restricted"}, Severity.INFO),
    ],
)
def test_how_bad_it_is_depends_on_who_reads_it_and_how_sure_the_scan_is(
    governance, dataset, confidence, column, severity
):
    contract = promise_contact(governance, dataset, **column)
    proposal = replace(UNMARKED, confidence=confidence)
    scanned(governance, contract.hash, proposal, dataset=DatasetName.parse(dataset))
    assert unmarked(governance) == [("contact pii:email", severity)]


@pytest.mark.parametrize(("confidence", "severity"), [(0.8, Severity.ERROR), (0.79, Severity.INFO)])
def test_a_scan_that_is_not_sure_contradicts_softly(governance, confidence, severity):
    public = promise_contact(governance, "gold.people", classification="public")
    scanned(governance, public.hash, replace(MAIL, confidence=confidence))
    found = list(ClassificationContradicts().observe(AuditedLake(governance)))
    assert [each.severity for each in found] == [severity]


def publish(governance: Governance, *datasets: str, number: int = 1) -> None:
    for dataset in datasets:
        made = records.version(number, dataset=DatasetName.parse(dataset), load_ids=())
        governance.store.versions.record(made)


def waiting(governance: Governance, *zones: Zone) -> list[str]:
    return [str(name) for name in due(AuditedLake(governance, zones or None))]


def test_where_most_people_read_is_scanned_first_and_raw_and_quarantines_never(governance):
    publish(governance, "sensitive.a", "preprocessed.a", "work.a", "clean.b", "clean.a", "gold.a", "raw.a")
    publish(governance, "clean.a__quarantine")
    promise_contact(governance, "gold.unpublished")
    tables = ["gold.a", "clean.a", "clean.b", "work.a", "preprocessed.a", "sensitive.a"]
    assert waiting(governance) == tables
    assert waiting(governance, Zone.CLEAN) == ["clean.a", "clean.b"]


def test_a_dataset_is_due_until_it_is_scanned_and_after_its_contract_changed(governance):
    publish(governance, "gold.people", "gold.others")
    contract = promise_contact(governance, "gold.people")
    scanned(governance, contract.hash)
    assert waiting(governance) == ["gold.others"]
    promise_contact(governance, "gold.people", description="How to reach them.")
    assert waiting(governance) == ["gold.others", "gold.people"]


def test_what_was_never_scanned_comes_before_what_is_read_more(governance):
    publish(governance, "gold.people", "sensitive.people")
    scanned(governance, promise_contact(governance, "gold.people").hash)
    promise_contact(governance, "gold.people", description="How to reach them.")
    assert waiting(governance) == ["sensitive.people", "gold.people"]


def test_a_scan_that_seems_to_be_of_tomorrow_says_nothing_of_today(governance):
    publish(governance, "gold.people")
    contract = promise_contact(governance, "gold.people")
    governance.clock.move(hours=30)
    scanned(governance, contract.hash)
    governance.clock.move(hours=-30)
    publish(governance, "gold.people", number=2)
    assert waiting(governance) == ["gold.people"]


def test_a_new_version_is_due_when_the_scan_is_old(governance):
    publish(governance, "gold.people")
    contract = promise_contact(governance, "gold.people")
    scanned(governance, contract.hash)
    governance.clock.move(seconds=2 * AGAIN.total_seconds())
    assert waiting(governance) == []
    publish(governance, "gold.people", number=2)
    assert waiting(governance) == ["gold.people"]
    scanned(governance, contract.hash, version=2)
    publish(governance, "gold.people", number=3)
    governance.clock.move(seconds=(AGAIN - timedelta(seconds=1)).total_seconds())
    assert waiting(governance) == []
    governance.clock.move(seconds=1)
    assert waiting(governance) == ["gold.people"]


def test_a_dataset_whose_contract_cannot_be_read_is_scanned_again_when_it_can_be(governance):
    publish(governance, "gold.people")
    contract = promise_contact(governance, "gold.people")
    scanned(governance, None)
    assert waiting(governance) == ["gold.people"]
    governance.clock.move(seconds=1)
    governance.store.contracts.put(replace(contract, text="{", hash="broken"))
    assert waiting(governance) == []
