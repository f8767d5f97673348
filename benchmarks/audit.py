"""Auditing a large lake: all of it, nothing changed since, and a hundredth changed.

    python benchmarks/audit.py [--tables 10000] [--objects 1000000] [--folder /dev/shm] [--keep LAKE] [--json]

The lake is synthetic. One table is made by a real hop; every other one is a copy of its metadata file in a
folder of its own, with its own location and number of rows, its rows in the catalogue and in the store
(contract, executions, loads, versions, verdicts, decisions) copied beside. The raw objects are real files
of some bytes, a thousand in a folder, and their index is a real Iceberg table. All checks run; the finding
is true: what the real hop reads was made of nothing. No contents are scanned for what looks personal, for
the copies share the rows of one table; benchmarks/classification.py times that. Every audit runs in a
process of its own, so that its memory is its own. How many raw objects are read is a matter of time: the
first audit of a dataset, and one that comes a day after the one before, read a thirtieth of them. Beside it,
in the same run, the least that anybody could do: list all files with their sizes and read every table's
metadata file as JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import lab
from airflow_gov.audit.auditing import AuditRequest, run_audit
from airflow_gov.contracts import parse_contract
from airflow_gov.flow.finding import find_loads
from airflow_gov.flow.ingesting import Ingestion, ingest
from airflow_gov.flow.publishing import publish
from airflow_gov.flow.recording import recorded
from airflow_gov.model.contract import Contract
from airflow_gov.model.loads import LoadKey
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance

BASE, FIRST, RAW = "preprocessed.base", "clean.t00000", "raw.objects"
PER_FOLDER = 1000
#: Tables of the store in which a dataset has rows, and those that hang on its executions and verdicts.
OF_DATASET = ("load", "version", "version_load", "verdict", "decision")
#: Ids that are one dataset's: a copy has its own.
IDS = ("load_id", "execution_id", "verdict_id", "decision_id", "code_hash", "openlineage_run_id")


def contract(dataset: str) -> Contract:
    """A contract in which nothing is lacking."""
    columns = [
        {
            "name": "id",
            "logicalType": "integer",
            "required": True,
            "primaryKey": True,
            "primaryKeyPosition": 1,
            "description": "Number.",
        },
        {"name": "amount", "logicalType": "number", "physicalType": "double", "description": "Of money."},
        {"name": "place", "logicalType": "string", "description": "Where."},
    ]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "version": "1.0.0",
        "status": "active",
        "team": {
            "name": "Bench",
            "members": [
                {"username": "ada@example.com", "role": "owner"},
                {"username": "grace@example.com", "role": "steward"},
            ],
        },
        "schema": [
            {
                "name": dataset.partition(".")[2],
                "physicalName": dataset,
                "description": "Made for a benchmark.",
                **({} if dataset == RAW else {"properties": columns}),
            }
        ],
    }
    return parse_contract(json.dumps(document), DatasetName.parse(dataset))


# --- the lake -------------------------------------------------------------------------------------------


def build(parts: Governance, folder: Path, tables: int, objects: int) -> None:
    """Make the lake."""
    rows = "SELECT range AS id, range / 2.0 AS amount, 'here' AS place FROM range(1000)"
    lab.hop(parts, contract(BASE), rows, key="base")
    lab.hop(parts, contract(FIRST), f"SELECT id, amount, place FROM {BASE} WHERE id < 990", source=BASE)
    deliver(parts, folder, objects)
    copies = [f"t{number:05d}" for number in range(1, tables)]
    first = contract(FIRST)
    texts = [contract_of_copy(first, name) for name in copies]
    with parts.store.transaction():
        for each in texts:
            parts.store.contracts.put(each)
    counts = copy_tables(folder, copies)
    copy_store(folder, copies, {each.dataset.name: each.hash for each in texts}, counts)


def contract_of_copy(first: Contract, name: str) -> Contract:
    """A contract with another name."""
    text = first.text.replace(FIRST, f"clean.{name}").replace('"t00000"', f'"{name}"')
    digest = hashlib.sha256(text.encode()).hexdigest()
    dataset = DatasetName.parse(f"clean.{name}")
    return replace(first, dataset=dataset, text=text, hash=digest, contract_id=str(dataset))


def copy_tables(folder: Path, copies: Sequence[str]) -> dict[str, int]:
    """Copies of the first table's metadata; gives their numbers of rows."""
    catalog = sqlite3.connect(folder / "catalog.db")
    name, location = catalog.execute(
        "SELECT catalog_name, metadata_location FROM iceberg_tables WHERE table_name = 't00000'"
    ).fetchone()
    metadata = json.loads(Path(location.removeprefix("file://")).read_text())
    counts = {}
    for number, copy in enumerate(copies, 1):
        counts[copy] = rows = 1000 + number
        written = write_metadata(metadata, metadata["location"].replace("t00000", copy), number, rows)
        catalog.execute(
            "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location) "
            "VALUES (?, 'clean', ?, ?)",
            (name, copy, written),
        )
    catalog.commit()
    catalog.close()
    return counts


def write_metadata(metadata: dict[str, Any], location: str, number: int, rows: int) -> str:
    """A metadata file of a table with so many rows; gives where it lies."""
    snapshots = [
        {**each, "summary": {**each["summary"], "total-records": str(rows)}}
        if each["snapshot-id"] == metadata["current-snapshot-id"]
        else each
        for each in metadata["snapshots"]
    ]
    changed = {
        **metadata,
        "location": location,
        "table-uuid": f"00000000-0000-4000-8000-{number:012d}",
        "snapshots": snapshots,
        "metadata-log": [],
    }
    file = Path(location.removeprefix("file://")) / "metadata" / f"{time.time_ns()}.metadata.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(changed))
    return str(file) if not location.startswith("file://") else f"file://{file}"


def copy_store(folder: Path, copies: Sequence[str], hashes: dict[str, str], counts: dict[str, int]) -> None:
    """What the store says of the first table, said of each copy."""
    store = sqlite3.connect(folder / "governance.db")
    store.execute("CREATE TEMP TABLE copies (name TEXT, hash TEXT, rows INTEGER)")
    store.executemany(
        "INSERT INTO copies VALUES (?, ?, ?)", [(name, hashes[name], counts[name]) for name in copies]
    )
    runs = [
        row[0] for row in store.execute("SELECT execution_id FROM gov_version WHERE dataset = ?", (FIRST,))
    ]
    runs += [row[0] for row in store.execute("SELECT execution_id FROM gov_load WHERE dataset = ?", (FIRST,))]
    among = ", ".join(f"'{each}'" for each in runs)
    for table in ("execution", "execution_data", "execution_file"):
        _copy(store, table, f"execution_id IN ({among})")
    for table in OF_DATASET:
        _copy(store, table, f"dataset = '{FIRST}'")
    columns = [row[1] for row in store.execute("PRAGMA table_info(gov_catalogue)")]
    newest = {"version": "1", "versions": "1", "rows": "c.rows"}
    changed = ", ".join(
        f"{column} = {newest.get(column, f't.{column}')}"
        for column in columns
        if column in ("snapshot_id", "size", "files", "published_at", "fresh_at", "standing", "verdict_id",
                      "checked_at", *newest)
    )  # fmt: skip
    store.execute(
        f"UPDATE gov_catalogue SET {changed} FROM copies c, (SELECT * FROM gov_catalogue "
        f"WHERE dataset = '{FIRST}') t WHERE gov_catalogue.dataset = 'clean.' || c.name"
    )
    store.commit()
    store.close()


def _copy(store: sqlite3.Connection, table: str, where: str) -> None:
    columns = [row[1] for row in store.execute(f"PRAGMA table_info(gov_{table})")]
    values = []
    for column in columns:
        value = f"t.{column}"
        if column == "dataset":
            value = f"CASE WHEN t.dataset = '{FIRST}' THEN 'clean.' || c.name ELSE t.dataset END"
        elif column in IDS:
            value = f"t.{column} || '-' || c.name"
            if table == "execution_data" and column == "load_id":
                value = f"CASE WHEN t.dataset = '{FIRST}' THEN {value} ELSE t.load_id END"
        elif column == "contract_hash":
            value = "c.hash"
        elif column == "rows" and table in ("version", "verdict"):
            value = "c.rows"
        values.append(value)
    store.execute(
        f"INSERT INTO gov_{table} ({', '.join(columns)}) SELECT {', '.join(values)} "
        f"FROM gov_{table} t, copies c WHERE t.{where}"
    )


def deliver(parts: Governance, folder: Path, objects: int) -> None:
    """One real delivery, and so many objects beside it, with an index of all of them."""
    import pyarrow as pa
    from pyiceberg.catalog import load_catalog

    source = folder / "first.csv"
    source.write_text("a\n1\n")
    run_id = "deliver"
    with recorded(parts, lab.execution("load", run_id)) as recording:
        candidate = ingest(parts, recording, Ingestion(contract(RAW), LoadKey(("first",)), str(source)))
    with recorded(parts, lab.execution("gate", run_id)) as recording:
        output = {"dataset": RAW, "load_id": candidate.load_ids[0]}
        publish(parts, recording, find_loads(parts, outputs=[output]))
    catalog = load_catalog(parts.settings.catalog_name, **parts.lake_properties)
    table = catalog.load_table(tuple(RAW.split(".")))
    root, rows = Path(table.location().removeprefix("file://")), []
    now = datetime.now(UTC)
    for number in range(objects - 1):
        load_id = f"bulk{number // PER_FOLDER:05d}"
        if number % PER_FOLDER == 0:
            (root / load_id).mkdir()
        content = b"%d\n" % number
        path = root / load_id / f"{number:07d}.csv"
        path.write_bytes(content)
        rows.append((path.name, f"file://{path}", len(content), hashlib.sha256(content).hexdigest(), load_id))
    if not rows:
        return
    files, uris, sizes, hashes, loads = (list(column) for column in zip(*rows, strict=True))
    count = len(rows)
    index = pa.table(
        {
            "file": files,
            "uri": uris,
            "size": pa.array(sizes, pa.int64()),
            "sha256": hashes,
            "source": pa.nulls(count, pa.string()),
            "media_type": ["csv"] * count,
            "columns": pa.nulls(count, pa.list_(pa.string())),
            "types": pa.nulls(count, pa.list_(pa.string())),
            "delivered_at": pa.array([now] * count, pa.timestamp("us", "UTC")),
            "_load_id": loads,
        }
    )
    note = json.dumps([{"id": candidate.load_ids[0], "mode": "append", "keys": []}])
    table.append(index, snapshot_properties={"airflow-gov.loads": note})
    snapshot = catalog.load_table(tuple(RAW.split("."))).current_snapshot()
    summary = snapshot.summary.additional_properties
    store = sqlite3.connect(folder / "governance.db")
    store.execute(
        "UPDATE gov_version SET snapshot_id = ?, rows = ?, size = ?, files = ? WHERE dataset = ?",
        (
            snapshot.snapshot_id,
            int(summary["total-records"]),
            int(summary["total-files-size"]),
            int(summary["total-data-files"]),
            RAW,
        ),
    )
    for table in ("decision", "verdict", "catalogue"):
        statement = f"UPDATE gov_{table} SET snapshot_id = ? WHERE dataset = ?"
        store.execute(statement, (snapshot.snapshot_id, RAW))
    rows = int(summary["total-records"])
    store.execute("UPDATE gov_verdict SET rows = ? WHERE dataset = ?", (rows, RAW))
    store.commit()
    store.close()


def change(folder: Path, tables: int) -> None:
    """A new metadata file for every hundredth table, as a commit leaves it."""
    catalog = sqlite3.connect(folder / "catalog.db")
    found = catalog.execute(
        "SELECT table_name, metadata_location FROM iceberg_tables WHERE table_namespace = 'clean' "
        "AND table_name <> 't00000' ORDER BY table_name LIMIT ?",
        (max(1, tables // 100),),
    ).fetchall()
    for name, location in found:
        file = Path(location.removeprefix("file://"))
        newer = file.with_name(f"{time.time_ns()}.metadata.json")
        shutil.copy(file, newer)
        catalog.execute(
            "UPDATE iceberg_tables SET metadata_location = ? WHERE table_name = ?",
            (location.replace(file.name, newer.name), name),
        )
    catalog.commit()
    catalog.close()


# --- what is measured -----------------------------------------------------------------------------------


def least(folder: Path) -> float:
    """Seconds of listing everything with its size, and reading the tables' metadata files as JSON."""
    started = time.perf_counter()
    waiting = [str(folder / "lake")]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                elif entry.stat(follow_symlinks=False).st_size and entry.name.endswith(".metadata.json"):
                    json.loads(Path(entry.path).read_text())
    return time.perf_counter() - started


def a_day_passes(folder: Path) -> None:
    """All audits were a day earlier: a day's share of the raw objects is due."""
    store = sqlite3.connect(folder / "governance.db")
    store.execute("UPDATE gov_audit SET started_at = datetime(started_at, '-1 day') || '.000000'")
    store.commit()
    store.close()


def audit(folder: Path, *, full: bool) -> dict[str, Any]:
    """One audit with all checks, in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_audit, folder, full).result()


def _audit(folder: Path, full: bool) -> dict[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF)
    started = time.perf_counter()
    parts = lab.governance(folder)
    run = run_audit(parts, AuditRequest(full=full, scans=0), actor="bench").run
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "seconds": seconds,
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "looked": run.looked,
        "open": run.open,
        "failed": dict(run.failed_checks),
        "by check": dict(parts.store.audits.findings.by_check()),
        "peak": after.ru_maxrss * 1024,
        "plans": dict(run.plans),
    }
    parts.close()
    return figures


def made(folder: Path, tables: int, objects: int) -> None:
    """Make the lake, unless it is there."""
    if (folder / "governance.db").exists():
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(_make, folder, tables, objects).result()


def _make(folder: Path, tables: int, objects: int) -> None:
    parts = lab.governance(folder)
    parts.store.upgrade()
    build(parts, folder, tables, objects)
    parts.close()


def main() -> int:
    """Build, audit, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=int, default=10_000)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where the lake is made; default: the temporary folder")
    parser.add_argument("--keep", type=Path, help="a folder for the lake, which stays; used when it is there")
    parser.add_argument("--json", action="store_true", help="for machines")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.folder)))
        made(folder, options.tables, options.objects)
        figures: dict[str, Any] = {"tables": options.tables, "objects": options.objects}
        figures["least"] = {"seconds": least(folder)}
        figures["full"] = audit(folder, full=True)
        figures["nothing changed"] = audit(folder, full=False)
        change(folder, options.tables)
        figures["a hundredth changed"] = audit(folder, full=False)
        change(folder, options.tables)
        a_day_passes(folder)
        figures["the same a day later"] = audit(folder, full=False)
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        show(figures)
    return 1 if any(figures[name]["failed"] for name in NAMES) else 0


NAMES = ("full", "nothing changed", "a hundredth changed", "the same a day later")


def show(figures: dict[str, Any]) -> None:
    """The figures for people."""
    whole, least_of_all = figures["full"]["seconds"], figures["least"]["seconds"]
    print(f"{figures['tables']:,} tables, {figures['objects']:,} raw objects")
    print(f"  listing, and reading metadata as JSON   {least_of_all:7.1f} s")
    for name in NAMES:
        each = figures[name]
        print(
            f"  audit, {name:<20}             {each['seconds']:7.1f} s, "
            f"{each['seconds'] / whole:.1%} of full, {each['seconds'] / least_of_all:.1f} x listing, "
            f"{each['cpu']:.1f} s of processor, "
            f"{lab.mib(each['peak'])} at most, "
            f"{each['looked']:,} looks, {each['open']:,} findings"
        )
        for check, error in each["failed"].items():
            print(f"      {check} failed: {error}")
    for plan in figures["full"]["plans"].values():
        print(f"  {plan}")


if __name__ == "__main__":
    sys.exit(main())
