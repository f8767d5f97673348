"""OpenLineage events in few words, and the graph of a store as plain rows."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy

from airflow_gov.lineage.events import parse_event
from airflow_gov.lineage.projecting import project
from airflow_gov.model.lineage import Named, Origin, Projection
from airflow_gov.store import lineage_tables

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
#: Where datasets lie whose name says nothing else.
LAKE = "s3://lake"
OURS = "airflow-gov"
JOBS = "prod"


def at(seconds: float) -> datetime:
    """A moment, in seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def run_id(name: str) -> str:
    """The UUID of a run that goes by a name here."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def dataset(
    name: str,
    *,
    namespace: str = LAKE,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    aliases: Sequence[tuple[str, str]] = (),
    tags: Sequence[tuple[str, str, str]] | None = None,
    made_of: Mapping[str, Sequence[str]] | None = None,
    rows_of: Sequence[str] = (),
    version: str | None = None,
    rows: int | None = None,
    change: str | None = None,
    formerly: str | None = None,
    **facets: Any,
) -> dict[str, Any]:
    """A dataset, as an input or output.

    :param columns: names, with types where they matter.
    :param tags: column, key and value of each.
    :param made_of: column → ``dataset.column`` of each that it comes from.
    :param rows_of: ``dataset.column`` of each that decides about the rows.
    """
    found = dict(facets)
    if columns is not None:
        types = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "string")
        found["schema"] = {"fields": [{"name": name, "type": kind} for name, kind in types.items()]}
    if aliases:
        found["symlinks"] = {
            "identifiers": [{"namespace": space, "name": each, "type": "TABLE"} for space, each in aliases]
        }
    if tags is not None:
        found["tags"] = {"tags": [{"field": field, "key": key, "value": value} for field, key, value in tags]}
    if made_of is not None or rows_of:
        found["columnLineage"] = {
            "fields": {
                column: {"inputFields": [_field(each, "DIRECT", "IDENTITY") for each in sources]}
                for column, sources in (made_of or {}).items()
            },
            "dataset": [_field(each, "INDIRECT", "FILTER") for each in rows_of],
        }
    if version is not None:
        found["version"] = {"datasetVersion": version}
    if change is not None or formerly is not None:
        found["lifecycleStateChange"] = {"lifecycleStateChange": change or "RENAME"}
    if formerly is not None:
        found["lifecycleStateChange"]["previousIdentifier"] = {"namespace": namespace, "name": formerly}
    plain: dict[str, Any] = {"namespace": namespace, "name": name, "facets": found}
    if rows is not None:
        plain["outputFacets"] = {"outputStatistics": {"rowCount": rows}}
    return plain


def _field(text: str, kind: str, subtype: str) -> dict[str, Any]:
    name, _, field = text.rpartition(".")
    way = {"type": kind, "subtype": subtype, "description": "", "masking": False}
    return {"namespace": LAKE, "name": name, "field": field, "transformations": [way]}


def run_event(
    run: str,
    state: str,
    seconds: float,
    *,
    job: str = "job",
    namespace: str = JOBS,
    inputs: Sequence[str | Mapping[str, Any]] = (),
    outputs: Sequence[str | Mapping[str, Any]] = (),
    parent: str | None = None,
    facets: Mapping[str, Any] | None = None,
    job_facets: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A run event.

    :param run: a name for the run.
    :param parent: a name for its parent run.
    """
    found = dict(facets or {})
    if parent is not None:
        found["parent"] = {"run": {"runId": run_id(parent)}, "job": {"namespace": namespace, "name": "dag"}}
    return {
        "eventType": state,
        "eventTime": at(seconds).isoformat(),
        "producer": "https://example.com/tests",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id(run), "facets": found},
        "job": {"namespace": namespace, "name": job, "facets": dict(job_facets or {})},
        "inputs": [_plain(each) for each in inputs],
        "outputs": [_plain(each) for each in outputs],
    }


def job_event(
    seconds: float, job: str = "job", **datasets: Sequence[str | Mapping[str, Any]]
) -> dict[str, Any]:
    """What a job reads and writes, without a run."""
    return {
        "eventTime": at(seconds).isoformat(),
        "job": {"namespace": JOBS, "name": job},
        **{part: [_plain(each) for each in found] for part, found in datasets.items()},
    }


def dataset_event(seconds: float, plain: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a dataset, without a job."""
    return {"eventTime": at(seconds).isoformat(), "dataset": dict(plain)}


def _plain(each: str | Mapping[str, Any]) -> dict[str, Any]:
    return {"namespace": LAKE, "name": each} if isinstance(each, str) else dict(each)


def projected(
    *plains: Mapping[str, Any], origin: Origin = Origin.TRANSPORT, own_namespace: str | None = None
) -> list[Projection]:
    """Events as the store takes them."""
    return [project(parse_event(plain), origin=origin, own_namespace=own_namespace) for plain in plains]


class Graph:
    """What is in a store's graph, by names in place of numbers, so that two can be compared.

    :param url: the store's.
    """

    def __init__(self, url: str) -> None:
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            tables = {
                name: connection.execute(sqlalchemy.select(table)).mappings().all()
                for name, table in _TABLES.items()
            }
        engine.dispose()
        self._jobs = {row["job_id"]: row["name"] for row in tables["job"]}
        self._datasets = {row["dataset_id"]: row["name"] for row in tables["dataset"]}
        self._columns = {
            row["column_id"]: f"{self._datasets[row['dataset_id']]}.{row['name']}" for row in tables["column"]
        }
        self.rows = {name: [self._named(name, row) for row in rows] for name, rows in tables.items()}

    def _named(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        ends = self._columns if table == "column_edge" else self._datasets
        known = {"job_id": self._jobs, "dataset_id": self._datasets, "source_id": ends, "target_id": ends}
        return {
            name: known[name][value] if name in known else value
            for name, value in row.items()
            if name not in ("column_id", "telling_id", "telling_since", "telling_done")
        }

    def all(self) -> dict[str, list[str]]:
        """Everything, in an order that does not depend on how it came to be."""
        return {
            name: sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
            for name, rows in self.rows.items()
        }

    def edges(self, *, holding: bool = True) -> set[tuple[str, str]]:
        """Pairs of datasets with an edge.

        :param holding: only edges that hold now.
        """
        return self._pairs("edge", holding)

    def column_edges(self, *, holding: bool = True) -> set[tuple[str, str]]:
        """Pairs of columns, ``dataset.column``, with an edge."""
        return self._pairs("column_edge", holding)

    def _pairs(self, table: str, holding: bool) -> set[tuple[str, str]]:
        return {
            (row["source_id"], row["target_id"])
            for row in self.rows[table]
            if not holding or row["until"] is None
        }

    def span(self, source: str, target: str) -> tuple[datetime, datetime | None]:
        """Since when and until when an edge between datasets holds."""
        (found,) = (
            row for row in self.rows["edge"] if (row["source_id"], row["target_id"]) == (source, target)
        )
        return found["first_seen"], found["until"]

    def one(self, table: str, **values: Any) -> dict[str, Any]:
        """The one row that has these values."""
        (found,) = (row for row in self.rows[table] if values.items() <= row.items())
        return found


_TABLES = {
    table.name.removeprefix("gov_lineage_"): table
    for table in (
        lineage_tables.job,
        lineage_tables.run,
        lineage_tables.dataset,
        lineage_tables.dataset_name,
        lineage_tables.dataset_version,
        lineage_tables.tag,
        lineage_tables.touch,
        lineage_tables.job_dataset,
        lineage_tables.edge,
        lineage_tables.column,
        lineage_tables.column_edge,
    )
}


def named(name: str, namespace: str = LAKE) -> Named:
    """A dataset's name."""
    return Named(namespace, name)
