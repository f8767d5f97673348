"""The answer to a breach: every place of a tagged column, in a lake of hundreds of datasets.

Chains of four datasets, from raw to gold, in which an address is copied from one to the next; each hop ran
some dozen times. Timed is all that `airflow-gov incident --tag pii:email` puts together, and the page of it;
beside it the same reads with one question to the store for each.

    python benchmarks/incident.py [--chains 75] [--runs 45]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import lab
from airflow_gov.catalog.incident import Asked, Incident, gather, to_html
from airflow_gov.lineage.ingesting import Intake
from airflow_gov.model.execution import ColumnInfo, DataRef, Role, Status
from airflow_gov.model.lineage import Origin
from airflow_gov.runtime import Governance

ZONES = ("raw", "preprocessed", "clean", "gold")
COLUMNS = ("id", "email", "phone", "name", "country")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
_EVENT = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_TYPES = tuple(ColumnInfo(name, "string") for name in COLUMNS)


def fill(parts: Governance, chains: int, runs: int) -> None:
    """Contracts, lineage and records of a lake; there is no data."""
    store = parts.store
    intake = Intake(lambda: store, own_namespace="default")
    mail = {"logicalType": "string", "tags": ["pii:email"]}
    columns = {name: {"logicalType": "string"} for name in COLUMNS} | {"email": mail}
    for chain in range(chains):
        for zone in ZONES[1:]:
            store.contracts.put(lab.contract(f"{zone}.d{chain}", columns))
        told = [_event(chain, *hop) for hop in pairwise(ZONES)]
        intake.take(told, origin=Origin.TRANSPORT)
    for run in range(runs):
        with store.transaction():
            for chain in range(chains):
                for source, target in pairwise(ZONES):
                    _run(parts, chain, source, target, run)


def _run(parts: Governance, chain: int, source: str, target: str, run: int) -> None:
    opening, start = lab.execution(target, f"run{run}"), NOW + timedelta(hours=run)
    data = tuple(
        DataRef(role, f"{zone}.d{chain}", 100 + run, run + 1, columns=_TYPES, rows=9)
        for role, zone in ((Role.SOURCE, source), (Role.TARGET, target))
    )
    task = replace(opening.task, dag_id=f"dag{chain}")
    ended = {"start": start, "end": start + timedelta(seconds=9), "status": Status.SUCCESS}
    parts.store.executions.finish(replace(opening, task=task, data=data, **ended))


def _event(chain: int, source: str, target: str) -> dict[str, Any]:
    output = _dataset(f"{target}.d{chain}")
    kind = {"type": "DIRECT", "subtype": "IDENTITY", "masking": False}
    came = {"namespace": "file", "name": f"/lake/{source}.d{chain}", "transformations": [kind]}
    if source != "raw":
        fields = {name: {"inputFields": [{**came, "field": name}]} for name in COLUMNS}
        output["facets"]["columnLineage"] = {"fields": fields}
    return {
        "eventType": "COMPLETE",
        "eventTime": NOW.isoformat(),
        "producer": "https://example.com/bench",
        "schemaURL": _EVENT,
        "run": {"runId": str(uuid4())},
        "job": {"namespace": "default", "name": f"dag{chain}.{target}"},
        "inputs": [_dataset(f"{source}.d{chain}")],
        "outputs": [output],
    }


def _dataset(name: str) -> dict[str, Any]:
    same = {"namespace": "airflow-gov", "name": name, "type": "TABLE"}
    facets: dict[str, Any] = {"symlinks": {"identifiers": [same]}}
    if not name.startswith("raw."):
        facets["schema"] = {"fields": [{"name": column, "type": "string"} for column in COLUMNS]}
    return {"namespace": "file", "name": f"/lake/{name}", "facets": facets}


def one_by_one(parts: Governance, found: Incident) -> None:
    """The record of each read by itself."""
    for read in (*found.reads, *found.possible_reads):
        parts.store.executions.get(read.execution_id)


def main() -> None:
    """Fill a store, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--chains", type=int, default=75)
    parser.add_argument("--runs", type=int, default=45)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        parts = lab.governance(Path(folder))
        fill(parts, wanted.chains, wanted.runs)
        gather(parts, Asked(dataset="clean.d0"))  # what is imported and compiled once
        with lab.stopwatch() as asking:
            found = gather(parts, Asked(tag="pii:email"))
        with lab.stopwatch() as writing:
            page = to_html(found)
        with lab.stopwatch() as peer:
            one_by_one(parts, found)
        reads = len(found.reads) + len(found.possible_reads)
        print(
            f"{len(ZONES) * wanted.chains:,} datasets, {3 * wanted.chains * wanted.runs:,} executions: "
            f"{len(found.homes):,} places and {reads:,} reads put together in {asking[0]:.1f} s, a page of "
            f"{len(page) / 1000:,.0f} kB written in {writing[0]:.1f} s; one question for each read alone: "
            f"{peer[0]:.1f} s"
        )
        parts.close()


if __name__ == "__main__":
    main()
