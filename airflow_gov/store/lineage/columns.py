"""The columns of datasets, page by page, and how many others each comes from and goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, func, or_, select

from airflow_gov.model.column_lineage import Transformation
from airflow_gov.model.graph import Column, ColumnLink, Degree
from airflow_gov.model.lineage import ALL_ROWS
from airflow_gov.store.lineage.column_walking import read_transformations
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import column, column_edge, dataset, tag

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause, Select

    from airflow_gov.store.database import Database

_COLUMN = select(
    column.c.column_id,
    column.c.dataset_id,
    column.c.name,
    column.c.type,
    column.c.description,
    column.c.position,
)
#: Columns that the newest schema does not have come last.
_LAST = 2**31 - 1
_PLACE = func.coalesce(column.c.position, _LAST)


class Columns:
    """Columns of datasets that the caller may see; `dags` are the Dags whose jobs exist for the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        dataset_id: int,
        *,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
        text: str = "",
        first: Collection[str] = (),
        after: str | None = None,
        limit: int = 10,
    ) -> tuple[list[Column], int]:
        """Columns in the order of the schema, and how many there are in all.

        :param text: only those whose name has it.
        :param first: those of these names come before all others.
        :param after: the name of the column that the page before ended with.
        """
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            which = [column.c.dataset_id == dataset_id, column.c.name != ALL_ROWS, *view.columns]
            if text:
                which.append(contains(column.c.name, text))
            total = connection.execute(select(func.count()).select_from(column).where(*which)).scalar_one()
            order = _order(view, column, first)
            query = _COLUMN.where(*which, *_after(view, dataset_id, after, first))
            rows = connection.execute(query.order_by(*order).limit(limit))
            return [Column(*row) for row in rows], total

    def get(self, dataset_id: int, name: str, *, dags: frozenset[str] | None) -> Column | None:
        """One column of a dataset that the caller may see."""
        found = self._columns(dags, lambda _: [column.c.dataset_id == dataset_id, column.c.name == name])
        return found[0] if found else None

    def named_in(self, dataset_id: int, names: Iterable[str]) -> list[Column]:
        """The columns of these names, of a dataset that the caller may see, now in its schema or not."""
        with self._database.read() as connection:
            which = (column.c.dataset_id == dataset_id, View(connection, None).among(column.c.name, names))
            return [Column(*row) for row in connection.execute(_COLUMN.where(*which))]

    def of(self, dataset_ids: Iterable[int], *, dags: frozenset[str] | None) -> list[Column]:
        """The columns of these datasets, in the order of their schemas."""
        ids = list(dataset_ids)
        return self._columns(
            dags, lambda view: [view.among(column.c.dataset_id, ids), column.c.name != ALL_ROWS]
        )

    def named(self, name: str, *, dags: frozenset[str] | None, limit: int = 1000) -> list[Column]:
        """The columns of that name, whatever its case, in all datasets that the caller may see."""
        return self._in_datasets(dags, [func.lower(column.c.name) == name.lower()], limit)

    def tagged(self, text: str, *, dags: frozenset[str] | None, limit: int = 1000) -> list[Column]:
        """The columns with a tag: ``pii:email``, or ``pii`` for ``pii:`` and whatever follows.

        A tag is the pair of OpenLineage's key and value; either may hold the whole.
        """
        wanted = text.lower()
        whole = func.lower(tag.c.key + ":" + tag.c.value)
        start = func.substr(whole, 1, len(wanted) + 1) == f"{wanted}:"
        same = or_(whole == wanted, start, func.lower(tag.c.value) == wanted)
        here = (tag.c.dataset_id == column.c.dataset_id, tag.c.column_name == column.c.name)
        return self._in_datasets(dags, [select(tag.c.key).where(*here, same).exists()], limit)

    def counts(self, dataset_ids: Iterable[int]) -> Mapping[int, int]:
        """By dataset the number of columns in its newest schema."""
        with self._database.read() as connection:
            view = View(connection, None)
            query = (
                select(column.c.dataset_id, func.count())
                .where(view.among(column.c.dataset_id, dataset_ids), column.c.position.is_not(None))
                .group_by(column.c.dataset_id)
            )
            return {row[0]: row[1] for row in connection.execute(query)}

    def degrees(
        self, columns: Iterable[Column], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> Mapping[int, Degree]:
        """By column from how many others it comes, and into how many it goes.

        Those that decide about all rows of its dataset are not counted: they are the same for each column.
        """
        ids = [each.column_id for each in columns]
        sides = {}
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            for near, far in (("target_id", "source_id"), ("source_id", "target_id")):
                here = column_edge.c[near]
                query = (
                    select(here, func.count(column_edge.c[far].distinct()))
                    .where(view.among(here, ids), *view.holding(column_edge), *view.through(column_edge))
                    .group_by(here)
                )
                sides[near] = {row[0]: row[1] for row in connection.execute(query)}
        return {n: Degree(sides["target_id"].get(n, 0), sides["source_id"].get(n, 0)) for n in ids}

    def links_into(
        self, dataset_id: int, *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> list[tuple[Column, Column, ColumnLink]]:
        """Everything that the columns of a dataset came from at a moment: source, target, how."""
        source, target = column.alias("source"), column.alias("target")
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            query = (
                select(
                    source.c.column_id,
                    source.c.dataset_id,
                    source.c.name,
                    target.c.column_id,
                    target.c.name,
                    column_edge.c.job_id,
                    column_edge.c.direct,
                    column_edge.c.masking,
                    column_edge.c.transformations,
                )
                .select_from(target)
                .join(column_edge, column_edge.c.target_id == target.c.column_id)
                .join(source, source.c.column_id == column_edge.c.source_id)
                .where(
                    and_(target.c.dataset_id == dataset_id, *view.holding(column_edge)),
                    *view.through(column_edge),
                )
                .order_by(target.c.name, source.c.dataset_id, source.c.name)
            )
            return [_link(dataset_id, *row) for row in connection.execute(query)]

    def users(self, columns: Iterable[int], *, dags: frozenset[str] | None) -> Mapping[int, set[int]]:
        """By column the jobs that make something of it."""
        query = select(column_edge.c.source_id, column_edge.c.job_id).distinct()
        return self._jobs_by(query, column_edge.c.source_id, columns, dags)

    def telling(self, datasets: Iterable[int], *, dags: frozenset[str] | None) -> Mapping[int, set[int]]:
        """By dataset the jobs that tell which of its columns they use; others may use any."""
        query = (
            select(column.c.dataset_id, column_edge.c.job_id)
            .join(column_edge, column_edge.c.source_id == column.c.column_id)
            .distinct()
        )
        return self._jobs_by(query, column.c.dataset_id, datasets, dags)

    def edge_pairs(
        self, job_ids: Iterable[int], *, dags: frozenset[str] | None, as_of: datetime | None = None
    ) -> Mapping[tuple[int, int], frozenset[tuple[Any, ...]]]:
        """By job and target dataset the column edges that held at a moment, to be compared with another."""
        source, target = column.alias("source"), column.alias("target")
        found: dict[tuple[int, int], set[tuple[Any, ...]]] = {}
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            query = (
                select(
                    column_edge.c.job_id,
                    target.c.dataset_id,
                    column_edge.c.source_id,
                    column_edge.c.target_id,
                    column_edge.c.direct,
                    column_edge.c.masking,
                )
                .join(source, source.c.column_id == column_edge.c.source_id)
                .join(target, target.c.column_id == column_edge.c.target_id)
                .where(
                    view.among(column_edge.c.job_id, job_ids),
                    *view.holding(column_edge),
                    *view.through(column_edge),
                )
            )
            for job_id, dataset_id, *edge in connection.execute(query):
                found.setdefault((job_id, dataset_id), set()).add(tuple(edge))
        return {key: frozenset(edges) for key, edges in found.items()}

    def _jobs_by(
        self,
        query: Select[Any],
        key: ColumnElement[int],
        numbers: Iterable[int],
        dags: frozenset[str] | None,
    ) -> Mapping[int, set[int]]:
        found: dict[int, set[int]] = {}
        with self._database.read() as connection:
            view = View(connection, dags)
            which = (view.among(key, numbers), *view.holding(column_edge), *view.through(column_edge))
            for number, job_id in connection.execute(query.where(*which)):
                found.setdefault(number, set()).add(job_id)
        return found

    def _columns(self, dags: frozenset[str] | None, conditions_of: Any) -> list[Column]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query = _COLUMN.where(*conditions_of(view), *view.columns)
            rows = connection.execute(query.order_by(column.c.dataset_id, _PLACE, column.c.name))
            return [Column(*row) for row in rows]

    def _in_datasets(
        self, dags: frozenset[str] | None, which: list[ColumnElement[bool]], limit: int
    ) -> list[Column]:
        with self._database.read() as connection:
            view = View(connection, dags)
            query: Select[Any] = (
                _COLUMN.join(dataset, dataset.c.dataset_id == column.c.dataset_id)
                .where(*which, column.c.name != ALL_ROWS, *view.datasets, *view.columns)
                .order_by(column.c.dataset_id, _PLACE, column.c.name)
                .limit(limit)
            )
            return [Column(*row) for row in connection.execute(query)]


def contains(found: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether a text has another in it, whatever the case; nothing in it is a wildcard."""
    return func.lower(found).contains(text.lower(), autoescape=True)


def _order(view: View, columns: FromClause, first: Collection[str]) -> list[ColumnElement[Any]]:
    """By what columns stand in a list: those that come first, then their place in the schema."""
    order = [func.coalesce(columns.c.position, _LAST), columns.c.name]
    if not first:
        return order
    return [case((view.among(columns.c.name, first), 0), else_=1), *order]


def _after(
    view: View, dataset_id: int, name: str | None, first: Collection[str]
) -> list[ColumnElement[bool]]:
    if name is None:
        return []
    last = column.alias("last")
    *ranks, _ = _order(view, column, first)
    *bounds, _ = _order(view, last, first)
    found: ColumnElement[bool] = column.c.name > name
    for rank, bound in zip(reversed(ranks), reversed(bounds), strict=True):
        end = select(bound).where(last.c.dataset_id == dataset_id, last.c.name == name).scalar_subquery()
        found = or_(end < rank, and_(end == rank, found))
    return [found]


def _link(
    dataset_id: int,
    source_id: int,
    source_dataset: int,
    source_name: str,
    target_id: int,
    target_name: str,
    job_id: int,
    direct: bool,
    masking: bool,
    plain: list[list[Any]],
) -> tuple[Column, Column, ColumnLink]:
    how: tuple[Transformation, ...] = read_transformations(plain)
    return (
        Column(source_id, source_dataset, source_name),
        Column(target_id, dataset_id, target_name),
        ColumnLink(source_id, target_id, job_id, direct, masking, how),
    )
