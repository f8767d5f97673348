"""How governed datasets are found in the catalogue's tables, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
)

from airflow_gov.model.catalogue import Gap, OutsideDataset, Standing, Wanted
from airflow_gov.model.zones import Zone
from airflow_gov.store.catalogue_reads import last_reads
from airflow_gov.store.catalogue_tables import catalogue as table
from airflow_gov.store.catalogue_tables import catalogue_tag, catalogue_use
from airflow_gov.store.catalogue_text import PLACES, found_in
from airflow_gov.store.cursors import read_cursor, write_cursor
from airflow_gov.store.types import SafeText

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Column

ZONES = tuple(zone.value for zone in Zone)
_ORDER = {zone: position for position, zone in enumerate(ZONES)}
_SCORE = func.coalesce(catalogue_use.c.score, 0.0)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: among the governed datasets, among those outside, or at the beginning.

    :param rank: in which of the places the words were found, see :data:`PLACES`.
    :param last: what the datasets before it are sorted by.
    """

    rank: int = 0
    last: tuple[Any, ...] | None = None
    outside: tuple[str, str] | None = None


def start(cursor: str | None, wanted: Wanted) -> Start:
    """What a cursor says.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it is none of this search.
    """
    if not cursor:
        return Start()
    if cursor.startswith("o."):
        namespace, name = read_cursor(cursor[2:], str, str)
        return Start(outside=(namespace, name))
    if wanted.words:
        rank, score, dataset = read_cursor(cursor, int, float, str)
        return Start(rank, (score, dataset))
    order, dataset = read_cursor(cursor, int, str)
    return Start(0, (order, dataset))


def after(row: RowMapping, wanted: Wanted) -> str:
    """The cursor of what comes after a row of :func:`rows`."""
    if wanted.words:
        return write_cursor(row["rank"], row["score"], row["dataset"])
    return write_cursor(_ORDER[row["dataset"].partition(".")[0]], row["dataset"])


def after_outside(last: OutsideDataset | None) -> str:
    """The cursor of what comes after a dataset that only lineage knows; None: of the first of them."""
    return "o." + write_cursor(last.namespace if last else "", last.name if last else "")


class Search:
    """One search.

    :param connection: to read with.
    :param wanted: what is looked for.
    :param dags: the Dags that exist for the caller; None: all.
    """

    def __init__(self, connection: Connection, wanted: Wanted, dags: frozenset[str] | None) -> None:
        self._connection = connection
        self._wanted = wanted
        self._dags = dags

    def rows(self, columns: Sequence[Column[Any]], begin: Start, limit: int) -> list[RowMapping]:
        """The rows of one page; where words are looked for, with their ``rank`` and ``score``."""
        if not self._wanted.words:
            return self._listed(columns, begin, limit)
        found: list[RowMapping] = []
        for rank in range(begin.rank, len(PLACES)):
            last = begin.last if rank == begin.rank else None
            if len(found) < limit:
                found += self._ranked(columns, rank, last, limit - len(found))
        return found

    def words(self) -> list[ColumnElement[bool]]:
        """The condition that all words are there."""
        if not self._wanted.text.strip():
            return []
        return [self._found(PLACES[-1])]

    def reading(self, query: Select[Any]) -> tuple[Select[Any], Unread | None]:
        """A query of the catalogue's table that knows when datasets were read, where somebody asks."""
        since = self._wanted.unused_since
        if since is None:
            return query, None
        read = last_reads(self._connection.dialect.name, self._dags)
        return query.outerjoin(read, read.c.dataset == table.c.dataset), Unread(read.c.last_read_at, since)

    def _found(self, place: str) -> ColumnElement[bool]:
        # What has no letter and no digit stands in no dataset.
        words = self._wanted.words
        return found_in(self._connection, place, words) if words else false()

    def _listed(self, columns: Sequence[Column[Any]], begin: Start, limit: int) -> list[RowMapping]:
        place = (table.c.zone_order, table.c.dataset)
        query = self._filtered(select(*columns).select_from(table).where(*self.words()))
        if begin.last is not None:
            query = query.where(tuple_(*place) > tuple_(*begin.last))
        return list(self._connection.execute(query.order_by(*place).limit(limit)).mappings())

    def _ranked(
        self, columns: Sequence[Column[Any]], rank: int, last: tuple[Any, ...] | None, limit: int
    ) -> list[RowMapping]:
        """What is found in this place and in none before it, what is read most first."""
        told = select(*columns, literal(rank).label("rank"), _SCORE.label("score"))
        query: Select[Any] = told.select_from(table).outerjoin(
            catalogue_use, catalogue_use.c.dataset == table.c.dataset
        )
        query = self._filtered(query.where(self._found(PLACES[rank])))
        if rank:
            query = query.where(not_(self._found(PLACES[rank - 1])))
        if last is not None:
            score, dataset = last
            query = query.where(or_(score > _SCORE, and_(score == _SCORE, table.c.dataset > dataset)))
        ordered = query.order_by(_SCORE.desc(), table.c.dataset).limit(limit)
        return list(self._connection.execute(ordered).mappings())

    def _filtered(self, query: Select[Any]) -> Select[Any]:
        query, unread = self.reading(query) if self._wanted.gaps else (query, None)
        wanted, conditions = self._wanted, []
        if wanted.zone is not None:
            conditions.append(table.c.zone_order == _ORDER.get(wanted.zone, -1))
        if wanted.owner is not None:
            nobody = or_(table.c.owner.is_(None), table.c.owner == "")
            conditions.append(table.c.owner == wanted.owner if wanted.owner else nobody)
        if wanted.tag is not None:
            tagged = select(catalogue_tag.c.dataset).where(catalogue_tag.c.tag == wanted.tag)
            conditions.append(table.c.dataset.in_(tagged))
        if wanted.standing is not None:
            unchecked = wanted.standing is Standing.UNCHECKED
            none = table.c.standing.is_(None)
            conditions.append(none if unchecked else table.c.standing == wanted.standing.value)
        if wanted.gaps:
            conditions.append(or_(*(lacks(gap, unread) for gap in sorted(wanted.gaps))))
        return query.where(*conditions)


@dataclass(frozen=True, slots=True)
class Unread:
    """When a dataset was read.

    :param last: the column that says when it was read last; empty: never.
    :param since: what was not read since then is unused.
    """

    last: ColumnElement[datetime]
    since: datetime


def lacks(gap: Gap, unread: Unread | None) -> ColumnElement[bool]:
    """Whether a dataset of the catalogue's table has a gap.

    :param unread: when it was read; None: nobody knows, and nothing is unused.
    """
    if gap is Gap.UNDOCUMENTED:
        return table.c.undocumented.is_(True)
    if gap is Gap.UNOWNED:
        return table.c.unowned.is_(True)
    if unread is None:
        return false()
    readable = table.c.version.is_not(None)
    if gap is Gap.UNREAD:
        return and_(readable, unread.last.is_(None))
    return and_(readable, func.coalesce(unread.last, table.c.first_published_at) < unread.since)


def containing(connection: Connection) -> Callable[[ColumnElement[str], str], ColumnElement[bool]]:
    """How this database says that a text has another in it, letter by letter."""
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return lambda text, word: place(text, literal(word, SafeText())) > 0
