"""Faults to plant in a healthy lake, one at a time, and the checks that are to find each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from airflow_gov.catalog.classification import scan
from airflow_gov.contracts import parse_contract
from airflow_gov.flow.anchoring import anchor
from airflow_gov.flow.heads import version_at
from airflow_gov.flow.ingesting import Ingestion, ingest
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.flow.rollback import rollback
from airflow_gov.flow.sources import SourceSpec
from airflow_gov.flow.transforming import Transformation, transform
from airflow_gov.model.execution import Actor, Git, Role
from airflow_gov.model.loads import VersionKind, WriteMode
from airflow_gov.model.verdicts import Review, Ruling, Waiver
from airflow_gov.model.zones import DatasetName
from support import records
from support.healthy_lake import BY_COUNTRY, COLUMNS, STEWARD, HealthyLake, contract_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from airflow_gov.model.contract import Contract

CLEAN, GOLD, RAW = "clean.bookings", "gold.bookings_by_country", "raw.bookings"
EVERY = ("raw.bookings", "preprocessed.bookings", "sensitive.guests", CLEAN, GOLD)


@dataclass(frozen=True)
class Fault:
    """Something wrong.

    :param name: what is wrong, for people.
    :param plant: makes it so.
    :param found: the checks that find it; no other may.
    :param settings: of checks.
    """

    name: str
    plant: Callable[[HealthyLake], object]
    found: frozenset[str]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


FAULTS: list[Fault] = []


def fault(
    name: str, *found: str, settings: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[Callable[[HealthyLake], object]], Callable[[HealthyLake], object]]:
    """Adds a fault to the table."""

    def add(plant: Callable[[HealthyLake], object]) -> Callable[[HealthyLake], object]:
        FAULTS.append(Fault(name, plant, frozenset(found), settings or {}))
        return plant

    return add


# --- contracts ------------------------------------------------------------------------------------------


def members(*roles: dict[str, str]) -> dict[str, Any]:
    return {"name": "Bookings", "members": list(roles)}


@fault("a contract without an owner", "dataset-without-owner")
def no_owner(lake: HealthyLake) -> None:
    lake.promise(CLEAN, team=members({"username": STEWARD, "role": "steward"}))


@fault("a contract whose owner has no name", "dataset-without-owner")
def nameless_owner(lake: HealthyLake) -> None:
    named = ({"username": " ", "role": "owner"}, {"username": STEWARD, "role": "steward"})
    lake.promise(CLEAN, team=members(*named))


@fault("a contract without a steward", "dataset-without-steward")
def no_steward(lake: HealthyLake) -> None:
    lake.promise(CLEAN, team=members({"username": "ada@example.com", "role": "owner"}))


@fault("a contract whose steward has left", "dataset-without-steward")
def steward_left(lake: HealthyLake) -> None:
    left = {"username": STEWARD, "role": "steward", "dateOut": "2020-01-01"}
    lake.promise(CLEAN, team=members({"username": "ada@example.com", "role": "owner"}, left))


@fault("a dataset without a description", "description-missing")
def undescribed(lake: HealthyLake) -> None:
    lake.promise(GOLD, schema={"description": ""}, description=None)


@fault("columns without a description", "description-missing")
def undescribed_columns(lake: HealthyLake) -> None:
    bare = [
        {"name": "country", "logicalType": "string", "required": True},
        {"name": "bookings", "logicalType": "integer"},
    ]
    lake.promise(GOLD, schema={"properties": bare})


@fault("a contract's text that was overwritten in the database", "contract-unreadable")
def unreadable_contract(lake: HealthyLake) -> None:
    lake.sql(
        "UPDATE gov_contract_file SET text = '{' WHERE contract_hash IN "
        "(SELECT contract_hash FROM gov_contract WHERE dataset = :dataset)",
        dataset=CLEAN,
    )


@fault("a contract that was removed from the database", "dataset-without-contract")
def removed_contract(lake: HealthyLake) -> None:
    lake.sql("DELETE FROM gov_contract WHERE dataset = :dataset", dataset=GOLD)


# --- promises of time -----------------------------------------------------------------------------------


@fault("nothing new for longer than promised", "dataset-stale")
def stale(lake: HealthyLake) -> None:
    lake.clock.move(days=8)


@fault("one dataset that is older than promised", "dataset-stale")
def one_stale(lake: HealthyLake) -> None:
    lake.promise(GOLD, slaProperties=[{"property": "latency", "value": 1, "unit": "s"}])


def kept_for(value: object, unit: str = "d", element: str | None = None) -> list[dict[str, Any]]:
    named = {"element": element} if element else {}
    return [{"property": "retention", "value": value, "unit": unit, **named}]


@fault("bookings of before the day until which they may be kept", "retention-overdue")
def rows_too_old(lake: HealthyLake) -> None:
    lake.promise(CLEAN, slaProperties=kept_for(1, element=f"{CLEAN}.booked_on"))


@fault("rows that were published before the day until which they may be kept", "retention-overdue")
def loads_too_old(lake: HealthyLake) -> None:
    lake.promise(GOLD, slaProperties=kept_for(30))
    lake.clock.move(days=40)
    for dataset in EVERY[:-1]:
        lake.promise(dataset, slaProperties=kept_for(3, "y"))


@fault("deliveries of before the day until which they may be kept", "retention-overdue")
def deliveries_too_old(lake: HealthyLake) -> None:
    for dataset in EVERY[1:]:
        lake.promise(dataset, slaProperties=[])
    lake.promise(RAW, slaProperties=kept_for(30))
    lake.clock.move(days=40)


@fault("an old version that is kept although its time has passed", "retention-overdue")
def version_too_old(lake: HealthyLake) -> None:
    for dataset in EVERY:
        lake.promise(dataset, slaProperties=[])
    lake.clock.move(days=40)
    lake.count()
    lake.promise(GOLD, slaProperties=kept_for(30))


@fault("a retention that is no duration", "retention-overdue")
def no_duration(lake: HealthyLake) -> None:
    lake.promise(GOLD, slaProperties=kept_for("for ever", ""))


@fault("a retention that counts from a column that is no time", "retention-overdue")
def no_time(lake: HealthyLake) -> None:
    lake.promise(CLEAN, slaProperties=kept_for(1, element=f"{CLEAN}.country"))


# --- raw objects ----------------------------------------------------------------------------------------


def delivered(lake: HealthyLake) -> Path:
    """The one object that was delivered."""
    (found,) = (lake.warehouse / "raw" / "bookings").glob("*/bookings.csv")
    return found


def overwrite(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


def aged(file: Path, lake: HealthyLake, days: float = 3) -> None:
    """Make a file look as old as that."""
    moment = lake.clock.now.timestamp() - days * 86_400
    os.utime(file, (moment, moment))


@fault("a raw object that is gone", "raw-object-missing")
def missing_object(lake: HealthyLake) -> None:
    delivered(lake).unlink()


@fault("a raw object in which one letter was changed", "raw-object-changed")
def changed_object(lake: HealthyLake) -> None:
    content = delivered(lake).read_bytes()
    overwrite(delivered(lake), content.replace(b"guest1", b"guest9"))


@fault("a raw object to which something was added", "raw-object-changed")
def longer_object(lake: HealthyLake) -> None:
    overwrite(delivered(lake), delivered(lake).read_bytes() + b"9,x@example.com,mx,2026-01-09\n")


@fault("a raw object that was emptied", "raw-object-changed")
def empty_object(lake: HealthyLake) -> None:
    overwrite(delivered(lake), b"")


@fault("a file that was put beside a delivered one", "raw-object-unknown")
def file_beside(lake: HealthyLake) -> None:
    put = delivered(lake).with_name("more.csv")
    put.write_text("x")
    aged(put, lake)


@fault("a file in a folder of raw that is no load's", "raw-object-unknown")
def file_of_nobody(lake: HealthyLake) -> None:
    put = delivered(lake).parents[1] / "by-hand" / "people.csv"
    put.parent.mkdir()
    put.write_text("x")
    aged(put, lake)


@fault("a folder of raw that is no dataset's", "shadow-table")
def folder_of_nobody(lake: HealthyLake) -> None:
    (lake.warehouse / "raw" / "dump").mkdir()


@fault("a folder of another zone that is no table's", "shadow-table")
def folder_beside_tables(lake: HealthyLake) -> None:
    (lake.warehouse / "clean" / "guests_of_2025").mkdir()
    (lake.warehouse / "clean" / "guests_of_2025" / "guests.parquet").write_text("x")


@fault("a file beside the folders of a zone", "shadow-table")
def file_beside_folders(lake: HealthyLake) -> None:
    (lake.warehouse / "raw" / "guests \udcff<b>.csv").write_text("x")


@fault("files in a folder of the warehouse that is no zone's", "shadow-data")
def folder_beside_zones(lake: HealthyLake) -> None:
    (lake.warehouse / "dump" / "data").mkdir(parents=True)
    (lake.warehouse / "dump" / "data" / "guests.parquet").write_text("x")


@fault("a file in no folder of the warehouse", "shadow-data")
def file_beside_zones(lake: HealthyLake) -> None:
    (lake.warehouse / "guests \udcff<b>.csv").write_text("x")


# --- tables ---------------------------------------------------------------------------------------------


def arrow(**columns: list[Any]) -> Any:
    import pyarrow as pa

    return pa.table(columns)


def metadata_file(lake: HealthyLake, dataset: str) -> Path:
    from pathlib import Path

    return Path(lake.table(dataset).metadata_location.removeprefix("file://"))


@fault("a table that somebody made in a zone", "shadow-table", "dataset-without-contract")
def stray_table(lake: HealthyLake) -> None:
    lake.catalog.create_table(("clean", "people"), arrow(name=["ada"]).schema)


@fault("a quarantine of no dataset", "shadow-table")
def stray_quarantine(lake: HealthyLake) -> None:
    lake.catalog.create_table(("clean", "people__quarantine"), arrow(name=["ada"]).schema)


@fault("a table beside the zones", "shadow-table")
def table_beside(lake: HealthyLake) -> None:
    lake.catalog.create_namespace("tmp")
    lake.catalog.create_table(("tmp", "people"), arrow(name=["ada"]).schema)


@fault("a table whose metadata file is gone", "table-unreadable")
def metadata_gone(lake: HealthyLake) -> None:
    metadata_file(lake, GOLD).unlink()


@fault("a table whose metadata file was cut off", "table-unreadable")
def metadata_cut(lake: HealthyLake) -> None:
    file = metadata_file(lake, GOLD)
    overwrite(file, file.read_bytes()[:100])


def two_countries() -> Any:
    import pyarrow as pa

    return pa.table({"country": ["fr", "it"], "bookings": pa.array([1, 2], pa.int64())})


@fault("rows that were appended around the operators", "shadow-snapshot", "main-moved")
def appended(lake: HealthyLake) -> None:
    lake.table(GOLD).append(two_countries())


@fault("rows that were overwritten around the operators", "shadow-snapshot", "main-moved")
def overwritten(lake: HealthyLake) -> None:
    lake.table(GOLD).overwrite(two_countries())


@fault("rows that were deleted around the operators", "shadow-snapshot", "main-moved")
def deleted(lake: HealthyLake) -> None:
    lake.table(GOLD).delete("country = 'mx'")


@fault("rows on a branch that no operator made", "shadow-snapshot")
def strange_branch(lake: HealthyLake) -> None:
    table = lake.table(GOLD)
    table.manage_snapshots().create_branch(table.current_snapshot().snapshot_id, "mine").commit()
    lake.table(GOLD).append(two_countries(), branch="mine")


@fault("main that was set back", "main-moved")
def set_back(lake: HealthyLake) -> None:
    table = lake.table(GOLD)
    first = table.metadata.snapshots[0].snapshot_id
    table.manage_snapshots().set_current_snapshot(first).commit()


@fault("a candidate that was made main without a gate", "main-moved")
def without_a_gate(lake: HealthyLake) -> None:
    candidate = waiting(lake)
    lake.table(GOLD).manage_snapshots().set_current_snapshot(candidate.snapshot_id).commit()


@fault("a table that was dropped", "main-moved")
def dropped(lake: HealthyLake) -> None:
    lake.catalog.drop_table(("gold", "bookings_by_country"))


@fault("a table that was dropped and made anew", "main-moved", "schema-drift")
def made_anew(lake: HealthyLake) -> None:
    lake.catalog.drop_table(("gold", "bookings_by_country"))
    lake.catalog.create_table(("gold", "bookings_by_country"), two_countries().schema)


@fault("a column that was added around the contract", "schema-drift")
def column_added(lake: HealthyLake) -> None:
    from pyiceberg.types import StringType

    with lake.table(GOLD).update_schema() as update:
        update.add_column("phone", StringType())


@fault("a column that was dropped around the contract", "schema-drift", "record-contradicts")
def column_dropped(lake: HealthyLake) -> None:
    with lake.table(CLEAN).update_schema() as update:
        update.delete_column("country")


@fault("a column that was renamed around the contract", "schema-drift", "record-contradicts")
def column_renamed(lake: HealthyLake) -> None:
    with lake.table(CLEAN).update_schema() as update:
        update.rename_column("country", "land")


@fault("a contract that has moved on without its table", "schema-drift")
def contract_moved(lake: HealthyLake) -> None:
    properties = [
        {"name": "country", "logicalType": "string", "description": "Of residence."},
        {"name": "bookings", "logicalType": "string", "description": "How many."},
    ]
    lake.promise(GOLD, schema={"properties": properties})


# --- versions, verdicts and records ---------------------------------------------------------------------


@fault("a version whose verdict was removed", "version-without-verdict")
def verdict_removed(lake: HealthyLake) -> None:
    lake.sql("DELETE FROM gov_verdict WHERE dataset = :dataset", dataset=GOLD)


@fault("a version that names no verdict", "version-without-verdict")
def verdict_unnamed(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_version SET verdict_id = NULL WHERE dataset = :dataset", dataset=GOLD)


@fault("a version whose verdict failed and that no gate let through", "version-without-verdict")
def verdict_failed(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_verdict SET passed = 0 WHERE dataset = :dataset", dataset=GOLD)
    lake.sql(
        "UPDATE gov_verdict_rule SET passed = 0 WHERE verdict_id IN "
        "(SELECT verdict_id FROM gov_verdict WHERE dataset = :dataset)",
        dataset=GOLD,
    )
    lake.sql("DELETE FROM gov_decision WHERE dataset = :dataset", dataset=GOLD)


def pretend(lake: HealthyLake, kind: VersionKind) -> None:
    """Make a candidate main, and hide it behind a version that needs no gate."""
    candidate = waiting(lake)
    lake.table(GOLD).manage_snapshots().set_current_snapshot(candidate.snapshot_id).commit()
    versions, dataset = lake.governance.store.versions, DatasetName.parse(GOLD)
    known = versions.current(dataset)
    facts = lake.governance.lake.snapshot(dataset, candidate.snapshot_id)
    versions.record(
        replace(
            known,
            version=known.version + 1,
            tag="v9",
            kind=kind,
            snapshot_id=candidate.snapshot_id,
            rows=facts.rows,
            size=facts.size,
            files=facts.files,
        )
    )


@fault("a candidate made main, and a rollback to it written into the database", "version-without-verdict")
def pretended_rollback(lake: HealthyLake) -> None:
    pretend(lake, VersionKind.ROLLBACK)


@fault("a candidate made main, and maintenance of it written into the database", "version-without-verdict")
def pretended_maintenance(lake: HealthyLake) -> None:
    pretend(lake, VersionKind.MAINTENANCE)


@fault(
    "a candidate made main, and a version of it that carries the verdict on the one before it",
    "version-without-verdict",
)
def borrowed_verdict(lake: HealthyLake) -> None:
    pretend(lake, VersionKind.PUBLISH)


@fault("a version that carries the verdict on another dataset", "version-without-verdict")
def verdict_of_another(lake: HealthyLake) -> None:
    other = lake.governance.store.versions.current(DatasetName.parse(CLEAN))
    lake.sql(
        "UPDATE gov_version SET verdict_id = :verdict WHERE dataset = :dataset",
        verdict=other.verdict_id,
        dataset=GOLD,
    )


@fault("a verdict that was edited to be on another snapshot", "version-without-verdict")
def verdict_on_another(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_verdict SET snapshot_id = 4711 WHERE dataset = :dataset", dataset=GOLD)


@fault("a version that names another contract than its verdict", "version-without-verdict")
def another_contract(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_version SET contract_hash = '0' WHERE dataset = :dataset", dataset=GOLD)


def signed(lake: HealthyLake, rows: Any, kind: VersionKind | None, **properties: str) -> None:
    """Write rows by hand, in a snapshot that says it is ours, under the verdict on those it replaces.

    :param kind: of the version that is written into the database; None: none is.
    """
    table, dataset = lake.table(GOLD), DatasetName.parse(GOLD)
    known = lake.governance.store.versions.current(dataset)
    own = lake.governance.lake.snapshot(dataset, known.snapshot_id).properties
    ours = {name: value for name, value in own.items() if name.startswith("airflow-gov.")}
    with table.transaction() as transaction:
        fast = transaction.update_snapshot(snapshot_properties={**ours, **properties}).overwrite()
        with fast as update:
            for task in table.scan().plan_files():
                update.delete_data_file(task.file)
            for file in written(table, transaction, rows):
                update.append_data_file(file)
    facts = lake.governance.lake.snapshot(dataset, lake.table(GOLD).current_snapshot().snapshot_id)
    tag = f"v{known.version + 1}"
    lake.table(GOLD).manage_snapshots().create_tag(facts.snapshot_id, tag).commit()
    if kind is None:
        return
    lake.governance.store.versions.record(
        replace(
            known,
            version=known.version + 1,
            tag=tag,
            kind=kind,
            snapshot_id=facts.snapshot_id,
            parent_snapshot_id=known.snapshot_id,
            rows=facts.rows,
            size=facts.size,
            files=facts.files,
        )
    )


def written(table: Any, transaction: Any, rows: Any) -> Any:
    from pyiceberg.io.pyarrow import _dataframe_to_data_files

    return _dataframe_to_data_files(transaction.table_metadata, rows, table.io)


def as_counted(lake: HealthyLake, **changes: Any) -> Any:
    """The rows of gold, with other values."""
    import pyarrow as pa

    rows = lake.table(GOLD).scan().to_arrow()
    for column, value in changes.items():
        place = rows.schema.get_field_index(column)
        values = pa.array([value] * len(rows), rows.schema.field(column).type)
        rows = rows.set_column(place, rows.schema.field(column), values)
    return rows


@fault(
    "rows written by hand into a snapshot that says it is ours, under an old verdict",
    "version-without-verdict",
)
def signed_by_hand(lake: HealthyLake) -> None:
    signed(lake, as_counted(lake, bookings=1_000), VersionKind.PUBLISH)


@fault("rows left out by hand in a snapshot that says it is of maintenance", "version-without-verdict")
def maintained_by_hand(lake: HealthyLake) -> None:
    signed(lake, as_counted(lake).slice(1), VersionKind.MAINTENANCE, **{"airflow-gov.kind": "maintenance"})


@fault("as many other rows in a snapshot that says it is of maintenance", "version-without-verdict")
def replaced_by_hand(lake: HealthyLake) -> None:
    signed(
        lake,
        as_counted(lake, bookings=1_000),
        VersionKind.MAINTENANCE,
        **{"airflow-gov.kind": "maintenance"},
    )


@fault("as many other rows in a snapshot of maintenance that was killed, as it says", "main-moved")
def killed_by_hand(lake: HealthyLake) -> None:
    rows = as_counted(lake, bookings=1_000)
    signed(lake, rows, None, **{"airflow-gov.kind": "maintenance"})
    assert (
        version_at(
            lake.governance, DatasetName.parse(GOLD), lake.governance.lake.head(DatasetName.parse(GOLD))
        )
        is None
    )


@fault("a rollback that names another verdict than the version it goes back to", "version-without-verdict")
def exchanged_after(lake: HealthyLake) -> None:
    dataset = DatasetName.parse(GOLD)
    first = lake.governance.store.versions.current(dataset)
    lake.count()
    second = lake.governance.store.versions.current(dataset)
    back = rollback(lake.governance, dataset, first.version, reason="a test", actor=STEWARD)
    lake.sql(
        "UPDATE gov_version SET verdict_id = :verdict WHERE dataset = :dataset AND version = :version",
        verdict=second.verdict_id,
        dataset=GOLD,
        version=back.version,
    )


@fault("a rollback to a version whose verdict was exchanged since", "version-without-verdict")
def exchanged_before(lake: HealthyLake) -> None:
    dataset = DatasetName.parse(GOLD)
    first = lake.governance.store.versions.current(dataset)
    lake.count()
    rollback(lake.governance, dataset, first.version, reason="a test", actor=STEWARD)
    newer = lake.governance.store.versions.get(dataset, first.version + 1)
    lake.sql(
        "UPDATE gov_version SET verdict_id = :verdict WHERE dataset = :dataset AND version = :version",
        verdict=newer.verdict_id,
        dataset=GOLD,
        version=first.version,
    )


@fault("a version that was written into the database", "main-moved", "version-without-verdict")
def invented_version(lake: HealthyLake) -> None:
    known = lake.governance.store.versions.current(DatasetName.parse(GOLD))
    lake.governance.store.versions.record(
        replace(known, version=known.version + 1, tag="v9", snapshot_id=4711, verdict_id=None)
    )


@fault("a version that was removed from the database", "main-moved")
def forgotten_version(lake: HealthyLake) -> None:
    lake.sql("DELETE FROM gov_version WHERE dataset = :dataset", dataset=GOLD)


@fault("a row count that was edited", "record-contradicts")
def rows_edited(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_version SET rows = rows + 1 WHERE dataset = :dataset", dataset=GOLD)


@fault("a size that was edited", "record-contradicts")
def size_edited(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_version SET size = 1 WHERE dataset = :dataset", dataset=CLEAN)


@fault("a number of files that was edited", "record-contradicts")
def files_edited(lake: HealthyLake) -> None:
    lake.sql("UPDATE gov_version SET files = 7 WHERE dataset = :dataset", dataset=RAW)


@fault("the record of an execution that was removed", "record-incomplete")
def record_removed(lake: HealthyLake) -> None:
    lake.sql(
        "DELETE FROM gov_execution WHERE execution_id IN "
        "(SELECT execution_id FROM gov_load WHERE dataset = :dataset)",
        dataset=GOLD,
    )


@fault("a record without the columns that were written", "record-incomplete")
def record_without_columns(lake: HealthyLake) -> None:
    lake.sql(
        "UPDATE gov_execution_data SET columns_hash = NULL WHERE dataset = :dataset AND role = 'target'",
        dataset=GOLD,
    )


@fault("a record that says the execution failed", "record-incomplete")
def record_failed(lake: HealthyLake) -> None:
    lake.sql(
        "UPDATE gov_execution SET status = 'failed' WHERE execution_id IN "
        "(SELECT execution_id FROM gov_load WHERE dataset = :dataset)",
        dataset=CLEAN,
    )


@fault("a record without a row count", "record-incomplete")
def record_without_rows(lake: HealthyLake) -> None:
    lake.sql(
        "UPDATE gov_execution SET rows_written = NULL WHERE execution_id IN "
        "(SELECT execution_id FROM gov_load WHERE dataset = :dataset)",
        dataset=GOLD,
    )


def counted_by(lake: HealthyLake, git: Git) -> None:
    """Load gold by code of some kind."""
    plain = records.execution

    def opening(*arguments: Any, **changes: Any) -> Any:
        return plain(*arguments, **{**changes, "git": git})

    records.execution = opening
    try:
        lake.count()
    finally:
        records.execution = plain


@fault("gold made by code with changes that are in no commit", "code-unknown")
def dirty_code(lake: HealthyLake) -> None:
    counted_by(lake, Git("https://example.org/dags.git", "0" * 40, "main", None, True, "a.py", "checkout"))


@fault("gold made by code of no known commit", "code-unknown")
def unknown_code(lake: HealthyLake) -> None:
    counted_by(lake, Git(missing="there is no checkout"))


@fault("an execution that never said how it ended", "execution-stuck")
def stuck(lake: HealthyLake) -> None:
    for dataset in EVERY:
        lake.promise(dataset, slaProperties=[])
    lake.governance.store.executions.start(records.execution("stuck", start=lake.clock.now))
    lake.clock.move(days=2)


# --- leftovers ------------------------------------------------------------------------------------------


def waiting(lake: HealthyLake) -> Any:
    """A candidate of gold that waits for its gate."""
    job = Transformation(
        lake.contract(GOLD),
        (SourceSpec(DatasetName.parse(CLEAN)),),
        lake._key("waiting"),
        WriteMode.OVERWRITE,
        sql=BY_COUNTRY,
    )
    (candidate,) = lake.write("count", lambda recording: transform(lake.governance, recording, job))
    return candidate


@fault("a candidate that nobody publishes", "candidate-abandoned")
def abandoned(lake: HealthyLake) -> None:
    waiting(lake)
    for dataset in EVERY:
        lake.promise(dataset, slaProperties=[])
    lake.clock.move(days=9)


@fault("a data file that no snapshot has", "orphan-files")
def orphan(lake: HealthyLake) -> None:
    file = next((lake.warehouse / "gold").rglob("*.parquet"))
    copy = file.with_name("copy.parquet")
    copy.write_bytes(file.read_bytes())
    aged(copy, lake)


@fault("a manifest that no snapshot has", "orphan-files")
def orphan_manifest(lake: HealthyLake) -> None:
    file = next((lake.warehouse / "gold").rglob("*.avro"))
    copy = file.with_name("copy.avro")
    copy.write_bytes(file.read_bytes())
    aged(copy, lake)


@fault("a version in many small files", "small-files", settings={"small-files": {"files": 2, "megabytes": 1}})
def small_files(lake: HealthyLake, country: str = "fr") -> None:
    job = Transformation(
        lake.contract(GOLD),
        (SourceSpec(DatasetName.parse(CLEAN)),),
        lake._key("more"),
        WriteMode.APPEND,
        sql=f"SELECT '{country}' AS country, 1 AS bookings",
    )
    lake.hop("count", lambda recording: transform(lake.governance, recording, job))


# --- reviews and waivers --------------------------------------------------------------------------------


@fault("a review that nobody answered", "review-overdue")
def review_overdue(lake: HealthyLake) -> None:
    version = lake.governance.store.versions.current(DatasetName.parse(GOLD))
    lake.governance.store.reviews.open(
        Review(
            review_id="r1",
            dataset=version.dataset,
            version=version.version,
            snapshot_id=version.snapshot_id,
            verdict_id=version.verdict_id,
            opened_at=lake.clock.now,
            deadline=lake.clock.now,
        )
    )
    lake.clock.move(hours=1)


@fault("a waiver that has expired", "waiver-expired")
def waiver_expired(lake: HealthyLake) -> None:
    store, name = lake.governance.store, DatasetName.parse(GOLD)
    version = store.versions.current(name)
    decision = store.decisions.for_snapshot(name, version.snapshot_id, publishing=True)
    waiver = Waiver(
        waiver_id="w1",
        dataset=name,
        load_ids=version.load_ids,
        contract_hash=version.contract_hash,
        verdict_id=version.verdict_id,
        rules=("not too many",),
        reason="the source is being mended",
        steward=STEWARD,
        granted_by="cli: grace",
        granted_at=lake.clock.now,
        expires_at=lake.clock.now,
    )
    store.waivers.record(waiver)
    lake.sql(
        "UPDATE gov_decision SET ruling = :ruling, waiver_id = 'w1' WHERE snapshot_id = :snapshot",
        ruling=Ruling.WAIVED.value,
        snapshot=decision.snapshot_id,
    )
    lake.clock.move(hours=1)


@fault("a waiver that has expired, of rows that maintenance wrote anew since", "waiver-expired")
def waiver_expired_and_compacted(lake: HealthyLake) -> None:
    for country in ("fr", "it", "es", "pt", "gr"):
        small_files(lake, country)
    waiver_expired(lake)
    lake.clock.move(days=2)
    upkeep = Upkeep(keep_versions=10, grace_hours=1)
    report = maintain(lake.governance, DatasetName.parse(GOLD), upkeep)
    assert report.compacted_to is not None


# --- people and personal data ---------------------------------------------------------------------------


def run_by(lake: HealthyLake, actor: Actor) -> None:
    """The split of the lake, run by somebody else; it reads what is restricted."""
    lake.actor = actor
    lake.split()


@fault("restricted columns that somebody without a role had read", "restricted-read")
def read_by_eve(lake: HealthyLake) -> None:
    run_by(lake, replace(lake.actor, triggered_by="eve"))


@fault("restricted columns that the Dag of another team reads", "restricted-read")
def read_by_another_team(lake: HealthyLake) -> None:
    run_by(lake, replace(lake.actor, owner="sales", team="sales"))


@fault("restricted columns that somebody read who has left the team", "restricted-read")
def read_by_who_left(lake: HealthyLake) -> None:
    run_by(lake, replace(lake.actor, triggered_by=STEWARD))
    left = {"username": STEWARD, "role": "steward", "dateOut": "2020-01-01"}
    follower = {"username": "joan@example.com", "role": "steward"}
    for dataset in EVERY:
        lake.promise(dataset, team=members({"username": "ada@example.com", "role": "owner"}, follower, left))


@fault("restricted columns that were read in a role that may only write", "restricted-read")
def read_by_writers(lake: HealthyLake) -> None:
    run_by(lake, replace(lake.actor, owner="loaders", team=None))
    for dataset in EVERY:
        lake.promise(dataset, roles=[{"role": "loaders", "access": "write"}])


def described(**changes: dict[str, Any]) -> dict[str, Any]:
    """A schema of gold whose columns are other than they should be."""
    columns = {
        "country": {"logicalType": "string", "required": True, "description": "Of residence."},
        "bookings": {"logicalType": "integer", "description": "How many."},
    }
    entries = {name: {**columns.get(name, {}), **changes.get(name, {})} for name in {**columns, **changes}}
    return {"properties": [{"name": name, **entry} for name, entry in entries.items()]}


@fault("a column of gold that is restricted", "personal-outside-sensitive")
def restricted_in_gold(lake: HealthyLake) -> None:
    lake.promise(GOLD, schema=described(country={"classification": "restricted"}))


@fault("a column of gold that is personal", "personal-outside-sensitive")
def personal_in_gold(lake: HealthyLake) -> None:
    lake.promise(GOLD, schema=described(country={"tags": ["pii:address"]}))


@fault("a personal field inside a column of gold", "personal-outside-sensitive")
def personal_field_in_gold(lake: HealthyLake) -> None:
    field = {"name": "email", "logicalType": "string", "tags": ["pii:email"]}
    guest = {"logicalType": "object", "description": "Who booked first.", "properties": [field]}
    items = "country, count(*) AS bookings, {'email': 'ada'} AS guest"
    lake.count(f"SELECT {items} FROM clean.bookings GROUP BY country", schema=described(guest=guest))


@fault("e-mail addresses beside their tokens in one column", "tags-in-conflict")
def half_masked(lake: HealthyLake) -> None:
    both = "md5(email) || ' ' || email AS email_token"
    columns = f"booking, booking::VARCHAR AS booking_token, {both}, country, booked_on"
    lake.query(lake.contract(CLEAN), f"SELECT {columns} FROM preprocessed.bookings", "preprocessed.bookings")


@fault("e-mail addresses in place of their tokens", "tags-in-conflict")
def unmasked(lake: HealthyLake) -> None:
    columns = "booking, booking::VARCHAR AS booking_token, email AS email_token, country, booked_on"
    sql = f"SELECT {columns} FROM preprocessed.bookings"
    lake.query(lake.contract(CLEAN), sql, "preprocessed.bookings")


@fault("a delivered column that turns out to be personal, and goes on into gold", "tags-in-conflict")
def turned_out_personal(lake: HealthyLake) -> None:
    properties = [
        {"name": name, **entry, **({"tags": ["pii:address"]} if name == "country" else {})}
        for name, entry in COLUMNS["preprocessed.bookings"].items()
    ]
    lake.promise("preprocessed.bookings", schema={"properties": properties})


@fault("e-mail addresses in a column that is open to all, as a scan saw", "classification-contradicts")
def scanned(lake: HealthyLake) -> None:
    lake.count(
        "SELECT 'guest' || booking || '@example.com' AS country, booking AS bookings FROM clean.bookings"
    )
    lake.promise(GOLD, schema=described(country={"classification": "public"}))
    lake.governance.store.classifications.put(scan(lake.governance, DatasetName.parse(GOLD)))


# --- where data comes from ------------------------------------------------------------------------------


def forgetful(lake: HealthyLake, work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Work whose record forgets what was read."""

    def forgetting(recording: Any) -> Any:
        written = work(recording)
        recording.data = [data for data in recording.data if data.role is not Role.SOURCE]
        return written

    return forgetting


@fault(
    "a version whose record does not say what it was made of",
    "version-without-inputs",
    "lineage-without-inputs",
)
def without_inputs(lake: HealthyLake) -> None:
    sources = (SourceSpec(DatasetName.parse(CLEAN)),)
    job = Transformation(
        lake.contract(GOLD), sources, lake._key("count"), WriteMode.OVERWRITE, sql=BY_COUNTRY
    )
    lake.hop("count", forgetful(lake, lambda recording: transform(lake.governance, recording, job)))


@fault("a delivery whose record names no file", "version-without-inputs")
def delivered_from_nowhere(lake: HealthyLake) -> None:
    job = Ingestion(lake.contract(RAW), lake._key("deliver"), str(lake.folder / "bookings.csv"))
    lake.hop("deliver", forgetful(lake, lambda recording: ingest(lake.governance, recording, job)))


@fault("a record from which what was read was removed", "version-without-inputs")
def inputs_removed(lake: HealthyLake) -> None:
    lake.sql(
        "DELETE FROM gov_execution_data WHERE role = 'source' AND execution_id IN "
        "(SELECT execution_id FROM gov_load WHERE dataset = :dataset)",
        dataset=GOLD,
    )


@fault("a job that told the lineage no inputs", "lineage-without-inputs")
def told_no_inputs(lake: HealthyLake) -> None:
    tell = lake.tell
    lake.tell = lambda recording: tell(recording, inputs=[])  # type: ignore[method-assign]
    lake.count()


# --- what is there twice --------------------------------------------------------------------------------


def another(lake: HealthyLake, dataset: str, like: str, **changes: Any) -> Contract:
    """The contract of one more dataset, like that of another."""
    return parse_contract(contract_text(like, **changes).replace(like, dataset), DatasetName.parse(dataset))


@fault("a dataset under another name, made of the first", "redundant-dataset")
def copied(lake: HealthyLake) -> None:
    lake.query(another(lake, "gold.again", GOLD), f"SELECT * FROM {GOLD}", GOLD)


@fault(
    "a dataset that is there once more, with its columns renamed and its rows in another order",
    "redundant-dataset",
    "column-under-two-names",
)
def renamed(lake: HealthyLake) -> None:
    columns = [
        {"name": "n", "logicalType": "integer", "description": "How many."},
        {"name": "land", "logicalType": "string", "description": "Of residence."},
    ]
    contract = another(lake, "gold.again", GOLD, schema={"properties": columns})
    sql = "SELECT count(*) AS n, country AS land FROM clean.bookings GROUP BY ALL ORDER BY 2 DESC"
    lake.query(contract, sql, CLEAN)


@fault("a copy of gold in the sandbox", "redundant-dataset")
def copied_to_work(lake: HealthyLake) -> None:
    lake.query(another(lake, "work.ada", GOLD), f"SELECT country, bookings FROM {GOLD}", GOLD)


@fault("the same query for two datasets", "redundant-dataset", "dataset-derived-twice")
def derived_twice(lake: HealthyLake) -> None:
    lake.count()
    lake.query(another(lake, "gold.again", GOLD), BY_COUNTRY, CLEAN)


@fault("a column that a dataset has twice", "redundant-column")
def column_twice(lake: HealthyLake) -> None:
    schema = described(land={"logicalType": "string", "description": "Of residence."})
    lake.count(BY_COUNTRY.replace("country,", "country, country AS land,"), schema=schema)


# --- the log --------------------------------------------------------------------------------------------


def unprotected(lake: HealthyLake, *statements: str) -> None:
    """Change the log as somebody would who may do everything: the triggers are lifted and set again."""
    import sqlite3

    from sqlalchemy import make_url

    connection = sqlite3.connect(make_url(lake.governance.store_url).database)
    with connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'gov_log'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        for _, statement in triggers:
            connection.execute(statement)
    connection.close()


@fault("an entry of the log that names somebody else", "audit-log-broken")
def log_changed(lake: HealthyLake) -> None:
    unprotected(lake, "UPDATE gov_log SET actor = 'eve' WHERE sequence = 2")


@fault("an entry of the log that was removed", "audit-log-broken")
def log_removed(lake: HealthyLake) -> None:
    unprotected(lake, "DELETE FROM gov_log WHERE sequence = 2")


@fault("two entries of the log that changed places", "audit-log-broken")
def log_swapped(lake: HealthyLake) -> None:
    unprotected(
        lake,
        "UPDATE gov_log SET sequence = -1 WHERE sequence = 2",
        "UPDATE gov_log SET sequence = 2 WHERE sequence = 3",
        "UPDATE gov_log SET sequence = 3 WHERE sequence = -1",
    )


@fault("a log whose end was cut off", "audit-log-broken")
def log_cut(lake: HealthyLake) -> None:
    anchor(lake.governance)
    unprotected(lake, "DELETE FROM gov_log WHERE sequence > 5")


@fault("a log whose protection was lifted", "audit-log-broken")
def log_unprotected(lake: HealthyLake) -> None:
    lake.sql("DROP TRIGGER gov_log_no_update")
