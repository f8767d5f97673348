"""Scans in the store, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from airflow_gov.model.classification import Agreement, Classification, Evidence, Overlooked, Proposal
from airflow_gov.model.contract import Column
from airflow_gov.model.types import Primitive
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records

SALES = DatasetName.parse("gold.sales")
ORDERS = DatasetName.parse("clean.orders")
EVIDENCE = Evidence(("e mail",), ("order",), "string", 100, 90, 80, 85)
MAIL = Proposal("<b>'mail\"</b> ✉", "pii:email", 0.97, Agreement.CONTRADICTS, EVIDENCE, "email", "RFC 5321")
NAME = Proposal("name", "pii:name", 0.0, Agreement.UNSEEN, Evidence(type="string"))


def scanned(dataset: DatasetName = SALES, version: int = 1, *proposals: Proposal) -> Classification:
    return Classification(
        dataset,
        version,
        9_007_199_254_740_993,
        None,
        3_000_000_000,
        10_000,
        7,
        records.T0,
        proposals,
        (Overlooked("tags", "a list: its elements are not looked into"),),
    )


def test_a_scan_is_read_as_it_was_kept(store: Store) -> None:
    store.classifications.put(scanned(SALES, 1, MAIL, NAME))
    assert store.classifications.get(SALES) == scanned(SALES, 1, MAIL, NAME)
    assert store.classifications.get(SALES, 2) is None
    assert store.classifications.get(ORDERS) is None


def test_a_later_scan_of_the_same_version_takes_its_place(store: Store) -> None:
    store.classifications.put(scanned(SALES, 1, MAIL, NAME))
    later = replace(scanned(SALES, 1, NAME), scanned_at=records.T0 + timedelta(days=1), contract_hash="c1")
    store.classifications.put(later)
    assert store.classifications.get(SALES) == later


def test_scans_of_the_same_version_at_once_take_turns(store: Store) -> None:
    scans = [scanned(SALES, 1, *[MAIL] * number) for number in range(1, 9)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.classifications.put, scans))
    assert store.classifications.get(SALES) in scans


def test_the_list_has_the_newest_of_each_dataset(store: Store) -> None:
    for each in (scanned(SALES, 1, MAIL), scanned(SALES, 2, NAME), scanned(ORDERS, 1, MAIL)):
        store.classifications.put(each)
    listed = store.classifications.list()
    assert [(str(each.dataset), each.version) for each in listed] == [("clean.orders", 1), ("gold.sales", 2)]
    contradicting = store.classifications.list(agreement=Agreement.CONTRADICTS)
    assert [each.dataset for each in contradicting] == [ORDERS]
    assert store.classifications.list([SALES])[0].proposals == (NAME,)
    assert store.classifications.list([SALES], Agreement.CONTRADICTS) == []


def test_datasets_are_personal_by_their_contracts_in_use(store: Store) -> None:
    mail = Column("mail", Primitive("string"), tags=("pii:email",))
    plain = Column("id", Primitive("long"))
    for dataset, columns in ((SALES, (plain, mail)), (ORDERS, (plain,))):
        store.contracts.put(records.contract(f"of {dataset}", dataset=dataset, columns=columns))
    assert store.classifications.personal_datasets() == [SALES]
