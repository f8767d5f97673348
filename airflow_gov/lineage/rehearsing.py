"""Takes an event in and undoes it: what only has to be found out once is found out before it counts."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.lineage.events import parse_event
from airflow_gov.lineage.projecting import project
from airflow_gov.model.lineage import Origin

if TYPE_CHECKING:
    from airflow_gov.store import Store


class _UndoError(Exception):
    """Ends the transaction without its changes."""


def rehearse(store: Store) -> None:
    """Connect, check the schema and compile the statements that an event needs; nothing stays.

    :param store: forked children that use it find all that done.
    :raises StoreUnavailableError: it cannot be reached.
    """
    projections = [
        project(parse_event(_event(state)), origin=Origin.IMPORT, own_namespace=None)
        for state in ("START", "COMPLETE")
    ]
    with suppress(_UndoError), store.transaction():
        store.lineage.record(projections, origin=Origin.IMPORT, at=datetime.now(UTC))
        raise _UndoError


def _event(state: str) -> dict[str, Any]:
    name = {"namespace": "airflow-gov-rehearsal", "name": "rehearsal"}
    field = {**name, "field": "a", "transformations": [{"type": "DIRECT", "subtype": "IDENTITY"}]}
    return {
        "eventTime": "2000-01-01T00:00:00Z",
        "eventType": state,
        "run": {"runId": "00000000-0000-0000-0000-000000000000"},
        "job": name,
        "inputs": [name],
        "outputs": [
            {
                **name,
                "name": "rehearsed",
                "facets": {
                    "schema": {"fields": [{"name": "a", "type": "int"}]},
                    "symlinks": {"identifiers": [{**name, "name": "alias", "type": "TABLE"}]},
                    "columnLineage": {"fields": {"a": {"inputFields": [field]}}},
                    "tags": {"tags": [{"key": "a", "value": "b"}]},
                    "version": {"datasetVersion": "1"},
                },
                "outputFacets": {"outputStatistics": {"rowCount": 1}},
            }
        ],
    }
