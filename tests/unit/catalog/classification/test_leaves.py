"""Values in tables that others wrote: maps, lists of lists, and types that contracts have no word for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from airflow_gov.catalog.classification.leaves import ELEMENTS, leaves
from airflow_gov.catalog.classification.measuring import measure
from airflow_gov.model.zones import DatasetName, Zone
from support.personal import Home


@dataclass(frozen=True)
class Foreign:
    """A table as another writer made it."""

    table: pa.Table
    load_id: None = None
    local_paths: None = None

    @property
    def dataset(self) -> DatasetName:
        return DatasetName(Zone.GOLD, "foreign")

    @property
    def schema(self) -> Sequence[tuple[str, str]]:
        return [(field.name, str(field.type)) for field in self.table.schema]

    @property
    def rows(self) -> int:
        return int(self.table.num_rows)

    def to_dataset(self) -> ds.Dataset:
        return ds.dataset(self.table)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.close()


def mails_in(home: Home, table: pa.Table, *, sample: int = 100) -> Mapping[str, tuple[int, int]]:
    """By path how many values there are, and how many of them are mailboxes."""
    foreign = Foreign(table)
    found, _ = leaves(table.schema)
    with home.governance.engine.query_tables({"t": foreign}) as session:
        measured = list(measure(session, "t", found, rows=foreign.rows, sample=sample))
    return {
        each.name: next((told.values, told.matching) for by, told in each.found if by.id == "email")
        for each in measured
        if any(by.id == "email" for by, _ in each.found)
    }


def column(type_: Any, *values: Any) -> pa.Table:
    return pa.table({"it's": pa.array(values, type_)})


MAIL, OTHER = "ana@example.com", "x"
TEXT = pa.string()
NESTED: dict[str, tuple[pa.Table, dict[str, tuple[int, int]]]] = {
    "a map": (
        column(pa.map_(TEXT, TEXT), [(MAIL, OTHER), ("k", MAIL)], None, []),
        {"it's.key": (2, 1), "it's.value": (2, 1)},
    ),
    "a map of structs": (
        column(pa.map_(pa.int64(), pa.struct({"a'b": TEXT})), [(1, {"a'b": MAIL}), (2, None)]),
        {"it's.value.a'b": (1, 1)},
    ),
    "lists of lists": (
        column(pa.list_(pa.list_(TEXT)), [[MAIL], None, [OTHER, MAIL]], [[None]]),
        {"it's": (3, 2)},
    ),
    "a list of maps": (
        column(pa.list_(pa.map_(TEXT, TEXT)), [[("k", MAIL)], None, [("k", MAIL)]]),
        {"it's.key": (2, 0), "it's.value": (2, 2)},
    ),
    "structs in structs": (
        column(
            pa.struct({"a": pa.struct({"b": pa.list_(pa.struct({"c": TEXT, "d": pa.bool_()}))})}),
            {"a": {"b": [{"c": MAIL, "d": True}, None]}},
            {"a": None},
            None,
        ),
        {"it's.a.b.c": (1, 1)},
    ),
    "names like ours": (
        pa.table({"__each": pa.array([[{"__each": MAIL}]], pa.list_(pa.struct({"__each": TEXT})))}),
        {"__each.__each": (1, 1)},
    ),
    "the first elements of a long list": (
        column(pa.list_(TEXT), [MAIL] * (ELEMENTS + 5)),
        {"it's": (ELEMENTS, ELEMENTS)},
    ),
}


@pytest.mark.parametrize("case", NESTED)
def test_values_are_found_however_deep_they_lie(home: Home, case: str) -> None:
    table, expected = NESTED[case]
    assert mails_in(home, table) == expected


@pytest.mark.parametrize("nested", [False, True])
def test_numbers_that_are_none_are_no_trouble(home: Home, nested: bool) -> None:
    values = [math.inf, -math.inf, math.nan, None, 1e300, 0.5, 4111111111111111.0]
    table = pa.table({"n": pa.array(values, pa.float64())})
    if nested:
        table = column(pa.struct({"n": pa.float64()}), *({"n": value} for value in values))
    found, _ = leaves(table.schema)
    with home.governance.engine.query_tables({"t": Foreign(table)}) as session:
        (measured,) = measure(session, "t", found, rows=len(values), sample=100)
    (card,) = (told for by, told in measured.found if by.id == "card")
    assert (card.values, card.matching) == (6, 1)


def test_a_sample_of_nested_rows_is_one_of_rows(home: Home) -> None:
    table = column(pa.list_(pa.struct({"mail": TEXT})), *[[{"mail": MAIL}] * 2] * 500)
    assert mails_in(home, table, sample=50) == {"it's.mail": (100, 100)}


def test_what_is_not_looked_into_says_why() -> None:
    schema = pa.schema(
        [
            pa.field("bytes", pa.struct({"of": pa.binary()})),
            pa.field("fixed", pa.binary(8)),
            pa.field("took", pa.duration("s")),
            pa.field("share", pa.decimal128(10, 2)),
            pa.field("done", pa.bool_()),
            pa.field("_load_id", pa.string()),
        ]
    )
    taken, others = leaves(schema)
    assert taken == []
    assert [(each.column, each.reason) for each in others] == [
        ("bytes.of", "binary: its bytes are not looked into"),
        ("fixed", "fixed_size_binary[8]: nothing is known of such values"),
        ("took", "duration[s]: nothing is known of such values"),
    ]
