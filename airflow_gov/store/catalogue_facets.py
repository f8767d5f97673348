"""What the facets of the catalogue count: all datasets that have the words, in one walk."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, case, cast, func, literal, select

from airflow_gov.model.catalogue import OUTSIDE, FacetValue, Gap, Standing, Wanted
from airflow_gov.model.zones import Zone
from airflow_gov.store.catalogue_search import ZONES, Search, lacks
from airflow_gov.store.catalogue_tables import catalogue as table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

#: A facet of owners or tags names the most frequent ones.
_MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Datasets that the filters cannot tell apart.

    :param values: by facet, what they have of it.
    :param count: how many they are.
    """

    values: Mapping[str, frozenset[str]]
    count: int


class Facets:
    """The facets of one search.

    :param connection: to read with.
    :param search: the search.
    :param wanted: what it looks for.
    """

    def __init__(self, connection: Connection, search: Search, wanted: Wanted) -> None:
        self._groups = _groups(connection, search)
        standing = wanted.standing.value if wanted.standing is not None else None
        filters = {"zone": wanted.zone, "owner": wanted.owner, "tag": wanted.tag, "verdict": standing}
        self._asked = {name: frozenset({value}) for name, value in filters.items() if value is not None}
        if wanted.gaps:
            self._asked["gap"] = frozenset(gap.value for gap in wanted.gaps)

    @property
    def total(self) -> int:
        """How many datasets are found."""
        return sum(group.count for group in self._groups if self._fits(group))

    def values(self, outside: int) -> Mapping[str, tuple[FacetValue, ...]]:
        """What each filter would leave, were it set to another value and the others stayed.

        :param outside: how many of the datasets that only lineage knows have the words and the tag.
        """
        zones = self._counted("zone")
        if outside and not self._asked.keys() & {"owner", "verdict", "gap"}:
            zones[OUTSIDE] = outside
        standings, gaps = self._counted("verdict"), self._counted("gap")
        return {
            "zone": tuple(FacetValue(zone, zones[zone]) for zone in (*Zone, OUTSIDE) if zones[zone]),
            "owner": self._most("owner"),
            "tag": self._most("tag"),
            "verdict": tuple(FacetValue(each, standings[each]) for each in Standing if standings[each]),
            "gap": tuple(FacetValue(gap, gaps[gap]) for gap in Gap if gaps[gap]),
        }

    def _fits(self, group: Group, but: str | None = None) -> bool:
        """Whether a group passes the filters, that of the facet `but` aside."""
        return all(name == but or group.values[name] & asked for name, asked in self._asked.items())

    def _counted(self, name: str) -> Counter[str]:
        counted: Counter[str] = Counter()
        for group in self._groups:
            if self._fits(group, name):
                for value in group.values[name]:
                    counted[value] += group.count
        return counted

    def _most(self, name: str) -> tuple[FacetValue, ...]:
        """The most frequent values, and the one that is asked for, where it is not among them."""
        counted = self._counted(name)
        ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST_VALUES]
        listed = tuple(FacetValue(value, count) for value, count in ordered)
        missing = self._asked.get(name, frozenset()) - {each.value for each in listed}
        return (*listed, *(FacetValue(value, counted[value]) for value in missing))


def _groups(connection: Connection, search: Search) -> Sequence[Group]:
    everything: Select[Any] = select().select_from(table)
    query, unread = search.reading(everything)
    lacking = sum((_bit(lacks(gap, unread), 1 << place) for place, gap in enumerate(Gap)), literal(0))
    tags = cast(table.c.tags, Text).label("tags")
    grouped = query.add_columns(
        table.c.zone_order, table.c.owner, table.c.standing, tags, lacking.label("lacks")
    )
    each = grouped.where(*search.words()).subquery()
    counted: Select[Any] = select(*each.c, func.count()).group_by(*each.c)
    tags_of, gaps_of = cache(_tags), cache(_gaps)
    return [
        Group(
            {
                "zone": frozenset({ZONES[order]}),
                "owner": frozenset({owner or ""}),
                "verdict": frozenset({standing or Standing.UNCHECKED.value}),
                "tag": tags_of(told),
                "gap": gaps_of(bits),
            },
            count,
        )
        for order, owner, standing, told, bits, count in map(tuple, connection.execute(counted))
    ]


def _bit(condition: ColumnElement[bool], value: int) -> ColumnElement[int]:
    return case((condition, value), else_=0)


def _tags(text: str) -> frozenset[str]:
    return frozenset(json.loads(text))


def _gaps(bits: int) -> frozenset[str]:
    return frozenset(gap.value for place, gap in enumerate(Gap) if bits & (1 << place))
