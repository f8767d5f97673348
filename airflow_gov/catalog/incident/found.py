"""Datasets in which the data was found, and their quarantines: rows that were set aside are data, too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.lineage.where_is import Relation
from airflow_gov.model.graph import Dataset
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from airflow_gov.runtime import Governance

#: The column of a quarantine in which a row lies as it was delivered.
CONTENT = "content"


@dataclass(slots=True)
class Found:
    """A dataset with what was found in it.

    :param node: the dataset as lineage knows it.
    :param relation: why it is in the answer.
    :param columns: those that hold the data; empty: all of them.
    :param masked: whether it is hidden there in every way we know.
    :param readers: jobs that read what was found.
    :param possible_readers: jobs that read the dataset and do not tell which of its columns.
    :param other_readers: jobs that read the dataset, and other columns of it as they tell.
    """

    node: Dataset
    relation: Relation
    columns: list[str] = field(default_factory=list)
    masked: bool = True
    readers: set[str] = field(default_factory=set)
    possible_readers: set[str] = field(default_factory=set)
    other_readers: set[str] = field(default_factory=set)


def set_aside(governance: Governance, found: Sequence[Found]) -> Iterator[Found]:
    """The quarantines of datasets: they hold whole rows, and lineage has no edges between their columns."""
    known = {each.node.governed for each in found}
    wanted: dict[DatasetName, Found] = {}
    for each in found:
        if each.node.governed is not None and str(promised(each.node.governed)) == each.node.governed:
            quarantine = DatasetName.parse(each.node.governed).quarantine
            if str(quarantine) not in known:
                wanted[quarantine] = each
    told = governance.store.lineage.read.nodes.governed(map(str, wanted), dags=None)
    nodes = {node.governed: node for node in told}
    readers = readers_of(governance, told)
    for quarantine, each in wanted.items():
        node = nodes.get(str(quarantine)) or _untold(governance, quarantine)
        if node is not None:
            jobs = readers.get(node.dataset_id, set())
            columns, which = ([CONTENT], "possible_readers") if each.columns else ([], "readers")
            yield Found(node, Relation.COPY, columns, each.masked, **{which: jobs})


def promised(governed: str) -> DatasetName:
    """The dataset whose contract speaks of one: of a quarantine, that for which its rows were meant."""
    name = DatasetName.parse(governed)
    return DatasetName(name.zone, name.name.removesuffix(QUARANTINE_SUFFIX))


def readers_of(governance: Governance, nodes: Sequence[Dataset]) -> Mapping[int, set[str]]:
    """The jobs that read each of these datasets, as lineage tells, by the dataset's number."""
    read = governance.store.lineage.read.nodes
    links = [
        link
        for link in read.links_of(datasets=[node.dataset_id for node in nodes], dags=None)
        if not link.output
    ]
    jobs = {job.job_id: job.label for job in read.jobs({link.job_id for link in links}, dags=None)}
    found: dict[int, set[str]] = defaultdict(set)
    for link in links:
        if link.job_id in jobs:
            found[link.dataset_id].add(jobs[link.job_id])
    return found


def _untold(governance: Governance, quarantine: DatasetName) -> Dataset | None:
    """A quarantine that no event told of."""
    if governance.store.catalogue.get(quarantine) is None:
        return None
    name = str(quarantine)
    return Dataset(0, OUR_NAMESPACE, name, name, quarantine.zone, governance.clock())
