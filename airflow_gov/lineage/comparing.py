"""Two runs of a Dag side by side: what is there in one of them only, and what is different in both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import DatasetNode, Graph, JobNode
from airflow_gov.lineage.focus import Focus, node_number
from airflow_gov.lineage.graph import draw
from airflow_gov.model.errors import GovernanceError, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from airflow_gov.lineage.drawn import Arrow, Node
    from airflow_gov.lineage.graph import Extent
    from airflow_gov.model.graph import Run, Touched
    from airflow_gov.store import Store

ADDED, REMOVED, CHANGED = "added", "removed", "changed"


def compare(
    store: Store, focus: Focus, a: str, b: str, extent: Extent, *, dags: frozenset[str] | None
) -> Graph:
    """The graphs of two runs as one.

    :param focus: a Dag or a task; of a run or a task instance its Dag or task.
    :param a: Airflow's id of the run before.
    :param b: that of the run after; what is in both is shown as it was there.
    :raises GovernanceError: ``PARAMETER_INVALID`` where a dataset or job is in focus.
    """
    if focus.dag_id is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID, "Runs are compared of a Dag or of a task.", parameter="focus"
        )
    kind = "run" if focus.task_id is None else "ti"
    sides = [
        draw(
            store,
            Focus(kind, focus.dag_id, run_id, focus.task_id, focus.map_index),
            replace(extent, as_of=None),
            dags=dags,
        )
        for run_id in (a, b)
    ]
    differ = _Differences(store, focus, (a, b), dags)
    return _merged(sides[0], sides[1], differ)


def _merged(before: Graph, after: Graph, differ: _Differences) -> Graph:
    old, new = {node.id: node for node in before.nodes}, {node.id: node for node in after.nodes}
    nodes: list[Node] = [
        replace(node, status=ADDED) if key not in old else differ.node(old[key], node)
        for key, node in new.items()
    ]
    nodes += [replace(node, status=REMOVED) for key, node in old.items() if key not in new]
    drawn, redrawn = {edge.id: edge for edge in before.edges}, {edge.id: edge for edge in after.edges}
    edges: list[Arrow] = [
        replace(edge, status=ADDED) if key not in drawn else differ.edge(edge)
        for key, edge in redrawn.items()
    ]
    edges += [replace(edge, status=REMOVED) for key, edge in drawn.items() if key not in redrawn]
    focused = tuple(dict.fromkeys((*after.focus.nodes, *before.focus.nodes)))
    return replace(
        after,
        focus=replace(after.focus, nodes=focused),
        nodes=tuple(nodes),
        edges=tuple(edges),
        shown=len(nodes),
        total=max(len(nodes), before.total, after.total),
        truncated=before.truncated or after.truncated,
        empty=after.empty if before.empty and after.empty else None,
    )


class _Differences:
    """What the runs did differently, in a fixed number of questions to the store."""

    def __init__(
        self, store: Store, focus: Focus, runs: tuple[str, str], dags: frozenset[str] | None
    ) -> None:
        read = store.lineage.read
        runs_of = [
            read.runs.of_dag_run(str(focus.dag_id), run_id, focus.task_id, focus.map_index, dags=dags)
            for run_id in runs
        ]
        touched = [read.runs.touches([run.run_id for run in side], dags=dags) for side in runs_of]
        jobs = {run.job_id for side in runs_of for run in side}
        self._edges = [
            read.columns.edge_pairs(jobs, dags=dags, as_of=_moment(side)) if side else {} for side in runs_of
        ]
        self._versions = [_written(each) for each in touched]
        pairs = {(number, version) for side in self._versions for number, version in side.items() if version}
        self._schemas = read.versions.schemas(pairs, dags=dags)

    def node(self, before: Node, after: Node) -> Node:
        """The node as it is after, with what changed."""
        if isinstance(before, DatasetNode) and isinstance(after, DatasetNode):
            changes = self._dataset_changes(after)
        elif isinstance(before, JobNode) and isinstance(after, JobNode):
            changes = _job_changes(before, after)
        else:
            changes = ()
        return replace(after, status=CHANGED, changes=changes) if changes else after

    def edge(self, edge: Arrow) -> Arrow:
        """An arrow into a dataset is changed where its columns come from elsewhere."""
        job, dataset = node_number(edge.source, "j"), node_number(edge.target, "d")
        if job is None or dataset is None:
            return edge
        before, after = (side.get((job, dataset), frozenset()) for side in self._edges)
        return replace(edge, status=CHANGED) if before != after else edge

    def _dataset_changes(self, node: DatasetNode) -> tuple[str, ...]:
        number = node_number(node.id, "d") or 0
        schemas = [self._schemas.get((number, side.get(number) or "")) for side in self._versions]
        if schemas[0] is None or schemas[1] is None:
            return ()
        before, after = dict(schemas[0]), dict(schemas[1])
        told = [f"column + {name}" for name in after if name not in before]
        told += [f"column − {name}" for name in before if name not in after]
        told += [
            f"type of {name}: {before[name]} → {after[name]}"
            for name in after
            if name in before and before[name] != after[name]
        ]
        return tuple(told)


def _job_changes(before: JobNode, after: JobNode) -> tuple[str, ...]:
    if before.state is after.state:
        return ()
    return (f"state: {before.state} → {after.state}",)


def _moment(runs: list[Run]) -> datetime:
    return max(run.state_at for run in runs)


def _written(touched: list[Touched]) -> Mapping[int, str | None]:
    return {each.dataset_id: each.version for each in touched if each.output}
