"""Datasets that only lineage knows, as the catalogue shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, tuple_

from airflow_gov.model.catalogue import OUTSIDE, OutsideDataset, Wanted
from airflow_gov.model.zones import QUARANTINE_SUFFIX
from airflow_gov.store.catalogue_search import containing
from airflow_gov.store.catalogue_tables import catalogue
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import column, tag
from airflow_gov.store.lineage_tables import dataset as table

if TYPE_CHECKING:
    from collections.abc import Sequence

_COLUMNS = (table.c.dataset_id, table.c.namespace, table.c.name, table.c.last_seen, table.c.dropped_at)


class Outside:
    """Those that have some words and a tag, as one caller sees them.

    :param view: who looks.
    :param wanted: what is looked for.
    """

    def __init__(self, view: View, wanted: Wanted) -> None:
        self._view = view
        self._which = [*view.datasets, *_conditions(view.connection, wanted)]
        #: Nobody owns them by contract, no gate checks them, and nobody here can fill their gaps.
        self.included = wanted.zone in (None, OUTSIDE) and not (
            wanted.owner is not None or wanted.standing is not None or wanted.gaps
        )
        #: How many there are, whatever else is looked for.
        self.count = self._find() if wanted.pieces else self._count()

    def rows(self, after: tuple[str, str] | None, limit: int) -> Sequence[OutsideDataset]:
        """Those of one page, by namespace and name."""
        if not self.included or not self.count:
            return []
        query = select(*_COLUMNS).where(*self._which)
        place = (table.c.namespace, table.c.name)
        if after is not None:
            query = query.where(tuple_(*place) > tuple_(*after))
        found = self._view.connection.execute(query.order_by(*place).limit(limit)).mappings()
        return [OutsideDataset(**row) for row in found]

    def _count(self) -> int:
        query = select(func.count()).select_from(table).where(*self._which)
        return int(self._view.connection.execute(query).scalar_one())

    def _find(self) -> int:
        """Look for the words once: that reads the names of all columns."""
        query = select(table.c.dataset_id).where(*self._which)
        ids = list(self._view.connection.execute(query).scalars())
        self._which = [self._view.among(table.c.dataset_id, ids)]
        return len(ids)


def _conditions(connection: Connection, wanted: Wanted) -> list[ColumnElement[bool]]:
    # Events of another installation name datasets of a lake that is not ours.
    ours = exists().where(catalogue.c.dataset == table.c.governed)
    others = and_(~table.c.governed.endswith(QUARANTINE_SUFFIX, autoescape=True), ~ours)
    conditions: list[ColumnElement[bool]] = [or_(table.c.governed.is_(None), others)]
    contains = containing(connection)
    for word in wanted.pieces:
        columns = select(column.c.dataset_id).where(contains(func.lower(column.c.name), word))
        tags = select(tag.c.dataset_id).where(contains(func.lower(tag.c.key + ":" + tag.c.value), word))
        conditions.append(
            or_(
                contains(func.lower(table.c.name), word),
                contains(func.lower(table.c.namespace), word),
                table.c.dataset_id.in_(columns),
                table.c.dataset_id.in_(tags),
            )
        )
    if wanted.tag is not None:
        tagged = select(tag.c.dataset_id).where(
            or_(tag.c.key + ":" + tag.c.value == wanted.tag, tag.c.key == wanted.tag)
        )
        conditions.append(table.c.dataset_id.in_(tagged))
    return conditions
