"""What was made in the same way under two names, by code or by lineage, and what was made of nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, func, or_, select

from airflow_gov.model.column_lineage import Subtype
from airflow_gov.model.execution import Role
from airflow_gov.model.lineage import ALL_ROWS
from airflow_gov.model.loads import VersionKind
from airflow_gov.model.zones import DatasetName, Zone
from airflow_gov.store.lineage.column_walking import read_transformations
from airflow_gov.store.lineage_tables import column, column_edge
from airflow_gov.store.lineage_tables import dataset as node
from airflow_gov.store.tables import execution, execution_data, load, version, version_load

if TYPE_CHECKING:
    from airflow_gov.store.database import Database


@dataclass(frozen=True, slots=True)
class DerivedAlike:
    """Datasets whose current versions the same query made of the same datasets.

    :param datasets: which they are, by name.
    :param sources: what they were made of.
    :param code_hash: SHA-256 of the query.
    """

    datasets: tuple[DatasetName, ...]
    sources: tuple[str, ...]
    code_hash: str


@dataclass(frozen=True, slots=True)
class Copies:
    """Columns of one zone that are the same column of another dataset, unchanged.

    :param zone: the zone.
    :param source: the dataset they are from, as people call it.
    :param column: its column.
    :param copies: pairs of dataset and column, by name.
    """

    zone: str
    source: str
    column: str
    copies: tuple[tuple[DatasetName, str], ...]


@dataclass(frozen=True, slots=True)
class FromNowhere:
    """A load of a current version whose record names nothing that was read."""

    dataset: DatasetName
    version: int
    load_id: str
    execution_id: str


class Derivations:
    """Looks for what was derived more than once, or of nothing, in a few queries for the whole lake."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def alike(self) -> list[DerivedAlike]:
        """Datasets that the same SQL filled from the same datasets; a function's arguments are not kept."""
        found: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
        with self._database.read() as connection:
            for name, code_hash, sources, parameters in connection.execute(_SAME_CODE):
                read = tuple(sorted({each["dataset"] for each in sources}))
                if read and parameters.get("sql"):
                    found[code_hash, read].add(name)
        return [
            DerivedAlike(tuple(map(DatasetName.parse, sorted(names))), sources, code_hash)
            for (code_hash, sources), names in sorted(found.items())
            if len(names) > 1
        ]

    def without_inputs(self) -> list[FromNowhere]:
        """Loads whose records name no dataset that was read; of raw ones, no file and no table either."""
        with self._database.read() as connection:
            rows = connection.execute(_FROM_NOWHERE).all()
        return [FromNowhere(DatasetName.parse(row[0]), *row[1:]) for row in rows]

    def copies(self) -> list[Copies]:
        """Columns into which the lineage knows one column to go unchanged, where a zone has several."""
        found: dict[tuple[str, str, str], set[tuple[str, str]]] = defaultdict(set)
        with self._database.read() as connection:
            for zone, source, name, target, copy, how in connection.execute(_COPIED):
                if all(each.subtype is Subtype.IDENTITY for each in read_transformations(how)):
                    found[zone, source, name].add((target, copy))
        every = [Copies(*place, _places(copies)) for place, copies in sorted(found.items())]
        return [each for each in every if len(each.copies) > 1]


def _places(copies: set[tuple[str, str]]) -> tuple[tuple[DatasetName, str], ...]:
    """Rows that were set aside have the columns of their dataset, and are no copies."""
    named = ((DatasetName.parse(dataset), column) for dataset, column in sorted(copies))
    return tuple((dataset, column) for dataset, column in named if not dataset.is_quarantine)


_later = version.alias("later")
_current = (
    version.c.version
    == select(func.max(_later.c.version)).where(_later.c.dataset == version.c.dataset).scalar_subquery()
)
_of_load = (load.c.dataset == version_load.c.dataset) & (load.c.load_id == version_load.c.load_id)
_made = (
    version.join(
        version_load,
        (version_load.c.dataset == version.c.dataset) & (version_load.c.version == version.c.version),
    )
    .join(load, _of_load)
    .join(execution, execution.c.execution_id == load.c.execution_id)
)
_by_query = (_current, version.c.kind == VersionKind.PUBLISH, execution.c.code_hash.is_not(None))
_repeated = (
    select(execution.c.code_hash)
    .select_from(_made)
    .where(*_by_query)
    .group_by(execution.c.code_hash)
    .having(func.count(version.c.dataset.distinct()) > 1)
)
_SAME_CODE = (
    select(version.c.dataset, execution.c.code_hash, load.c.sources, execution.c.parameters)
    .select_from(_made)
    .where(*_by_query, execution.c.code_hash.in_(_repeated))
)

_FROM_NOWHERE = (
    select(version.c.dataset, version.c.version, load.c.load_id, execution.c.execution_id)
    .select_from(_made)
    .where(
        _current,
        version.c.kind == VersionKind.PUBLISH,
        ~exists().where(
            execution_data.c.execution_id == execution.c.execution_id,
            execution_data.c.role == Role.SOURCE,
            or_(
                execution_data.c.dataset.is_not(None),
                version.c.dataset.startswith(f"{Zone.RAW}.", autoescape=True),
            ),
        ),
    )
    .order_by(version.c.dataset, version_load.c.position)
)

_made_column, _origin = column.alias("made"), column.alias("origin")
_place, _home, _other = node.alias("place"), node.alias("home"), column_edge.alias("other")
_edges = (
    column_edge.join(_made_column, _made_column.c.column_id == column_edge.c.target_id)
    .join(_origin, _origin.c.column_id == column_edge.c.source_id)
    .join(_place, _place.c.dataset_id == _made_column.c.dataset_id)
    .join(_home, _home.c.dataset_id == _origin.c.dataset_id)
)
#: Edges by which alone values come to a column that is there.
_alone = (
    column_edge.c.until.is_(None),
    column_edge.c.direct,
    column_edge.c.masking.is_(False),
    _made_column.c.name != ALL_ROWS,
    _made_column.c.position.is_not(None),
    _origin.c.name != ALL_ROWS,
    _place.c.governed.is_not(None),
    _place.c.dropped_at.is_(None),
    _place.c.dataset_id != _home.c.dataset_id,
    ~exists().where(
        _other.c.target_id == column_edge.c.target_id,
        _other.c.source_id != column_edge.c.source_id,
        _other.c.until.is_(None),
        _other.c.direct,
    ),
)
_several = (
    select(column_edge.c.source_id, _place.c.zone)
    .select_from(_edges)
    .where(*_alone)
    .group_by(column_edge.c.source_id, _place.c.zone)
    .having(func.count(column_edge.c.target_id.distinct()) > 1)
    .subquery()
)
_COPIED = (
    select(
        _place.c.zone,
        func.coalesce(_home.c.governed, _home.c.name),
        _origin.c.name,
        _place.c.governed,
        _made_column.c.name,
        column_edge.c.transformations,
    )
    .select_from(
        _edges.join(
            _several,
            and_(_several.c.source_id == column_edge.c.source_id, _several.c.zone == _place.c.zone),
        )
    )
    .where(*_alone)
)
