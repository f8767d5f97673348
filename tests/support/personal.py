"""A governed lake with published datasets whose columns are classified, or are not, and their lineage."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_gov.contracts import parse_contract
from airflow_gov.model.column_lineage import Subtype, Transformation
from airflow_gov.model.contract import Contract
from airflow_gov.model.lineage import (
    ColumnEdge,
    ColumnFacts,
    DatasetFacts,
    EventKind,
    JobFacts,
    LineageEvent,
    Named,
    Origin,
    Projection,
    RunFacts,
    RunState,
    Touch,
)
from airflow_gov.model.zones import DatasetName
from airflow_gov.runtime import Governance
from airflow_gov.settings import Settings
from airflow_gov.store import Store
from support import records, stores
from support.lakes import Bench

#: Columns by name, each with its ODCS properties.
Columns = Mapping[str, Mapping[str, Any]]
#: source column, target column, how, whether masked; columns with their dataset.
Edge = tuple[str, str, Subtype, bool]


def contract(dataset: str, columns: Columns) -> Contract:
    """A contract that can be read again from its text."""
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": dataset,
        "version": "1.0.0",
        "status": "active",
        "schema": [
            {
                "name": dataset.partition(".")[2],
                "physicalName": dataset,
                "properties": [
                    {"name": name, "logicalType": "string", **entry} for name, entry in columns.items()
                ],
            }
        ],
    }
    return parse_contract(json.dumps(document), DatasetName.parse(dataset))


class Home:
    """One installation.

    :param folder: where it lives.
    """

    def __init__(self, folder: Path) -> None:
        stores.ready(folder / "airflow_gov" / "governance.db")
        self.clock = records.Clock()
        self.governance = Governance(Settings.load({"AIRFLOW_HOME": str(folder)}), clock=self.clock)

    @property
    def store(self) -> Store:
        return self.governance.store

    def publish(
        self,
        dataset: str,
        columns: Columns,
        rows: Iterable[Mapping[str, Any]],
        *,
        number: int = 1,
        promised: Columns | None = None,
    ) -> DatasetName:
        """Publish a version.

        :param promised: what the contract in use says, where that is not `columns`; empty: no contract.
        """
        made = contract(dataset, columns)
        published = Bench(self.governance.lake, made).load(f"load {number}", list(rows))
        wanted = columns if promised is None else promised
        if wanted:
            self.store.contracts.put(contract(dataset, wanted))
        version = records.version(
            number, dataset=made.dataset, snapshot_id=published.snapshot_id, contract_hash=made.hash
        )
        self.store.versions.record(version)
        return made.dataset

    def close(self) -> None:
        self.governance.close()


def tell(store: Store, edges: Sequence[Edge], **more: Any) -> None:
    """Tell the store of one run whose outputs' columns come from those of its inputs."""
    sides = [[_split(edge[place]) for edge in edges] for place in (0, 1)]
    datasets: dict[str, list[str]] = {}
    for name, column in (*sides[0], *sides[1]):
        datasets.setdefault(name, []).append(column)
    run_id = hashlib.md5(repr(edges).encode()).hexdigest()
    run_id = f"{run_id[:8]}-{run_id[8:12]}-{run_id[12:16]}-{run_id[16:20]}-{run_id[20:]}"
    job = Named("default", f"shop.{run_id[:8]}")
    event = LineageEvent(EventKind.RUN, run_id, records.T0, RunState.COMPLETE, run_id, job, {"run": {}})
    projection = Projection(
        event,
        JobFacts(job, dag_id="shop", task_id=run_id[:8]),
        RunFacts(run_id, RunState.COMPLETE, records.T0),
        datasets=tuple(_facts(name, columns, **more.get(name, {})) for name, columns in datasets.items()),
        touches=(
            *(Touch(_named(name), False) for name in dict(sides[0])),
            *(Touch(_named(name), True) for name in dict(sides[1])),
        ),
        column_edges=tuple(
            ColumnEdge(_named(a), column, _named(b), target, (Transformation(how, masked),))
            for (a, column), (b, target), (_, _, how, masked) in zip(*sides, edges, strict=True)
        ),
    )
    store.lineage.record([projection], origin=Origin.TRANSPORT, at=records.T0)


def _facts(name: str, columns: Iterable[str], **more: Any) -> DatasetFacts:
    facts = tuple(
        ColumnFacts(column, "string", position=place)
        for place, column in enumerate(each for each in dict.fromkeys(columns) if each)
    )
    governed = (
        name
        if name.partition(".")[0] in ("raw", "preprocessed", "clean", "gold", "work", "sensitive")
        else None
    )
    return DatasetFacts(_named(name), governed=governed, columns=facts, **more)


def _named(name: str) -> Named:
    return Named("s3://lake", name.replace(".", "/"))


def _split(text: str) -> tuple[str, str]:
    zone, name, column = text.split(".", 2)
    return f"{zone}.{name}", column
