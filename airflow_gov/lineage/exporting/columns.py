"""The columns of a graph that was drawn, and what comes from what among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import DatasetNode, column_key, dataset_key, job_key
from airflow_gov.model.lineage import ALL_ROWS

if TYPE_CHECKING:
    from airflow_gov.lineage.drawn import Graph
    from airflow_gov.model.column_lineage import Transformation
    from airflow_gov.model.graph import Column, ColumnLink
    from airflow_gov.store import Store


@dataclass(frozen=True, slots=True)
class ColumnEnd:
    """One end of a derivation.

    :param id: e.g. ``d12.carrier``.
    :param dataset: the id of its node.
    :param name: empty for all rows of the dataset.
    """

    id: str
    dataset: str
    name: str

    @property
    def label(self) -> str:
        """What people call it."""
        return "all rows" if self.name == ALL_ROWS else self.name


@dataclass(frozen=True, slots=True)
class Derivation:
    """That a column comes from another.

    :param job: the id of the node of the job that makes it so.
    """

    source: ColumnEnd
    target: ColumnEnd
    job: str
    direct: bool
    masking: bool
    transformations: tuple[Transformation, ...]

    @property
    def how(self) -> str:
        """In words, e.g. ``direct, masked, aggregation``."""
        subtypes = dict.fromkeys(each.subtype.value.lower() for each in self.transformations)
        words = ["direct" if self.direct else "indirect", *(["masked"] if self.masking else []), *subtypes]
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class ColumnGraph:
    """Derivations within a graph.

    :param total: how many there are; no more than an export may hold are in it.
    """

    derivations: tuple[Derivation, ...] = ()
    total: int = 0

    @property
    def ends(self) -> dict[str, ColumnEnd]:
        """Every column of them by its id, those of a dataset beside each other."""
        found = {end.id: end for each in self.derivations for end in (each.source, each.target)}
        return dict(sorted(found.items(), key=lambda item: (int(item[1].dataset[1:]), item[1].name)))

    @property
    def truncated(self) -> bool:
        """Whether there are more."""
        return self.total > len(self.derivations)

    @property
    def said(self) -> str:
        """How many of how many, for people."""
        shown = f"{len(self.derivations):,}"
        return f"{shown} of {self.total:,} column edges" if self.truncated else f"{shown} column edges"


def columns_of(store: Store, graph: Graph, *, dags: frozenset[str] | None, limit: int) -> ColumnGraph:
    """What columns of the datasets of a graph its jobs make of each other.

    :param dags: the Dags whose jobs exist for the caller.
    :param limit: derivations at most.
    """
    ids: dict[bool, list[int]] = {True: [], False: []}
    for node in graph.nodes:
        ids[isinstance(node, DatasetNode)].append(int(node.id[1:]))
    found, total = store.lineage.read.column_links.between(
        ids[True], ids[False], dags=dags, as_of=graph.as_of, limit=limit
    )
    return ColumnGraph(tuple(_derivation(*each) for each in found), total)


def _derivation(source: Column, target: Column, link: ColumnLink) -> Derivation:
    return Derivation(
        _end(source), _end(target), job_key(link.job_id), link.direct, link.masking, link.transformations
    )


def _end(column: Column) -> ColumnEnd:
    return ColumnEnd(column_key(column.dataset_id, column.name), dataset_key(column.dataset_id), column.name)
