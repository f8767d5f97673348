"""Whether what is drawn goes on: a little later it may look otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import JobNode
from airflow_gov.model.graph import JobState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_gov.lineage.drawn import Graph
    from airflow_gov.lineage.focus import Focus
    from airflow_gov.model.graph import Run
    from airflow_gov.store import Store

#: What waits for its next try goes on, too.
_UNFINISHED = frozenset({JobState.RUNNING, JobState.DEFERRED, JobState.UP_FOR_RETRY})


def goes_on(
    store: Store, focus: Focus, runs: Sequence[Run], graph: Graph, *, dags: frozenset[str] | None
) -> bool:
    """Whether a job of the graph has not ended, or the Dag in focus: between two tasks none of them runs.

    :param runs: the runs in focus.
    :param graph: of now.
    :param dags: the Dags whose jobs exist for the caller.
    """
    if any(isinstance(node, JobNode) and node.state in _UNFINISHED for node in graph.nodes):
        return True
    of_dag = [run for run in runs if run.task_id is None]
    if focus.dag_id is not None and focus.dag_run_id is None:
        read = store.lineage.read
        jobs = [job for job in read.nodes.jobs_of(focus.dag_id, dags=dags) if job.task_id is None]
        of_dag = read.runs.latest(jobs, dags=dags)
    return any(run.state in _UNFINISHED for run in of_dag)
