"""What a column is said to be, and what it inherits of the columns its values come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_gov.catalog.ways import (
    DEPTH,
    MOST,
    Path,
    Place,
    batches,
    labels_of,
    personal,
    reached,
    said,
    steps_of,
    way_to,
)
from airflow_gov.lineage.names import dataset_or_column
from airflow_gov.lineage.nodes import tag_text
from airflow_gov.lineage.promises import contract_in_use, contracts_of
from airflow_gov.model.graph import Direction

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.graph import Column, ColumnWalk, Dataset
    from airflow_gov.store import Store


#: Columns of one walk.
_TOGETHER = 200


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a column is said to be, and what it inherits.

    :param tags: its own, of its contract and of events.
    :param classification: its contract's.
    :param paths: what it inherits, from every column that is said to have a tag; the nearest first.
    :param masked: tags that would come to it, and that masking stops on every way.
    """

    place: Place
    zone: str | None
    tags: tuple[str, ...]
    classification: str | None
    paths: tuple[Path, ...]
    masked: tuple[str, ...]
    truncated: bool = False

    @property
    def inherited(self) -> tuple[str, ...]:
        """The tags that come to it unmasked."""
        return tuple(dict.fromkeys(path.tag for path in self.paths))


def sensitivity(store: Store, text: str) -> list[Sensitivity]:
    """What a column, or each column of a dataset, is said to be and inherits.

    :param text: as ``airflow-gov lineage`` takes names.
    :raises GovernanceError: ``DATASET_UNKNOWN``, ``COLUMN_UNKNOWN``.
    """
    dataset, column = dataset_or_column(store, text)
    read = store.lineage.read
    columns = [column] if column is not None else read.columns.of([dataset.dataset_id], dags=None)
    contract = contract_in_use(store, dataset)
    return [
        _sensitivity(walked, dataset, each, contract)
        for some in batches(columns, _TOGETHER)
        for walked, walking in _walks(store, some)
        for each in walking
    ]


class _Walked:
    """A walk up from some columns, and what is said on it: read once for all of them."""

    def __init__(self, store: Store, walk: ColumnWalk) -> None:
        self.truncated = walk.truncated
        self.told = _said_in(store, walk)
        self.labels = labels_of(store, walk)
        self.open_steps = steps_of(walk, unmasked=True, up=True)
        self.all_steps = steps_of(walk, unmasked=False, up=True)


def _walks(store: Store, some: Sequence[Column]) -> Iterator[tuple[_Walked, Sequence[Column]]]:
    """Walks up from the columns, from so many at once as one walk can hold."""
    walk = store.lineage.read.column_walks.columns(
        some, Direction.UP, depth=DEPTH, dags=None, limit=MOST, direct=True
    )
    if walk.truncated and len(some) > 1:
        middle = len(some) // 2
        yield from _walks(store, some[:middle])
        yield from _walks(store, some[middle:])
    else:
        yield _Walked(store, walk), some


def _sensitivity(walked: _Walked, dataset: Dataset, column: Column, contract: Contract | None) -> Sensitivity:
    told, labels = walked.told, walked.labels
    open_ways = reached(column.column_id, walked.open_steps)
    all_ways = reached(column.column_id, walked.all_steps)
    paths = [
        Path(tag, tuple(labels[each] for each in reversed(way_to(number, open_ways)) if each in labels))
        for number in open_ways
        if number != column.column_id
        for tag in told.get(number, ())
    ]
    inherited = {path.tag for path in paths}
    behind = (tag for number in all_ways.keys() - open_ways.keys() for tag in told.get(number, ()))
    promised = contract.find(column.name) if contract is not None else None
    return Sensitivity(
        place=Place(dataset.label, column.name),
        zone=dataset.zone,
        tags=told.get(column.column_id, ()),
        classification=promised.classification if promised else None,
        paths=tuple(sorted(paths, key=lambda path: (len(path.steps), path.tag, str(path)))),
        masked=tuple(sorted(set(behind) - inherited)),
        truncated=walked.truncated,
    )


def _said_in(store: Store, walk: ColumnWalk) -> Mapping[int, tuple[str, ...]]:
    """What contracts and events say of the columns of a walk."""
    read = store.lineage.read
    numbers = {each.dataset_id for each in walk.columns.values()}
    governed = {each.dataset_id: each.governed for each in read.nodes.datasets(numbers, dags=None)}
    contracts = contracts_of(store, read.standings.of(name for name in governed.values() if name))
    told = read.nodes.tags(numbers)
    found = {}
    for number, column in walk.columns.items():
        contract = contracts.get(governed.get(column.dataset_id) or "")
        promised = contract.find(column.name) if contract is not None else None
        own = said(promised) if promised is not None and promised.classified else ()
        tags = [tag_text(tag) for tag in told.get(column.dataset_id, ()) if tag.column == column.name]
        found[number] = tuple(dict.fromkeys([*own, *(tag for tag in tags if personal(tag))]))
    return found
