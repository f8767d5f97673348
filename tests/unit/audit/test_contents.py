"""What is in a version: the same whatever the order of rows and columns, and never by chance."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from airflow_gov.audit.contents import content_of, same_columns
from airflow_gov.model.errors import GovernanceError
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from support import stores


@pytest.fixture(scope="module")
def governance(tmp_path_factory):
    home = tmp_path_factory.mktemp("contents")
    stores.ready(home / "airflow_gov" / "governance.db")
    made = Governance(Settings.load({"AIRFLOW_HOME": str(home)}))
    yield made
    made.close()


@pytest.fixture
def put(governance, request):
    """Puts a table into the lake; gives its name and snapshot."""
    catalog = governance.lake._catalog.iceberg
    made = []

    def make(table: pa.Table):
        if not made:
            catalog.create_namespace_if_not_exists("clean")
        name = f"t{abs(hash(request.node.name))}_{len(made)}"
        created = catalog.create_table(("clean", name), table.schema)
        created.append(table)
        made.append(name)
        return DatasetName.parse(f"clean.{name}"), created.current_snapshot().snapshot_id

    yield make
    for name in made:
        catalog.drop_table(("clean", name))


WORDS = pa.table({"n": [1, 2, 3], "word": ["a", None, 'it\'s "ü"']})
MANY = pa.table(
    {
        "at": pa.array([datetime(2026, 1, 1, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "much": pa.array([Decimal("1.10"), Decimal("-3.00")], pa.decimal128(10, 2)),
        "many": pa.array([["a", "b"], []], pa.list_(pa.string())),
        "real": [float("nan"), -0.5],
    }
)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (WORDS, WORDS, True),
        (WORDS, WORDS.take([2, 0, 1]), True),
        (WORDS, WORDS.select(["word", "n"]), True),
        (WORDS, WORDS.rename_columns(["select", "Größe"]), True),
        (WORDS, WORDS.append_column("_load_id", pa.array(["x", "y", "z"])), True),
        (WORDS, WORDS.slice(0, 2), False),
        (WORDS, WORDS.set_column(0, "n", pa.array([1, 3, 2])), False),
        (WORDS, WORDS.set_column(1, "word", pa.array(["a", "", 'it\'s "ü"'])), False),
        (WORDS, WORDS.set_column(0, "n", pa.array([1.0, 2.0, 3.0])), False),
        (WORDS, WORDS.append_column("more", pa.array([1, 2, 3])), False),
        (pa.table({"a": [1, 1, 2]}), pa.table({"a": [1, 2, 2]}), False),
        (pa.table({"a": [1, 2], "b": [1, 2]}), pa.table({"a": [2, 1], "b": [2, 1]}), True),
        (pa.table({"a": [1, 2], "b": [1, 2]}), pa.table({"a": [1, 2], "b": [2, 1]}), False),
        (MANY, MANY.take([1, 0]), True),
        (MANY, MANY.set_column(2, "many", pa.array([["b", "a"], []], pa.list_(pa.string()))), False),
    ],
)
def test_versions_are_alike_when_they_hold_the_same_rows(governance, put, one, other, alike):
    first, second = (content_of(governance, *put(table)) for table in (one, other))
    assert first.is_like(second) is alike
    assert second.is_like(first) is alike


def test_columns_are_the_same_in_every_row_or_they_are_not(governance, put):
    table = pa.table(
        {
            "a": ["x", None],
            "b": ["x", None],
            "c": ["x", "y"],
            "order": ["x", None],
            "n": pa.array([1, 2], pa.int64()),
        }
    )
    made = put(table)
    assert same_columns(governance, *made, ["a", "b", "c", "order", "n", "gone"]) == [
        ("a", "b"),
        ("a", "order"),
    ]
    assert same_columns(governance, *made, ["a"]) == []


def test_nothing_is_the_same_in_a_version_without_rows(governance, put):
    table = pa.table({"a": ["x"], "b": ["y"]})
    name, _ = put(table)
    catalog = governance.lake._catalog.iceberg
    catalog.load_table(("clean", name.name)).delete()
    snapshot = catalog.load_table(("clean", name.name)).current_snapshot().snapshot_id
    assert same_columns(governance, name, snapshot, ["a", "b"]) == []


def test_a_dataset_or_version_that_is_not_there_is_told(governance, put):
    name, _ = put(WORDS)
    assert content_of(governance, name, None) is None
    with pytest.raises(GovernanceError, match="4711"):
        content_of(governance, name, 4711)
    with pytest.raises(GovernanceError, match=r"clean\.nowhere"):
        content_of(governance, DatasetName.parse("clean.nowhere"), 1)
