"""The edges between columns of some datasets: those of a part of the graph, not of a walk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from airflow_gov.model.graph import Column, ColumnLink
from airflow_gov.store.lineage.column_walking import read_transformations
from airflow_gov.store.lineage.viewing import View
from airflow_gov.store.lineage_tables import column, column_edge

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Select

    from airflow_gov.store.database import Database


class ColumnLinks:
    """Edges between columns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(
        self,
        datasets: Collection[int],
        jobs: Collection[int],
        *,
        dags: frozenset[str] | None,
        as_of: datetime | None = None,
        limit: int,
    ) -> tuple[list[tuple[Column, Column, ColumnLink]], int]:
        """What columns of these datasets these jobs made of columns of them: source, target, how.

        :param dags: see :class:`~airflow_gov.store.lineage.viewing.View`.
        :param as_of: edges that held then.
        :param limit: edges at most, dataset by dataset.
        :returns: with how many there are in all.
        """
        source, target = column.alias("source"), column.alias("target")
        with self._database.read() as connection:
            view = View(connection, dags, as_of)
            query: Select[Any] = (
                select(
                    source.c.column_id,
                    source.c.dataset_id,
                    source.c.name,
                    target.c.column_id,
                    target.c.dataset_id,
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
                    view.among(target.c.dataset_id, datasets),
                    view.among(source.c.dataset_id, datasets),
                    view.among(column_edge.c.job_id, jobs),
                    *view.holding(column_edge),
                    *view.through(column_edge),
                )
            )
            order = (target.c.dataset_id, target.c.name, source.c.dataset_id, source.c.name)
            rows = connection.execute(query.order_by(*order, column_edge.c.job_id).limit(limit)).all()
            total = len(rows)
            if total == limit:
                counted = select(func.count()).select_from(query.subquery())
                total = connection.execute(counted).scalar_one()
        return [_link(*row) for row in rows], total


def _link(
    source_id: int,
    source_dataset: int,
    source_name: str,
    target_id: int,
    target_dataset: int,
    target_name: str,
    job_id: int,
    direct: bool,
    masking: bool,
    plain: list[list[Any]],
) -> tuple[Column, Column, ColumnLink]:
    return (
        Column(source_id, source_dataset, source_name),
        Column(target_id, target_dataset, target_name),
        ColumnLink(source_id, target_id, job_id, direct, masking, read_transformations(plain)),
    )
