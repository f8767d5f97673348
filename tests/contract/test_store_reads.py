"""Which executions read some datasets: the newest of each, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from airflow_gov.model.execution import DataRef, Role
from airflow_gov.model.zones import DatasetName
from airflow_gov.store import Store
from support import records
from support.records import FLIGHTS, T0

OTHER = DatasetName.parse("clean.ohare")
LONGEST = timedelta(days=7)


@pytest.fixture
def filled(store: Store) -> Store:
    """Three executions that read flights, the last one two loads of it; one that waited; one that wrote."""
    read = DataRef(Role.SOURCE, str(FLIGHTS), 1, 1, columns=records.data()[0].columns, rows=8)
    told: dict[str, tuple[DataRef, ...]] = {
        "first": (read,),
        "second": (read, replace(read, dataset=str(OTHER))),
        "third": (read, replace(read, version=3), replace(read, version=9, columns=(), rows=None)),
        "waited": (replace(read, columns=(), rows=None),),
        "wrote": (replace(read, role=Role.TARGET),),
    }
    for hours, (name, data) in enumerate(told.items()):
        start = T0 + timedelta(hours=hours)
        own = records.finished(name, start=start, end=start + timedelta(minutes=90), data=data)
        store.executions.finish(own)
    return store


def test_each_dataset_s_newest_reads_are_told_once(filled: Store) -> None:
    found = filled.uses.reads([FLIGHTS, OTHER], since=None, longest=LONGEST, limit=2)
    assert [(each.by.execution_id, each.dataset, each.version) for each in found] == [
        ("third", "clean.flights", 3),
        ("second", "clean.flights", 1),
        ("second", "clean.ohare", 1),
    ]
    assert {each.who for each in found} == {"ana"}
    assert filled.uses.reads([], since=None, longest=LONGEST, limit=3) == []


def test_reads_that_had_ended_by_then_are_none_since_then(filled: Store) -> None:
    since = T0 + timedelta(hours=2)
    found = filled.uses.reads([FLIGHTS], since=since, longest=LONGEST, limit=9)
    assert [each.by.execution_id for each in found] == ["third", "second"]
