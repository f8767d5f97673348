"""How right the recognisers are, and what a scan costs beside reading the same sample.

Precision and recall are of the labelled columns that the package ships: in view while the recognisers were
written, and held out, which were seen as counts only. The scan is of a published table of twelve columns,
half of them personal; beside it DuckDB alone draws the same sample of the same files into a
table, as the scan's first step does. Each in a process of its own; imports aside.

    python benchmarks/classification.py [--rows 2000000] [--sample 10000] [--repeat 3] [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import lab

DATASET = "clean.people"
COLUMNS: dict[str, tuple[str, str]] = {
    "id": ("integer", "i"),
    "name": ("string", "(['Ana', 'Ben', 'Carla', 'Dieter'])[(1 + hash(i) % 4)::BIGINT] || ' ' || 'García'"),
    "email": ("string", "'user' || (hash(i) % 1000000) || '@example.com'"),
    "phone": ("string", "printf('+49 30 %07d', (hash(i + 1) % 10000000)::BIGINT)"),
    "street": ("string", "'Hauptstraße ' || (hash(i + 2) % 200)"),
    "born": ("date", "DATE '1940-01-01' + (hash(i + 3) % 25000)::INTEGER"),
    "ip": (
        "string",
        "concat_ws('.', 60 + hash(i) % 100, hash(i + 1) % 256, hash(i + 2) % 256, hash(i + 3) % 256)",
    ),
    "order_number": ("string", "printf('%016d', (hash(i + 4) % 10000000000000000)::BIGINT)"),
    "product": ("string", "'product-' || (hash(i + 5) % 1000)"),
    "note": ("string", "'left at the door of number ' || (hash(i + 6) % 1000)"),
    "amount": ("number", "(hash(i + 7) % 10000) / 100.0::DOUBLE"),
    "sold_at": ("timestamp", "TIMESTAMP '2024-01-01' + INTERVAL (i % 31536000) SECOND"),
}
PERSONAL = {"name", "email", "phone", "street", "born", "ip"}


def seed(folder: str, rows: int) -> None:
    """Publish the table."""
    items = ", ".join(f"{expression} AS {name}" for name, (_, expression) in COLUMNS.items())
    contract = lab.contract(DATASET, {name: {"logicalType": kind} for name, (kind, _) in COLUMNS.items()})
    lab.hop(lab.governance(Path(folder)), contract, f"SELECT {items} FROM range({rows}) t(i)")


def scanned(folder: str, sample: int) -> None:
    """A scan, as the command makes it."""
    from airflow_gov.catalog.classification import scan

    found = scan(lab.governance(Path(folder)), lab.DatasetName.parse(DATASET), sample=sample)
    assert {each.column for each in found.proposals} == PERSONAL, found.proposals


def drawn(files: list[str], sample: int) -> None:
    """The same sample in DuckDB alone."""
    import duckdb

    with duckdb.connect(config={"threads": 1, "preserve_insertion_order": False}) as connection:
        columns = ", ".join(COLUMNS)
        (rows,) = connection.execute(
            f"CREATE TABLE drawn AS SELECT {columns} FROM read_parquet(?) "
            f"USING SAMPLE reservoir({sample} ROWS) REPEATABLE (1)",
            [files],
        ).fetchone()
        assert rows == sample


scanned.imports = (
    "airflow_gov.catalog.classification",
    "airflow_gov.lake",
    "airflow_gov.store",
    "airflow_gov.transform",
    "airflow_gov.contracts",
)
drawn.imports = ("duckdb", "pyarrow")


def measure(rows: int, sample: int, repeat: int) -> dict[str, Any]:
    """Seconds and peak bytes of a scan and of the sample alone."""
    folder = tempfile.mkdtemp(prefix="airflow-gov-bench-")
    try:
        lab.measured(seed, folder, rows)
        parts = lab.governance(Path(folder))
        dataset = lab.DatasetName.parse(DATASET)
        files = parts.lake.scan(dataset, parts.lake.head(dataset)).local_paths
        runs = [
            (lab.measured(scanned, folder, sample), lab.measured(drawn, files, sample)) for _ in range(repeat)
        ]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    scan, alone = (min(run[place] for run in runs) for place in (0, 1))
    return {
        "scan": {"seconds": scan[0], "peak_bytes": scan[1], "times_as_long": scan[0] / alone[0]},
        "the sample in DuckDB alone": {"seconds": alone[0], "peak_bytes": alone[1], "times_as_long": 1.0},
    }


def rightness() -> dict[str, dict[str, Any]]:
    """Precision and recall by part of the labelled set and by tag."""
    from airflow_gov.catalog.classification.evaluating import classify_labelled, parts, scores
    from airflow_gov.transform import DuckEngine

    columns = classify_labelled(DuckEngine())
    return {
        part: {
            "columns": len(some),
            "scores": {
                tag: {
                    "found": each.found,
                    "missed": each.missed,
                    "wrong": each.wrong,
                    "precision": each.precision,
                    "recall": each.recall,
                }
                for tag, each in scores(some).items()
            },
        }
        for part, some in parts(columns)
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--sample", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many counts")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    right = rightness()
    cost = measure(arguments.rows, arguments.sample, arguments.repeat)
    if arguments.json:
        print(json.dumps({"labelled": right, "cost": cost}))
        return
    for part, told in right.items():
        show_scores(f"Labelled columns, {part}: {told['columns']}", told["scores"])
    show_cost(f"{arguments.sample:,} of {arguments.rows:,} rows × {len(COLUMNS)} columns", cost)


def show_scores(title: str, found: dict[str, dict[str, Any]]) -> None:
    """A table for people."""
    table = Table(title=title)
    for heading in ("tag", "found", "missed", "wrong", "precision", "recall"):
        table.add_column(heading, justify="left" if heading == "tag" else "right")
    for tag, each in found.items():
        shares = ("" if each[name] is None else f"{each[name]:.3f}" for name in ("precision", "recall"))
        table.add_row(tag, *(str(each[name]) for name in ("found", "missed", "wrong")), *shares)
    Console().print(table)


def show_cost(title: str, results: dict[str, dict[str, float]]) -> None:
    """A table for people."""
    table = Table(title=title)
    for heading in ("", "seconds", "peak memory", "times as long"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, result in results.items():
        seconds, ratio = f"{result['seconds']:.2f}", f"{result['times_as_long']:.1f}"
        table.add_row(name, seconds, lab.mib(int(result["peak_bytes"])), ratio)
    Console().print(table)


if __name__ == "__main__":
    main()
