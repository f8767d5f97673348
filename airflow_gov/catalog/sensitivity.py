"""Tags that travel: what columns inherit of those their values come from, and where that is not said.

Values carry their tags along direct transformations (copied, changed, aggregated), not along indirect ones
(joined on, filtered by). Masking stops them: hashed, tokenised or counted values say nothing of anybody. A
tag survives when one way without masking remains.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from airflow_gov.catalog.inheriting import Sensitivity, sensitivity
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
from airflow_gov.lineage.nodes import tag_text
from airflow_gov.lineage.promises import contracts_of
from airflow_gov.model.graph import Direction
from airflow_gov.model.zones import DatasetName, Zone

if TYPE_CHECKING:
    from airflow_gov.model.contract import Contract
    from airflow_gov.model.graph import Column, ColumnWalk
    from airflow_gov.store import Store

__all__ = [
    "WATCHED",
    "Conflict",
    "ConflictKind",
    "Path",
    "Place",
    "Sensitivity",
    "conflicts",
    "sensitivity",
]

#: Where a personal column must say so, and where a restricted one must not lie.
WATCHED = (Zone.CLEAN, Zone.GOLD, Zone.WORK)

#: Origins of one walk, and datasets of one question to the store.
_ORIGINS, _DATASETS = 200, 500
#: Columns of a walk from one origin.
_FARTHEST = 1_000_000

log = logging.getLogger(__name__)


class ConflictKind(StrEnum):
    """UNCLASSIFIED: personal values come to it unmasked, and its contract does not say so.

    OUTSIDE: its contract says that it is personal or restricted, and it does not lie in the sensitive zone.
    """

    UNCLASSIFIED = "unclassified"
    OUTSIDE = "outside_sensitive"


@dataclass(frozen=True, slots=True)
class Conflict:
    """A column that is not where, or not said to be, what it is.

    :param tags: what it inherits, or is said to be.
    :param paths: the shortest way of each inherited tag, from where it was last said.
    :param restricted: whether its contract restricts it, not only tags it.
    """

    dataset: DatasetName
    column: str
    kind: ConflictKind
    tags: tuple[str, ...]
    paths: tuple[Path, ...] = ()
    classification: str | None = None
    restricted: bool = False

    def __str__(self) -> str:
        tags = ", ".join(self.tags)
        if self.kind is ConflictKind.OUTSIDE:
            return f"{self.dataset}.{self.column} is {tags} and lies in {self.dataset.zone}, not in sensitive"
        return (
            f"{self.dataset}.{self.column} inherits {tags} unmasked from {self.paths[0].origin}, "
            f"and its contract does not say so"
        )


def conflicts(store: Store, zones: Collection[Zone] = WATCHED) -> Iterator[Conflict]:
    """Every column of these zones that inherits what its contract does not say, or lies where it must not.

    The work grows with the personal columns and what is made of them, not with the lake.

    :param zones: the zones whose columns are looked at.
    """
    declared = _Declared(store)
    for name, contract in declared.contracts():
        if name.zone in zones and name.zone is not Zone.SENSITIVE:
            yield from _outside(name, contract)
    yield from _unclassified(store, declared, zones)


def _outside(name: DatasetName, contract: Contract) -> Iterator[Conflict]:
    for column in contract.columns:
        if column.classified:
            yield Conflict(
                name,
                column.name,
                ConflictKind.OUTSIDE,
                said(column),
                classification=column.classification,
                restricted=column.restricted,
            )


class _Declared:
    """What contracts and events say of columns, read a few hundred datasets at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def contracts(self) -> Iterator[tuple[DatasetName, Contract]]:
        """The contracts that classify a column."""
        names = self._store.classifications.personal_datasets()
        for some in batches(names, _DATASETS):
            found = contracts_of(self._store, self._store.lineage.read.standings.of(map(str, some)))
            for name in some:
                if str(name) in found:
                    yield name, found[str(name)]

    def origins(self) -> Iterator[tuple[Column, tuple[str, ...]]]:
        """Columns in the lineage that are said to be personal, with what is said."""
        read = self._store.lineage.read
        told: dict[int, tuple[Column, tuple[str, ...]]] = {}
        for some in batches(self.contracts(), _DATASETS):
            contracts = {str(name): contract for name, contract in some}
            datasets = {
                each.dataset_id: contracts[each.governed or ""]
                for each in read.nodes.governed(set(contracts), dags=None)
            }
            for each in read.columns.of(datasets, dags=None):
                promised = datasets[each.dataset_id].find(each.name)
                if promised is not None and promised.classified:
                    told[each.column_id] = (each, said(promised))
        yield from told.values()
        tagged = read.columns.tagged("pii", dags=None, limit=1_000_000)
        yield from self._of_events(each for each in tagged if each.column_id not in told)

    def _of_events(self, columns: Iterable[Column]) -> Iterator[tuple[Column, tuple[str, ...]]]:
        for some in batches(columns, _DATASETS):
            told = self._store.lineage.read.nodes.tags({each.dataset_id for each in some})
            for column in some:
                tags = told.get(column.dataset_id, ())
                texts = (tag_text(tag) for tag in tags if tag.column == column.name)
                yield column, tuple(dict.fromkeys(text for text in texts if personal(text)))


def _unclassified(store: Store, declared: _Declared, zones: Collection[Zone]) -> Iterator[Conflict]:
    found: dict[Place, dict[str, Path]] = defaultdict(dict)
    for some in batches(declared.origins(), _ORIGINS):
        for walk, origins in _walks(store, some):
            for place, path in _spread(store, walk, origins, zones):
                known = found[place].get(path.tag)
                if known is None or len(path.steps) < len(known.steps):
                    found[place][path.tag] = path
    for place in sorted(found, key=str):
        paths = tuple(found[place].values())
        yield Conflict(
            DatasetName.parse(place.dataset),
            place.column,
            ConflictKind.UNCLASSIFIED,
            tuple(found[place]),
            paths,
        )


_Origins = Mapping[int, tuple[str, ...]]


def _walks(
    store: Store, some: Sequence[tuple[Column, tuple[str, ...]]]
) -> Iterator[tuple[ColumnWalk, _Origins]]:
    """Walks down from the origins, so many at once as one walk can hold."""
    # A walk that cannot be parted any more is followed to its end, or nearly so.
    most = MOST if len(some) > 1 else _FARTHEST
    walk = store.lineage.read.column_walks.columns(
        [column for column, _ in some], Direction.DOWN, depth=DEPTH, dags=None, limit=most, direct=True
    )
    if walk.truncated and len(some) == 1:
        log.warning("More than %d columns come of one: tags were not followed to all of them.", most)
    if walk.truncated and len(some) > 1:
        middle = len(some) // 2
        yield from _walks(store, some[:middle])
        yield from _walks(store, some[middle:])
        return
    yield walk, {column.column_id: tags for column, tags in some}


def _spread(
    store: Store, walk: ColumnWalk, origins: _Origins, zones: Collection[Zone]
) -> Iterator[tuple[Place, Path]]:
    """Columns of these zones to which a tag comes unmasked and that their contracts do not classify."""
    steps = steps_of(walk, unmasked=True)
    unsaid = _unsaid(store, walk, zones)
    labels = labels_of(store, walk) if unsaid else {}
    for start, tags in origins.items():
        before = reached(start, steps) if unsaid else {}
        for number in before.keys() & unsaid:
            way = tuple(labels[each] for each in way_to(number, before) if each in labels)
            for tag in tags:
                yield labels[number], Path(tag, way)


def _unsaid(store: Store, walk: ColumnWalk, zones: Collection[Zone]) -> set[int]:
    """The columns of a walk that lie in these zones and that no contract classifies."""
    read = store.lineage.read
    datasets = {
        each.dataset_id: each.governed
        for each in read.nodes.datasets({each.dataset_id for each in walk.columns.values()}, dags=None)
        if each.governed and each.zone in zones and each.dropped_at is None
    }
    contracts: dict[str, Contract] = {}
    for some in batches([name for name in datasets.values() if name], _DATASETS):
        contracts |= contracts_of(store, read.standings.of(some))
    found = set()
    for number, column in walk.columns.items():
        governed = datasets.get(column.dataset_id)
        if governed is not None and not column.all_rows and _is_unsaid(contracts.get(governed), column.name):
            found.add(number)
    return found


def _is_unsaid(contract: Contract | None, name: str) -> bool:
    if contract is None or not contract.columns:
        return True
    promised = contract.find(name)
    # One that the contract does not have is gone: no governed table has columns beside it.
    return promised is not None and not promised.classified
