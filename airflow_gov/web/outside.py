"""A dataset that only lineage knows: what events told of it, and what each section of its page shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.model.lineage import ALL_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_gov.model.graph import Column, Dataset, DatasetVersion, Run
    from airflow_gov.store import Store

#: Rows on a page of each section.
COLUMNS, RUNS, VERSIONS = 200, 50, 50


@dataclass(frozen=True, slots=True)
class OutsideHeader:
    """What stands above every section.

    :param node: the dataset.
    :param description: what it is, where an event said so.
    :param names: its other names: namespace, name and what kind of name that is.
    :param tags: its own.
    """

    node: Dataset
    description: str | None
    names: tuple[tuple[str, str, str], ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutsideColumns:
    """The section Schema.

    :param columns: in order.
    :param tags: by column.
    :param total: how many columns there are.
    :param next: the column the next page begins after.
    """

    columns: tuple[Column, ...]
    tags: Mapping[str, tuple[str, ...]]
    total: int
    next: str | None


@dataclass(frozen=True, slots=True)
class OutsideVersions:
    """The section Versions: the newest ones.

    :param versions: newest first.
    """

    versions: tuple[DatasetVersion, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class OutsideRuns:
    """The section Runs: the newest ones.

    :param runs: newest first.
    """

    runs: tuple[Run, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class OutsideAsked:
    """What a section is made of.

    :param store: the governance store.
    :param dags: the Dags that exist for the viewer; None: all.
    :param about: the dataset.
    :param after: where a page of the section begins.
    """

    store: Store
    dags: frozenset[str] | None
    about: OutsideHeader
    after: str | None = None

    @property
    def dataset_id(self) -> int:
        """The dataset."""
        return self.about.node.dataset_id


def find_node(store: Store, dataset_id: int, dags: frozenset[str] | None) -> Dataset | None:
    """A dataset of the graph that exists for the viewer."""
    found = store.lineage.read.nodes.datasets([dataset_id], dags=dags)
    return found[0] if found else None


def find_named(store: Store, governed: str, dags: frozenset[str] | None) -> Dataset | None:
    """A dataset of the graph by the name it has in a lake: in another one, or a quarantine of this one."""
    found = store.lineage.read.nodes.governed([governed], dags=dags)
    return found[0] if found else None


def outside_header(store: Store, node: Dataset, dags: frozenset[str] | None) -> OutsideHeader:
    """What stands above every section."""
    nodes = store.lineage.read.nodes
    own = (node.namespace, node.name)
    names = tuple(
        (named.namespace, named.name, kind)
        for named, kind in nodes.names(node.dataset_id)
        if (named.namespace, named.name) != own
    )
    tags = _tags(store, node.dataset_id).get(ALL_ROWS, ())
    return OutsideHeader(node, nodes.dataset_detail(node.dataset_id, dags=dags).description, names, tags)


def columns(asked: OutsideAsked) -> OutsideColumns:
    """Read the section Schema."""
    found, total = asked.store.lineage.read.columns.page(
        asked.dataset_id, dags=asked.dags, after=asked.after, limit=COLUMNS + 1
    )
    shown = tuple(found[:COLUMNS])
    following = shown[-1].name if len(found) > COLUMNS else None
    return OutsideColumns(shown, _tags(asked.store, asked.dataset_id), total, following)


def versions(asked: OutsideAsked) -> OutsideVersions:
    """Read the section Versions."""
    return OutsideVersions(
        tuple(asked.store.lineage.read.versions.list(asked.dataset_id, dags=asked.dags, limit=VERSIONS))
    )


def runs(asked: OutsideAsked) -> OutsideRuns:
    """Read the section Runs."""
    return OutsideRuns(
        tuple(asked.store.lineage.read.runs.of_dataset(asked.dataset_id, dags=asked.dags, limit=RUNS))
    )


def _tags(store: Store, dataset_id: int) -> dict[str, tuple[str, ...]]:
    """By column its tags as people write them, e.g. ``pii:email``; under ALL_ROWS the dataset's own."""
    found: dict[str, tuple[str, ...]] = {}
    for tag in store.lineage.read.nodes.tags([dataset_id]).get(dataset_id, ()):
        text = tag.key if tag.value.lower() in ("", "true") else f"{tag.key}:{tag.value}"
        found[tag.column] = (*found.get(tag.column, ()), text)
    return found
