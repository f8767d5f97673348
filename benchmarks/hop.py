"""A whole governed hop against the same work by hand in DuckDB, in pandas and in dlt, in one run.

Rows × 6 columns: a key, a timestamp, an integer, two doubles, a string of 1,000 values. The job: read
the published table, convert and filter, write zstd Parquet, check that required columns have no nulls
and that the key is unique.

    python benchmarks/hop.py [--rows 20000000] [--peers duckdb,pandas,dlt] [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

import lab

COLUMNS = {
    "id": {"logicalType": "integer", "required": True, "unique": True},
    "seen_at": {"logicalType": "timestamp", "required": True},
    "quantity": {"logicalType": "integer", "required": True},
    "price": {"logicalType": "number"},
    "amount": {"logicalType": "number", "required": True},
    "product": {"logicalType": "string", "required": True},
}
SELECT = (
    "SELECT id, seen_at, quantity, price * 1.1 AS price, quantity * price AS amount, "
    "upper(product) AS product FROM {table} WHERE quantity > 0"
)
GENERATE = (
    "SELECT i AS id, TIMESTAMP '2024-01-01' + INTERVAL (i % 31536000) SECOND AS seen_at, "
    "(1 + hash(i) % 100)::BIGINT AS quantity, (hash(i + 1) % 10000) / 100.0::DOUBLE AS price, "
    "0.0::DOUBLE AS amount, 'product-' || (hash(i + 2) % 1000) AS product FROM range({rows}) t(i)"
)


def seed(folder: str, rows: int) -> None:
    """Publish the source table through the same machinery."""
    parts = lab.governance(Path(folder))
    lab.hop(parts, lab.contract("preprocessed.events", COLUMNS), GENERATE.format(rows=rows), key="seed")


def governed(folder: str) -> None:
    """The hop as the operators do it."""
    parts = lab.governance(Path(folder))
    lab.hop(
        parts,
        lab.contract("clean.events", COLUMNS),
        SELECT.format(table="preprocessed.events"),
        source="preprocessed.events",
    )


def by_hand(files: list[str], folder: str, memory_limit: str) -> None:
    """The same work as someone careful would write it in DuckDB."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": folder})
    connection.execute("SET preserve_insertion_order = false")
    out = f"{folder}/by_hand.parquet"
    query = SELECT.format(table=f"read_parquet({files!r})")
    connection.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)")
    checks = connection.execute(
        "SELECT count(*), count(*) - count(id), count(*) - count(seen_at), count(*) - count(quantity), "
        "count(*) - count(amount), count(*) - count(product), count(DISTINCT id) "
        f"FROM read_parquet('{out}')"
    ).fetchone()
    assert checks[0] == checks[-1]
    assert not any(checks[1:-1])


def in_pandas(files: list[str], folder: str) -> None:
    """The same work in pandas."""
    import pandas as pd

    frame = pd.concat([pd.read_parquet(file) for file in files])
    frame = frame[frame["quantity"] > 0]
    frame = frame.assign(
        price=frame["price"] * 1.1,
        amount=frame["quantity"] * frame["price"],
        product=frame["product"].str.upper(),
    )
    frame.to_parquet(f"{folder}/pandas.parquet", compression="zstd")
    assert not frame[["id", "seen_at", "quantity", "amount", "product"]].isna().any().any()
    assert frame["id"].is_unique


def in_dlt(files: list[str], folder: str) -> None:
    """The same work in dlt: DuckDB transforms, dlt loads Parquet into a folder, DuckDB checks."""
    import os

    import dlt
    import duckdb

    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["DATA_WRITER__DISABLE_COMPRESSION"] = "true"
    connection = duckdb.connect()

    @dlt.resource(name="events")
    def events():
        query = SELECT.format(table=f"read_parquet({files!r})")
        yield from connection.execute(query).to_arrow_reader(500_000)

    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.filesystem(bucket_url=f"{folder}/dlt"),
        dataset_name="clean",
        pipelines_dir=f"{folder}/dlt_state",
    )
    pipeline.run(events(), loader_file_format="parquet")
    checks = duckdb.execute(
        f"SELECT count(*), count(DISTINCT id) FROM read_parquet('{folder}/dlt/clean/events/*.parquet')"
    ).fetchone()
    assert checks[0] == checks[1]


governed.imports = (
    "airflow_gov.lake",
    "airflow_gov.quality",
    "airflow_gov.store",
    "airflow_gov.transform",
    "pyiceberg.catalog.sql",
)
by_hand.imports = ("duckdb",)
in_pandas.imports = ("pandas", "pyarrow.parquet")
in_dlt.imports = ("dlt", "duckdb")


def main() -> None:
    """Measure and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--peers", default="duckdb,pandas,dlt")
    parser.add_argument("--repeat", type=int, default=3, help="the fastest of N counts (pandas and dlt: 1)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = measure(arguments.rows, arguments.peers.split(","), arguments.repeat)
    if arguments.json:
        print(json.dumps(results))
    else:
        show(arguments.rows, results)


def measure(rows: int, peers: list[str], repeat: int) -> dict[str, dict[str, float]]:
    """Seconds and peak bytes of each, and the ratio of its seconds to the governed hop's."""
    folder = tempfile.mkdtemp(prefix="airflow-gov-bench-")
    try:
        lab.measured(seed, folder, rows)
        parts = lab.governance(Path(folder))
        source = lab.DatasetName.parse("preprocessed.events")
        files = parts.lake.scan(source, parts.lake.head(source)).local_paths
        limit = parts.settings.memory_limit
        # In turns, so that a machine that slows down slows all of them.
        runs = {"governed": [], "duckdb": [], "pandas": [], "dlt": []}
        for _ in range(repeat):
            runs["governed"].append(lab.measured(governed, folder))
            if "duckdb" in peers:
                runs["duckdb"].append(lab.measured(by_hand, files, folder, limit))
        if "pandas" in peers:
            runs["pandas"].append(lab.measured(in_pandas, files, folder))
        if "dlt" in peers:
            runs["dlt"].append(lab.measured(in_dlt, files, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    best = {name: min(times) for name, times in runs.items() if times}
    own = best["governed"][0]
    return {
        name: {"seconds": seconds, "peak_bytes": peak, "governed_over_it": own / seconds}
        for name, (seconds, peak) in best.items()
    }


def show(rows: int, results: dict[str, dict[str, float]]) -> None:
    """A table for people."""
    table = Table(title=f"One hop of {rows:,} rows × {len(COLUMNS)} columns")
    for heading in ("", "seconds", "peak memory", "governed ÷ it"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, result in results.items():
        table.add_row(
            name,
            f"{result['seconds']:.2f}",
            lab.mib(int(result["peak_bytes"])),
            f"{result['governed_over_it']:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
