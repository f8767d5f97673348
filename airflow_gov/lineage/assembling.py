"""Nodes and arrows put together to a graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import Arrow, Focused, Graph, Node, dataset_key, job_key
from airflow_gov.lineage.nodes import dataset_nodes, job_nodes
from airflow_gov.model.graph import Link

if TYPE_CHECKING:
    from datetime import datetime

    from airflow_gov.model.graph import Run, Touched
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class InFocus:
    """The jobs in focus.

    :param runs: the runs in focus, where it is about runs.
    :param touched: what these read and wrote: it is drawn in place of what their jobs do now.
    """

    jobs: list[int] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)


def assembled(
    store: Store,
    datasets: list[int],
    jobs: list[int],
    own: InFocus,
    *,
    dags: frozenset[str] | None,
    as_of: datetime | None = None,
) -> Graph:
    """The nodes of these ids that exist for the caller, with the arrows between them."""
    read = store.lineage.read
    found = read.nodes.datasets(datasets, dags=dags)
    links = read.nodes.links_of(jobs=jobs, datasets=datasets, dags=dags, as_of=as_of)
    links = _real(links, own, {each.dataset_id for each in found})
    runs: dict[int, list[Run]] = {}
    for run in own.runs:
        runs.setdefault(run.job_id, []).append(run)
    # What was read and written is shown as it was written.
    touched = {each.dataset_id: each for each in sorted(own.touched, key=lambda each: each.output)}
    nodes: list[Node] = [
        *dataset_nodes(store, found, dags=dags, as_of=as_of, touched=touched, links=links),
        *job_nodes(store, read.nodes.jobs(jobs, dags=dags), dags=dags, as_of=as_of, runs=runs, links=links),
    ]
    order = {key: place for place, key in enumerate((*map(dataset_key, datasets), *map(job_key, jobs)))}
    nodes.sort(key=lambda node: order[node.id])
    return Graph(
        focus=Focused("", "", ()),
        nodes=tuple(nodes),
        edges=tuple(_arrow(link) for link in links),
        shown=len(nodes),
        total=len(nodes),
        as_of=as_of,
    )


def _real(links: list[Link], own: InFocus, datasets: set[int]) -> list[Link]:
    """The arrows of jobs in focus as their runs drew them, those of other jobs as they are."""
    if not own.runs:
        return links
    jobs = {run.job_id for run in own.runs}
    real = sorted({(each.job_id, each.dataset_id, each.output) for each in own.touched})
    others = [link for link in links if link.job_id not in jobs]
    return others + [Link(*each) for each in real if each[1] in datasets and each[0] in own.jobs]


def _arrow(link: Link) -> Arrow:
    ends = (dataset_key(link.dataset_id), job_key(link.job_id))
    source, target = ends[::-1] if link.output else ends
    return Arrow(f"{source}-{target}", source, target, job_key(link.job_id), link.until)
