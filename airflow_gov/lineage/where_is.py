"""Where a column lives: every zone, table and place, under whatever name, and who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import column_key, dataset_key
from airflow_gov.lineage.nodes import tag_text
from airflow_gov.lineage.promises import contracts_of
from airflow_gov.lineage.tracing import MAX_COLUMNS, How, influences
from airflow_gov.model.graph import Direction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from airflow_gov.model.contract import Contract
    from airflow_gov.model.graph import Column, Dataset, Job
    from airflow_gov.store import Store

_DEPTH = 50


class Relation(StrEnum):
    """Why a column is in the answer: it is what was asked for, that came from it, or it comes from that."""

    NAMED = "named"
    SOURCE = "source"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Reader:
    """A job that reads a column.

    :param certain: False where the job reads the dataset and does not tell which columns it uses.
    """

    label: str
    dag_id: str | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A column in which the values lie.

    :param masked: whether they are hidden there (hashed, tokenised, counted …), on every way we know.
    :param location: where the dataset lies.
    :param writers: jobs that write the dataset.
    """

    id: str
    dataset_id: str
    dataset: str
    column: str
    zone: str | None
    location: str
    relation: Relation
    masked: bool
    tags: tuple[str, ...]
    classification: str | None
    writers: tuple[str, ...]
    readers: tuple[Reader, ...]
    dags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The answer.

    :param truncated: whether there was more than could be followed.
    """

    places: tuple[Place, ...]
    truncated: bool = False


def where_is(
    store: Store,
    *,
    column: str | None = None,
    tag: str | None = None,
    dags: frozenset[str] | None,
) -> Whereabouts:
    """Find a column by name or by tag, and everything that holds its values.

    :param column: its name, in whatever dataset; only that one where a dataset stands before it.
    :param tag: a tag such as ``pii:email``, or ``pii`` for all that begin so: of events and of contracts.
    :param dags: the Dags whose jobs exist for the caller.
    """
    named = _named(store, column, dags) if column is not None else _tagged(store, tag or "", dags)
    named = named[:MAX_COLUMNS]
    found: dict[int, tuple[Column, Relation, bool]] = {
        each.column_id: (each, Relation.NAMED, False) for each in named
    }
    truncated = len(named) == MAX_COLUMNS
    for direction, relation in ((Direction.DOWN, Relation.COPY), (Direction.UP, Relation.SOURCE)):
        walk = store.lineage.read.column_walks.columns(
            named, direction, depth=_DEPTH, dags=dags, limit=MAX_COLUMNS, direct=True
        )
        truncated |= walk.truncated
        for number, how in influences(walk, direction).items():
            # What a masked column was made from is not masked.
            masked = how is How.MASKED and direction is Direction.DOWN
            if not walk.columns[number].all_rows:
                found.setdefault(number, (walk.columns[number], relation, masked))
    return Whereabouts(tuple(_places(store, found, dags)), truncated)


def _named(store: Store, text: str, dags: frozenset[str] | None) -> list[Column]:
    read = store.lineage.read
    found: list[Column] = read.columns.named(text, dags=dags)
    if found or "." not in text:
        return found
    from airflow_gov.lineage.names import column_named

    return [column_named(store, text, dags=dags)[1]]


def _tagged(store: Store, tag: str, dags: frozenset[str] | None) -> list[Column]:
    """By the tags of events, and by those of the contracts in use."""
    read = store.lineage.read
    found = {each.column_id: each for each in read.columns.tagged(tag, dags=dags, limit=MAX_COLUMNS)}
    datasets = {each.governed: each for each in read.nodes.all_governed(dags=dags)}
    wanted: set[tuple[int, str]] = set()
    for name, contract in _contracts(store, datasets).items():
        for column in contract.columns:
            if any(_matches(each, tag) for each in column.tags):
                wanted.add((datasets[name].dataset_id, column.name))
    columns = read.columns.of({number for number, _ in wanted}, dags=dags)
    found |= {each.column_id: each for each in columns if (each.dataset_id, each.name) in wanted}
    return list(found.values())


def _matches(tag: str, wanted: str) -> bool:
    return tag.lower() == wanted.lower() or tag.lower().startswith(f"{wanted.lower()}:")


def _contracts(store: Store, names: Iterable[str | None]) -> Mapping[str, Contract]:
    return contracts_of(store, store.lineage.read.standings.of(name for name in names if name))


def _places(
    store: Store, found: Mapping[int, tuple[Column, Relation, bool]], dags: frozenset[str] | None
) -> list[Place]:
    read = store.lineage.read
    numbers = {each.dataset_id for each, _, _ in found.values()}
    datasets = {each.dataset_id: each for each in read.nodes.datasets(numbers, dags=dags)}
    links = read.nodes.links_of(datasets=numbers, dags=dags)
    jobs = {each.job_id: each for each in read.nodes.jobs({link.job_id for link in links}, dags=dags)}
    using = read.columns.users(found, dags=dags)
    telling = read.columns.telling(numbers, dags=dags)
    tags = read.nodes.tags(numbers)
    contracts = _contracts(store, {each.governed for each in datasets.values()})
    places = []
    for number, (column, relation, masked) in found.items():
        dataset = datasets.get(column.dataset_id)
        if dataset is None:
            continue
        around = [link for link in links if link.dataset_id == dataset.dataset_id and link.job_id in jobs]
        writers = [jobs[link.job_id] for link in around if link.output]
        readers = [
            (jobs[link.job_id], link.job_id in using.get(number, ()))
            for link in around
            if not link.output
            and (
                link.job_id in using.get(number, ()) or link.job_id not in telling.get(dataset.dataset_id, ())
            )
        ]
        declared = contracts.get(dataset.governed or "")
        promised = declared.find(column.name) if declared else None
        own = [tag_text(each) for each in tags.get(dataset.dataset_id, ()) if each.column == column.name]
        own += [each for each in (promised.tags if promised else ()) if each not in own]
        places.append(
            Place(
                id=column_key(dataset.dataset_id, column.name),
                dataset_id=dataset_key(dataset.dataset_id),
                dataset=dataset.label,
                column=column.name,
                zone=dataset.zone,
                location=location(dataset),
                relation=relation,
                masked=masked,
                tags=tuple(own),
                classification=promised.classification if promised else None,
                writers=tuple(dict.fromkeys(each.label for each in writers)),
                readers=tuple(Reader(job.label, job.dag_id, certain) for job, certain in readers),
                dags=_dags([*writers, *(job for job, _ in readers)]),
            )
        )
    return sorted(places, key=lambda each: (each.zone or "~", each.dataset, each.column))


def location(dataset: Dataset) -> str:
    """Where a dataset lies, as an address."""
    if dataset.namespace == "file":
        return f"file://{dataset.name}"
    return f"{dataset.namespace}/{dataset.name}"


def _dags(jobs: Iterable[Job]) -> tuple[str, ...]:
    return tuple(sorted({each.dag_id for each in jobs if each.dag_id}))
