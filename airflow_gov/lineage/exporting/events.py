"""The OpenLineage events as they came, one JSON document a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from airflow_gov.model.intake import StoredEvent
    from airflow_gov.store import Store

_PAGE = 500


def exported_events(
    store: Store, *, runs: Collection[str] | None = None, dags: frozenset[str] | None
) -> Iterator[str]:
    """Lines of JSON, in the order in which the events were taken in; read page by page.

    :param runs: the ids of the runs whose events are wanted, which the caller may see; None: every event.
    :param dags: the Dags whose jobs exist for the caller: a parent run of another is left out of its
        child's event. None: events leave as they came.
    """
    after = 0
    while True:
        page = store.lineage.events(after, limit=_PAGE, run_ids=runs)
        if not page:
            return
        after = page[-1].sequence
        yield from (_lines(page) if dags is None else _allowed(store, page, dags))


def _lines(page: list[StoredEvent]) -> Iterator[str]:
    for event in page:
        # What was taken in is JSON already. A line of its own it is without the breaks between its parts;
        # within its strings JSON has none of these two, and all else there stays as it is.
        text = event.body.decode("utf-8-sig")
        yield text.replace("\r", " ").replace("\n", " ") + "\n"


def _allowed(store: Store, page: list[StoredEvent], dags: frozenset[str]) -> Iterator[str]:
    bodies = [json.loads(event.body) for event in page]
    named = {run for body in bodies for run in (_run(body), *_parents(body)) if run}
    seen = {run.run_id for run in store.lineage.read.runs.get(named, dags=dags)}
    for body in bodies:
        if _run(body) in seen:
            # It names the Dags whose assets started this one.
            body["run"].get("facets", {}).pop("jobDependencies", None)
            if any(parent not in seen for parent in _parents(body)):
                body["run"]["facets"].pop("parent")
            yield json.dumps(body, ensure_ascii=False) + "\n"


def _run(body: dict[str, Any]) -> str | None:
    run = body.get("run")
    found = run.get("runId") if isinstance(run, dict) else None
    return found.lower() if isinstance(found, str) else None


def _parents(body: dict[str, Any]) -> list[str]:
    """The ids of the runs that the event's parent facet names."""
    run = body.get("run")
    facets = run.get("facets") if isinstance(run, dict) else None
    parent = facets.get("parent") if isinstance(facets, dict) else None
    if not isinstance(parent, dict):
        return []
    parts = (parent, parent.get("root"))
    runs = [part.get("run") for part in parts if isinstance(part, dict)]
    return [str(each.get("runId")).lower() for each in runs if isinstance(each, dict) and each.get("runId")]
