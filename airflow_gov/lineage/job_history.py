"""A job as it was at a past moment: the run of then, and what its events said."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_gov.model.graph import TELLING_OF_OTHERS

if TYPE_CHECKING:
    from airflow_gov.store import Store

#: Events of one run that are read; a run that tells more often says the same again.
_MOST = 200


def facets_then(
    store: Store, run_id: str | None, as_of: datetime, *, dags: frozenset[str] | None
) -> dict[str, Any] | None:
    """The job's facets as the events of a run told them up to a moment.

    :param run_id: of a run that the caller may see; None where there was none yet.
    :param dags: the Dags whose jobs exist for the caller: facets that may name others are left out.
    :returns: None where nothing is known of then: its events were pruned, or it had not run.
    """
    events = store.lineage.events(run_ids=[run_id], limit=_MOST) if run_id else []
    bodies = [json.loads(event.body) for event in events]
    told = [body for body in bodies if datetime.fromisoformat(body["eventTime"]) <= as_of]
    if not told:
        return None
    found: dict[str, Any] = {}
    for body in sorted(told, key=lambda body: datetime.fromisoformat(body["eventTime"])):
        found |= body["job"].get("facets") or {}
    return {name: facet for name, facet in found.items() if dags is None or name not in TELLING_OF_OTHERS}
