"""OpenLineage events as producers outside this Airflow send them."""

from __future__ import annotations

import uuid
from typing import Any


def run_event(
    number: int, *, namespace: str = "spark", name: str = "sales.load", **changes: Any
) -> dict[str, Any]:
    """The end of a run that reads one table and writes another; each number is another run."""
    plain = {
        "eventTime": f"2026-01-31T12:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "eventType": "COMPLETE",
        "run": {"runId": str(uuid.UUID(int=number)), "facets": {}},
        "job": {"namespace": namespace, "name": name, "facets": {}},
        "inputs": [{"namespace": "s3://landing", "name": "sales", "facets": {}}],
        "outputs": [
            {
                "namespace": "s3://lake",
                "name": "sales",
                "facets": {
                    "schema": {"fields": [{"name": "amount", "type": "int"}]},
                    "columnLineage": {
                        "fields": {
                            "amount": {
                                "inputFields": [
                                    {"namespace": "s3://landing", "name": "sales", "field": "amount"}
                                ]
                            }
                        }
                    },
                },
                "outputFacets": {"outputStatistics": {"rowCount": number}},
            }
        ],
        "producer": "https://example.com/spark",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }
    return {key: value for key, value in {**plain, **changes}.items() if value is not ...}


def bad_event(number: int) -> dict[str, Any]:
    """One whose job has no name."""
    return run_event(number, job={"namespace": "spark"})
