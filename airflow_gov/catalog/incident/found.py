"""Datasets in which the data was found, and their quarantines: rows that were set aside are data, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from airflow_gov.lineage.names import dataset_named
from airflow_gov.lineage.naming import OUR_NAMESPACE
from airflow_gov.lineage.where_is import Relation
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import Dataset
from airflow_gov.model.zones import QUARANTINE_SUFFIX, DatasetName

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    :param readers: jobs that read it.
    """

    node: Dataset
    relation: Relation
    columns: list[str] = field(default_factory=list)
    masked: bool = True
    readers: set[str] = field(default_factory=set)


def set_aside(governance: Governance, found: Sequence[Found]) -> Iterator[Found]:
    """The quarantines of datasets: they hold whole rows, and lineage has no edges between their columns."""
    known = {each.node.governed for each in found}
    for each in found:
        if each.node.governed is None or str(promised(each.node.governed)) != each.node.governed:
            continue
        quarantine = DatasetName.parse(each.node.governed).quarantine
        node = None if str(quarantine) in known else _node(governance, quarantine)
        if node is not None:
            columns = [CONTENT] if each.columns else []
            yield Found(node, Relation.COPY, columns, each.masked, readers_of(governance, node))


def promised(governed: str) -> DatasetName:
    """The dataset whose contract speaks of one: of a quarantine, that for which its rows were meant."""
    name = DatasetName.parse(governed)
    return DatasetName(name.zone, name.name.removesuffix(QUARANTINE_SUFFIX))


def readers_of(governance: Governance, node: Dataset) -> set[str]:
    """The jobs that read a dataset, as lineage tells."""
    read = governance.store.lineage.read.nodes
    jobs = {link.job_id for link in read.links_of(datasets=[node.dataset_id], dags=None) if not link.output}
    return {job.label for job in read.jobs(jobs, dags=None)}


def _node(governance: Governance, quarantine: DatasetName) -> Dataset | None:
    try:
        return dataset_named(governance.store, str(quarantine))
    except GovernanceError as error:
        if error.reason is not Reason.DATASET_UNKNOWN:
            raise
    if governance.store.catalogue.get(quarantine) is None:
        return None
    name = str(quarantine)
    return Dataset(0, OUR_NAMESPACE, name, name, quarantine.zone, governance.clock())
