"""How governed datasets are found in the catalogue's table, and what its facets count."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, func, literal, or_, select, tuple_

from airflow_gov.model.catalogue import OUTSIDE, FacetValue, OutsideDataset, Standing, Wanted
from airflow_gov.model.zones import Zone
from airflow_gov.store.catalogue_tables import catalogue as table
from airflow_gov.store.catalogue_tables import catalogue_tag
from airflow_gov.store.cursors import read_cursor, write_cursor
from airflow_gov.store.types import SafeText

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Column

#: A facet of owners or tags names the most frequent ones.
_MOST_VALUES = 20

#: zone, owner, what became of the newest verdict
Group = tuple[str, str, str]
Groups = dict[Group, int]

_ZONES = tuple(zone.value for zone in Zone)
_ORDER = {zone: position for position, zone in enumerate(_ZONES)}


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: among the governed datasets, among those outside, or at the beginning."""

    governed: tuple[int, int, str] | None = None
    outside: tuple[str, str] | None = None


def start(cursor: str | None) -> Start:
    """What a cursor says.

    :raises GovernanceError: ``PARAMETER_INVALID`` when it is none.
    """
    if not cursor:
        return Start()
    if cursor.startswith("o."):
        namespace, name = read_cursor(cursor[2:], str, str)
        return Start(outside=(namespace, name))
    rank, order, dataset = read_cursor(cursor, int, int, str)
    return Start(governed=(rank, order, dataset))


def after(row: RowMapping) -> str:
    """The cursor of what comes after a row of :func:`rows`."""
    return write_cursor(row["rank"], _ORDER[row["dataset"].partition(".")[0]], row["dataset"])


def after_outside(last: OutsideDataset | None) -> str:
    """The cursor of what comes after a dataset that only lineage knows; None: of the first of them."""
    return "o." + write_cursor(last.namespace if last else "", last.name if last else "")


def rows(
    connection: Connection, columns: Sequence[Column[Any]], wanted: Wanted, begin: Start, limit: int
) -> Sequence[RowMapping]:
    """The rows of one page, with their ``rank``: 0 where the name has all words, else 1."""
    contains = containing(connection)
    named = [contains(table.c.dataset, word) for word in wanted.words]
    rank: ColumnElement[int] = case((and_(*named), 0), else_=1) if named else literal(0)
    query = select(*columns, rank.label("rank")).where(*_words(connection, wanted), *_filters(wanted))
    place = (rank, table.c.zone_order, table.c.dataset) if named else (table.c.zone_order, table.c.dataset)
    if begin.governed is not None:
        values = begin.governed if named else begin.governed[1:]
        query = query.where(tuple_(*place) > tuple_(*values))
    return connection.execute(query.order_by(*place).limit(limit)).mappings().all()


def groups(connection: Connection, wanted: Wanted) -> Groups:
    """How many datasets have the words and the tag, by what the other filters look at: in one walk."""
    key = (table.c.zone_order, table.c.owner, table.c.standing)  # an index has these
    query = select(*key, func.count()).where(*_words(connection, wanted), *_tagged(wanted)).group_by(*key)
    found: Groups = {}
    for order, owner, standing, count in connection.execute(query):
        group = (_ZONES[order], owner or "", standing or Standing.UNCHECKED.value)
        found[group] = found.get(group, 0) + count
    return found


def total(found: Groups, wanted: Wanted) -> int:
    """How many datasets are found."""
    return sum(count for group, count in found.items() if _fits(group, wanted))


def facets(
    connection: Connection, found: Groups, wanted: Wanted, outside: int
) -> Mapping[str, tuple[FacetValue, ...]]:
    """What each filter would leave, were it set to another value and the others stayed.

    :param outside: how many of the datasets that only lineage knows have the words and the tag.
    """
    zones = _counted(found, wanted, 0)
    if outside and wanted.owner is None and wanted.standing is None:
        zones[OUTSIDE] = outside
    owners, standings = _counted(found, wanted, 1), _counted(found, wanted, 2)
    return {
        "zone": tuple(FacetValue(zone, zones[zone]) for zone in (*Zone, OUTSIDE) if zones[zone]),
        "owner": _most(owners, wanted.owner),
        "tag": _tags(connection, wanted),
        "verdict": tuple(FacetValue(each, standings[each]) for each in Standing if standings[each]),
    }


def containing(connection: Connection) -> Callable[[ColumnElement[str], str], ColumnElement[bool]]:
    """How this database says that a text has another in it, letter by letter."""
    place = func.instr if connection.dialect.name == "sqlite" else func.strpos
    return lambda text, word: place(text, literal(word, SafeText())) > 0


def _words(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    contains = containing(connection)
    return [contains(table.c.document, word) for word in wanted.words]


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = _tagged(wanted)
    if wanted.zone is not None:
        conditions.append(table.c.zone_order == _ORDER.get(wanted.zone, -1))
    if wanted.owner is not None:
        conditions.append(
            table.c.owner == wanted.owner
            if wanted.owner
            else or_(table.c.owner.is_(None), table.c.owner == "")
        )
    if wanted.standing is not None:
        unchecked = wanted.standing is Standing.UNCHECKED
        conditions.append(
            table.c.standing.is_(None) if unchecked else table.c.standing == wanted.standing.value
        )
    return conditions


def _tagged(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.tag is None:
        return []
    tagged = select(catalogue_tag.c.dataset).where(catalogue_tag.c.tag == wanted.tag)
    return [table.c.dataset.in_(tagged)]


def _fits(group: Group, wanted: Wanted, but: int | None = None) -> bool:
    """Whether a group passes the filters, those aside of the place `but`."""
    standing = wanted.standing.value if wanted.standing is not None else None
    filters = (wanted.zone, wanted.owner, standing)
    return all(asked is None or place == but or group[place] == asked for place, asked in enumerate(filters))


def _counted(found: Groups, wanted: Wanted, place: int) -> Counter[str]:
    counted: Counter[str] = Counter()
    for group, count in found.items():
        if _fits(group, wanted, place):
            counted[group[place]] += count
    return counted


def _most(counted: Counter[str], asked: str | None) -> tuple[FacetValue, ...]:
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST_VALUES]
    return _with(asked, (FacetValue(value, count) for value, count in ordered), counted)


def _tags(connection: Connection, wanted: Wanted) -> tuple[FacetValue, ...]:
    others = Wanted(wanted.text, wanted.zone, wanted.owner, None, wanted.standing)
    conditions = [*_words(connection, others), *_filters(others)]
    count = func.count()
    query = select(catalogue_tag.c.tag, count)
    if conditions:
        query = query.join(table, table.c.dataset == catalogue_tag.c.dataset).where(*conditions)
    query = query.group_by(catalogue_tag.c.tag).order_by(count.desc(), catalogue_tag.c.tag)
    found = [FacetValue(tag, number) for tag, number in connection.execute(query.limit(_MOST_VALUES))]
    return _with(wanted.tag, found, {})


def _with(
    asked: str | None, values: Iterable[FacetValue], counted: Mapping[str, int]
) -> tuple[FacetValue, ...]:
    """The values, and the one that is asked for, where it is not among them."""
    listed = tuple(values)
    if asked is None or asked in {each.value for each in listed}:
        return listed
    return (*listed, FacetValue(asked, counted.get(asked, 0)))
