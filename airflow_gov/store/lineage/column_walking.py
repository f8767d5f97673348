"""Walks from column to column.

An edge into all rows of a dataset (:data:`~airflow_gov.model.lineage.ALL_ROWS`) concerns every column of
it: upstream such edges are those of each of its columns, and downstream whoever reaches all rows has
reached every column. In the result all rows stay one node, so that a filter on a table of a thousand
columns is one link and not a thousand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, Text, bindparam, cast, select

from airflow_gov.model.column_lineage import Subtype, Transformation
from airflow_gov.model.graph import Column, ColumnLink, ColumnWalk, Direction
from airflow_gov.model.lineage import ALL_ROWS
from airflow_gov.store.lineage.asking import among, parameter
from airflow_gov.store.lineage.walking import conditions, values
from airflow_gov.store.lineage_tables import column, column_edge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from airflow_gov.store.database import Database

#: Rows that a statement reads at most for each column there is still room for: most columns have few links,
#: and of a hub's many no more are read than can be shown.
_ROWS_PER_COLUMN, _SPARE_ROWS = 4, 200


class ColumnWalks:
    """Walks over columns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def columns(
        self,
        start: Iterable[Column],
        direction: Direction,
        *,
        depth: int,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
        limit: int = 1000,
        direct: bool = False,
    ) -> ColumnWalk:
        """Columns that lie that way.

        :param start: columns that the caller may see.
        :param depth: steps.
        :param dags: see :class:`~airflow_gov.store.lineage.viewing.View`.
        :param as_of: edges that held then.
        :param limit: columns at most, the start aside; of a level those that values come from go first.
        :param direct: follow only where values went, not what decided about rows or values.
        """
        walk = _Walk(direction, {each.column_id: each for each in start}, limit)
        with self._database.read() as connection:
            step = _Step(connection, direction, dags, as_of, direct)
            for _ in range(depth):
                if not walk.frontier or walk.truncated:
                    break
                walk.take(*step(walk.frontier, walk.unexpanded(), walk.room))
        return walk.result()


@dataclass
class _Walk:
    """A walk on its way.

    :param frontier: ids of the columns that were reached last.
    """

    direction: Direction
    columns: dict[int, Column]
    limit: int
    truncated: bool = False
    links: dict[tuple[int, int, int], Row[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.depths = dict.fromkeys(self.columns, 0)
        self.frontier: list[int] = list(self.columns)
        self._expanded: set[int] = set()
        self._started = len(self.columns)

    def unexpanded(self) -> list[int]:
        """Datasets whose all-rows node concerns the frontier, each given once."""
        reached = (self.columns[number] for number in self.frontier)
        if self.direction is Direction.UP:
            found = {each.dataset_id for each in reached}
        else:
            found = {each.dataset_id for each in reached if each.all_rows}
        fresh = sorted(found - self._expanded)
        self._expanded.update(fresh)
        return fresh

    @property
    def room(self) -> int:
        """How many columns more may be found."""
        return max(0, self.limit + self._started - len(self.columns))

    def take(self, rows: Collection[Row[Any]], complete: bool) -> None:
        """Go one step on.

        :param complete: whether these are all links.
        """
        self.truncated = not complete
        level = self.depths[self.frontier[-1]] + 1
        fresh: dict[int, Column] = {}
        for row in sorted(rows, key=_values_first):
            near, far = row.near_id, row.far_id
            if far not in self.columns and far not in fresh:
                if len(self.columns) + len(fresh) - self._started >= self.limit:
                    self.truncated = True
                    continue
                fresh[far] = Column(far, row.far_dataset, row.far_name)
            if near not in self.columns:
                # Reached through all rows of its dataset, or the all-rows node beside it.
                self.columns[near] = Column(near, row.near_dataset, row.near_name)
                self.depths[near] = level - 1
            self.links[(near, far, row.job_id)] = row
        self.columns |= fresh
        self.depths |= dict.fromkeys(fresh, level)
        self.frontier = list(fresh)

    def result(self) -> ColumnWalk:
        """What was found."""
        up = self.direction is Direction.UP
        links = tuple(
            ColumnLink(
                source=far if up else near,
                target=near if up else far,
                job_id=job_id,
                direct=row.direct,
                masking=row.masking,
                transformations=read_transformations(json.loads(row.transformations)),
            )
            for (near, far, job_id), row in self.links.items()
        )
        return ColumnWalk(self.columns, self.depths, links, self.truncated)


class _Step:
    """One step from columns to the next: two statements.

    As one (``UNION ALL``) PostgreSQL would start parallel workers for it, which takes longer than both.
    """

    def __init__(
        self,
        connection: Connection,
        direction: Direction,
        dags: frozenset[str] | None,
        as_of: datetime | None,
        direct: bool,
    ) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._given = values(connection, dags, as_of)
        self._statements = _column_steps(
            self._dialect, direction, limited=dags is not None, past=as_of is not None, direct=direct
        )

    def __call__(
        self, columns: Collection[int], datasets: Collection[int], room: int
    ) -> tuple[list[Row[Any]], bool]:
        """The links, and whether these are all."""
        rows: list[Row[Any]] = []
        most = _ROWS_PER_COLUMN * room + _SPARE_ROWS
        for statement, ids in zip(self._statements, (columns, datasets), strict=True):
            if ids and len(rows) <= most:
                given = {**self._given, "ids": parameter(self._dialect, ids), "most": most - len(rows) + 1}
                rows += self._connection.execute(statement, given)
        return rows, len(rows) <= most


@cache
def _column_steps(
    dialect: str, direction: Direction, *, limited: bool, past: bool, direct: bool
) -> tuple[Select[Any], Select[Any]]:
    """From columns to the next, and the same through the all-rows nodes of datasets."""
    up = direction is Direction.UP
    near, far = column.alias("near"), column.alias("far")
    ends = (column_edge.c.target_id, column_edge.c.source_id)
    here, there = ends if up else ends[::-1]
    told = select(
        column_edge.c.job_id,
        column_edge.c.direct,
        column_edge.c.masking,
        # As text: most rows of a hub are read and not shown.
        cast(column_edge.c.transformations, Text).label("transformations"),
        near.c.column_id.label("near_id"),
        near.c.dataset_id.label("near_dataset"),
        near.c.name.label("near_name"),
        far.c.column_id.label("far_id"),
        far.c.dataset_id.label("far_dataset"),
        far.c.name.label("far_name"),
    )
    query = (
        told.select_from(column_edge)
        .join(near, near.c.column_id == here)
        .join(far, far.c.column_id == there)
        .where(*conditions(dialect, column_edge, limited=limited, past=past))
        .order_by(here, there, column_edge.c.job_id)
        .limit(bindparam("most", type_=Integer))
    )
    if direct:
        query = query.where(column_edge.c.direct)
    through_rows = query.where(among(dialect, near.c.dataset_id, "ids"))
    if up:
        through_rows = through_rows.where(near.c.name == ALL_ROWS)
    return query.where(among(dialect, here, "ids")), through_rows


def _values_first(row: Row[Any]) -> tuple[bool, int, int]:
    return not row.direct, row.far_id, row.near_id


def read_transformations(plain: list[list[Any]]) -> tuple[Transformation, ...]:
    """``[[subtype, masking, description], …]``; a subtype that OpenLineage does not have is left out."""
    known = Subtype._value2member_map_
    return tuple(
        Transformation(Subtype(subtype), bool(masking), description or "")
        for subtype, masking, description in plain
        if subtype in known
    )
