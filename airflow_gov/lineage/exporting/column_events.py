"""Column lineage as OpenLineage events: of each job what it makes of which columns, whichever run told it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.column_facets import transformation_told
from airflow_gov.lineage.facets import PRODUCER, facet
from airflow_gov.model.lineage import ALL_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from airflow_gov.lineage.drawn import Graph, Node
    from airflow_gov.lineage.exporting.columns import ColumnGraph, Derivation

_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"


def column_events(graph: Graph, columns: ColumnGraph) -> Iterator[str]:
    """Lines of JSON: a JobEvent for each job of the graph that makes columns of columns."""
    at = graph.as_of or graph.last_event_at
    if at is None:
        return
    nodes = {node.id: node for node in graph.nodes}
    jobs: dict[str, list[Derivation]] = {}
    for each in columns.derivations:
        jobs.setdefault(each.job, []).append(each)
    for job, derivations in jobs.items():
        event = {
            "eventTime": at.isoformat(),
            "producer": PRODUCER,
            "schemaURL": _SCHEMA,
            "job": _named(nodes[job]),
            "inputs": [
                _named(nodes[key]) for key in dict.fromkeys(each.source.dataset for each in derivations)
            ],
            "outputs": list(_outputs(derivations, nodes)),
        }
        yield json.dumps(event, ensure_ascii=False) + "\n"


def _outputs(derivations: Iterable[Derivation], nodes: dict[str, Node]) -> Iterator[dict[str, Any]]:
    targets: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for each in derivations:
        fields = targets.setdefault(each.target.dataset, {})
        fields.setdefault(each.target.name, []).append(_input(each, nodes))
    for key, fields in targets.items():
        rows = fields.pop(ALL_ROWS, None)
        lineage = facet(
            "ColumnLineageDatasetFacet",
            "1-2-0",
            fields={name: {"inputFields": inputs} for name, inputs in fields.items()},
            dataset=rows,
        )
        yield {**_named(nodes[key]), "facets": {"columnLineage": lineage}}


def _input(derivation: Derivation, nodes: dict[str, Node]) -> dict[str, Any]:
    return {
        **_named(nodes[derivation.source.dataset]),
        "field": derivation.source.name,
        "transformations": [transformation_told(each) for each in derivation.transformations],
    }


def _named(node: Node) -> dict[str, Any]:
    return {"namespace": node.namespace, "name": node.name}
