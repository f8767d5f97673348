"""The part of the graph around a Dag, a run, a task, a dataset or a job."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from airflow_gov.lineage.assembling import InFocus, assembled
from airflow_gov.lineage.drawn import Focused, Graph, RunTold, dataset_key, job_key
from airflow_gov.lineage.emptiness import why_empty
from airflow_gov.lineage.focus import Focus, find_dataset, find_job, node_number
from airflow_gov.lineage.going_on import goes_on
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import Direction, Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from airflow_gov.store import Store

#: The most that is asked for: "all" upstream is this many steps.
MAX_DEPTH = 50
MAX_NODES = 2_000


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of the graph is wanted.

    :param up: steps upstream of the inputs of what is in focus, from dataset to dataset.
    :param down: steps downstream of its outputs.
    :param as_of: the graph as it was then.
    :param limit: nodes at most.
    :param expand: single steps more, from a node that is drawn: (``d1`` or ``j5``, direction).
    """

    up: int = 2
    down: int = 2
    as_of: datetime | None = None
    limit: int = 300
    expand: tuple[tuple[str, Direction], ...] = ()

    def checked(self) -> Extent:
        """The same, within what is allowed.

        :raises GovernanceError: ``PARAMETER_INVALID``.
        """
        for name, value, least in (("up", self.up, 0), ("down", self.down, 0), ("limit", self.limit, 1)):
            if value < least:
                raise GovernanceError(
                    Reason.PARAMETER_INVALID,
                    f"{name}={value}: it has to be at least {least}.",
                    parameter=name,
                )
        return replace(
            self,
            up=min(self.up, MAX_DEPTH),
            down=min(self.down, MAX_DEPTH),
            limit=min(self.limit, MAX_NODES),
        )


@dataclass
class _Core:
    """What is in focus, before anything around it.

    :param inputs: datasets from which upstream is walked.
    :param outputs: datasets from which downstream is walked.
    :param moment: when the runs in focus ended: what lies around them is shown as it was then.
    """

    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    own: InFocus = field(default_factory=InFocus)
    moment: datetime | None = None

    @property
    def datasets(self) -> list[int]:
        return list(dict.fromkeys((*self.outputs, *self.inputs)))


def draw(store: Store, focus: Focus, extent: Extent, *, dags: frozenset[str] | None) -> Graph:
    """The graph around something.

    :param focus: what is in the middle.
    :param extent: how much around it.
    :param dags: the Dags whose jobs exist for the caller; None: all.
    :raises GovernanceError: ``DATASET_UNKNOWN``, ``JOB_UNKNOWN`` when there is none such for the caller;
        ``PARAMETER_INVALID``.
    """
    extent = extent.checked()
    core = _core(store, focus, extent.as_of, dags)
    graph = _drawn(store, core, replace(extent, as_of=extent.as_of or core.moment), dags)
    own = [*map(dataset_key, core.datasets), *map(job_key, core.own.jobs)]
    label = graph.nodes[0].label if focus.kind in ("dataset", "job") and graph.nodes else focus.label
    present = {node.id for node in graph.nodes}
    told = Focused(focus.kind, label, tuple(each for each in own if each in present), _run(focus, core))
    return replace(
        graph,
        focus=told,
        running=extent.as_of is None and goes_on(store, focus, core.own.runs, graph, dags=dags),
        as_of=extent.as_of,
        empty=None if core.datasets else why_empty(store, focus, core.own.runs, extent.as_of, dags=dags),
        last_event_at=store.lineage.read.nodes.last_event_at(dags=dags),
    )


def draw_path(store: Store, start: str, goal: str, *, dags: frozenset[str] | None) -> tuple[list[str], Graph]:
    """A shortest way down from one dataset or job to another, or up where there is none down.

    :param start: id, e.g. ``d1`` or ``j5``, or a dataset's name.
    :returns: the nodes from start to goal (empty where there is no way), and the graph of them.
    :raises GovernanceError: ``DATASET_UNKNOWN``, ``JOB_UNKNOWN``.
    """
    ends = [_end(store, text, dags) for text in (start, goal)]
    way = _way(store, ends[0], ends[1], dags) or _way(store, ends[1], ends[0], dags)[::-1]
    datasets = [int(each[1:]) for each in way if each[0] == "d"]
    jobs = [int(each[1:]) for each in way if each[0] == "j"]
    graph = assembled(store, datasets, jobs, InFocus(), dags=dags)
    return way, replace(graph, focus=Focused("path", " → ".join((start, goal)), tuple(way)), total=len(way))


def _core(store: Store, focus: Focus, as_of: datetime | None, dags: frozenset[str] | None) -> _Core:
    read = store.lineage.read
    if focus.dataset is not None:
        number = find_dataset(read, focus.dataset, dags)
        return _Core([number], [number])
    if focus.job is not None:
        jobs = [find_job(read, focus.job, dags)]
    elif dags is not None and focus.dag_id not in dags:
        raise GovernanceError(Reason.JOB_UNKNOWN, "There is no such Dag, or you may not see it.")
    elif focus.dag_run_id is not None:
        return _core_of_runs(store, focus, dags)
    else:
        jobs = [each.job_id for each in read.nodes.jobs_of(str(focus.dag_id), focus.task_id, dags=dags)]
    links = read.nodes.links_of(jobs=jobs, dags=dags, as_of=as_of)
    busy = {link.job_id for link in links}
    return _Core(
        inputs=_distinct(link.dataset_id for link in links if not link.output),
        outputs=_distinct(link.dataset_id for link in links if link.output),
        own=InFocus([number for number in jobs if number in busy or focus.kind in ("task", "job")]),
    )


def _core_of_runs(store: Store, focus: Focus, dags: frozenset[str] | None) -> _Core:
    """Runs show what they really read and wrote, whatever their jobs do since."""
    read = store.lineage.read
    runs = read.runs.of_dag_run(
        str(focus.dag_id), str(focus.dag_run_id), focus.task_id, focus.map_index, dags=dags
    )
    touched = read.runs.touches([run.run_id for run in runs], dags=dags)
    busy = {each.job_id for each in touched}
    return _Core(
        inputs=_distinct(each.dataset_id for each in touched if not each.output),
        outputs=_distinct(each.dataset_id for each in touched if each.output),
        own=InFocus(
            jobs=_distinct(run.job_id for run in runs if run.job_id in busy or focus.kind == "ti"),
            runs=runs,
            touched=touched,
        ),
        moment=max((run.state_at for run in runs), default=None),
    )


def _drawn(store: Store, core: _Core, extent: Extent, dags: frozenset[str] | None) -> Graph:
    walks = [
        _walk(store, core.inputs, Direction.UP, extent.up, extent, dags),
        _walk(store, core.outputs, Direction.DOWN, extent.down, extent, dags),
    ]
    walks += [_expanded(store, *each, extent, dags) for each in extent.expand]
    order = _ordered(core, walks)
    kept = order[: extent.limit]
    graph = assembled(
        store,
        [number for kind, number in kept if kind == "d"],
        [number for kind, number in kept if kind == "j"],
        core.own,
        dags=dags,
        as_of=extent.as_of,
    )
    # A start that turned out not to exist for the caller is no node.
    total = max(len(order), graph.shown) if len(order) > len(kept) else graph.shown
    whole = len(order) == len(kept) and all(walk.complete for walk in walks)
    return replace(graph, total=total, truncated=not whole)


def _ordered(core: _Core, walks: Sequence[Walk]) -> list[tuple[str, int]]:
    """Nodes by how far they are: what is in focus, then both sides step by step."""
    steps = [(0, "d", number) for number in core.datasets] + [(0, "j", number) for number in core.own.jobs]
    for walk in walks:
        steps += [(level, "j", number) for number, level in walk.jobs.items()]
        steps += [(level, "d", number) for number, level in walk.datasets.items()]
    # Stable: within a step the jobs of a side stand before the datasets behind them.
    return list(dict.fromkeys((kind, number) for _, kind, number in sorted(steps, key=lambda each: each[0])))


def _walk(
    store: Store,
    start: list[int],
    direction: Direction,
    depth: int,
    extent: Extent,
    dags: frozenset[str] | None,
) -> Walk:
    if not depth or not start:
        return Walk(dict.fromkeys(start, 0), {})
    return store.lineage.read.walks.datasets(
        start, direction, depth=depth, dags=dags, as_of=extent.as_of, most=MAX_NODES
    )


def _expanded(
    store: Store, node: str, direction: Direction, extent: Extent, dags: frozenset[str] | None
) -> Walk:
    """One step from a node; nothing from one that does not exist for the caller."""
    nodes = store.lineage.read.nodes
    number = node_number(node, "d")
    if number is not None:
        known = [each.dataset_id for each in nodes.datasets([number], dags=dags)]
        return _walk(store, known, direction, 1, extent, dags)
    number = node_number(node, "j")
    if number is None:
        raise GovernanceError(
            Reason.PARAMETER_INVALID,
            f"expand={node[:80]!r}: write ids with a direction, e.g. d1:up,j7:down.",
            parameter="expand",
        )
    links = nodes.links_of(jobs=[number], dags=dags, as_of=extent.as_of)
    wanted = direction is Direction.DOWN
    return Walk(
        {link.dataset_id: 1 for link in links if link.output is wanted}, {each.job_id: 0 for each in links}
    )


def _run(focus: Focus, core: _Core) -> RunTold | None:
    """The run that is in focus: the task instance's newest try, or the Dag run's own."""
    if focus.kind == "ti":
        return RunTold.of(core.own.runs[0]) if core.own.runs else None
    own = [run for run in core.own.runs if run.task_id is None and run.dag_id is not None]
    return RunTold.of(own[0]) if own else None


def _end(store: Store, text: str, dags: frozenset[str] | None) -> str:
    read = store.lineage.read
    if node_number(text, "j") is not None:
        return job_key(find_job(read, text, dags))
    return dataset_key(find_dataset(read, text, dags))


def _way(store: Store, start: str, goal: str, dags: frozenset[str] | None) -> list[str]:
    """A way down between two nodes; from a job it begins at an output, to a job it ends at an input."""
    if start == goal:
        return [start]
    nodes = store.lineage.read.nodes
    sides = []
    for end, output in ((start, True), (goal, False)):
        number = int(end[1:])
        links = nodes.links_of(jobs=[number], dags=dags) if end[0] == "j" else []
        sides.append(
            [number] if end[0] == "d" else [each.dataset_id for each in links if each.output is output]
        )
    way = store.lineage.read.walks.path(sides[0], sides[1], dags=dags)
    named = [job_key(number) if place % 2 else dataset_key(number) for place, number in enumerate(way)]
    if not named:
        return []
    return [*([start] if start[0] == "j" else []), *named, *([goal] if goal[0] == "j" else [])]


def _distinct(numbers: Iterable[int]) -> list[int]:
    return sorted(set(numbers))
