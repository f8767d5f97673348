"""One column followed: where its values came from, where they went, and what it decided about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_gov.lineage.drawn import column_key, job_key
from airflow_gov.lineage.focus import find_dataset, node_number, splits_at_dots
from airflow_gov.lineage.nodes import dataset_nodes
from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.model.graph import ColumnWalk, Direction
from airflow_gov.model.lineage import ALL_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from airflow_gov.lineage.drawn import DatasetNode
    from airflow_gov.model.graph import Column, ColumnLink
    from airflow_gov.store import Store

#: The most columns that a trace shows in each direction.
MAX_COLUMNS = 2_000


class How(StrEnum):
    """How a column depends on another: the strongest of all ways between them.

    DIRECT: its values can be seen there. MASKED: they went there, hashed, counted or otherwise hidden on
    every way. INDIRECT: they only decided about rows or values.
    """

    DIRECT = "direct"
    MASKED = "masked"
    INDIRECT = "indirect"


@dataclass(frozen=True, slots=True)
class ColumnTold:
    """A column of a trace.

    :param id: e.g. ``d1.carrier``; ``d1.`` stands for all rows, and so for every column of the dataset.
    """

    id: str
    dataset: str
    name: str


@dataclass(frozen=True, slots=True)
class ColumnArrow:
    """That a column comes from another."""

    source: str
    target: str
    direct: bool
    masking: bool
    subtypes: tuple[str, ...]
    job: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A column with everything it comes from and goes to."""

    columns: tuple[ColumnTold, ...]
    datasets: tuple[DatasetNode, ...]
    edges: tuple[ColumnArrow, ...]
    truncated: bool


def find_column(store: Store, text: str, *, dags: frozenset[str] | None) -> Column:
    """The column of an id (``d1.carrier``) or a whole name (``clean.flights.carrier``).

    :raises GovernanceError: ``DATASET_UNKNOWN``, ``COLUMN_UNKNOWN`` when there is none for the caller.
    """
    read = store.lineage.read
    head, _, name = text.partition(".")
    if node_number(head, "d") is not None:
        found = read.columns.get(find_dataset(read, head, dags), name, dags=dags)
        if found is not None:
            return found
    else:
        for dataset, column in _splits(text):
            for each in read.names.exact(dataset, dags=dags, limit=1):
                found = read.columns.get(each.number, column, dags=dags)
                if found is not None:
                    return found
    raise GovernanceError(
        Reason.COLUMN_UNKNOWN, "There is no such column in the lineage, or you may not see it."
    )


def trace(
    store: Store,
    column: Column,
    *,
    dags: frozenset[str] | None,
    up: int = 10,
    down: int = 10,
    as_of: datetime | None = None,
    limit: int = 300,
    direct: bool = False,
) -> Trace:
    """Follow a column both ways.

    :param column: one that the caller may see.
    :param up: steps to where it comes from.
    :param down: steps to where it goes.
    :param as_of: edges that held then.
    :param limit: columns each way at most.
    :param direct: only where values went.
    """
    walks = [
        store.lineage.read.column_walks.columns(
            [column],
            direction,
            depth=depth,
            dags=dags,
            as_of=as_of,
            limit=min(limit, MAX_COLUMNS),
            direct=direct,
        )
        for direction, depth in ((Direction.UP, up), (Direction.DOWN, down))
    ]
    columns = {number: each for walk in walks for number, each in walk.columns.items()}
    links = dict.fromkeys(link for walk in walks for link in walk.links)
    datasets = store.lineage.read.nodes.datasets({each.dataset_id for each in columns.values()}, dags=dags)
    return Trace(
        columns=tuple(_told(each) for each in columns.values()),
        datasets=tuple(dataset_nodes(store, datasets, dags=dags, as_of=as_of)),
        edges=tuple(_arrow(link, columns) for link in links),
        truncated=any(walk.truncated for walk in walks),
    )


def influences(walk: ColumnWalk, direction: Direction) -> Mapping[int, How]:
    """How each column that was reached depends on the start, or the start on it.

    Whoever reaches all rows of a dataset has reached each of its columns, indirectly.

    :param walk: from the start in that direction.
    :returns: by column id; without the start.
    """
    steps: dict[int, list[tuple[int, How]]] = defaultdict(list)
    rows: dict[int, list[int]] = defaultdict(list)
    for link in walk.links:
        near, far = (link.target, link.source) if direction is Direction.UP else (link.source, link.target)
        steps[near].append((far, _how(link)))
    for number, column in walk.columns.items():
        rows[column.dataset_id].append(number)
    _through_rows(walk, rows, steps, direction)
    starts = [
        number for number, depth in walk.depths.items() if depth == 0 and not walk.columns[number].all_rows
    ]
    starts = starts or [number for number, depth in walk.depths.items() if depth == 0]
    found: dict[int, How] = {}
    for allowed in ((How.DIRECT,), (How.DIRECT, How.MASKED), tuple(How)):
        for number in _reached(starts, steps, allowed):
            found.setdefault(number, allowed[-1])
    return {number: how for number, how in found.items() if number not in starts}


def _through_rows(
    walk: ColumnWalk,
    by_dataset: Mapping[int, list[int]],
    steps: dict[int, list[tuple[int, How]]],
    direction: Direction,
) -> None:
    for number, column in walk.columns.items():
        if not column.all_rows:
            continue
        others = [each for each in by_dataset[column.dataset_id] if each != number]
        for other in others:
            near, far = (other, number) if direction is Direction.UP else (number, other)
            steps[near].append((far, How.INDIRECT))


def _reached(
    starts: Iterable[int], steps: Mapping[int, list[tuple[int, How]]], allowed: tuple[How, ...]
) -> set[int]:
    seen = set(starts)
    frontier = list(seen)
    while frontier:
        number = frontier.pop()
        for far, how in steps.get(number, ()):
            if how in allowed and far not in seen:
                seen.add(far)
                frontier.append(far)
    return seen


def _how(link: ColumnLink) -> How:
    if not link.direct:
        return How.INDIRECT
    return How.MASKED if link.masking else How.DIRECT


def _splits(text: str) -> list[tuple[str, str]]:
    """Where the dataset may end and the column begin: names of both may have dots."""
    return [(head, tail) for head, tail in splits_at_dots(text) if tail != ALL_ROWS]


def _told(column: Column) -> ColumnTold:
    key = column_key(column.dataset_id, column.name)
    return ColumnTold(key, key.partition(".")[0], column.name)


def _arrow(link: ColumnLink, columns: Mapping[int, Column]) -> ColumnArrow:
    source, target = columns[link.source], columns[link.target]
    return ColumnArrow(
        source=column_key(source.dataset_id, source.name),
        target=column_key(target.dataset_id, target.name),
        direct=link.direct,
        masking=link.masking,
        subtypes=tuple(dict.fromkeys(each.subtype.value for each in link.transformations)),
        job=job_key(link.job_id),
    )
