"""Ways along the column lineage, and what contracts and events say of the columns on them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from airflow_gov.model.contract import Column as Promised
    from airflow_gov.model.graph import ColumnWalk
    from airflow_gov.store import Store

T = TypeVar("T")

#: Steps that a tag is followed, and columns that one walk finds at most.
DEPTH, MOST = 50, 20_000


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a dataset."""

    dataset: str
    column: str

    def __str__(self) -> str:
        return f"{self.dataset}.{self.column}"


@dataclass(frozen=True, slots=True)
class Path:
    """How a tag came to a column.

    :param tag: e.g. ``pii:email``; the classification of a column that has one and no tag.
    :param steps: from the column that is said to have it, to the one that inherits it.
    """

    tag: str
    steps: tuple[Place, ...]

    @property
    def origin(self) -> Place:
        """The column that is said to have the tag."""
        return self.steps[0]

    def __str__(self) -> str:
        return " → ".join(map(str, self.steps))


def said(column: Promised) -> tuple[str, ...]:
    """What a contract says of a classified column: its personal tags, else its classification."""
    tags = tuple(tag for tag in column.tags if personal(tag))
    return tags or ((column.classification,) if column.classification else ())


def personal(tag: str) -> bool:
    """Whether a tag says that somebody is meant."""
    return tag.lower().startswith("pii")


def labels_of(store: Store, walk: ColumnWalk) -> Mapping[int, Place]:
    """What people call the columns of a walk."""
    numbers = {each.dataset_id for each in walk.columns.values()}
    datasets = {each.dataset_id: each.label for each in store.lineage.read.nodes.datasets(numbers, dags=None)}
    return {
        number: Place(datasets[each.dataset_id], each.name)
        for number, each in walk.columns.items()
        if each.dataset_id in datasets
    }


def steps_of(walk: ColumnWalk, *, unmasked: bool, up: bool = False) -> Mapping[int, list[int]]:
    """By column where one step leads; only along direct links, and unmasked ones where that is asked for."""
    steps: dict[int, list[int]] = defaultdict(list)
    for link in walk.links:
        if link.direct and not (unmasked and link.masking):
            near, far = (link.target, link.source) if up else (link.source, link.target)
            steps[near].append(far)
    return steps


def reached(start: int, steps: Mapping[int, list[int]]) -> dict[int, int | None]:
    """What is reached, each with the column before it on a shortest way; the start has none."""
    before: dict[int, int | None] = {start: None}
    waiting = deque([start])
    while waiting:
        number = waiting.popleft()
        for far in steps.get(number, ()):
            if far not in before:
                before[far] = number
                waiting.append(far)
    return before


def way_to(number: int, before: Mapping[int, int | None]) -> list[int]:
    """The way from the start to a column."""
    way = [number]
    while (earlier := before[way[-1]]) is not None:
        way.append(earlier)
    return way[::-1]


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
