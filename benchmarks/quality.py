"""Twenty rules on one wide table: pushed down, in Great Expectations on pandas, and in pandera.

Twenty columns of numbers, texts, times and truth values. All read the same Parquet files and evaluate
the same twenty rules, which hold; reading is part of it, imports are not.

    python benchmarks/quality.py [--rows 5000000] [--peers great_expectations,pandera] [--json]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import lab

SHOPS = [f"shop-{number}" for number in range(50)]
COLUMNS: dict[str, tuple[str, str]] = {
    "id": ("integer", "i"),
    "customer": ("integer", "(hash(i) % 1000000)::BIGINT"),
    "quantity": ("integer", "(1 + hash(i + 1) % 100)::BIGINT"),
    "stock": ("integer", "(hash(i + 2) % 5000)::BIGINT"),
    "price": ("number", "(hash(i + 3) % 10000) / 100.0::DOUBLE"),
    "cost": ("number", "(hash(i + 3) % 10000) / 200.0::DOUBLE"),
    "discount": ("number", "(hash(i + 4) % 40) / 100.0::DOUBLE"),
    "weight": ("number", "0.1 + (hash(i + 5) % 3000) / 100.0::DOUBLE"),
    "rating": ("number", "CASE WHEN hash(i + 6) % 10 > 0 THEN (hash(i + 7) % 51) / 10.0::DOUBLE END"),
    "latitude": ("number", "-90 + (hash(i + 8) % 18000) / 100.0::DOUBLE"),
    "longitude": ("number", "-180 + (hash(i + 9) % 36000) / 100.0::DOUBLE"),
    "shop": ("string", "'shop-' || (hash(i + 10) % 50)"),
    "product": ("string", "'product-' || (hash(i + 11) % 1000)"),
    "email": ("string", "'user' || (hash(i) % 1000000) || '@example.com'"),
    "country": ("string", "(['DE', 'FR', 'ES', 'MX', 'US'])[(1 + hash(i + 12) % 5)::BIGINT]"),
    "currency": ("string", "(['EUR', 'MXN', 'USD'])[(1 + hash(i + 13) % 3)::BIGINT]"),
    "comment": ("string", "CASE WHEN hash(i + 14) % 4 = 0 THEN 'note ' || (hash(i + 15) % 100) END"),
    "code": ("string", "printf('%08d', (hash(i + 16) % 100000000)::BIGINT)"),
    "sold_at": ("timestamp", "TIMESTAMP '2024-01-01' + INTERVAL (i % 31536000) SECOND"),
    "returned": ("boolean", "hash(i + 17) % 20 = 0"),
}

#: Type and arguments of each expectation.
RULES: list[tuple[str, dict[str, Any]]] = [
    ("expect_column_values_to_not_be_null", {"column": "id"}),
    ("expect_column_values_to_be_unique", {"column": "id"}),
    ("expect_column_values_to_be_between", {"column": "quantity", "min_value": 1, "max_value": 100}),
    ("expect_column_values_to_be_between", {"column": "stock", "min_value": 0, "max_value": 5000}),
    ("expect_column_values_to_be_between", {"column": "price", "min_value": 0, "max_value": 100}),
    ("expect_column_values_to_be_between", {"column": "discount", "min_value": 0, "max_value": 0.5}),
    ("expect_column_values_to_be_between", {"column": "latitude", "min_value": -90, "max_value": 90}),
    ("expect_column_values_to_be_between", {"column": "longitude", "min_value": -180, "max_value": 180}),
    ("expect_column_values_to_not_be_null", {"column": "rating", "mostly": 0.8}),
    ("expect_column_values_to_be_in_set", {"column": "shop", "value_set": SHOPS}),
    ("expect_column_values_to_be_in_set", {"column": "country", "value_set": ["DE", "FR", "ES", "MX", "US"]}),
    ("expect_column_values_to_be_in_set", {"column": "currency", "value_set": ["EUR", "MXN", "USD"]}),
    ("expect_column_values_to_match_regex", {"column": "email", "regex": r"^[a-z0-9]+@example\.com"}),
    ("expect_column_values_to_match_regex", {"column": "product", "regex": "^product-[0-9]{1,3}"}),
    ("expect_column_value_lengths_to_equal", {"column": "code", "value": 8}),
    ("expect_column_mean_to_be_between", {"column": "weight", "min_value": 10, "max_value": 20}),
    ("expect_column_max_to_be_between", {"column": "cost", "min_value": 10, "max_value": 50}),
    ("expect_column_unique_value_count_to_be_between", {"column": "shop", "min_value": 50, "max_value": 50}),
    (
        "expect_column_pair_values_a_to_be_greater_than_b",
        {"column_A": "price", "column_B": "cost", "or_equal": True},
    ),
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
]


def contract() -> lab.Contract:
    """The table's contract with the rules as blocks of Great Expectations."""
    rules = [
        {
            "type": "custom",
            "engine": "greatExpectations",
            "implementation": {"type": kind, "kwargs": arguments},
        }
        for kind, arguments in RULES
    ]
    columns = {name: {"logicalType": kind} for name, (kind, _) in COLUMNS.items()}
    return lab.contract("clean.sales", columns, quality=rules)


def seed(folder: str, rows: int) -> None:
    """Publish the table, without its rules."""
    columns = {name: {"logicalType": kind} for name, (kind, _) in COLUMNS.items()}
    items = ", ".join(f"{expression} AS {name}" for name, (_, expression) in COLUMNS.items())
    lab.hop(
        lab.governance(Path(folder)),
        lab.contract("clean.sales", columns),
        f"SELECT {items} FROM range({rows}) t(i)",
    )


def governed(folder: str) -> None:
    """All rules and those of structure, as a gate evaluates them."""
    from airflow_gov.quality import check
    from airflow_gov.quality.subject import Subject

    parts = lab.governance(Path(folder))
    dataset = lab.DatasetName.parse("clean.sales")
    table = parts.lake.scan(dataset, parts.lake.head(dataset))
    results = check(Subject(contract(), table, table, datetime.now(UTC)), parts.engine)
    broken = [result for result in results if not result.passed]
    assert not broken, broken
    assert len([result for result in results if result.check]) == len(RULES)
    assert not any(name.startswith("great_expectations") for name in sys.modules)


def in_great_expectations(files: list[str]) -> None:
    """The same in Great Expectations' pandas engine."""
    import great_expectations as gx
    import pandas as pd
    from great_expectations.expectations.registry import get_expectation_impl

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    frame = pd.concat([pd.read_parquet(file, columns=list(COLUMNS)) for file in files])
    source = context.data_sources.add_pandas("bench").add_dataframe_asset("sales")
    batch = source.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="sales")
    for kind, arguments in RULES:
        suite.add_expectation(get_expectation_impl(kind)(**arguments))
    result = batch.validate(suite, result_format="BASIC")
    assert result.success, result


def in_pandera(files: list[str]) -> None:
    """The same as a pandera schema; what it has no check for is a function of the column."""
    import pandas as pd
    import pandera.pandas as pa

    frame = pd.concat([pd.read_parquet(file, columns=list(COLUMNS)) for file in files])
    checks: dict[str, list[pa.Check]] = {}
    columns: dict[str, dict[str, Any]] = {}
    for kind, arguments in RULES:
        name = arguments.get("column", "")
        if kind == "expect_column_values_to_be_unique":
            columns.setdefault(name, {})["unique"] = True
        elif name:
            checks.setdefault(name, []).append(_pandera_check(pa, kind, arguments))
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(nullable=True, checks=checks.get(name), **columns.get(name, {}))
            for name in COLUMNS
        },
        checks=[
            pa.Check(lambda table: table["price"] >= table["cost"]),
            pa.Check(lambda table: len(table) > 0),
        ],
    )
    schema.validate(frame, lazy=True)


def _pandera_check(pa: Any, kind: str, arguments: dict[str, Any]) -> Any:
    low, high = arguments.get("min_value"), arguments.get("max_value")
    return {
        "expect_column_values_to_not_be_null": lambda: pa.Check(
            lambda values: values.notna().mean() >= arguments.get("mostly", 1.0), ignore_na=False
        ),
        "expect_column_values_to_be_between": lambda: pa.Check.in_range(low, high),
        "expect_column_values_to_be_in_set": lambda: pa.Check.isin(arguments["value_set"]),
        "expect_column_values_to_match_regex": lambda: pa.Check.str_contains(arguments["regex"]),
        "expect_column_value_lengths_to_equal": lambda: pa.Check.str_length(
            arguments["value"], arguments["value"]
        ),
        "expect_column_mean_to_be_between": lambda: pa.Check(lambda values: low <= values.mean() <= high),
        "expect_column_max_to_be_between": lambda: pa.Check(lambda values: low <= values.max() <= high),
        "expect_column_unique_value_count_to_be_between": lambda: pa.Check(
            lambda values: low <= values.nunique() <= high
        ),
    }[kind]()


governed.imports = (
    "airflow_gov.lake",
    "airflow_gov.quality",
    "airflow_gov.store",
    "airflow_gov.transform",
    "pyiceberg.catalog.sql",
)
in_great_expectations.imports = ("great_expectations", "pandas", "pyarrow.parquet")
in_pandera.imports = ("pandas", "pandera.pandas", "pyarrow.parquet")


def main() -> None:
    """Measure and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--alone", type=int, default=20_000_000, help="rows that are checked without peers")
    parser.add_argument("--peers", default="great_expectations,pandera")
    parser.add_argument("--repeat", type=int, default=3, help="the fastest of N counts (peers: 1)")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = measure(arguments.rows, arguments.peers.split(","), arguments.repeat)
    alone = measure(arguments.alone, [], 1) if arguments.alone else {}
    if arguments.json:
        print(json.dumps({"side_by_side": results, "alone": alone}))
        return
    show(arguments.rows, results)
    if alone:
        show(arguments.alone, alone)


def measure(rows: int, peers: list[str], repeat: int) -> dict[str, dict[str, float]]:
    """Seconds and peak bytes of each, and how many times as long as pushed down it takes."""
    folder = tempfile.mkdtemp(prefix="airflow-gov-bench-")
    try:
        lab.measured(seed, folder, rows)
        parts = lab.governance(Path(folder))
        dataset = lab.DatasetName.parse("clean.sales")
        files = parts.lake.scan(dataset, parts.lake.head(dataset)).local_paths
        runs = {"pushed down": [lab.measured(governed, folder) for _ in range(repeat)]}
        if "great_expectations" in peers:
            runs["Great Expectations, pandas"] = [lab.measured(in_great_expectations, files)]
        if "pandera" in peers:
            runs["pandera"] = [lab.measured(in_pandera, files)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    best = {name: min(times) for name, times in runs.items()}
    own = best["pushed down"][0]
    return {
        name: {"seconds": seconds, "peak_bytes": peak, "times_as_long": seconds / own}
        for name, (seconds, peak) in best.items()
    }


def show(rows: int, results: dict[str, dict[str, float]]) -> None:
    """A table for people."""
    table = Table(title=f"{len(RULES)} rules on {rows:,} rows × {len(COLUMNS)} columns")
    for heading in ("", "seconds", "peak memory", "times as long"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, result in results.items():
        table.add_row(
            name,
            f"{result['seconds']:.2f}",
            lab.mib(int(result["peak_bytes"])),
            f"{result['times_as_long']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
