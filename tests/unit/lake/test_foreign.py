"""Tables that other tools made or wrote to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    ManifestWriterV2,
)
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from airflow_gov.lake.commits import Draft, assert_ref
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.loads import WriteMode
from support.lakes import Bench, load_id, rows_of

_PATH_ID, _POSITION_ID = 2147483546, 2147483545


def table_of(bench: Bench) -> Table:
    return bench.lake._catalog.load(bench.dataset)


class _Deletes(ManifestWriterV2):
    """PyIceberg reads delete files and does not write them; Spark does."""

    def content(self) -> ManifestContent:
        return ManifestContent.DELETES


def delete_rows(bench: Bench, content: DataFileContent, positions: list[int]) -> None:
    """Commit a delete file over the table's only data file, as another engine would."""
    table = table_of(bench)
    (task,) = table.scan().plan_files()
    path = f"{table.location()}/data/deletes.parquet"
    schema = pa.schema(
        [
            pa.field("file_path", pa.string(), metadata={b"PARQUET:field_id": str(_PATH_ID).encode()}),
            pa.field("pos", pa.int64(), metadata={b"PARQUET:field_id": str(_POSITION_ID).encode()}),
        ]
    )
    rows = {"file_path": [task.file.file_path] * len(positions), "pos": positions}
    pq.write_table(pa.table(rows, schema=schema), path)
    deletes = DataFile.from_args(
        content=content,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=len(positions),
        file_size_in_bytes=Path(path).stat().st_size,
        equality_ids=[1] if content is DataFileContent.EQUALITY_DELETES else None,
    )
    draft = Draft(table)
    producer = draft.addition("main", {})
    inherited = producer._existing_manifests

    def with_deletes() -> list[ManifestFile]:
        output = producer.new_manifest_output()
        with _Deletes(table.spec(), table.schema(), output, producer.snapshot_id, "gzip") as writer:
            writer.add(
                ManifestEntry.from_args(
                    status=ManifestEntryStatus.ADDED, snapshot_id=producer.snapshot_id, data_file=deletes
                )
            )
        return [*inherited(), writer.to_manifest_file()]

    producer._existing_manifests = with_deletes  # type: ignore[method-assign]
    producer.commit()
    draft.send([assert_ref("main", table.metadata.refs["main"].snapshot_id)])


def test_rows_deleted_by_another_writer_are_not_read_rewritten_or_counted(bench: Bench) -> None:
    bench.load("one", rows_of(1, 2, 3, 4))
    delete_rows(bench, DataFileContent.POSITION_DELETES, [0, 2])
    scan = bench.lake.scan(bench.dataset, bench.head())
    assert scan.rows == 2
    assert scan.local_paths is None
    dataset = scan.to_dataset()
    assert [dataset.to_table().num_rows, dataset.to_table().num_rows] == [2, 2]
    assert bench.rows() == rows_of(2, 4)
    published = bench.load("two", rows_of(4, 5, value="new"), WriteMode.UPSERT)
    assert (published.counts.updated, published.counts.inserted) == (1, 1)
    assert bench.rows() == [*rows_of(2), *rows_of(4, 5, value="new")]
    assert bench.lake.scan(bench.dataset, bench.head()).local_paths is not None


def test_compaction_takes_delete_files_out_of_the_way(bench: Bench) -> None:
    bench.load("one", rows_of(1, 2, 3))
    delete_rows(bench, DataFileContent.POSITION_DELETES, [1])
    for number in (4, 5, 6):
        bench.load(f"load-{number}", rows_of(number))
    assert bench.lake.maintain(bench.dataset).files_compacted == 4
    assert bench.rows() == rows_of(1, 3, 4, 5, 6)
    assert bench.lake.scan(bench.dataset, bench.head()).local_paths is not None


def test_equality_deletes_are_refused_in_words(bench: Bench) -> None:
    bench.load("one", rows_of(1))
    delete_rows(bench, DataFileContent.EQUALITY_DELETES, [0])
    with pytest.raises(GovernanceError, match="equality deletes") as refused:
        bench.lake.scan(bench.dataset, bench.head())
    assert refused.value.reason is Reason.FORMAT_UNSUPPORTED


def test_a_column_that_another_tool_renamed_is_read_by_its_id(bench: Bench) -> None:
    bench.load("one", rows_of(1, 2))
    with table_of(bench).update_schema() as update:
        update.rename_column("value", "renamed")
    table_of(bench).append(
        pa.table({"number": [3], "part": ["a"], "renamed": ["y"], "_load_id": ["foreign"]})
    )
    scan = bench.lake.scan(bench.dataset, bench.head())
    assert scan.local_paths is None
    found = sorted(scan.to_reader().read_all().to_pylist(), key=lambda row: row["number"])
    assert [row["renamed"] for row in found] == ["x", "x", "y"]
    of_load = bench.lake.scan(bench.dataset, bench.head(), load_id=load_id("one"))
    assert of_load.rows == of_load.to_reader().read_all().num_rows == 2


def test_a_table_made_elsewhere_is_taken_on_with_its_rows(bench: Bench, properties: dict[str, str]) -> None:
    Path(properties["warehouse"]).parent.joinpath("home").mkdir(exist_ok=True)
    catalog = load_catalog("airflow_gov", **properties)
    catalog.create_namespace("clean")
    old = pa.table({"number": [1], "part": ["a"], "value": ["x"]})
    catalog.create_table("clean.numbers", old.schema).append(old)
    bench.load("one", rows_of(2))
    assert bench.rows() == rows_of(1, 2)
    bench.load("two", rows_of(1, value="new"), WriteMode.UPSERT)
    assert bench.rows() == [*rows_of(1, value="new"), *rows_of(2)]


def test_our_files_are_read_by_plain_pyiceberg(bench: Bench, properties: dict[str, str]) -> None:
    bench.load("one", rows_of(1, 2))
    table = load_catalog("airflow_gov", **properties).load_table("clean.numbers")
    assert sorted(table.scan().to_arrow().column("number").to_pylist()) == [1, 2]
    table.append(pa.table({"number": [3], "part": ["a"], "value": ["x"], "_load_id": ["foreign"]}))
    bench.load("one", rows_of(9))
    assert bench.rows() == rows_of(3, 9)
