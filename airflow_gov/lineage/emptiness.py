"""Why there is no lineage to show, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import Emptiness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from airflow_gov.lineage.focus import Focus
    from airflow_gov.model.graph import Run
    from airflow_gov.store import Store

_SET_TRANSPORT = (
    'Set [openlineage] transport to {"type": "airflow_gov.lineage.transport.GovernanceTransport"} '
    "and run it again."
)


def why_empty(
    store: Store,
    focus: Focus,
    runs: Sequence[Run],
    as_of: datetime | None,
    *,
    dags: frozenset[str] | None,
) -> Emptiness:
    """Why nothing is in focus.

    :param focus: a Dag, a run, a task, a task instance or a job; a dataset is never empty.
    :param runs: the runs in focus.
    :param as_of: the moment that is looked at.
    :param dags: the Dags whose jobs exist for the caller.
    """
    read = store.lineage.read
    if runs or focus.job is not None:
        return _told_nothing(focus)
    jobs = read.nodes.jobs_of(str(focus.dag_id), focus.task_id, dags=dags)
    if jobs and as_of is not None:
        return Emptiness(
            "never_ran",
            f"At that time nothing was known of {focus.label}.",
            "Choose a later time, or go back to now.",
        )
    if jobs and focus.dag_run_id is None:
        return _told_nothing(focus)
    if _executed(store, focus):
        return Emptiness(
            "transport_not_set",
            f"{focus.label} ran, but sent no lineage here.",
            _SET_TRANSPORT,
        )
    if read.nodes.last_event_at(dags=dags) is None:
        return Emptiness("no_store_events", "No lineage has arrived here yet, from anything.", _SET_TRANSPORT)
    return Emptiness("never_ran", f"{focus.label} has not run yet.", "Run it: lineage appears as it runs.")


def _told_nothing(focus: Focus) -> Emptiness:
    return Emptiness(
        "no_lineage",
        f"{focus.label} ran, and names nothing that it reads or writes.",
        "Its operators emit no lineage. Use operators that do, or give the task inlets and outlets.",
    )


def _executed(store: Store, focus: Focus) -> bool:
    return bool(
        store.executions.list(
            dag_id=focus.dag_id, run_id=focus.dag_run_id, task_id=focus.task_id, limit=1, data=False
        )
    )
