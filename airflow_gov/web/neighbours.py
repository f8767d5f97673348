"""The section Lineage: what a dataset is made from directly, and what is made from it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from airflow_gov.model.graph import Dataset, Job, Link
    from airflow_gov.store import Store

#: How many neighbours each side shows; the graph has them all.
MOST = 100


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A dataset one step away.

    :param dataset: the dataset.
    :param jobs: what leads there.
    """

    dataset: Dataset
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The section.

    :param node: the dataset's id in the graph, e.g. ``d12``; None where lineage does not know it.
    :param writers: jobs that write the dataset.
    :param readers: jobs that read it.
    :param upstream: datasets it is made from, at most :data:`MOST`.
    :param downstream: datasets that are made from it, at most :data:`MOST`.
    :param more: whether there are more of them.
    """

    node: str | None
    writers: tuple[Job, ...] = ()
    readers: tuple[Job, ...] = ()
    upstream: tuple[Neighbour, ...] = ()
    downstream: tuple[Neighbour, ...] = ()
    more: bool = False


def neighbours_of(store: Store, governed: str, dags: frozenset[str] | None) -> Neighbours:
    """Those of a dataset of the lake.

    :param governed: its name.
    :param dags: the Dags whose jobs exist for the viewer; None: all.
    """
    found = store.lineage.read.nodes.governed([governed], dags=dags)
    return neighbours(store, found[0].dataset_id, dags) if found else Neighbours(None)


def neighbours(store: Store, dataset_id: int, dags: frozenset[str] | None) -> Neighbours:
    """Those of a dataset of the graph."""
    nodes = store.lineage.read.nodes
    links = nodes.links_of(datasets=[dataset_id], dags=dags)
    writers = {link.job_id for link in links if link.output}
    readers = {link.job_id for link in links if not link.output}
    around = nodes.links_of(jobs=writers | readers, dags=dags) if links else []
    up = _ends((link for link in around if not link.output), writers, dataset_id)
    down = _ends((link for link in around if link.output), readers, dataset_id)
    jobs = {job.job_id: job for job in nodes.jobs(writers | readers, dags=dags)}
    wanted = [*sorted(up)[:MOST], *sorted(down)[:MOST]]
    datasets = {each.dataset_id: each for each in nodes.datasets(wanted, dags=dags)}
    return Neighbours(
        node=f"d{dataset_id}",
        writers=_named(jobs, writers),
        readers=_named(jobs, readers),
        upstream=_sorted(up, datasets, jobs),
        downstream=_sorted(down, datasets, jobs),
        more=max(len(up), len(down)) > MOST,
    )


def _ends(links: Iterable[Link], jobs: Collection[int], start: int) -> Mapping[int, list[int]]:
    """Datasets at the other ends of these jobs, with the jobs that lead there."""
    found: dict[int, list[int]] = defaultdict(list)
    for link in links:
        if link.job_id in jobs and link.dataset_id != start:
            found[link.dataset_id].append(link.job_id)
    return found


def _sorted(
    ends: Mapping[int, list[int]], datasets: Mapping[int, Dataset], jobs: Mapping[int, Job]
) -> tuple[Neighbour, ...]:
    found = (
        Neighbour(datasets[each], _named(jobs, through)) for each, through in ends.items() if each in datasets
    )
    return tuple(sorted(found, key=lambda each: (each.dataset.label, each.dataset.namespace)))


def _named(jobs: Mapping[int, Job], ids: Iterable[int]) -> tuple[Job, ...]:
    return tuple(sorted((jobs[each] for each in set(ids) if each in jobs), key=lambda job: job.label))
